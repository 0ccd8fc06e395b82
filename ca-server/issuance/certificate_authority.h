// The use cases of the certificate authority: issue, show, revoke, trust. They know ports only.
// Which objects a principal may see they decide themselves; which use cases it may ask for at all,
// whoever calls them asks RequireRole first (rpc/access.h).
// docs/ISSUANCE.md is the issue path on one page; issue.cc reads like it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/executor.h"
#include "issuance/basis_cache.h"
#include "issuance/event_detail.h"
#include "issuance/explanation.h"
#include "issuance/issuer.h"
#include "issuance/peer_cache.h"
#include "issuance/rate_limiter.h"
#include "issuance/renewal_planner.h"
#include "policy/principal.h"
#include "policy/principal_text.h"
#include "policy/role.h"
#include "ports/alert_index.h"
#include "ports/enrolment_tokens.h"
#include "ports/event_index.h"
#include "ports/ledger.h"
#include "ports/lineages.h"
#include "ports/proposals.h"
#include "ports/published_log.h"
#include "ports/release_gate.h"
#include "x509/certificate.h"
#include "x509/key_proof.h"

namespace mayfly::issuance {

struct IssueRequest {
  policy::Principal principal;
  x509::KeyProof key;
  std::string profile;
  x509::GeneralNames names;  // beside those of a CSR
  std::optional<Seconds> lifetime;
  std::optional<Uuid> request_id;
  policy::Evidence evidence{};  // what was proved beside who asks
};

// The next certificate of the one that the holder authenticated with.
struct RenewRequest {
  x509::Certificate current;
  Bytes csr_der;
  std::optional<Seconds> lifetime;
  std::optional<Uuid> request_id;
};

// The same for one that has expired, which its old key signs for (x509/renewal_statement.h).
struct RenewExpiredRequest {
  x509::Certificate expired;
  Bytes csr_der;
  Bytes signature;
  std::optional<Seconds> lifetime;
  Uuid request_id;
};

struct CreateTokenRequest {
  policy::Principal principal;
  std::string profile;
  x509::GeneralNames names;
  std::optional<Seconds> lifetime;
  uint32_t uses_max;
};
struct CreatedToken {
  EnrolmentTokenRecord record;
  std::string secret;  // shown once: it is nowhere else
};

struct ExplainRequest {
  IssueRequest request;                            // its request id is not looked at
  std::optional<policy::PrincipalDescription> as;  // nothing: whoever asks
};

struct IssuedCertificate {
  x509::Certificate certificate;
  RecordFacts facts;
  std::string issuer;
  TimePoint recorded_at;
  std::vector<Bytes> issuer_chain;  // from the issuer up to, not including, the root; DER
  std::optional<Bytes> ocsp_staple;
  std::optional<InclusionProof> inclusion{};
};

struct ShownCertificate {
  std::string issuer;
  CertificateRecord record;
  std::optional<x509::Certificate> certificate;  // nothing for an intent or an abandoned record
};

struct ListRequest {
  policy::Principal principal;
  std::string issuer;        // "-": any
  CertificateFilter filter;  // its issuers and held_by are set from the above
  CertificateOrder order;
  std::optional<IndexPosition> after;
  size_t count_max;
};
struct CertificateList {
  std::vector<ShownCertificate> certificates;
  std::optional<IndexPosition> next;  // nothing: there is no more
};

struct AcknowledgeRequest {
  policy::Principal principal;
  std::string issuer;  // "-": any
  x509::SerialNumber serial;
};

struct RevokeRequest {
  policy::Principal principal;
  std::string issuer;  // "-": any
  x509::SerialNumber serial;
  RevocationReason reason;
};
struct RevokedCertificate {
  ShownCertificate shown;
  RevokeReceipt receipt;
};

struct RevokeAllRequest {
  policy::Principal principal;
  policy::MassRevocation revocation;  // its issuers may be "-", its order any
};
struct RevokedCertificates {
  std::vector<policy::NamedCertificate> certificates;  // in order, each once
  MassRevocationReceipt receipt;                       // in the same order
};

struct ProposeRequest {
  policy::Principal principal;
  policy::ProposalPayload payload;  // as in RevokeAllRequest
};
struct ApproveRequest {
  policy::Principal principal;
  Uuid proposal;
  Hash256 payload_sha256;
};
struct ApprovedProposal {
  ProposalRecord proposal;
  std::optional<TimePoint> good_answers_until;  // of a mass revocation
};

struct ApplyPolicyRequest {
  policy::Principal principal;
  std::string text;
  std::optional<uint64_t> base_version;  // only where this version is still in force
};
struct AppliedPolicy {
  uint64_t version;
  bool was_in_force;
};

struct TrustBundle {
  std::string trust_domain;
  std::vector<x509::Certificate> roots;
  std::vector<x509::Certificate> issuing;
  uint64_t sequence_number;
};

// Is this certificate revoked, as far as memory knows? Nothing: ask the ledger.
using RevocationCheck = std::function<std::optional<bool>(const CertificateKey&)>;

class CertificateAuthority {
 public:
  struct Parts {
    const Clock& clock;
    RandomSource& random;
    Ledger& ledger;
    Lineages& lineages;
    CertificateIndex& index;
    EventIndex& events;
    AlertIndex& alerts;
    EnrolmentTokens& tokens;
    Proposals& proposals;
    BasisCache& basis;
    RenewalPlanner& planner;
    // At least one. The policy says which signs; the first one where it says nothing.
    std::vector<std::shared_ptr<const Issuer>> issuers;
    TrustBundle bundle;
    RevocationCheck revocation_check;
    ReleaseGate& gate;  // no checkpoint of the audit log, no release
    PublishedLog& log;
    Seconds token_lifetime_max = policy::kTokenLifetimeMaxDefault;
  };
  explicit CertificateAuthority(Parts parts);

