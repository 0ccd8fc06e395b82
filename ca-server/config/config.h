// The configuration of mayfly-ca: typed, complete, checked. docs/CONFIGURATION.md is its reference.
//
//   trust_domain = "mayfly.internal"
//   state_directory = "state"          # paths are relative to the file's folder
//   policy = "policy.toml"
//   [database]
//   connection = "host=/run/postgresql dbname=mayfly"   # libpq keywords; never a password
//   password_file = "..."              # optional; libpq passfile format (.pgpass)
//   server_roots = "..."               # optional; TLS, with the database's name verified
//   client_certificate = "..."  client_names = ["DNS:..."]  client_profile = "database"  # optional
//   [signer]
//   kind = "process"                   # or "software", then insecurely_keep_keys_in_files = true
//   socket = "signer.sock"             # process
//   sockets = { "hsm-b" = "signer-b.sock" }   # of tokens that another mayfly-signer serves
//   key_directory = "keys"             # software
//   [root]
//   name = "root-1"  key = "pkcs11:token=mayfly;object=root"  common_name = "..."
//   organization = "..." (optional)    lifetime = "3650d"
//   [[issuer]]                         # the policy says which signs, else the first
//   name = "issuing-1"  key = "pkcs11:..."  common_name = "..."  lifetime = "365d"
//   ocsp_key = "pkcs11:..."  ocsp_urls = [..]  ca_issuers_urls = [..]
//   crl_urls = [..]  [issuer.permitted] dns = [..]  [issuer.excluded] ip = [..]
//   [ocsp]
//   answer_life = "1h"  lease = "10s"  certificate_life = "7d"
//   [audit]
//   key = "pkcs11:token=mayfly;object=audit"  directory = "audit"  origin = "mayfly.internal/audit"
//   checkpoint_age_max = "5s"
//   [[oidc_issuer]]                    # whose tokens prove who asks
//   name = "cluster"  issuer = "https://..."  audience = "mayfly"  algorithms = ["RS256"]
//   discovery = true  ca_file = "cluster-ca.pem"  # or jwks_file = "...", or jwks_url =
//   "https://..." clock_skew = "60s"  [oidc_issuer.claims] namespace = ["kubernetes.io",
//   "namespace"]
//   [[foreign_ca]]                     # whose client certificates prove who asks
//   name = "partner"  roots = "partner.pem"  id = "spiffe"  trust_domain = "partner.example"
//   crls = "partner.crl"
//   [[listener]]
//   address = "127.0.0.1:7443"  services = ["ca"]  tls = "mutual"
//   certificate = "server/tls.pem"                # and key, or private_key = "..."
//   names = ["DNS:localhost", "IP:127.0.0.1"]     # of its certificate, renewed before it listens
//   [[listener]]                       # for callers with a token, or with nothing yet
//   address = "127.0.0.1:7444"  services = ["ca"]  tls = "server"  # the rest as above
//   [[listener]]
//   address = "127.0.0.1:7080"  services = ["ocsp", "ca-certificates"]  tls = "none"
//   [[listener]]
//   address = "127.0.0.1:7081"  services = ["health"]  tls = "none"
//   [enrolment]
//   token_lifetime_max = "1h"
//   [limits]
//   connections_max = 16384  connections_without_certificate_max = 2048
//   in_flight_max = 1024  in_flight_without_certificate_max = 128  worker_threads = 4
//   drain = "30s"
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "policy/foreign_principal.h"
#include "policy/token_issuer.h"
#include "tlog/cosignature.h"
#include "x509/general_name.h"
#include "x509/name_constraints.h"
#include "x509/trust_anchors.h"

