// The verifier against a log that the writer's own modules made: both know docs/AUDIT.md only.
#include "clients/audit/verify.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "clients/audit/dump.h"
#include "clients/audit/hash_tree.h"
#include "tests/fakes/schema_dump.h"
#include "tlog/checkpoint.h"
#include "tlog/log_entry.h"
#include "tlog/tile_builder.h"

namespace mayfly::audit_reader {
namespace {

using fakes::Replaced;

constexpr char kOrigin[] = "mayfly.internal/audit";
constexpr int64_t kStart = 1'760'000'000'000'000;  // 2025-10-09 08:53:20 UTC
constexpr char kStartText[] = "2025-10-09 08:53:20+00";
constexpr char kExpiredText[] = "2025-10-09 09:53:20.5+01";  // half a second later
constexpr int64_t kExpired = kStart + 500'000;

TimePoint At(int64_t micros) { return TimePoint(std::chrono::microseconds(micros)); }

// Signs notes.
class Key {
 public:
  explicit Key(int type)
      : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, type == EVP_PKEY_EC ? "EC" : "ED25519", "P-256")) {
  }
  ~Key() { EVP_PKEY_free(key_); }
  tlog::NoteKey note() const {
    Bytes der(static_cast<size_t>(i2d_PUBKEY(key_, nullptr)));
    uint8_t* out = der.data();
    i2d_PUBKEY(key_, &out);
    return *tlog::NoteKey::Make(kOrigin, *x509::SubjectPublicKeyInfo::FromDer(der));
  }
  std::string Sign(const std::string& text) const {
    const bool is_ec = EVP_PKEY_get_base_id(key_) == EVP_PKEY_EC;
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                    EVP_MD_CTX_free);
    Bytes signature(256);
    size_t size = signature.size();
    EVP_DigestSignInit(context.get(), nullptr, is_ec ? EVP_sha256() : nullptr, nullptr, key_);
    EVP_DigestSign(context.get(), signature.data(), &size, AsBytes(text).data(), text.size());
    signature.resize(size);
    return *tlog::AssembleNote({text, {note().Signature(signature)}});
  }

 private:
  EVP_PKEY* key_;
};

// A log, and the dump that it was made of.
// As much of a TBSCertificate as is looked at.
Bytes TbsWith(const std::string& serial) { return *FromHex("301ba0030201020214" + serial); }

class VerifyTest : public testing::Test {
 protected:
  VerifyTest() {
    char name[] = "/tmp/mayfly-verify.XXXXXX";
    folder_ = mkdtemp(name);
    tlog::Record record{.tick = 2,
                        .issuer = "issuing-1",
                        .serial = *x509::SerialNumber::FromHex(kFirst),
                        .tbs = TbsWith(kFirst),
                        .lineage = *Uuid::Parse("01994f0a-1b2c-7000-8000-000000000001"),
                        .generation = 0,
                        .parent = std::nullopt,
                        .profile = "server",
                        .principal = "a\tb\\c",
                        .request_id = *Uuid::Parse("01994f0a-1b2c-7000-8000-000000000002"),
                        .policy_version = 4,
                        .decision = 5,
                        .not_after = At(kExpired),
                        .renew_from = At(kStart),
                        .renew_until = At(kStart),
                        .recorded_at = At(kStart)};
    tlog::Record second = record;
    second.serial = *x509::SerialNumber::FromHex(kSecond);
    second.tbs = TbsWith(kSecond);
    second.parent = record.serial;
    second.request_id.reset();
    log_ = {{1, tlog::AdminEvent{1, "policy.activated", "local:0", "{\"n\": 1}", At(kStart)}},
            {3, tlog::IssuedCertificate{record, {4, 5, At(kStart)}, {1, 2}}},
            {3, tlog::Abandonment{second, {4, 5, At(kStart)}}},
            {3, tlog::RevokedCertificate{1, "issuing-1", record.serial, 4, At(kStart), At(kExpired),
                                         "ada"}},
            {3, tlog::AdminEvent{2, "denial", "", "{}", At(kStart)}}};
    WriteLog();
  }
  ~VerifyTest() override { std::filesystem::remove_all(folder_); }

