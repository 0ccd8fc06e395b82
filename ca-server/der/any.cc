#include "der/any.h"

#include "der/character_string.h"

namespace mayfly::der {
namespace {

constexpr uint8_t kClassBits = 0xc0;  // none set: universal
constexpr uint8_t kConstructedBit = 0x20;

// X.690 8.9, 8.11, 8.18, 10.2: of the universal types these alone are constructed, and they always.
bool IsOfItsForm(Tag tag) {
  const auto octet = static_cast<uint8_t>(tag);
  if (octet & kClassBits) return true;
  const uint8_t number = octet & ~kConstructedBit;
  if (number == 8 || number == 11) return false;  // EXTERNAL, EMBEDDED PDV
  const bool of_elements = number == 16 || number == 17;
  return of_elements == ((octet & kConstructedBit) != 0);
}

template <class T>
Status StatusOf(Result<T> result) {
  if (!result) return std::move(result).error();
  return Ok();
}

Status CheckPrimitive(const Element& value) {
  Reader reader(value.whole);
  switch (value.tag) {
    case Tag::kBoolean:
      return StatusOf(reader.ReadBoolean());
    case Tag::kInteger:
      return StatusOf(reader.ReadInteger());
    case Tag::kBitString:
      return StatusOf(reader.ReadBitString());
    case Tag::kNull:
      return reader.ReadNull();
    case Tag::kOid:
      return StatusOf(reader.ReadOid());
    case Tag::kEnumerated:
      return StatusOf(reader.ReadEnumerated());
    default:
      return IsCharacterString(value.tag) ? CheckCharacterString(value) : Ok();
  }
}

Status CheckAtDepth(const Element& value, int depth) {
  if (depth > kAnyDepthMax) {
    return Fail(ErrorCode::kBadDer, "der.depth",
                "elements are nested more than " + std::to_string(kAnyDepthMax) + " deep");
  }
  if (!IsOfItsForm(value.tag)) {
    return Fail(ErrorCode::kBadDer, "der.tag", "a type is not in the form that DER gives it");
  }
  if (!(static_cast<uint8_t>(value.tag) & kConstructedBit)) return CheckPrimitive(value);
  Reader members(value.contents);
  while (!members.AtEnd()) {
    TRY_ASSIGN(const Element member, members.ReadAny());
    TRY(CheckAtDepth(member, depth + 1));
  }
  return Ok();
}

}  // namespace

Status CheckAny(const Element& value) { return CheckAtDepth(value, 1); }

}  // namespace mayfly::der
