#include "rpc/service.h"

#include <grpcpp/server_context.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "issuance/rate_limiter.h"
#include "mayfly/ca/v1/certificate_authority.grpc.pb.h"
#include "rpc/access.h"
#include "rpc/convert.h"
#include "rpc/host_places.h"
#include "rpc/not_served.h"
#include "rpc/page_token.h"
#include "rpc/peer.h"
#include "rpc/proposal_calls.h"
#include "rpc/resource_name.h"
#include "rpc/status.h"
#include "rpc/turns.h"

namespace mayfly::rpc {
namespace {

// One call on its way through.
struct Call {
  grpc::CallbackServerContext* context;
  grpc::ServerUnaryReactor* reactor;
  BootTime started;
  BootTime deadline;
  RequestLogEntry entry;
  std::optional<Turns::Turn> turn{};         // while it is at work
  std::optional<HostPlaces::Place> place{};  // of a caller without a certificate
};

// By whom it is proved, not by where they call from.
bool IsKnown(const policy::Principal& principal) { return !principal.request_scope.empty(); }

// What a page token is good for: this list, for this caller.
std::string ListOf(const v1::ListEventsRequest& request, const policy::Principal& principal) {
  return "events\n" + request.filter() + '\n' + principal.id + '\n' + principal.request_scope;
}

std::string ListOf(const v1::ListCertificatesRequest& request, const policy::Principal& principal) {
  v1::ListCertificatesRequest list;
  list.set_parent(request.parent());
  list.set_filter(request.filter());
  list.set_order_by(request.order_by());
  return list.SerializeAsString() + principal.id + '\n' + principal.request_scope;
}

// What of a request stands in the log, whatever becomes of it.
template <class Request>
void NoteSubject(const Request& request, RequestLogEntry& entry) {
  if constexpr (requires { request.path(); }) entry.subject = request.path();
  if constexpr (requires { request.name(); }) entry.subject = request.name();
  if constexpr (requires { request.parent(); }) entry.subject = request.parent();
  if constexpr (requires { request.principal(); }) entry.subject = request.principal();
  if constexpr (requires { request.profile(); }) entry.profile = request.profile();
  if constexpr (requires { request.request_id(); }) entry.request_id = request.request_id();
}

}  // namespace

TurnLimits TurnLimitsOf(const CallLimits& limits) {
  const size_t in_flight = limits.in_flight_max;
  return {.at_work_max = std::max<size_t>(in_flight / 4, 1),
          .waiting_max = std::max<size_t>(in_flight / 2, 1),
          .principal_at_work_max = limits.principal_at_work_max,
          .principal_at_work_shared_max =
              std::min(limits.principal_at_work_shared_max, limits.principal_at_work_max),
          .principal_waiting_max = limits.principal_waiting_max};
}

Milliseconds TimeAllowed(std::chrono::system_clock::time_point client_deadline, TimePoint now) {
  if (client_deadline == std::chrono::system_clock::time_point::max()) return kDeadlineDefault;
  const auto left = std::chrono::duration_cast<Milliseconds>(client_deadline - now);
  return std::clamp(left, Milliseconds(0), Milliseconds(kDeadlineMax));
}

struct CertificateAuthorityService::Impl final : v1::CertificateAuthorityService::CallbackService {
  explicit Impl(ServiceParts given)
      : parts(std::move(given)),
        identification{parts.callers, parts.use_cases, parts.check_jwt, parts.check_foreign},
        page_tokens(parts.page_key, parts.random),
        rates(parts.clock),
        hosts(std::max<size_t>(parts.limits.in_flight_max / kHostsMin, 1)) {}

  template <class Request, class Response>
  using Handler = Task<Status> (Impl::*)(Call&, const Caller&, const Request&, Response&);