  // Errors: as the proto's IssueCertificate says.
  Task<Result<IssuedCertificate>> Issue(IssueRequest request, BootTime deadline);

  // The same names under the same profile, in the same lineage, one generation on. Errors: as the
  // proto's RenewCertificate says.
  Task<Result<IssuedCertificate>> Renew(RenewRequest request, BootTime deadline);

  // The same after its end, within the profile's grace. Errors: as the proto's
  // RenewExpiredCertificate says.
  Task<Result<IssuedCertificate>> RenewExpired(RenewExpiredRequest request, BootTime deadline);

  // Waits for the audit log, and gives the proof that it has what was issued. Without one in time
  // the request id gives the same certificate again. Errors: the gate's.
  Task<Result<InclusionProof>> Prove(std::string issuer, x509::SerialNumber serial,
                                     BootTime deadline);

  // The holder has the next generation and uses it: what came before is superseded. Error:
  // kNotFound "certificate.not-found" (also where it is of another lineage), kPolicyDenied
  // "renewal.superseded".
  Task<Status> Acknowledge(AcknowledgeRequest request, BootTime deadline);

  // A request that could not even be read is one event, as a denial is.
  void NoteUnreadable(const policy::Principal& principal, const std::string& profile,
                      const Error& error);

  // What Issue would answer now, and why; nothing is recorded or signed. What Issue refuses is
  // explained, not an error. Errors: kPolicyDenied "policy.role" (about somebody else),
  // kInvalidArgument "principal.id"; those of the ledger.
  Task<Result<IssuanceExplanation>> Explain(ExplainRequest request, BootTime deadline);

  // A key of this CA that signs no certificates (OCSP, audit log): as those of the CA certificates,
  // it is refused in requests from here on. Any thread.
  void KeepAsOwn(const Hash256& key);

  // A certificate for a delegated OCSP key, proved by a canary signature.
  Task<Result<IssuedCertificate>> IssueForResponder(IssuerId issuer, signing::SigningKey& key,
                                                    Seconds lifetime, BootTime deadline);

  // Operators and auditors see every certificate, others what they hold (Holdings); everything else
  // is kNotFound "certificate.not-found". Error: kPolicyDenied "renewal.superseded" (of what only
  // operators and auditors see).
  Task<Result<ShownCertificate>> Show(policy::Principal principal, std::string issuer,
                                      x509::SerialNumber serial, BootTime deadline);

  // Of what the principal may Show, the same answers. Errors: kNotFound "issuer.not-found";
  // kPolicyDenied "renewal.superseded" (to an operator or auditor).
  Task<Result<CertificateList>> List(ListRequest request, BootTime deadline);

  Task<Result<RevokedCertificate>> Revoke(RevokeRequest request, BootTime deadline);

  // Many at once, all or none (mass_revocation.cc). Errors: as the proto's BatchRevokeCertificates
  // says.
  Task<Result<RevokedCertificates>> RevokeAll(RevokeAllRequest request, BootTime deadline);

  // Everybody's.
  Task<Result<EventPage>> ListEvents(EventQuery query, BootTime deadline);
  Task<Result<AlertList>> ListAlerts(size_t count_max, BootTime deadline);

  // A file of the audit log, as PublishedLog::Read.
  Task<Result<Bytes>> ReadAuditLog(std::string name, BootTime deadline);

