#include "tlog/log_entry.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "naive_tree.h"

namespace mayfly::tlog {
namespace {

x509::SerialNumber Serial(std::string_view hex) { return *x509::SerialNumber::FromHex(hex); }
TimePoint At(int64_t microseconds) { return TimePoint(std::chrono::microseconds(microseconds)); }
Uuid Id(std::string_view text) { return *Uuid::Parse(text); }

Record SomeRecord() {
  return {
      .tick = 14,
      .issuer = "issuing-1",
      .serial = Serial("2101994f0a1b2ca0a1a2a3a4a5a6a7a8a9aaabac"),
      .tbs = {0x30, 0x00},
      .lineage = Id("01994f0a-1b2c-7000-8000-000000000001"),
      .generation = 3,
      .parent = Serial("0080"),
      .profile = "server",
      .principal = "spiffe://mayfly.internal/web",
      .request_id = Id("01994f0a-1b2c-7000-8000-000000000002"),
      .policy_version = 4,
      .decision = 5,
      .not_after = At(15),
      .renew_from = At(6),
      .renew_until = At(7),
      .recorded_at = At(8),
  };
}

// By the tables of docs/AUDIT.md.
const std::string kRecordHex =
    "000000000000000e"
    "0009"
    "69737375696e672d31"
    "0014"
    "2101994f0a1b2ca0a1a2a3a4a5a6a7a8a9aaabac"
    "0002"
    "3000"
    "01994f0a1b2c70008000000000000001"
    "00000003"
    "01"
    "0002"
    "0080"
    "0006"
    "736572766572"
    "001c"
    "7370696666653a2f2f6d6179666c792e696e7465726e616c2f776562"
    "01"
    "01994f0a1b2c70008000000000000002"
    "0000000000000004"
    "0000000000000005"
    "000000000000000f"
    "0000000000000006"
    "0000000000000007"
    "0000000000000008";
const std::string kDecidedHex =
    "0000000000000009"
    "000000000000000a"
    "000000000000000b";

const LogEntry kIssued{1, IssuedCertificate{SomeRecord(), {9, 10, At(11)}, {0xaa, 0xbb}}};
const LogEntry kAbandoned{1, Abandonment{SomeRecord(), {9, 10, At(11)}}};
const LogEntry kRevoked{0x0102030405060708, RevokedCertificate{12, "issuing-1", Serial("01"), 9,
                                                               At(-1), At(16), "operator:ada"}};
const LogEntry kEvent{2, AdminEvent{17, "policy.activated", "", "{}", At(13)}};

// Of somebody who had a token: another version, with the claims after the principal.
LogEntry WithClaims() {
  IssuedCertificate issued = std::get<IssuedCertificate>(kIssued.body);
  issued.record.claims = "namespace=prod";
  return {1, issued};
}
const LogEntry kIssuedWithClaims = WithClaims();
std::string RecordHexWithClaims() {
  std::string hex = kRecordHex;
  const std::string principal = "7370696666653a2f2f6d6179666c792e696e7465726e616c2f776562";
  return hex.insert(hex.find(principal) + principal.size(), "000e6e616d6573706163653d70726f64");
}

const std::pair<const LogEntry&, std::string> kKnown[] = {
    {kIssued, "0101" + std::string("0000000000000001") + kRecordHex + kDecidedHex + "0002aabb"},
    {kAbandoned, "0102" + std::string("0000000000000001") + kRecordHex + kDecidedHex},
    {kRevoked,
     "01030102030405060708"
     "000000000000000c"
     "000969737375696e672d31"
     "000101"
     "09"
     "ffffffffffffffff"
     "0000000000000010"
     "000c6f70657261746f723a616461"},
    {kEvent,
     "01040000000000000002"
     "0000000000000011"
     "0010706f6c6963792e616374697661746564"
     "0000"
     "00027b7d"
     "000000000000000d"},
    {kIssuedWithClaims,
     "0201" + std::string("0000000000000001") + RecordHexWithClaims() + kDecidedHex + "0002aabb"},
};

TEST(LogEntry, HasTheFormatOfTheDocumentation) {
  for (const auto& [entry, hex] : kKnown) {
    auto encoded = EncodeLogEntry(entry);
    ASSERT_TRUE(encoded) << encoded.error().rule;
    EXPECT_EQ(ToHex(*encoded), hex);
    auto decoded = DecodeLogEntry(*FromHex(hex));
    ASSERT_TRUE(decoded) << decoded.error().rule;
    EXPECT_EQ(*decoded, entry);
  }
}

// tests/fuzz/make_corpus.py has an encoder of its own, made from the documentation.
TEST(LogEntry, OfAnotherProgramIsTakenOrRefused) {
  const auto rule = [](const std::string& name) {
    std::ifstream file(std::string(MAYFLY_SOURCE_DIR) + "/tests/fuzz/corpus/log_entry/" + name,
                       std::ios::binary);
    EXPECT_TRUE(file.is_open()) << name;
    return RuleOf(DecodeLogEntry(Bytes(std::istreambuf_iterator<char>(file), {})));
  };
  for (const char* name : {"issued", "renewed", "with-claims", "abandoned", "revoked", "event"}) {
    EXPECT_EQ(rule(name), "") << name;
  }
  EXPECT_EQ(rule("hold"), "log-entry.reason");
  EXPECT_EQ(rule("unknown-kind"), "log-entry.kind");
  EXPECT_EQ(rule("next-version"), "log-entry.version");
  EXPECT_EQ(rule("cut-short"), "log-entry.format");
  EXPECT_EQ(rule("empty"), "log-entry.format");
}

TEST(LogEntry, WhatMayBeAbsent) {
  IssuedCertificate issued = std::get<IssuedCertificate>(kIssued.body);
  issued.record.parent.reset();
  issued.record.request_id.reset();
  const LogEntry entry{1, issued};
  const Bytes encoded = *EncodeLogEntry(entry);
  EXPECT_EQ(encoded.size(), EncodeLogEntry(kIssued)->size() - 4 - 16);
  EXPECT_EQ(*DecodeLogEntry(encoded), entry);
}

TEST(LogEntry, CutShortOrWithSomethingLeftOver) {
  for (const auto& [entry, hex] : kKnown) {
    Bytes encoded = *FromHex(hex);
    for (size_t size = 0; size < encoded.size(); ++size) {
      EXPECT_FALSE(DecodeLogEntry(ByteSpan(encoded).first(size))) << size;
    }
    encoded.push_back(0);
    EXPECT_EQ(RuleOf(DecodeLogEntry(encoded)), "log-entry.format");
  }
}

// Whatever octet is changed, it is no entry or another one: there is one encoding.
TEST(LogEntry, EveryOctetCounts) {
  for (const auto& [entry, hex] : kKnown) {
    const Bytes encoded = *FromHex(hex);
    for (size_t i = 0; i < encoded.size(); ++i) {
      Bytes changed = encoded;
      changed[i] ^= 0x01;
      auto decoded = DecodeLogEntry(changed);
      if (!decoded) continue;
      EXPECT_NE(*decoded, entry) << i;
      EXPECT_EQ(*EncodeLogEntry(*decoded), changed) << i;
    }
  }
}

std::string RuleWith(std::string hex, size_t octet, std::string_view replacement) {
  hex.replace(2 * octet, replacement.size(), replacement);
  return RuleOf(DecodeLogEntry(*FromHex(hex)));
}

TEST(LogEntry, OthersAreRefused) {
  const std::string& issued = kKnown[0].second;
  EXPECT_EQ(RuleWith(issued, 0, "00"), "log-entry.version");
  EXPECT_EQ(RuleWith(issued, 0, "03"), "log-entry.version");
  const std::string& event = kKnown[3].second;
  EXPECT_EQ(RuleWith(event, 0, "02"), "log-entry.version");  // it has no claims
  EXPECT_EQ(RuleWith(issued, 1, "00"), "log-entry.kind");
  EXPECT_EQ(RuleWith(issued, 1, "05"), "log-entry.kind");
  EXPECT_EQ(RuleWith(issued, 18, "0000"), "log-entry.size");  // no issuer
  EXPECT_EQ(RuleWith(issued, 20, "ff"), "log-entry.text");    // not UTF-8
  EXPECT_EQ(RuleWith(issued, 31, "80"), "serial.positive");
  EXPECT_EQ(RuleWith(issued, 31, "0001"), "serial.minimal");
  EXPECT_EQ(RuleWith(issued, 75, "02"), "log-entry.presence");
  const std::string& revoked = kKnown[2].second;
  for (const char* reason : {"06", "07", "08", "0a", "ff"}) {
    EXPECT_EQ(RuleWith(revoked, 32, reason), "log-entry.reason") << reason;
  }
}

std::string RuleOfEvent(size_t kind, size_t principal, size_t detail) {
  const LogEntry entry{1, AdminEvent{1, std::string(kind, 'k'), std::string(principal, 'p'),
                                     std::string(detail, 'd'), At(0)}};
  auto encoded = EncodeLogEntry(entry);
  if (encoded) {
    EXPECT_LE(encoded->size(), kEntryBytesMax);
    EXPECT_EQ(*DecodeLogEntry(*encoded), entry);
  }
  return RuleOf(encoded);
}

TEST(LogEntry, EventsAtTheirLimitsAndOnePast) {
  EXPECT_EQ(RuleOfEvent(kNameBytesMax, kPrincipalBytesMax, kDetailBytesMax), "");
  EXPECT_EQ(RuleOfEvent(1, 0, 0), "");
  EXPECT_EQ(RuleOfEvent(0, 0, 0), "log-entry.size");
  EXPECT_EQ(RuleOfEvent(kNameBytesMax + 1, 0, 0), "log-entry.size");
  EXPECT_EQ(RuleOfEvent(1, kPrincipalBytesMax + 1, 0), "log-entry.size");
  EXPECT_EQ(RuleOfEvent(1, 0, kDetailBytesMax + 1), "log-entry.size");
}

TEST(LogEntry, CertificatesAtTheirLimitsAndOnePast) {
  const auto rule = [](size_t name, size_t principal, size_t tbs, size_t signature) {
    Record record = SomeRecord();
    record.issuer = record.profile = std::string(name, 'n');
    record.principal = std::string(principal, 'p');
    record.tbs.assign(tbs, 0x30);
    const LogEntry entry{1, IssuedCertificate{record, {}, Bytes(signature, 7)}};
    auto encoded = EncodeLogEntry(entry);
    if (encoded) {
      EXPECT_LE(encoded->size(), kEntryBytesMax);
      EXPECT_EQ(*DecodeLogEntry(*encoded), entry);
    }
    return RuleOf(encoded);
  };
  EXPECT_EQ(rule(kNameBytesMax, kPrincipalBytesMax, x509::kTbsDerBytesMax, kSignatureBytesMax), "");
  EXPECT_EQ(rule(1, 0, 1, 1), "");
  EXPECT_EQ(rule(0, 0, 1, 1), "log-entry.size");
  EXPECT_EQ(rule(1, 0, 0, 1), "log-entry.size");
  EXPECT_EQ(rule(1, 0, 1, 0), "log-entry.size");
  EXPECT_EQ(rule(kNameBytesMax + 1, 0, 1, 1), "log-entry.size");
  EXPECT_EQ(rule(1, kPrincipalBytesMax + 1, 1, 1), "log-entry.size");
  EXPECT_EQ(rule(1, 0, x509::kTbsDerBytesMax + 1, 1), "log-entry.size");
  EXPECT_EQ(rule(1, 0, 1, kSignatureBytesMax + 1), "log-entry.size");
}

TEST(LogEntry, WhatCannotBeReadIsNotWritten) {
  LogEntry entry = kRevoked;
  std::get<RevokedCertificate>(entry.body).reason = 6;
  EXPECT_EQ(RuleOf(EncodeLogEntry(entry)), "log-entry.reason");
  entry = kEvent;
  std::get<AdminEvent>(entry.body).detail = "\xff";
  EXPECT_EQ(RuleOf(EncodeLogEntry(entry)), "log-entry.text");
}

}  // namespace
}  // namespace mayfly::tlog