  grpc::ServerUnaryReactor* IssueCertificate(grpc::CallbackServerContext* context,
                                             const v1::IssueCertificateRequest* request,
                                             v1::IssueCertificateResponse* response) override {
    return Begin(context, request, response, &Impl::Issue);
  }
  grpc::ServerUnaryReactor* RenewCertificate(grpc::CallbackServerContext* context,
                                             const v1::RenewCertificateRequest* request,
                                             v1::RenewCertificateResponse* response) override {
    return Begin(context, request, response, &Impl::Renew);
  }
  grpc::ServerUnaryReactor* RenewExpiredCertificate(
      grpc::CallbackServerContext* context, const v1::RenewExpiredCertificateRequest* request,
      v1::RenewExpiredCertificateResponse* response) override {
    return Begin(context, request, response, &Impl::RenewExpired);
  }
  grpc::ServerUnaryReactor* CreateEnrolmentToken(
      grpc::CallbackServerContext* context, const v1::CreateEnrolmentTokenRequest* request,
      v1::CreateEnrolmentTokenResponse* response) override {
    return Begin(context, request, response, &Impl::CreateToken);
  }
  grpc::ServerUnaryReactor* ListEnrolmentTokens(
      grpc::CallbackServerContext* context, const v1::ListEnrolmentTokensRequest* request,
      v1::ListEnrolmentTokensResponse* response) override {
    return Begin(context, request, response, &Impl::ListTokens);
  }
  grpc::ServerUnaryReactor* RevokeEnrolmentToken(
      grpc::CallbackServerContext* context, const v1::RevokeEnrolmentTokenRequest* request,
      v1::RevokeEnrolmentTokenResponse* response) override {
    return Begin(context, request, response, &Impl::RevokeToken);
  }
  grpc::ServerUnaryReactor* AcknowledgeCertificate(
      grpc::CallbackServerContext* context, const v1::AcknowledgeCertificateRequest* request,
      v1::AcknowledgeCertificateResponse* response) override {
    return Begin(context, request, response, &Impl::Acknowledge);
  }
  grpc::ServerUnaryReactor* GetCertificate(grpc::CallbackServerContext* context,
                                           const v1::GetCertificateRequest* request,
                                           v1::Certificate* response) override {
    return Begin(context, request, response, &Impl::Get);
  }
  grpc::ServerUnaryReactor* ListCertificates(grpc::CallbackServerContext* context,
                                             const v1::ListCertificatesRequest* request,
                                             v1::ListCertificatesResponse* response) override {
    return Begin(context, request, response, &Impl::List);
  }
  grpc::ServerUnaryReactor* RevokeCertificate(grpc::CallbackServerContext* context,
                                              const v1::RevokeCertificateRequest* request,
                                              v1::RevokeCertificateResponse* response) override {
    return Begin(context, request, response, &Impl::Revoke);
  }
  grpc::ServerUnaryReactor* GetTrustBundle(grpc::CallbackServerContext* context,
                                           const v1::GetTrustBundleRequest* request,
                                           v1::TrustBundle* response) override {
    return Begin(context, request, response, &Impl::Bundle);
  }

  grpc::ServerUnaryReactor* ExplainIssuance(grpc::CallbackServerContext* context,
                                            const v1::ExplainIssuanceRequest* request,
                                            v1::ExplainIssuanceResponse* response) override {
    return Begin(context, request, response, &Impl::Explain);
  }
  grpc::ServerUnaryReactor* GetPolicy(grpc::CallbackServerContext* context,
                                      const v1::GetPolicyRequest* request,
                                      v1::Policy* response) override {
    return Begin(context, request, response, &Impl::ShowPolicy);
  }
  grpc::ServerUnaryReactor* ListEvents(grpc::CallbackServerContext* context,
                                       const v1::ListEventsRequest* request,
                                       v1::ListEventsResponse* response) override {
    return Begin(context, request, response, &Impl::Events);
  }
  grpc::ServerUnaryReactor* ListAlerts(grpc::CallbackServerContext* context,
                                       const v1::ListAlertsRequest* request,
                                       v1::ListAlertsResponse* response) override {
    return Begin(context, request, response, &Impl::Alerts);
  }
  grpc::ServerUnaryReactor* ReadAuditLog(grpc::CallbackServerContext* context,
                                         const v1::ReadAuditLogRequest* request,
                                         v1::ReadAuditLogResponse* response) override {
    return Begin(context, request, response, &Impl::ReadLog);
  }
  grpc::ServerUnaryReactor* ApplyPolicy(grpc::CallbackServerContext* context,
                                        const v1::ApplyPolicyRequest* request,
                                        v1::ApplyPolicyResponse* response) override {
    return Begin(context, request, response, &Impl::PutInForce);
  }

