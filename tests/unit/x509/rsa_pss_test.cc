// RSASSA-PSS in the signatures of requests (RFC 4055 3, RFC 8017 8.1).
#include <gtest/gtest.h>

#include "golden.h"
#include "x509/certification_request_writer.h"
#include "x509/proven_key.h"

namespace mayfly::x509 {
namespace {

constexpr char kSha256[] = "0609608648016503040201";
constexpr char kSha384[] = "0609608648016503040202";
constexpr char kSha1[] = "06052b0e03021a";
constexpr char kNull[] = "0500";

std::string RuleOfRequest(ByteSpan csr) {
  auto request = CertificationRequest::FromDer(csr);
  return request ? RuleOf(ProvenKey::FromRequest(*request, KeyRules{})) : request.error().rule;
}

std::string Wrapped(der::Tag tag, const std::string& contents_hex) {
  der::Writer writer;
  writer.Primitive(tag, *FromHex(contents_hex));
  return ToHex(writer.bytes());
}

std::string Sequence(const std::string& hex) { return Wrapped(der::Tag::kSequence, hex); }

struct Parameters {
  std::string hash = std::string(kSha256) + kNull;
  std::string mask = "06092a864886f70d010108";
  std::string mask_hash = std::string(kSha256) + kNull;
  std::string salt = "020120";
  std::string after = "";
};

std::string ParametersHex(const Parameters& p) {
  return Sequence(Wrapped(der::ContextConstructed(0), Sequence(p.hash)) +
                  Wrapped(der::ContextConstructed(1), Sequence(p.mask + Sequence(p.mask_hash))) +
                  Wrapped(der::ContextConstructed(2), p.salt) + p.after);
}

std::string RuleOfParameters(const std::string& parameters_hex) {
  Bytes der = *FromHex(Sequence("06092a864886f70d01010a" + parameters_hex));
  der::Reader reader(der);
  return RuleOf(ReadRequestSignatureAlgorithm(reader));
}

std::string RuleOfParameters(const Parameters& parameters) {
  return RuleOfParameters(ParametersHex(parameters));
}

TEST(RsaPss, RequestsOfTheOpensslProgramAreProven) {
  struct Made {
    std::string name, algorithm;
    size_t salt_bytes;
  };
  // The longest in 2048 bits leaves room for the hash, a one and a trailer (RFC 8017 9.1.1).
  for (const auto& [name, algorithm, salt_bytes] :
       {Made{"rsa-pss-sha256", "rsa-pss-sha256", 32}, Made{"rsa-pss-sha384", "rsa-pss-sha384", 48},
        Made{"rsa-pss-sha512", "rsa-pss-sha512", 64},
        Made{"rsa-pss-longest-salt", "rsa-pss-sha256", 256 - 32 - 2}}) {
    auto request = CertificationRequest::FromDer(Golden(name + ".csr"));
    ASSERT_TRUE(request) << name << " " << request.error().message;
    EXPECT_EQ(SignatureAlgorithmName(request->signature_algorithm()), algorithm);
    EXPECT_EQ(request->signature_scheme().pss_salt_bytes, salt_bytes);
    auto key = ProvenKey::FromRequest(*request, KeyRules{});
    ASSERT_TRUE(key) << name << " " << key.error().message;
    EXPECT_EQ(key->spki().type(), KeyType::kRsa);
  }
}

TEST(RsaPss, KeysForPssAloneAreRefused) {
  auto for_pss_alone = CertificationRequest::FromDer(Golden("rsa-pss-key.csr"));
  ASSERT_FALSE(for_pss_alone);
  EXPECT_EQ(for_pss_alone.error().rule, "key.algorithm");
  EXPECT_NE(for_pss_alone.error().message.find("id-RSASSA-PSS"), std::string::npos);
}

TEST(RsaPss, HashesWithNullOrWithoutParameters) {
  EXPECT_EQ(RuleOfParameters(Parameters{}), "");
  EXPECT_EQ(RuleOfParameters(Parameters{.hash = kSha256}), "");
  EXPECT_EQ(RuleOfParameters(Parameters{.mask_hash = kSha256}), "");
  EXPECT_EQ(RuleOfParameters(Parameters{.hash = kSha256, .mask_hash = kSha256}), "");
}

TEST(RsaPss, SaltsAsLongAsTheHashOrLonger) {
  EXPECT_EQ(RuleOfParameters(Parameters{.salt = "020121"}), "");
  EXPECT_EQ(RuleOfParameters(Parameters{.salt = "020200de"}), "");
}

TEST(RsaPss, ParametersThatAreRefused) {
  const std::string rule = "signature.algorithm";
  EXPECT_EQ(RuleOfParameters(""), rule);
  EXPECT_EQ(RuleOfParameters("0500"), rule);
  EXPECT_EQ(RuleOfParameters("3000"), rule);  // all by default: SHA-1
  EXPECT_EQ(RuleOfParameters(ParametersHex({}) + "0500"), rule);
  EXPECT_EQ(RuleOfParameters(Parameters{.hash = kSha1}), rule);
  EXPECT_EQ(RuleOfParameters(Parameters{.hash = kSha384}), rule);
  EXPECT_EQ(RuleOfParameters(Parameters{.mask = "06092a864886f70d010109"}), rule);
  EXPECT_EQ(RuleOfParameters(Parameters{.mask_hash = kSha1}), rule);
  EXPECT_EQ(RuleOfParameters(Parameters{.salt = "020114"}), rule);
  EXPECT_EQ(RuleOfParameters(Parameters{.salt = "02011f"}), rule);    // shorter than the hash
  EXPECT_EQ(RuleOfParameters(Parameters{.salt = "02022001"}), rule);  // longer than any key
  EXPECT_EQ(RuleOfParameters(Parameters{.salt = "02050100000020"}), rule);
  EXPECT_EQ(RuleOfParameters(Parameters{.salt = "0201ff"}), rule);
  EXPECT_EQ(RuleOfParameters(Parameters{.salt = "02020020"}), rule);
  EXPECT_EQ(RuleOfParameters(Parameters{.salt = "0201200500"}), rule);
  EXPECT_EQ(RuleOfParameters(Parameters{.after = "a303020101"}), rule);  // DEFAULT, encoded
  EXPECT_EQ(RuleOfParameters(Parameters{.after = "a303020102"}), rule);
}

TEST(RsaPss, NotInCertificatesAndTheLike) {
  Bytes der = *FromHex(Sequence("06092a864886f70d01010a" + ParametersHex({})));
  der::Reader reader(der);
  EXPECT_EQ(RuleOf(ReadSignatureAlgorithm(reader)), "signature.algorithm");
}

TEST(RsaPss, SignaturesThatDoNotVerify) {
  auto pss = *CertificationRequest::FromDer(Golden("rsa-pss-sha256.csr"));
  auto pkcs1 = *CertificationRequest::FromDer(Golden("rsa-2048.csr"));
  auto rule = [](const CertificationRequest& request, SignatureAlgorithm algorithm,
                 ByteSpan signature) {
    return RuleOfRequest(
        AssembleCertificationRequest(request.certification_request_info(), algorithm, signature));
  };
  EXPECT_EQ(rule(pss, SignatureAlgorithm::kRsaPssSha256, pss.signature()), "");
  EXPECT_EQ(rule(pss, SignatureAlgorithm::kRsaPssSha384, pss.signature()), "csr.signature");
  EXPECT_EQ(rule(pss, SignatureAlgorithm::kRsaPkcs1Sha256, pss.signature()), "csr.signature");
  EXPECT_EQ(rule(pkcs1, SignatureAlgorithm::kRsaPssSha256, pkcs1.signature()), "csr.signature");
  // Assembled with parameters that say 32, and signed with 222.
  auto longest = *CertificationRequest::FromDer(Golden("rsa-pss-longest-salt.csr"));
  EXPECT_EQ(rule(longest, SignatureAlgorithm::kRsaPssSha256, longest.signature()), "csr.signature");
  Bytes flipped = ToBytes(pss.signature());
  flipped[100] ^= 1;
  EXPECT_EQ(rule(pss, SignatureAlgorithm::kRsaPssSha256, flipped), "csr.signature");
  Bytes longer = ToBytes(pss.signature());
  longer.insert(longer.begin(), 0);
  EXPECT_EQ(rule(pss, SignatureAlgorithm::kRsaPssSha256, longer), "csr.signature");
}

TEST(RsaPss, TheSaltIsExactlyAsLongAsItSays) {
  auto request = *CertificationRequest::FromDer(Golden("rsa-pss-longest-salt.csr"));
  auto rule = [&](SignatureScheme scheme) {
    return RuleOf(VerifySignature(request.public_key(), scheme,
                                  request.certification_request_info(), request.signature()));
  };
  using enum SignatureAlgorithm;
  EXPECT_EQ(rule({kRsaPssSha256, 222}), "");
  for (size_t salt_bytes : {0, 32, 221, 223, 8192}) {
    EXPECT_EQ(rule({kRsaPssSha256, salt_bytes}), "signature.invalid") << salt_bytes;
  }
  EXPECT_EQ(rule(kRsaPssSha256), "signature.invalid");
}

}  // namespace
}  // namespace mayfly::x509