namespace mayfly::config {

constexpr Seconds kOcspLeaseMin{2}, kOcspLeaseMax{60};
constexpr Seconds kOcspAnswerLifeMin{60}, kOcspAnswerLifeMax{30 * 24 * 3600};
constexpr Seconds kCheckpointAgeMin{2}, kCheckpointAgeMax{300};
constexpr size_t kOriginBytesMax = 255;
constexpr Seconds kCaLifetimeMin{3600};
constexpr int64_t kInFlightMax = 65536;
constexpr int64_t kConnectionsMax = 1'000'000;
constexpr int64_t kPerMinuteMax = 10'000'000;
constexpr int64_t kWorkerThreadsMax = 256;
constexpr Seconds kDrainMax{600};
constexpr size_t kUrlsMax = 8;
constexpr size_t kKeyPlacesMax = 8;
constexpr size_t kSocketsMax = 32;
constexpr size_t kSocketPathBytesMax = 107;  // sockaddr_un, with its closing NUL

struct ClientCertificateConfig {
  std::filesystem::path file;  // certificate, chain and key in one
  x509::GeneralNames names;
  std::string profile;
};
struct DatabaseConfig {
  std::string connection;  // with what the other keys say to libpq, but for the password's file
  std::optional<std::filesystem::path> password_file;
  std::optional<ClientCertificateConfig> client_certificate;  // the server issues and renews it
};

enum class SignerKind : uint8_t { kProcess, kSoftware };
struct SignerConfig {
  SignerKind kind;
  std::filesystem::path socket;                          // kProcess: of all tokens but
  std::map<std::string, std::filesystem::path> sockets;  // these, by label or serial number
  std::filesystem::path key_directory;                   // kSoftware
};

struct CaConfig {  // [root] and what [[issuer]] shares with it
  std::string name;
  std::vector<std::string> key_uris;  // the places of one key
  std::string common_name;
  std::string organization;  // may be empty
  Seconds lifetime;
};

struct IssuerConfig {
  CaConfig ca;
  std::vector<std::string> ocsp_key_uris;
  std::vector<std::string> ocsp_urls;
  std::vector<std::string> ca_issuers_urls;
  std::vector<std::string> crl_urls;
  x509::NameConstraints name_constraints;
};

struct OcspConfig {
  Seconds answer_life;
  Seconds lease;
  Seconds certificate_life;
};

// Somebody who cosigns checkpoints (C2SP tlog-witness).
constexpr size_t kWitnessesMax = 16;
struct WitnessConfig {
  std::string url;  // the submission prefix, without a slash at its end
  tlog::WitnessKey key;
  std::optional<std::filesystem::path> ca_file;  // else the system's
};

struct AuditConfig {
  std::vector<std::string> key_uris;
  std::filesystem::path directory;
  std::string origin;  // which log; also its key's name
  Seconds checkpoint_age_max;
  std::vector<WitnessConfig> witnesses;
  size_t witnesses_needed;  // before anything is released; 0: nothing waits for them
  Seconds witnessed_age_max;
};

enum class Service : uint8_t { kCa, kOcsp, kCaCertificates, kHealth, kMetrics };
enum class ListenerTls : uint8_t {
  kNone,
  kServer,  // of the server alone: callers have a token, or nothing
  kMutual,
};
struct ListenerConfig {
  bool is_grpc() const { return services.contains(Service::kCa); }

  std::string host;  // an IP address, or "localhost"
  uint16_t port;
  std::set<Service> services;  // kCa alone, with TLS; or any of the others, not with kMutual
  ListenerTls tls;
  std::filesystem::path certificate, private_key;  // with TLS; perhaps one file
  x509::GeneralNames names;                        // with TLS
};

enum class TokenKeys : uint8_t { kFile, kUrl, kDiscovery };
struct OidcIssuerConfig {
  policy::TokenIssuer rules;
  TokenKeys keys;
  std::filesystem::path jwks_file;               // kFile
  std::string jwks_url;                          // kUrl
  std::optional<std::filesystem::path> ca_file;  // kUrl, kDiscovery; without: the system's
};

struct ForeignCaConfig {
  policy::ForeignCaRules rules;
  x509::TrustAnchors roots;
  std::optional<std::filesystem::path> crls;  // not looked at here: it comes and goes
};

struct EnrolmentConfig {
  Seconds token_lifetime_max;
};

struct LimitsConfig {
  size_t connections_max;
  size_t connections_without_certificate_max;
  size_t in_flight_max;
  size_t in_flight_without_certificate_max;
  size_t principal_at_work_max;
  size_t principal_at_work_shared_max;
  size_t principal_waiting_max;
  uint32_t principal_per_minute_max;  // 0: any number
  size_t worker_threads;
  Seconds drain;
};

struct Config {
  std::string trust_domain;
  std::filesystem::path state_directory;
  std::filesystem::path policy_file;
  DatabaseConfig database;
  SignerConfig signer;
  CaConfig root;
  std::vector<IssuerConfig> issuers;  // at least one
  OcspConfig ocsp;
  AuditConfig audit;
  std::vector<ListenerConfig> listeners;       // at least one
  std::vector<OidcIssuerConfig> oidc_issuers;  // no two with one name or one issuer
  std::vector<ForeignCaConfig> foreign_cas;    // no two with one name, trust domain or root
  EnrolmentConfig enrolment;
  LimitsConfig limits;
};

// Every error at once, each with its line (kConfiguration). Paths come back absolute.
Result<Config> LoadConfig(const std::filesystem::path& path);

// The policy file that the configuration names, whatever else is wrong with it; nothing where it
// names none.
std::optional<std::filesystem::path> PolicyFileNamedIn(const std::filesystem::path& path);

}  // namespace mayfly::config