  grpc::ServerUnaryReactor* BatchRevokeCertificates(
      grpc::CallbackServerContext* context, const v1::BatchRevokeCertificatesRequest* request,
      v1::BatchRevokeCertificatesResponse* response) override {
    return Begin(context, request, response, &Impl::Through<ServeBatchRevoke>);
  }
  grpc::ServerUnaryReactor* CreateProposal(grpc::CallbackServerContext* context,
                                           const v1::CreateProposalRequest* request,
                                           v1::Proposal* response) override {
    return Begin(context, request, response, &Impl::Through<ServeCreateProposal>);
  }
  grpc::ServerUnaryReactor* GetProposal(grpc::CallbackServerContext* context,
                                        const v1::GetProposalRequest* request,
                                        v1::Proposal* response) override {
    return Begin(context, request, response, &Impl::Through<ServeGetProposal>);
  }
  grpc::ServerUnaryReactor* ListProposals(grpc::CallbackServerContext* context,
                                          const v1::ListProposalsRequest* request,
                                          v1::ListProposalsResponse* response) override {
    return Begin(context, request, response, &Impl::Proposals);
  }
  grpc::ServerUnaryReactor* ApproveProposal(grpc::CallbackServerContext* context,
                                            const v1::ApproveProposalRequest* request,
                                            v1::ApproveProposalResponse* response) override {
    return Begin(context, request, response, &Impl::Through<ServeApproveProposal>);
  }
  grpc::ServerUnaryReactor* WithdrawProposal(grpc::CallbackServerContext* context,
                                             const v1::WithdrawProposalRequest* request,
                                             v1::Proposal* response) override {
    return Begin(context, request, response, &Impl::Through<ServeWithdrawProposal>);
  }

  // On gRPC's thread: counts in, and off to the executor.
  template <class Request, class Response>
  grpc::ServerUnaryReactor* Begin(grpc::CallbackServerContext* context, const Request* request,
                                  Response* response, Handler<Request, Response> handler) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const BootTime now = parts.clock.BootNow();
    const Milliseconds allowed = TimeAllowed(context->deadline(), parts.clock.Now());
    auto call = std::make_shared<Call>(Call{context, reactor, now, now + allowed, {}});
    call->entry.method = v1::AccessOf<Request>::kAccess.method;
    call->entry.peer = context->peer();
    parts.connections.NoteBegun(call->entry.peer);
    NoteSubject(*request, call->entry);
    if (in_flight.fetch_add(1) >= parts.limits.in_flight_max) {
      Finish(*call, Overloaded(parts.limits.in_flight_max));
      return reactor;
    }
    // Who comes without a certificate is known only after the ledger or a signature was looked at.
    if (parts.callers == Callers::kWithoutCertificate) {
      auto place = hosts.Take(HostOf(call->entry.peer));
      if (!place) {
        Finish(*call, HostOverloaded(hosts.host_max()));
        return reactor;
      }
      call->place.emplace(*std::move(place));
    }
    parts.executor.Post([this, call = std::move(call), request, response, handler] {
      Spawn(Run(call, request, response, handler));
    });
    return reactor;
  }

  template <class Request, class Response>
  Task<void> Run(std::shared_ptr<Call> call, const Request* request, Response* response,
                 Handler<Request, Response> handler) {
    Status status = TimeIsUp();
    if (!call->context->IsCancelled() && parts.clock.BootNow() < call->deadline) {
      Task<Status> serving = Serve(*call, *request, *response, handler);
      status = co_await serving;
    }
    Finish(*call, status);
  }

