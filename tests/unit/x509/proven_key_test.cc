#include "x509/proven_key.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "golden.h"
#include "x509/certification_request_writer.h"
#include "x509/rsa_public_key.h"

namespace mayfly::x509 {
namespace {

const KeyRules kEveryType = {.allowed = {KeyType::kEcP256, KeyType::kEcP384, KeyType::kEcP521,
                                         KeyType::kEd25519, KeyType::kRsa}};

Result<ProvenKey> Prove(ByteSpan csr, const KeyRules& rules = kEveryType) {
  TRY_ASSIGN(CertificationRequest request, CertificationRequest::FromDer(csr));
  return ProvenKey::FromRequest(request, rules);
}

TEST(ProvenKey, RequestsOfTheOpensslProgramAreProven) {
  for (const char* name :
       {"rsa-2048", "p256", "p384", "p521", "ed25519", "p256-asks-for-ca", "python-all-names"}) {
    auto request = CertificationRequest::FromDer(Golden(std::string(name) + ".csr"));
    ASSERT_TRUE(request) << name << " " << request.error().rule;
    auto key = ProvenKey::FromRequest(*request, kEveryType);
    ASSERT_TRUE(key) << name << " " << key.error().message;
    EXPECT_EQ(key->spki(), request->public_key());
  }
}

TEST(ProvenKey, TypesOutsideTheRules) {
  EXPECT_EQ(RuleOf(Prove(Golden("p521.csr"), KeyRules{})), "key.type");
  EXPECT_EQ(RuleOf(Prove(Golden("p256.csr"), {.allowed = {KeyType::kRsa}})), "key.type");
  EXPECT_EQ(RuleOf(Prove(Golden("p256.csr"), {.allowed = {KeyType::kEcP256}})), "");
}

TEST(ProvenKey, KeysOfOurOwn) {
  for (const char* name : {"p256.csr", "rsa-2048.csr"}) {
    KeyRules rules = kEveryType;
    auto request = *CertificationRequest::FromDer(Golden(name));
    rules.own_ca_keys = {request.public_key().hash()};
    auto key = ProvenKey::FromRequest(request, rules);
    ASSERT_FALSE(key) << name;
    EXPECT_EQ(key.error().code, ErrorCode::kKeyRejected);
    EXPECT_EQ(key.error().rule, "key.own-ca");
    EXPECT_EQ(RuleOf(Prove(Golden("p384.csr"), rules)), "");
  }
}

TEST(ProvenKey, RsaSizesAndExponent) {
  EXPECT_EQ(RuleOf(Prove(Golden("rsa-1024.csr"))), "key.rsa-size");
  EXPECT_EQ(RuleOf(Prove(Golden("rsa-2050.csr"))), "key.rsa-size");
  EXPECT_EQ(RuleOf(Prove(Golden("rsa-exponent-3.csr"))), "key.rsa-exponent");
  auto rule = [](size_t min, size_t max) {
    KeyRules rules = kEveryType;
    rules.rsa_modulus_bits_min = min;
    rules.rsa_modulus_bits_max = max;
    return RuleOf(Prove(Golden("rsa-2048.csr"), rules));
  };
  EXPECT_EQ(rule(2048, 2048), "");
  EXPECT_EQ(rule(2049, 4096), "key.rsa-size");
  EXPECT_EQ(rule(1024, 2047), "key.rsa-size");
}

TEST(ProvenKey, KeysThatAreNotParsed) {
  EXPECT_EQ(RuleOf(Prove(Golden("p256-explicit.csr"))), "key.algorithm");
  EXPECT_EQ(RuleOf(Prove(Golden("secp256k1.csr"))), "key.algorithm");
  EXPECT_EQ(RuleOf(Prove(Golden("p256-compressed.csr"))), "key.encoding");
}

TEST(ProvenKey, OneFlippedBitAnywhereInTheSignature) {
  for (const char* name : {"rsa-2048.csr", "p256.csr", "p384.csr", "p521.csr", "ed25519.csr"}) {
    Bytes csr = Golden(name);
    size_t size = CertificationRequest::FromDer(csr)->signature().size();
    for (size_t i = 1; i <= size; i += (size > 128 ? 37 : 7)) {
      Bytes mutant = csr;
      mutant[mutant.size() - i] ^= 0x01;
      EXPECT_EQ(RuleOf(Prove(mutant)), "csr.signature") << name << " " << i;
    }
  }
}

TEST(ProvenKey, AnAlteredNameBreaksTheProof) {
  Bytes csr = Golden("p256.csr");
  std::string text = ToString(csr);
  size_t at = text.rfind("web.internal");
  ASSERT_NE(at, std::string::npos);
  csr[at] = 'x';
  auto key = Prove(csr);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, ErrorCode::kBadCsr);
  EXPECT_EQ(key.error().rule, "csr.signature");
}

TEST(ProvenKey, AnotherKeysSignatureAndAnotherAlgorithm) {
  auto p256 = *CertificationRequest::FromDer(Golden("p256.csr"));
  auto other = *CertificationRequest::FromDer(Golden("p256-asks-for-ca.csr"));
  auto assemble = [&](SignatureAlgorithm algorithm, ByteSpan signature) {
    return RuleOf(Prove(
        AssembleCertificationRequest(p256.certification_request_info(), algorithm, signature)));
  };
  EXPECT_EQ(assemble(SignatureAlgorithm::kEcdsaSha256, p256.signature()), "");
  EXPECT_EQ(assemble(SignatureAlgorithm::kEcdsaSha256, other.signature()), "csr.signature");
  EXPECT_EQ(assemble(SignatureAlgorithm::kEcdsaSha384, p256.signature()), "csr.signature");
  EXPECT_EQ(assemble(SignatureAlgorithm::kEd25519, p256.signature()), "csr.signature");
  EXPECT_EQ(assemble(SignatureAlgorithm::kRsaPkcs1Sha256, p256.signature()), "csr.signature");
}

TEST(ProvenKey, APointOffTheCurve) {
  Bytes csr = Golden("p256.csr");
  auto request = *CertificationRequest::FromDer(csr);
  ByteSpan point = request.public_key().key_bits();
  size_t at = ToString(csr).find(AsText(point));
  csr[at + point.size() - 1] ^= 1;
  auto key = Prove(csr);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, ErrorCode::kKeyRejected);
  EXPECT_EQ(key.error().rule, "key.import");
}

