#include "rpc/server.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <future>
#include <set>
#include <tuple>

#include "grpc/health/v1/health.grpc.pb.h"
#include "mayfly/ca/v1/certificate_authority.grpc.pb.h"
#include "rpc/access.h"
#include "rpc/handshake_refusals.h"
#include "rpc/peer.h"
#include "rpc/service.h"
#include "tests/unit/rpc/server_fixture.h"

namespace mayfly::rpc {
namespace {

TEST_F(Server, ExplainsWhatItWasAsked) {
  auto client = Connect("client");
  ASSERT_TRUE(client);
  const auto told =
      (*client)->Explain({.csr_der = Bytes{1}, .profile = "server", .lifetime = Seconds(70)},
                         {.id = "dns:web.internal"});
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->granted());
  EXPECT_EQ(told->principal(), "dns:web.internal");
  EXPECT_EQ(told->policy_version(), 4);
  ASSERT_EQ(told->rule_trials_size(), 2);
  EXPECT_EQ(told->rule_trials(0).outcome(), ca::v1::RuleTrial::OUTCOME_OTHER_PRINCIPAL);
  EXPECT_EQ(told->rule_trials(1).outcome(), ca::v1::RuleTrial::OUTCOME_GRANTS);
  EXPECT_EQ(told->rule_trials(1).subject_alt_names(0), "DNS:web.internal");
  ASSERT_EQ(told->findings_size(), 2);
  EXPECT_EQ(told->findings(0).rule(), "key.type");
  EXPECT_EQ(told->findings(0).severity(), ca::v1::Finding::SEVERITY_ERROR);
  EXPECT_EQ(told->findings(0).clause(), "");
  EXPECT_EQ(told->findings(1).severity(), ca::v1::Finding::SEVERITY_WARNING);
  EXPECT_NE(told->findings(1).clause(), "");
  EXPECT_EQ(told->lifetime().requested().seconds(), 70);
  EXPECT_FALSE(told->lifetime().has_granted());
  EXPECT_EQ((*client)->Explain({.csr_der = Bytes{1}, .profile = "server"}, {})->principal(),
            "dns:localhost");
  EXPECT_EQ((*client)
                ->Explain({.csr_der = Bytes{1}, .profile = "server"},
                          {.id = "jwt:cluster:a",
                           .claims = {{"namespace", "prod"}},
                           .names = {*x509::GeneralName::Dns("b.internal")}})
                ->principal(),
            "jwt:cluster:a namespace=prod DNS:b.internal");
  EXPECT_EQ((*client)->Explain({.csr_der = {}, .profile = "server"}, {}).error().rule, "csr.size");
}

TEST_F(Server, ShowsAndAppliesThePolicy) {
  auto client = Connect("client");
  ASSERT_TRUE(client);
  const auto shown = (*client)->Policy();
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->version(), 4);
  EXPECT_EQ(shown->decision(), 9);
  EXPECT_EQ(shown->policy_text(), "operators = []");
  const auto applied = (*client)->ApplyPolicy("in force", 4);
  ASSERT_TRUE(applied);
  EXPECT_EQ(applied->version(), 4);
  EXPECT_TRUE(applied->already_in_force());
  const auto refused = (*client)->ApplyPolicy("rules = 1", std::nullopt);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  ASSERT_EQ(refused.error().violations.size(), 1u);
  EXPECT_EQ(refused.error().violations[0].field, "policy_text:3");
  EXPECT_EQ(refused.error().violations[0].rule, "config.unknown-key");
}

TEST_F(Server, AppliesAPolicyOnTheVersionThatIsSaid) {
  auto client = Connect("client");
  ASSERT_TRUE(client);
  EXPECT_EQ((*client)->ApplyPolicy("in force", 3).error().rule, "policy.outdated");
  EXPECT_EQ((*client)->ApplyPolicy("in force", 3).error().code, ErrorCode::kConflict);
  EXPECT_EQ((*client)->ApplyPolicy("in force", -1).error().rule, "policy.base-version");
}