  // The one way to a handler: who asks, and whether the method's declaration lets them in.
  template <class Request, class Response>
  Task<Status> Serve(Call& call, const Request& request, Response& response,
                     Handler<Request, Response> handler) {
    CO_TRY(RequireServed(v1::AccessOf<Request>::kAccess, parts.callers));
    CO_TRY_ASSIGN(policy::Principal principal, co_await Identify(call));
    CO_TRY_ASSIGN(Turns::Turn turn, co_await TakeTurn(call, principal));
    call.turn.emplace(std::move(turn));
    const BootTime deadline = call.deadline;
    if (parts.clock.BootNow() >= deadline) co_return TimeIsUp();
    CO_TRY_ASSIGN(const Caller caller,
                  co_await Admit(parts.use_cases, v1::AccessOf<Request>::kAccess,
                                 std::move(principal), deadline));
    if (IsKnown(caller.principal())) parts.connections.NoteAdmitted(call.entry.peer);
    Task<Status> handling = (this->*handler)(call, caller, request, response);
    Status status = co_await handling;
    co_return status;
  }

  // How often somebody calls, and how much at a time, is nobody else's delay.
  Task<Result<Turns::Turn>> TakeTurn(const Call& call, const policy::Principal& principal) {
    const uint32_t per_minute = parts.limits.principal_per_minute_max;
    // Those whom nobody knows are told apart by where they call from.
    const std::string who = IsKnown(principal) ? principal.request_scope : HostOf(call.entry.peer);
    if (per_minute > 0) {
      if (const auto wait = rates.Take(who, per_minute, Seconds(60))) {
        co_return TooOften(*wait, per_minute);
      }
    }
    auto turn = co_await parts.turns.Take(who, principal.proof_ends);
    co_return turn;
  }

  // Ends the call. The service may be gone once the reactor has finished.
  void Finish(Call& call, const Status& status) {
    call.turn.reset();
    call.place.reset();
    Log(call, status);
    in_flight.fetch_sub(1);
    parts.connections.NoteEnded(call.entry.peer, call.context->IsCancelled()
                                                     ? Connections::End::kGaveUp
                                                     : Connections::End::kAnswered);
    call.reactor->Finish(status ? grpc::Status::OK : ToGrpcStatus(status.error()));
  }

  void Log(Call& call, const Status& status) const {
    if (!parts.log) return;
    call.entry.duration =
        std::chrono::floor<std::chrono::microseconds>(parts.clock.BootNow() - call.started);
    if (!status) {
      call.entry.code = status.error().code;
      call.entry.rule = status.error().rule;
      call.entry.error = Describe(status.error(), ErrorText::kForLog);
    }
    parts.log(call.entry);
  }

  Task<Result<policy::Principal>> Identify(Call& call) {
    const BootTime deadline = call.deadline;
    CO_TRY_ASSIGN(policy::Principal principal,
                  co_await IdentifyCaller(identification, *call.context, deadline));
    call.entry.principal = principal.id;
    co_return principal;
  }

  // A handler that needs no more than the use cases.
  template <auto kServe, class Request, class Response>
  Task<Status> Through(Call& call, const Caller& caller, const Request& request,
                       Response& response) {
    const BootTime deadline = call.deadline;
    auto served = co_await kServe(parts.use_cases, caller, request, response, deadline);
    if constexpr (requires { response.name(); }) call.entry.subject = response.name();
    co_return served;
  }

  // The log's next round is waited for, not worked for: others have the turn meanwhile.
  Task<Status> Prove(Call& call, issuance::IssuedCertificate& issued) {
    call.turn.reset();
    const BootTime deadline = call.deadline;
    std::string issuer = issued.issuer;
    x509::SerialNumber serial = issued.facts.key.serial;
    CO_TRY_ASSIGN(issued.inclusion,
                  co_await parts.use_cases.Prove(std::move(issuer), std::move(serial), deadline));
    co_return Ok();
  }

