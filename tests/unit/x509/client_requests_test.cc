// Requests of the tools that people have, made by tests/golden/csr/clients/make.sh.
#include <gtest/gtest.h>

#include <algorithm>

#include "golden.h"
#include "x509/proven_key.h"

namespace mayfly::x509 {
namespace {

struct ClientRequest {
  const char* name;
  KeyType type;
  SignatureAlgorithm algorithm;
};

class ClientRequests : public ::testing::TestWithParam<ClientRequest> {};

TEST_P(ClientRequests, AreProvenWithTheirKeyAndNames) {
  const std::string file = std::string("../csr/clients/") + GetParam().name + ".csr";
  auto request = CertificationRequest::FromDer(Golden(file));
  ASSERT_TRUE(request) << request.error().rule << ": " << request.error().message;
  EXPECT_EQ(request->public_key().type(), GetParam().type);
  EXPECT_EQ(request->signature_algorithm(), GetParam().algorithm);
  EXPECT_EQ(Describe(request->names()), "DNS:web.internal, IP:10.1.2.3");
  EXPECT_EQ(request->subject().ToString(), "CN=web.internal");
  auto key = ProvenKey::FromRequest(*request, KeyRules{});
  ASSERT_TRUE(key) << key.error().rule << ": " << key.error().message;
  EXPECT_EQ(key->spki(), request->public_key());
}

using enum SignatureAlgorithm;
INSTANTIATE_TEST_SUITE_P(
    Clients, ClientRequests,
    ::testing::Values(ClientRequest{"openssl-ec", KeyType::kEcP256, kEcdsaSha256},
                      ClientRequest{"openssl-rsa", KeyType::kRsa, kRsaPkcs1Sha256},
                      ClientRequest{"openssl-rsa-pss", KeyType::kRsa, kRsaPssSha256},
                      ClientRequest{"openssl-ed25519", KeyType::kEd25519, kEd25519},
                      ClientRequest{"gnutls-ec", KeyType::kEcP256, kEcdsaSha256},
                      ClientRequest{"gnutls-rsa", KeyType::kRsa, kRsaPkcs1Sha256},
                      ClientRequest{"gnutls-ed25519", KeyType::kEd25519, kEd25519},
                      ClientRequest{"go-ec", KeyType::kEcP256, kEcdsaSha256},
                      ClientRequest{"go-rsa", KeyType::kRsa, kRsaPkcs1Sha256},
                      ClientRequest{"go-rsa-pss", KeyType::kRsa, kRsaPssSha384},
                      ClientRequest{"go-ed25519", KeyType::kEd25519, kEd25519},
                      ClientRequest{"python-ec", KeyType::kEcP256, kEcdsaSha256},
                      ClientRequest{"python-rsa", KeyType::kRsa, kRsaPkcs1Sha256},
                      ClientRequest{"python-ed25519", KeyType::kEd25519, kEd25519},
                      ClientRequest{"java-ec", KeyType::kEcP256, kEcdsaSha256},
                      ClientRequest{"java-rsa", KeyType::kRsa, kRsaPkcs1Sha256},
                      ClientRequest{"java-rsa-pss", KeyType::kRsa, kRsaPssSha256},
                      ClientRequest{"java-ed25519", KeyType::kEd25519, kEd25519},
                      ClientRequest{"node-ec", KeyType::kEcP256, kEcdsaSha256},
                      ClientRequest{"node-rsa", KeyType::kRsa, kRsaPkcs1Sha256},
                      ClientRequest{"node-ed25519", KeyType::kEd25519, kEd25519}),
    [](const auto& info) {
      std::string name = info.param.name;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
}  // namespace mayfly::x509