TEST_F(Server, ProposesShowsAndListsProposals) {
  auto client = Connect("client");
  ASSERT_TRUE(client);
  ca::v1::CreateProposalRequest request;
  EXPECT_EQ((*client)->Propose(request).error().rule, "proposal.payload");
  request.mutable_policy_change()->set_base_version(-1);
  EXPECT_EQ((*client)->Propose(request).error().rule, "policy.base-version");
  request.mutable_policy_change()->set_base_version(7);
  request.mutable_policy_change()->set_policy_text("admins = []");
  const auto made = (*client)->Propose(request);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->name(), "proposals/" + AnyUuid().ToString());
  EXPECT_EQ(made->policy_change().policy_text(), "admins = []");
  EXPECT_EQ(made->state(), ca::v1::Proposal::STATE_OPEN);
  EXPECT_EQ(made->proposer(), "dns:localhost");
  EXPECT_EQ(made->payload_sha256(),
            ToHex(policy::PayloadHash(policy::PolicyChange{"admins = []", 7})));
  EXPECT_EQ((*client)->Proposal(made->name())->policy_change().base_version(), 4);
  EXPECT_EQ((*client)->Proposal("proposals/latest").error().rule, "name.proposal");
  ca::v1::ListProposalsRequest list;
  EXPECT_EQ((*client)->Proposals(list)->proposals_size(), 1);
  list.set_with_ended(true);
  ASSERT_EQ((*client)->Proposals(list)->proposals_size(), 2);
  EXPECT_EQ((*client)->Proposals(list)->proposals(1).ended_by(), "dns:other");
  EXPECT_EQ((*client)->Withdraw(made->name())->ended_by(), "dns:localhost");
}

TEST_F(Server, ListsProposalsAPageAtATime) {
  auto client = Connect("client");
  ASSERT_TRUE(client);
  ca::v1::ListProposalsRequest list;
  list.set_with_ended(true);
  list.set_page_size(1);
  const auto first = (*client)->Proposals(list);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->proposals_size(), 1);
  EXPECT_EQ(first->proposals(0).state(), ca::v1::Proposal::STATE_OPEN);
  list.set_page_token(first->next_page_token());
  const auto second = (*client)->Proposals(list);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->proposals(0).ended_by(), "dns:other");
  EXPECT_TRUE(second->next_page_token().empty());
  list.set_with_ended(false);
  EXPECT_EQ((*client)->Proposals(list).error().rule, "list.page-token") << "of another list";
  list.clear_page_token();
  list.set_page_size(-1);
  EXPECT_EQ((*client)->Proposals(list).error().rule, "list.page-size");
  for (const auto& [asked, given] :
       {std::pair(0, 100u), std::pair(1000, 1000u), std::pair(1001, 1000u)}) {
    list.set_page_size(asked);
    ASSERT_TRUE((*client)->Proposals(list));
    EXPECT_EQ(use_cases_.proposal_queries.back().count_max, given);
  }
}

TEST_F(Server, ApprovesByTheHashOfThePayload) {
  auto client = Connect("client");
  ASSERT_TRUE(client);
  const std::string name = "proposals/" + AnyUuid().ToString();
  const policy::MassRevocation payload{{{"issuing-1", (*client)->certificate()->tbs().serial()}},
                                       RevocationReason::kKeyCompromise};
  EXPECT_EQ((*client)->Approve(name, Hash256{}).error().rule, "approval.payload");
  EXPECT_EQ((*client)->Approve(name, Hash256{}).error().code, ErrorCode::kFailedPrecondition);
  const auto approved = (*client)->Approve(name, policy::PayloadHash(payload));
  ASSERT_TRUE(approved);
  EXPECT_EQ(approved->proposal().state(), ca::v1::Proposal::STATE_EXECUTED);
  EXPECT_EQ(approved->proposal().mass_revocation().certificate_count(), 1);
  EXPECT_EQ(approved->good_answers_expire_time().seconds(), 2000);
}