  // Enrolment tokens (enrolment.cc). Errors: as the proto's methods say.
  Task<Result<CreatedToken>> CreateToken(CreateTokenRequest request, BootTime deadline);
  Task<Result<std::vector<EnrolmentTokenRecord>>> ListTokens(policy::Principal principal,
                                                             BootTime deadline);
  Task<Status> RevokeToken(policy::Principal principal, Uuid token, BootTime deadline);

  // Acts of two persons (proposals.cc). Errors: as the proto's methods say.
  Task<Result<ProposalRecord>> Propose(ProposeRequest request, BootTime deadline);
  Task<Result<ProposalRecord>> ShowProposal(Uuid proposal, BootTime deadline);
  Task<Result<ProposalPage>> ListProposals(ProposalQuery query, BootTime deadline);
  Task<Result<ApprovedProposal>> Approve(ApproveRequest request, BootTime deadline);
  Task<Result<ProposalRecord>> Withdraw(policy::Principal principal, Uuid proposal,
                                        BootTime deadline);

  // Every profile of the policy in force has an issuer whose key is in service. Error:
  // kSignerUnavailable "signer.key-out" or "signer.quarantined", of the first that is preferred.
  Status KeyTrouble() const;

  TrustBundle Bundle() const { return parts_.bundle; }

  // That the principal has one of these roles under the policy in force, not under one that this
  // replica has not yet heard was replaced, and shows no certificate that was superseded: what
  // every requester may do is told from memory, all else from the ledger. A denial is noted.
  // Errors: kPolicyDenied "policy.role", also where no policy is in force, "policy.blocked",
  // "renewal.superseded"; those of the ledger.
  Task<Status> RequireRole(policy::Principal principal, policy::Roles needed, BootTime deadline);

  // The policy in force.
  Task<Result<StoredBasis>> ShowPolicy(BootTime deadline);

  // As Ledger::ActivatePolicy, of a text that is a policy. Errors: kInvalidArgument "policy.file"
  // with a violation for each mistake, its field "policy_text:LINE"; kFailedPrecondition
  // "approval.needed" (the policy in force asks for two persons).
  Task<Result<AppliedPolicy>> ApplyPolicy(ApplyPolicyRequest request, BootTime deadline);

  // A peer's certificate -> who asks. It must be in the ledger with those very bytes, issued and
  // not revoked, and within its validity. Errors: kUnauthenticated "peer.unknown", "peer.revoked",
  // "peer.expired"; those of the ledger.
  Task<Result<policy::Principal>> Identify(x509::Certificate peer, BootTime deadline);

  // The SHA-256 of an enrolment token -> its holder. One that is spent, or has expired after a use,
  // still says who asks: for what is decided with the record. Errors: kUnauthenticated
  // "enrolment.unknown", "enrolment.expired", "enrolment.revoked"; those of the ledger.
  Task<Result<policy::Principal>> IdentifyToken(Hash256 token_hash, BootTime deadline);

