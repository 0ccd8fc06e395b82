// Whom a foreign CA's certificate proves, and each way in which it proves nobody.
#include "identity/foreign_cas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/identity/foreign_pki.h"
#include "x509/certificate.h"
#include "x509/name.h"

namespace mayfly::identity {
namespace {

using policy::ForeignHolder;
using testing::ElementsAre;

const std::string kApi = "URI:spiffe://partner.example/api";

ForeignCa Trusting(const std::string& roots, const std::string& name = "partner",
                   ForeignHolder holder = ForeignHolder::kSpiffe) {
  return {{name, holder, "partner.example"}, *x509::TrustAnchors::FromPem(roots)};
}

class Foreign : public testing::Test {
 protected:
  // One foreign CA, by SPIFFE IDs.
  ForeignCas Cas(ForeignHolder holder = ForeignHolder::kSpiffe) const {
    std::vector<ForeignCa> cas;
    cas.push_back(Trusting(root_.Pem(), "partner", holder));
    return {std::move(cas), {}};
  }
  // The id, the rule that refused, or "" where it is nobody's here.
  static std::string Ask(const ForeignCas& cas, const std::string& leaf, const std::string& others,
                         TimePoint at = kForeignNow) {
    const auto chain = x509::PresentedChain::FromPem(leaf, others);
    if (!chain) return chain.error().rule;
    const auto proved = cas.Identify(*chain, at);
    if (!proved) return "";
    return *proved ? (*proved)->id : proved->error().rule;
  }
  std::string AskLeaf(const Wanted& wanted, TimePoint at = kForeignNow) const {
    return Ask(Cas(), Certified(wanted, &issuing_).Pem(), issuing_.Pem(), at);
  }