  void WriteFile(const std::string& name, ByteSpan content) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << AsText(content);
  }
  void WriteLog() {
    std::vector<Bytes> entries;
    std::vector<Hash256> leaves;
    for (const tlog::LogEntry& entry : log_) {
      entries.push_back(*tlog::EncodeLogEntry(entry));
      leaves.push_back(tlog::LeafHash(entries.back()));
    }
    tlog::TileBuilder tiles;
    tlog::BundleBuilder bundles;
    const auto made = *bundles.Append(entries);
    for (const auto& bundle : made) WriteFile(bundle.id.Path(), bundle.bytes);
    for (const auto& tile : tiles.Append(leaves)) WriteFile(tile.id.Path(), tile.bytes);
    head_ = tiles.Head();
    note_ = key_.Sign(*tlog::WriteCheckpoint({kOrigin, head_}));
    WriteFile("checkpoint", AsBytes(note_));
  }

  // The dump, with one line of it replaced, "" is taken out.
  Result<VerifyReport> Verify(const std::string& from = "", const std::string& to = "",
                              int64_t now = kExpired + 1) {
    std::string text = kDump;
    if (!from.empty()) {
      const size_t at = text.find(from);
      EXPECT_NE(at, std::string::npos) << from;
      text.replace(at, from.size(), to);
    }
    WriteFile("ledger.sql", AsBytes(text));
    return VerifyLog({folder_, key_.note().ToString(), folder_ / "ledger.sql", kept_, now});
  }
  static std::string RulesOf(const Result<VerifyReport>& report) {
    if (!report) return report.error().rule;
    std::string rules;
    for (const Finding& finding : report->findings) {
      rules += (rules.empty() ? "" : " ") + finding.rule;
    }
    return rules;
  }

  static constexpr char kFirst[] = "2101994f0a1b2ca0a1a2a3a4a5a6a7a8a9aaabac";
  static constexpr char kThird[] = "2101994f0a1b2ea0a1a2a3a4a5a6a7a8a9aaabac";
  static constexpr char kSecond[] = "2101994f0a1b2da0a1a2a3a4a5a6a7a8a9aaabac";
  const std::string kPartition =
      "ALTER TABLE ONLY mayfly.issuance ATTACH PARTITION mayfly_partitions.issuance_c1_20250925 "
      "FOR VALUES FROM ('\\x2101994aabd800') TO ('\\x2101994fd23400');\n";
  const std::string kFirstRecord = std::string("\\\\x") + kFirst + "\t1\t0\t5\t4\t2\t" +
                                   kExpiredText + "\t" + kStartText + "\t" + kStartText + "\t" +
                                   kStartText +
                                   "\t01994f0a-1b2c-7000-8000-000000000001\t"
                                   "01994f0a-1b2c-7000-8000-000000000002\t\\N\tserver\ta\\tb\\\\c\t"
                                   "\\\\x301ba0030201020214" +
                                   kFirst + "\t\n";
  const std::string kSecondRecord =
      std::string("\\\\x") + kSecond + "\t1\t0\t5\t4\t2\t" + kExpiredText + "\t" + kStartText +
      "\t" + kStartText + "\t" + kStartText + "\t01994f0a-1b2c-7000-8000-000000000001\t\\N\t\\\\x" +
      kFirst + "\tserver\ta\\tb\\\\c\t\\\\x301ba0030201020214" + kSecond + "\t\n";
  const std::string kFirstOutcome =
      std::string("\\\\x") + kFirst + "\t1\t1\t5\t4\t3\t" + kStartText + "\t\\\\x0102\n";
  const std::string kSecondOutcome =
      std::string("\\\\x") + kSecond + "\t1\t2\t5\t4\t3\t" + kStartText + "\t\\N\n";
  const std::string kFirstEvent =
      std::string("1\tpolicy.activated\tlocal:0\t{\"n\": 1}\t1\t") + kStartText + "\n";
  const std::string kSecondEvent = std::string("2\tdenial\t\t{}\t3\t") + kStartText + "\n";
  const std::string kRevocation = std::string("1\t\\\\x") + kFirst + "\t1\t4\t" + kStartText +
                                  "\t" + kExpiredText + "\tada\t3\n";
  const std::string kRequest =
      std::string("01994f0a-1b2c-7000-8000-000000000002\t1\t\\\\x") + kFirst + "\t2\n";
  const std::string kControl = "t\t6\t4\t\\\\x00\n";  // of tick 4
  const std::string kDump =
      "-- PostgreSQL database dump\n" +
      fakes::SchemaDump("20250925", "2101994aabd800", "2101994fd23400") +
      "COPY mayfly.control (one, decision, tick, page_key) FROM stdin;\n" + kControl +
      "\\.\n"
      "COPY mayfly.event (id, kind, principal, detail, tick, at) FROM stdin;\n" +
      kFirstEvent + kSecondEvent +
      "\\.\n"
      "COPY mayfly.issuer (id, name, subject) FROM stdin;\n"
      "1\tissuing-1\t\\\\x00\n2\troot\t\\\\x01\n"
      "\\.\n"
      "COPY mayfly_partitions.issuance_c1_20250925 (serial, issuer_id, generation, decision, "
      "policy_version, tick, not_after, renew_from, renew_until, recorded_at, lineage, request_id, "
      "parent_serial, profile, principal, tbs, claims) FROM stdin;\n" +
      kFirstRecord + kSecondRecord +
      "\\.\n"
      "COPY mayfly_partitions.outcome_c1_20250925 (serial, issuer_id, kind, decision, "
      "policy_version, tick, decided_at, signature) FROM stdin;\n" +
      kFirstOutcome + kSecondOutcome +
      "\\.\n"
      "COPY mayfly.revocation (number, serial, issuer_id, reason, revoked_at, not_after, "
      "principal, "
      "tick) FROM stdin;\n" +
      kRevocation +
      "\\.\n"
      "COPY mayfly.request (request_id, issuer_id, serial, tick) FROM stdin;\n" +
      kRequest + "\\.\n";

  std::filesystem::path folder_;
  Key key_{EVP_PKEY_ED25519};
  std::vector<tlog::LogEntry> log_;
  tlog::TreeHead head_;
  std::string note_;
  std::vector<KeptCheckpoint> kept_;
};

