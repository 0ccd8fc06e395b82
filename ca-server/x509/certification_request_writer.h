// Writes a CertificationRequest (RFC 2986 4): what the command line does for whoever asks for a
// certificate. The caller signs the info between the two steps, with whatever holds the key.
#pragma once

#include "base/bytes.h"
#include "x509/general_name.h"
#include "x509/signature.h"
#include "x509/subject_public_key_info.h"

namespace mayfly::x509 {

// CertificationRequestInfo: empty subject; the names, if any, in the subjectAltName of an
// extensionRequest attribute (RFC 2985 5.4.2), critical as there is no subject (RFC 5280 4.2.1.6).
Bytes WriteCertificationRequestInfo(const SubjectPublicKeyInfo& public_key,
                                    const GeneralNames& names);

// `info` is a CertificationRequestInfo's DER; `signature` as X.509 has it. Does not verify.
Bytes AssembleCertificationRequest(ByteSpan info, SignatureAlgorithm algorithm, ByteSpan signature);

}  // namespace mayfly::x509
