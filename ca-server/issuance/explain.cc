// ExplainIssuance: the hops of issue.cc up to lint. The policy's and the key's findings are told
// together, so that a person learns of every such mistake at once; the issuer and the whole
// certificate are looked at where there is a grant to make one of.
#include <algorithm>

#include "issuance/application.h"
#include "issuance/certificate_authority.h"
#include "policy/principal_text.h"

namespace mayfly::issuance {
namespace {

void NoteFindings(const Error& error, IssuanceExplanation& out) {
  if (error.violations.empty()) {
    out.findings.push_back({error.rule, "", error.message});
  }
  out.findings.insert(out.findings.end(), error.violations.begin(), error.violations.end());
}

// What only the ledger refuses is found after there was something to grant.
void Withhold(IssuanceExplanation& out) {
  if (out.lifetime) out.lifetime->granted.reset();
  out.tbs.reset();
}

LifetimeExplanation LifetimeOf(const policy::Profile& profile, std::optional<Seconds> requested) {
  return {.requested = requested,
          .profile_default = profile.lifetime_default,
          .profile_max = profile.lifetime_max};
}

}  // namespace

// Whoever may ask for a certificate may ask why; about somebody else only who sees everything
// anyway.
Task<Result<IssuanceExplanation>> CertificateAuthority::Explain(ExplainRequest request,
                                                                BootTime deadline) {
  CO_TRY(co_await parts_.basis.Refresh(deadline));
  const policy::Authorizer authorizer(parts_.basis.Current());
  policy::Principal& principal = request.request.principal;
  if (request.as && (request.as->id != principal.id || !request.as->claims.empty() ||
                     !request.as->names.empty())) {
    policy::Principal asking = principal;
    CO_TRY(co_await RequireRole(std::move(asking), policy::kReadersOfAll, deadline));
    CO_TRY_ASSIGN(principal, policy::DescribedPrincipal(*request.as));
  }
  IssuanceExplanation out = ExplainFor(request.request, authorizer);
  CO_TRY(co_await ExplainSuperseded(out, principal, deadline));
  CO_TRY(co_await ExplainKeyClaim(out, request.request.profile, authorizer, deadline));
  co_return out;
}

// Record would refuse whoever asks with a certificate that was superseded.
Task<Status> CertificateAuthority::ExplainSuperseded(IssuanceExplanation& out,
                                                     const policy::Principal& principal,
                                                     BootTime deadline) {
  if (!principal.place) co_return Ok();
  CO_TRY_ASSIGN(const auto successor,
                co_await parts_.lineages.FindSuccessor(*principal.place, deadline));
  if (!successor) co_return Ok();
  NoteFindings(SupersededPeer(*successor), out);
  Withhold(out);
  co_return Ok();
}

// Record would refuse the key of another identity, where the profile says so.
Task<Status> CertificateAuthority::ExplainKeyClaim(IssuanceExplanation& out,
                                                   const std::string& profile,
                                                   const policy::Authorizer& authorizer,
                                                   BootTime deadline) {
  const auto& profiles = authorizer.basis().policy.profiles;
  const auto found = profiles.find(profile);
  const bool refuses =
      found != profiles.end() && found->second.key_reuse == policy::KeyReuse::kRefuse;
  if (!refuses || !out.tbs) co_return Ok();
  CO_TRY_ASSIGN(const auto tbs, x509::TbsCertificate::FromDer(*out.tbs));
  const KeyClaim claim{tbs.fields().public_key.hash(), IdentityHash(out.names)};
  CO_TRY_ASSIGN(const bool is_anothers, co_await parts_.index.IsAnothersKey(claim, deadline));
  if (!is_anothers) co_return Ok();
  out.findings.push_back(
      {"policy.key-reused", "csr",
       "this key has been used for other names; make a new key (profile \"" + profile + "\")"});
  Withhold(out);
  co_return Ok();
}

IssuanceExplanation CertificateAuthority::ExplainFor(const IssueRequest& request,
                                                     const policy::Authorizer& authorizer) {
  IssuanceExplanation out;
  out.principal = request.principal.id;
  out.policy_version = authorizer.basis().policy_version;
  auto application = ReadApplication(request);  // 3
  if (!application) {
    NoteFindings(application.error(), out);
    return out;
  }
  policy::Explanation decision = application->explain(authorizer);  // 4
  out.trials = std::move(decision.trials);
  out.names = std::move(decision.names);
  if (!decision.verdict) NoteFindings(decision.verdict.error(), out);
  const auto& profiles = authorizer.basis().policy.profiles;
  const auto profile = profiles.find(request.profile);
  if (profile == profiles.end()) return out;
  out.lifetime = LifetimeOf(profile->second, request.lifetime);
  auto key = application->prove(profile->second.key_rules);  // 5
  if (!key) NoteFindings(key.error(), out);
  if (!out.findings.empty()) return out;
  const auto issuers = IssuersFor(*decision.verdict);
  if (!issuers) {
    NoteFindings(issuers.error(), out);
    return out;
  }
  auto draft = DraftFor(*issuers, *decision.verdict, *key);  // 6 to 8
  if (!draft) {
    NoteFindings(draft.error(), out);
    return out;
  }
  out.warnings = std::move(draft->passed_over);
  for (const std::string& name : decision.verdict->issuers()) {
    if (std::ranges::find(*issuers, name, &Issuer::name) != issuers->end()) continue;
    out.warnings.push_back({"signer.key-out", "issuer",
                            "issuer \"" + name +
                                "\" does not sign now: its key is out, or it is not one of this "
                                "server's"});
  }
  for (const lint::Finding& warning : draft->tbs.warnings()) {
    out.warnings.push_back(warning.violation);
  }
  const x509::TbsCertificate& tbs = draft->tbs.tbs();
  out.lifetime->granted = tbs.fields().validity.lifetime();
  out.lifetime->ends_with_issuer = *out.lifetime->granted < decision.verdict->lifetime();
  out.tbs = ToBytes(tbs.der());
  return out;
}

}  // namespace mayfly::issuance
