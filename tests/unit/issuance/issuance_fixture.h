// A whole CA in one process, with a ledger in memory and keys in files, for the tests of issuance/.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/system.h"
#include "config/policy_file.h"
#include "hsm/client/software_signer.h"
#include "issuance/certificate_authority.h"
#include "tests/fakes/memory_ledger.h"
#include "tests/fakes/open_gate.h"
#include "tests/fakes/signing_parts.h"

namespace mayfly::issuance {

// DNS:web.internal stands inside neither; the second has another key.
// openssl ecparam -name prime256v1 -genkey | openssl req -new -subj / -outform DER | base64
constexpr std::string_view kCsr =
    "MIG6MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABN/k6ZL4EIBhzMfXHviQymmqTXhwKf/dG0J7eLEdLlDU"
    "zq9lILno22qliOzKloqIuP6wwkJoww4Vd8VbsII718KgADAKBggqhkjOPQQDAgNIADBFAiBWRNicOwOUR4hgK8GGas5L"
    "BF2GAnKZIK4QutF3IN+EkQIhAJ6o8vdZdtc3BL22Tfmk5LWl5Y5emSx3dFOHfeO6kF61";
constexpr std::string_view kOtherCsr =
    "MIG5MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABE36WFQwejHkJL8PozAfkHdGSUXWVWANig/wUw7/c+Rt"
    "jRCUmwXZrKvTewbOHJwHGnA0MgK6eoTjhqx3LbeMYVegADAKBggqhkjOPQQDAgNHADBEAiBBoSglXasFMaSsB+1Bk2sK"
    "CP9/1oS3Am8e/LWEiBlWmwIgVTW3N8qZS3khtJgpSCooeV/n8E2VqiKVKznPQ61/5kg=";

constexpr const char* kPolicy = R"(
admins = ["spiffe://mayfly.internal/operator"]
auditors = ["spiffe://mayfly.internal/auditor"]
[profile.server]
lifetime = "1d"
key_usage = ["digital-signature"]
extended_key_usage = ["server-auth"]
names = ["dns"]
[[rule]]
name = "web"
principals = ["spiffe://mayfly.internal/operator"]
profiles = ["server"]
dns = ["web.internal"]
)";
constexpr const char* kPolicyWithoutWeb = R"(
admins = ["spiffe://mayfly.internal/operator"]
auditors = ["spiffe://mayfly.internal/auditor"]
[profile.server]
lifetime = "1d"
key_usage = ["digital-signature"]
extended_key_usage = ["server-auth"]
names = ["dns"]
)";

// The real time and what a test adds to it.
class MovableClock final : public Clock {
 public:
  TimePoint Now() const override { return real_.Now() + Seconds(ahead_s.load()); }
  BootTime BootNow() const override { return real_.BootNow(); }

  std::atomic<int64_t> ahead_s = 0;

 private:
  SystemClock real_;
};

// Signs with keys in files, after whatever the test wants to happen first.
class StagedSigner final : public Signer {
 public:
  explicit StagedSigner(Signer& signer) : signer_(signer) {}
  Task<SignResult> Sign(SignJob job) override {
    ++calls;
    ids.push_back(job.id);
    if (before_sign) before_sign();
    if (not_signed_times > 0) {
      --not_signed_times;
      co_return SignResult{SignResult::Outcome::kNotSigned,
                           {},
                           Fail(ErrorCode::kSignerUnavailable, "signer.away", "away")};
    }
    if (refuses) {
      co_return SignResult{SignResult::Outcome::kRefused,
                           {},
                           Fail(ErrorCode::kSignerUnavailable, "signer.refused", "refused")};
    }
    auto result = co_await signer_.Sign(std::move(job));
    if (flip_a_bit && !result.signature.empty()) result.signature.back() ^= 1;
    co_return result;
  }
  Task<Result<x509::SubjectPublicKeyInfo>> PublicKey(std::string uri, BootTime deadline) override {
    auto key = co_await signer_.PublicKey(std::move(uri), deadline);
    co_return key;
  }

  std::function<void()> before_sign;
  int not_signed_times = 0;
  bool flip_a_bit = false;
  bool refuses = false;
  std::atomic<int> calls = 0;
  std::vector<Uuid> ids;

 private:
  Signer& signer_;
};

class IssuanceTest : public testing::Test {
 protected:
  IssuanceTest() {
    char name[] = "/tmp/mayfly-issuance.XXXXXX";
    directory_ = mkdtemp(name);
    std::filesystem::permissions(directory_, std::filesystem::perms::owner_all);
    files_ = std::make_unique<hsm::SoftwareSigner>(directory_, executor_, clock_);
    signer_ = std::make_unique<StagedSigner>(*files_);
    issuer_ = MakeIssuer(IssuerId{1}, "issuing-1", "issuing");
    basis_ = std::make_unique<BasisCache>(
        ledger_, [this](std::string_view text, std::string name, policy::PolicyText kind) {
          if (const auto act = std::exchange(before_policy_read, nullptr)) act();
          return config::ParsePolicyFor(issuer_names_, text, std::move(name), kind);
        });
    Activate(kPolicy);
    EXPECT_TRUE(SyncWait(basis_->Refresh(In())));
    authority_ = MakeAuthority({issuer_});
  }
  ~IssuanceTest() override { std::filesystem::remove_all(directory_); }

