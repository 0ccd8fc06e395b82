#include "clients/cpp/client.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/secret.h"
#include "clients/cpp/chain_check.h"
#include "clients/cpp/decode.h"
#include "clients/cpp/files.h"
#include "clients/cpp/tls_peer.h"
#include "mayfly/ca/v1/certificate_authority.grpc.pb.h"
#include "x509/renewal_statement.h"

namespace mayfly::client {
namespace {

constexpr Milliseconds kLookTimeMax{2000};  // for a handshake that only looks
constexpr int kAnswerBytesMax = 32 << 20;   // a bundle of the audit log has 16 MiB at most

Error Invalid(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

bool IsPort(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }) &&
         std::stoi(std::string(text)) >= 1 && std::stoi(std::string(text)) <= 65535;
}

bool IsHost(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '-' || c == '_';
  });
}

gpr_timespec DeadlineIn(Milliseconds span) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_millis(span.count(), GPR_TIMESPAN));
}

struct Credentials {
  std::shared_ptr<grpc::ChannelCredentials> channel;
  std::optional<x509::Certificate> certificate;
};

Status CheckValidity(const x509::Certificate& certificate, const std::filesystem::path& path,
                     TimePoint now) {
  // Both ends are inclusive (RFC 5280 4.1.2.5). A clock that runs behind is the server's to judge.
  if (now < certificate.tbs().fields().validity.not_after() + Seconds(1)) return Ok();
  return Fail(ErrorCode::kUnauthenticated, "client.certificate-expired",
              "your own certificate, " + path.string() + ", has expired");
}

Error NoToken(const std::filesystem::path& path) {
  return Invalid("client.token", path.string() + " does not hold one token and nothing else");
}

// Without the newline that editors put at its end.
Result<SecretBytes> ReadToken(const std::filesystem::path& path) {
  TRY_ASSIGN(const SecretBytes file, ReadSecretFile(path));
  std::string_view text = AsText(file.Reveal());
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  const bool is_plain =
      std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 127; });
  if (text.empty() || text.size() > kTokenBytesMax || !is_plain) return NoToken(path);
  return SecretBytes(ToBytes(AsBytes(text)));
}

// gRPC would only say that the server ends the connection.
Status CheckPurpose(const x509::Certificate& certificate, const std::filesystem::path& path) {
  const x509::Extension* purposes =
      x509::Find(certificate.tbs().fields().extensions, x509::oid::ExtendedKeyUsage());
  if (purposes == nullptr) return Ok();
  TRY_ASSIGN(const auto usages, x509::ReadExtendedKeyUsage(purposes->value));
  if (std::ranges::find(usages, x509::oid::ClientAuth()) != usages.end()) return Ok();
  return Fail(ErrorCode::kUnauthenticated, "client.certificate-purpose",
              path.string() + " is for servers only (no clientAuth): it cannot say who you are");
}

// A file that a setting names.
Result<Bytes> ReadSetting(const char* what, const std::filesystem::path& path) {
  auto content = ReadFile(path);
  if (content) return content;
  return Invalid("client.file", std::string(what) + ": " + content.error().message);
}

Result<Credentials> LoadCredentials(const ClientConfig& config, TimePoint now) {
  TRY_ASSIGN(const Bytes trust, ReadSetting("the roots", config.trust));
  if (!x509::Certificate::FromPem(AsText(trust))) {
    return Invalid("client.trust", config.trust.string() + " is not a PEM file of certificates");
  }
  if (!config.token_file.empty()) TRY(ReadToken(config.token_file));
  if (config.certificate.empty()) {
    return Credentials{grpc::SslCredentials({ToString(trust), "", ""}), std::nullopt};
  }
  TRY_ASSIGN(const Bytes chain, ReadSetting("your certificate", config.certificate));
  TRY_ASSIGN(Bytes key_file, ReadSetting("your key", config.private_key));
  const SecretBytes key(std::move(key_file));
  auto certificate = x509::Certificate::FromPem(AsText(chain));
  if (!certificate) {
    return Invalid("client.certificate",
                   config.certificate.string() + ": " + certificate.error().message);
  }
  TRY(CheckValidity(*certificate, config.certificate, now));
  TRY(CheckPurpose(*certificate, config.certificate));
  // gRPC would only fail its handshakes.
  if (!IsKeyOf(key.Reveal(), certificate->tbs().fields().public_key)) {
    return Invalid("client.private-key", config.private_key.string() +
                                             " is not the unencrypted private key of " +
                                             config.certificate.string());
  }
  auto channel = grpc::SslCredentials({ToString(trust), ToString(key.Reveal()), ToString(chain)});
  return Credentials{std::move(channel), *std::move(certificate)};
}

}  // namespace