TEST(ProvenKey, FromStatement) {
  // A request is a message that its key has signed: it serves as the challenge.
  auto request = *CertificationRequest::FromDer(Golden("p256.csr"));
  Bytes challenge = ToBytes(request.certification_request_info());
  auto prove = [&](const KeyRules& rules) {
    return ProvenKey::FromStatement(request.public_key(), request.signature_algorithm(), challenge,
                                    request.signature(), rules);
  };
  ASSERT_TRUE(prove(kEveryType));
  EXPECT_EQ(prove(kEveryType)->spki(), request.public_key());
  EXPECT_EQ(RuleOf(prove({.allowed = {KeyType::kRsa}})), "key.type");
  challenge[0] ^= 1;
  EXPECT_EQ(RuleOf(prove(kEveryType)), "signature.invalid");
}

// ECDSA signatures of the same numbers in other encodings.
TEST(Signature, EcdsaEncodingIsStrict) {
  auto request = *CertificationRequest::FromDer(Golden("p256.csr"));
  auto verify = [&](ByteSpan signature) {
    return RuleOf(VerifySignature(request.public_key(), SignatureAlgorithm::kEcdsaSha256,
                                  request.certification_request_info(), signature));
  };
  der::Reader outer(request.signature());
  auto sequence = *outer.ReadSequence();
  Bytes r = ToBytes(*sequence.ReadInteger());
  Bytes s = ToBytes(*sequence.ReadInteger());
  auto encoded = [](ByteSpan first, ByteSpan second, ByteSpan third = {}) {
    der::Writer writer;
    writer.Sequence([&] {
      writer.Primitive(der::Tag::kInteger, first);
      writer.Primitive(der::Tag::kInteger, second);
      writer.Raw(third);
    });
    return writer.Take();
  };
  EXPECT_EQ(verify(encoded(r, s)), "");
  Bytes padded = s;
  padded.insert(padded.begin(), {0, 0});
  EXPECT_EQ(verify(encoded(r, padded)), "signature.invalid");
  EXPECT_EQ(verify(encoded(r, s, *FromHex("0500"))), "signature.invalid");
  EXPECT_EQ(verify(encoded(r, Bytes{0})), "signature.invalid");
  EXPECT_EQ(verify(encoded(Bytes{0}, Bytes{0})), "signature.invalid");
  EXPECT_EQ(verify(encoded(Bytes{1}, Bytes{1})), "signature.invalid");
  EXPECT_EQ(verify({}), "signature.invalid");
  Bytes trailing = encoded(r, s);
  trailing.push_back(0);
  EXPECT_EQ(verify(trailing), "signature.invalid");
  Bytes raw = r;
  raw.insert(raw.end(), s.begin(), s.end());
  EXPECT_EQ(verify(raw), "signature.invalid");
}