 private:
  struct Application;
  // What a renewal asks for, however its holder was known.
  struct RenewalWish {
    Bytes csr_der;
    std::optional<Seconds> lifetime;
    std::optional<Uuid> request_id;
    std::optional<Seconds> expired_for{};  // since the parent's end; nothing: it has not ended
  };
  // A certificate that many are revoked with, as it was found.
  struct FoundCertificate {
    policy::NamedCertificate name;
    RevocationTarget target;
  };
  // The same answer as for a serial that does not exist: nobody learns what others hold.
  static Error NoSuchCertificate();
  // Principal::request_scope of a lineage's holders.
  static std::string ScopeOf(const Uuid& lineage);
  // That the principal's certificate, where it shows one, is not superseded. A denial is noted.
  Task<Status> RequireCurrent(const policy::Principal& principal, BootTime deadline);
  // Whether the principal has a role that does. A denial of RequireCurrent's where it has.
  Task<Result<bool>> SeesAll(const policy::Principal& principal, BootTime deadline);
  Task<Result<KnownPeer>> Know(const x509::Certificate& peer, BootTime deadline);
  Task<Result<KnownPeer>> FindPeer(const x509::Certificate& peer, BootTime deadline);
  Task<Status> NoteUse(const KnownPeer& peer, UseKind kind, BootTime deadline);
  Task<Status> ReactToCopiedKey(KnownPeer peer, BootTime deadline);
  uint32_t RenewalsPerHour(const std::string& profile) const;
  Status TakeRenewal(const std::string& whose, uint32_t per_hour);
  Result<Application> ReadRenewal(const RenewalWish& wish, const KnownPeer& holder) const;
  Task<Result<IssuedCertificate>> RenewAs(KnownPeer holder, RenewalWish wish, BootTime deadline);
  Result<Application> ReadEnrolment(const IssueRequest& request) const;
  Result<Application> ReadApplication(const IssueRequest& request) const;
  std::set<Hash256> OwnKeys() const;  // nobody else's
  Task<Result<IssuedCertificate>> Carry(Application application, BootTime deadline);
  Task<Result<IssuedCertificate>> Attempt(const Application& application, uint16_t attempt,
                                          BootTime deadline);
  Task<Result<IssuedCertificate>> Resume(const Application& application, PriorAttempt prior,
                                         BootTime deadline);
  Task<Result<IssuedCertificate>> Conclude(const Application& application,
                                           const policy::IssuanceGrant& grant, RecordedTbs record,
                                           BootTime deadline);
  Task<Result<IssuedCertificate>> GiveUp(RecordedTbs record, BootTime deadline);
  Task<Result<IssuedCertificate>> SettleSigned(const Application& application, RecordedTbs record,
                                               Bytes signature, BootTime deadline);
  Task<Result<Outcome>> Abandon(const RecordedTbs& record, BootTime deadline);
  Status StillServes(const Application& application, const policy::IssuanceGrant& grant,
                     const RecordedTbs& record) const;
  Result<IssuedCertificate> Release(const RecordedTbs& record, const SignedOutcome& outcome) const;
  Status CheckPolicyText(const std::string& text) const;
  bool NeedsTwoPersons(const StoredBasis& in_force) const;
  Task<Result<AppliedPolicy>> ApplyOnce(ApplyPolicyRequest request, BootTime deadline);
  Task<Result<std::vector<FoundCertificate>>> FindAll(policy::MassRevocation revocation,
                                                      BootTime deadline);
  Task<Result<FoundCertificate>> FindToRevoke(policy::NamedCertificate name,
                                              RevocationReason reason, BootTime deadline);
  Task<Status> CheckChange(policy::Principal principal, policy::PolicyChange change,
                           BootTime deadline);
  Task<Result<ProposalRecord>> FindProposal(Uuid proposal, BootTime deadline);
  Task<Result<ApprovalReceipt>> Execute(ProposalRecord proposal, policy::Principal approver,
                                        BootTime deadline);
  Status RequireTwoPersons(const ProposalRecord& proposal, const policy::Principal& approver,
                           const policy::Authorizer& authorizer);
  Task<Result<std::optional<CertificateRecord>>> Find(std::string issuer, x509::SerialNumber serial,
                                                      Reading reading, BootTime deadline);
  Result<ShownCertificate> Shown(CertificateRecord record) const;
  Result<lint::LintedTbs> MakeDraft(const Issuer& issuer, const policy::IssuanceGrant& grant,
                                    const x509::ProvenKey& key) const;
  struct Draft {
    const Issuer* issuer;
    lint::LintedTbs tbs;
    std::vector<Violation> passed_over{};  // issuers before it, and why they cannot
  };
  // Of the first that can. Error: the first one's.
  Result<Draft> DraftFor(const std::vector<const Issuer*>& issuers,
                         const policy::IssuanceGrant& grant, const x509::ProvenKey& key) const;
  IssuanceExplanation ExplainFor(const IssueRequest& request, const policy::Authorizer& authorizer);
  Task<Status> ExplainSuperseded(IssuanceExplanation& out, const policy::Principal& principal,
                                 BootTime deadline);
  Task<Status> ExplainKeyClaim(IssuanceExplanation& out, const std::string& profile,
                               const policy::Authorizer& authorizer, BootTime deadline);
  void NoteIfDenied(const std::string& principal, const Asked& asked, const Error& error);
  void NoteDenial(const std::string& principal, const Asked& asked, const Error& error);

  const Issuer* IssuerOf(IssuerId id) const;
  const std::string& DefaultIssuer() const { return parts_.issuers.front()->name(); }
  // Those of this server that the policy names, in its order. Error: kFailedPrecondition
  // "policy.issuer-unknown".
  Result<std::vector<const Issuer*>> PoolFor(const policy::IssuanceGrant& grant) const;
  // Who may sign now: those in service, else those that are out. Error: also kSignerUnavailable
  // "signer.quarantined".
  Result<std::vector<const Issuer*>> IssuersFor(const policy::IssuanceGrant& grant) const;
  // Whether another issuer of the pool is in service.
  bool AnotherCouldSign(const policy::IssuanceGrant& grant, const Issuer& issuer) const;

  Parts parts_;
  PeerCache peers_;
  RateLimiter renewals_;  // by lineage, and by certificate
  mutable std::mutex own_keys_mutex_;
  std::set<Hash256> own_keys_;  // beside those of the CA certificates
};

}  // namespace mayfly::issuance
