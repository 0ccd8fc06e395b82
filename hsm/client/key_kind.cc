#include "hsm/client/key_kind.h"

#include <array>

#include "hsm/client/signing_rules.h"

namespace mayfly::hsm {
namespace {

struct KindRow {
  KeyKind kind;
  std::string_view name;
  x509::KeyType type;
  size_t rsa_modulus_bits = 0;
};

constexpr std::array kKinds = {
    KindRow{KeyKind::kP256, "p256", x509::KeyType::kEcP256},
    KindRow{KeyKind::kP384, "p384", x509::KeyType::kEcP384},
    KindRow{KeyKind::kEd25519, "ed25519", x509::KeyType::kEd25519},
    KindRow{KeyKind::kRsa3072, "rsa3072", x509::KeyType::kRsa, 3072},
    KindRow{KeyKind::kRsa4096, "rsa4096", x509::KeyType::kRsa, 4096},
};

}  // namespace

std::string_view KeyKindName(KeyKind kind) { return kKinds[static_cast<size_t>(kind)].name; }

std::optional<KeyKind> KeyKindNamed(std::string_view name) {
  for (const KindRow& row : kKinds) {
    if (row.name == name) return row.kind;
  }
  return std::nullopt;
}

std::vector<std::string> KeyKindNames() {
  std::vector<std::string> names;
  for (const KindRow& row : kKinds) names.emplace_back(row.name);
  return names;
}

Error UnservedKind() {
  return SignerFailure(
      "signer.key-type",
      "a key that signs here is P-256, P-384, Ed25519, or RSA of 3072 or 4096 bits");
}

Result<KeyKind> KeyKindOf(const x509::SubjectPublicKeyInfo& key) {
  for (const KindRow& row : kKinds) {
    if (row.type == key.type() && row.rsa_modulus_bits == key.rsa_modulus_bits()) return row.kind;
  }
  return UnservedKind();
}

}  // namespace mayfly::hsm
