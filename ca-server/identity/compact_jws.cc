#include "identity/compact_jws.h"

#include <algorithm>
#include <array>

#include "identity/base64url.h"

namespace mayfly::identity {
namespace {

constexpr size_t kParts = 3;

Error Bad(std::string rule, std::string message) {
  return Fail(ErrorCode::kUnauthenticated, std::move(rule), std::move(message));
}

std::optional<std::array<std::string_view, kParts>> SplitParts(std::string_view text) {
  const size_t first = text.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const size_t second = text.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string_view last = text.substr(second + 1);
  if (last.find('.') != std::string_view::npos) return std::nullopt;
  return std::array{text.substr(0, first), text.substr(first + 1, second - first - 1), last};
}

Result<Bytes> Decode(std::string_view part, std::string_view what) {
  auto bytes = FromBase64Url(part);
  if (bytes) return bytes;
  return Bad("jwt.format", "the token's " + std::string(what) + " is not base64url");
}

// RFC 8725 3.11: a token that was made for another use is not taken for this one. RFC 7519 5.1:
// "JWT", in any case; RFC 9068 2.1: "at+jwt"; both also as whole media types.
bool IsOurType(std::string type) {
  std::ranges::transform(type, type.begin(),
                         [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  if (type.starts_with("application/")) type.erase(0, std::string_view("application/").size());
  return type == "jwt" || type == "at+jwt" || type == "jose";
}

}  // namespace

Result<CompactJws> CompactJws::Parse(std::string_view text) {
  const auto parts = SplitParts(text);
  if (!parts) return Bad("jwt.format", "a token has three parts with a dot between them");
  const auto& [header_text, payload_text, signature_text] = *parts;
  TRY_ASSIGN(const Bytes header_bytes, Decode(header_text, "header"));
  CompactJws jws;
  TRY_ASSIGN(jws.payload_, Decode(payload_text, "payload"));
  TRY_ASSIGN(jws.signature_, Decode(signature_text, "signature"));
  const auto header = ParseJsonObject(AsText(header_bytes));
  if (!header) return Bad("jwt.format", "the token's header is " + header.error().message);
  TRY(jws.ReadHeader(*header));
  jws.protected_text_ = header_text;
  jws.payload_text_ = payload_text;
  jws.signature_text_ = signature_text;
  return jws;
}

Status CompactJws::ReadHeader(const Json& header) {
  if (header.contains("crit") || header.contains("b64")) {
    return Bad("jwt.critical", "the token's header asks for an extension; none is understood");
  }
  const auto algorithm = TextMember(header, "alg");
  if (!algorithm) return Bad("jwt.format", "the token's header has no \"alg\"");
  algorithm_ = *algorithm;
  if (header.contains("kid")) {
    key_id_ = TextMember(header, "kid");
    if (!key_id_ || key_id_->empty() || key_id_->size() > kKeyIdBytesMax) {
      return Bad("jwt.format", "the token's \"kid\" is not a text of 1 to " +
                                   std::to_string(kKeyIdBytesMax) + " bytes");
    }
  }
  const bool has_type = header.contains("typ");
  if (header.contains("cty") || (has_type && !IsOurType(TextMember(header, "typ").value_or("")))) {
    return Bad("jwt.type", "the token says that it is not a JWT for its bearer");
  }
  return Ok();
}

}  // namespace mayfly::identity
