// What OpenSSL's own parsers find in bytes that ours accepted: the first difference, or nothing.
#pragma once

#include "ocsp/request.h"
#include "tests/properties/properties.h"
#include "x509/certificate.h"
#include "x509/certification_request.h"

namespace mayfly::properties {

Broken DiffersFromOpenssl(const x509::CertificationRequest& ours, ByteSpan der);
bool VerifiesForOpenssl(ByteSpan certification_request);
Broken DiffersFromOpenssl(const x509::Certificate& ours);
// For a CertID of a known hash.
Broken DiffersFromOpenssl(const ocsp::OcspRequest& ours, ByteSpan der);

}  // namespace mayfly::properties
