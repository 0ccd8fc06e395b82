#include "clients/cpp/private_key.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "clients/cpp/files.h"
#include "x509/certificate.h"
#include "x509/certification_request.h"
#include "x509/proven_key.h"

namespace mayfly::client {
namespace {

namespace fs = std::filesystem;

class PrivateKeyTest : public testing::TestWithParam<const char*> {
 protected:
  PrivateKeyTest() {
    std::string pattern = (fs::temp_directory_path() / "mayfly-key-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~PrivateKeyTest() override { fs::remove_all(folder_); }
  bool OpenSsl(const std::string& arguments) {
    return system(("cd " + folder_.string() + " && openssl " + arguments + " >out 2>&1").c_str()) ==
           0;
  }
  fs::path folder_;
};

x509::GeneralNames Names() {
  return x509::Normalize({*x509::GeneralName::Dns("web.internal"),
                          *x509::GeneralName::Ip("10.0.0.7"),
                          *x509::GeneralName::Uri("spiffe://mayfly.internal/web")});
}

TEST_P(PrivateKeyTest, ItsCsrProvesIt) {
  const auto key = PrivateKey::Generate(*ParseNewKey(GetParam()));
  ASSERT_TRUE(key);
  const auto der = MakeCertificationRequest(*key, Names());
  ASSERT_TRUE(der);
  const auto request = x509::CertificationRequest::FromDer(*der);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_TRUE(request->subject().empty());
  EXPECT_EQ(request->names(), Names());
  EXPECT_EQ(request->public_key(), key->public_key());
  EXPECT_TRUE(x509::ProvenKey::FromRequest(*request, {}));
}

TEST_P(PrivateKeyTest, OpenSslAgrees) {
  const auto key = PrivateKey::Generate(*ParseNewKey(GetParam()));
  ASSERT_TRUE(key);
  const auto der = MakeCertificationRequest(*key, Names());
  const auto pem = key->Pkcs8Pem();
  ASSERT_TRUE(der && pem);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "csr", *der, kPublicMode, Existing::kKeep));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "key", pem->Reveal(), kPrivateMode, Existing::kKeep));
  EXPECT_TRUE(AsText(pem->Reveal()).starts_with("-----BEGIN PRIVATE KEY-----\n"));
  EXPECT_TRUE(OpenSsl("req -inform DER -in csr -verify -noout"));
  EXPECT_TRUE(OpenSsl("pkey -in key -pubout -out pub1"));
  EXPECT_TRUE(OpenSsl("req -inform DER -in csr -pubkey -noout -out pub2"));
  EXPECT_EQ(*ReadFile(folder_ / "pub1"), *ReadFile(folder_ / "pub2"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, PrivateKeyTest,
                         testing::Values("ec-p256", "ec-p384", "ed25519", "rsa-3072"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(ParseNewKey, RefusesOthers) {
  for (const char* text : {"", "rsa-1024", "EC-P256", "p256"}) {
    const auto kind = ParseNewKey(text);
    ASSERT_FALSE(kind) << text;
    EXPECT_EQ(kind.error().rule, "key.type");
  }
}

TEST(PrivateKeys, AreNeverTheSame) {
  const auto a = PrivateKey::Generate(NewKey::kEcP256);
  const auto b = PrivateKey::Generate(NewKey::kEcP256);
  ASSERT_TRUE(a && b);
  EXPECT_FALSE(a->public_key() == b->public_key());
}

}  // namespace
}  // namespace mayfly::client
