#include "rpc/peer.h"

#include <grpcpp/security/auth_context.h>
#include <gtest/gtest.h>

#include "clients/cpp/files.h"
#include "tests/unit/rpc/test_pki.h"

namespace mayfly::rpc {
namespace {

struct NoProperty final : grpc::AuthPropertyIterator {
  NoProperty() = default;
};

// A connection whose handshake let everything through.
class Connection final : public grpc::AuthContext {
 public:
  explicit Connection(std::vector<std::string> leaves, std::vector<std::string> chains = {})
      : leaves_(std::move(leaves)), chains_(std::move(chains)) {}
  bool IsPeerAuthenticated() const override { return true; }
  std::vector<grpc::string_ref> GetPeerIdentity() const override { return {}; }
  std::string GetPeerIdentityPropertyName() const override { return ""; }
  std::vector<grpc::string_ref> FindPropertyValues(const std::string& name) const override {
    if (name == "x509_pem_cert") return {leaves_.begin(), leaves_.end()};
    if (name == "x509_pem_cert_chain") return {chains_.begin(), chains_.end()};
    return {};
  }
  grpc::AuthPropertyIterator begin() const override { return NoProperty(); }
  grpc::AuthPropertyIterator end() const override { return NoProperty(); }
  void AddProperty(const std::string&, const grpc::string_ref&) override {}
  bool SetPeerIdentityPropertyName(const std::string&) override { return false; }

 private:
  std::vector<std::string> leaves_;
  std::vector<std::string> chains_;
};

std::string RuleOf(const Connection& connection) {
  const auto peer = PeerCertificate(connection);
  return peer ? "ok" : peer.error().rule;
}

TEST(Peer, IsOneCertificateOfAClient) {
  const TestPki pki;
  const auto pem = [&](const char* file) { return ToString(*client::ReadFile(pki.File(file))); };
  EXPECT_EQ(RuleOf(Connection({pem("client.crt")})), "ok");
  EXPECT_EQ(RuleOf(Connection({pem("server.crt")})), "peer.purpose");
  EXPECT_EQ(RuleOf(Connection({})), "peer.certificate");
  EXPECT_EQ(RuleOf(Connection({pem("client.crt"), pem("client.crt")})), "peer.certificate");
  EXPECT_EQ(RuleOf(Connection({"no certificate"})), "peer.certificate");
}

TEST(Peer, ShowsOneLeafAndOneChain) {
  const TestPki pki;
  const auto pem = [&](const char* file) { return ToString(*client::ReadFile(pki.File(file))); };
  const auto rule = [](const Connection& connection) {
    const auto chain = PeerChain(connection);
    return chain ? "ok" : chain.error().rule;
  };
  EXPECT_EQ(rule(Connection({pem("client.crt")})), "ok");
  EXPECT_EQ(rule(Connection({pem("client.crt")}, {pem("ca.crt")})), "ok");
  EXPECT_EQ(rule(Connection({}, {pem("ca.crt")})), "peer.certificate");
  EXPECT_EQ(rule(Connection({pem("client.crt")}, {pem("ca.crt"), pem("ca.crt")})),
            "peer.certificate");
}

}  // namespace
}  // namespace mayfly::rpc
