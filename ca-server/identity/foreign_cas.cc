#include "identity/foreign_cas.h"

#include <algorithm>

#include "x509/proven_key.h"
#include "x509/spiffe_id.h"

namespace mayfly::identity {
namespace {

using policy::ForeignCaRules;
using policy::ForeignHolder;

Error Refused(std::string rule, std::string message) {
  return Fail(ErrorCode::kUnauthenticated, std::move(rule), std::move(message));
}

// SPIFFE X.509-SVID 2: exactly one URI, and a workload's ID has a path.
Result<x509::GeneralName> SpiffeHolder(const ForeignCaRules& rules, const x509::ClientPath& path) {
  const auto id = path.uris.size() == 1 ? x509::SpiffeId::Parse(path.uris.front())
                                        : Result<x509::SpiffeId>(Refused("peer.holder", ""));
  if (id && !id->path.empty() && id->trust_domain == rules.trust_domain) {
    return x509::GeneralName::Uri(path.uris.front());
  }
  return Refused("peer.holder", "a client certificate of the foreign CA \"" + rules.name +
                                    "\" has exactly one URI, a SPIFFE ID of " + rules.trust_domain);
}

Result<x509::GeneralName> DnsHolder(const ForeignCaRules& rules, const x509::ClientPath& path) {
  if (path.dns_names.size() == 1) {
    auto name = x509::GeneralName::Dns(path.dns_names.front());
    if (name && !name->value().starts_with('*')) return name;
  }
  return Refused("peer.holder", "a client certificate of the foreign CA \"" + rules.name +
                                    "\" has exactly one DNS name, without \"*\"");
}

Status CheckKey(const x509::SubjectPublicKeyInfo& key, const std::set<Hash256>& own_keys) {
  x509::KeyRules rules;
  rules.allowed.insert(x509::KeyType::kEcP521);
  rules.own_ca_keys = own_keys;
  const Status checked = x509::CheckKeyRules(key, rules);
  if (checked) return Ok();
  return Refused(checked.error().rule, checked.error().message);
}

}  // namespace

std::optional<Result<policy::Principal>> ForeignCas::Identify(const x509::PresentedChain& chain,
                                                              TimePoint now) const {
  if (own_.subjects.Contains(chain.issuer())) return std::nullopt;
  std::optional<Result<policy::Principal>> found;
  for (const ForeignCa& ca : cas_) {
    Result<policy::Principal> proved = Prove(ca, chain, now);
    if (!proved && proved.error().code == ErrorCode::kNotFound) continue;
    // Whose word counts would depend on the order of the configuration.
    if (found) return Refused("peer.ambiguous", "two foreign CAs vouch for this certificate");
    found = std::move(proved);
  }
  return found;
}

Result<policy::Principal> ForeignCas::Prove(const ForeignCa& ca, const x509::PresentedChain& chain,
                                            TimePoint now) const {
  const auto lists = ca.lists ? ca.lists->Current() : nullptr;
  TRY_ASSIGN(const x509::ClientPath path, ca.anchors.ValidateClient(chain, now, lists.get()));
  if (ca.lists && !lists) {
    return Fail(ErrorCode::kStoreUnavailable, "peer.crl",
                "the CRLs of this foreign CA could not be read yet");
  }
  // A foreign CA that has signed one of ours has not signed for whom that knows.
  if (std::ranges::any_of(path.issuer_keys,
                          [this](const Hash256& key) { return own_.keys.contains(key); })) {
    return Refused("peer.chain", "the client certificate's path goes through a CA of this server");
  }
  TRY(CheckKey(path.key, own_.keys));
  TRY_ASSIGN(const x509::GeneralName holder, ca.rules.holder == ForeignHolder::kSpiffe
                                                 ? SpiffeHolder(ca.rules, path)
                                                 : DnsHolder(ca.rules, path));
  const std::string id = policy::ForeignPrincipalId(ca.rules.name, holder);
  return policy::Principal{.proof = policy::ProofOfIdentity::kForeignCertificate,
                           .id = id,
                           .request_scope = id,
                           .names = {},
                           .key_hash = path.key.hash(),
                           .proof_ends = path.ends};
}

}  // namespace mayfly::identity
