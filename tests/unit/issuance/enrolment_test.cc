#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <optional>

#include "tests/unit/issuance/issuance_fixture.h"
#include "x509/certification_request_writer.h"
#include "x509/digest.h"
#include "x509/renewal_statement.h"

namespace mayfly::issuance {
namespace {

constexpr const char* kMaker = "spiffe://mayfly.internal/operator";

template <class T>
std::string RuleOf(const Result<T>& result) {
  return result ? "ok" : result.error().rule;
}

class Enrolment : public IssuanceTest {
 protected:
  policy::Principal Maker(const char* id = kMaker) {
    return {policy::ProofOfIdentity::kCertificate, id, id, {}};
  }
  Result<CreatedToken> Create(const char* maker = kMaker, const char* name = "DNS:web.internal") {
    return SyncWait(authority_->CreateToken(
        {Maker(maker), "server", {*x509::GeneralName::FromString(name)}, std::nullopt, 1}, In()));
  }
  Result<policy::Principal> Identify(const std::string& secret) {
    return SyncWait(authority_->IdentifyToken(x509::Sha256(AsBytes(secret)), In()));
  }
  Result<IssuedCertificate> Enrol(const CreatedToken& token, const Uuid& request_id,
                                  std::string_view csr = kCsr) {
    auto holder = Identify(token.secret);
    if (!holder) return std::move(holder).error();
    return Issue({*std::move(holder), Csr(csr), "server", {}, std::nullopt, request_id});
  }
};

TEST_F(Enrolment, ATokenIsSpentWithItsRecordAndAnswersItsOwnRequest) {
  const auto token = Create();
  ASSERT_TRUE(token) << Describe(token.error(), ErrorText::kForLog);
  const Uuid id = NewId();
  const auto issued = Enrol(*token, id);
  ASSERT_TRUE(issued) << Describe(issued.error(), ErrorText::kForLog);
  EXPECT_EQ(issued->facts.principal, "enrolment:" + token->record.enrolment.token.ToString());
  EXPECT_EQ(Enrol(*token, id)->certificate.fingerprint(), issued->certificate.fingerprint());
  EXPECT_EQ(RuleOf(Enrol(*token, id, kOtherCsr)), "request-id.reused");
  EXPECT_EQ(RuleOf(Enrol(*token, NewId())), "enrolment.spent");
  EXPECT_EQ(Denials().back().principal, issued->facts.principal);
  clock_.ahead_s += 3600;
  EXPECT_EQ(Enrol(*token, id)->certificate.fingerprint(), issued->certificate.fingerprint());
}

TEST_F(Enrolment, GivesWhatItStatesAndNothingElse) {
  const auto token = Create();
  auto holder = Identify(token->secret);
  ASSERT_TRUE(holder);
  IssueRequest request{*holder, Csr(kCsr), "server", {}, std::nullopt, std::nullopt};
  EXPECT_EQ(RuleOf(Issue(request)), "request-id.required");
  request.request_id = NewId();
  request.names = {*x509::GeneralName::Dns("other.internal")};
  EXPECT_EQ(RuleOf(Issue(request)), "enrolment.names");
  request.names.clear();
  request.profile = "client";
  EXPECT_EQ(RuleOf(Issue(request)), "enrolment.profile");
  request.profile = "server";
  EXPECT_TRUE(Issue(request));
}

TEST_F(Enrolment, ACsrThatIsNoneSpendsNoToken) {
  const auto token = Create();
  EXPECT_EQ(RuleOf(Enrol(*token, NewId(), "MAA=")), "der.truncated");
  EXPECT_EQ(Denials().size(), 1u);
  EXPECT_TRUE(Enrol(*token, NewId()));
}

TEST_F(Enrolment, NobodyVouchesForMoreThanTheyMayHave) {
  EXPECT_EQ(RuleOf(Create("spiffe://mayfly.internal/auditor")), "policy.principal");
  EXPECT_EQ(RuleOf(Create(kMaker, "DNS:db.internal")), "policy.name");
  EXPECT_EQ(Denials().size(), 2u);
  const auto token = Create();
  Activate(kPolicyWithoutWeb);
  EXPECT_EQ(RuleOf(Enrol(*token, NewId())), "policy.principal");
}

TEST_F(Enrolment, ATokenLivesNoLongerThanIsConfigured) {
  const auto create = [this](Seconds lifetime) {
    return SyncWait(
        authority_->CreateToken({Maker(), "server", Request().names, lifetime, 1}, In()));
  };
  const auto longer = create(policy::kTokenLifetimeMaxDefault + Seconds(1));
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(longer.error().rule, "enrolment.lifetime");
  EXPECT_TRUE(SyncWait(authority_->ListTokens(Maker(), In()))->empty());
  EXPECT_TRUE(create(policy::kTokenLifetimeMaxDefault));
}

TEST_F(Enrolment, TokensAreMadeAndRevokedWhenACheckpointCoversIt) {
  const auto token = Create();
  const Uuid id = token->record.enrolment.token;
  gate_.Close();
  EXPECT_EQ(RuleOf(Create()), "audit.not-covered");
  EXPECT_EQ(RuleOf(SyncWait(authority_->RevokeToken(Maker(), id, In()))), "audit.not-covered");
  gate_.Open();
  EXPECT_EQ(RuleOf(Identify(token->secret)), "enrolment.revoked");
}

TEST_F(Enrolment, UnknownExpiredAndRevokedTokensAreNobodys) {
  EXPECT_EQ(RuleOf(Identify("mayfly_enrol_00")), "enrolment.unknown");
  const auto token = Create(), late = Create();
  const Uuid id = token->record.enrolment.token;
  EXPECT_EQ(RuleOf(SyncWait(authority_->RevokeToken(Maker("dns:other"), id, In()))),
            "enrolment.not-found");
  EXPECT_EQ(RuleOf(SyncWait(authority_->RevokeToken(Maker(), NewId(), In()))),
            "enrolment.not-found");
  EXPECT_TRUE(SyncWait(authority_->RevokeToken(Maker(), id, In())));
  EXPECT_EQ(RuleOf(Identify(token->secret)), "enrolment.revoked");
  clock_.ahead_s += 15 * 60;
  EXPECT_EQ(RuleOf(Identify(late->secret)), "enrolment.expired");
}

// Between the decision and the signature: the block reaches what is in flight.
TEST_F(Enrolment, ARevokedTokenReleasesNothingThatIsInFlight) {
  const auto token = Create();
  signer_->before_sign = [&, done = false]() mutable {
    if (std::exchange(done, true)) return;
    EXPECT_TRUE(SyncWait(authority_->RevokeToken(Maker(), token->record.enrolment.token, In())));
  };
  EXPECT_EQ(RuleOf(Enrol(*token, NewId())), "policy.blocked");
}

class LateRenewal : public IssuanceTest {
 protected:
  LateRenewal() {
    std::string policy = kPolicy;
    policy.replace(policy.find("names = ["), 0, "renewal_grace = \"1h\"\n");
    Activate(policy.c_str());
    EXPECT_TRUE(SyncWait(basis_->Refresh(In())));
    IssueRequest request = Request();
    const Bytes info = x509::WriteCertificationRequestInfo(PublicKey(), {});
    request.key = x509::CertificationRequestDer{x509::AssembleCertificationRequest(
        info, x509::SignatureAlgorithm::kEcdsaSha256, Sign(info))};
    request.lifetime = Seconds(600);
    expired_ = Issue(std::move(request)).value().certificate;
  }
  Bytes Sign(ByteSpan message) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    size_t size = 256;
    Bytes signature(size);
    EXPECT_EQ(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()), 1);
    EXPECT_EQ(
        EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()), 1);
    signature.resize(size);
    return signature;
  }
  x509::SubjectPublicKeyInfo PublicKey() const {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key_.get(), &der);
    const Bytes octets(der, der + size);
    OPENSSL_free(der);
    return *x509::SubjectPublicKeyInfo::FromDer(octets);
  }
  Result<IssuedCertificate> Renew(std::string_view signed_csr = kOtherCsr) {
    const Uuid id = NewId();
    const Bytes csr = *FromBase64(kOtherCsr);
    const Bytes statement = x509::RenewalStatement(expired_->der(), *FromBase64(signed_csr), id);
    return SyncWait(
        authority_->RenewExpired({*expired_, csr, Sign(statement), std::nullopt, id}, In()));
  }

  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_{EVP_EC_gen("P-256"),
                                                                 EVP_PKEY_free};
  std::optional<x509::Certificate> expired_;
};