  // With a key of its own, whose certificate it signs itself.
  std::shared_ptr<const Issuer> MakeIssuer(IssuerId id, const std::string& name,
                                           const std::string& key_name) {
    auto key = hsm::GenerateSoftwareKey(directory_, key_name, hsm::KeyKind::kP256);
    const std::string uri = "file:" + key_name;
    const x509::Certificate certificate = SelfSigned(*key, name, [&](ByteSpan tbs) {
      return SyncWait(files_->Sign(SignJob{NewId(),
                                           SignPurpose::kCaCertificate,
                                           {uri, key->hash()},
                                           x509::SignatureAlgorithm::kEcdsaSha256,
                                           ToBytes(tbs),
                                           In()}))
          .signature;
    });
    bundle_.issuing.push_back(certificate);
    auto signing_key =
        signing_.MakeKey({name, KeyUse::kIssuing, {uri}, *key}, *signer_, clock_, random_);
    return std::make_shared<const Issuer>(
        IssuerParts{id, name, signing_key, certificate, {ToBytes(certificate.der())}, {}, {}, {}});
  }
  // A server whose configuration has these.
  std::unique_ptr<CertificateAuthority> MakeAuthority(
      const std::vector<std::shared_ptr<const Issuer>>& issuers) {
    issuer_names_.clear();
    for (const auto& issuer : issuers) issuer_names_.insert(issuer->name());
    return std::make_unique<CertificateAuthority>(CertificateAuthority::Parts{
        clock_, random_, ledger_, ledger_, ledger_, ledger_, alerts_, ledger_, ledger_, *basis_,
        planner_, issuers, bundle_, [this](const auto&) { return revoked_in_memory_; }, gate_,
        log_});
  }

  BootTime In(Seconds time = Seconds(5)) const { return clock_.BootNow() + time; }
  void Activate(const char* text) {
    EXPECT_TRUE(SyncWait(ledger_.ActivatePolicy({text, "local:0"}, In())));
  }
  Uuid NewId() { return Uuid::MakeV7(clock_.Now(), random_); }

  IssueRequest Request(std::string_view name = "DNS:web.internal") {
    return IssueRequest{
        .principal = {policy::ProofOfIdentity::kCertificate,
                      "spiffe://mayfly.internal/operator",
                      "lineage:1",
                      {}},
        .key = Csr(kCsr),
        .profile = "server",
        .names = {*x509::GeneralName::FromString(name)},
        .lifetime = std::nullopt,
        .request_id = std::nullopt,
    };
  }
  static x509::KeyProof Csr(std::string_view base64) {
    return x509::CertificationRequestDer{*FromBase64(base64)};
  }
  static Bytes& CsrIn(IssueRequest& request) {
    return std::get<x509::CertificationRequestDer>(request.key).der;
  }
  Result<IssuedCertificate> Issue(IssueRequest request) {
    return SyncWait(authority_->Issue(std::move(request), In()));
  }
  std::optional<CertificateRecord> Find(const x509::SerialNumber& serial,
                                        IssuerId issuer = IssuerId{1}) {
    return *SyncWait(ledger_.FindCertificate({serial, issuer}, Reading::kSeen, In()));
  }

  std::vector<Event> Denials() const { return EventsOf("denial"); }
  std::vector<Event> EventsOf(std::string_view kind) const {
    std::vector<Event> found;
    for (const Event& event : ledger_.events()) {
      if (event.kind == kind) found.push_back(event);
    }
    return found;
  }

  MovableClock clock_;
  SystemRandom random_;
  fakes::SigningParts signing_;
  ThreadPool executor_{2};
  fakes::MemoryLedger ledger_{clock_};
  fakes::OpenGate gate_;
  fakes::NamedFiles log_;
  std::filesystem::path directory_;
  std::unique_ptr<hsm::SoftwareSigner> files_;
  std::unique_ptr<StagedSigner> signer_;
  std::shared_ptr<const Issuer> issuer_;
  TrustBundle bundle_{"mayfly.internal", {}, {}, 1};
  config::IssuerNames issuer_names_;
  fakes::FixedAlerts alerts_;
  std::optional<bool> revoked_in_memory_;    // nothing: the ledger is asked
  std::function<void()> before_policy_read;  // once, of what the ledger has in force
  std::unique_ptr<BasisCache> basis_;
  RenewalPlanner planner_{random_};
  std::unique_ptr<CertificateAuthority> authority_;

  x509::Certificate SelfSigned(const x509::SubjectPublicKeyInfo& key,
                               const std::string& common_name,
                               const std::function<Bytes(ByteSpan tbs)>& sign) {
    const auto name = *x509::Name::CommonName(common_name);
    const TimePoint now = clock_.Now();
    const policy::IssuerIdentity identity{name,
                                          ToBytes(key.key_identifier()),
                                          x509::SignatureAlgorithm::kEcdsaSha256,
                                          *x509::Validity::For(now, Seconds(86400 * 30)),
                                          {},
                                          {},
                                          {},
                                          {}};
    auto fields = policy::MakeCaTemplate({policy::CaKind::kRoot, name, key, Seconds(86400 * 30)},
                                         identity, now);
    auto tbs = x509::TbsCertificate::Write(
        *fields, x509::SerialNumber::Make(x509::LifetimeClass::kUpTo100Days, now, random_));
    return *x509::Certificate::FromDer(x509::Certificate::Assemble(
        tbs.der(), x509::SignatureAlgorithm::kEcdsaSha256, sign(tbs.der())));
  }
};

}  // namespace mayfly::issuance
