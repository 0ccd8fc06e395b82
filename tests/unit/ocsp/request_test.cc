#include "ocsp/request.h"

#include <gtest/gtest.h>

#include "der/writer.h"
#include "tests/fakes/responder_parts.h"
#include "x509/digest.h"
#include "x509/extension.h"

namespace mayfly::ocsp {
namespace {

using fakes::OcspGoldenDer;

// A request of our own making; every part can be made wrong.
struct Draft {
  der::Oid hash = oid::Sha1();
  bool null_parameters = true;
  Bytes serial = {0x21, 0x01};
  size_t count = 1;
  Bytes before_list;         // raw DER, before requestList
  Bytes single_extensions;   // raw Extension elements
  Bytes request_extensions;  // the same
  Bytes after;               // raw DER, after tbsRequest
};

void WriteExtensionList(der::Writer& w, uint8_t tag, const Bytes& extensions) {
  if (extensions.empty()) return;
  w.Constructed(der::ContextConstructed(tag), [&] { w.Sequence([&] { w.Raw(extensions); }); });
}

void WriteOne(der::Writer& w, const Draft& draft) {
  w.Sequence([&] {
    w.Sequence([&] {
      w.Sequence([&] {
        w.ObjectIdentifier(draft.hash);
        if (draft.null_parameters) w.Null();
      });
      w.OctetString(Bytes(20, 1));
      w.OctetString(Bytes(20, 2));
      w.Primitive(der::Tag::kInteger, draft.serial);
    });
    WriteExtensionList(w, 0, draft.single_extensions);
  });
}

Bytes Write(const Draft& draft) {
  der::Writer w;
  w.Sequence([&] {
    w.Sequence([&] {
      w.Raw(draft.before_list);
      w.Sequence([&] {
        for (size_t i = 0; i < draft.count; ++i) WriteOne(w, draft);
      });
      WriteExtensionList(w, 2, draft.request_extensions);
    });
    w.Raw(draft.after);
  });
  return w.Take();
}

Bytes ExtensionDer(const der::Oid& oid, ByteSpan value, bool critical = false) {
  der::Writer w;
  w.Sequence([&] {
    w.ObjectIdentifier(oid);
    if (critical) w.Boolean(true);
    w.OctetString(value);
  });
  return w.Take();
}

Bytes NonceExtension(size_t size, bool critical = false) {
  der::Writer w;
  w.OctetString(Bytes(size, 0x5a));
  return ExtensionDer(oid::Nonce(), w.bytes(), critical);
}

Result<OcspRequest> Parse(const Draft& draft) { return OcspRequest::FromDer(Write(draft)); }

std::string RuleOf(const Draft& draft) {
  Result<OcspRequest> request = Parse(draft);
  return request ? "accepted" : request.error().rule;
}

TEST(OcspRequest, ReadsWhatOpensslWrites) {
  x509::Certificate issuer = fakes::OcspGoldenCertificate("issuer.pem");
  const x509::TbsFields& fields = issuer.tbs().fields();
  Result<OcspRequest> sha1 = OcspRequest::FromDer(OcspGoldenDer("sha1.der"));
  ASSERT_TRUE(sha1);
  EXPECT_EQ(sha1->cert_id().form, CertIdForm::kSha1WithNull);
  EXPECT_TRUE(Equal(sha1->cert_id().issuer_name_hash, x509::Sha1(fields.subject.der())));
  EXPECT_TRUE(Equal(sha1->cert_id().issuer_key_hash, x509::Sha1(fields.public_key.key_bits())));
  EXPECT_EQ(sha1->cert_id().serial.Hex(), "210190a1b2c3d4000102030405060708090a0b0c");
  EXPECT_FALSE(sha1->echoed_nonce());
  Result<OcspRequest> sha256 = OcspRequest::FromDer(OcspGoldenDer("sha256.der"));
  ASSERT_TRUE(sha256);
  EXPECT_EQ(sha256->cert_id().form, CertIdForm::kSha256WithNull);
  EXPECT_TRUE(Equal(sha256->cert_id().issuer_name_hash, x509::Sha256(fields.subject.der())));
  Result<OcspRequest> nonce = OcspRequest::FromDer(OcspGoldenDer("nonce.der"));
  ASSERT_TRUE(nonce);
  ASSERT_TRUE(nonce->echoed_nonce());
  EXPECT_EQ(nonce->echoed_nonce()->size(), 16u);
}

TEST(OcspRequest, IgnoresSignatures) {
  Result<OcspRequest> request = OcspRequest::FromDer(OcspGoldenDer("signed.der"));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->cert_id().form, CertIdForm::kSha1WithNull);
}

TEST(OcspRequest, HoldsUnknownHashesWithoutAForm) {
  Result<OcspRequest> request = OcspRequest::FromDer(OcspGoldenDer("sha384.der"));
  ASSERT_TRUE(request);
  EXPECT_FALSE(request->cert_id().form);
  // The same with parameters, and with parameters that end inside themselves.
  auto with_parameters = [](const std::string& parameters) {
    const Bytes parameters_der = *FromHex(parameters);
    der::Writer w;
    w.Sequence([&] {
      w.Sequence([&] {
        w.Sequence([&] {
          w.Sequence([&] {
            w.Sequence([&] {
              w.Sequence([&] {
                w.ObjectIdentifier(der::OidOrDie("1.2.3"));
                w.Raw(parameters_der);
              });
              w.OctetString(Bytes(20, 1));
              w.OctetString(Bytes(20, 2));
              w.SmallInteger(1);
            });
          });
        });
      });
    });
    auto parsed = OcspRequest::FromDer(w.bytes());
    return parsed ? "accepted" : parsed.error().rule;
  };
  EXPECT_EQ(with_parameters("040101"), "accepted");
  EXPECT_EQ(with_parameters("0403"), "der.truncated");
  EXPECT_EQ(with_parameters("05000500"), "der.trailing");
}

TEST(OcspRequest, TellsParameterFormsApart) {
  EXPECT_EQ(Parse({.null_parameters = false})->cert_id().form, CertIdForm::kSha1);
  EXPECT_EQ(Parse({.hash = oid::Sha256(), .null_parameters = false})->cert_id().form,
            CertIdForm::kSha256);
}

TEST(OcspRequest, AsksAboutExactlyOne) {
  EXPECT_EQ(RuleOf({.count = 0}), "ocsp.request-count");
  EXPECT_EQ(RuleOf({.count = 1}), "accepted");
  EXPECT_EQ(RuleOf({.count = 2}), "ocsp.request-count");
  EXPECT_EQ(OcspRequest::FromDer(OcspGoldenDer("two.der")).error().rule, "ocsp.request-count");
}

TEST(OcspRequest, EveryPrefixIsRefused) {
  for (const char* name : {"sha1.der", "sha256.der", "nonce.der", "signed.der"}) {
    Bytes whole = OcspGoldenDer(name);
    ASSERT_TRUE(OcspRequest::FromDer(whole)) << name;
    for (size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(OcspRequest::FromDer(ByteSpan(whole).first(size))) << name << " " << size;
    }
    whole.push_back(0);
    EXPECT_FALSE(OcspRequest::FromDer(whole)) << name << " with one octet more";
  }
}

TEST(OcspRequest, NonceSizes) {
  struct Case {
    size_t size;
    bool accepted, echoed;
  };
  for (Case c : {Case{0, false, false},
                 {1, true, false},
                 {15, true, false},
                 {16, true, true},
                 {32, true, true},
                 {33, true, false},
                 {128, true, false},
                 {129, false, false}}) {
    for (bool critical : {false, true}) {
      Draft draft{.request_extensions = NonceExtension(c.size, critical)};
      Result<OcspRequest> request = Parse(draft);
      ASSERT_EQ(request.has_value(), c.accepted) << c.size;
      if (!request) {
        EXPECT_EQ(request.error().rule, "ocsp.nonce");
      } else {
        EXPECT_EQ(request->echoed_nonce().has_value(), c.echoed) << c.size;
      }
    }
  }
}

TEST(OcspRequest, OddNonces) {
  Bytes twice = NonceExtension(16);
  Bytes once = twice;
  twice.insert(twice.end(), once.begin(), once.end());
  EXPECT_EQ(RuleOf({.request_extensions = twice}), "extension.duplicate");
  // Raw octets instead of an OCTET STRING, and something after it.
  EXPECT_NE(RuleOf({.request_extensions = ExtensionDer(oid::Nonce(), Bytes(16, 0x5a))}),
            "accepted");
  EXPECT_NE(RuleOf({.request_extensions = ExtensionDer(oid::Nonce(), Bytes{4, 1, 7, 5, 0})}),
            "accepted");
}

TEST(OcspRequest, CriticalExtensionsMustBeUnderstood) {
  der::Oid unknown = der::OidOrDie("1.2.3.4");
  Bytes critical = ExtensionDer(unknown, Bytes{5, 0}, true);
  Bytes harmless = ExtensionDer(unknown, Bytes{5, 0});
  EXPECT_EQ(RuleOf({.single_extensions = harmless}), "accepted");
  EXPECT_EQ(RuleOf({.request_extensions = harmless}), "accepted");
  EXPECT_EQ(RuleOf({.single_extensions = critical}), "ocsp.critical-extension");
  EXPECT_EQ(RuleOf({.request_extensions = critical}), "ocsp.critical-extension");
  EXPECT_EQ(RuleOf({.single_extensions = NonceExtension(16, true)}), "ocsp.critical-extension");
}

TEST(OcspRequest, SerialsThatNobodyCanHave) {
  Bytes longest(20, 0x7f);
  EXPECT_EQ(RuleOf({.serial = longest}), "accepted");
  longest.push_back(0x7f);
  EXPECT_NE(RuleOf({.serial = longest}), "accepted");
  EXPECT_NE(RuleOf({.serial = {0x00}}), "accepted");
  EXPECT_NE(RuleOf({.serial = {0x80}}), "accepted");        // negative
  EXPECT_NE(RuleOf({.serial = {0x00, 0x01}}), "accepted");  // not minimal
  EXPECT_NE(RuleOf({.serial = {}}), "accepted");
  EXPECT_NE(RuleOf({.serial = Bytes(1000, 1)}), "accepted");
}

TEST(OcspRequest, SizeLimit) {
  auto padded = [](size_t value_size) {
    return Write(
        {.request_extensions = ExtensionDer(der::OidOrDie("1.2.3.4"), Bytes(value_size, 0))});
  };
  size_t overhead = padded(3900).size() - 3900;
  EXPECT_EQ(padded(kRequestDerBytesMax - overhead).size(), kRequestDerBytesMax);
  EXPECT_TRUE(OcspRequest::FromDer(padded(kRequestDerBytesMax - overhead)));
  Result<OcspRequest> over = OcspRequest::FromDer(padded(kRequestDerBytesMax - overhead + 1));
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().rule, "ocsp.request-size");
}