TEST_F(VerifyTest, WhatWasLoggedIsFoundAgain) {
  const auto report = Verify();
  ASSERT_TRUE(report) << Describe(report.error(), ErrorText::kForLog);
  EXPECT_EQ(RulesOf(report), "") << report->findings.front().text;
  EXPECT_EQ(report->entries, 5u);
  EXPECT_EQ(report->compared, 5u);
  EXPECT_EQ(report->dropped + report->later + report->intents, 0u);
}

TEST_F(VerifyTest, RowsThatAreGoneExtraOrTwice) {
  for (const std::string& line :
       {kFirstRecord, kFirstOutcome, kSecondOutcome, kRevocation, kFirstEvent, kSecondEvent}) {
    EXPECT_NE(RulesOf(Verify(line)), "") << "without " << line;
    EXPECT_NE(RulesOf(Verify(line, line + line)), "") << "twice " << line;
  }
  EXPECT_EQ(RulesOf(Verify(kSecondEvent)), "ledger.missing");
  EXPECT_EQ(RulesOf(Verify(kFirstOutcome)), "ledger.missing");
  EXPECT_EQ(RulesOf(Verify(kFirstRecord)), "ledger.row ledger.missing");
  const std::string extra = std::string("3\tdenial\t\t{}\t2\t") + kStartText + "\n";
  EXPECT_EQ(RulesOf(Verify(kSecondEvent, kSecondEvent + extra)), "ledger.extra");
  const std::string later = std::string("3\tdenial\t\t{}\t4\t") + kStartText + "\n";
  EXPECT_EQ(RulesOf(Verify(kSecondEvent, kSecondEvent + later)), "");
  EXPECT_EQ(Verify(kSecondEvent, kSecondEvent + later)->later, 1u);
}

