// CompactJws: a JWS in its compact form (RFC 7515 7.1), taken apart and not yet believed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "identity/json_object.h"

namespace mayfly::identity {

constexpr size_t kKeyIdBytesMax = 255;

class CompactJws {
 public:
  // Errors: kUnauthenticated
  //   "jwt.format"    not three parts of base64url with a JSON object as its header; "alg" or "kid"
  //                   of another type or size
  //   "jwt.critical"  the header has "crit" (RFC 7515 4.1.11) or "b64": we understand no extension
  //   "jwt.type"      it says to be something else than a JWT of which a bearer is the holder
  // Keys that the header brings along (jwk, jku, x5u, x5c) are never looked at.
  static Result<CompactJws> Parse(std::string_view text);

  const std::string& algorithm() const { return algorithm_; }
  const std::optional<std::string>& key_id() const { return key_id_; }
  // As they stand in the text, which is what the signature is over.
  const std::string& protected_text() const { return protected_text_; }
  const std::string& payload_text() const { return payload_text_; }
  const std::string& signature_text() const { return signature_text_; }
  std::string_view payload() const { return AsText(payload_); }
  ByteSpan signature() const { return signature_; }

 private:
  CompactJws() = default;
  Status ReadHeader(const Json& header);
  std::string algorithm_;
  std::optional<std::string> key_id_;
  std::string protected_text_, payload_text_, signature_text_;
  Bytes payload_, signature_;
};

}  // namespace mayfly::identity
