#include "clients/audit/ledger_rows.h"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

#include "clients/audit/hash_tree.h"
#include "clients/audit/schema_check.h"

namespace mayfly::audit_reader {
namespace {

constexpr uint64_t kSigned = 1;
constexpr size_t kShownMax = 60;  // octets of a row's first column in a finding

// Tables whose rows never are without a record. Uses of tokens and claims of keys may be: they are
// inserted before it, and stay where it is refused.
constexpr std::array<std::string_view, 3> kOfRecords{"lineage_use", "request", "revocation"};

// Tables whose rows bear the tick that they were written in.
constexpr std::array<std::string_view, 17> kOfTicks{
    "issuance",
    "outcome",
    "revocation",
    "event",
    "request",
    "lineage_use",
    "token_use",
    "key_claim",
    "policy_version",
    "block",
    "proposal",
    "proposal_end",
    "ca_certificate",
    "enrolment_token",
    "canary",
    "foreign_certificate",
    "ca_certificate_outcome",
};

// What identifies an outcome: its serial number and its issuer's id.
using Key = std::pair<Bytes, uint64_t>;

struct Outcome {
  uint64_t tick = 0;
  uint64_t kind = 0;
  uint64_t policy_version = 0;
  uint64_t decision = 0;
  int64_t decided_at = 0;
  Bytes signature;
  bool has_record = false;
};

// The serial number inside a TBSCertificate (RFC 5280 4.1): SEQUENCE { [0] { INTEGER }, INTEGER ..
Bytes SerialIn(ByteSpan tbs) {
  constexpr uint8_t kInteger = 2;
  if (tbs.size() < 2) return {};
  const size_t outer = tbs[1] < 0x80 ? 2 : 2 + size_t{tbs[1]} - 0x80;  // tag and length
  constexpr size_t kVersion = 5;
  if (tbs.size() < outer + kVersion + 2) return {};
  const ByteSpan serial = tbs.subspan(outer + kVersion);
  if (serial[0] != kInteger || serial.size() < 2 + size_t{serial[1]}) return {};
  return ToBytes(serial.subspan(2, serial[1]));
}

// Partitions by class and then time: a day, a week or four of the serials' own milliseconds,
// counted from 1970. Retention drops them whole, so bounds of another kind would let anything be
// dropped.
bool IsWholeSpan(const SerialRange& range) {
  constexpr std::array<uint64_t, 3> kDays{1, 7, 28};
  constexpr uint64_t kDayMs = 86'400'000;
  constexpr uint8_t kClassOctet = 0x20;
  constexpr size_t kBoundOctets = 7;
  const auto milliseconds = [](const Bytes& bound) {
    uint64_t value = 0;
    for (const uint8_t octet : ByteSpan(bound).subspan(1)) value = value << 8 | octet;
    return value;
  };
  if (range.from.size() != kBoundOctets || range.to.size() != kBoundOctets) return false;
  const int lifetime_class = range.from[0] - kClassOctet;
  if (range.to[0] != range.from[0] || lifetime_class < 1 || lifetime_class > 3) return false;
  const uint64_t span = kDays.at(static_cast<size_t>(lifetime_class) - 1) * kDayMs;
  const uint64_t from = milliseconds(range.from);
  return from % span == 0 && milliseconds(range.to) == from + span;
}

uint64_t AsNumber(int64_t value) { return static_cast<uint64_t>(value); }

class RowReader {
 public:
  Result<LedgerRows> Read(const std::filesystem::path& dump) {
    const OnRow take = [this](const std::string& table, const DumpRow& row) { Take(table, row); };
    SchemaCheck schema;
    TRY_ASSIGN(rows_.partitions,
               ReadDump(dump, {.tables = {"control", "issuer", "outcome"},
                               .on_row = take,
                               .on_statement = [&](const auto& each) { schema.Take(each); }}));
    for (const Finding& finding : schema.Findings()) rows_.findings.push_back(finding);
    FindControl();
    FindIssuersOfOneName();
    for (const SerialRange& range : rows_.partitions) {
      if (IsWholeSpan(range)) continue;
      Find("ledger.partition", "a partition holds no whole span of serial numbers: " +
                                   ToHex(range.from) + " to " + ToHex(range.to));
    }
    TRY(ReadDump(dump, {.tables = {kOfTicks.begin(), kOfTicks.end()},
                        .on_row = [this](const std::string& table, const DumpRow& row) {
                          FindLater(table, row);
                          if (table != "outcome") Take(table, row);
                        }}));
    for (const auto& [key, outcome] : outcomes_) {
      if (!outcome.has_record) Find("ledger.row", "an outcome has no record: " + NameOf(key));
    }
    FindWithoutRecord();
    std::ranges::sort(rows_.entries, [](const DerivedEntry& a, const DerivedEntry& b) {
      return std::tie(a.tick, a.subject.part, a.subject.serial, a.issuer_id, a.subject.number) <
             std::tie(b.tick, b.subject.part, b.subject.serial, b.issuer_id, b.subject.number);
    });
    return std::move(rows_);
  }

