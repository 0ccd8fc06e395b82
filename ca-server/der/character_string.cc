#include "der/character_string.h"

#include <algorithm>

namespace mayfly::der {
namespace {

constexpr std::string_view kPrintablePunctuation = " '()+,-./:=?";

bool IsPrintableStringChar(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         kPrintablePunctuation.find(c) != std::string_view::npos;
}

struct Utf8Form {
  size_t octets;
  uint32_t lead_bits;
  uint32_t smallest;  // below this it is overlong
};

std::optional<Utf8Form> Utf8FormOf(uint8_t lead) {
  if (lead < 0x80) return Utf8Form{1, lead, 0};
  if (lead >> 5 == 0x06) return Utf8Form{2, lead & 0x1fu, 0x80};
  if (lead >> 4 == 0x0e) return Utf8Form{3, lead & 0x0fu, 0x800};
  if (lead >> 3 == 0x1e) return Utf8Form{4, lead & 0x07u, 0x10000};
  return std::nullopt;
}

bool IsUnicodeScalar(uint32_t value) {
  return value <= 0x10ffff && !(value >= 0xd800 && value <= 0xdfff);
}

// Takes one character off the front.
bool TakeUtf8(ByteSpan& text) {
  auto form = Utf8FormOf(text[0]);
  if (!form || text.size() < form->octets) return false;
  uint32_t value = form->lead_bits;
  for (size_t i = 1; i < form->octets; ++i) {
    if (text[i] >> 6 != 2) return false;
    value = value << 6 | (text[i] & 0x3f);
  }
  text = text.subspan(form->octets);
  return value >= form->smallest && IsUnicodeScalar(value);
}

// Big-endian units: UniversalString has four octets a character, BMPString two (no surrogates).
bool AreUnicodeUnits(ByteSpan contents, size_t unit) {
  if (contents.size() % unit != 0) return false;
  for (size_t i = 0; i < contents.size(); i += unit) {
    uint32_t value = 0;
    for (size_t k = 0; k < unit; ++k) value = value << 8 | contents[i + k];
    if (!IsUnicodeScalar(value)) return false;
  }
  return true;
}

bool IsOfItsType(const Element& element) {
  std::string_view text = AsText(element.contents);
  switch (element.tag) {
    case Tag::kUtf8String:
      return Utf8Length(text).has_value();
    case Tag::kPrintableString:
      return IsPrintableString(text);
    case Tag::kIa5String:
      return IsIa5String(text);
    case Tag::kBmpString:
      return AreUnicodeUnits(element.contents, 2);
    case Tag::kUniversalString:
      return AreUnicodeUnits(element.contents, 4);
    // T.61 has no agreed repertoire; what is in it is never interpreted.
    case Tag::kTeletexString:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool IsCharacterString(Tag tag) {
  return tag == Tag::kUtf8String || tag == Tag::kPrintableString || tag == Tag::kIa5String ||
         tag == Tag::kBmpString || tag == Tag::kUniversalString || tag == Tag::kTeletexString;
}

bool IsPrintableString(std::string_view text) {
  return std::all_of(text.begin(), text.end(), IsPrintableStringChar);
}

bool IsIa5String(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

std::optional<size_t> Utf8Length(std::string_view text) {
  ByteSpan rest = AsBytes(text);
  size_t characters = 0;
  for (; !rest.empty(); ++characters) {
    if (!TakeUtf8(rest)) return std::nullopt;
  }
  return characters;
}

Status CheckCharacterString(const Element& element) {
  if (element.contents.empty() || !IsOfItsType(element)) {
    return Fail(ErrorCode::kBadDer, "der.string",
                "a character string is empty or holds what its type does not allow");
  }
  return Ok();
}

}  // namespace mayfly::der
