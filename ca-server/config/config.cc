#include "config/config.h"

#include <algorithm>
#include <map>

#include "base/pkcs11_uri.h"
#include "config/database_section.h"
#include "config/foreign_ca_section.h"
#include "config/general_names.h"
#include "config/listener_address.h"
#include "config/oidc_issuer_section.h"
#include "config/strict_toml.h"
#include "config/witness_section.h"
#include "config/words.h"
#include "policy/enrolment.h"
#include "x509/name.h"
#include "x509/spiffe_id.h"

namespace mayfly::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kInsecureKeys = "insecurely_keep_keys_in_files";

// What the whole file has in common while it is read.
struct Reading {
  fs::path folder;
  std::optional<SignerKind> signer_kind;
  std::set<std::string> key_uris;  // all of them
  std::set<std::string> ca_names;
  std::set<std::pair<std::string, uint16_t>> addresses;
  std::map<fs::path, x509::GeneralNames> certificates;  // of listeners

  fs::path Absolute(const std::string& path) const {
    return path.empty() ? fs::path() : (folder / path).lexically_normal();
  }
};

void RefuseKey(Section& section, std::string_view key, const std::string& why) {
  if (section.Has(key)) {
    section.Complain(key, "config.not-here", "\"" + std::string(key) + "\" " + why);
  }
}

Seconds DurationWithin(Section& section, std::string_view key, Seconds otherwise, Seconds min,
                       Seconds max) {
  Seconds value = section.DurationOr(key, otherwise);
  if (value < min || value > max) {
    section.Complain(key, "config.range",
                     "\"" + std::string(key) + "\" must be from " + std::to_string(min.count()) +
                         "s to " + std::to_string(max.count()) + "s");
  }
  return value;
}

fs::path ReadSocket(Section& section, std::string_view key, const Reading& reading) {
  fs::path socket = reading.Absolute(section.String(key));
  if (socket.string().size() > kSocketPathBytesMax) {
    section.Complain(key, "config.range",
                     "the path " + Escape(socket.string()) + " is longer than the " +
                         std::to_string(kSocketPathBytesMax) + " bytes of a Unix socket's");
  }
  return socket;
}

void ReadProcessSigner(Section& section, const Reading& reading, SignerConfig& signer) {
  signer.socket = ReadSocket(section, "socket", reading);
  Section sockets = section.SubOrEmpty("sockets");
  const std::vector<std::string> tokens = sockets.Keys();
  if (tokens.size() > kSocketsMax) {
    section.Complain("sockets", "config.range",
                     "\"sockets\" has more than " + std::to_string(kSocketsMax) + " tokens");
  }
  for (const std::string& token : tokens) {
    signer.sockets.emplace(token, ReadSocket(sockets, token, reading));
  }
  RefuseKey(section, kInsecureKeys, "is only for kind = \"software\": a token keeps its keys");
  RefuseKey(section, "key_directory", "is only for kind = \"software\"");
}

void ReadSoftwareSigner(Section& section, const Reading& reading, SignerConfig& signer) {
  signer.key_directory = reading.Absolute(section.String("key_directory"));
  RefuseKey(section, "socket", "is only for kind = \"process\"");
  RefuseKey(section, "sockets", "is only for kind = \"process\"");
  if (!section.BooleanOr(kInsecureKeys, false)) {
    section.Complain("kind", "config.insecure-signer",
                     "kind = \"software\" keeps the keys of the CA in files; if that is wanted, "
                     "say so: insecurely_keep_keys_in_files = true. Else use kind = \"process\"");
  }
}