TEST_F(Server, RevokesAThousandAtMost) {
  auto client = Connect("client");
  ASSERT_TRUE(client);
  ca::v1::BatchRevokeCertificatesRequest request;
  EXPECT_EQ((*client)->RevokeAll(request).error().rule, "revocation.count");
  for (int i = 0; i < 1000; ++i) request.add_names("issuers/issuing-1/certificates/21");
  request.set_reason(ca::v1::REVOCATION_REASON_SUPERSEDED);
  const auto revoked = (*client)->RevokeAll(request);
  ASSERT_TRUE(revoked);
  EXPECT_EQ(revoked->revocations_size(), 1000);
  EXPECT_EQ(revoked->revocations(0).revocation().reason(), ca::v1::REVOCATION_REASON_SUPERSEDED);
  request.add_names("issuers/issuing-1/certificates/21");
  EXPECT_EQ((*client)->RevokeAll(request).error().rule, "revocation.count");
  request.clear_names();
  for (const char* name : {"issuers/-/certificates/21", "21", "issuers/a/certificates/2x"}) {
    request.add_names(name);
  }
  const auto refused = (*client)->RevokeAll(request);
  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().violations.size(), 2u);
  EXPECT_EQ(refused.error().violations[0].field, "names[1]");
}

TEST_F(Server, WhatCannotBeReadIsNoted) {
  auto client = Connect("client");
  ASSERT_TRUE(client);
  client::IssueWish wish;
  wish.profile = std::string(64, 'a');
  wish.csr_der = {1};
  EXPECT_EQ((*client)->Issue(wish).error().rule, "request.profile");
  EXPECT_EQ((*client)->Renew({}, std::nullopt).error().rule, "csr.size");
  std::lock_guard lock(use_cases_.mutex);
  ASSERT_EQ(use_cases_.unreadable.size(), 2u);
  EXPECT_EQ(use_cases_.unreadable[0].rule, "request.profile");
}

TEST_F(Server, RenewsAndAcknowledges) {
  auto client = Connect("client");
  ASSERT_TRUE(client);
  const Bytes csr = {1, 2, 3};
  const auto renewed = (*client)->Renew(csr, Seconds(60));
  ASSERT_TRUE(renewed);
  // The fake gives back what it was called with: the caller's own certificate, and the CSR.
  EXPECT_EQ(renewed->certificate().certificate_der(), ToString((*client)->certificate()->der()));
  EXPECT_EQ(renewed->issuer_chain_der(0), ToString(csr));
  const std::string serial = "/certificates/" + renewed->certificate().serial_number();
  EXPECT_TRUE((*client)->Acknowledge("issuers/issuing-1" + serial));
  EXPECT_EQ((*client)->Acknowledge("issuers/other" + serial).error().rule, "certificate.not-found");
  EXPECT_FALSE((*client)->Acknowledge("nothing"));
}

TEST_F(Server, GivesTheAuditLogsFilesAndProofs) {
  auto client = Connect("client");
  ASSERT_TRUE(client);
  EXPECT_EQ(ToString(*(*client)->ReadAuditLog("checkpoint")), "a checkpoint");
  EXPECT_EQ((*client)->ReadAuditLog("other").error().code, ErrorCode::kNotFound);
  client::IssueWish wish{.csr_der = {1, 2, 3}, .profile = "server"};
  EXPECT_FALSE((*client)->Issue(wish)->has_inclusion_proof());
  wish.with_proof = client::WithProof::kYes;
  const auto issued = (*client)->Issue(wish);
  ASSERT_TRUE(issued);
  EXPECT_EQ(issued->inclusion_proof().tlog_proof(), "a proof");
  EXPECT_EQ(issued->inclusion_proof().entry(), "\x04\x05");
}

TEST_F(Server, ListsEventsPageByPage) {
  auto client = Connect("client");
  ASSERT_TRUE(client);
  ca::v1::ListEventsRequest request;
  request.set_page_size(2);
  const auto first = (*client)->Events(request);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->events_size(), 2);
  EXPECT_EQ(first->events(0).principal(), "dns:n3");
  const auto& detail = first->events(0).detail().fields();
  EXPECT_EQ(detail.at("names").list_value().values(0).string_value(), "DNS:a");
  request.set_page_token(first->next_page_token());
  const auto second = (*client)->Events(request);
  ASSERT_TRUE(second);
  ASSERT_EQ(second->events_size(), 1);
  EXPECT_EQ(second->events(0).principal(), "dns:n1");
  EXPECT_EQ(second->next_page_token(), "");
  request.set_filter("kind = denial");  // another list
  EXPECT_EQ((*client)->Events(request).error().rule, "list.page-token");
}

