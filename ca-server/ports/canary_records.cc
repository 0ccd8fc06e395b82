#include "ports/canary_records.h"

namespace mayfly {

std::string_view KeyUseName(KeyUse use) {
  switch (use) {
    case KeyUse::kIssuing:
      return "issuing";
    case KeyUse::kOcsp:
      return "ocsp";
    case KeyUse::kAudit:
      return "audit";
  }
  return "unknown";
}

}  // namespace mayfly