struct Client::Impl {
  ClientConfig config;
  ClientSources sources;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::CertificateAuthorityService::Stub> stub;

  using Service = v1::CertificateAuthorityService;
  using Stub = Service::Stub;
  template <class Request, class Response>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

  template <class Request, class Response>
  Result<Response> Call(Method<Request, Response> method, const Request& request) {
    Response response;
    const RetryParts parts{sources.clock, sources.random,
                           [this](Milliseconds wait) { Pause(wait); }, config.on_retry};
    TRY(CallWithRetry(config.retry, parts, [&](Milliseconds allowed) -> Status {
      grpc::ClientContext context;
      context.set_deadline(DeadlineIn(allowed));
      TRY(AddToken(context));
      const grpc::Status status = (stub.get()->*method)(&context, request, &response);
      if (!status.ok()) return Judged(DecodeStatus(status));
      return Ok();
    }));
    return response;
  }

  // A server that is not trusted may have let its certificate lapse, and will have another soon.
  // One without a path to our roots, dates apart, no waiting makes trusted.
  Error Judged(Error error) const {
    if (error.rule == kServerNotTrusted && ShowsAForeignCertificate()) {
      error.code = ErrorCode::kUnauthenticated;
    }
    return error;
  }

  bool ShowsAForeignCertificate() const {
    const auto target = ParseHttps("https://" + config.server);
    const auto roots = ReadCertificates(config.trust);
    if (!target || !roots) return false;
    const auto chain = FetchPeerCertificates(*target, kLookTimeMax, sources.clock);
    if (!chain) return false;
    ChainQuestion question{{}, *roots};
    for (const Bytes& der : *chain) {
      auto facts = ReadFacts(der);
      if (!facts) return false;
      question.shown.push_back(*std::move(facts));
    }
    return !CheckChain(question);
  }

  // Read anew: platforms replace a token before it expires.
  Status AddToken(grpc::ClientContext& context) const {
    if (config.token_file.empty()) return Ok();
    TRY_ASSIGN(const SecretBytes token, ReadToken(config.token_file));
    context.AddMetadata("authorization", "Bearer " + ToString(token.Reveal()));
    return Ok();
  }

  static std::unique_ptr<Impl> Make(ClientConfig config, ClientSources sources,
                                    const std::shared_ptr<grpc::ChannelCredentials>& credentials);

  // gRPC goes on with a lost connection only while somebody waits on the channel: a plain sleep
  // would find it as broken as before.
  void Pause(Milliseconds wait) const {
    const BootTime until = sources.clock.BootNow() + wait;
    channel->WaitForConnected(DeadlineIn(wait));
    std::this_thread::sleep_for(until - sources.clock.BootNow());
  }
};

