#include "ports/signer.h"

namespace mayfly {

std::string_view SignPurposeName(SignPurpose purpose) {
  switch (purpose) {
    case SignPurpose::kCertificate:
      return "certificate";
    case SignPurpose::kCaCertificate:
      return "ca-certificate";
    case SignPurpose::kCrl:
      return "crl";
    case SignPurpose::kOcsp:
      return "ocsp";
    case SignPurpose::kAudit:
      return "audit";
    case SignPurpose::kCanary:
      return "canary";
  }
  return "unknown";
}

}  // namespace mayfly
