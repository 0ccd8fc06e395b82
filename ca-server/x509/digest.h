// SHA-256 and SHA-1 over spans. SHA-1 only where key identifiers and OCSP CertIDs ask for it.
#pragma once

#include "base/bytes.h"

namespace mayfly::x509 {
Hash256 Sha256(ByteSpan data);
Hash160 Sha1(ByteSpan data);
}  // namespace mayfly::x509
