#include "issuance/application.h"

#include <algorithm>
#include <iterator>

#include "x509/digest.h"

namespace mayfly::issuance {
namespace {

// What "the same body" means for a repeated request id: key proof, profile, names in normal form,
// lifetime; each with its size in front, so that no two bodies share an encoding.
Hash256 BodyHash(const IssueRequest& request) {
  Bytes body;
  AppendSized(body, x509::KeyProofOctets(request.key));
  AppendSized(body, AsBytes(request.profile));
  for (const x509::GeneralName& name : x509::Normalize(request.names)) {
    AppendSized(body, AsBytes(name.ToString()));
  }
  AppendSized(body, AsBytes(request.lifetime ? std::to_string(request.lifetime->count()) : ""));
  return x509::Sha256(body);
}

policy::IssuanceWish WishOf(const IssueRequest& request, const x509::ShownKey& key,
                            const std::string& issuer_name) {
  x509::GeneralNames names = request.names;
  std::ranges::copy(key.names, std::back_inserter(names));
  return policy::IssuanceWish{
      .profile = request.profile,
      .names = x509::Normalize(std::move(names)),
      .lifetime = request.lifetime,
      .key_hash = key.spki.hash(),
      .lineage = std::nullopt,
      .issuer = issuer_name,
  };
}

}  // namespace

Status RequireAmong(const x509::GeneralNames& asked, const x509::GeneralNames& allowed,
                    Error error) {
  for (const x509::GeneralName& name : asked) {
    if (std::ranges::find(allowed, name) != allowed.end()) continue;
    error.violations.push_back({error.rule, "subject_alt_names", name.ToString() + " is not"});
  }
  if (error.violations.empty()) return Ok();
  return error;
}

Error RequestIdRequired() {
  return Fail(ErrorCode::kInvalidArgument, "request-id.required",
              "this needs a request_id, so that a repeat is known as one");
}

void CertificateAuthority::KeepAsOwn(const Hash256& key) {
  std::lock_guard lock(own_keys_mutex_);
  own_keys_.insert(key);
}

std::set<Hash256> CertificateAuthority::OwnKeys() const {
  std::lock_guard lock(own_keys_mutex_);
  std::set<Hash256> keys = own_keys_;
  for (const auto* certificates : {&parts_.bundle.roots, &parts_.bundle.issuing}) {
    for (const x509::Certificate& certificate : *certificates) {
      keys.insert(certificate.tbs().fields().public_key.hash());
    }
  }
  return keys;
}

Result<CertificateAuthority::Application> CertificateAuthority::ReadApplication(
    const IssueRequest& request) const {
  TRY_ASSIGN(x509::ShownKey key, x509::ReadKeyProof(request.key));
  Application application;
  application.principal = request.principal.id;
  application.claims = request.principal.claims;
  application.profile = request.profile;
  const policy::IssuanceWish wish = WishOf(request, key, DefaultIssuer());
  application.names = wish.names;
  application.lifetime = request.lifetime;
  application.key_hash = wish.key_hash;
  application.asker = request.principal.place;
  application.decide = [principal = request.principal, wish,
                        evidence = request.evidence](const policy::Authorizer& authorizer) {
    return authorizer.Authorize(principal, wish, evidence);
  };
  application.explain = [principal = request.principal, wish,
                         evidence = request.evidence](const policy::Authorizer& authorizer) {
    return authorizer.Explain(principal, wish, evidence);
  };
  application.prove = [prove = std::move(key.prove), own = OwnKeys()](x509::KeyRules rules) {
    rules.own_ca_keys = own;
    return prove(rules);
  };
  if (request.request_id) {
    application.request = RequestKey{*request.request_id, request.principal.request_scope};
    application.body_hash = BodyHash(request);
  }
  return application;
}

}  // namespace mayfly::issuance
