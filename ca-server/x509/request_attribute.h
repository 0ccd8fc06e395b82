// The attributes of a CertificationRequest (RFC 2985 5.3 and 5.4) that Mayfly knows. Of these only
// the extensionRequest is read; the texts are checked and ignored, and any other attribute is
// ignored as long as it is DER (Microsoft's tools send several).
#pragma once

#include "der/oid.h"
#include "der/tag.h"

namespace mayfly::x509 {

constexpr der::Tag kAttributesTag = der::ContextConstructed(0);

namespace oid {
const der::Oid& ExtensionRequest();           // 1.2.840.113549.1.9.14
const der::Oid& ChallengePassword();          // 1.2.840.113549.1.9.7
const der::Oid& UnstructuredName();           // 1.2.840.113549.1.9.2
const der::Oid& UnstructuredAddress();        // 1.2.840.113549.1.9.8
const der::Oid& MicrosoftExtensionRequest();  // 1.3.6.1.4.1.311.2.1.14
}  // namespace oid

}  // namespace mayfly::x509