 private:
  void Find(std::string rule, std::string text) {
    rows_.findings.push_back({std::move(rule), std::move(text)});
  }

  // A row's issuer by its name, as entries have it.
  const std::string& IssuerOf(uint64_t id) {
    static const std::string kUnknown;
    const auto found = issuers_.find(id);
    return found == issuers_.end() ? kUnknown : found->second;
  }
  std::string NameOf(const Key& key) { return IssuerOf(key.second) + "/" + ToHex(key.first); }

  void Take(const std::string& table, const DumpRow& row) {
    if (table == "control") TakeControl(row);
    if (table == "issuer") TakeIssuer(row);
    if (table == "outcome") TakeOutcome(row);
    if (table == "issuance") TakeRecord(row);
    if (table == "revocation") TakeRevocation(row);
    if (table == "event") TakeEvent(row);
    if (std::ranges::find(kOfRecords, table) != kOfRecords.end()) Refer(table, row);
  }

  void TakeControl(const DumpRow& row) {
    const uint64_t tick = row.Number("tick");
    const bool is_below_zero = tick > std::numeric_limits<int64_t>::max();
    if (!is_below_zero) control_ticks_.push_back(tick);
  }

  void FindControl() {
    if (control_ticks_.size() == 1) return;
    Find("ledger.tick", "the dump has " + std::to_string(control_ticks_.size()) +
                            " rows of control with a tick, and the ledger has one");
  }

  // A row is in force at once, and logged when its tick is closed: one of a tick to come would
  // never be. No honest row bears a later tick than the control row of the same dump, however many
  // are writing: a writer reads its tick from what is committed there (begin_write, under a lock
  // that it shares with others and not with close_tick), control.tick only grows, and a dump is one
  // snapshot. So a dump that has the row has the control row as the writer read it, or a later one.
  void FindLater(const std::string& table, const DumpRow& row) {
    const uint64_t tick = row.Number("tick");
    if (control_ticks_.size() != 1 || tick <= control_ticks_.front()) return;
    Find("ledger.tick", "a row of " + table + " is of tick " + row.Text("tick") +
                            ", which the ledger has not begun: " + Escape(row.First(), kShownMax));
  }

  void TakeIssuer(const DumpRow& row) {
    const auto [issuer, is_new] = issuers_.emplace(row.Number("id"), row.Text("name"));
    if (!is_new) {
      Find("ledger.issuer", "two issuers have the id " + std::to_string(issuer->first));
    }
  }

  // Entries say issuers by name, so two of one name would be one to them.
  void FindIssuersOfOneName() {
    std::map<std::string, uint64_t> ids;
    for (const auto& [id, name] : issuers_) {
      const auto [first, is_new] = ids.emplace(name, id);
      if (is_new) continue;
      Find("ledger.issuer", "the issuers " + std::to_string(first->second) + " and " +
                                std::to_string(id) + " have one name, " + Escape(name));
    }
  }

  void Refer(const std::string& table, const DumpRow& row) {
    Key key{row.Octets("serial"), row.Number("issuer_id")};
    if (outcomes_.contains(key) || !rows_.HasPartitionFor(key.first)) return;
    undecided_.push_back({table, std::move(key)});
  }

  // After all records are read.
  void FindWithoutRecord() {
    for (const auto& [table, key] : undecided_) {
      if (intents_.contains(key)) continue;
      Find("ledger.row", "a row of " + table + " has no record: " + NameOf(key));
    }
  }

  void TakeOutcome(const DumpRow& row) {
    Outcome outcome{.tick = row.Number("tick"),
                    .kind = row.Number("kind"),
                    .policy_version = row.Number("policy_version"),
                    .decision = row.Number("decision"),
                    .decided_at = row.Micros("decided_at")};
    if (!row.IsNull("signature")) outcome.signature = row.Octets("signature");
    const Key key{row.Octets("serial"), row.Number("issuer_id")};
    if (outcome.kind != kSigned && !row.IsNull("signature")) {
      Find("ledger.row", "what was abandoned has a signature: " + ToHex(key.first));
    }
    const bool is_new = outcomes_.emplace(key, std::move(outcome)).second;
    if (!is_new) Find("ledger.row", "an outcome is there twice: " + ToHex(key.first));
  }