SignerConfig ReadSigner(Section section, Reading& reading) {
  static const Words<SignerKind> kKinds = {{"process", SignerKind::kProcess},
                                           {"software", SignerKind::kSoftware}};
  SignerConfig signer{};
  reading.signer_kind = ReadWord(section, "kind", section.String("kind"), kKinds);
  // Of an unknown kind, every key could be right.
  for (std::string_view key : {"socket", "key_directory"}) {
    if (!reading.signer_kind) section.OptionalString(key);
  }
  if (!reading.signer_kind) {
    Section sockets = section.SubOrEmpty("sockets");
    for (const std::string& token : sockets.Keys()) sockets.String(token);
  }
  if (!reading.signer_kind) {
    section.BooleanOr(kInsecureKeys, false);
    return signer;
  }
  signer.kind = *reading.signer_kind;
  if (signer.kind == SignerKind::kProcess) {
    ReadProcessSigner(section, reading, signer);
  } else {
    ReadSoftwareSigner(section, reading, signer);
  }
  return signer;
}

void CheckTokenUri(Section& section, std::string_view key, const std::string& uri) {
  constexpr std::string_view kScheme = "pkcs11:";
  if (!uri.starts_with(kScheme) || uri.size() == kScheme.size()) {
    section.Complain(key, "config.key-uri",
                     "\"" + std::string(key) +
                         "\" must be a PKCS#11 URI, like \"pkcs11:token=mayfly;object=root\"");
  }
  if (uri.find("pin-value=") != std::string::npos) {
    section.Complain(key, "config.secret", "a PIN must not stand in \"" + std::string(key) + "\"");
  }
  // Slot numbers change when a token is plugged in again; then the key would be another.
  if (uri.find("slot-id=") != std::string::npos) {
    section.Complain(key, "config.key-uri",
                     "\"" + std::string(key) + "\" must name the token, not a slot number");
  }
}

void CheckFileUri(Section& section, std::string_view key, const std::string& uri) {
  constexpr std::string_view kScheme = "file:";
  if (uri.starts_with(kScheme) && IsLabel(std::string_view(uri).substr(kScheme.size()))) return;
  section.Complain(key, "config.key-uri",
                   "\"" + std::string(key) +
                       "\" must be \"file:NAME\" with a NAME of a-z, 0-9 and \"-\", since the "
                       "signer's kind is \"software\"");
}

// Every key has one use: the root's, an issuer's, a responder's, the audit log's. It may have
// several places.
std::vector<std::string> ReadKeyUris(Section& section, std::string_view key, Reading& reading) {
  std::vector<std::string> uris = section.StringOrStrings(key);
  if (uris.size() > kKeyPlacesMax) {
    section.Complain(
        key, "config.range",
        "\"" + std::string(key) + "\" has more than " + std::to_string(kKeyPlacesMax) + " places");
  }
  for (const std::string& uri : uris) {
    if (reading.signer_kind == SignerKind::kProcess) CheckTokenUri(section, key, uri);
    if (reading.signer_kind == SignerKind::kSoftware) CheckFileUri(section, key, uri);
    if (reading.key_uris.insert(uri).second) continue;
    section.Complain(key, "config.duplicate",
                     "the key \"" + Escape(uri, 128) + "\" has another use already");
  }
  return uris;
}

void CheckCaName(Section& section, const std::string& name, Reading& reading) {
  if (name.empty()) return;
  if (!IsCaName(name)) {
    section.Complain("name", "config.name",
                     "\"" + Escape(name, 64) +
                         "\" is not a name: 1 to 63 of a-z, 0-9 and \"-\", not led or ended by "
                         "\"-\"");
  }
  if (!reading.ca_names.insert(name).second) {
    section.Complain("name", "config.duplicate",
                     "the name \"" + Escape(name, 64) + "\" is taken by another CA");
  }
}

Result<x509::Name> SubjectOf(const CaConfig& ca) {
  return ca.organization.empty()
             ? x509::Name::CommonName(ca.common_name)
             : x509::Name::OrganizationAndCommonName(ca.organization, ca.common_name);
}

void CheckSubject(Section& section, const CaConfig& ca) {
  if (ca.common_name.empty()) return;
  const auto subject = SubjectOf(ca);
  if (!subject) section.Complain("common_name", subject.error().rule, subject.error().message);
}

