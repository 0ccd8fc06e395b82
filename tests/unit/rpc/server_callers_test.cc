// Whose certificate makes a caller.
#include "clients/cpp/decode.h"
#include "mayfly/ca/v1/certificate_authority.grpc.pb.h"
#include "rpc/peer.h"
#include "tests/unit/rpc/server_fixture.h"

namespace mayfly::rpc {
namespace {

TEST_F(Server, OnlyClientAuthMakesACaller) {
  const auto load = [&](const char* name) {
    return *x509::Certificate::FromPem(AsText(*client::ReadFile(pki_.File(name))));
  };
  EXPECT_TRUE(RequireClientAuth(load("client.crt")));
  EXPECT_EQ(RequireClientAuth(load("server.crt")).error().rule, "peer.purpose");
  EXPECT_EQ(RequireClientAuth(load("ca.crt")).error().rule, "peer.purpose");
}

TEST_F(Server, AServersCertificateIsNoCaller) {
  EXPECT_EQ(Connect("server", Milliseconds(1500)).error().rule, "client.certificate-purpose");
  // Nor does the server let in who asks all the same.
  const auto stub = ca::v1::CertificateAuthorityService::NewStub(Channel("server"));
  grpc::ClientContext context;
  ca::v1::TrustBundle bundle;
  EXPECT_FALSE(stub->GetTrustBundle(&context, ca::v1::GetTrustBundleRequest(), &bundle).ok());
  for (const RequestLogEntry& entry : Log()) EXPECT_TRUE(entry.code) << entry.method;
}

// OpenSSL's handshake takes it for any purpose.
TEST_F(Server, ACertificateWithoutAPurposeIsNoCaller) {
  pki_.Make("purposeless", "ca", "");
  const auto stub = ca::v1::CertificateAuthorityService::NewStub(Channel("purposeless"));
  grpc::ClientContext context;
  ca::v1::TrustBundle bundle;
  const auto status = stub->GetTrustBundle(&context, ca::v1::GetTrustBundleRequest(), &bundle);
  EXPECT_EQ(client::DecodeStatus(status).rule, "peer.purpose");
}

}  // namespace
}  // namespace mayfly::rpc