TEST_F(Server, ListsAlerts) {
  auto client = Connect("client");
  ASSERT_TRUE(client);
  const auto found = (*client)->Alerts(2);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->total_size(), 3);
  EXPECT_EQ(found->ticks_behind(), 1);
  ASSERT_EQ(found->alerts_size(), 2);
  const ca::v1::Alert& alert = found->alerts(0);
  EXPECT_EQ(alert.kind(), ca::v1::Alert::KIND_RENEWAL_OVERDUE);
  EXPECT_EQ(alert.certificate(), "issuers/issuing-1/certificates/21");
  EXPECT_EQ(alert.subject_alt_names(0), "DNS:web.internal");
  EXPECT_EQ(alert.since_time().seconds(), 5);
  EXPECT_EQ((*client)->Alerts(-1).error().rule, "list.page-size");
}

TEST_F(Server, ListsPageByPage) {
  auto stub = ca::v1::CertificateAuthorityService::NewStub(Channel("client"));
  ca::v1::ListCertificatesRequest request;
  request.set_parent("issuers/-");
  request.set_filter("profile = server");
  request.set_page_size(2);
  ca::v1::ListCertificatesResponse page;
  grpc::ClientContext first, second, third;
  ASSERT_TRUE(stub->ListCertificates(&first, request, &page).ok());
  EXPECT_EQ(page.certificates_size(), 1);
  EXPECT_EQ(page.certificates(0).state(), ca::v1::Certificate::STATE_ACTIVE);
  request.set_page_token(page.next_page_token());
  request.set_page_size(3);  // may change
  ASSERT_TRUE(stub->ListCertificates(&second, request, &page).ok());
  EXPECT_EQ(page.next_page_token(), "");
  ASSERT_EQ(use_cases_.lists.size(), 2u);
  EXPECT_EQ(use_cases_.lists[0].filter.profile, "server");
  EXPECT_EQ(use_cases_.lists[0].principal.id, "dns:localhost");
  EXPECT_EQ(use_cases_.lists[0].after, std::nullopt);
  EXPECT_EQ(use_cases_.lists[1].count_max, 3u);
  EXPECT_EQ(use_cases_.lists[1].after->not_after, TimePoint(Seconds(5)));
  EXPECT_EQ(use_cases_.lists[1].after->key.serial, Load(pki_).tbs().serial());
  request.set_filter("profile = client");  // may not
  const auto refused = stub->ListCertificates(&third, request, &page);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Log().back().rule, "list.page-token");
}

TEST_F(Server, Issues) {
  const auto issued = Issue();
  ASSERT_TRUE(issued) << Describe(issued.error(), ErrorText::kForLog);
  const auto& certificate = issued->certificate();
  EXPECT_EQ(certificate.name(), "issuers/issuing-1/certificates/" + certificate.serial_number());
  EXPECT_EQ(certificate.state(), ca::v1::Certificate::STATE_ACTIVE);
  EXPECT_EQ(certificate.generation(), 3);
  EXPECT_EQ(certificate.subject_alt_names_size(), 2);
  EXPECT_EQ(certificate.sha256_fingerprint().size(), 64u);
  EXPECT_GT(certificate.not_after_time().seconds(), certificate.not_before_time().seconds());
  EXPECT_EQ(issued->issuer_chain_der(0), "\x01\x02");
  ASSERT_EQ(Log().size(), 1u);
  EXPECT_EQ(Log()[0].method, "IssueCertificate");
  EXPECT_EQ(Log()[0].principal, "dns:localhost");
  EXPECT_EQ(Log()[0].subject, certificate.name());
  EXPECT_FALSE(Log()[0].code);
}

TEST_F(Server, ErrorsReachTheClientWhole) {
  Error denied = Fail(ErrorCode::kPolicyDenied, "policy.name", "not granted");
  denied.violations = {{"policy.name", "DNS:a.internal", "no rule"}};
  denied.detail = "for the log";
  use_cases_.failures = {denied};
  const auto issued = Issue();
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().code, ErrorCode::kPolicyDenied);
  EXPECT_EQ(issued.error().rule, "policy.name");
  EXPECT_EQ(issued.error().message, "not granted");
  EXPECT_EQ(issued.error().violations, denied.violations);
  EXPECT_EQ(Log().at(0).rule, "policy.name");
  EXPECT_NE(Log().at(0).error.find("for the log"), std::string::npos);
}

