// A strict DER reader over a span: no allocation, no recursion, no copy.
//
// Strict means X.690 section 10: definite minimal lengths, minimal INTEGERs, BOOLEAN 00 or FF,
// and nothing left over where ExpectEnd() is called. The first thing that is wrong ends parsing
// (ErrorCode::kBadDer, rules "der.*").
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/clock.h"
#include "der/oid.h"
#include "der/tag.h"

namespace mayfly::der {

struct Element {
  Tag tag;
  ByteSpan contents;
  ByteSpan whole;  // tag, length and contents
};

struct BitString {
  uint8_t unused_bits;
  ByteSpan octets;
};

class Reader {
 public:
  explicit Reader(ByteSpan input) : rest_(input) {}

  bool AtEnd() const { return rest_.empty(); }
  ByteSpan rest() const { return rest_; }
  // The next tag, where there is one and it is of the low-tag-number form.
  std::optional<Tag> Peek() const;
  bool NextIs(Tag tag) const { return Peek() == tag; }

  Result<Element> ReadAny();
  Result<Element> Read(Tag tag);
  Result<Reader> ReadSequence();
  Result<Reader> ReadSet();
  Result<Reader> ReadConstructed(Tag tag);  // EXPLICIT [n] and the like
  Result<bool> ReadBoolean();
  Result<ByteSpan> ReadInteger();          // contents, two's complement, minimal
  Result<ByteSpan> ReadUnsignedInteger();  // not negative; contents without the leading zero octet
  Result<uint64_t> ReadSmallInteger();     // 0 .. 2^63-1
  Result<uint8_t> ReadEnumerated();        // one octet
  Result<Oid> ReadOid();
  Status ReadNull();
  Result<ByteSpan> ReadOctetString();
  Result<BitString> ReadBitString();           // DER: unused bits are zero
  Result<ByteSpan> ReadWholeBytesBitString();  // unused bits must be 0
  // UTCTime or GeneralizedTime as RFC 5280 4.1.2.5 has them: seconds and Z, no fractions,
  // UTCTime through 2049 and GeneralizedTime from 2050.
  Result<TimePoint> ReadCertificateTime();
  Result<TimePoint> ReadGeneralizedTime();  // RFC 6960: seconds and Z, any year
  Status ExpectEnd() const;

 private:
  ByteSpan rest_;
};

}  // namespace mayfly::der
