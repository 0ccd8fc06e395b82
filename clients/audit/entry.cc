#include "clients/audit/entry.h"

namespace mayfly::audit_reader {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint8_t kVersionWithClaims = 2;
constexpr size_t kUuidBytes = 16;

// Takes fields from the front; once it has run out all it gives is empty.
class Fields {
 public:
  explicit Fields(ByteSpan rest) : rest_(rest) {}
  uint64_t Number(size_t octets) {
    uint64_t value = 0;
    for (uint8_t octet : Take(octets)) value = value << 8 | octet;
    return value;
  }
  ByteSpan Octets() { return Take(Number(2)); }
  ByteSpan Take(size_t size) {
    if (size > rest_.size()) {
      has_run_out_ = true;
      rest_ = {};
      return {};
    }
    const ByteSpan taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  bool has_run_out() const { return has_run_out_; }

 private:
  ByteSpan rest_;
  bool has_run_out_ = false;
};

void ReadRecord(Fields& fields, uint64_t version, EntryHeader& header) {
  fields.Number(8);  // the tick of the record
  header.subject.issuer = ToString(fields.Octets());
  header.subject.serial = ToBytes(fields.Octets());
  fields.Octets();  // TBSCertificate
  fields.Take(kUuidBytes);
  fields.Number(4);
  if (fields.Number(1) == 1) fields.Octets();
  fields.Octets();  // profile
  fields.Octets();  // principal
  if (version == kVersionWithClaims) fields.Octets();
  if (fields.Number(1) == 1) fields.Take(kUuidBytes);
  fields.Number(8);
  fields.Number(8);
  header.not_after = static_cast<int64_t>(fields.Number(8));
}

}  // namespace

std::string Subject::ToText() const {
  if (part == Part::kOutcome) return "certificate " + issuer + "/" + ToHex(serial);
  return (part == Part::kRevocation ? "revocation " : "event ") + std::to_string(number);
}

Result<EntryHeader> ReadHeader(ByteSpan entry) {
  Fields fields(entry);
  EntryHeader header;
  const uint64_t version = fields.Number(1);
  const uint64_t kind = fields.Number(1);
  header.tick = fields.Number(8);
  header.kind = static_cast<Kind>(kind);
  if (header.kind == Kind::kIssued || header.kind == Kind::kAbandoned) {
    ReadRecord(fields, version, header);
  } else {
    header.subject.part =
        header.kind == Kind::kRevoked ? Subject::Part::kRevocation : Subject::Part::kEvent;
    header.subject.number = fields.Number(8);
  }
  const bool has_record = header.subject.part == Subject::Part::kOutcome;
  const bool is_known = version == kVersion || (version == kVersionWithClaims && has_record);
  if (fields.has_run_out() || !is_known || kind < 1 || kind > 4) {
    return Fail(ErrorCode::kInvalidArgument, "audit.entry", "an entry of the log cannot be read");
  }
  return header;
}

EntryWriter::EntryWriter(Kind kind, uint64_t tick, uint8_t version) {
  Number(version, 1).Number(static_cast<uint8_t>(kind), 1).Number(tick, 8);
}

EntryWriter& EntryWriter::Number(uint64_t value, int octets) {
  // What does not fit makes an entry that nobody logged, rather than one of another value.
  if (octets < 8 && value >> (8 * octets) != 0) octets = 8;
  while (octets-- > 0) octets_.push_back(static_cast<uint8_t>(value >> (8 * octets)));
  return *this;
}

EntryWriter& EntryWriter::Octets(ByteSpan octets) { return Number(octets.size(), 2).Raw(octets); }

EntryWriter& EntryWriter::Raw(ByteSpan octets) {
  octets_.insert(octets_.end(), octets.begin(), octets.end());
  return *this;
}

}  // namespace mayfly::audit_reader