TEST_F(Server, ARetryHasTheSameRequestId) {
  Error away = Fail(ErrorCode::kCommitInDoubt, "ledger.in-doubt", "again");
  away.retry_after = Milliseconds(20);
  use_cases_.failures = {away, away};
  ASSERT_TRUE(Issue());
  ASSERT_EQ(use_cases_.requests.size(), 3u);
  ASSERT_TRUE(use_cases_.requests[0].request_id);
  EXPECT_EQ(use_cases_.requests[0].request_id, use_cases_.requests[1].request_id);
  EXPECT_EQ(use_cases_.requests[0].request_id, use_cases_.requests[2].request_id);
  ASSERT_TRUE(Issue());
  EXPECT_NE(use_cases_.requests[0].request_id, use_cases_.requests[3].request_id);
}

TEST_F(Server, ShowsAndRevokes) {
  const auto client = Connect("client");
  ASSERT_TRUE(client);
  const std::string name = client::AnyIssuerName((*client)->certificate()->tbs().serial());
  const auto shown = (*client)->Get(name);
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->state(), ca::v1::Certificate::STATE_ACTIVE);
  const auto revoked = (*client)->Revoke(name, ca::v1::REVOCATION_REASON_KEY_COMPROMISE);
  ASSERT_TRUE(revoked);
  EXPECT_EQ(revoked->certificate().state(), ca::v1::Certificate::STATE_REVOKED);
  EXPECT_EQ(revoked->certificate().revocation().reason(), ca::v1::REVOCATION_REASON_KEY_COMPROMISE);
  EXPECT_EQ(revoked->good_answers_expire_time().seconds(), 2000);
  EXPECT_TRUE(revoked->already_revoked());
  EXPECT_EQ((*client)->Get("issuers/other/certificates/21").error().code, ErrorCode::kNotFound);
  EXPECT_EQ((*client)->Get("nonsense").error().rule, "name.certificate");
}

TEST_F(Server, TwoCredentialsAreOneTooMany) {
  const auto stub = ca::v1::CertificateAuthorityService::NewStub(Channel("client"));
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer x");
  ca::v1::TrustBundle response;
  ca::v1::GetTrustBundleRequest request;
  EXPECT_EQ(stub->GetTrustBundle(&context, request, &response).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Log().back().rule, "peer.two-credentials");
}

bool TakesCertificate(const v1::MethodAccess& access) {
  return (access.credentials & 1u << v1::CREDENTIAL_CERTIFICATE) != 0;
}

// Every method of the service, asked by somebody without its role.
TEST_F(Server, NoHandlerIsReachedWithoutARole) {
  use_cases_.roles = {};
  const auto* service = ca::v1::IssueCertificateRequest::descriptor()->file()->service(0);
  grpc::GenericStub stub(Channel("client"));
  for (int i = 0; i < service->method_count(); ++i) {
    const std::string method = service->method(i)->name();
    grpc::ClientContext context;
    const grpc::Slice nothing;
    grpc::ByteBuffer request(&nothing, 1), response;
    std::promise<grpc::Status> done;
    stub.UnaryCall(&context, "/" + service->full_name() + "/" + method, grpc::StubOptions(),
                   &request, &response, [&](grpc::Status status) { done.set_value(status); });
    const bool is_served = TakesCertificate(ca::v1::kAccessTable[i]);
    EXPECT_EQ(done.get_future().get().error_code(),
              is_served ? grpc::StatusCode::PERMISSION_DENIED : grpc::StatusCode::UNAUTHENTICATED)
        << method;
    EXPECT_EQ(Log().back().method, method);
    EXPECT_EQ(Log().back().rule, is_served ? "policy.role" : "peer.listener");
    EXPECT_EQ(Log().back().principal, is_served ? "dns:localhost" : "");
  }
  std::vector<policy::Roles> needed;
  for (const v1::MethodAccess& access : ca::v1::kAccessTable) {
    if (TakesCertificate(access)) needed.push_back(NeededRoles(access));
  }
  ASSERT_EQ(use_cases_.asked.size(), needed.size());
  for (size_t i = 0; i < needed.size(); ++i) EXPECT_EQ(use_cases_.asked[i].second, needed[i]);
}