  template <class Response>
  static void Answer(Call& call, const issuance::IssuedCertificate& issued, Response& response) {
    FromIssued(issued, response);
    call.entry.subject = response.certificate().name();
    call.entry.profile = issued.facts.profile;
    call.entry.issued = true;
  }

  Task<Status> Issue(Call& call, const Caller& caller, const v1::IssueCertificateRequest& request,
                     v1::IssueCertificateResponse& response) {
    auto wish = ToIssueRequest(request, caller.principal());
    if (!wish) {
      parts.use_cases.NoteUnreadable(caller.principal(), request.profile(), wish.error());
      co_return std::move(wish).error();
    }
    const BootTime deadline = call.deadline;
    CO_TRY_ASSIGN(issuance::IssuedCertificate issued,
                  co_await parts.use_cases.Issue(*std::move(wish), deadline));
    if (request.with_inclusion_proof()) CO_TRY(co_await Prove(call, issued));
    Answer(call, issued, response);
    co_return Ok();
  }

  Task<Status> Renew(Call& call, const Caller& caller, const v1::RenewCertificateRequest& request,
                     v1::RenewCertificateResponse& response) {
    CO_TRY_ASSIGN(x509::Certificate current, PeerCertificate(*call.context->auth_context()));
    auto wish = ToRenewRequest(request, std::move(current));
    if (!wish) {
      parts.use_cases.NoteUnreadable(caller.principal(), "", wish.error());
      co_return std::move(wish).error();
    }
    const BootTime deadline = call.deadline;
    CO_TRY_ASSIGN(issuance::IssuedCertificate issued,
                  co_await parts.use_cases.Renew(*std::move(wish), deadline));
    if (request.with_inclusion_proof()) CO_TRY(co_await Prove(call, issued));
    Answer(call, issued, response);
    co_return Ok();
  }

  // The request is its own proof, so nobody is known before it is looked at.
  Task<Status> RenewExpired(Call& call, const Caller&,
                            const v1::RenewExpiredCertificateRequest& request,
                            v1::RenewExpiredCertificateResponse& response) {
    CO_TRY_ASSIGN(issuance::RenewExpiredRequest wish, ToRenewExpiredRequest(request));
    const BootTime deadline = call.deadline;
    CO_TRY_ASSIGN(issuance::IssuedCertificate issued,
                  co_await parts.use_cases.RenewExpired(std::move(wish), deadline));
    if (request.with_inclusion_proof()) CO_TRY(co_await Prove(call, issued));
    Answer(call, issued, response);
    call.entry.principal = issued.facts.principal;
    co_return Ok();
  }

  Task<Status> CreateToken(Call& call, const Caller& caller,
                           const v1::CreateEnrolmentTokenRequest& request,
                           v1::CreateEnrolmentTokenResponse& response) {
    CO_TRY_ASSIGN(issuance::CreateTokenRequest wish,
                  ToCreateTokenRequest(request, caller.principal()));
    const BootTime deadline = call.deadline;
    CO_TRY_ASSIGN(issuance::CreatedToken created,
                  co_await parts.use_cases.CreateToken(std::move(wish), deadline));
    FromToken(created.record, *response.mutable_enrolment_token());
    response.set_token(std::move(created.secret));
    call.entry.subject = response.enrolment_token().name();
    co_return Ok();
  }

  Task<Status> ListTokens(Call& call, const Caller& caller, const v1::ListEnrolmentTokensRequest&,
                          v1::ListEnrolmentTokensResponse& response) {
    policy::Principal principal = caller.principal();
    const BootTime deadline = call.deadline;
    CO_TRY_ASSIGN(const std::vector<EnrolmentTokenRecord> tokens,
                  co_await parts.use_cases.ListTokens(std::move(principal), deadline));
    for (const EnrolmentTokenRecord& token : tokens) {
      FromToken(token, *response.add_enrolment_tokens());
    }
    co_return Ok();
  }

