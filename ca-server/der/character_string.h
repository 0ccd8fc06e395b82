// Character strings (X.680 41): is what is inside of the type that the tag says?
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "der/reader.h"
#include "der/tag.h"

namespace mayfly::der {

bool IsCharacterString(Tag tag);
bool IsPrintableString(std::string_view text);  // A-Z a-z 0-9 space ' ( ) + , - . / : = ?
bool IsIa5String(std::string_view text);        // ASCII

// UTF-8 without overlong forms, surrogates, or anything above U+10FFFF (RFC 3629).
// The number of characters; nothing where it is not UTF-8.
std::optional<size_t> Utf8Length(std::string_view text);

// Not empty, and of its type. `element` has a tag of a character string.
// Errors: kBadDer "der.string".
Status CheckCharacterString(const Element& element);

}  // namespace mayfly::der