TEST_F(Server, WhatWasRefusedIsInTheLog) {
  use_cases_.roles = {};
  const auto client = Connect("client");
  ASSERT_TRUE(client);
  EXPECT_EQ((*client)->Get("issuers/-/certificates/21").error().rule, "policy.role");
  EXPECT_EQ(Log().back().subject, "issuers/-/certificates/21");
  EXPECT_EQ(Issue().error().rule, "policy.role");
  EXPECT_EQ(Log().back().profile, "server");
  EXPECT_FALSE(Log().back().request_id.empty());
}

TEST_F(Server, GivesTheTrustBundle) {
  const auto client = Connect("client");
  ASSERT_TRUE(client);
  const auto bundle = (*client)->TrustBundle();
  ASSERT_TRUE(bundle);
  EXPECT_EQ(bundle->name(), "trustBundles/mayfly.internal");
  EXPECT_EQ(bundle->root_certificates_der_size(), 1);
  EXPECT_EQ(bundle->sequence_number(), 7);
}

TEST_F(Server, AForeignCertificateFailsInTheHandshake) {
  pki_.Make("stranger", "foreign", "clientAuth");
  const auto client = Connect("stranger", Milliseconds(1500));
  ASSERT_TRUE(client);
  EXPECT_EQ((*client)->TrustBundle().error().rule, "client.unreachable");
  EXPECT_TRUE(Log().empty());
}

// What gRPC logs is all there is; this test says whether its words are still those.
class Handshakes : public Server {
 protected:
  Handshakes() {
    ListenToGrpcLog({[this](HandshakeRefusal refusal, std::string_view) {
                       std::lock_guard lock(mutex_);
                       refusals_.insert(refusal);
                     },
                     [](std::string_view) {}});
  }
  ~Handshakes() override { IgnoreGrpcLog(); }
  // openssl as a client of the server, with these options.
  void Handshake(const std::string& options) {
    const std::string command = "cd " + pki_.File("").string() +
                                " && (sleep 1) | openssl s_client " +
                                "-connect 127.0.0.1:" + std::to_string(server_->ports().at(0)) +
                                " " + options + " >s_client.log 2>&1";
    std::ignore = system(command.c_str());
  }
  std::set<HandshakeRefusal> Refusals() {
    std::lock_guard lock(mutex_);
    return refusals_;
  }

 private:
  std::set<HandshakeRefusal> refusals_;
};

TEST_F(Handshakes, WithoutACertificate) {
  Handshake("-alpn h2");
  EXPECT_EQ(Refusals(), std::set{HandshakeRefusal::kNoCertificate});
}

TEST_F(Handshakes, WithAForeignCertificate) {
  pki_.Make("stranger", "foreign", "clientAuth");
  Handshake("-alpn h2 -cert stranger.crt -key stranger.key");
  EXPECT_EQ(Refusals(), std::set{HandshakeRefusal::kCertificateRefused});
}

TEST_F(Handshakes, ByAClientThatTrustsAnotherCa) {
  Handshake("-alpn h2 -cert client.crt -key client.key -CAfile foreign.crt -verify_return_error");
  EXPECT_EQ(Refusals(), std::set{HandshakeRefusal::kClientRefused});
}

TEST_F(Handshakes, InAnOldVersionOfTls) {
  Handshake("-tls1_1 -cipher DEFAULT:@SECLEVEL=0");
  EXPECT_EQ(Refusals(), std::set{HandshakeRefusal::kNotTls});
}

TEST_F(Handshakes, AGoodOneIsNotCounted) {
  ASSERT_TRUE(Issue());
  EXPECT_EQ(Refusals(), std::set<HandshakeRefusal>());
}

TEST_F(Server, AnExpiredCertificateIsToldAtOnce) {
  pki_.Make("old", "ca", "clientAuth", 0);
  std::this_thread::sleep_for(Seconds(2));
  const auto client = Connect("old");
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().rule, "client.certificate-expired");
}