CaConfig ReadCa(Section& section, Reading& reading) {
  CaConfig ca;
  ca.name = section.String("name");
  ca.key_uris = ReadKeyUris(section, "key", reading);
  ca.common_name = section.String("common_name");
  ca.organization = section.StringOr("organization", "");
  ca.lifetime = section.Duration("lifetime");
  CheckCaName(section, ca.name, reading);
  CheckSubject(section, ca);
  if (section.Has("lifetime") && ca.lifetime < kCaLifetimeMin) {
    section.Complain(
        "lifetime", "config.range",
        "\"lifetime\" must be at least " + std::to_string(kCaLifetimeMin.count()) + "s");
  }
  return ca;
}

void CheckUrls(Section& section, std::string_view key, const std::vector<std::string>& urls) {
  for (const std::string& url : urls) {
    // RFC 5280 8: over https the check of a certificate could need itself.
    auto uri = x509::GeneralName::Uri(url);
    if (uri && uri->value() == url && url.starts_with("http://")) continue;
    section.Complain(key, "config.url",
                     "\"" + Escape(url, 128) + "\" must be an http:// URL, its host in lower case");
  }
  if (urls.size() > kUrlsMax) {
    section.Complain(
        key, "config.range",
        "\"" + std::string(key) + "\" has more than " + std::to_string(kUrlsMax) + " entries");
  }
}

void CheckBelowRoot(Section& section, const CaConfig& issuer, const CaConfig& root) {
  // Made after the root, an issuer of equal lifetime would outlive it by the moments between.
  if (root.lifetime > Seconds(0) && issuer.lifetime >= root.lifetime) {
    section.Complain("lifetime", "config.outlives-root",
                     "an issuer's \"lifetime\" must be shorter than the root's");
  }
  bool same = issuer.common_name == root.common_name && issuer.organization == root.organization;
  if (same && !issuer.common_name.empty()) {
    section.Complain("common_name", "config.duplicate",
                     "an issuer must not have the root's common name and organization");
  }
}

// [issuer.permitted] and [issuer.excluded]: lists by kind of name.
std::vector<x509::Subtree> ReadSubtrees(Section& issuer, std::string_view key) {
  using Kind = x509::GeneralName::Kind;
  constexpr std::pair<std::string_view, Kind> kKinds[] = {
      {"dns", Kind::kDns}, {"email", Kind::kEmail}, {"ip", Kind::kIp}, {"uri", Kind::kUri}};
  std::vector<x509::Subtree> subtrees;
  Section section = issuer.SubOrEmpty(key);
  for (const auto& [word, kind] : kKinds) {
    for (const std::string& text : section.StringsOrNone(word)) {
      auto subtree = x509::Subtree::Parse(kind, text);
      if (subtree) {
        subtrees.push_back(*std::move(subtree));
      } else {
        section.Complain(word, subtree.error().rule, subtree.error().message);
      }
    }
  }
  if (subtrees.size() > x509::kSubtreesMax) {
    issuer.Complain(key, "config.range",
                    "more than " + std::to_string(x509::kSubtreesMax) + " name constraints");
  }
  return subtrees;
}

IssuerConfig ReadIssuer(Section section, const CaConfig& root, Reading& reading) {
  IssuerConfig issuer;
  issuer.ca = ReadCa(section, reading);
  issuer.ocsp_key_uris = ReadKeyUris(section, "ocsp_key", reading);
  issuer.ocsp_urls = section.Strings("ocsp_urls");
  issuer.ca_issuers_urls = section.StringsOrNone("ca_issuers_urls");
  CheckUrls(section, "ocsp_urls", issuer.ocsp_urls);
  issuer.crl_urls = section.StringsOrNone("crl_urls");
  CheckUrls(section, "ca_issuers_urls", issuer.ca_issuers_urls);
  CheckUrls(section, "crl_urls", issuer.crl_urls);
  issuer.name_constraints.permitted = ReadSubtrees(section, "permitted");
  issuer.name_constraints.excluded = ReadSubtrees(section, "excluded");
  CheckBelowRoot(section, issuer.ca, root);
  return issuer;
}