// In force, and of a tick that is not closed before the end of time.
TEST_F(VerifyTest, ARowOfATickToCome) {
  const auto event = [](const std::string& tick) {
    return "3\tdenial\t\t{}\t" + tick + "\t" + kStartText + "\n";
  };
  EXPECT_EQ(RulesOf(Verify(kSecondEvent, kSecondEvent + event("4"))), "") << "the open one";
  for (const char* tick : {"5", "1000000000000", "-1"}) {
    EXPECT_EQ(RulesOf(Verify(kSecondEvent, kSecondEvent + event(tick))), "ledger.tick") << tick;
  }
  const std::string revoked = Replaced(kRevocation, "ada\t3\n", "ada\t1000000000000\n");
  const auto report = Verify(kRevocation, kRevocation + "2" + revoked.substr(1));
  EXPECT_EQ(RulesOf(report), "ledger.tick");
  EXPECT_EQ(report->findings.front().text,
            "a row of revocation is of tick 1000000000000, which the ledger has not begun: 2");
  EXPECT_EQ(RulesOf(Verify(kSecondOutcome, Replaced(kSecondOutcome, "\t4\t3\t", "\t4\t9\t"))),
            "ledger.tick ledger.missing");
  EXPECT_EQ(RulesOf(Verify(kFirstRecord, Replaced(kFirstRecord, "\t4\t2\t", "\t4\t9\t"))),
            "ledger.tick ledger.altered");
  // A tick that the log has passed.
  for (const char* tick : {"0", "1", "2", "3"}) {
    EXPECT_EQ(RulesOf(Verify(kSecondEvent, kSecondEvent + event(tick))), "ledger.extra") << tick;
  }
}

TEST_F(VerifyTest, TicksOfAllTables) {
  std::istringstream schema{std::string(schema::Dump())};
  constexpr std::string_view kTable = "CREATE TABLE mayfly.";
  std::string table;
  int count = 0;
  for (std::string line; std::getline(schema, line);) {
    if (line.starts_with(kTable))
      table = line.substr(kTable.size(), line.rfind(" (") - kTable.size());
    if (line.starts_with("CREATE TABLE mayfly_partitions.")) table.clear();
    if (!line.starts_with("    tick bigint NOT NULL") || table.empty()) continue;
    // Those that tests of their own are of, or whose ticks are closed ones that were read.
    if (std::set<std::string>{"issuance", "outcome", "revocation", "event", "audit_checkpoint"}
            .contains(table)) {
      continue;
    }
    ++count;
    const std::string row = std::string("\\\\x") + kFirst + "\t1\t5\n";
    const std::string rows =
        "COPY mayfly." + table + " (serial, issuer_id, tick) FROM stdin;\n" + row + "\\.\n";
    EXPECT_EQ(RulesOf(Verify(kDump, kDump + rows)), "ledger.tick") << table;
  }
  EXPECT_EQ(count, 13);
}

TEST_F(VerifyTest, TheControlRowIsOne) {
  EXPECT_EQ(RulesOf(Verify(kControl)), "ledger.tick");
  EXPECT_EQ(RulesOf(Verify(kControl, kControl + kControl)), "ledger.tick");
  EXPECT_EQ(RulesOf(Verify(kControl, Replaced(kControl, "\t4\t", "\t-4\t"))), "ledger.tick");
  // Put back: what was logged is of a tick to come.
  EXPECT_EQ(RulesOf(Verify(kControl, Replaced(kControl, "\t4\t", "\t2\t"))),
            "ledger.tick ledger.tick ledger.tick ledger.tick");
}

TEST_F(VerifyTest, EveryColumnCounts) {
  for (const std::string& line : {kFirstRecord, kSecondRecord, kFirstOutcome, kSecondOutcome,
                                  kRevocation, kFirstEvent, kSecondEvent}) {
    for (size_t i = 0; i + 1 < line.size(); ++i) {
      if (!isdigit(line[i])) continue;
      std::string changed = line;
      changed[i] = changed[i] == '1' ? '2' : '1';
      EXPECT_NE(RulesOf(Verify(line, changed)), "") << changed;
    }
  }
}

