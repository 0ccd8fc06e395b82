#include "identity/token.h"

#include "tests/unit/identity/token_fixture.h"

namespace mayfly::identity {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

TEST(Token, OfAPodProvesItsServiceAccount) {
  const auto verified = VerifyNow(Token());
  ASSERT_TRUE(verified) << Describe(verified.error(), ErrorText::kForLog);
  EXPECT_EQ(verified->issuer_name, "cluster");
  EXPECT_EQ(verified->subject, "system:serviceaccount:prod:api");
  EXPECT_EQ(verified->expires, TimePoint(Seconds(At(600))));
  EXPECT_THAT(verified->claims,
              ElementsAre(Pair("namespace", "prod"), Pair("serviceaccount", "api")));
  const policy::Principal principal = PrincipalOf(*verified);
  EXPECT_EQ(principal.proof, policy::ProofOfIdentity::kJwt);
  EXPECT_EQ(principal.id, "jwt:cluster:system:serviceaccount:prod:api");
  EXPECT_EQ(principal.request_scope, principal.id);
  EXPECT_TRUE(principal.names.empty());
}

TEST(Token, HasASizeLimit) {
  Json claims = Claims();
  claims["pad"] = "";
  const size_t bare = Token(claims).size();
  // Three octets of payload are four characters.
  claims["pad"] = std::string((kTokenBytesMaxDefault - bare) * 3 / 4, 'x');
  std::string text = Token(claims);
  while (text.size() < kTokenBytesMaxDefault) {
    claims["pad"] = claims["pad"].get<std::string>() + "x";
    text = Token(claims);
  }
  while (text.size() > kTokenBytesMaxDefault) {
    claims["pad"] = claims["pad"].get<std::string>().substr(1);
    text = Token(claims);
  }
  ASSERT_LE(text.size(), kTokenBytesMaxDefault);
  EXPECT_TRUE(UnverifiedToken::Parse(text, text.size()));
  EXPECT_EQ(RuleOf(UnverifiedToken::Parse(text, text.size() - 1)), "jwt.size");
  EXPECT_EQ(RuleOf(VerifyNow(text)), "");
  EXPECT_EQ(RuleOf(VerifyNow(std::string(kTokenBytesMaxDefault, 'x'))), "jwt.format");
  EXPECT_EQ(RuleOf(VerifyNow(std::string(kTokenBytesMaxDefault + 1, 'x'))), "jwt.size");
  EXPECT_EQ(RuleOf(VerifyNow(std::string(64 * 1024, 'x'))), "jwt.size");
}

TEST(Token, HasThreePartsOfStrictBase64Url) {
  const std::string good = Token();
  const size_t dot = good.find('.'), last = good.rfind('.');
  for (const std::string& text :
       {std::string(""), std::string("."), std::string(".."), std::string("..."), good + ".",
        "." + good, good + "=", good + " ", good + "\n", good + ".e30", good.substr(0, last),
        good.substr(dot + 1), "!" + good, good.substr(0, dot) + "=" + good.substr(dot),
        std::string("{\"payload\":\"\",\"signatures\":[]}")}) {
    EXPECT_EQ(RuleOf(VerifyNow(text)), "jwt.format") << text;
  }
}

// The last character of 64 octets has four bits that no octet needs.
TEST(Token, IsWrittenInOneWayOnly) {
  std::string text = Token();
  const std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  text.back() = kAlphabet[kAlphabet.find(text.back()) + 1];
  EXPECT_EQ(RuleOf(VerifyNow(text)), "jwt.format");
}

TEST(Token, IsMadeOfStrictJson) {
  const std::string header = HeaderFor(JwsAlgorithm::kEs256).dump(), claims = Claims().dump();
  auto rule = [](const std::string& head, const std::string& payload) {
    return RuleOf(VerifyNow(SignedText(EcKey(), JwsAlgorithm::kEs256, head, payload)));
  };
  ASSERT_EQ(rule(header, claims), "");
  auto with_twice = [](std::string object, const std::string& member) {
    return object.insert(object.size() - 1, "," + member);
  };
  EXPECT_EQ(rule(with_twice(header, R"("alg":"none")"), claims), "jwt.format");
  EXPECT_EQ(rule(with_twice(header, R"("kid":"k1")"), claims), "jwt.format");
  EXPECT_EQ(rule(header, with_twice(claims, R"("sub":"root")")), "jwt.format");
  EXPECT_EQ(rule(header, with_twice(claims, R"("iss":"https://issuer.example")")), "jwt.format");
  EXPECT_EQ(rule(header, with_twice(claims, R"("x":{"y":[{"z":1,"z":2}]})")), "jwt.format");
  EXPECT_EQ(rule(header, with_twice(claims, "\"x\":1e400")), "jwt.format");
  EXPECT_EQ(
      rule(header, with_twice(claims, "\"x\":" + std::string(30, '[') + std::string(30, ']'))),
      "jwt.format");
  EXPECT_EQ(rule(header, claims + std::string(1, '\0') + "x"), "jwt.format");
  EXPECT_EQ(rule(header, "[" + claims + "]"), "jwt.format");
  EXPECT_EQ(rule(header, "foo"), "jwt.format");
  EXPECT_EQ(rule("\"" + header, claims), "jwt.format");
}

TEST(Token, HasAHeaderThatWeUnderstand) {
  auto rule = [](const std::string& name, const Json& value) {
    Json header = HeaderFor(JwsAlgorithm::kEs256);
    header[name] = value;
    return RuleOf(VerifyNow(Token(Claims(), header)));
  };
  EXPECT_EQ(rule("crit", Json::array({"exp"})), "jwt.critical");
  EXPECT_EQ(rule("crit", Json::array()), "jwt.critical");
  EXPECT_EQ(rule("b64", false), "jwt.critical");
  EXPECT_EQ(rule("alg", 1), "jwt.format");
  EXPECT_EQ(rule("kid", 1), "jwt.format");
  EXPECT_EQ(rule("kid", ""), "jwt.format");
  EXPECT_EQ(rule("kid", std::string(kKeyIdBytesMax, 'k')), "jwt.key-unknown");
  EXPECT_EQ(rule("kid", std::string(kKeyIdBytesMax + 1, 'k')), "jwt.format");
  for (const char* type : {"JWT", "jwt", "at+jwt", "application/at+jwt", "JOSE"}) {
    EXPECT_EQ(rule("typ", type), "") << type;
  }
  for (const Json& type :
       {Json("dpop+jwt"), Json("logout+jwt"), Json(""), Json(1), Json(nullptr)}) {
    EXPECT_EQ(rule("typ", type), "jwt.type") << type;
  }
  EXPECT_EQ(rule("cty", "JWT"), "jwt.type");
  // What a token says of keys is nothing to us.
  EXPECT_EQ(rule("jku", "https://evil.example/keys"), "");
  EXPECT_EQ(rule("jwk", TestKey::Ec().Jwk("k1")), "");
}

TEST(Token, NeverChoosesItsAlgorithm) {
  for (const char* name : {"none", "None", "NONE", "", "HS256", "HS384", "HS512", "es256", "ES256K",
                           "RS1", "EdDSA", "PS256", "ES384"}) {
    Json header = HeaderFor(JwsAlgorithm::kEs256);
    header["alg"] = name;
    const std::string text = Token(Claims(), header);
    EXPECT_EQ(RuleOf(VerifyNow(text)), "jwt.algorithm") << name;
    EXPECT_EQ(RuleOf(VerifyNow(text.substr(0, text.rfind('.') + 1))), "jwt.algorithm") << name;
  }
  // The public key as an HMAC's secret.
  const std::string text = ToBase64Url(AsBytes(R"({"alg":"HS256","kid":"k1"})")) + "." +
                           ToBase64Url(AsBytes(Claims().dump()));
  const std::string secret = RsaKey().Pem();
  Bytes mac(32);
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), AsBytes(text).data(),
       text.size(), mac.data(), &size);
  EXPECT_EQ(RuleOf(VerifyNow(text + "." + ToBase64Url(mac), Rules(), KeySet({RsaKey().Jwk("k1")}))),
            "jwt.algorithm");
}

TEST(Token, IsSignedWithAKeyOfItsIssuer) {
  const std::string text = Token();
  EXPECT_EQ(RuleOf(VerifyNow(text, Rules(), KeySet({EcKey().Jwk("k2")}))), "jwt.key-unknown");
  EXPECT_EQ(RuleOf(VerifyNow(text, Rules(), KeySet({RsaKey().Jwk("k1")}))), "jwt.key-unknown");
  EXPECT_EQ(RuleOf(VerifyNow(text, Rules(), KeySet({TestKey::Ec().Jwk("k1")}))), "jwt.signature");
  Json header = HeaderFor(JwsAlgorithm::kEs256);
  header.erase("kid");
  const std::string nameless = Token(Claims(), header);
  EXPECT_EQ(RuleOf(VerifyNow(nameless)), "");
  EXPECT_EQ(
      RuleOf(VerifyNow(nameless, Rules(), KeySet({EcKey().Jwk("a"), TestKey::Ec().Jwk("b")}))),
      "jwt.key-unknown");
}

TEST(Token, IsOfTheIssuerToTheLetter) {
  for (const Json& issuer :
       {Json("https://issuer.example/"), Json("https://Issuer.example"),
        Json("https://issuer.example "), Json(""), Json(nullptr), Json::array({kIssuer})}) {
    EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWith("iss", issuer)))), "jwt.issuer") << issuer;
  }
  EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWithout("iss")))), "jwt.issuer");
}

