// What the key of a certificate that has expired signs to have the next one: the API's
// RenewExpiredCertificate says it octet by octet.
#pragma once

#include "base/uuid.h"
#include "x509/certificate.h"
#include "x509/signature.h"

namespace mayfly::x509 {

constexpr std::string_view kRenewalContext = "mayfly.ca.v1.RenewExpiredCertificate";

// kRenewalContext, one octet 0, SHA-256 of the certificate, SHA-256 of the CSR, the request id.
Bytes RenewalStatement(ByteSpan certificate_der, ByteSpan csr_der, const Uuid& request_id);

// How a key of this type signs it.
SignatureAlgorithm RenewalAlgorithm(KeyType type);

// Did the certificate's key sign it? Errors: as VerifySignature.
Status VerifyRenewalStatement(const Certificate& certificate, ByteSpan csr_der,
                              const Uuid& request_id, ByteSpan signature);

}  // namespace mayfly::x509