// Entries have an issuer's name: a second row of it would take what is moved there out of sight.
TEST_F(VerifyTest, AnIssuerIsOneRow) {
  const std::string root = "2\troot\t\\\\x01\n", same = "77\tissuing-1\t\\\\x58\n";
  const auto moved = [](const std::string& line, const std::string& to) {
    return Replaced(line, "\t1\t", "\t" + to + "\t");
  };
  EXPECT_EQ(RulesOf(Verify(root, root + same)), "ledger.issuer");
  EXPECT_EQ(RulesOf(Verify(root, root + "2\tother\t\\\\x01\n")), "ledger.issuer");
  const std::string revoked = std::string("\\\\x") + kFirst + "\t1\t4\t";
  std::string text = Replaced(kDump, revoked, moved(revoked, "77"));
  EXPECT_EQ(RulesOf(Verify(kDump, text)), "ledger.row ledger.altered") << "no such issuer";
  EXPECT_EQ(RulesOf(Verify(kDump, Replaced(text, root, root + same))), "ledger.issuer ledger.row");
  EXPECT_EQ(RulesOf(Verify(revoked, moved(revoked, "2"))), "ledger.row ledger.altered");
  EXPECT_EQ(RulesOf(Verify(kRequest, moved(kRequest, "2"))), "ledger.row");
  text = Replaced(kDump, kFirstRecord, Replaced(kFirstRecord, "\t1\t0\t", "\t77\t0\t"));
  EXPECT_EQ(RulesOf(Verify(kDump, Replaced(text, root, root + same))),
            "ledger.issuer ledger.row ledger.missing")
      << "the record alone";
}

TEST_F(VerifyTest, RowsOfRecordsThatAreNotThere) {
  EXPECT_EQ(RulesOf(Verify(kRequest, Replaced(kRequest, kFirst, kThird))), "ledger.row");
  const std::string other = Replaced(kRequest, kFirst, "2201994f0a1b2ca0a1a2a3a4a5a6a7a8a9aaabac");
  EXPECT_EQ(RulesOf(Verify(kRequest, other)), "") << "its partition may be gone";
  const std::string intent = Replaced(kFirstRecord, kFirst, kThird);
  const std::string text = Replaced(kDump, kRequest, Replaced(kRequest, kFirst, kThird));
  EXPECT_EQ(RulesOf(Verify(kDump, Replaced(text, kFirstRecord, kFirstRecord + intent))), "");
  EXPECT_EQ(RulesOf(Verify(kFirstRecord, kFirstRecord + intent + intent)), "ledger.row");
}

TEST_F(VerifyTest, AnotherSchemaIsFound) {
  const std::string unique = "    ADD CONSTRAINT issuer_name_key UNIQUE (name);\n";
  EXPECT_EQ(RulesOf(Verify(unique, "    ADD CONSTRAINT issuer_name_key UNIQUE (id, name);\n")),
            "ledger.schema");
  const std::string child = "CREATE TABLE public.rc () INHERITS (mayfly.revocation);\n";
  EXPECT_EQ(RulesOf(Verify(kPartition, kPartition + child)), "ledger.schema");
}

// Whoever may create a view, in any schema, does not stop the rest.
TEST_F(VerifyTest, AnOverlongStatementIsAFinding) {
  const std::string view =
      "CREATE VIEW public.v AS SELECT '" + std::string(kStatementOctetsMax, ';') + "' AS a;\n";
  const auto report = Verify(kPartition, view + kPartition);
  EXPECT_EQ(RulesOf(report), "ledger.schema");
  EXPECT_EQ(report->findings.front().text.substr(0, 79),
            "a statement is longer than 1048576 octets: \"CREATE VIEW public.v AS SELECT ';;;");
  EXPECT_EQ(RulesOf(Verify(
                kDump, Replaced(Replaced(kDump, kPartition, view + kPartition), kRevocation, ""))),
            "ledger.schema ledger.missing");
}