TEST(Signature, AlgorithmsAreWrittenAndReadBack) {
  for (int i = 0; i <= static_cast<int>(SignatureAlgorithm::kRsaPssSha512); ++i) {
    auto algorithm = static_cast<SignatureAlgorithm>(i);
    der::Writer writer;
    WriteSignatureAlgorithm(writer, algorithm);
    der::Reader reader(writer.bytes());
    auto read = ReadRequestSignatureAlgorithm(reader);
    ASSERT_TRUE(read) << SignatureAlgorithmName(algorithm);
    EXPECT_EQ(read->algorithm, algorithm);
  }
  auto rule = [](const char* hex) {
    Bytes der = *FromHex(hex);
    der::Reader reader(der);
    auto read = ReadSignatureAlgorithm(reader);
    EXPECT_TRUE(read || read.error().code == ErrorCode::kBadCsr);
    return RuleOf(read);
  };
  EXPECT_EQ(rule("300a06082a8648ce3d040302"), "");
  EXPECT_EQ(rule("300c06082a8648ce3d0403020500"), "signature.algorithm");
  EXPECT_EQ(rule("300d06092a864886f70d01010b0500"), "");
  EXPECT_EQ(rule("300b06092a864886f70d01010b"), "signature.algorithm");
  EXPECT_EQ(rule("300f06092a864886f70d01010b05000500"), "signature.algorithm");
  EXPECT_EQ(rule("300d06092a864886f70d0101050500"), "signature.algorithm");  // SHA-1
  EXPECT_EQ(rule("300d06092a864886f70d0101040500"), "signature.algorithm");  // MD5
}

TEST(Signature, AlgorithmsOfOurOwnKeys) {
  EXPECT_EQ(*SignatureAlgorithmFor(KeyType::kEcP256), SignatureAlgorithm::kEcdsaSha256);
  EXPECT_EQ(*SignatureAlgorithmFor(KeyType::kEcP384), SignatureAlgorithm::kEcdsaSha384);
  EXPECT_EQ(*SignatureAlgorithmFor(KeyType::kEd25519), SignatureAlgorithm::kEd25519);
  EXPECT_EQ(*SignatureAlgorithmFor(KeyType::kRsa), SignatureAlgorithm::kRsaPkcs1Sha256);
  EXPECT_EQ(RuleOf(SignatureAlgorithmFor(KeyType::kEcP521)), "key.type");
}

std::string SpkiRule(std::string_view hex) {
  return RuleOf(SubjectPublicKeyInfo::FromDer(*FromHex(hex)));
}

TEST(SubjectPublicKeyInfo, AlgorithmsAndEncodingsThatAreRefused) {
  const std::string key32(64, '1');
  EXPECT_EQ(SpkiRule("302a300506032b6570032100" + key32), "");
  EXPECT_EQ(SpkiRule("302a300506032b656e032100" + key32), "key.algorithm");  // X25519
  EXPECT_EQ(SpkiRule("302c300706032b65700500032100" + key32), "key.algorithm");
  EXPECT_EQ(SpkiRule("3029300506032b6570032000" + key32.substr(2)), "key.encoding");
  EXPECT_EQ(SpkiRule("302b300506032b6570032200" + key32 + "11"), "key.encoding");
  EXPECT_EQ(SpkiRule("302a300506032b6570032101" + key32.substr(2) + "10"), "der.bit-string");
  EXPECT_EQ(SpkiRule("302a300506032b6570032100" + key32 + "00"), "der.trailing");
  // An EC key without a curve, then with NULL for one.
  EXPECT_EQ(SpkiRule("300f300906072a8648ce3d020103020004"), "key.algorithm");
  EXPECT_EQ(SpkiRule("3011300b06072a8648ce3d0201050003020004"), "key.algorithm");
}

