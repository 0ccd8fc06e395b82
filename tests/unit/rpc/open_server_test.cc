// A listener without client certificates, with a fake behind: nobody, a token or nothing else.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/system.h"
#include "clients/cpp/client.h"
#include "clients/cpp/decode.h"
#include "clients/cpp/files.h"
#include "mayfly/ca/v1/certificate_authority.grpc.pb.h"
#include "policy/enrolment.h"
#include "rpc/access.h"
#include "rpc/server.h"
#include "rpc/service.h"
#include "tests/unit/rpc/fake_use_cases.h"
#include "tests/unit/rpc/test_pki.h"
#include "x509/digest.h"

namespace mayfly::rpc {
namespace {

// gRPC's own resolver (c-ares) leaks, and says so to LeakSanitizer at the end.
const int kNativeResolver = setenv("GRPC_DNS_RESOLVER", "native", 1);

class OpenServer : public testing::Test {
 protected:
  OpenServer() {
    service_ = std::make_unique<CertificateAuthorityService>(
        ServiceParts{Callers::kWithoutCertificate, use_cases_,
                     [this](std::string token) { return CheckJwt(token); }, nullptr, clock_, pool_,
                     random_, Hash256{7}, kLimits, turns_, connections_, nullptr});
    const RpcServerParts parts{
        Callers::kWithoutCertificate,
        {{{"127.0.0.1", 0}, {pki_.File("server.crt"), pki_.File("server.key"), {}}}},
        {&service_->grpc_service()},
        connections_,
        clock_};
    auto server = RpcServer::Start(parts);
    EXPECT_TRUE(server) << Describe(server.error(), ErrorText::kForLog);
    server_ = *std::move(server);
    stub_ = v1::CertificateAuthorityService::NewStub(grpc::CreateChannel(
        "localhost:" + std::to_string(server_->ports().at(0)),
        grpc::SslCredentials({ToString(*client::ReadFile(pki_.File("ca.crt"))), "", ""})));
  }
  static Task<Result<policy::Principal>> CheckJwt(std::string token) {
    if (token != "good.jwt") co_return Fail(ErrorCode::kUnauthenticated, "jwt.format", "no");
    co_return policy::Principal{policy::ProofOfIdentity::kJwt, "jwt:a:b", "jwt:a:b", {}};
  }
  template <class Request, class Response>
  std::string Rule(grpc::Status (v1::CertificateAuthorityService::Stub::*method)(
                       grpc::ClientContext*, const Request&, Response*),
                   const Request& request, const std::vector<std::string>& authorizations) {
    grpc::ClientContext context;
    for (const std::string& value : authorizations) context.AddMetadata("authorization", value);
    Response response;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    return status.ok() ? "ok" : client::DecodeStatus(status).rule;
  }
  std::string Bundle(const std::vector<std::string>& authorizations) {
    v1::GetTrustBundleRequest request;
    request.set_name("trustBundles/-");
    return Rule(&v1::CertificateAuthorityService::Stub::GetTrustBundle, request, authorizations);
  }
  std::string Issue(const std::vector<std::string>& authorizations) {
    v1::IssueCertificateRequest request;
    request.set_csr_der("x");
    request.set_profile("server");
    return Rule(&v1::CertificateAuthorityService::Stub::IssueCertificate, request, authorizations);
  }

  static x509::Certificate Load(const TestPki& pki) {
    const Bytes pem = *client::ReadFile(pki.File("client.crt"));
    return *x509::Certificate::FromPem(AsText(pem));
  }

  TestPki pki_;
  SystemClock clock_;
  SystemRandom random_;
  ThreadPool pool_{4};
  FakeUseCases use_cases_{Load(pki_)};
  static constexpr CallLimits kLimits{8, 8, 8, 8, 0};
  Turns turns_{TurnLimitsOf(kLimits), clock_, pool_};
  Connections connections_{64, clock_, nullptr};
  std::unique_ptr<CertificateAuthorityService> service_;
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<v1::CertificateAuthorityService::Stub> stub_;
};

TEST_F(OpenServer, KnowsNobodyAJwtOrATokenAndNothingElse) {
  const std::string secret = std::string(policy::kEnrolmentTokenPrefix) + "00";
  use_cases_.known_token = x509::Sha256(AsBytes(secret));
  EXPECT_EQ(Bundle({}), "ok");
  EXPECT_EQ(Issue({}), "peer.credential");
  for (const std::string& token : {std::string("good.jwt"), secret}) {
    EXPECT_EQ(Bundle({"Bearer " + token}), "ok");
    EXPECT_EQ(Issue({"Bearer " + token}), "ok");
  }
  EXPECT_EQ(use_cases_.requests.at(0).principal.id, "jwt:a:b");
  EXPECT_EQ(use_cases_.requests.at(1).principal.id, "enrolment:x");
  EXPECT_EQ(Bundle({"Bearer bad"}), "jwt.format");
  EXPECT_EQ(Bundle({"Bearer " + secret + "0"}), "enrolment.unknown");
  EXPECT_EQ(Bundle({"Basic good.jwt"}), "peer.authorization");
  EXPECT_EQ(Bundle({"Bearer good.jwt", "Bearer good.jwt"}), "peer.authorization");
}

TEST_F(OpenServer, GivesWhoRenewsLateAProofToo) {
  v1::RenewExpiredCertificateRequest request;
  request.set_certificate_der(ToString(Load(pki_).der()));
  request.set_csr_der("x");
  request.set_signature("y");
  request.set_request_id("01890a5d-ac96-774b-bcce-b302099a8057");
  const auto renew = [&] {
    grpc::ClientContext context;
    v1::RenewExpiredCertificateResponse response;
    const grpc::Status status = stub_->RenewExpiredCertificate(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  };
  EXPECT_FALSE(renew().has_inclusion_proof());
  request.set_with_inclusion_proof(true);
  EXPECT_EQ(renew().inclusion_proof().tlog_proof(), "a proof");
}

TEST_F(OpenServer, ServesNothingThatNeedsACertificate) {
  const v1::GetPolicyRequest request;
  EXPECT_EQ(Rule(&v1::CertificateAuthorityService::Stub::GetPolicy, request, {"Bearer bad"}),
            "peer.listener");
}

TEST_F(OpenServer, AsksForNoCertificateAndBelievesNone) {
  auto client =
      client::Client::Connect({.server = "localhost:" + std::to_string(server_->ports().at(0)),
                               .trust = pki_.File("ca.crt"),
                               .certificate = pki_.File("client.crt"),
                               .private_key = pki_.File("client.key")},
                              {clock_, random_});
  ASSERT_TRUE(client);
  EXPECT_TRUE((*client)->TrustBundle());
  EXPECT_EQ((*client)->Policy().error().rule, "peer.listener");
}

}  // namespace
}  // namespace mayfly::rpc