  Task<Status> RevokeToken(Call& call, const Caller& caller,
                           const v1::RevokeEnrolmentTokenRequest& request,
                           v1::RevokeEnrolmentTokenResponse&) {
    CO_TRY_ASSIGN(const Uuid token, ParseEnrolmentTokenName(request.name()));
    policy::Principal principal = caller.principal();
    const BootTime deadline = call.deadline;
    auto revoked = co_await parts.use_cases.RevokeToken(std::move(principal), token, deadline);
    co_return revoked;
  }

  Task<Status> Acknowledge(Call& call, const Caller& caller,
                           const v1::AcknowledgeCertificateRequest& request,
                           v1::AcknowledgeCertificateResponse&) {
    CO_TRY_ASSIGN(CertificateName name, CertificateName::Parse(request.name()));
    issuance::AcknowledgeRequest wish{caller.principal(), std::move(name.issuer),
                                      std::move(name.serial)};
    const BootTime deadline = call.deadline;
    auto acknowledged = co_await parts.use_cases.Acknowledge(std::move(wish), deadline);
    co_return acknowledged;
  }

  Task<Status> Get(Call& call, const Caller& caller, const v1::GetCertificateRequest& request,
                   v1::Certificate& response) {
    CO_TRY_ASSIGN(CertificateName name, CertificateName::Parse(request.name()));
    policy::Principal principal = caller.principal();
    const BootTime deadline = call.deadline;
    CO_TRY_ASSIGN(issuance::ShownCertificate shown,
                  co_await parts.use_cases.Show(std::move(principal), std::move(name.issuer),
                                                std::move(name.serial), deadline));
    co_return FromShown(shown, parts.clock.Now(), response);
  }

  Task<Status> List(Call& call, const Caller& caller, const v1::ListCertificatesRequest& request,
                    v1::ListCertificatesResponse& response) {
    const std::string list = ListOf(request, caller.principal());
    CO_TRY_ASSIGN(issuance::ListRequest wish, ToListRequest(request, caller.principal()));
    if (!request.page_token().empty()) {
      CO_TRY_ASSIGN(wish.after, page_tokens.Open(request.page_token(), list));
    }
    const BootTime deadline = call.deadline;
    CO_TRY_ASSIGN(issuance::CertificateList page,
                  co_await parts.use_cases.List(std::move(wish), deadline));
    const TimePoint now = parts.clock.Now();
    for (const issuance::ShownCertificate& shown : page.certificates) {
      CO_TRY(FromShown(shown, now, *response.add_certificates()));
    }
    if (page.next) response.set_next_page_token(page_tokens.Seal(*page.next, list));
    co_return Ok();
  }

  Task<Status> Events(Call& call, const Caller& caller, const v1::ListEventsRequest& request,
                      v1::ListEventsResponse& response) {
    const std::string list = ListOf(request, caller.principal());
    CO_TRY_ASSIGN(EventQuery query, ToEventQuery(request));
    if (!request.page_token().empty()) {
      CO_TRY_ASSIGN(query.after, page_tokens.OpenEvents(request.page_token(), list));
    }
    const BootTime deadline = call.deadline;
    CO_TRY_ASSIGN(const EventPage page,
                  co_await parts.use_cases.ListEvents(std::move(query), deadline));
    for (const ListedEvent& listed : page.events) {
      CO_TRY(FromEvent(listed, *response.add_events()));
    }
    if (page.next) response.set_next_page_token(page_tokens.Seal(*page.next, list));
    co_return Ok();
  }

  Task<Status> Proposals(Call& call, const Caller& caller, const v1::ListProposalsRequest& request,
                         v1::ListProposalsResponse& response) {
    return ServeListProposals(parts.use_cases, page_tokens, caller, request, response,
                              call.deadline);
  }

  Task<Status> Alerts(Call& call, const Caller&, const v1::ListAlertsRequest& request,
                      v1::ListAlertsResponse& response) {
    CO_TRY_ASSIGN(const size_t count_max, ToCountMax(request));
    const BootTime deadline = call.deadline;
    CO_TRY_ASSIGN(const AlertList list, co_await parts.use_cases.ListAlerts(count_max, deadline));
    FromAlerts(list, response);
    co_return Ok();
  }

