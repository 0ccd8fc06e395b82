#include "der/writer.h"

#include "der/time.h"

namespace mayfly::der {

size_t Writer::Open(Tag tag) {
  out_.push_back(static_cast<uint8_t>(tag));
  return out_.size();
}

void Writer::Close(size_t start) {
  size_t length = out_.size() - start;
  uint8_t octets[1 + sizeof(length)];
  size_t count = 0;
  if (length < 0x80) {
    octets[count++] = static_cast<uint8_t>(length);
  } else {
    size_t length_octets = 1;
    while (length_octets < sizeof(length) && length >> (8 * length_octets) != 0) ++length_octets;
    octets[count++] = static_cast<uint8_t>(0x80 | length_octets);
    for (size_t i = length_octets; i-- > 0;)
      octets[count++] = static_cast<uint8_t>(length >> (8 * i));
  }
  out_.insert(out_.begin() + static_cast<ptrdiff_t>(start), octets, octets + count);
}

void Writer::Primitive(Tag tag, ByteSpan contents) {
  Constructed(tag, [&] { Raw(contents); });
}

void Writer::Boolean(bool value) {
  uint8_t octet = value ? 0xff : 0x00;
  Primitive(Tag::kBoolean, ByteSpan(&octet, 1));
}

void Writer::SmallInteger(uint64_t value) {
  uint8_t magnitude[8];
  for (int i = 0; i < 8; ++i) magnitude[i] = static_cast<uint8_t>(value >> (56 - 8 * i));
  UnsignedInteger(magnitude);
}

void Writer::UnsignedInteger(ByteSpan magnitude) {
  while (!magnitude.empty() && magnitude[0] == 0) magnitude = magnitude.subspan(1);
  Constructed(Tag::kInteger, [&] {
    // A set top bit would mean a negative number (X.690 8.3.3); zero is one zero octet.
    if (magnitude.empty() || magnitude[0] & 0x80) out_.push_back(0);
    Raw(magnitude);
  });
}

void Writer::Enumerated(uint8_t value) { Primitive(Tag::kEnumerated, ByteSpan(&value, 1)); }

void Writer::Null() { Primitive(Tag::kNull, {}); }

void Writer::ObjectIdentifier(const Oid& oid) { Primitive(Tag::kOid, oid.contents()); }

void Writer::OctetString(ByteSpan contents) { Primitive(Tag::kOctetString, contents); }

void Writer::BitString(ByteSpan octets, uint8_t unused_bits) {
  Constructed(Tag::kBitString, [&] {
    out_.push_back(unused_bits);
    Raw(octets);
  });
}

void Writer::Text(Tag tag, std::string_view text) { Primitive(tag, AsBytes(text)); }

void Writer::CertificateTime(TimePoint time) {
  if (IsUtcTimeYear(YearOf(time))) {
    // UTCTime has the last two digits of the year.
    Text(Tag::kUtcTime, std::string_view(FormatGeneralizedTime(time)).substr(2));
  } else {
    GeneralizedTime(time);
  }
}

void Writer::GeneralizedTime(TimePoint time) {
  Text(Tag::kGeneralizedTime, FormatGeneralizedTime(time));
}

void Writer::Raw(ByteSpan der) { out_.insert(out_.end(), der.begin(), der.end()); }

}  // namespace mayfly::der