OcspConfig ReadOcsp(Section section, const std::vector<IssuerConfig>& issuers) {
  OcspConfig ocsp;
  ocsp.answer_life =
      DurationWithin(section, "answer_life", Seconds(3600), kOcspAnswerLifeMin, kOcspAnswerLifeMax);
  ocsp.lease = DurationWithin(section, "lease", Seconds(10), kOcspLeaseMin, kOcspLeaseMax);
  ocsp.certificate_life = section.DurationOr("certificate_life", std::chrono::days(7));
  // An answer is worth nothing beyond the certificate of whoever signed it.
  if (ocsp.certificate_life < 2 * ocsp.answer_life) {
    section.Complain("certificate_life", "config.range",
                     "\"certificate_life\" must be at least twice \"answer_life\"");
  }
  auto outlived = [&ocsp](const IssuerConfig& issuer) {
    return issuer.ca.lifetime > Seconds(0) && issuer.ca.lifetime <= ocsp.certificate_life;
  };
  if (std::any_of(issuers.begin(), issuers.end(), outlived)) {
    section.Complain("certificate_life", "config.range",
                     "\"certificate_life\" must be shorter than every issuer's \"lifetime\"");
  }
  return ocsp;
}

// C2SP signed-note: no space and no plus in a key's name.
bool IsOrigin(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' ||
           c == '/';
  };
  return !text.empty() && text.size() <= kOriginBytesMax && std::ranges::all_of(text, allowed);
}

AuditConfig ReadAudit(Section section, const std::string& trust_domain, Reading& reading) {
  AuditConfig audit{};
  audit.key_uris = ReadKeyUris(section, "key", reading);
  audit.directory = reading.Absolute(section.StringOr("directory", "audit"));
  audit.origin = section.StringOr("origin", trust_domain + "/audit");
  const bool is_too_long = audit.origin.size() > kOriginBytesMax;  // also the one made up
  if (is_too_long || (section.Has("origin") && !IsOrigin(audit.origin))) {
    section.Complain(
        "origin", "config.origin",
        "\"" + Escape(audit.origin, 64) +
            "\" is not an origin: 1 to 255 of a-z, 0-9, \".\", \"_\", \"-\" and \"/\"");
  }
  audit.checkpoint_age_max = DurationWithin(section, "checkpoint_age_max", Seconds(5),
                                            kCheckpointAgeMin, kCheckpointAgeMax);
  ReadWitnesses(section, reading.folder, audit);
  return audit;
}

std::set<Service> ReadServices(Section& section) {
  static const Words<Service> kServices = {{"ca", Service::kCa},
                                           {"ocsp", Service::kOcsp},
                                           {"ca-certificates", Service::kCaCertificates},
                                           {"health", Service::kHealth},
                                           {"metrics", Service::kMetrics}};
  std::set<Service> services;
  for (const std::string& word : section.Strings("services")) {
    if (auto service = ReadWord(section, "services", word, kServices)) services.insert(*service);
  }
  if (services.contains(Service::kCa) && services.size() > 1) {
    section.Complain("services", "config.services",
                     "\"ca\" has a listener of its own: no other service beside it");
  }
  return services;
}

