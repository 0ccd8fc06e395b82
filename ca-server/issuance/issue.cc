// The issue path: docs/ISSUANCE.md and its hops. Hops 1, 2 and 13 are rpc/'s, hop 3 is
// application.cc's, the others are here, in Attempt (4 to 9), Conclude (10, 11) and
// SettleSigned (12).
#include <algorithm>
#include <utility>

#include "base/failpoint.h"
#include "issuance/application.h"
#include "issuance/certificate_authority.h"
#include "issuance/event_detail.h"

namespace mayfly::issuance {
namespace {

// Each round answers a raised control number or a lost race; more than a few in one request means
// that the policy changes faster than requests can be decided.
constexpr int kRoundsMax = 8;

// An intent found again is signed while at most a tenth of its life has gone.
constexpr int kStaleIntentDivisor = 10;

// What the next policy may say otherwise.
bool DeniedByPolicy(ErrorCode code) {
  return code == ErrorCode::kPolicyDenied || code == ErrorCode::kUnknownProfile ||
         code == ErrorCode::kFailedPrecondition;
}

bool Denied(ErrorCode code) {
  return DeniedByPolicy(code) || code == ErrorCode::kKeyRejected || code == ErrorCode::kBadCsr ||
         code == ErrorCode::kLintFailed;
}

// A random lineage: a first certificate is an enrolment.
LineageStep Enrolment(const Clock& clock, RandomSource& random) {
  return LineageStep{Uuid::MakeV7(clock.Now(), random), 0, std::nullopt};
}

// Whether the key will not sign this record: it signed it wrongly, or is out where another signs.
bool IsLost(const Issuer& issuer, signing::Patience patience, const Error& error) {
  if (error.code == ErrorCode::kSignatureInvalid) return true;
  switch (issuer.Standing()) {
    case signing::PlaceState::kInService:
      return false;
    case signing::PlaceState::kOut:
      return patience == signing::Patience::kWhileInService;
    case signing::PlaceState::kQuarantined:
      return true;
  }
  return false;
}

// A record of an issuer that was configured when it was made.
Error NotConfigured() {
  return Fail(ErrorCode::kInternal, "issuance.issuer-unknown", "its issuer is not configured");
}

}  // namespace

Task<Result<IssuedCertificate>> CertificateAuthority::Issue(IssueRequest request,
                                                            BootTime deadline) {
  auto application =
      request.principal.enrolment ? ReadEnrolment(request) : ReadApplication(request);  // hop 3
  if (!application) {
    NoteDenial(request.principal.id,
               {request.profile, request.names, request.lifetime, request.principal.claims},
               application.error());
    co_return std::move(application).error();
  }
  const Asked asked{application->profile, application->names, application->lifetime,
                    request.principal.claims};
  auto issued = co_await Carry(*std::move(application), deadline);
  if (!issued) NoteIfDenied(request.principal.id, asked, issued.error());
  co_return issued;
}

// Rounds: what was decided under an older control number, or lost a race for its request id, is
// looked at again.
Task<Result<IssuedCertificate>> CertificateAuthority::Carry(Application application,
                                                            BootTime deadline) {
  // Rather nothing recorded than something that must not leave.
  CO_TRY(parts_.gate.MayRelease());
  std::optional<PriorAttempt> prior;
  for (int round = 0; round < kRoundsMax; ++round) {
    Result<IssuedCertificate> result = Fail(ErrorCode::kInternal, "", "");
    const bool looked = prior.has_value();
    if (looked) {
      PriorAttempt found = *std::exchange(prior, std::nullopt);
      result = co_await Resume(application, std::move(found), deadline);
    } else {
      result = co_await Attempt(application, 1, deadline);
    }
    if (result) co_return result;
    const ErrorCode code = result.error().code;
    bool again = code == ErrorCode::kDecisionStale || code == ErrorCode::kConflict;
    if (code == ErrorCode::kDecisionStale || DeniedByPolicy(code)) {
      // A denial too is said under today's policy only.
      const uint64_t decision = parts_.basis.Current()->decision;
      CO_TRY(co_await parts_.basis.Refresh(deadline));
      again = again || parts_.basis.Current()->decision > decision;
    }
    const bool denied_at_first_sight = !looked && Denied(code) && application.request;
    if (!again && !denied_at_first_sight) co_return result;
    if (application.request) {
      CO_TRY_ASSIGN(prior, co_await parts_.ledger.FindRequest(*application.request, deadline));
    }
    if (!again && !prior) co_return result;
  }
  Error error =
      Fail(ErrorCode::kStoreUnavailable, "issuance.contended",
           "the policy, or this request id, changed hands too often meanwhile; try again");
  error.retry_after = Milliseconds(200);
  co_return error;
}

// Hops 4 to 9, then the rest. Nothing is signed that is not recorded, nothing is recorded that is
// not linted, nothing is linted that was not granted and proved: each type can only be made from
// the one before.
Task<Result<IssuedCertificate>> CertificateAuthority::Attempt(const Application& application,
                                                              uint16_t attempt, BootTime deadline) {
  const policy::Authorizer authorizer(parts_.basis.Current());

  CO_TRY_ASSIGN(auto grant, application.decide(authorizer));              // 4
  CO_TRY_ASSIGN(const auto issuers, IssuersFor(grant));                   // who could sign
  CO_TRY_ASSIGN(auto key, application.prove(grant.profile().key_rules));  // 5
  CO_TRY_ASSIGN(Draft chosen, DraftFor(issuers, grant, key));             // 6 to 8
  lint::LintedTbs& draft = chosen.tbs;

  if (!draft.warnings().empty()) {
    const std::string detail =
        LintDetail(grant.profile().name, draft.tbs().serial(), draft.warnings());
    parts_.ledger.Note(Event{"lint-warning", grant.principal(), detail});
  }

  const x509::Validity validity = draft.tbs().fields().validity;
  RecordEntry entry{
      .tbs = std::move(draft),
      .issuer = chosen.issuer->id(),
      .lineage =
          application.lineage ? *application.lineage : Enrolment(parts_.clock, parts_.random),
      .profile = grant.profile().name,
      .principal = grant.principal(),
      .policy_version = grant.policy_version(),
      .decision = grant.decision(),
      .renewal = parts_.planner.Plan(validity,
                                     application.lineage ? LineageAge::kLater : LineageAge::kFirst,
                                     parts_.clock.Now()),
      .request = std::nullopt,
      .key_claim = std::nullopt,
      .renews = application.renews,
      .asker = application.asker,
      .token = application.token,
      .claims = application.claims,
  };
  if (grant.profile().key_reuse == policy::KeyReuse::kRefuse) {
    entry.key_claim = KeyClaim{key.spki().hash(), IdentityHash(grant.names())};
  }
  if (application.request) {
    entry.request = RequestAttempt{*application.request, application.body_hash, attempt};
  }
  CO_TRY_ASSIGN(auto recorded, co_await parts_.ledger.Record(std::move(entry), deadline));  // 9
  FAILPOINT("issuance.recorded");
  auto issued = co_await Conclude(application, grant, std::move(recorded), deadline);
  co_return issued;
}

// Hops 6 to 8.
Result<lint::LintedTbs> CertificateAuthority::MakeDraft(const Issuer& issuer,
                                                        const policy::IssuanceGrant& grant,
                                                        const x509::ProvenKey& key) const {
  const TimePoint now = parts_.clock.Now();
  TRY_ASSIGN(auto blank, policy::MakeTemplate(grant, key, issuer.identity(), now));  // 6
  const auto lifetime_class = x509::LifetimeClassOf(blank.fields.validity.lifetime());
  const auto serial = x509::SerialNumber::Make(lifetime_class, now, parts_.random);
  auto tbs = x509::TbsCertificate::Write(blank.fields, serial);  // 7
  const lint::LintContext lint_context{grant, key.spki(), issuer.identity(), now};
  TRY_ASSIGN(auto linted, lint::Lint(std::move(tbs), lint_context));  // 8
  return linted;
}

Result<CertificateAuthority::Draft> CertificateAuthority::DraftFor(
    const std::vector<const Issuer*>& issuers, const policy::IssuanceGrant& grant,
    const x509::ProvenKey& key) const {
  std::optional<Error> first;
  std::vector<Violation> passed_over;
  for (const Issuer* issuer : issuers) {
    auto draft = MakeDraft(*issuer, grant, key);
    if (draft) return Draft{issuer, *std::move(draft), std::move(passed_over)};
    passed_over.push_back({draft.error().rule, "issuer",
                           "issuer \"" + issuer->name() + "\": " + draft.error().message});
    if (!first) first = std::move(draft).error();
  }
  return *std::move(first);
}

// A request id that came before. What was released is released again; an intent is decided again
// under today's policy; what was abandoned makes room for the next attempt.
Task<Result<IssuedCertificate>> CertificateAuthority::Resume(const Application& application,
                                                             PriorAttempt prior,
                                                             BootTime deadline) {
  if (prior.body_hash != application.body_hash) {
    co_return Fail(ErrorCode::kRequestIdReused, "request-id.reused",
                   "this request_id came before with another body; make a new id for each "
                   "certificate you want");
  }
  if (prior.revocation) {
    co_return Fail(ErrorCode::kCertificateRevoked, "request-id.revoked",
                   "the certificate of this request_id has been revoked; make a new id");
  }
  if (!prior.outcome) {
    const policy::Authorizer authorizer(parts_.basis.Current());
    auto grant = application.decide(authorizer);
    if (grant && StillServes(application, *grant, prior.record)) {
      auto issued = co_await Conclude(application, *grant, std::move(prior.record), deadline);
      co_return issued;
    }
    CO_TRY_ASSIGN(prior.outcome, co_await Abandon(prior.record, deadline));
  }
  if (const auto* outcome = std::get_if<SignedOutcome>(&*prior.outcome)) {
    co_return Release(prior.record, *outcome);
  }
  const auto next = static_cast<uint16_t>(prior.attempt + 1);
  auto issued = co_await Attempt(application, next, deadline);
  co_return issued;
}

// The key signs for as long as there is time; where another issuer of the pool is in service, while
// it is too.
Task<Result<IssuedCertificate>> CertificateAuthority::Conclude(const Application& application,
                                                               const policy::IssuanceGrant& grant,
                                                               RecordedTbs record,
                                                               BootTime deadline) {
  const Issuer* issuer = IssuerOf(record.facts().key.issuer);
  if (!issuer) co_return NotConfigured();
  const auto patience = AnotherCouldSign(grant, *issuer) ? signing::Patience::kWhileInService
                                                         : signing::Patience::kUntilDeadline;
  auto signature = co_await issuer->Sign(record, deadline, patience);  // 10, 11
  if (!signature && IsLost(*issuer, patience, signature.error())) {
    auto given_up = co_await GiveUp(std::move(record), deadline);
    co_return given_up;
  }
  if (!signature) co_return std::move(signature).error();
  if (FAILPOINT("issuance.signed")) {
    co_return Fail(ErrorCode::kSignerUnavailable, "signer.failpoint", "stopped by a failpoint");
  }
  auto issued =
      co_await SettleSigned(application, std::move(record), *std::move(signature), deadline);
  co_return issued;
}

// What its key signed cannot be used, or its key is gone: the record is abandoned, and the request
// decided again. A signature that another server settled first counts all the same.
Task<Result<IssuedCertificate>> CertificateAuthority::GiveUp(RecordedTbs record,
                                                             BootTime deadline) {
  CO_TRY_ASSIGN(const Outcome standing, co_await Abandon(record, deadline));
  if (const auto* won = std::get_if<SignedOutcome>(&standing)) co_return Release(record, *won);
  co_return Fail(ErrorCode::kConflict, "issuance.abandoned", "not signed well; decided anew");
}

// Hop 12. A signature that was decided under an older control number is decided again; where the
// answer is no longer the same, the record is abandoned and never released.
Task<Result<IssuedCertificate>> CertificateAuthority::SettleSigned(const Application& application,
                                                                   RecordedTbs record,
                                                                   Bytes signature,
                                                                   BootTime deadline) {
  // The control number that this signature stands under: its record's, until it is decided again.
  uint64_t decision = record.facts().decision;
  uint64_t policy_version = record.facts().policy_version;
  for (int round = 0; round < kRoundsMax; ++round) {
    SettleEntry entry{record.facts().key, SignedOutcome{signature}, policy_version, decision};
    auto outcome = co_await parts_.ledger.Settle(std::move(entry), deadline);
    if (outcome) {
      FAILPOINT("issuance.settled");
      if (const auto* standing = std::get_if<SignedOutcome>(&*outcome)) {
        co_return Release(record, *standing);
      }
      co_return Fail(ErrorCode::kConflict, "issuance.abandoned", "abandoned meanwhile");
    }
    if (outcome.error().code != ErrorCode::kDecisionStale) co_return std::move(outcome).error();

    CO_TRY(co_await parts_.basis.Refresh(deadline));
    const policy::Authorizer authorizer(parts_.basis.Current());
    auto grant = application.decide(authorizer);
    if (!grant || !StillServes(application, *grant, record)) {
      CO_TRY_ASSIGN(Outcome standing, co_await Abandon(record, deadline));
      if (const auto* won = std::get_if<SignedOutcome>(&standing)) co_return Release(record, *won);
      if (!grant) co_return std::move(grant).error();
      co_return Fail(ErrorCode::kConflict, "issuance.abandoned", "decided anew");
    }
    decision = grant->decision();
    policy_version = grant->policy_version();
  }
  co_return Fail(ErrorCode::kDecisionStale, "issuance.contended", "the policy changes too fast");
}

Task<Result<Outcome>> CertificateAuthority::Abandon(const RecordedTbs& record, BootTime deadline) {
  SettleEntry entry{record.facts().key, AbandonedOutcome{}, record.facts().policy_version,
                    record.facts().decision};
  auto outcome = co_await parts_.ledger.Settle(std::move(entry), deadline);
  co_return outcome;
}

// Would today's decision give these very bytes, and is nearly all of their life still ahead?
Status CertificateAuthority::StillServes(const Application& application,
                                         const policy::IssuanceGrant& grant,
                                         const RecordedTbs& record) const {
  TRY_ASSIGN(const auto pool, PoolFor(grant));
  const Issuer* issuer = IssuerOf(record.facts().key.issuer);
  if (std::ranges::find(pool, issuer) == pool.end() ||
      issuer->Standing() == signing::PlaceState::kQuarantined) {
    return Fail(ErrorCode::kLintFailed, "issuance.issuer-changed", "another issuer signs now");
  }
  TRY_ASSIGN(auto tbs, x509::TbsCertificate::FromDer(record.tbs()));
  const TimePoint now = parts_.clock.Now();
  const TimePoint recorded = tbs.serial().issued_at().value_or(TimePoint{});
  const x509::Validity validity = tbs.fields().validity;
  if (!validity.Covers(now) || !issuer->identity().validity.Covers(now) ||
      now - recorded > validity.lifetime() / kStaleIntentDivisor) {
    return Fail(ErrorCode::kLintFailed, "issuance.intent-too-old",
                "too little of its life is left");
  }
  const auto key = tbs.fields().public_key;
  TRY_ASSIGN(auto proven, application.prove(grant.profile().key_rules));
  if (proven.spki().hash() != key.hash()) {
    return Fail(ErrorCode::kInternal, "issuance.key-changed", "the record holds another key");
  }
  TRY_ASSIGN(const auto made, policy::MakeTemplate(grant, proven, issuer->identity(), recorded));
  const auto same = x509::TbsCertificate::Write(made.fields, tbs.serial());
  if (!Equal(same.der(), record.tbs())) {
    return Fail(ErrorCode::kLintFailed, "issuance.other-bytes", "it would be another certificate");
  }
  // A key is claimed with the record, where the policy that it was made under said so.
  if (grant.profile().key_reuse == policy::KeyReuse::kRefuse &&
      grant.policy_version() != record.facts().policy_version) {
    return Fail(ErrorCode::kLintFailed, "issuance.key-not-claimed", "its key is to be claimed");
  }
  TRY(lint::Lint(std::move(tbs), {grant, key, issuer->identity(), recorded}));
  return Ok();
}

// Hop 11's other half: the certificate that leaves holds the recorded bytes. No checkpoint of the
// audit log, no release.
Result<IssuedCertificate> CertificateAuthority::Release(const RecordedTbs& record,
                                                        const SignedOutcome& outcome) const {
  TRY(parts_.gate.MayRelease());
  const Issuer* signed_by = IssuerOf(record.facts().key.issuer);
  if (!signed_by) return NotConfigured();
  Bytes der = x509::Certificate::Assemble(record.tbs(), signed_by->identity().signature_algorithm,
                                          outcome.signature);
  TRY_ASSIGN(auto certificate, x509::Certificate::FromDer(der));
  if (!Equal(certificate.tbs().der(), record.tbs())) {
    return Fail(ErrorCode::kInternal, "issuance.tbs-changed", "not the recorded bytes");
  }
  return IssuedCertificate{
      .certificate = std::move(certificate),
      .facts = record.facts(),
      .issuer = signed_by->name(),
      .recorded_at = record.facts().key.serial.issued_at().value_or(TimePoint{}),
      .issuer_chain = signed_by->chain(),
      .ocsp_staple = std::nullopt,
  };
}

Task<Result<InclusionProof>> CertificateAuthority::Prove(std::string issuer,
                                                         x509::SerialNumber serial,
                                                         BootTime deadline) {
  return parts_.gate.Prove(std::move(issuer), std::move(serial), deadline);
}

Task<Result<IssuedCertificate>> CertificateAuthority::IssueForResponder(IssuerId issuer,
                                                                        signing::SigningKey& key,
                                                                        Seconds lifetime,
                                                                        BootTime deadline) {
  const Issuer* signs = IssuerOf(issuer);
  if (!signs) co_return Fail(ErrorCode::kNotFound, "issuance.issuer-unknown", "no such issuer");
  CO_TRY_ASSIGN(auto canary, co_await key.Prove(deadline));
  auto proof = std::make_shared<const signing::CanaryProof>(std::move(canary));
  Application application;
  application.principal = "system:ocsp";
  application.profile = "ocsp-responder";
  application.decide = [issuer = signs->name(), hash = proof->key.hash(),
                        lifetime](const policy::Authorizer& authorizer) {
    return authorizer.AuthorizeResponder(issuer, hash, lifetime);
  };
  application.prove = [proof](const x509::KeyRules& rules) {
    return x509::ProvenKey::FromStatement(proof->key, proof->algorithm, proof->challenge,
                                          proof->signature, rules);
  };
  auto issued = co_await Carry(std::move(application), deadline);
  co_return issued;
}

void CertificateAuthority::NoteUnreadable(const policy::Principal& principal,
                                          const std::string& profile, const Error& error) {
  NoteDenial(principal.id, {profile, {}, std::nullopt}, error);
}

void CertificateAuthority::NoteIfDenied(const std::string& principal, const Asked& asked,
                                        const Error& error) {
  // A token that is spent, or a request id that is somebody else's.
  const bool is_misuse =
      error.code == ErrorCode::kRequestIdReused || error.code == ErrorCode::kUnauthenticated;
  if (Denied(error.code) || is_misuse) NoteDenial(principal, asked, error);
}

void CertificateAuthority::NoteDenial(const std::string& principal, const Asked& asked,
                                      const Error& error) {
  parts_.ledger.Note(Event{"denial", principal, DenialDetail(asked, error)});
}

}  // namespace mayfly::issuance
