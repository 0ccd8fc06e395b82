#include "identity/json_object.h"

#include <algorithm>
#include <set>
#include <vector>

namespace mayfly::identity {
namespace {

Error Bad(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, "json.format", std::move(message));
}

// Sees a member name that comes twice, of which the library would keep the last.
class MemberNames {
 public:
  void See(Json::parse_event_t event, const Json& value) {
    using Event = Json::parse_event_t;
    if (event == Event::object_start) open_.emplace_back();
    if (event == Event::object_end) open_.pop_back();
    if (event == Event::key) {
      has_duplicate_ |= !open_.back().insert(value.get<std::string>()).second;
    }
  }
  bool has_duplicate() const { return has_duplicate_; }

 private:
  std::vector<std::set<std::string>> open_;  // the names so far of each object that is open
  bool has_duplicate_ = false;
};

// The library takes a NUL for the end of the text, whatever follows, and skips a byte order mark.
bool IsOddlyFramed(std::string_view text) {
  const bool has_control = std::ranges::any_of(text, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  });
  const size_t start = text.find_first_not_of(" \t\r\n");
  return has_control || start == std::string_view::npos || text[start] != '{';
}

// Arrays and objects in each other, by the brackets outside of strings: before the library is asked
// to hold what could be a hundred thousand of them.
bool IsNestedTooDeep(std::string_view text) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (in_string && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      in_string = !in_string;
    } else if (!in_string && (text[i] == '{' || text[i] == '[')) {
      if (++depth > kJsonDepthMax) return true;
    } else if (!in_string && (text[i] == '}' || text[i] == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<Json> ParseJsonObject(std::string_view text) {
  if (IsOddlyFramed(text)) return Bad("not a JSON object");
  if (IsNestedTooDeep(text)) {
    return Bad("JSON nested deeper than " + std::to_string(kJsonDepthMax));
  }
  MemberNames names;
  Json json = Json::parse(
      text,
      [&names](int, Json::parse_event_t event, Json& value) {
        names.See(event, value);
        return true;
      },
      /*allow_exceptions=*/false);
  if (names.has_duplicate()) return Bad("a JSON object with one member name twice");
  if (!json.is_object()) return Bad("not a JSON object");
  return json;
}

std::optional<std::string> TextMember(const Json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

}  // namespace mayfly::identity