  void TakeRevocation(const DumpRow& row) {
    EntryWriter entry(Kind::kRevoked, row.Number("tick"));
    entry.Number(row.Number("number"), 8)
        .Text(IssuerOf(row.Number("issuer_id")))
        .Octets(row.Octets("serial"))
        .Number(row.Number("reason"), 1)
        .Number(AsNumber(row.Micros("revoked_at")), 8)
        .Number(AsNumber(row.Micros("not_after")), 8)
        .Text(row.Text("principal"));
    AddNumbered(Subject::Part::kRevocation, row.Number("number"), row.Number("tick"), entry);
  }

  void TakeEvent(const DumpRow& row) {
    EntryWriter entry(Kind::kEvent, row.Number("tick"));
    entry.Number(row.Number("id"), 8)
        .Text(row.Text("kind"))
        .Text(row.Text("principal"))
        .Text(row.Text("detail"))
        .Number(AsNumber(row.Micros("at")), 8);
    AddNumbered(Subject::Part::kEvent, row.Number("id"), row.Number("tick"), entry);
  }

  void AddNumbered(Subject::Part part, uint64_t number, uint64_t tick, const EntryWriter& entry) {
    rows_.entries.push_back(
        {tick, 0, Subject{.part = part, .issuer = "", .number = number}, HashLeaf(entry.octets())});
  }

  void TakeRecord(const DumpRow& row) {
    const Key key{row.Octets("serial"), row.Number("issuer_id")};
    if (SerialIn(row.Octets("tbs")) != key.first) {
      Find("ledger.row",
           "a record has another serial number than its TBSCertificate: " + NameOf(key));
    }
    if (!rows_.HasPartitionFor(key.first)) {
      Find("ledger.partition", "a record lies in no partition of the dump: " + NameOf(key));
    }
    const auto found = outcomes_.find(key);
    if (found == outcomes_.end()) {
      const bool is_new = intents_.insert(key).second;
      if (!is_new) Find("ledger.row", "a record is there twice: " + NameOf(key));
      rows_.intents = intents_.size();
      return;
    }
    Outcome& outcome = found->second;
    if (outcome.has_record) Find("ledger.row", "a record is there twice: " + NameOf(key));
    outcome.has_record = true;
    const bool is_signed = outcome.kind == kSigned;
    const uint8_t version = row.Text("claims").empty() ? 1 : 2;
    EntryWriter entry(static_cast<Kind>(outcome.kind), outcome.tick, version);
    WriteRecord(row, key, entry);
    entry.Number(outcome.policy_version, 8)
        .Number(outcome.decision, 8)
        .Number(AsNumber(outcome.decided_at), 8);
    if (is_signed) entry.Octets(outcome.signature);
    rows_.entries.push_back({outcome.tick, key.second,
                             Subject{.serial = key.first, .issuer = IssuerOf(key.second)},
                             HashLeaf(entry.octets())});
  }

  void WriteRecord(const DumpRow& row, const Key& key, EntryWriter& entry) {
    entry.Number(row.Number("tick"), 8)
        .Text(IssuerOf(key.second))
        .Octets(key.first)
        .Octets(row.Octets("tbs"))
        .Raw(row.Uuid("lineage"))
        .Number(row.Number("generation"), 4);
    entry.Presence(!row.IsNull("parent_serial"));
    if (!row.IsNull("parent_serial")) entry.Octets(row.Octets("parent_serial"));
    entry.Text(row.Text("profile")).Text(row.Text("principal"));
    if (!row.Text("claims").empty()) entry.Text(row.Text("claims"));
    entry.Presence(!row.IsNull("request_id"));
    if (!row.IsNull("request_id")) entry.Raw(row.Uuid("request_id"));
    entry.Number(row.Number("policy_version"), 8).Number(row.Number("decision"), 8);
    for (const char* column : {"not_after", "renew_from", "renew_until", "recorded_at"}) {
      entry.Number(AsNumber(row.Micros(column)), 8);
    }
  }

  LedgerRows rows_;
  std::vector<uint64_t> control_ticks_;  // of one row in a good dump
  std::map<uint64_t, std::string> issuers_;
  std::map<Key, Outcome> outcomes_;
  std::set<Key> intents_;
  std::vector<std::pair<std::string, Key>> undecided_;  // rows of records without an outcome
};

}  // namespace

bool LedgerRows::HasPartitionFor(const Bytes& serial) const {
  return std::ranges::any_of(partitions, [&](const SerialRange& range) {
    return range.from <= serial && serial < range.to;
  });
}

Result<LedgerRows> ReadLedgerRows(const std::filesystem::path& dump) {
  return RowReader().Read(dump);
}

}  // namespace mayfly::audit_reader
