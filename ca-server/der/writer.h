// A DER writer: appends to one buffer, lengths are put in when a scope closes. Cannot fail.
#pragma once

#include <initializer_list>

#include "base/bytes.h"
#include "base/clock.h"
#include "der/oid.h"
#include "der/tag.h"

namespace mayfly::der {

class Writer {
 public:
  // writer.Sequence([&] { writer.Integer(1); writer.Null(); });
  template <class Body>
  void Constructed(Tag tag, Body body) {
    size_t start = Open(tag);
    body();
    Close(start);
  }
  template <class Body>
  void Sequence(Body body) {
    Constructed(Tag::kSequence, body);
  }
  template <class Body>
  void Set(Body body) {
    Constructed(Tag::kSet, body);
  }
  // An OCTET STRING or BIT STRING that holds DER written by `body`.
  template <class Body>
  void OctetStringHolding(Body body) {
    Constructed(Tag::kOctetString, body);
  }
  template <class Body>
  void BitStringHolding(Body body) {
    Constructed(Tag::kBitString, [&] {
      Raw(std::initializer_list<uint8_t>{0});
      body();
    });
  }

  void Primitive(Tag tag, ByteSpan contents);
  void Boolean(bool value);
  void SmallInteger(uint64_t value);
  void UnsignedInteger(ByteSpan magnitude);  // big endian; made minimal and positive
  void Enumerated(uint8_t value);
  void Null();
  void ObjectIdentifier(const Oid& oid);
  void OctetString(ByteSpan contents);
  void BitString(ByteSpan octets, uint8_t unused_bits = 0);
  void Text(Tag tag, std::string_view text);
  void CertificateTime(TimePoint time);  // RFC 5280 4.1.2.5: UTCTime through 2049; whole seconds
  void GeneralizedTime(TimePoint time);  // whole seconds, Z
  void Raw(ByteSpan der);                // already DER
  void Raw(std::initializer_list<uint8_t> der) { Raw(ByteSpan(der.begin(), der.size())); }

  const Bytes& bytes() const { return out_; }
  Bytes Take() { return std::move(out_); }

 private:
  size_t Open(Tag tag);
  void Close(size_t start);
  Bytes out_;
};

}  // namespace mayfly::der