// Statements within a function's text are no statements.
TEST_F(VerifyTest, RowsAreNotReadOutOfText) {
  const std::string text =
      "CREATE FUNCTION public.f() RETURNS void LANGUAGE plpgsql AS $_$\n"
      "COPY mayfly.revocation (number, serial, issuer_id, reason, revoked_at, not_after, "
      "principal, "
      "tick) FROM stdin;\n" +
      kRevocation + "\\.\n$_$;\n";
  EXPECT_EQ(RulesOf(Verify(kPartition, kPartition + text)), "");
  const std::string gone =
      Replaced(Replaced(kDump, kRevocation, ""), kPartition, kPartition + text);
  EXPECT_EQ(RulesOf(Verify(kDump, gone)), "ledger.missing");
}

TEST_F(VerifyTest, NumbersAreNotCutToFit) {
  const std::string reason = std::string("\t4\t") + kStartText + "\t" + kExpiredText;
  EXPECT_EQ(RulesOf(Verify(reason, "\t260" + reason.substr(2))),
            "ledger.altered");  // 260: 4 of 8 bits
  std::string signed_too = kSecondOutcome;
  signed_too.replace(signed_too.find("\\N"), 2, "\\\\x01");
  EXPECT_EQ(RulesOf(Verify(kSecondOutcome, signed_too)), "ledger.row");
}

TEST_F(VerifyTest, IntentsAreCountedAndNotCompared) {
  constexpr std::string_view kOld = "2101994f0a1b2c", kNew = "2101994f0a1b2e";
  std::string intent = kFirstRecord;
  intent.replace(intent.find(kOld), kOld.size(), kNew);
  EXPECT_EQ(RulesOf(Verify(kFirstRecord, kFirstRecord + intent)), "ledger.row");
  intent.replace(intent.find(kOld), kOld.size(), kNew);
  const auto report = Verify(kFirstRecord, kFirstRecord + intent);
  EXPECT_EQ(RulesOf(report), "");
  EXPECT_EQ(report->intents, 1u);
}

TEST_F(VerifyTest, DroppedPartitionsLeaveTheRest) {
  // The dump after retention: neither the partitions nor their rows, but those of another class.
  std::string text = kDump;
  for (const std::string& line : {kFirstRecord, kSecondRecord, kFirstOutcome, kSecondOutcome})
    text.erase(text.find(line), line.size());
  text = Replaced(text, "_c1_20250925", "_c2_20250925");
  text = Replaced(text, "FROM ('\\x2101994aabd800') TO ('\\x2101994fd23400')",
                  "FROM ('\\x22019936126800') TO ('\\x2201995a1eec00')");
  const auto report = Verify(kDump, text);
  EXPECT_EQ(RulesOf(report), "");
  EXPECT_EQ(report->dropped, 2u);
  EXPECT_EQ(report->compared, 3u);
  EXPECT_EQ(RulesOf(Verify(kDump, text, kExpired - 1)),
            "ledger.dropped-early ledger.dropped-early");
  // The rows alone, and the partition stays.
  std::string deleted = kDump;
  for (const std::string& line : {kFirstRecord, kFirstOutcome}) {
    deleted.erase(deleted.find(line), line.size());
  }
  EXPECT_EQ(RulesOf(Verify(kDump, deleted)), "ledger.row ledger.row ledger.missing");
}

// Its owner cuts a partition in two around a certificate, and says that it was dropped.
TEST_F(VerifyTest, APartitionIsAWholeSpan) {
  const std::string whole = "FROM ('\\x2101994aabd800') TO ('\\x2101994fd23400')";
  ASSERT_NE(kPartition.find(whole), std::string::npos);
  std::string text = kDump;
  for (const std::string& line : {kFirstRecord, kFirstOutcome})
    text.erase(text.find(line), line.size());
  std::string upper = kPartition;
  upper.replace(upper.find(whole), whole.size(),
                std::string("FROM ('\\x") + kSecond + "') TO ('\\x2101994fd23400')");
  text.replace(text.find(kPartition), kPartition.size(), upper);
  EXPECT_EQ(RulesOf(Verify(kDump, text)), "ledger.partition");
  // Or that all of the day was, though others of it are there.
  text = kDump;
  for (const std::string& line : {kFirstRecord, kFirstOutcome}) {
    text.erase(text.find(line), line.size());
  }
  text.replace(text.find(kPartition), kPartition.size(),
               "ALTER TABLE ONLY mayfly.issuance ATTACH PARTITION "
               "mayfly_partitions.issuance_c1_20250925 FOR VALUES FROM ('\\x2101994fd23400') TO "
               "('\\x21019954f89000');\n");
  EXPECT_EQ(RulesOf(Verify(kDump, text)), "ledger.partition");
  // A week in the class of days, a day of the class of weeks, half a day, a day from noon.
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"21019936126800", "2101995a1eec00"},
                                                        {"2201994aabd800", "2201994fd23400"},
                                                        {"2101994aabd800", "2101994d3f0600"},
                                                        {"2101994d3f0600", "21019952656200"},
                                                        {"21", "22"},
                                                        {"2401994aabd800", "2401994fd23400"}}) {
    std::string other = kPartition;
    other.replace(other.find(whole), whole.size(), "FROM ('\\x" + from + "') TO ('\\x" + to + "')");
    EXPECT_NE(RulesOf(Verify(kPartition, other)).find("ledger.partition"), std::string::npos)
        << from << " " << to;
  }
}

