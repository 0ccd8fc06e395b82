// The attributes of a CertificationRequest (RFC 2985 5.4) that Mayfly knows.
#pragma once

#include "der/oid.h"
#include "der/tag.h"

namespace mayfly::x509 {

constexpr der::Tag kAttributesTag = der::ContextConstructed(0);

namespace oid {
const der::Oid& ExtensionRequest();           // 1.2.840.113549.1.9.14
const der::Oid& ChallengePassword();          // 1.2.840.113549.1.9.7
const der::Oid& MicrosoftExtensionRequest();  // 1.3.6.1.4.1.311.2.1.14
}  // namespace oid

}  // namespace mayfly::x509