TEST(Token, IsForUs) {
  EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWith("aud", kAudience)))), "");
  EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWith("aud", {"other", kAudience})))), "");
  for (const Json& audience : {Json("other"), Json("Mayfly"), Json("mayfly "), Json::array(),
                               Json::array({"other"}), Json("")}) {
    EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWith("aud", audience)))), "jwt.audience") << audience;
  }
  EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWithout("aud")))), "jwt.audience");
  for (const Json& audience :
       {Json(1), Json(nullptr), Json::array({kAudience, 1}), Json{{kAudience, true}}}) {
    EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWith("aud", audience)))), "jwt.claims") << audience;
  }
  std::vector<std::string> many(kAudiencesMax - 1, "other");
  many.push_back(kAudience);
  EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWith("aud", many)))), "");
  many.push_back("more");
  EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWith("aud", many)))), "jwt.claims");
}

TEST(Token, EndsWithTheClockSkewAndNotLater) {
  const std::string text = Token();
  EXPECT_EQ(RuleOf(VerifyNow(text, TimePoint(Seconds(At(659))))), "");
  EXPECT_EQ(RuleOf(VerifyNow(text, TimePoint(Seconds(At(660))))), "jwt.expired");
  policy::TokenIssuer exact = Rules();
  exact.clock_skew = Seconds(0);
  const JwkSet keys = KeySet({EcKey().Jwk("k1")});
  EXPECT_EQ(RuleOf(VerifyNow(text, exact, keys, TimePoint(Seconds(At(599))))), "");
  EXPECT_EQ(RuleOf(VerifyNow(text, exact, keys, TimePoint(Seconds(At(600))))), "jwt.expired");
  EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWithout("exp")))), "jwt.claims");
}

