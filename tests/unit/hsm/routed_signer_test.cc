#include "hsm/client/routed_signer.h"

#include <gtest/gtest.h>

namespace mayfly::hsm {
namespace {

// Says who it is.
class NamedSigner final : public Signer {
 public:
  explicit NamedSigner(std::string name) : name_(std::move(name)) {}
  Task<SignResult> Sign(SignJob) override {
    co_return SignResult{SignResult::Outcome::kNotSigned, {}, Name()};
  }
  Task<Result<x509::SubjectPublicKeyInfo>> PublicKey(std::string, BootTime) override {
    co_return Name();
  }

 private:
  Error Name() const { return Fail(ErrorCode::kSignerUnavailable, name_, ""); }
  const std::string name_;
};

TEST(RoutedSigner, AsksTheSignerOfTheKeysToken) {
  std::vector<RoutedSigner::Route> routes;
  routes.push_back({"hsm-b", std::make_unique<NamedSigner>("b")});
  routes.push_back({"0a1b", std::make_unique<NamedSigner>("c")});
  RoutedSigner signer(std::make_unique<NamedSigner>("all others"), std::move(routes));
  const std::pair<std::string, std::string> cases[] = {
      {"pkcs11:token=hsm-b;object=a", "b"},
      {"pkcs11:serial=0a1b;object=hsm-b", "c"},
      {"pkcs11:token=hsm-a;object=a", "all others"},
      {"file:a", "all others"},
  };
  for (const auto& [uri, name] : cases) {
    EXPECT_EQ(SyncWait(signer.PublicKey(uri, {})).error().rule, name) << uri;
    SignJob job{Uuid::FromOctets({}),
                SignPurpose::kCrl,
                {uri, {}},
                x509::SignatureAlgorithm::kEcdsaSha256,
                {},
                {}};
    EXPECT_EQ(SyncWait(signer.Sign(std::move(job))).error.rule, name) << uri;
  }
}

}  // namespace
}  // namespace mayfly::hsm
