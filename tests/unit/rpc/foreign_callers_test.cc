// Callers with a foreign CA's certificate beside those with ours, on one listener.
#include <fstream>

#include "clients/cpp/decode.h"
#include "mayfly/ca/v1/certificate_authority.grpc.pb.h"
#include "rpc/access.h"
#include "tests/unit/rpc/server_fixture.h"

namespace mayfly::rpc {
namespace {

class ForeignCallers : public Server {
 protected:
  ForeignCallers() {
    pki_.Make("partner", "foreign", "clientAuth");
    trusted_ = "both.crt";
    std::ofstream(pki_.File(trusted_)) << Text("ca.crt") << Text("foreign.crt");
    const auto root = *x509::Certificate::FromPem(Text("foreign.crt"));
    const Bytes theirs = ToBytes(root.tbs().fields().subject.der());
    check_foreign_ = [this, theirs](const x509::PresentedChain& chain) {
      return chain.issuer() == theirs ? std::optional(answer_) : std::nullopt;
    };
    Start({8, 8, 8, 8, 0});
  }
  std::string Text(const std::string& name) const {
    return ToString(*client::ReadFile(pki_.File(name)));
  }

  Result<policy::Principal> answer_ = policy::Principal{
      policy::ProofOfIdentity::kForeignCertificate, "foreign:partner:dns:localhost", "scope", {}};
};

TEST_F(ForeignCallers, AreWhoTheCheckSays) {
  auto partner = Connect("partner");
  ASSERT_TRUE(partner);
  ASSERT_TRUE((*partner)->Issue({.csr_der = Bytes{1}, .profile = "server"}));
  ASSERT_TRUE(Issue());
  ASSERT_EQ(use_cases_.requests.size(), 2u);
  EXPECT_EQ(use_cases_.requests[0].principal.id, "foreign:partner:dns:localhost");
  EXPECT_EQ(use_cases_.requests[1].principal.id, "dns:localhost");
}

TEST_F(ForeignCallers, MayCallWhatIsDeclaredForThem) {
  auto partner = Connect("partner");
  ASSERT_TRUE(partner);
  EXPECT_TRUE((*partner)->TrustBundle());
  EXPECT_EQ((*partner)->Policy().error().rule, "peer.credential");
  EXPECT_EQ((*partner)->Renew(Bytes{1}, std::nullopt).error().rule, "peer.credential");
}

TEST_F(ForeignCallers, AreLookedAtAtEachCall) {
  auto partner = Connect("partner");
  ASSERT_TRUE(partner);
  EXPECT_TRUE((*partner)->TrustBundle());
  answer_ = Fail(ErrorCode::kUnauthenticated, "peer.expired", "over");
  EXPECT_EQ((*partner)->TrustBundle().error().rule, "peer.expired");
}

TEST_F(ForeignCallers, BringNoTokenBesideIt) {
  const auto stub = v1::CertificateAuthorityService::NewStub(Channel("partner"));
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer a.b.c");
  v1::GetTrustBundleRequest request;
  request.set_name("trustBundles/-");
  v1::TrustBundle bundle;
  const grpc::Status status = stub->GetTrustBundle(&context, request, &bundle);
  EXPECT_EQ(client::DecodeStatus(status).rule, "peer.two-credentials");
}

// The handshake takes any number of certificates beside the leaf.
TEST_F(ForeignCallers, ShowAFewCertificates) {
  std::ofstream file(pki_.File("long.crt"));
  file << Text("client.crt");
  for (size_t i = 0; i <= x509::kPresentedCertificatesMax; ++i) file << Text("foreign.crt");
  file.close();
  std::filesystem::copy(pki_.File("client.key"), pki_.File("long.key"));
  const auto stub = v1::CertificateAuthorityService::NewStub(Channel("long"));
  grpc::ClientContext context;
  v1::GetTrustBundleRequest request;
  request.set_name("trustBundles/-");
  v1::TrustBundle bundle;
  const grpc::Status status = stub->GetTrustBundle(&context, request, &bundle);
  EXPECT_EQ(client::DecodeStatus(status).rule, "peer.certificate");
}

}  // namespace
}  // namespace mayfly::rpc
