// The kinds of keys that Mayfly signs with and makes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "x509/subject_public_key_info.h"

namespace mayfly::hsm {

enum class KeyKind { kP256, kP384, kEd25519, kRsa3072, kRsa4096 };

std::string_view KeyKindName(KeyKind kind);  // "p256" ...
std::optional<KeyKind> KeyKindNamed(std::string_view name);
std::vector<std::string> KeyKindNames();

// kSignerUnavailable "signer.key-type": the key is of another kind.
Error UnservedKind();
// Errors: UnservedKind().
Result<KeyKind> KeyKindOf(const x509::SubjectPublicKeyInfo& key);

}  // namespace mayfly::hsm
