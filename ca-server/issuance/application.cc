#include "issuance/application.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "x509/certification_request.h"
#include "x509/digest.h"

namespace mayfly::issuance {
namespace {

// What "the same body" means for a repeated request id: CSR, profile, names in normal form,
// lifetime; each with its size in front, so that no two bodies share an encoding.
Hash256 BodyHash(const IssueRequest& request) {
  Bytes body;
  AppendSized(body, request.csr_der);
  AppendSized(body, AsBytes(request.profile));
  for (const x509::GeneralName& name : x509::Normalize(request.names)) {
    AppendSized(body, AsBytes(name.ToString()));
  }
  AppendSized(body, AsBytes(request.lifetime ? std::to_string(request.lifetime->count()) : ""));
  return x509::Sha256(body);
}

policy::IssuanceWish WishOf(const IssueRequest& request, const x509::CertificationRequest& csr,
                            const std::string& issuer_name) {
  x509::GeneralNames names = request.names;
  std::copy(csr.names().begin(), csr.names().end(), std::back_inserter(names));
  return policy::IssuanceWish{
      .profile = request.profile,
      .names = x509::Normalize(std::move(names)),
      .lifetime = request.lifetime,
      .key_hash = csr.public_key().hash(),
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
  TRY_ASSIGN(auto parsed, x509::CertificationRequest::FromDer(request.csr_der));
  auto csr = std::make_shared<const x509::CertificationRequest>(std::move(parsed));
  Application application;
  application.principal = request.principal.id;
  application.claims = request.principal.claims;
  application.profile = request.profile;
  const policy::IssuanceWish wish = WishOf(request, *csr, DefaultIssuer());
  application.names = wish.names;
  application.lifetime = request.lifetime;
  application.key_hash = wish.key_hash;
  application.decide = [principal = request.principal, wish](const policy::Authorizer& authorizer) {
    return authorizer.Authorize(principal, wish, policy::Evidence{});
  };
  application.explain = [principal = request.principal,
                         wish](const policy::Authorizer& authorizer) {
    return authorizer.Explain(principal, wish, policy::Evidence{});
  };
  application.prove = [csr, own = OwnKeys()](x509::KeyRules rules) {
    rules.own_ca_keys = own;
    return x509::ProvenKey::FromRequest(*csr, rules);
  };
  if (request.request_id) {
    application.request = RequestKey{*request.request_id, request.principal.request_scope};
    application.body_hash = BodyHash(request);
  }
  return application;
}

}  // namespace mayfly::issuance