  Task<Status> Revoke(Call& call, const Caller& caller, const v1::RevokeCertificateRequest& request,
                      v1::RevokeCertificateResponse& response) {
    CO_TRY_ASSIGN(issuance::RevokeRequest wish, ToRevokeRequest(request, caller.principal()));
    const BootTime deadline = call.deadline;
    CO_TRY_ASSIGN(issuance::RevokedCertificate revoked,
                  co_await parts.use_cases.Revoke(std::move(wish), deadline));
    co_return FromRevoked(revoked, parts.clock.Now(), response);
  }

  Task<Status> ReadLog(Call& call, const Caller&, const v1::ReadAuditLogRequest& request,
                       v1::ReadAuditLogResponse& response) {
    const BootTime deadline = call.deadline;
    std::string path = request.path();
    CO_TRY_ASSIGN(const Bytes content,
                  co_await parts.use_cases.ReadAuditLog(std::move(path), deadline));
    response.set_content(ToString(content));
    co_return Ok();
  }

  Task<Status> Bundle(Call&, const Caller&, const v1::GetTrustBundleRequest& request,
                      v1::TrustBundle& response) {
    CO_TRY_ASSIGN(std::string trust_domain, ParseTrustBundleName(request.name()));
    const issuance::TrustBundle bundle = parts.use_cases.Bundle();
    if (trust_domain != "-" && trust_domain != bundle.trust_domain) {
      co_return Fail(ErrorCode::kNotFound, "trust-bundle.not-found",
                     "this CA serves the trust domain " + bundle.trust_domain + " only");
    }
    FromBundle(bundle, response);
    co_return Ok();
  }

  Task<Status> Explain(Call& call, const Caller& caller, const v1::ExplainIssuanceRequest& request,
                       v1::ExplainIssuanceResponse& response) {
    CO_TRY_ASSIGN(issuance::ExplainRequest wish, ToExplainRequest(request, caller.principal()));
    const BootTime deadline = call.deadline;
    CO_TRY_ASSIGN(const issuance::IssuanceExplanation explanation,
                  co_await parts.use_cases.Explain(std::move(wish), deadline));
    FromExplanation(explanation, response);
    co_return Ok();
  }

  Task<Status> ShowPolicy(Call& call, const Caller&, const v1::GetPolicyRequest&,
                          v1::Policy& response) {
    const BootTime deadline = call.deadline;
    CO_TRY_ASSIGN(StoredBasis stored, co_await parts.use_cases.ShowPolicy(deadline));
    response.set_version(static_cast<int64_t>(stored.policy_version));
    response.set_policy_text(std::move(stored.policy_text));
    response.set_decision(static_cast<int64_t>(stored.decision));
    co_return Ok();
  }

  Task<Status> PutInForce(Call& call, const Caller& caller, const v1::ApplyPolicyRequest& request,
                          v1::ApplyPolicyResponse& response) {
    CO_TRY_ASSIGN(issuance::ApplyPolicyRequest wish,
                  ToApplyPolicyRequest(request, caller.principal()));
    const BootTime deadline = call.deadline;
    CO_TRY_ASSIGN(const issuance::AppliedPolicy applied,
                  co_await parts.use_cases.ApplyPolicy(std::move(wish), deadline));
    response.set_version(static_cast<int64_t>(applied.version));
    response.set_already_in_force(applied.was_in_force);
    co_return Ok();
  }

  const ServiceParts parts;
  const IdentificationParts identification;
  const PageTokens page_tokens;
  issuance::RateLimiter rates;  // by Principal::request_scope
  HostPlaces hosts;
  std::atomic<size_t> in_flight = 0;
};

CertificateAuthorityService::CertificateAuthorityService(ServiceParts parts)
    : impl_(std::make_unique<Impl>(std::move(parts))) {}
CertificateAuthorityService::~CertificateAuthorityService() = default;

grpc::Service& CertificateAuthorityService::grpc_service() { return *impl_; }
size_t CertificateAuthorityService::in_flight() const { return impl_->in_flight.load(); }

}  // namespace mayfly::rpc
