// The CA behind the service, for tests of rpc/.
#pragma once

#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "rpc/use_cases.h"

namespace mayfly::rpc {

inline Uuid AnyUuid() { return *Uuid::Parse("0190a1b2-0000-7000-8000-000000000001"); }

// Issues one certificate again and again; fails as it is told.
class FakeUseCases final : public UseCases {
 public:
  explicit FakeUseCases(x509::Certificate certificate) : certificate_(std::move(certificate)) {}

  Task<Result<policy::Principal>> Identify(x509::Certificate peer, BootTime) override {
    const auto names = peer.tbs().names();
    co_return policy::Principal{policy::ProofOfIdentity::kCertificate, "dns:localhost", "lineage:x",
                                *names};
  }
  Task<Result<policy::Principal>> IdentifyToken(Hash256 token_hash, BootTime) override {
    if (token_hash != known_token) {
      co_return Fail(ErrorCode::kUnauthenticated, "enrolment.unknown", "no");
    }
    co_return policy::Principal{
        policy::ProofOfIdentity::kEnrolmentToken, "enrolment:x", "enrolment:x", {}};
  }
  Task<Status> RequireRole(policy::Principal principal, policy::Roles needed, BootTime) override {
    std::lock_guard lock(mutex);
    asked.emplace_back(principal.id, needed);
    if (roles.HasAnyOf(needed)) co_return Ok();
    co_return Fail(ErrorCode::kPolicyDenied, "policy.role", "no such role");
  }
  Task<Result<issuance::IssuedCertificate>> Issue(issuance::IssueRequest request,
                                                  BootTime) override {
    {
      std::lock_guard lock(mutex);
      requests.push_back(request);
      if (!failures.empty()) {
        Error error = failures.front();
        failures.erase(failures.begin());
        co_return error;
      }
    }
    if (hold.valid()) hold.wait();
    co_return issuance::IssuedCertificate{.certificate = certificate_,
                                          .facts = Facts(),
                                          .issuer = "issuing-1",
                                          .recorded_at = {},
                                          .issuer_chain = {Bytes{1, 2}},
                                          .ocsp_staple = std::nullopt,
                                          .inclusion = std::nullopt};
  }
  Task<Result<InclusionProof>> Prove(std::string, x509::SerialNumber, BootTime) override {
    if (hold_proofs.valid()) hold_proofs.wait();
    co_return InclusionProof{"a proof", {4, 5}};
  }
  void NoteUnreadable(const policy::Principal&, const std::string&, const Error& error) override {
    std::lock_guard lock(mutex);
    unreadable.push_back(error);
  }
  Task<Result<issuance::IssuedCertificate>> Renew(issuance::RenewRequest request,
                                                  BootTime) override {
    co_return issuance::IssuedCertificate{.certificate = std::move(request.current),
                                          .facts = Facts(),
                                          .issuer = "issuing-1",
                                          .recorded_at = {},
                                          .issuer_chain = {request.csr_der},
                                          .ocsp_staple = std::nullopt};
  }
  Task<Result<issuance::IssuedCertificate>> RenewExpired(issuance::RenewExpiredRequest request,
                                                         BootTime) override {
    co_return issuance::IssuedCertificate{.certificate = std::move(request.expired),
                                          .facts = Facts(),
                                          .issuer = "issuing-1",
                                          .recorded_at = {},
                                          .issuer_chain = {request.signature},
                                          .ocsp_staple = std::nullopt};
  }
  Task<Result<issuance::CreatedToken>> CreateToken(issuance::CreateTokenRequest request,
                                                   BootTime) override {
    co_return issuance::CreatedToken{Token(request.principal.id, request.names, request.uses_max),
                                     "mayfly_enrol_secret"};
  }
  Task<Result<std::vector<EnrolmentTokenRecord>>> ListTokens(policy::Principal principal,
                                                             BootTime) override {
    co_return std::vector<EnrolmentTokenRecord>{Token(principal.id, {}, 1)};
  }
  Task<Status> RevokeToken(policy::Principal, Uuid token, BootTime) override {
    if (token != AnyUuid()) co_return Fail(ErrorCode::kNotFound, "enrolment.not-found", "no");
    co_return Ok();
  }
  Task<Status> Acknowledge(issuance::AcknowledgeRequest request, BootTime) override {
    if (request.issuer != "issuing-1") co_return NotFound();
    co_return Ok();
  }
  Task<Result<issuance::ShownCertificate>> Show(policy::Principal, std::string issuer,
                                                x509::SerialNumber, BootTime) override {
    if (issuer != "-" && issuer != "issuing-1") co_return NotFound();
    co_return Shown();
  }
  Task<Result<issuance::CertificateList>> List(issuance::ListRequest request, BootTime) override {
    std::lock_guard lock(mutex);
    lists.push_back(request);
    if (request.after) co_return issuance::CertificateList{{}, std::nullopt};
    co_return issuance::CertificateList{{Shown()},
                                        IndexPosition{TimePoint(Seconds(5)), Facts().key}};
  }
  Task<Result<issuance::RevokedCertificate>> Revoke(issuance::RevokeRequest request,
                                                    BootTime) override {
    issuance::ShownCertificate shown = Shown();
    shown.record.revocation =
        Revocation{1, Facts().key, request.reason, TimePoint(Seconds(1000)), {}};
    RevokeReceipt receipt{*shown.record.revocation, true, TimePoint(Seconds(2000))};
    co_return issuance::RevokedCertificate{std::move(shown), receipt};
  }
  Task<Result<issuance::RevokedCertificates>> RevokeAll(issuance::RevokeAllRequest request,
                                                        BootTime) override {
    issuance::RevokedCertificates revoked{request.revocation.certificates, {}};
    for (const auto& certificate : revoked.certificates) {
      revoked.receipt.revocations.push_back({{1,
                                              {certificate.serial, IssuerId{1}},
                                              request.revocation.reason,
                                              TimePoint(Seconds(1000)),
                                              {}},
                                             false,
                                             {}});
    }
    revoked.receipt.good_answers_until = TimePoint(Seconds(2000));
    co_return revoked;
  }
  Task<Result<ProposalRecord>> Propose(issuance::ProposeRequest request, BootTime) override {
    co_return Proposal(std::move(request.payload), request.principal.id);
  }
  Task<Result<ProposalRecord>> ShowProposal(Uuid proposal, BootTime) override {
    if (proposal != AnyUuid()) co_return NoSuchProposal();
    co_return Proposal(policy::PolicyChange{"admins = []", 4}, "dns:proposer");
  }
  // Two, one of them open, at most `count_max` of them.
  Task<Result<ProposalPage>> ListProposals(ProposalQuery query, BootTime) override {
    {
      std::lock_guard lock(mutex);
      proposal_queries.push_back(query);
    }
    ProposalPage page{.proposals = {}, .next = std::nullopt};
    const ProposalRecord open = Proposal(policy::PolicyChange{"", 4}, "dns:proposer");
    if (!query.after) page.proposals.push_back(open);
    if (query.listed == ProposalsListed::kOpen) co_return page;
    if (page.proposals.size() == query.count_max) {
      page.next = PositionOf(open);
      co_return page;
    }
    page.proposals.push_back(open);
    page.proposals.back().state = ProposalState::kWithdrawn;
    page.proposals.back().end = ProposalEnd{"dns:other", TimePoint(Seconds(3000))};
    co_return page;
  }
  Task<Result<issuance::ApprovedProposal>> Approve(issuance::ApproveRequest request,
                                                   BootTime) override {
    policy::MassRevocation revocation{{{"issuing-1", certificate_.tbs().serial()}},
                                      RevocationReason::kKeyCompromise};
    ProposalRecord proposal = Proposal(std::move(revocation), "dns:proposer");
    if (request.payload_sha256 != proposal.payload_sha256) {
      co_return Fail(ErrorCode::kFailedPrecondition, "approval.payload", "no");
    }
    proposal.state = ProposalState::kExecuted;
    proposal.end = ProposalEnd{request.principal.id, TimePoint(Seconds(3000))};
    co_return issuance::ApprovedProposal{std::move(proposal), TimePoint(Seconds(2000))};
  }
  Task<Result<ProposalRecord>> Withdraw(policy::Principal principal, Uuid proposal,
                                        BootTime) override {
    if (proposal != AnyUuid()) co_return NoSuchProposal();
    ProposalRecord record = Proposal(policy::PolicyChange{"", 4}, "dns:proposer");
    record.state = ProposalState::kWithdrawn;
    record.end = ProposalEnd{principal.id, TimePoint(Seconds(3000))};
    co_return record;
  }
  Task<Result<Bytes>> ReadAuditLog(std::string name, BootTime) override {
    if (name != "checkpoint") co_return NotFound();
    co_return ToBytes(AsBytes("a checkpoint"));
  }
  issuance::TrustBundle Bundle() const override {
    return {"mayfly.internal", {certificate_}, {}, 7};
  }
  static std::string Described(const policy::PrincipalDescription& as) {
    std::string text = as.id;
    if (!as.claims.empty()) text += " " + policy::ClaimsText(as.claims);
    if (!as.names.empty()) text += " " + x509::Describe(as.names);
    return text;
  }
  Task<Result<issuance::IssuanceExplanation>> Explain(issuance::ExplainRequest request,
                                                      BootTime) override {
    using Outcome = policy::RuleTrial::Outcome;
    issuance::IssuanceExplanation out{
        .principal = request.as ? Described(*request.as) : request.request.principal.id,
        .policy_version = 4};
    const auto name = *x509::GeneralName::Dns("web.internal");
    out.trials = {{"ops", policy::RuleEffect::kAllow, Outcome::kOtherPrincipal, {}},
                  {"web", policy::RuleEffect::kAllow, Outcome::kGrants, {name}}};
    out.names = {name};
    out.lifetime = issuance::LifetimeExplanation{request.request.lifetime, Seconds(60), Seconds(90),
                                                 std::nullopt, false};
    out.findings = {{"key.type", "csr", "another type"}};
    out.warnings = {{"lint.names", "names", "odd"}};
    co_return out;
  }
  Task<Result<StoredBasis>> ShowPolicy(BootTime) override {
    co_return StoredBasis{
        .decision = 9, .policy_version = 4, .policy_text = "operators = []", .blocks = {}};
  }
  // Three events; the query's place is the last one's number.
  Task<Result<EventPage>> ListEvents(EventQuery query, BootTime) override {
    EventPage page;
    int64_t id = query.after ? query.after->id : 4;
    while (--id > 0 && page.events.size() < query.count_max) {
      page.events.push_back(
          {{"denial", "dns:n" + std::to_string(id), "{\"names\":[\"DNS:a\"]}"}, TimePoint()});
    }
    if (id > 0) page.next = EventPosition{TimePoint(), id + 1};
    co_return page;
  }
  // One of three.
  Task<Result<AlertList>> ListAlerts(size_t count_max, BootTime) override {
    Alert alert{AlertKind::kRenewalOverdue,
                {*x509::SerialNumber::FromHex("21"), IssuerId{1}},
                "issuing-1",
                *Uuid::Parse("01900000-0000-7000-8000-000000000001"),
                {*x509::GeneralName::Dns("web.internal")},
                "dns:web.internal",
                "server",
                TimePoint(Seconds(5)),
                TimePoint(Seconds(9))};
    co_return AlertList{std::vector<Alert>(count_max, alert), {{AlertKind::kRenewalOverdue, 3}}, 1};
  }
  Task<Result<issuance::AppliedPolicy>> ApplyPolicy(issuance::ApplyPolicyRequest request,
                                                    BootTime) override {
    if (request.base_version == 3u) co_return Fail(ErrorCode::kConflict, "policy.outdated", "no");
    if (request.text == "in force") co_return issuance::AppliedPolicy{4, true};
    Error error = Fail(ErrorCode::kInvalidArgument, "policy.file", "policy_text has 1 error(s)");
    error.violations = {{"config.unknown-key", "policy_text:3", "unknown key \"rules\""}};
    co_return error;
  }

