#include "ports/ledger.h"

#include "x509/digest.h"

namespace mayfly {

Hash256 IdentityHash(const x509::GeneralNames& names) {
  Bytes encoded;
  for (const x509::GeneralName& name : x509::Normalize(names)) {
    AppendSized(encoded, AsBytes(name.ToString()));
  }
  return x509::Sha256(encoded);
}

}  // namespace mayfly
