#include "identity/jwk_set.h"

#include "tests/unit/identity/token_fixture.h"

namespace mayfly::identity {
namespace {

using Type = VerificationKey::Type;

Json With(Json jwk, const std::string& name, const Json& value) {
  jwk[name] = value;
  return jwk;
}

TEST(VerificationKey, ReadsEveryTypeAndFitsItsAlgorithms) {
  const struct {
    TestKey key;
    Type type;
    std::set<JwsAlgorithm> fits;
  } kCases[] = {
      {RsaKey(),
       Type::kRsa,
       {JwsAlgorithm::kRs256, JwsAlgorithm::kRs384, JwsAlgorithm::kRs512, JwsAlgorithm::kPs256,
        JwsAlgorithm::kPs384, JwsAlgorithm::kPs512}},
      {EcKey(), Type::kP256, {JwsAlgorithm::kEs256}},
      {TestKey::Ec("P-384"), Type::kP384, {JwsAlgorithm::kEs384}},
      {TestKey::Ec("P-521"), Type::kP521, {JwsAlgorithm::kEs512}},
      {TestKey::Ed25519(), Type::kEd25519, {JwsAlgorithm::kEdDsa}},
  };
  for (const auto& [key, type, fits] : kCases) {
    const auto read = VerificationKey::FromJwk(key.Jwk("k"));
    ASSERT_TRUE(read) << key.Jwk("k");
    EXPECT_EQ(read->type(), type);
    for (JwsAlgorithm algorithm : policy::AllJwsAlgorithms()) {
      EXPECT_EQ(read->Fits(algorithm), fits.contains(algorithm));
    }
  }
}

TEST(VerificationKey, IsForWhatItSays) {
  const Json jwk = RsaKey().Jwk("k");
  EXPECT_TRUE(VerificationKey::FromJwk(With(jwk, "use", "sig")));
  EXPECT_TRUE(VerificationKey::FromJwk(With(jwk, "key_ops", {"verify", "sign"})));
  EXPECT_FALSE(VerificationKey::FromJwk(With(jwk, "use", "enc")));
  EXPECT_FALSE(VerificationKey::FromJwk(With(jwk, "use", 1)));
  EXPECT_FALSE(VerificationKey::FromJwk(With(jwk, "key_ops", {"encrypt"})));
  EXPECT_FALSE(VerificationKey::FromJwk(With(jwk, "key_ops", "verify")));
  EXPECT_FALSE(VerificationKey::FromJwk(With(jwk, "alg", "RSA-OAEP")));
  EXPECT_FALSE(VerificationKey::FromJwk(With(jwk, "alg", "HS256")));
  EXPECT_FALSE(VerificationKey::FromJwk(With(jwk, "alg", "ES256")));
  const auto only = VerificationKey::FromJwk(With(jwk, "alg", "PS256"));
  ASSERT_TRUE(only);
  EXPECT_TRUE(only->Fits(JwsAlgorithm::kPs256));
  EXPECT_FALSE(only->Fits(JwsAlgorithm::kRs256));
}

TEST(VerificationKey, GivesNoPrivatePartAway) {
  const auto key = VerificationKey::FromJwk(With(RsaKey().Jwk("k"), "d", "AQAB"));
  ASSERT_TRUE(key);
  EXPECT_FALSE(Json::parse(key->JwkFor(JwsAlgorithm::kRs256)).contains("d"));
}

TEST(VerificationKey, RefusesWhatIsMalformedOrWeak) {
  const Json rsa = RsaKey().Jwk("k"), ec = EcKey().Jwk("k"), ed = TestKey::Ed25519().Jwk("k");
  const auto n = rsa["n"].get<std::string>();
  const auto modulus = FromBase64Url(n).value();
  Bytes padded = modulus, even = modulus;
  padded.insert(padded.begin(), 0);
  even.back() &= 0xfe;
  const Json kCases[] = {With(rsa, "n", n + "="),
                         With(rsa, "n", ToBase64Url(padded)),
                         With(rsa, "n", ToBase64Url(even)),
                         With(rsa, "n", ""),
                         With(rsa, "n", 1),
                         With(rsa, "e", "AQ"),
                         With(rsa, "e", "AAEAAQ"),
                         With(rsa, "e", "AAAA"),
                         With(rsa, "e", "Ag"),
                         With(rsa, "e", "AQAAAAE"),
                         With(rsa, "kty", "oct"),
                         With(rsa, "kty", "rsa"),
                         With(rsa, "kty", nullptr),
                         With(rsa, "kid", ""),
                         With(rsa, "kid", 7),
                         With(rsa, "kid", std::string(256, 'k')),
                         With(ec, "crv", "P-384"),
                         With(ec, "crv", "secp256k1"),
                         With(ec, "y", ec["x"]),
                         With(ec, "x", ToBase64Url(Bytes(32))),
                         With(ec, "x", ToBase64Url(Bytes(33))),
                         With(ed, "x", ToBase64Url(Bytes(32))),
                         With(ed, "x", ToBase64Url(Bytes(31, 9))),
                         With(ed, "crv", "X25519"),
                         With(ed, "crv", "Ed448"),
                         Json{{"kty", "oct"}, {"k", "c2VjcmV0"}},
                         Json::array(),
                         Json("RSA"),
                         Json::object()};
  for (const Json& jwk : kCases) EXPECT_FALSE(VerificationKey::FromJwk(jwk)) << jwk;
  EXPECT_TRUE(VerificationKey::FromJwk(With(rsa, "kid", std::string(255, 'k'))));
}

TEST(VerificationKey, HasAnRsaModulusWithinTheLimits) {
  auto with_bits = [](size_t bits) {
    Bytes modulus((bits + 7) / 8, 0xff);
    modulus.front() = static_cast<uint8_t>(0xff >> ((8 - bits % 8) % 8));
    return With(RsaKey().Jwk("k"), "n", ToBase64Url(modulus));
  };
  EXPECT_FALSE(VerificationKey::FromJwk(with_bits(kRsaModulusBitsMin - 1)));
  EXPECT_TRUE(VerificationKey::FromJwk(with_bits(kRsaModulusBitsMin)));
  EXPECT_TRUE(VerificationKey::FromJwk(with_bits(kRsaModulusBitsMax)));
  EXPECT_FALSE(VerificationKey::FromJwk(with_bits(kRsaModulusBitsMax + 1)));
}

TEST(JwkSet, LeavesOutWhatCannotVerify) {
  const auto set = JwkSet::Parse(KeySetText({Json{{"kty", "oct"}, {"k", "c2VjcmV0"}, {"kid", "s"}},
                                             Json{{"kty", "new"}}, EcKey().Jwk("k1")}));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->keys().size(), 1u);
}

TEST(JwkSet, FindsTheNamedKeyOnly) {
  const JwkSet set = KeySet({EcKey().Jwk("a"), TestKey::Ec().Jwk("b"), RsaKey().Jwk("a")});
  EXPECT_EQ(set.Find("a", JwsAlgorithm::kEs256), &set.keys()[0]);
  EXPECT_EQ(set.Find("b", JwsAlgorithm::kEs256), &set.keys()[1]);
  EXPECT_EQ(set.Find("a", JwsAlgorithm::kPs384), &set.keys()[2]);
  EXPECT_EQ(set.Find("c", JwsAlgorithm::kEs256), nullptr);
  EXPECT_EQ(set.Find("b", JwsAlgorithm::kRs256), nullptr);
  // Without a name, where there is no doubt.
  EXPECT_EQ(set.Find(std::nullopt, JwsAlgorithm::kRs256), &set.keys()[2]);
  EXPECT_EQ(set.Find(std::nullopt, JwsAlgorithm::kEs256), nullptr);
  EXPECT_EQ(set.Find(std::nullopt, JwsAlgorithm::kEdDsa), nullptr);
}

TEST(JwkSet, RefusesWhatIsNone) {
  EXPECT_EQ(RuleOf(JwkSet::Parse("")), "jwks.format");
  EXPECT_EQ(RuleOf(JwkSet::Parse("[]")), "jwks.format");
  EXPECT_EQ(RuleOf(JwkSet::Parse("{}")), "jwks.format");
  EXPECT_EQ(RuleOf(JwkSet::Parse(R"({"keys":{}})")), "jwks.format");
  EXPECT_EQ(RuleOf(JwkSet::Parse(R"({"keys":[1]})")), "jwks.format");
  EXPECT_EQ(RuleOf(JwkSet::Parse(R"({"keys":[],"keys":[]})")), "jwks.format");
  EXPECT_EQ(RuleOf(JwkSet::Parse(R"({"keys":[]})")), "jwks.empty");
  EXPECT_EQ(RuleOf(JwkSet::Parse(R"({"keys":[{"kty":"oct","k":"AA"}]})")), "jwks.empty");
  EXPECT_EQ(RuleOf(JwkSet::Parse(KeySetText({EcKey().Jwk("a"), TestKey::Ec().Jwk("a")}))),
            "jwks.key-id");
}

TEST(JwkSet, HasSoManyKeysAndBytes) {
  std::vector<Json> keys;
  for (size_t i = 0; i < kJwksKeysMax; ++i) keys.push_back(EcKey().Jwk(std::to_string(i)));
  EXPECT_TRUE(JwkSet::Parse(KeySetText(keys)));
  keys.push_back(EcKey().Jwk("more"));
  EXPECT_EQ(RuleOf(JwkSet::Parse(KeySetText(keys))), "jwks.size");
  std::string text = KeySetText({EcKey().Jwk("a")});
  text.append(kJwksBytesMax - text.size(), ' ');
  EXPECT_TRUE(JwkSet::Parse(text));
  EXPECT_EQ(RuleOf(JwkSet::Parse(text + " ")), "jwks.size");
}

}  // namespace
}  // namespace mayfly::identity
