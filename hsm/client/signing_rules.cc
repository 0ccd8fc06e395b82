#include "hsm/client/signing_rules.h"

#include "der/reader.h"

namespace mayfly::hsm {
namespace {

bool IsOneSequence(ByteSpan message) {
  der::Reader reader(message);
  return reader.ReadSequence() && reader.AtEnd();
}

bool MustBeSequence(SignPurpose purpose) {
  // A checkpoint of the audit log is text (C2SP signed-note), a canary has its prefix.
  return purpose != SignPurpose::kAudit && purpose != SignPurpose::kCanary;
}

}  // namespace

Error SignerFailure(std::string rule, std::string message, std::string detail) {
  return FailWithDetail(ErrorCode::kSignerUnavailable, std::move(rule), std::move(message),
                        std::move(detail));
}

std::optional<Error> RefuseMessage(SignPurpose purpose, ByteSpan message) {
  if (message.empty() || message.size() > kSignMessageBytesMax) {
    return SignerFailure(
        "signer.message-size",
        "a message to sign has 1 to " + std::to_string(kSignMessageBytesMax) + " octets");
  }
  bool canary = AsText(message).starts_with(kCanaryPrefix);
  if (canary != (purpose == SignPurpose::kCanary)) {
    return SignerFailure("signer.canary",
                         "a canary message begins with the canary prefix, and no other does");
  }
  if (MustBeSequence(purpose) && !IsOneSequence(message)) {
    return SignerFailure("signer.message",
                         "what is signed for this purpose is exactly one DER SEQUENCE");
  }
  return std::nullopt;
}

std::optional<Error> RefuseKey(const KeyReference& key, const x509::SubjectPublicKeyInfo& found) {
  if (found.hash() == key.spki_hash) return std::nullopt;
  return SignerFailure("signer.key-mismatch",
                       "the key that the URI names is not the one that is expected there",
                       "expected " + ToHex(key.spki_hash) + ", found " + ToHex(found.hash()));
}

std::optional<Error> RefuseAlgorithm(x509::SignatureAlgorithm algorithm, x509::KeyType type) {
  auto expected = x509::SignatureAlgorithmFor(type);
  if (expected && *expected == algorithm) return std::nullopt;
  return SignerFailure("signer.algorithm",
                       "a key of type " + std::string(x509::KeyTypeName(type)) +
                           " does not sign with " +
                           std::string(x509::SignatureAlgorithmName(algorithm)));
}

}  // namespace mayfly::hsm
