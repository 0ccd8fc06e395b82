#include "identity/signature.h"

#include <fstream>

#include "tests/unit/identity/token_fixture.h"

namespace mayfly::identity {
namespace {

bool Holds(const std::string& text, const Json& jwk, JwsAlgorithm algorithm) {
  const auto jws = CompactJws::Parse(text);
  const auto key = VerificationKey::FromJwk(jwk);
  return jws && key && IsSignedBy(*jws, *key, algorithm);
}

TEST(Signature, EveryAlgorithmHoldsForItsOwnKeyAlone) {
  const std::map<JwsAlgorithm, TestKey> kKeys = {{JwsAlgorithm::kEs256, EcKey()},
                                                 {JwsAlgorithm::kEs384, TestKey::Ec("P-384")},
                                                 {JwsAlgorithm::kEs512, TestKey::Ec("P-521")},
                                                 {JwsAlgorithm::kEdDsa, TestKey::Ed25519()}};
  for (JwsAlgorithm algorithm : policy::AllJwsAlgorithms()) {
    const auto found = kKeys.find(algorithm);
    const TestKey& key = found == kKeys.end() ? RsaKey() : found->second;
    const std::string header = HeaderFor(algorithm).dump();
    const std::string text = SignedText(key, algorithm, header, "{}");
    EXPECT_TRUE(Holds(text, key.Jwk("k1"), algorithm)) << header;
    const std::string other = SignedText(key, algorithm, header, "{ }");
    const std::string mixed = text.substr(0, text.rfind('.')) + other.substr(other.rfind('.'));
    EXPECT_FALSE(Holds(mixed, key.Jwk("k1"), algorithm)) << header;
    EXPECT_FALSE(Holds(text.substr(0, text.rfind('.') + 1), key.Jwk("k1"), algorithm)) << header;
    for (JwsAlgorithm wrong : policy::AllJwsAlgorithms()) {
      EXPECT_EQ(Holds(text, key.Jwk("k1"), wrong), wrong == algorithm) << header;
    }
  }
}

TEST(Signature, AnotherKeyOfTheTypeIsAnother) {
  const std::string text = Token();
  EXPECT_TRUE(Holds(text, EcKey().Jwk("k1"), JwsAlgorithm::kEs256));
  EXPECT_FALSE(Holds(text, TestKey::Ec().Jwk("k1"), JwsAlgorithm::kEs256));
}

// Vectors that say "valid" and that we refuse on purpose.
const std::map<int, const char*> kStricter = {{346, "PS384 with a key that is for PS256"},
                                              {347, "a key for \"ES521\", which is no algorithm"},
                                              {350, "PS384 with a key that is for PS256"},
                                              {351, "a key for \"ES521\", which is no algorithm"}};

TEST(Signature, WycheproofAgrees) {
  std::ifstream file(MAYFLY_SOURCE_DIR "/tests/golden/jws/wycheproof.json");
  const Json vectors = Json::parse(file);
  size_t valid = 0, invalid = 0;
  for (const Json& group : vectors["groups"]) {
    for (const Json& vector : group["tests"]) {
      const auto text = vector["jws"].get<std::string>();
      const auto jws = CompactJws::Parse(text);
      const auto algorithm = jws ? policy::JwsAlgorithmFrom(jws->algorithm()) : std::nullopt;
      const bool holds = algorithm && Holds(text, group["key"], *algorithm);
      const bool wanted = vector["result"] == "valid" && !kStricter.contains(vector["id"]);
      EXPECT_EQ(holds, wanted) << vector["id"] << " " << vector["comment"] << " " << text;
      ++(wanted ? valid : invalid);
    }
  }
  EXPECT_EQ(valid, 32u);
  EXPECT_EQ(invalid, 329u);
}

}  // namespace
}  // namespace mayfly::identity