TEST_F(VerifyTest, FilesThatWereTouched) {
  for (const char* name : {"tile/entries/000.p/5", "tile/0/000.p/5"}) {
    std::ifstream in(folder_ / name, std::ios::binary);
    const Bytes before(std::istreambuf_iterator<char>(in), {});
    for (size_t i = 0; i < before.size(); i += 7) {
      Bytes changed = before;
      changed[i] ^= 1;
      WriteFile(name, changed);
      EXPECT_NE(RulesOf(Verify()), "") << name << " " << i;
    }
    std::filesystem::remove(folder_ / name);
    EXPECT_NE(RulesOf(Verify()), "") << name;
    WriteFile(name, before);
  }
  EXPECT_EQ(RulesOf(Verify()), "");
}

TEST_F(VerifyTest, CheckpointsThatWereKept) {
  const std::string older = note_;
  log_.push_back({4, tlog::AdminEvent{3, "denial", "", "{}", At(kStart)}});
  WriteLog();
  const std::string row = std::string("3\tdenial\t\t{}\t4\t") + kStartText + "\n";
  kept_ = {{"older", older}, {"now", note_}};
  EXPECT_EQ(RulesOf(Verify(kSecondEvent, kSecondEvent + row)), "");
  // Somebody with the key wrote the log anew.
  const std::string newest = note_;
  std::get<tlog::AdminEvent>(log_[0].body).principal = "somebody else";
  WriteLog();
  kept_ = {{"newest", newest}};
  EXPECT_EQ(RulesOf(VerifyLog({folder_, key_.note().ToString(), {}, kept_, 0})), "log.rewritten");
  log_.erase(log_.begin() + 2, log_.end());
  WriteLog();
  EXPECT_EQ(RulesOf(VerifyLog({folder_, key_.note().ToString(), {}, kept_, 0})), "log.truncated");
}

TEST_F(VerifyTest, OnlyTheKeysOwnCheckpoint) {
  const Key other(EVP_PKEY_ED25519);
  EXPECT_EQ(RulesOf(VerifyLog({folder_, other.note().ToString(), {}, {}, 0})), "audit.checkpoint");
  EXPECT_EQ(RulesOf(VerifyLog({folder_, "nonsense", {}, {}, 0})), "audit.verifier-key");
  std::string wrong = key_.note().ToString();
  wrong[wrong.size() - 3] ^= 1;
  EXPECT_EQ(RulesOf(VerifyLog({folder_, wrong, {}, {}, 0})), "audit.verifier-key");
  std::string changed = note_;
  changed[changed.find("\n5\n") + 1] = '4';
  WriteFile("checkpoint", AsBytes(changed));
  EXPECT_EQ(RulesOf(Verify()), "audit.checkpoint");
  // Other readers refuse these too: what is no line of a signature, one that has no end, too many.
  std::string many = note_;
  for (int i = 0; i < 100; ++i) many += "\u2014 witness.example AAAAAAAAAAAA\n";
  for (const std::string& text :
       {note_ + "garbage here\n", note_ + "garbage", note_ + "\u2014 w AAAA\n", many,
        note_.substr(0, note_.size() - 1)}) {
    WriteFile("checkpoint", AsBytes(text));
    EXPECT_EQ(RulesOf(Verify()), "audit.checkpoint") << text.substr(note_.size() - 1);
  }
  WriteFile("checkpoint", AsBytes(note_ + "\u2014 witness.example AAAAAAAAAAAA\n"));
  EXPECT_EQ(RulesOf(Verify()), "") << "a cosignature is no harm";
  std::filesystem::remove(folder_ / "checkpoint");
  EXPECT_EQ(RulesOf(Verify()), "audit.checkpoint");
}