void ReadTls(Section& section, Reading& reading, ListenerConfig& listener) {
  static const Words<ListenerTls> kTls = {{"none", ListenerTls::kNone},
                                          {"server", ListenerTls::kServer},
                                          {"mutual", ListenerTls::kMutual}};
  auto tls = ReadWord(section, "tls", section.String("tls"), kTls);
  const bool has_ca = listener.services.contains(Service::kCa);
  const ListenerTls not_with = has_ca ? ListenerTls::kNone : ListenerTls::kMutual;
  if (tls == not_with && !listener.services.empty()) {
    section.Complain("tls", "config.services",
                     has_ca ? "service \"ca\" needs tls = \"mutual\" or \"server\""
                            : "services other than \"ca\" ask for no client certificate: tls = "
                              "\"none\" or \"server\"");
  }
  listener.tls = tls.value_or(ListenerTls::kMutual);
  if (listener.tls == ListenerTls::kNone) {
    for (std::string_view key : {"certificate", "private_key", "names"}) {
      RefuseKey(section, key, "is only for tls = \"mutual\" or \"server\"");
    }
    return;
  }
  listener.certificate = reading.Absolute(section.String("certificate"));
  const auto key = section.OptionalString("private_key");
  listener.private_key = key ? reading.Absolute(*key) : listener.certificate;
  listener.names = ReadNames(section, "names");
  if (listener.certificate.empty()) return;
  const auto [kept, is_new] = reading.certificates.emplace(listener.certificate, listener.names);
  if (!is_new && kept->second != listener.names) {
    section.Complain("certificate", "config.duplicate",
                     "another listener keeps a certificate of other names there");
  }
}

ListenerConfig ReadListener(Section section, Reading& reading) {
  ListenerConfig listener{};
  std::string text = section.String("address");
  if (auto address = ParseListenerAddress(text)) {
    listener.host = address->host;
    listener.port = address->port;
    if (!reading.addresses.emplace(address->host, address->port).second) {
      section.Complain("address", "config.duplicate",
                       "another listener has the address \"" + Escape(text, 64) + "\"");
    }
  } else if (!text.empty()) {
    section.Complain("address", address.error().rule, address.error().message);
  }
  listener.services = ReadServices(section);
  ReadTls(section, reading, listener);
  return listener;
}

EnrolmentConfig ReadEnrolment(Section section) {
  return {.token_lifetime_max =
              DurationWithin(section, "token_lifetime_max", policy::kTokenLifetimeMaxDefault,
                             Seconds(60), policy::kTokenLifetimeCeiling)};
}

LimitsConfig ReadLimits(Section section) {
  LimitsConfig limits{};
  limits.connections_max = section.IntegerOr("connections_max", 16384, 1, kConnectionsMax);
  limits.connections_without_certificate_max =
      section.IntegerOr("connections_without_certificate_max", 2048, 1, kConnectionsMax);
  limits.in_flight_max = section.IntegerOr("in_flight_max", 1024, 1, kInFlightMax);
  limits.in_flight_without_certificate_max =
      section.IntegerOr("in_flight_without_certificate_max", 128, 1, kInFlightMax);
  limits.principal_at_work_max = section.IntegerOr("principal_at_work_max", 64, 1, kInFlightMax);
  limits.principal_at_work_shared_max =
      section.IntegerOr("principal_at_work_shared_max", 2, 1, kInFlightMax);
  limits.principal_waiting_max = section.IntegerOr("principal_waiting_max", 128, 1, kInFlightMax);
  limits.principal_per_minute_max =
      static_cast<uint32_t>(section.IntegerOr("principal_per_minute_max", 0, 0, kPerMinuteMax));
  limits.worker_threads = section.IntegerOr("worker_threads", 4, 1, kWorkerThreadsMax);
  limits.drain = DurationWithin(section, "drain", Seconds(30), Seconds(1), kDrainMax);
  return limits;
}

std::string ReadTrustDomain(Section& root) {
  std::string trust_domain = root.String("trust_domain");
  if (!trust_domain.empty() && !x509::IsTrustDomain(trust_domain)) {
    root.Complain("trust_domain", "config.trust-domain",
                  "\"" + Escape(trust_domain, 64) +
                      "\" is not a trust domain: 1 to 255 of a-z, 0-9, \".\", \"_\" and \"-\"");
  }
  return trust_domain;
}

void ReadAuthorities(Section& root, Reading& reading, Config& config) {
  Section root_ca = root.Sub("root");
  config.root = ReadCa(root_ca, reading);
  for (Section& issuer : root.Sections("issuer")) {
    config.issuers.push_back(ReadIssuer(issuer, config.root, reading));
  }
  if (config.issuers.empty()) {
    root.Complain("issuer", "config.missing", "at least one [[issuer]] is required");
  }
}

