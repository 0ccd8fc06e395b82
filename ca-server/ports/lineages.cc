#include "ports/lineages.h"

namespace mayfly {

Error SupersededPeer(const CertificateKey& standing) {
  return Fail(ErrorCode::kPolicyDenied, "renewal.superseded",
              "the client certificate was renewed, and " + standing.serial.Hex() +
                  " is in use in its place: use that one, and reconnect where the connection is "
                  "older than it");
}

}  // namespace mayfly
