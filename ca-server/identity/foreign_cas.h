// Certificates of foreign CAs -> Principal. The TLS handshake proved that the peer holds the key;
// everything else is looked at again at each call, since a connection outlives a certificate.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "identity/revocation_file.h"
#include "policy/foreign_principal.h"
#include "policy/principal.h"
#include "x509/name_set.h"
#include "x509/trust_anchors.h"

namespace mayfly::identity {

struct ForeignCa {
  policy::ForeignCaRules rules;
  x509::TrustAnchors anchors;
  std::unique_ptr<RevocationFile> lists = nullptr;  // null: revocation is not looked at
};

// Our own CAs', root and issuing: what must not be taken for a foreign one's.
struct OwnCas {
  x509::NameSet subjects;
  std::set<Hash256> keys;  // SHA-256 of SubjectPublicKeyInfos
};

class ForeignCas {
 public:
  ForeignCas(std::vector<ForeignCa> cas, OwnCas own) : cas_(std::move(cas)), own_(std::move(own)) {}

  // Whom the certificate proves; nothing where its path leads to none of these CAs, or it names one
  // of ours as its issuer: then it is ours, or nobody's. Errors: those of
  // TrustAnchors::ValidateClient and x509::CheckKeyRules; kUnauthenticated "peer.ambiguous" (it
  // leads to two of them), "peer.chain" (through one of ours), "peer.holder" (not exactly one name
  // that its CA may give).
  std::optional<Result<policy::Principal>> Identify(const x509::PresentedChain& chain,
                                                    TimePoint now) const;

 private:
  Result<policy::Principal> Prove(const ForeignCa& ca, const x509::PresentedChain& chain,
                                  TimePoint now) const;

  std::vector<ForeignCa> cas_;
  OwnCas own_;
};

}  // namespace mayfly::identity