TEST(SubjectPublicKeyInfo, PointForms) {
  const std::string head = "06072a8648ce3d020106082a8648ce3d030107";
  const std::string coordinate(64, '1');
  EXPECT_EQ(SpkiRule("30593013" + head + "034200" + "04" + coordinate + coordinate), "");
  EXPECT_EQ(SpkiRule("30593013" + head + "034200" + "06" + coordinate + coordinate),
            "key.encoding");  // hybrid
  EXPECT_EQ(SpkiRule("30393013" + head + "032200" + "02" + coordinate), "key.encoding");
  EXPECT_EQ(SpkiRule("30193013" + head + "030200" + "00"), "key.encoding");  // infinity
  EXPECT_EQ(SpkiRule("30593013" + head + "034200" + "00" + coordinate + coordinate),
            "key.encoding");
}

TEST(SubjectPublicKeyInfo, RsaEncodings) {
  const std::string algorithm = "300d06092a864886f70d0101010500";
  auto spki = [&](std::string_view key_hex) {
    der::Writer writer;
    writer.Sequence([&] {
      writer.Raw(*FromHex(algorithm));
      writer.BitString(*FromHex(key_hex));
    });
    return RuleOf(SubjectPublicKeyInfo::FromDer(writer.bytes()));
  };
  EXPECT_EQ(spki("300602010f020103"), "");
  EXPECT_EQ(spki("3006020100020103"), "key.encoding");
  EXPECT_EQ(spki("300602018f020103"), "key.encoding");
  EXPECT_EQ(spki("30070202000f020103"), "key.encoding");
  EXPECT_EQ(spki("300602010f020100"), "key.encoding");
  EXPECT_EQ(spki("300802010f0201030500"), "key.encoding");
  EXPECT_EQ(spki("300602010f02010300"), "key.encoding");
  EXPECT_EQ(SpkiRule("3018300b06092a864886f70d010101030900300602010f020103"), "key.algorithm");
}

TEST(SubjectPublicKeyInfo, SizeAtItsLimitAndOnePast) {
  auto of_modulus = [](size_t octets) {
    der::Writer writer;
    writer.Sequence([&] {
      writer.Raw(*FromHex("300d06092a864886f70d0101010500"));
      writer.BitStringHolding([&] {
        writer.Sequence([&] {
          writer.UnsignedInteger(Bytes(octets, 0x7f));
          writer.SmallInteger(65537);
        });
      });
    });
    return writer.Take();
  };
  size_t overhead = of_modulus(8000).size() - 8000;
  EXPECT_TRUE(SubjectPublicKeyInfo::FromDer(of_modulus(kSpkiDerBytesMax - overhead)));
  EXPECT_EQ(RuleOf(SubjectPublicKeyInfo::FromDer(of_modulus(kSpkiDerBytesMax - overhead + 1))),
            "key.encoding");
}

TEST(SubjectPublicKeyInfo, KeyBitsHashAndIdentifier) {
  SubjectPublicKeyInfo key = AnyKey();
  EXPECT_EQ(ToHex(key.key_bits()), std::string(64, '0'));
  // printf of 32 zero octets, through sha1sum.
  EXPECT_EQ(ToHex(key.key_identifier()), "de8a847bff8c343d69b853a215e6ee775ef2ef96");
  EXPECT_EQ(key.rsa_modulus_bits(), 0u);
  auto rsa = CertificationRequest::FromDer(Golden("rsa-2050.csr"));
  EXPECT_EQ(rsa->public_key().rsa_modulus_bits(), 2050u);
}

TEST(RsaModulus, WeakOnesAreFound) {
  std::map<std::string, Bytes> moduli;
  std::istringstream file(ToString(Golden("moduli.txt")));
  for (std::string kind, hex; file >> kind >> hex;) moduli[kind] = *FromHex(hex);
  EXPECT_TRUE(CheckRsaModulus(moduli.at("sound")));
  // 751 is the greatest factor that is looked for.
  EXPECT_TRUE(CheckRsaModulus(moduli.at("factor-757")));
  for (const char* kind : {"factor-751", "even", "prime", "close-primes", "square", "roca"}) {
    auto status = CheckRsaModulus(moduli.at(kind));
    EXPECT_EQ(RuleOf(status), "key.rsa-weak") << kind;
    EXPECT_EQ(status.error().code, ErrorCode::kKeyRejected) << kind;
  }
  EXPECT_NE(CheckRsaModulus(moduli.at("roca")).error().message.find("ROCA"), std::string::npos);
  EXPECT_NE(CheckRsaModulus(moduli.at("square")).error().message.find("close"), std::string::npos);
}

}  // namespace
}  // namespace mayfly::x509