TEST_F(LateRenewal, IsWithinTheGraceAndByTheOldKey) {
  EXPECT_EQ(RuleOf(Renew()), "renewal.not-expired");
  clock_.ahead_s += 601;
  EXPECT_EQ(RuleOf(Renew(kCsr)), "renewal.signature");
  const auto renewed = Renew();
  ASSERT_TRUE(renewed) << Describe(renewed.error(), ErrorText::kForLog);
  EXPECT_EQ(renewed->facts.lineage.generation, 1u);
  clock_.ahead_s += 3600;
  EXPECT_EQ(RuleOf(Renew()), "renewal.grace");
}

TEST_F(LateRenewal, NeedsAProfileThatGrantsIt) {
  clock_.ahead_s += 601;
  Activate(kPolicy);
  EXPECT_TRUE(SyncWait(basis_->Refresh(In())));
  EXPECT_EQ(RuleOf(Renew()), "renewal.grace");
}

TEST_F(LateRenewal, IsNotForWhatWasRevokedOrUsed) {
  clock_.ahead_s += 601;
  auto renewed = Renew();
  ASSERT_TRUE(renewed);
  ASSERT_TRUE(SyncWait(authority_->Identify(renewed->certificate, In())));
  EXPECT_EQ(RuleOf(Renew()), "renewal.superseded");
  const RevokeRequest revoked{{policy::ProofOfIdentity::kCertificate, kMaker, kMaker, {}},
                              "-",
                              expired_->tbs().serial(),
                              RevocationReason::kSuperseded};
  ASSERT_TRUE(SyncWait(authority_->Revoke(revoked, In())));
  EXPECT_EQ(RuleOf(Renew()), "peer.revoked");
}

}  // namespace
}  // namespace mayfly::issuance
