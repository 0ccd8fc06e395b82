// A checkpoint (C2SP tlog-checkpoint) whose signature (C2SP signed-note) was verified.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace mayfly::audit_reader {

struct SignedHead {
  std::string origin;
  uint64_t size = 0;
  Hash256 root{};
};

// `key`: a verifier key, "NAME+KEY ID+BASE64(TYPE, KEY)", of Ed25519 or of ECDSA on P-256; its name
// is the origin. Errors, kInvalidArgument: "audit.verifier-key" (not one), "audit.checkpoint" (not
// a checkpoint, of another log, or the key did not sign it).
Result<SignedHead> OpenSignedHead(std::string_view note, std::string_view key);

}  // namespace mayfly::audit_reader