void ReadListeners(Section& root, Reading& reading, Config& config) {
  for (Section& listener : root.Sections("listener")) {
    config.listeners.push_back(ReadListener(listener, reading));
  }
  if (config.listeners.empty()) {
    root.Complain("listener", "config.missing", "at least one [[listener]] is required");
  }
}

// What is configured and not served is said at once, not found out by its callers.
void CheckTokensAreTaken(Section& root, const Config& config) {
  const bool taken = std::ranges::any_of(config.listeners, [](const ListenerConfig& listener) {
    return listener.is_grpc() && listener.tls == ListenerTls::kServer;
  });
  if (config.oidc_issuers.empty() || taken) return;
  root.Complain("oidc_issuer", "config.services",
                "no listener takes tokens: add a [[listener]] with services = [\"ca\"] and "
                "tls = \"server\"");
}

// A socket that nothing is asked at is a token's name misspelt.
void CheckTokensHaveKeys(Section& root, const Config& config, const Reading& reading) {
  for (const auto& [token, socket] : config.signer.sockets) {
    const auto names_it = [&](const std::string& uri) { return NamesToken(uri, token); };
    if (std::ranges::any_of(reading.key_uris, names_it)) continue;
    root.Complain("signer", "config.token",
                  "no key lies in the token \"" + Escape(token, 64) +
                      "\" of \"sockets\": it is the token's label or serial number as in a key's "
                      "URI");
  }
}

bool AnyMutual(const Config& config) {
  return std::ranges::any_of(config.listeners, [](const ListenerConfig& listener) {
    return listener.tls == ListenerTls::kMutual;
  });
}

// The names of our own CAs; one that is wrong was complained of.
x509::NameSet SubjectsOf(const Config& config) {
  x509::NameSet subjects;
  const auto add = [&subjects](const CaConfig& ca) {
    const auto subject = SubjectOf(ca);
    if (subject) subjects.Insert(subject->der());
  };
  add(config.root);
  for (const IssuerConfig& issuer : config.issuers) add(issuer.ca);
  return subjects;
}

}  // namespace

Result<Config> LoadConfig(const fs::path& path) {
  TRY_ASSIGN(Document document, Document::Load(path));
  std::error_code failed;
  fs::path absolute = fs::absolute(path, failed);
  if (failed) return Fail(ErrorCode::kConfiguration, "config.file", "no current folder");

  Reading reading{.folder = absolute.parent_path()};
  Section root = document.root();
  Config config{};
  config.trust_domain = ReadTrustDomain(root);
  config.state_directory = reading.Absolute(root.String("state_directory"));
  config.policy_file = reading.Absolute(root.String("policy"));
  config.database = ReadDatabase(root.Sub("database"), reading.folder);
  config.signer = ReadSigner(root.Sub("signer"), reading);
  ReadAuthorities(root, reading, config);
  config.ocsp = ReadOcsp(root.SubOrEmpty("ocsp"), config.issuers);
  config.audit = ReadAudit(root.Sub("audit"), config.trust_domain, reading);
  CheckTokensHaveKeys(root, config, reading);
  ReadListeners(root, reading, config);
  config.oidc_issuers = ReadOidcIssuers(root, reading.folder);
  CheckTokensAreTaken(root, config);
  config.foreign_cas = ReadForeignCas(
      root, {reading.folder, config.trust_domain, SubjectsOf(config), AnyMutual(config)});
  config.enrolment = ReadEnrolment(root.SubOrEmpty("enrolment"));
  config.limits = ReadLimits(root.SubOrEmpty("limits"));
  TRY(document.Finish());
  return config;
}

std::optional<fs::path> PolicyFileNamedIn(const fs::path& path) {
  auto document = Document::Load(path);
  if (!document) return std::nullopt;
  const std::string file = document->root().StringOr("policy", "");
  if (file.empty()) return std::nullopt;
  std::error_code ignored;
  return (fs::absolute(path, ignored).parent_path() / file).lexically_normal();
}

}  // namespace mayfly::config