  Hash256 known_token{};
  std::mutex mutex;
  std::vector<issuance::IssueRequest> requests;
  std::vector<ProposalQuery> proposal_queries;
  std::vector<issuance::ListRequest> lists;
  std::vector<Error> failures;
  std::vector<Error> unreadable;
  std::shared_future<void> hold;
  std::shared_future<void> hold_proofs;
  policy::Roles roles = {policy::Role::kRequester, policy::Role::kAdmin};
  std::vector<std::pair<std::string, policy::Roles>> asked;

 private:
  static ProposalRecord Proposal(policy::ProposalPayload payload, const std::string& proposer) {
    const auto* revocation = std::get_if<policy::MassRevocation>(&payload);
    const size_t count = revocation ? revocation->certificates.size() : 0;
    const Hash256 hash = policy::PayloadHash(payload);
    return {.id = AnyUuid(),
            .payload = std::move(payload),
            .certificate_count = count,
            .payload_sha256 = hash,
            .proposer = {policy::ProofOfIdentity::kCertificate, proposer, proposer, {}},
            .created_at = TimePoint(),
            .expires_at = TimePoint(policy::kProposalLifetime),
            .state = ProposalState::kOpen};
  }
  static EnrolmentTokenRecord Token(const std::string& maker, x509::GeneralNames names,
                                    uint32_t uses_max) {
    policy::Enrolment enrolment{
        .token = AnyUuid(),
        .token_hash = {},
        .profile = "server",
        .names = std::move(names),
        .uses_max = uses_max,
        .expires = TimePoint(Seconds(900)),
        .enroller = {policy::ProofOfIdentity::kCertificate, maker, maker, {}}};
    return {std::move(enrolment), TimePoint(), 0, false, false};
  }
  static Error NotFound() { return Fail(ErrorCode::kNotFound, "certificate.not-found", "no"); }
  RecordFacts Facts() const {
    return {.key = {certificate_.tbs().serial(), IssuerId{1}},
            .lineage = {AnyUuid(), 3, std::nullopt},
            .profile = "server",
            .principal = "dns:localhost",
            .policy_version = 2,
            .decision = 1,
            .renewal = {}};
  }
  issuance::ShownCertificate Shown() const {
    CertificateRecord record{.tbs = ToBytes(certificate_.tbs().der()),
                             .facts = Facts(),
                             .outcome = SignedOutcome{},
                             .revocation = std::nullopt,
                             .recorded_at = {}};
    return {"issuing-1", std::move(record), certificate_};
  }
  x509::Certificate certificate_;
};

}  // namespace mayfly::rpc
