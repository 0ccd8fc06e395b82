// Ed25519 public keys (RFC 8032) as octets, and those under which anybody can sign.
#pragma once

#include "base/bytes.h"
#include "x509/subject_public_key_info.h"

namespace mayfly::x509 {

// `key` has 32 octets. Refused: points of small order, for which a signature can be made that holds
// for every message, and y coordinates that are not below the field's prime (RFC 8032 5.1.3: two
// encodings of one point). Whether the point is on the curve is found when it verifies.
// Errors: kKeyRejected "key.ed25519-weak".
Status CheckEd25519Point(ByteSpan key);

constexpr size_t kEd25519KeyBytes = 32;
// From those octets (RFC 8410 4); the point is not looked at. Errors: kKeyRejected "key.encoding".
Result<SubjectPublicKeyInfo> Ed25519Key(ByteSpan key);

}  // namespace mayfly::x509