Result<std::string> NormalizeServer(std::string_view text, uint16_t port_default) {
  std::string_view host = text;
  std::string port = std::to_string(port_default);
  // "[v6]" and "[v6]:port"; any other colon ends the host.
  const size_t closing = text.starts_with('[') ? text.find(']') : 0;
  if (closing == std::string_view::npos)
    host = "";
  else if (const size_t colon = text.find(':', closing); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const bool good_host =
      bracketed ? bool(x509::GeneralName::Ip(host.substr(1, host.size() - 2))) : IsHost(host);
  if (!good_host || !IsPort(port)) {
    return Invalid("client.server", "\"" + Escape(text) +
                                        "\" is not a server; write host, host:port or [IPv6]:port");
  }
  return std::string(host) + ":" + port;
}

std::string AnyIssuerName(const x509::SerialNumber& serial) {
  return "issuers/-/certificates/" + serial.Hex();
}

std::unique_ptr<Client::Impl> Client::Impl::Make(
    ClientConfig config, ClientSources sources,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  // One retry loop, ours: it honours RetryInfo and says what it does.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // Also the time that one connection attempt, handshake included, is given.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetMaxReceiveMessageSize(kAnswerBytesMax);
  auto channel = grpc::CreateCustomChannel(config.server, credentials, arguments);
  auto stub = Service::NewStub(channel);
  return std::unique_ptr<Impl>(
      new Impl{std::move(config), sources, std::move(channel), std::move(stub)});
}

Result<std::unique_ptr<Client>> Client::Connect(ClientConfig config, ClientSources sources) {
  TRY_ASSIGN(config.server, NormalizeServer(config.server));
  TRY_ASSIGN(Credentials credentials, LoadCredentials(config, sources.clock.Now()));
  auto impl = Impl::Make(std::move(config), sources, credentials.channel);
  return std::unique_ptr<Client>(new Client(std::move(impl), std::move(credentials.certificate)));
}

Result<v1::TrustBundle> Client::InsecurelyFetchTrustBundle(ClientConfig config,
                                                           ClientSources sources) {
  TRY_ASSIGN(config.server, NormalizeServer(config.server, kEnrolmentPortDefault));
  config.token_file.clear();  // a stranger is told nothing
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_verify_server_certs(false);
  options.set_certificate_verifier(std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  options.set_check_call_host(false);
  Client stranger(
      Impl::Make(std::move(config), sources, grpc::experimental::TlsCredentials(options)),
      std::nullopt);
  return stranger.TrustBundle();
}

Client::Client(std::unique_ptr<Impl> impl, std::optional<x509::Certificate> certificate)
    : impl_(std::move(impl)), certificate_(std::move(certificate)) {}
Client::~Client() = default;

Result<v1::IssueCertificateResponse> Client::Issue(const IssueWish& wish) {
  const ClientSources& sources = impl_->sources;
  v1::IssueCertificateRequest request;
  request.set_csr_der(ToString(wish.csr_der));
  request.set_profile(wish.profile);
  for (const x509::GeneralName& name : wish.names) request.add_subject_alt_names(name.ToString());
  if (wish.lifetime) request.mutable_lifetime()->set_seconds(wish.lifetime->count());
  const Uuid id =
      wish.request_id ? *wish.request_id : Uuid::MakeV7(sources.clock.Now(), sources.random);
  request.set_request_id(id.ToString());
  request.set_with_inclusion_proof(wish.with_proof == WithProof::kYes);
  return impl_->Call(&Impl::Stub::IssueCertificate, request);
}

Result<v1::RenewCertificateResponse> Client::Renew(ByteSpan csr_der,
                                                   std::optional<Seconds> lifetime) {
  v1::RenewCertificateRequest request;
  request.set_csr_der(ToString(csr_der));
  if (lifetime) request.mutable_lifetime()->set_seconds(lifetime->count());
  request.set_request_id(
      Uuid::MakeV7(impl_->sources.clock.Now(), impl_->sources.random).ToString());
  return impl_->Call(&Impl::Stub::RenewCertificate, request);
}

Result<v1::RenewExpiredCertificateResponse> Client::RenewExpired(const x509::Certificate& expired,
                                                                 const PrivateKey& key,
                                                                 ByteSpan csr_der,
                                                                 std::optional<Seconds> lifetime) {
  const Uuid id = Uuid::MakeV7(impl_->sources.clock.Now(), impl_->sources.random);
  TRY_ASSIGN(const Bytes signature, key.Sign(x509::RenewalStatement(expired.der(), csr_der, id)));
  v1::RenewExpiredCertificateRequest request;
  request.set_certificate_der(ToString(expired.der()));
  request.set_csr_der(ToString(csr_der));
  request.set_signature(ToString(signature));
  if (lifetime) request.mutable_lifetime()->set_seconds(lifetime->count());
  request.set_request_id(id.ToString());
  return impl_->Call(&Impl::Stub::RenewExpiredCertificate, request);
}

Result<v1::CreateEnrolmentTokenResponse> Client::CreateToken(
    const v1::CreateEnrolmentTokenRequest& request) {
  return impl_->Call(&Impl::Stub::CreateEnrolmentToken, request);
}

Result<v1::ListEnrolmentTokensResponse> Client::Tokens() {
  return impl_->Call(&Impl::Stub::ListEnrolmentTokens, v1::ListEnrolmentTokensRequest());
}

Status Client::RevokeToken(const std::string& name) {
  v1::RevokeEnrolmentTokenRequest request;
  request.set_name(name);
  TRY(impl_->Call(&Impl::Stub::RevokeEnrolmentToken, request));
  return Ok();
}

Status Client::Acknowledge(const std::string& name) {
  v1::AcknowledgeCertificateRequest request;
  request.set_name(name);
  TRY_ASSIGN(const auto acknowledged, impl_->Call(&Impl::Stub::AcknowledgeCertificate, request));
  (void)acknowledged;
  return Ok();
}

Result<v1::Certificate> Client::Get(const std::string& name) {
  v1::GetCertificateRequest request;
  request.set_name(name);
  return impl_->Call(&Impl::Stub::GetCertificate, request);
}

Result<v1::ListCertificatesResponse> Client::List(const v1::ListCertificatesRequest& request) {
  return impl_->Call(&Impl::Stub::ListCertificates, request);
}

Result<v1::RevokeCertificateResponse> Client::Revoke(const std::string& name,
                                                     v1::RevocationReason reason) {
  v1::RevokeCertificateRequest request;
  request.set_name(name);
  request.set_reason(reason);
  return impl_->Call(&Impl::Stub::RevokeCertificate, request);
}

Result<v1::BatchRevokeCertificatesResponse> Client::RevokeAll(
    const v1::BatchRevokeCertificatesRequest& request) {
  return impl_->Call(&Impl::Stub::BatchRevokeCertificates, request);
}

Result<v1::Proposal> Client::Propose(const v1::CreateProposalRequest& request) {
  return impl_->Call(&Impl::Stub::CreateProposal, request);
}

Result<v1::Proposal> Client::Proposal(const std::string& name) {
  v1::GetProposalRequest request;
  request.set_name(name);
  return impl_->Call(&Impl::Stub::GetProposal, request);
}

Result<v1::ListProposalsResponse> Client::Proposals(const v1::ListProposalsRequest& request) {
  return impl_->Call(&Impl::Stub::ListProposals, request);
}

Result<v1::ApproveProposalResponse> Client::Approve(const std::string& name,
                                                    const Hash256& payload_sha256) {
  v1::ApproveProposalRequest request;
  request.set_name(name);
  request.set_payload_sha256(ToHex(payload_sha256));
  return impl_->Call(&Impl::Stub::ApproveProposal, request);
}

Result<v1::Proposal> Client::Withdraw(const std::string& name) {
  v1::WithdrawProposalRequest request;
  request.set_name(name);
  return impl_->Call(&Impl::Stub::WithdrawProposal, request);
}

Result<v1::TrustBundle> Client::TrustBundle() {
  v1::GetTrustBundleRequest request;
  request.set_name("trustBundles/-");
  return impl_->Call(&Impl::Stub::GetTrustBundle, request);
}

Result<v1::ExplainIssuanceResponse> Client::Explain(const IssueWish& wish,
                                                    const AssumedPrincipal& as) {
  v1::ExplainIssuanceRequest request;
  request.set_csr_der(ToString(wish.csr_der));
  request.set_profile(wish.profile);
  for (const x509::GeneralName& name : wish.names) request.add_subject_alt_names(name.ToString());
  if (wish.lifetime) request.mutable_lifetime()->set_seconds(wish.lifetime->count());
  request.set_principal(as.id);
  request.mutable_principal_claims()->insert(as.claims.begin(), as.claims.end());
  for (const x509::GeneralName& name : as.names) request.add_principal_names(name.ToString());
  return impl_->Call(&Impl::Stub::ExplainIssuance, request);
}

Result<v1::Policy> Client::Policy() {
  return impl_->Call(&Impl::Stub::GetPolicy, v1::GetPolicyRequest());
}

Result<Bytes> Client::ReadAuditLog(const std::string& path) {
  v1::ReadAuditLogRequest request;
  request.set_path(path);
  TRY_ASSIGN(const auto file, impl_->Call(&Impl::Stub::ReadAuditLog, request));
  return ToBytes(AsBytes(file.content()));
}

Result<v1::ListEventsResponse> Client::Events(const v1::ListEventsRequest& request) {
  return impl_->Call(&Impl::Stub::ListEvents, request);
}

Result<v1::ListAlertsResponse> Client::Alerts(int count_max) {
  v1::ListAlertsRequest request;
  request.set_page_size(count_max);
  return impl_->Call(&Impl::Stub::ListAlerts, request);
}

Result<v1::ApplyPolicyResponse> Client::ApplyPolicy(const std::string& text,
                                                    std::optional<int64_t> base_version) {
  v1::ApplyPolicyRequest request;
  request.set_policy_text(text);
  if (base_version) request.set_base_version(*base_version);
  return impl_->Call(&Impl::Stub::ApplyPolicy, request);
}

}  // namespace mayfly::client
