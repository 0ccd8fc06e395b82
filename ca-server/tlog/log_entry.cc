#include "tlog/log_entry.h"

#include <algorithm>
#include <array>

#include "der/character_string.h"

namespace mayfly::tlog {
namespace {

enum class Kind : uint8_t { kIssued = 1, kAbandoned = 2, kRevoked = 3, kEvent = 4 };

constexpr size_t kUuidOctets = 16;
constexpr uint8_t kAbsent = 0;
constexpr uint8_t kPresent = 1;
constexpr std::array<uint8_t, 7> kReasons = {0, 1, 2, 3, 4, 5, 9};

// What an entry has beside its texts and octets: numbers, times, serials, lengths. Generous.
constexpr size_t kFixedBytesMax = 512;
static_assert(3 * kNameBytesMax + kPrincipalBytesMax + kClaimsBytesMax + x509::kTbsDerBytesMax +
                  kSignatureBytesMax + kFixedBytesMax <=
              kEntryBytesMax);
static_assert(kNameBytesMax + kPrincipalBytesMax + kDetailBytesMax + kFixedBytesMax <=
              kEntryBytesMax);

struct Octets {
  size_t min;
  size_t max;
};
constexpr Octets kName{1, kNameBytesMax};
constexpr Octets kPrincipal{0, kPrincipalBytesMax};
constexpr Octets kClaims{1, kClaimsBytesMax};
constexpr Octets kDetail{0, kDetailBytesMax};
constexpr Octets kTbs{1, x509::kTbsDerBytesMax};
constexpr Octets kSignature{1, kSignatureBytesMax};
constexpr Octets kSerial{1, x509::kSerialOctetsMax};

Error BadEntry(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

Status CheckSize(size_t size, Octets allowed) {
  if (size < allowed.min || size > allowed.max) {
    return BadEntry("log-entry.size", "a field of a log entry has " + std::to_string(size) +
                                          " octets, not " + std::to_string(allowed.min) + " to " +
                                          std::to_string(allowed.max));
  }
  return Ok();
}

Status CheckText(std::string_view text) {
  if (!der::Utf8Length(text)) return BadEntry("log-entry.text", "a text is not UTF-8");
  return Ok();
}

Status CheckReason(uint8_t reason) {
  if (std::find(kReasons.begin(), kReasons.end(), reason) == kReasons.end()) {
    return BadEntry("log-entry.reason", "not a reason to revoke for");
  }
  return Ok();
}

// Writer and Reader have the same verbs, so that one list of fields (Transfer, below) is both
// directions, and what one refuses the other does.
class Writer {
 public:
  template <class T>
  Status Integer(T value) {
    for (size_t i = sizeof(T); i-- > 0;) {
      out_.push_back(static_cast<uint8_t>(static_cast<uint64_t>(value) >> (8 * i)));
    }
    return Ok();
  }
  Status Time(TimePoint time) { return Integer(time.time_since_epoch().count()); }
  Status Field(ByteSpan octets, Octets allowed) {
    TRY(CheckSize(octets.size(), allowed));
    TRY(Integer(static_cast<uint16_t>(octets.size())));
    Raw(octets);
    return Ok();
  }
  Status Text(const std::string& text, Octets allowed) {
    TRY(CheckText(text));
    return Field(AsBytes(text), allowed);
  }
  Status Serial(const x509::SerialNumber& serial) { return Field(serial.octets(), kSerial); }
  Status Id(const Uuid& id) {
    Raw(id.octets());
    return Ok();
  }
  Status OptionalSerial(const std::optional<x509::SerialNumber>& serial) {
    TRY(Integer(serial ? kPresent : kAbsent));
    return serial ? Serial(*serial) : Ok();
  }
  Status OptionalId(const std::optional<Uuid>& id) {
    TRY(Integer(id ? kPresent : kAbsent));
    return id ? Id(*id) : Ok();
  }
  Bytes Take() { return std::move(out_); }

 private:
  void Raw(ByteSpan octets) { out_.insert(out_.end(), octets.begin(), octets.end()); }
  Bytes out_;
};

class Reader {
 public:
  explicit Reader(ByteSpan rest) : rest_(rest) {}

  template <class T>
  Status Integer(T& value) {
    TRY_ASSIGN(ByteSpan octets, Raw(sizeof(T)));
    uint64_t read = 0;
    for (uint8_t octet : octets) read = read << 8 | octet;
    value = static_cast<T>(read);
    return Ok();
  }
  Status Time(TimePoint& time) {
    int64_t microseconds = 0;
    TRY(Integer(microseconds));
    time = TimePoint(std::chrono::microseconds(microseconds));
    return Ok();
  }
  Status Field(Bytes& octets, Octets allowed) {
    TRY_ASSIGN(ByteSpan read, ReadField(allowed));
    octets = ToBytes(read);
    return Ok();
  }
  Status Text(std::string& text, Octets allowed) {
    TRY_ASSIGN(ByteSpan read, ReadField(allowed));
    text = ToString(read);
    return CheckText(text);
  }
  Status Serial(x509::SerialNumber& serial) {
    TRY_ASSIGN(ByteSpan octets, ReadField(kSerial));
    TRY_ASSIGN(serial, x509::SerialNumber::FromIntegerContents(octets));
    return Ok();
  }
  Status Id(Uuid& id) {
    TRY_ASSIGN(ByteSpan octets, Raw(kUuidOctets));
    std::array<uint8_t, kUuidOctets> read;
    std::copy(octets.begin(), octets.end(), read.begin());
    id = Uuid::FromOctets(read);
    return Ok();
  }
  Status OptionalSerial(std::optional<x509::SerialNumber>& serial);
  Status OptionalId(std::optional<Uuid>& id);
  Status ExpectEnd() const {
    if (!rest_.empty()) return BadEntry("log-entry.format", "an entry has something left over");
    return Ok();
  }

 private:
  Result<ByteSpan> Raw(size_t size) {
    if (rest_.size() < size) return BadEntry("log-entry.format", "an entry ends too early");
    const ByteSpan taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  Result<ByteSpan> ReadField(Octets allowed) {
    uint16_t size = 0;
    TRY(Integer(size));
    TRY(CheckSize(size, allowed));
    return Raw(size);
  }
  Result<bool> ReadPresence() {
    uint8_t presence = 0;
    TRY(Integer(presence));
    if (presence > kPresent) return BadEntry("log-entry.presence", "a field is there or it is not");
    return presence == kPresent;
  }
  ByteSpan rest_;
};

// Values to read over: neither type has one that stands for nothing.
x509::SerialNumber SomeSerial() {
  static const x509::SerialNumber kOne = *x509::SerialNumber::FromHex("01");
  return kOne;
}
Uuid SomeId() { return Uuid::FromOctets({}); }
Record SomeRecord() { return {.serial = SomeSerial(), .lineage = SomeId()}; }

Status Reader::OptionalSerial(std::optional<x509::SerialNumber>& serial) {
  TRY_ASSIGN(bool is_present, ReadPresence());
  return is_present ? Serial(serial.emplace(SomeSerial())) : Ok();
}

Status Reader::OptionalId(std::optional<Uuid>& id) {
  TRY_ASSIGN(bool is_present, ReadPresence());
  return is_present ? Id(id.emplace(SomeId())) : Ok();
}

// The fields of each kind, in the order of docs/AUDIT.md. `record` and the like are const for the
// Writer.
template <class Codec, class Record>
Status TransferRecord(Codec& codec, Record& record, uint8_t version) {
  TRY(codec.Integer(record.tick));
  TRY(codec.Text(record.issuer, kName));
  TRY(codec.Serial(record.serial));
  TRY(codec.Field(record.tbs, kTbs));
  TRY(codec.Id(record.lineage));
  TRY(codec.Integer(record.generation));
  TRY(codec.OptionalSerial(record.parent));
  TRY(codec.Text(record.profile, kName));
  TRY(codec.Text(record.principal, kPrincipal));
  if (version == kLogEntryVersionWithClaims) TRY(codec.Text(record.claims, kClaims));
  TRY(codec.OptionalId(record.request_id));
  TRY(codec.Integer(record.policy_version));
  TRY(codec.Integer(record.decision));
  TRY(codec.Time(record.not_after));
  TRY(codec.Time(record.renew_from));
  TRY(codec.Time(record.renew_until));
  return codec.Time(record.recorded_at);
}

template <class Codec, class Decided>
Status TransferDecided(Codec& codec, Decided& decided) {
  TRY(codec.Integer(decided.policy_version));
  TRY(codec.Integer(decided.decision));
  return codec.Time(decided.decided_at);
}

template <class Codec, class Issued>
Status TransferIssued(Codec& codec, Issued& issued, uint8_t version) {
  TRY(TransferRecord(codec, issued.record, version));
  TRY(TransferDecided(codec, issued.decided));
  return codec.Field(issued.signature, kSignature);
}

template <class Codec, class Abandoned>
Status TransferAbandonment(Codec& codec, Abandoned& abandoned, uint8_t version) {
  TRY(TransferRecord(codec, abandoned.record, version));
  return TransferDecided(codec, abandoned.decided);
}

template <class Codec, class Revoked>
Status TransferRevoked(Codec& codec, Revoked& revoked) {
  TRY(codec.Integer(revoked.number));
  TRY(codec.Text(revoked.issuer, kName));
  TRY(codec.Serial(revoked.serial));
  TRY(codec.Integer(revoked.reason));
  TRY(CheckReason(revoked.reason));
  TRY(codec.Time(revoked.revoked_at));
  TRY(codec.Time(revoked.not_after));
  return codec.Text(revoked.principal, kPrincipal);
}

template <class Codec, class Event>
Status TransferEvent(Codec& codec, Event& event) {
  TRY(codec.Integer(event.number));
  TRY(codec.Text(event.kind, kName));
  TRY(codec.Text(event.principal, kPrincipal));
  TRY(codec.Text(event.detail, kDetail));
  return codec.Time(event.at);
}

struct Encoder {
  Writer& writer;
  uint64_t tick;

  static uint8_t VersionOf(const Record& record) {
    return record.claims.empty() ? kLogEntryVersion : kLogEntryVersionWithClaims;
  }
  Status Begin(Kind kind, uint8_t version = kLogEntryVersion) const {
    TRY(writer.Integer(version));
    TRY(writer.Integer(static_cast<uint8_t>(kind)));
    return writer.Integer(tick);
  }
  Status operator()(const IssuedCertificate& issued) const {
    const uint8_t version = VersionOf(issued.record);
    TRY(Begin(Kind::kIssued, version));
    return TransferIssued(writer, issued, version);
  }
  Status operator()(const Abandonment& abandoned) const {
    const uint8_t version = VersionOf(abandoned.record);
    TRY(Begin(Kind::kAbandoned, version));
    return TransferAbandonment(writer, abandoned, version);
  }
  Status operator()(const RevokedCertificate& revoked) const {
    TRY(Begin(Kind::kRevoked));
    return TransferRevoked(writer, revoked);
  }
  Status operator()(const AdminEvent& event) const {
    TRY(Begin(Kind::kEvent));
    return TransferEvent(writer, event);
  }
};

// Only what has a record has claims.
bool IsVersionOf(Kind kind, uint8_t version) {
  if (version == kLogEntryVersion) return true;
  const bool has_record = kind == Kind::kIssued || kind == Kind::kAbandoned;
  return has_record && version == kLogEntryVersionWithClaims;
}

Result<decltype(LogEntry::body)> ReadBody(Reader& reader, Kind kind, uint8_t version) {
  switch (kind) {
    case Kind::kIssued: {
      IssuedCertificate issued{.record = SomeRecord()};
      TRY(TransferIssued(reader, issued, version));
      return issued;
    }
    case Kind::kAbandoned: {
      Abandonment abandoned{.record = SomeRecord()};
      TRY(TransferAbandonment(reader, abandoned, version));
      return abandoned;
    }
    case Kind::kRevoked: {
      RevokedCertificate revoked{.serial = SomeSerial()};
      TRY(TransferRevoked(reader, revoked));
      return revoked;
    }
    case Kind::kEvent: {
      AdminEvent event;
      TRY(TransferEvent(reader, event));
      return event;
    }
  }
  return BadEntry("log-entry.kind", "not a kind of log entry");
}

}  // namespace

Result<Bytes> EncodeLogEntry(const LogEntry& entry) {
  Writer writer;
  TRY(std::visit(Encoder{writer, entry.tick}, entry.body));
  return writer.Take();
}

Result<LogEntry> DecodeLogEntry(ByteSpan encoding) {
  Reader reader(encoding);
  uint8_t version = 0;
  uint8_t kind = 0;
  uint64_t tick = 0;
  TRY(reader.Integer(version));
  TRY(reader.Integer(kind));
  if (!IsVersionOf(static_cast<Kind>(kind), version)) {
    return BadEntry("log-entry.version", "a log entry of version " + std::to_string(version));
  }
  TRY(reader.Integer(tick));
  TRY_ASSIGN(auto body, ReadBody(reader, static_cast<Kind>(kind), version));
  TRY(reader.ExpectEnd());
  return LogEntry{tick, std::move(body)};
}

}  // namespace mayfly::tlog
