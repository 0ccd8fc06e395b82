// What every signer asks of a job before any key is touched, so that both keep one contract.
#pragma once

#include <chrono>
#include <optional>

#include "ports/signer.h"

namespace mayfly::hsm {

// A job without an answer by then would hold a worker that others wait for.
constexpr Milliseconds kAllowedMax = std::chrono::minutes(1);

// Why the message may not be signed for this purpose; nothing when it may. Rules:
// "signer.message-size" (empty or above kSignMessageBytesMax), "signer.canary" (a canary message
// begins with kCanaryPrefix and no other does), "signer.message" (what a certificate, a CRL or an
// OCSP response has signed is a DER SEQUENCE; a key that signs anything signs forgeries).
std::optional<Error> RefuseMessage(SignPurpose purpose, ByteSpan message);

// "signer.key-mismatch": the key found is not the one that the issuer's certificate names.
std::optional<Error> RefuseKey(const KeyReference& key, const x509::SubjectPublicKeyInfo& found);

// "signer.algorithm": the key's type signs with one algorithm, and this is another.
std::optional<Error> RefuseAlgorithm(x509::SignatureAlgorithm algorithm, x509::KeyType type);

Error SignerFailure(std::string rule, std::string message, std::string detail = {});

}  // namespace mayfly::hsm