TEST(OcspRequest, VersionsAndNames) {
  Bytes encoded_default = {0xa0, 3, 2, 1, 0};
  Bytes second_version = {0xa0, 3, 2, 1, 1};
  EXPECT_NE(RuleOf({.before_list = encoded_default}), "accepted");
  EXPECT_NE(RuleOf({.before_list = second_version}), "accepted");
  Bytes name = {0xa1, 4, 0x82, 2, 'a', 'b'};
  EXPECT_EQ(RuleOf({.before_list = name}), "accepted");
  Bytes directory = *FromHex("a111a40f300d310b300906035504030c026162");
  EXPECT_EQ(RuleOf({.before_list = directory}), "accepted");
  // [4] that is not EXPLICIT, a Name that is none, a tag that GeneralName does not have.
  EXPECT_EQ(RuleOf({.before_list = *FromHex("a1028400")}), "ocsp.requestor-name");
  EXPECT_EQ(RuleOf({.before_list = *FromHex("a104a4020500")}), "der.tag");
  EXPECT_EQ(RuleOf({.before_list = *FromHex("a1028900")}), "ocsp.requestor-name");
  EXPECT_NE(RuleOf({.after = Bytes{5, 0}}), "accepted");
}

}  // namespace
}  // namespace mayfly::ocsp
