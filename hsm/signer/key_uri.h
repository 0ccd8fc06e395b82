// The RFC 7512 URI of a key: which token (by label or serial) and which object in it.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace mayfly::hsm {

struct TokenName {
  std::string label;   // empty: any
  std::string serial;  // empty: any; one of the two is there
  friend bool operator==(const TokenName&, const TokenName&) = default;
  std::string Text() const { return serial.empty() ? label : serial; }
};

struct KeyUri {
  TokenName token;
  std::string object;  // CKA_LABEL; empty: any
  Bytes id;            // CKA_ID; empty: any; one of the two is there
  friend bool operator==(const KeyUri&, const KeyUri&) = default;

  // Rule "signer.uri": not a pkcs11 URI, no token label or serial, no object label or id, a slot
  // number (they change when a token is moved or the machine restarts), a PIN or a module (both
  // belong into the configuration), an attribute that is not known.
  static Result<KeyUri> Parse(std::string_view text);
};

}  // namespace mayfly::hsm
