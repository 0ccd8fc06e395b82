#include "commands.h"

#include <unistd.h>

#include <cstdio>
#include <ctime>

#include "apply_policy.h"
#include "clients/cpp/files.h"
#include "config/strict_toml.h"
#include "issuance/ca_hierarchy.h"
#include "local_certificate.h"
#include "store/migrator.h"
#include "telemetry/log.h"
#include "wiring.h"

namespace mayfly {
namespace {

Result<issuance::CaPlan> PlanOf(const config::CaConfig& ca) {
  auto subject = ca.organization.empty()
                     ? x509::Name::CommonName(ca.common_name)
                     : x509::Name::OrganizationAndCommonName(ca.organization, ca.common_name);
  TRY_ASSIGN(auto name, std::move(subject));
  return issuance::CaPlan{ca.name, ca.key_uris, std::move(name), ca.lifetime, {}};
}

Status WritePem(const std::filesystem::path& path, const std::vector<x509::Certificate>& list) {
  if (path.empty()) return Ok();
  std::string pem;
  for (const x509::Certificate& certificate : list) pem += certificate.Pem();
  return client::WriteFileAtomically(path, AsBytes(pem), client::kPublicMode,
                                     client::Existing::kReplace);
}

Status CheckPolicyFile(const std::filesystem::path& file,
                       const std::optional<config::IssuerNames>& issuers) {
  TRY(ReadPolicyFile(file, issuers));
  return Ok();
}

Error Joined(Error first, const Error& second) {
  first.message += "; " + second.message;
  first.violations.insert(first.violations.end(), second.violations.begin(),
                          second.violations.end());
  return first;
}

std::string Utc(TimePoint at) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[] = "YYYY-MM-DDTHH:MM:SSZ";
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

Status CheckConfig(const std::filesystem::path& file) {
  const auto config = config::LoadConfig(file);
  const auto policy_file =
      config ? std::optional(config->policy_file) : config::PolicyFileNamedIn(file);
  const auto issuers = config ? std::optional(IssuerNamesOf(*config)) : std::nullopt;
  const Status policy = policy_file ? CheckPolicyFile(*policy_file, issuers) : Ok();
  if (!config) return policy ? config.error() : Joined(config.error(), policy.error());
  TRY(policy);
  std::puts("configuration and policy are good");
  return Ok();
}

Status Migrate(const config::Config& config, const OwnerOptions& options) {
  // libpq takes the last of a keyword given twice.
  TRY(store::Migrate(config.database.connection + " " + options.connection));
  std::puts("the schema is up to date");
  return Ok();
}

Status InitCa(const config::Config& config, const OwnerOptions& options) {
  Foundation foundation(config.limits.worker_threads);
  TRY(store::CheckSchema(config.database.connection, schema::Migrations(),
                         config.database.password_file));
  TRY_ASSIGN(auto root, PlanOf(config.root));
  issuance::HierarchyPlan plan{std::move(root), {}};
  for (const config::IssuerConfig& issuer : config.issuers) {
    TRY_ASSIGN(auto issuing, PlanOf(issuer.ca));
    issuing.name_constraints = issuer.name_constraints;
    plan.issuing.push_back(std::move(issuing));
  }
  auto signer = MakeSigner(config, foundation);
  store::PgCaRegistry registry({config.database.connection + " " + options.connection,
                                config.database.password_file, "",
                                "local:" + std::to_string(getuid())});
  QuarantineFolder quarantine(config.state_directory);
  store::PgCanaryRecords canaries(StoreOptions(config, foundation));
  const signing::SigningTools tools{foundation.clock, foundation.random,   *signer,
                                    foundation.timer, foundation.executor, quarantine,
                                    canaries,         LogPlaceChange};
  TRY_ASSIGN(auto hierarchy, SyncWait(issuance::MakeHierarchy(std::move(plan), registry, tools,
                                                              foundation.In(kCommandTimeMax))));
  for (const issuance::CaMade& ca : hierarchy) {
    std::printf("%-8s %s  serial %s\n", ca.made_now ? "made" : "present", ca.name.c_str(),
                ca.certificate.tbs().serial().Hex().c_str());
  }
  return Ok();
}

Status ListQuarantined(const config::Config& config) {
  TRY_ASSIGN(const auto notes, QuarantineFolder(config.state_directory).List());
  for (const QuarantineNote& note : notes) {
    std::printf("%s  %s\n  key SHA-256 %s\n  %s\n", Utc(note.since).c_str(), note.uri.c_str(),
                ToHex(note.spki_hash).c_str(), note.reason.c_str());
  }
  if (notes.empty()) std::puts("no key is quarantined");
  return Ok();
}

Status ClearQuarantined(const config::Config& config, const std::string& uri) {
  TRY(QuarantineFolder(config.state_directory).Clear(uri));
  std::printf("cleared  %s\n", uri.c_str());
  return Ok();
}

Status ApplyPolicy(const config::Config& config) {
  TRY_ASSIGN(auto wiring, Wiring::Make(config));
  TRY(wiring->StartAudit());
  TRY_ASSIGN(const uint64_t version, ApplyPolicyFile(*wiring));
  std::printf("policy version %llu is in force\n", static_cast<unsigned long long>(version));
  return Ok();
}

Status ExportCa(const config::Config& config, const ExportOptions& options) {
  TRY_ASSIGN(auto wiring, Wiring::Make(config));
  TRY(WritePem(options.root_file, wiring->bundle().roots));
  // What a machine that knows nothing yet compares: mayfly bootstrap --fingerprint.
  for (const x509::Certificate& root : wiring->bundle().roots) {
    std::printf("root SHA-256  %s\n", ToHex(root.fingerprint()).c_str());
  }
  return WritePem(options.chain_file, wiring->bundle().issuing);
}

Status IssueLocal(const config::Config& config, const IssueLocalOptions& options) {
  LocalCertificate wanted{
      options.profile, {}, std::nullopt, {options.certificate_file, options.key_file}};
  for (const std::string& text : options.names) {
    TRY_ASSIGN(auto name, x509::GeneralName::FromString(text));
    wanted.names.push_back(std::move(name));
  }
  if (!options.lifetime.empty()) {
    TRY_ASSIGN(wanted.lifetime, config::ParseDuration(options.lifetime));
  }
  TRY_ASSIGN(auto wiring, Wiring::Make(config));
  if (options.if_lapsing) {
    TRY_ASSIGN(const LifeLeft left, LifeLeftIn(*wiring, wanted));
    if (left == LifeLeft::kPlenty) {
      std::printf("present  %s\n", options.certificate_file.c_str());
      return Ok();
    }
  }
  TRY(wiring->StartAudit());
  TRY(IssueLocalCertificate(*wiring, wanted));
  std::printf("issued   %s\n", options.certificate_file.c_str());
  return Ok();
}

}  // namespace mayfly