TEST_F(VerifyTest, DumpsThatAreNone) {
  EXPECT_EQ(RulesOf(Verify(kDump, "hello\n")), "audit.dump");
  EXPECT_EQ(RulesOf(Verify(kDump, kPartition + "INSERT INTO mayfly.event VALUES (1);\n")),
            "audit.dump");
  EXPECT_EQ(RulesOf(Verify("\\.\nCOPY mayfly.revocation", "COPY mayfly.revocation")), "audit.dump");
  EXPECT_EQ(RulesOf(Verify(kDump, kDump.substr(0, kDump.size() - 3))), "audit.dump");
  EXPECT_EQ(RulesOf(Verify("\tada\t3\n", "\tada\n")), "audit.dump");
  EXPECT_EQ(RulesOf(Verify(", tick) FROM stdin;\n1\t", ", ticket) FROM stdin;\n1\t")),
            "audit.dump");
}

TEST(SignedHead, OfBothTypesOfKeys) {
  for (int type : {EVP_PKEY_ED25519, EVP_PKEY_EC}) {
    const Key key(type);
    const tlog::TreeHead tree{7, Hash256{9}};
    const std::string note = key.Sign(*tlog::WriteCheckpoint({kOrigin, tree}));
    const auto head = OpenSignedHead(note, key.note().ToString() + "\n");
    ASSERT_TRUE(head) << head.error().message;
    EXPECT_EQ(head->size, 7u);
    EXPECT_EQ(head->root, tree.root);
  }
}

TEST(HashTree, GrowsAsTheWritersDoes) {
  HashTree tree;
  tlog::RightEdge edge;
  EXPECT_EQ(tree.Root(), tlog::EmptyRoot());
  for (int i = 0; i < 1000; ++i) {
    const Hash256 leaf = HashLeaf(AsBytes(std::to_string(i)));
    EXPECT_EQ(leaf, tlog::LeafHash(AsBytes(std::to_string(i))));
    tree.Add(leaf);
    edge.Append(leaf);
    ASSERT_EQ(tree.Root(), edge.Head().root) << i;
  }
}

TEST(Timestamp, AsPostgresqlWritesThem) {
  EXPECT_EQ(*ParseTimestamp(kStartText), kStart);
  EXPECT_EQ(*ParseTimestamp(kExpiredText), kExpired);
  EXPECT_EQ(*ParseTimestamp("2025-10-09 03:23:20.000001-05:30"), kStart + 1);
  EXPECT_EQ(*ParseTimestamp("1969-12-31 23:59:59.999999+00"), -1);
  EXPECT_EQ(*ParseTimestamp("2000-02-29 00:00:00+00"), 951782400000000);
  for (const char* text :
       {"", "infinity", "2025-10-09", "2025-10-09 08:53:20", "2025-10-09T08:53:20+00",
        "2025-10-09 08:53:20.1234567+00", "2025-10-09 08:53:20+0x", "2025-10-09 08:53:20+00 BC"}) {
    EXPECT_FALSE(ParseTimestamp(text)) << text;
  }
}

TEST(TileName, AsTheWriterHasThem) {
  for (uint64_t index : {0u, 7u, 255u, 999u, 1000u, 1234067u}) {
    EXPECT_EQ("tile/entries/" + TileName(index, 256), (tlog::BundleId{index}.Path()));
    EXPECT_EQ("tile/entries/" + TileName(index, 5), (tlog::BundleId{index, 5}.Path()));
  }
}

}  // namespace
}  // namespace mayfly::audit_reader
