#include "identity/base64url.h"

#include <algorithm>

namespace mayfly::identity {
namespace {

// The padding and the two characters in which the alphabets differ.
std::string Exchange(std::string text, char from62, char to62, char from63, char to63) {
  std::ranges::replace(text, from62, to62);
  std::ranges::replace(text, from63, to63);
  return text;
}

}  // namespace

std::string ToBase64Url(ByteSpan bytes) {
  std::string text = Exchange(ToBase64(bytes), '+', '-', '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

Result<Bytes> FromBase64Url(std::string_view text) {
  const Error bad = Fail(ErrorCode::kInvalidArgument, "base64url.format", "not base64url");
  if (text.find_first_of("+/=") != std::string_view::npos) return bad;
  std::string padded = Exchange(std::string(text), '-', '+', '_', '/');
  if (padded.size() % 4 == 1) return bad;
  padded.append((4 - padded.size() % 4) % 4, '=');
  auto bytes = FromBase64(padded);
  if (!bytes || ToBase64Url(*bytes) != text) return bad;
  return bytes;
}

}  // namespace mayfly::identity