TEST_F(Server, AMessageAtTheLimitAndOnePast) {
  ca::v1::IssueCertificateRequest message;
  message.set_profile("server");
  message.set_request_id(AnyUuid().ToString());
  constexpr int kMessageBytesMax = LimitsFor(Callers::kWithCertificate).message_bytes_max;
  constexpr size_t kNearly = kMessageBytesMax - 1000;
  message.set_csr_der(std::string(kNearly, 'x'));
  const size_t around = message.ByteSizeLong() - kNearly;
  const auto client = Connect("client");
  ASSERT_TRUE(client);
  const auto rule = [&](size_t bytes) {
    return (*client)->Issue({.csr_der = Bytes(bytes - around), .profile = "server"}).error().rule;
  };
  EXPECT_EQ(rule(kMessageBytesMax), "csr.size");
  EXPECT_EQ(rule(kMessageBytesMax + 1), "client.status");
}

TEST_F(Server, HealthFollowsTheDrain) {
  auto stub = grpc::health::v1::Health::NewStub(Channel("client"));
  grpc::health::v1::HealthCheckRequest request;
  grpc::health::v1::HealthCheckResponse response;
  for (const char* service : {"", "mayfly.ca.v1.CertificateAuthorityService"}) {
    grpc::ClientContext context;
    request.set_service(service);
    ASSERT_TRUE(stub->Check(&context, request, &response).ok());
    EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING) << service;
  }
  grpc::ClientContext context;
  const auto watch = stub->Watch(&context, request);
  ASSERT_TRUE(watch->Read(&response));
  auto drain = std::async(std::launch::async, [this] { server_->Drain(Milliseconds(5000)); });
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  context.TryCancel();
  drain.get();
}

TEST_F(Server, TheClientRefusesAForeignServer) {
  const auto client =
      client::Client::Connect({.server = "localhost:" + std::to_string(server_->ports().at(0)),
                               .trust = pki_.File("foreign.crt"),
                               .certificate = pki_.File("client.crt"),
                               .private_key = pki_.File("client.key"),
                               .retry = {.overall = Milliseconds(1500)}},
                              {clock_, random_});
  ASSERT_TRUE(client);
  EXPECT_EQ((*client)->TrustBundle().error().rule, "client.server-not-trusted");
}

TEST_F(Server, APortInUseIsAnError) {
  const auto second = RpcServer::Start(Parts(server_->ports().at(0)));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().rule, "listener.address");
  ASSERT_EQ(second.error().violations.size(), 1u);
}

TEST_F(Server, BadTlsFilesAreErrors) {
  const auto rule = [this](std::filesystem::path net::TlsFiles::* file, const char* name) {
    auto parts = Parts(0);
    parts.listeners[0].tls.*file = pki_.File(name);
    return RpcServer::Start(parts).error().rule;
  };
  EXPECT_EQ(rule(&net::TlsFiles::private_key, "client.key"), "listener.private-key");
  EXPECT_EQ(rule(&net::TlsFiles::certificate, "absent"), "listener.certificate");
  EXPECT_EQ(rule(&net::TlsFiles::trusted_roots, "server.key"), "listener.trusted-roots");
}

TEST_F(Server, DrainFinishesWhatIsInFlight) {
  std::promise<void> release;
  use_cases_.hold = release.get_future().share();
  auto call = std::async(std::launch::async, [this] { return Issue().has_value(); });
  while (service_->in_flight() == 0) std::this_thread::yield();
  auto drain = std::async(std::launch::async, [this] { server_->Drain(Milliseconds(10'000)); });
  EXPECT_EQ(drain.wait_for(Milliseconds(200)), std::future_status::timeout);
  release.set_value();
  EXPECT_TRUE(call.get());
  drain.get();
  EXPECT_FALSE(Issue(Milliseconds(500)));
}

TEST_F(Server, AClientThatLeavesDoesNotHarm) {
  std::promise<void> release;
  use_cases_.hold = release.get_future().share();
  EXPECT_EQ(Issue(Milliseconds(300)).error().code, ErrorCode::kDeadlineExceeded);
  release.set_value();
  use_cases_.hold = {};
  EXPECT_TRUE(Issue());
}

}  // namespace
}  // namespace mayfly::rpc
