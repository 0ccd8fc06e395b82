// Entries of the log (docs/AUDIT.md, Entries): what one is about, and its octets made from a row.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace mayfly::audit_reader {

enum class Kind : uint8_t { kIssued = 1, kAbandoned = 2, kRevoked = 3, kEvent = 4 };

// Where an entry stands within its tick, and what it is about: outcomes by serial number and
// issuer, then revocations and events by number.
struct Subject {
  enum class Part : uint8_t { kOutcome, kRevocation, kEvent };
  Part part = Part::kOutcome;
  Bytes serial = {};    // kOutcome
  std::string issuer;   // kOutcome: its name
  uint64_t number = 0;  // the others
  std::string ToText() const;
  friend auto operator<=>(const Subject&, const Subject&) = default;
};

struct EntryHeader {
  uint64_t tick = 0;
  Kind kind = Kind::kEvent;
  Subject subject;
  int64_t not_after = 0;  // of a certificate: microseconds since 1970
};

// Error: kInvalidArgument "audit.entry".
Result<EntryHeader> ReadHeader(ByteSpan entry);

// Puts an entry together.
class EntryWriter {
 public:
  EntryWriter(Kind kind, uint64_t tick, uint8_t version = 1);
  EntryWriter& Number(uint64_t value, int octets);
  EntryWriter& Octets(ByteSpan octets);  // after their length
  EntryWriter& Text(std::string_view text) { return Octets(AsBytes(text)); }
  EntryWriter& Raw(ByteSpan octets);
  // An octet that says whether something follows.
  EntryWriter& Presence(bool is_present) { return Number(is_present ? 1 : 0, 1); }
  const Bytes& octets() const { return octets_; }

 private:
  Bytes octets_;
};

}  // namespace mayfly::audit_reader
