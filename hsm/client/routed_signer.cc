#include "hsm/client/routed_signer.h"

#include "base/pkcs11_uri.h"

namespace mayfly::hsm {

Signer& RoutedSigner::For(const std::string& uri) const {
  for (const Route& route : routes_) {
    if (NamesToken(uri, route.token)) return *route.signer;
  }
  return *all_others_;
}

Task<SignResult> RoutedSigner::Sign(SignJob job) {
  Signer& signer = For(job.key.uri);
  return signer.Sign(std::move(job));
}

Task<Result<x509::SubjectPublicKeyInfo>> RoutedSigner::PublicKey(std::string uri,
                                                                 BootTime deadline) {
  Signer& signer = For(uri);
  return signer.PublicKey(std::move(uri), deadline);
}

}  // namespace mayfly::hsm
