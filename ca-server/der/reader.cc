#include "der/reader.h"

#include "der/time.h"

namespace mayfly::der {
namespace {

constexpr uint8_t kTagNumberMask = 0x1f;  // all set: the high-tag-number form
constexpr uint8_t kLongLength = 0x80;     // alone: the indefinite form
constexpr size_t kLengthOctetsMax = 4;    // 4 GiB: far above every limit of the layers above
constexpr size_t kSmallIntegerOctetsMax = 8;

Error Bad(std::string rule, std::string message) {
  return Fail(ErrorCode::kBadDer, std::move(rule), std::move(message));
}

Error Truncated() { return Bad("der.truncated", "the data ends inside an element"); }

std::string TagText(Tag tag) {
  uint8_t octet = static_cast<uint8_t>(tag);
  return ToHex(ByteSpan(&octet, 1));
}

// The length octets at input[1..]; `header_size` becomes where the contents start.
Result<size_t> ReadLength(ByteSpan input, size_t& header_size) {
  if (input.size() < 2) return Truncated();
  header_size = 2;
  if (input[1] < kLongLength) return size_t{input[1]};
  size_t count = input[1] & ~kLongLength;
  // X.690 10.1: definite, in the fewest octets.
  if (count == 0) return Bad("der.length", "a length is indefinite");
  if (count > kLengthOctetsMax) return Bad("der.length", "a length is too large");
  if (input.size() < 2 + count) return Truncated();
  size_t length = 0;
  for (size_t i = 0; i < count; ++i) length = length << 8 | input[2 + i];
  if (input[2] == 0 || length < kLongLength) return Bad("der.length", "a length is not minimal");
  header_size = 2 + count;
  return length;
}

// X.690 8.3.2: the first nine bits are not all equal.
Status CheckInteger(ByteSpan contents) {
  if (contents.empty()) return Bad("der.integer", "an INTEGER is empty");
  if (contents.size() > 1) {
    bool top_bit = (contents[1] & 0x80) != 0;
    if (contents[0] == (top_bit ? 0xff : 0x00)) {
      return Bad("der.integer", "an INTEGER is not minimal");
    }
  }
  return Ok();
}

}  // namespace

std::optional<Tag> Reader::Peek() const {
  if (rest_.empty() || (rest_[0] & kTagNumberMask) == kTagNumberMask) return std::nullopt;
  return static_cast<Tag>(rest_[0]);
}

Result<Element> Reader::ReadAny() {
  if (rest_.empty()) return Truncated();
  // Zero is end-of-contents, a thing of the indefinite form only (X.690 8.1.5).
  if ((rest_[0] & kTagNumberMask) == kTagNumberMask || rest_[0] == 0) {
    return Bad("der.tag", "a tag of the high-number form, or zero");
  }
  size_t header_size = 0;
  TRY_ASSIGN(size_t length, ReadLength(rest_, header_size));
  if (rest_.size() - header_size < length) return Truncated();
  Element element{static_cast<Tag>(rest_[0]), rest_.subspan(header_size, length),
                  rest_.first(header_size + length)};
  rest_ = rest_.subspan(header_size + length);
  return element;
}

Result<Element> Reader::Read(Tag tag) {
  if (rest_.empty()) return Truncated();
  if (rest_[0] != static_cast<uint8_t>(tag)) {
    return Bad("der.tag", "expected tag " + TagText(tag) + ", found " + ToHex(rest_.first(1)));
  }
  return ReadAny();
}

Result<Reader> Reader::ReadSequence() { return ReadConstructed(Tag::kSequence); }

Result<Reader> Reader::ReadSet() { return ReadConstructed(Tag::kSet); }

Result<Reader> Reader::ReadConstructed(Tag tag) {
  TRY_ASSIGN(Element element, Read(tag));
  return Reader(element.contents);
}

Result<bool> Reader::ReadBoolean() {
  TRY_ASSIGN(Element element, Read(Tag::kBoolean));
  // X.690 11.1: TRUE is FF.
  if (element.contents.size() != 1 || (element.contents[0] != 0 && element.contents[0] != 0xff)) {
    return Bad("der.boolean", "a BOOLEAN is 00 or FF");
  }
  return element.contents[0] != 0;
}

Result<ByteSpan> Reader::ReadInteger() {
  TRY_ASSIGN(Element element, Read(Tag::kInteger));
  TRY(CheckInteger(element.contents));
  return element.contents;
}

Result<ByteSpan> Reader::ReadUnsignedInteger() {
  TRY_ASSIGN(ByteSpan contents, ReadInteger());
  if (contents[0] & 0x80) return Bad("der.integer", "an INTEGER is negative");
  if (contents.size() > 1 && contents[0] == 0) contents = contents.subspan(1);
  return contents;
}

Result<uint64_t> Reader::ReadSmallInteger() {
  TRY_ASSIGN(ByteSpan contents, ReadInteger());
  if (contents[0] & 0x80) return Bad("der.integer", "an INTEGER is negative");
  if (contents.size() > kSmallIntegerOctetsMax)
    return Bad("der.integer", "an INTEGER is too large");
  uint64_t value = 0;
  for (uint8_t octet : contents) value = value << 8 | octet;
  return value;
}

Result<uint8_t> Reader::ReadEnumerated() {
  TRY_ASSIGN(Element element, Read(Tag::kEnumerated));
  if (element.contents.size() != 1 || element.contents[0] & 0x80) {
    return Bad("der.enumerated", "an ENUMERATED is one octet, 0 to 127");
  }
  return element.contents[0];
}

Result<Oid> Reader::ReadOid() {
  TRY_ASSIGN(Element element, Read(Tag::kOid));
  return Oid::FromContents(element.contents);
}

Status Reader::ReadNull() {
  TRY_ASSIGN(Element element, Read(Tag::kNull));
  if (!element.contents.empty()) return Bad("der.null", "a NULL has contents");
  return Ok();
}

Result<ByteSpan> Reader::ReadOctetString() {
  TRY_ASSIGN(Element element, Read(Tag::kOctetString));
  return element.contents;
}

Result<BitString> Reader::ReadBitString() {
  TRY_ASSIGN(Element element, Read(Tag::kBitString));
  ByteSpan contents = element.contents;
  if (contents.empty() || contents[0] > 7 || (contents.size() == 1 && contents[0] != 0)) {
    return Bad("der.bit-string", "a BIT STRING says wrongly how many bits are unused");
  }
  // X.690 11.2.1: unused bits are zero.
  if (contents.back() & ((1 << contents[0]) - 1) && contents.size() > 1) {
    return Bad("der.bit-string", "unused bits of a BIT STRING are not zero");
  }
  return BitString{contents[0], contents.subspan(1)};
}

Result<ByteSpan> Reader::ReadWholeBytesBitString() {
  TRY_ASSIGN(BitString bits, ReadBitString());
  if (bits.unused_bits != 0) return Bad("der.bit-string", "a BIT STRING is not of whole octets");
  return bits.octets;
}

Result<TimePoint> Reader::ReadCertificateTime() {
  if (!NextIs(Tag::kGeneralizedTime)) {
    TRY_ASSIGN(Element element, Read(Tag::kUtcTime));
    return ParseUtcTime(AsText(element.contents));
  }
  TRY_ASSIGN(TimePoint time, ReadGeneralizedTime());
  // RFC 5280 4.1.2.5: through 2049 it is UTCTime. Before 1950 there is no UTCTime.
  if (IsUtcTimeYear(YearOf(time))) {
    return Bad("der.time", "GeneralizedTime for a year that UTCTime covers");
  }
  return time;
}

Result<TimePoint> Reader::ReadGeneralizedTime() {
  TRY_ASSIGN(Element element, Read(Tag::kGeneralizedTime));
  return ParseGeneralizedTime(AsText(element.contents));
}

Status Reader::ExpectEnd() const {
  if (!rest_.empty()) return Bad("der.trailing", "there is data after the end of an element");
  return Ok();
}

}  // namespace mayfly::der
