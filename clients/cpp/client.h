// The C++ client of a Mayfly certificate authority.
//
//   TRY_ASSIGN(auto client, Client::Connect({.server = "ca.internal:7443", .trust = "roots.pem",
//                                            .certificate = "me.crt", .private_key = "me.key"},
//                                           {clock, random}));
//   TRY_ASSIGN(auto key, PrivateKey::Generate(NewKey::kEcP256));
//   TRY_ASSIGN(auto csr, MakeCertificationRequest(key, names));
//   TRY_ASSIGN(auto issued, client->Issue({.csr_der = csr, .profile = "server"}));
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "clients/cpp/private_key.h"
#include "clients/cpp/retry.h"
#include "mayfly/ca/v1/certificate_authority.pb.h"
#include "x509/certificate.h"
#include "x509/general_name.h"

namespace mayfly::client {

namespace v1 = ::mayfly::ca::v1;

constexpr uint16_t kPortDefault = 7443;
constexpr uint16_t kEnrolmentPortDefault = 7444;  // of listeners without client certificates
constexpr size_t kTokenBytesMax = 8 * 1024;

struct ClientConfig {
  std::string server;           // "host", "host:port", "[v6]:port"
  std::filesystem::path trust;  // PEM: the roots that the server is verified with
  // Who calls: a certificate and its key; or, on a listener without client certificates, the holder
  // of a token; or nobody.
  std::filesystem::path certificate = {};  // PEM: the client's own, leaf first
  std::filesystem::path private_key = {};  // PEM, PKCS#8, not encrypted
  std::filesystem::path token_file = {};   // a JWT or an enrolment token; read again for each call
  RetryPolicy retry = {};
  OnRetry on_retry = {};
};

struct ClientSources {
  const Clock& clock;
  RandomSource& random;
};

// Whether to wait for the proof that the certificate is in the audit log, too.
enum class WithProof : uint8_t { kNo, kYes };

struct IssueWish {
  Bytes csr_der;
  std::string profile;
  x509::GeneralNames names = {};  // beside those in the CSR
  std::optional<Seconds> lifetime = std::nullopt;
  // Given where a wish of an earlier process is taken up again; else the client makes one, and
  // keeps it for all its attempts, so that a lost answer cannot become two certificates.
  std::optional<Uuid> request_id = std::nullopt;
  WithProof with_proof = WithProof::kNo;
};

// Who would ask, where it is somebody else. Empty: whoever calls.
struct AssumedPrincipal {
  std::string id = {};
  std::map<std::string, std::string> claims = {};  // of a token
  x509::GeneralNames names = {};                   // of a certificate, beside the id's
};

class Client {
 public:
  // Reads and checks the files; connects with the first call.
  // Errors: kInvalidArgument "client.server", "client.file" (cannot be read), "client.trust",
  // "client.certificate", "client.private-key", "client.token"; kUnauthenticated
  // "client.certificate-expired", "client.certificate-purpose".
  static Result<std::unique_ptr<Client>> Connect(ClientConfig config, ClientSources sources);
  ~Client();

  // What whoever answers at `config.server` says, without any proof: its roots must be compared
  // with what is known otherwise before any is believed. Trust and who calls are not looked at.
  static Result<v1::TrustBundle> InsecurelyFetchTrustBundle(ClientConfig config,
                                                            ClientSources sources);

  // Errors: those of the server (rpc/status.h's table, read backwards), kShuttingDown
  // "client.unreachable" (nobody there, or the TLS handshake failed), kDeadlineExceeded
  // "client.deadline".
  Result<v1::IssueCertificateResponse> Issue(const IssueWish& wish);
  // The certificate that this client authenticates with. It is asked for under a request id of
  // its own.
  Result<v1::RenewCertificateResponse> Renew(ByteSpan csr_der, std::optional<Seconds> lifetime);
  // One that has expired, by its own key; on a listener without client certificates.
  Result<v1::RenewExpiredCertificateResponse> RenewExpired(const x509::Certificate& expired,
                                                           const PrivateKey& key, ByteSpan csr_der,
                                                           std::optional<Seconds> lifetime);
  Result<v1::CreateEnrolmentTokenResponse> CreateToken(
      const v1::CreateEnrolmentTokenRequest& request);
  Result<v1::ListEnrolmentTokensResponse> Tokens();
  Status RevokeToken(const std::string& name);
  // `name`: of a certificate of the same lineage.
  Status Acknowledge(const std::string& name);
  Result<v1::Certificate> Get(const std::string& name);
  Result<v1::ListCertificatesResponse> List(const v1::ListCertificatesRequest& request);
  Result<v1::RevokeCertificateResponse> Revoke(const std::string& name,
                                               v1::RevocationReason reason);
  // All of them, or none.
  Result<v1::BatchRevokeCertificatesResponse> RevokeAll(
      const v1::BatchRevokeCertificatesRequest& request);
  // Acts of two persons.
  Result<v1::Proposal> Propose(const v1::CreateProposalRequest& request);
  Result<v1::Proposal> Proposal(const std::string& name);
  Result<v1::ListProposalsResponse> Proposals(const v1::ListProposalsRequest& request);
  // `payload_sha256`: worked out from the payload that was looked at (policy/proposal.h), not
  // copied from what the server says it is.
  Result<v1::ApproveProposalResponse> Approve(const std::string& name,
                                              const Hash256& payload_sha256);
  Result<v1::Proposal> Withdraw(const std::string& name);
  Result<v1::TrustBundle> TrustBundle();
  // The wish's request id is not looked at.
  Result<v1::ExplainIssuanceResponse> Explain(const IssueWish& wish, const AssumedPrincipal& as);
  Result<v1::Policy> Policy();
  // Only where `base_version`, if given, is still in force.
  Result<v1::ApplyPolicyResponse> ApplyPolicy(const std::string& text,
                                              std::optional<int64_t> base_version);
  // A file of the audit log: "checkpoint", "tile/0/000".
  Result<Bytes> ReadAuditLog(const std::string& path);
  Result<v1::ListEventsResponse> Events(const v1::ListEventsRequest& request);
  // At most `count_max` of them, up to 1,000.
  Result<v1::ListAlertsResponse> Alerts(int count_max);

  // Who calls, where that is said by a certificate.
  const std::optional<x509::Certificate>& certificate() const { return certificate_; }

 private:
  struct Impl;
  Client(std::unique_ptr<Impl> impl, std::optional<x509::Certificate> certificate);
  std::unique_ptr<Impl> impl_;
  std::optional<x509::Certificate> certificate_;
};

// "ca.internal" -> "ca.internal:7443". Error: kInvalidArgument "client.server".
Result<std::string> NormalizeServer(std::string_view text, uint16_t port_default = kPortDefault);
// issuers/-/certificates/{serial}
std::string AnyIssuerName(const x509::SerialNumber& serial);

}  // namespace mayfly::client