TEST(Token, BeginsWithTheClockSkewAndNotSooner) {
  for (const char* name : {"nbf", "iat"}) {
    EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWith(name, At(60))))), "") << name;
    EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWith(name, At(61))))), "jwt.not-yet-valid") << name;
    EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWithout(name)))), "") << name;
  }
}

TEST(Token, HasTimesThatAreTimes) {
  for (const char* name : {"exp", "nbf", "iat"}) {
    for (const Json& value : {Json("1800000600"), Json(true), Json(nullptr), Json(-1), Json(1e300),
                              Json(253402300800), Json::array({At(600)})}) {
      EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWith(name, value)))), "jwt.claims") << name << value;
    }
  }
  EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWith("exp", 253402300799)))), "");
  EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWith("exp", 1800000000.5)))), "");
  EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWith("exp", UINT64_MAX)))), "jwt.claims");
}

TEST(Token, HasASubjectThatCanStandInARecord) {
  for (const Json& subject :
       {Json(std::string(255, 's')), Json("a b"), Json("auth0|1"), Json("~")}) {
    EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWith("sub", subject)))), "") << subject;
  }
  for (const Json& subject :
       {Json(std::string(256, 's')), Json(""), Json(7), Json(nullptr), Json("a\nb"),
        Json("a\u007f"), Json("\xc3\xa4"), Json("*"), Json("a*b"), Json(std::string("a\0b", 3))}) {
    EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWith("sub", subject)))), "jwt.claims") << subject;
  }
  EXPECT_EQ(RuleOf(VerifyNow(Token(ClaimsWithout("sub")))), "jwt.claims");
}

TEST(Token, ClaimsThatAreNoTextAreNone) {
  policy::TokenIssuer rules = Rules();
  rules.claims = {{"c", {"c"}}, {"deep", {"c", "x"}}};
  const JwkSet keys = KeySet({EcKey().Jwk("k1")});
  auto claims = [&](const Json& value) {
    return VerifyNow(Token(ClaimsWith("c", value)), rules, keys).value().claims;
  };
  EXPECT_THAT(claims("prod"), ElementsAre(Pair("c", "prod")));
  EXPECT_THAT(claims(7), ElementsAre(Pair("c", "7")));
  EXPECT_THAT(claims(-7), ElementsAre(Pair("c", "-7")));
  EXPECT_THAT(claims(true), ElementsAre(Pair("c", "true")));
  EXPECT_THAT(claims({{"x", "y"}}), ElementsAre(Pair("deep", "y")));
  EXPECT_THAT(claims(std::string(kClaimValueCharsMax, 'c')).size(), 1u);
  for (const Json& none : {Json(std::string(kClaimValueCharsMax + 1, 'c')), Json(""), Json(1.5),
                           Json(nullptr), Json::array({"prod"}), Json("a\nb"), Json("\xc3\xa4")}) {
    EXPECT_TRUE(claims(none).empty()) << none;
  }
}

TEST(Token, ErrorsQuoteNothingOfIt) {
  for (const Json& claims :
       {ClaimsWith("aud", "secret-1"), ClaimsWith("iss", "secret-1"),
        ClaimsWith("sub", "secret-1\n"), ClaimsWith("exp", "secret-1"), ClaimsWith("exp", 1)}) {
    const auto refused = VerifyNow(Token(claims));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnauthenticated);
    EXPECT_THAT(Describe(refused.error(), ErrorText::kForLog), Not(HasSubstr("secret-1")));
  }
}

}  // namespace
}  // namespace mayfly::identity
