// JSON objects from outside (RFC 8259), read so that no two readers could see two things in them.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::identity {

using Json = nlohmann::json;

constexpr size_t kJsonDepthMax = 16;  // of a claim: an object in an object, and so on

// One object and nothing after it. Refused: a member name twice in an object (RFC 7519 4 leaves it
// to the reader which of them counts), control characters outside of escapes, text that is not
// UTF-8, numbers that no double holds, nesting beyond kJsonDepthMax. Error: kInvalidArgument
// "json.format"; it quotes nothing of the text.
Result<Json> ParseJsonObject(std::string_view text);

// The member where it is a text.
std::optional<std::string> TextMember(const Json& object, const char* name);

}  // namespace mayfly::identity