  const Certified root_{CaWanted("Partner root")};
  const Certified issuing_{CaWanted("Partner issuing"), &root_};
};

TEST_F(Foreign, ALeafProvesItsHolder) {
  const Certified leaf(LeafWanted(kApi), &issuing_);
  const auto chain = x509::PresentedChain::FromPem(leaf.Pem(), issuing_.Pem());
  ASSERT_TRUE(chain);
  const auto proved = Cas().Identify(*chain, kForeignNow);
  ASSERT_TRUE(proved.has_value() && proved->has_value());
  const policy::Principal& principal = **proved;
  EXPECT_EQ(principal.proof, policy::ProofOfIdentity::kForeignCertificate);
  EXPECT_EQ(principal.id, "foreign:partner:spiffe://partner.example/api");
  EXPECT_EQ(principal.request_scope, principal.id);
  EXPECT_TRUE(principal.names.empty()) << "the policy grants names, not another CA";
  EXPECT_EQ(principal.key_hash, leaf.KeyHash());
  EXPECT_EQ(principal.proof_ends, kForeignNow + Seconds(3600));
}

TEST_F(Foreign, AnotherCertificateOfTheSameHolderIsTheSamePrincipal) {
  const std::string id = "foreign:partner:spiffe://partner.example/api";
  EXPECT_EQ(AskLeaf(LeafWanted(kApi)), id);
  EXPECT_EQ(AskLeaf(LeafWanted(kApi)), id);
}

TEST_F(Foreign, OneUriOfTheStatedTrustDomainAndNothingElse) {
  for (const char* names :
       {"", "DNS:api.partner.example", "URI:spiffe://mayfly.internal/operator",
        "URI:spiffe://partner.example", "URI:spiffe://partner.example.evil/api",
        "URI:spiffe://Partner.example/api", "URI:spiffe://partner.example/a//b",
        "URI:spiffe://partner.example/../api", "URI:https://partner.example/api",
        "URI:spiffe://partner.example/api,URI:spiffe://partner.example/db",
        "URI:spiffe://partner.example/api,URI:https://partner.example"}) {
    EXPECT_EQ(AskLeaf(LeafWanted(names)), "peer.holder") << names;
  }
  EXPECT_EQ(AskLeaf(LeafWanted(kApi + ",DNS:api.partner.example,IP:10.0.0.1")),
            "foreign:partner:spiffe://partner.example/api");
}

TEST_F(Foreign, ByDnsNamesExactlyOne) {
  const ForeignCas cas = Cas(ForeignHolder::kDns);
  const auto ask = [&](const std::string& names) {
    return Ask(cas, Certified(LeafWanted(names), &issuing_).Pem(), issuing_.Pem());
  };
  EXPECT_EQ(ask("DNS:Host-1.partner.example"), "foreign:partner:dns:host-1.partner.example");
  EXPECT_EQ(ask("DNS:a.partner.example," + kApi), "foreign:partner:dns:a.partner.example");
  for (const char* names : {"", "DNS:*.partner.example", "DNS:a.example,DNS:b.example",
                            "URI:spiffe://partner.example/api", "DNS:a b", "IP:10.0.0.1"}) {
    EXPECT_EQ(ask(names), "peer.holder") << names;
  }
}

TEST_F(Foreign, EachCallIsWithinTheValidityOfTheWholePath) {
  EXPECT_EQ(AskLeaf(LeafWanted(kApi), kForeignNow + Seconds(3599)),
            "foreign:partner:spiffe://partner.example/api");
  EXPECT_EQ(AskLeaf(LeafWanted(kApi), kForeignNow + Seconds(3601)), "peer.expired");
  EXPECT_EQ(AskLeaf(LeafWanted(kApi), kForeignNow - Seconds(3601)), "peer.expired");
  Wanted brief = CaWanted("Brief");
  brief.to = Seconds(60);
  const Certified issuing(brief, &root_);
  const std::string leaf = Certified(LeafWanted(kApi), &issuing).Pem();
  const auto chain = x509::PresentedChain::FromPem(leaf, issuing.Pem());
  EXPECT_EQ((*Cas().Identify(*chain, kForeignNow))->proof_ends, kForeignNow + Seconds(60));
  EXPECT_EQ(Ask(Cas(), leaf, issuing.Pem(), kForeignNow + Seconds(61)), "peer.expired");
}

TEST_F(Foreign, OnlyForClientsAndNeverACa) {
  EXPECT_EQ(AskLeaf(LeafWanted(kApi, "serverAuth")), "peer.purpose");
  EXPECT_EQ(AskLeaf(LeafWanted(kApi, "")), "peer.purpose");
  EXPECT_EQ(AskLeaf(LeafWanted(kApi, "anyExtendedKeyUsage")), "peer.purpose");
  EXPECT_EQ(AskLeaf(LeafWanted(kApi, "serverAuth,clientAuth")),
            "foreign:partner:spiffe://partner.example/api");
  Wanted ca = CaWanted("leaf");
  ca.extensions.emplace_back(NID_subject_alt_name, kApi);
  ca.extensions.emplace_back(NID_ext_key_usage, "clientAuth");
  ca.extensions[1].second = "critical,digitalSignature,keyCertSign";
  EXPECT_EQ(AskLeaf(ca), "peer.purpose");
  Wanted signs = LeafWanted(kApi);
  signs.extensions[1].second = "critical,keyEncipherment";
  EXPECT_EQ(AskLeaf(signs), "peer.purpose");
}

TEST_F(Foreign, AnIntermediateThatIsNotForClientsVouchesForNone) {
  Wanted servers = CaWanted("Servers only");
  servers.extensions.emplace_back(NID_ext_key_usage, "serverAuth");
  const Certified issuing(servers, &root_);
  EXPECT_EQ(Ask(Cas(), Certified(LeafWanted(kApi), &issuing).Pem(), issuing.Pem()), "peer.purpose");
}

TEST_F(Foreign, AWeakKeyProvesNobody) {
  Wanted weak = LeafWanted(kApi);
  weak.curve = "";
  weak.rsa_bits = 1024;
  EXPECT_EQ(AskLeaf(weak), "peer.chain");
  weak.rsa_bits = 2050;
  EXPECT_EQ(AskLeaf(weak), "key.rsa-size");
  weak.rsa_bits = 2048;
  EXPECT_EQ(AskLeaf(weak), "foreign:partner:spiffe://partner.example/api");
  Wanted other = LeafWanted(kApi);
  other.curve = "secp256k1";
  EXPECT_EQ(AskLeaf(other), "key.algorithm");
  other.curve = "P-521";
  EXPECT_EQ(AskLeaf(other), "foreign:partner:spiffe://partner.example/api");
}

TEST_F(Foreign, ThePathIsComplete) {
  const std::string leaf = Certified(LeafWanted(kApi), &issuing_).Pem();
  EXPECT_EQ(Ask(Cas(), leaf, ""), "");
  EXPECT_EQ(Ask(Cas(), leaf, root_.Pem()), "");
  EXPECT_EQ(Ask(Cas(), leaf, root_.Pem() + issuing_.Pem()),
            "foreign:partner:spiffe://partner.example/api");
  EXPECT_EQ(Ask(Cas(), leaf, "nonsense"), "");
  EXPECT_EQ(Ask(Cas(), "nonsense", issuing_.Pem()), "peer.certificate");
  EXPECT_EQ(Ask(Cas(), leaf + leaf, issuing_.Pem()), "peer.certificate");
}

TEST_F(Foreign, AnotherCaOfTheSameNamesIsNobody) {
  const Certified root(CaWanted("Partner root"));
  const Certified issuing(CaWanted("Partner issuing"), &root);
  const std::string leaf = Certified(LeafWanted(kApi), &issuing).Pem();
  EXPECT_EQ(Ask(Cas(), leaf, issuing.Pem() + root.Pem()), "");
  // Signed by a key that is not the intermediate's, which is the real one.
  EXPECT_EQ(Ask(Cas(), leaf, issuing_.Pem()), "");
  EXPECT_EQ(Ask(Cas(), Certified(LeafWanted(kApi)).Pem(), ""), "");
}

TEST_F(Foreign, ConstraintsOfThePathHold) {
  const Certified constrained(CaWanted("Constrained",
                                       "critical,permitted;DNS:partner.example,"
                                       "permitted;URI:partner.example"),
                              &root_);
  const auto ask = [&](const std::string& names) {
    return Ask(Cas(ForeignHolder::kDns), Certified(LeafWanted(names), &constrained).Pem(),
               constrained.Pem());
  };
  EXPECT_EQ(ask("DNS:a.partner.example"), "foreign:partner:dns:a.partner.example");
  EXPECT_EQ(ask("DNS:a.other.example"), "peer.chain");
  EXPECT_EQ(ask("DNS:a.partner.example,URI:spiffe://other.example/a"), "peer.chain");

  Wanted short_path = CaWanted("Path length 0");
  short_path.extensions[0].second = "critical,CA:TRUE,pathlen:0";
  const Certified last(short_path, &root_), below(CaWanted("Below"), &last);
  EXPECT_EQ(Ask(Cas(), Certified(LeafWanted(kApi), &below).Pem(), below.Pem() + last.Pem()),
            "peer.chain");
  const Certified leaf(LeafWanted(kApi), &issuing_);
  EXPECT_EQ(Ask(Cas(), Certified(LeafWanted(kApi), &leaf).Pem(), leaf.Pem() + issuing_.Pem()),
            "peer.chain");

  Wanted critical = LeafWanted(kApi);
  critical.extensions.emplace_back(NID_inhibit_any_policy, "critical,0");
  EXPECT_EQ(AskLeaf(critical), "foreign:partner:spiffe://partner.example/api");
  critical.extensions.back() = {NID_netscape_comment, "critical,not understood"};
  EXPECT_EQ(AskLeaf(critical), "peer.chain");
}

TEST_F(Foreign, TheDepthAtTheLimitAndOnePast) {
  std::vector<std::unique_ptr<Certified>> path;
  std::string others;
  const Certified* above = &root_;
  for (int i = 0; i < x509::kPathIntermediatesMax; ++i) {
    path.push_back(
        std::make_unique<Certified>(CaWanted("Intermediate " + std::to_string(i)), above));
    above = path.back().get();
    others += above->Pem();
  }
  EXPECT_EQ(Ask(Cas(), Certified(LeafWanted(kApi), above).Pem(), others),
            "foreign:partner:spiffe://partner.example/api");
  const Certified more(CaWanted("One more"), above);
  const std::string rule =
      Ask(Cas(), Certified(LeafWanted(kApi), &more).Pem(), others + more.Pem());
  EXPECT_TRUE(rule == "peer.chain" || rule.empty()) << rule;
  std::string many;
  for (size_t i = 0; i <= x509::kPresentedCertificatesMax; ++i) many += issuing_.Pem();
  EXPECT_EQ(Ask(Cas(), Certified(LeafWanted(kApi), &issuing_).Pem(), many), "peer.certificate");
}

TEST_F(Foreign, WhatNamesOurCaAsItsIssuerIsOursOrNobodys) {
  const Certified ours(CaWanted("Mayfly issuing"));
  std::vector<ForeignCa> cas;
  cas.push_back(Trusting(root_.Pem() + ours.Pem()));
  const ForeignCas trusting(std::move(cas), {{ours.Subject()}, {}});
  EXPECT_EQ(Ask(trusting, Certified(LeafWanted(kApi), &ours).Pem(), ""), "");
  EXPECT_EQ(Ask(trusting, Certified(LeafWanted(kApi), &issuing_).Pem(), issuing_.Pem()),
            "foreign:partner:spiffe://partner.example/api");
}

// In another string type, case or white space it is our name all the same (RFC 5280 7.1).
TEST_F(Foreign, WhoNamesOursAsItsIssuerInOtherOctetsProvesNobody) {
  const std::string leaf = Certified(LeafWanted(kApi), &issuing_).Pem();
  const auto ask = [&](const char* ours) {
    std::vector<ForeignCa> cas;
    cas.push_back(Trusting(root_.Pem()));
    const ForeignCas trusting(std::move(cas), {{ToBytes(x509::Name::CommonName(ours)->der())}, {}});
    return Ask(trusting, leaf, issuing_.Pem());
  };
  for (const char* ours : {"Partner issuing", "PARTNER Issuing", "Partner  issuing"}) {
    EXPECT_EQ(ask(ours), "") << ours;
  }
  EXPECT_EQ(ask("Partner issuing 2"), "foreign:partner:spiffe://partner.example/api");
}

// The foreign CA has signed our root's name and key; what stands below that is not its own.
TEST_F(Foreign, APathThroughOurCaProvesNobody) {
  const Certified ours(CaWanted("Mayfly root"));
  const Certified crossed(CaWanted("Mayfly root"), ours.key(), &root_);
  const Certified retired(CaWanted("Mayfly retired"), &ours);
  const std::string leaf = Certified(LeafWanted(kApi), &retired).Pem();
  std::vector<ForeignCa> cas;
  cas.push_back(Trusting(root_.Pem()));
  const ForeignCas trusting(std::move(cas), {{ours.Subject()}, {ours.KeyHash()}});
  EXPECT_EQ(Ask(trusting, leaf, retired.Pem() + crossed.Pem()), "peer.chain");
}

TEST_F(Foreign, AKeyOfOursProvesNobody) {
  const Certified leaf(LeafWanted(kApi), &issuing_);
  std::vector<ForeignCa> cas;
  cas.push_back(Trusting(root_.Pem()));
  const ForeignCas trusting(std::move(cas), {{}, {leaf.KeyHash()}});
  EXPECT_EQ(Ask(trusting, leaf.Pem(), issuing_.Pem()), "key.own-ca");
}

TEST_F(Foreign, EachCaVouchesForItsOwnAlone) {
  const Certified other(CaWanted("Other root"));
  std::vector<ForeignCa> cas;
  cas.push_back(Trusting(root_.Pem()));
  cas.push_back({{"other", ForeignHolder::kSpiffe, "other.example"},
                 *x509::TrustAnchors::FromPem(other.Pem())});
  const ForeignCas both(std::move(cas), {});
  const std::string theirs = "URI:spiffe://other.example/api";
  EXPECT_EQ(Ask(both, Certified(LeafWanted(theirs), &other).Pem(), ""),
            "foreign:other:spiffe://other.example/api");
  EXPECT_EQ(Ask(both, Certified(LeafWanted(kApi), &other).Pem(), ""), "peer.holder");
  EXPECT_EQ(Ask(both, Certified(LeafWanted(theirs), &issuing_).Pem(), issuing_.Pem()),
            "peer.holder");
  // Signed by both: whose word counts must not depend on the order of the configuration.
  const Certified crossed(CaWanted("Partner root"), root_.key(), &other);
  EXPECT_EQ(Ask(both, Certified(LeafWanted(kApi), &issuing_).Pem(), issuing_.Pem() + crossed.Pem()),
            "peer.ambiguous");
}

TEST(ForeignAnchors, AreRoots) {
  const Certified root(CaWanted("Root"));
  const auto rule = [](const std::string& pem) {
    const auto anchors = x509::TrustAnchors::FromPem(pem);
    return anchors ? "ok" : anchors.error().rule;
  };
  EXPECT_EQ(rule(root.Pem()), "ok");
  EXPECT_EQ(rule(""), "anchors.count");
  EXPECT_EQ(rule("nonsense"), "anchors.count");
  EXPECT_EQ(rule(Certified(CaWanted("Below"), &root).Pem()), "anchors.certificate");
  EXPECT_EQ(rule(Certified(LeafWanted(kApi)).Pem()), "anchors.certificate");
  EXPECT_EQ(rule(root.Pem() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "anchors.certificate");
  std::string many;
  for (size_t i = 0; i < x509::kTrustAnchorsMax; ++i) many += root.Pem();
  EXPECT_EQ(rule(many), "ok");
  EXPECT_EQ(rule(many + root.Pem()), "anchors.count");
}

class Lists : public Foreign {
 protected:
  Lists() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mayfly-crl-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~Lists() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& text) const {
    std::ofstream(folder_ / "new") << text;
    std::filesystem::rename(folder_ / "new", folder_ / "crls");
  }
  ForeignCas CasWithLists() {
    std::vector<ForeignCa> cas;
    cas.push_back(Trusting(root_.Pem()));
    cas.back().lists = std::make_unique<RevocationFile>(
        folder_ / "crls",
        [this](const Status& status) { told_.push_back(status ? "ok" : status.error().rule); });
    return {std::move(cas), {}};
  }

  std::filesystem::path folder_;
  std::vector<std::string> told_;
  const Certified leaf_{LeafWanted(kApi), &issuing_};
  const std::string id_ = "foreign:partner:spiffe://partner.example/api";
};

TEST_F(Lists, RevokeLeafAndIntermediate) {
  Write(root_.Crl({}) + issuing_.Crl({}));
  const ForeignCas cas = CasWithLists();
  EXPECT_EQ(Ask(cas, leaf_.Pem(), issuing_.Pem()), id_);
  Write(root_.Crl({}) + issuing_.Crl({&leaf_}));
  EXPECT_EQ(Ask(cas, leaf_.Pem(), issuing_.Pem()), "peer.revoked");
  Write(root_.Crl({&issuing_}) + issuing_.Crl({}));
  EXPECT_EQ(Ask(cas, leaf_.Pem(), issuing_.Pem()), "peer.revoked");
  EXPECT_THAT(told_, ElementsAre("ok", "ok", "ok"));
}

TEST_F(Lists, WithoutACurrentOneOfEachIssuerNobodyIsKnown) {
  const ForeignCas cas = CasWithLists();
  EXPECT_EQ(Ask(cas, leaf_.Pem(), issuing_.Pem()), "peer.crl");
  Write(issuing_.Crl({}));
  EXPECT_EQ(Ask(cas, leaf_.Pem(), issuing_.Pem()), "peer.crl");
  Write(root_.Crl({}) + issuing_.Crl({}, Seconds(60)));
  EXPECT_EQ(Ask(cas, leaf_.Pem(), issuing_.Pem()), id_);
  EXPECT_EQ(Ask(cas, leaf_.Pem(), issuing_.Pem(), kForeignNow + Seconds(61)), "peer.crl");
  // Signed by somebody else of the same name.
  const Certified alike(CaWanted("Partner issuing"), &root_);
  Write(root_.Crl({}) + alike.Crl({}));
  EXPECT_EQ(Ask(cas, leaf_.Pem(), issuing_.Pem()), "peer.crl");
  EXPECT_EQ(told_.front(), "peer.crl");
}

TEST_F(Lists, OneMayBeInDer) {
  const Certified below_root(LeafWanted(kApi), &root_);
  const auto der = [](const std::string& pem) {
    return ToString(x509::FromPem("X509 CRL", pem)->front());
  };
  const ForeignCas cas = CasWithLists();
  Write(der(root_.Crl({})));
  EXPECT_EQ(Ask(cas, below_root.Pem(), ""), id_);
  Write(der(root_.Crl({&below_root})));
  EXPECT_EQ(Ask(cas, below_root.Pem(), ""), "peer.revoked");
  Write(der(root_.Crl({})) + "x");
  EXPECT_EQ(Ask(cas, below_root.Pem(), ""), "peer.revoked") << "what is wrong is not taken up";
}

// OpenSSL would look at one of them, perhaps the older or the one that has changes only.
TEST_F(Lists, TwoOfOneIssuerAndDeltasAreNotTakenUp) {
  const ForeignCas cas = CasWithLists();
  Write(root_.Crl({}) + issuing_.Crl({}) + issuing_.Crl({&leaf_}));
  EXPECT_EQ(Ask(cas, leaf_.Pem(), issuing_.Pem()), "peer.crl");
  EXPECT_EQ(told_.back(), "crl.twice");
  Write(root_.Crl({}) + issuing_.Crl({}, Seconds(3600), CrlKind::kDelta));
  EXPECT_EQ(Ask(cas, leaf_.Pem(), issuing_.Pem()), "peer.crl");
  EXPECT_EQ(told_.back(), "crl.delta");
}

TEST_F(Lists, ABadFileChangesNothing) {
  Write(root_.Crl({}) + issuing_.Crl({&leaf_}));
  const ForeignCas cas = CasWithLists();
  EXPECT_EQ(Ask(cas, leaf_.Pem(), issuing_.Pem()), "peer.revoked");
  for (const char* text : {"", "nonsense", "-----BEGIN X509 CRL-----\nAAAA\n"}) {
    Write(text);
    EXPECT_EQ(Ask(cas, leaf_.Pem(), issuing_.Pem()), "peer.revoked") << text;
  }
  std::filesystem::remove(folder_ / "crls");
  EXPECT_EQ(Ask(cas, leaf_.Pem(), issuing_.Pem()), "peer.revoked");
  EXPECT_THAT(told_, ElementsAre("ok", "crl.format", "crl.format", "pem.end", "peer.crl"));
}

}  // namespace
}  // namespace mayfly::identity
