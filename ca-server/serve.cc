// mayfly-ca serve: wire, run until SIGTERM, drain. SIGHUP reads the policy file again.
#include <signal.h>

#include <algorithm>
#include <atomic>

#include "apply_policy.h"
#include "call_log.h"
#include "clients/cpp/files.h"
#include "commands.h"
#include "foreign_cas.h"
#include "http_listeners.h"
#include "net/connection_budget.h"
#include "own_certificates.h"
#include "projection_service.h"
#include "responder_service.h"
#include "rpc/handshake_refusals.h"
#include "rpc/server.h"
#include "rpc/service.h"
#include "server_metrics.h"
#include "state_directory.h"
#include "store/maintenance.h"
#include "telemetry/log.h"
#include "trusted_issuer.h"
#include "wiring.h"

namespace mayfly {
namespace {

// How long serve waits at start for a database or a token that are not there yet.
constexpr Seconds kStartTimeMax{60};
constexpr Seconds kStartRetryPause{1};

// What serve does beside answering, and how often.
constexpr Seconds kRefreshBasisEvery{1};
constexpr Seconds kHouseKeepingEvery{60};
constexpr Seconds kDelegateRetryEvery{5};  // where an issuer has none
constexpr Seconds kMakePartitionsEvery{3600};
constexpr Seconds kIntentGrace{600};

// SIGTERM, SIGINT and SIGHUP, blocked before any thread starts so that every thread inherits that.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    signal(SIGPIPE, SIG_IGN);
  }
  // What came within `wait`.
  enum class Told : uint8_t { kNothing, kReload, kStop };
  Told Await(Seconds wait) const {
    const timespec time{wait.count(), 0};
    const int signal = sigtimedwait(&set_, nullptr, &time);
    if (signal == SIGHUP) return Told::kReload;
    return signal > 0 ? Told::kStop : Told::kNothing;
  }
  // What came too early comes again, to whoever awaits next.
  void TellReloadAgain() const { raise(SIGHUP); }

 private:
  sigset_t set_;
};

bool MayComeLater(ErrorCode code) {
  return code == ErrorCode::kStoreUnavailable || code == ErrorCode::kSignerUnavailable ||
         code == ErrorCode::kDeadlineExceeded || code == ErrorCode::kCommitInDoubt;
}

// Runs one step of the start again while what it needs is away. A reload is not lost by it.
template <class Step>
auto WaitFor(const char* what, const Signals& signals, Step step) -> decltype(step()) {
  const SystemClock clock;
  const BootTime until = clock.BootNow() + kStartTimeMax;
  bool reload = false;
  while (true) {
    auto result = step();
    if (result || !MayComeLater(result.error().code) || clock.BootNow() > until) {
      if (reload) signals.TellReloadAgain();
      return result;
    }
    telemetry::LogFailure("waiting", result.error(), {{"for", what}});
    const Signals::Told told = signals.Await(kStartRetryPause);
    if (told == Signals::Told::kStop) {
      return Fail(ErrorCode::kShuttingDown, "serve.stopped", "told to stop while starting");
    }
    reload = reload || told == Signals::Told::kReload;
  }
}

Status MakePartitions(const config::Config& config) {
  TRY_ASSIGN(int made,
             store::MakePartitions(config.database.connection, config.database.password_file));
  if (made > 0) telemetry::LogInfo("partitions made", {{"count", made}});
  return Ok();
}

Status PolicyTrouble(const issuance::BasisCache& basis, bool is_fresh) {
  if (!is_fresh) {
    return Fail(ErrorCode::kStoreUnavailable, "policy.not-read",
                "the policy in force cannot be read from the database");
  }
  if (basis.Current()->policy_version > 0) return Ok();
  return Fail(ErrorCode::kPolicyDenied, "policy.none",
              "no policy is in force: run mayfly-ca apply-policy");
}

Status PlaceTrouble(const signing::PlaceStanding& place) {
  if (place.state == signing::PlaceState::kInService) return Ok();
  Error why = place.why.value_or(Error{});
  why.message = std::string(signing::PlaceStateName(place.state)) + ": " + why.message;
  return why;
}

Status Draining() {
  return Fail(ErrorCode::kShuttingDown, "serve.draining",
              "told to stop; finishing what is in flight");
}

// Failures are told; so is what came after one.
identity::IssuerKeys::Observer TellOfKeys(const std::string& issuer) {
  return [issuer, failed = false](const Result<identity::FetchedKeys>& fetched) mutable {
    if (!fetched)
      telemetry::LogFailure("token keys not fetched", fetched.error(), {{"issuer", issuer}});
    if (fetched && failed) telemetry::LogInfo("token keys fetched again", {{"issuer", issuer}});
    failed = !fetched;
  };
}

std::unique_ptr<identity::JwtVerifier> MakeJwtVerifier(Wiring& wiring) {
  Foundation& foundation = wiring.foundation();
  std::vector<identity::TrustedIssuer> trusted;
  for (const config::OidcIssuerConfig& issuer : wiring.config().oidc_issuers) {
    trusted.push_back(Trust(issuer, foundation.clock, TellOfKeys(issuer.rules.name)));
  }
  return std::make_unique<identity::JwtVerifier>(std::move(trusted), foundation.clock,
                                                 foundation.timer, foundation.executor);
}

Task<Result<policy::Principal>> CheckJwt(const identity::JwtVerifier& verifier, std::string token,
                                         TimePoint now) {
  CO_TRY_ASSIGN(const identity::VerifiedToken verified,
                co_await verifier.Verify(std::move(token), now));
  co_return identity::PrincipalOf(verified);
}

rpc::CallLimits CallLimitsOf(const config::LimitsConfig& limits, size_t in_flight_max) {
  return {in_flight_max, limits.principal_at_work_max, limits.principal_at_work_shared_max,
          limits.principal_waiting_max, limits.principal_per_minute_max};
}

// What serves one kind of callers.
struct Door {
  rpc::Callers callers;
  size_t connections_max;
  rpc::CertificateAuthorityService service;
  std::unique_ptr<rpc::RpcServer> server = nullptr;  // none where no listener is of the kind
};

size_t HttpListenersIn(const config::Config& config) {
  return static_cast<size_t>(
      std::ranges::count(config.listeners, false, &config::ListenerConfig::is_grpc));
}

// Fewer connections than configured is better than no file for one that was promised.
Result<net::ConnectionBudget> BudgetFor(const config::Config& config) {
  const net::ConnectionBudget wanted{config.limits.connections_max,
                                     config.limits.connections_without_certificate_max,
                                     http::kConnectionsMax};
  const size_t http_listeners = HttpListenersIn(config);
  TRY_ASSIGN(const size_t files_max, net::RaiseFileLimit());
  const net::ConnectionBudget budget = net::WithinFiles(wanted, http_listeners, files_max);
  if (const size_t needed = net::FilesFor(wanted, http_listeners); needed > files_max) {
    telemetry::LogWarning("fewer connections than configured",
                          {{"files_max", files_max},
                           {"files_for_all", needed},
                           {"connections_max", budget.with_certificate},
                           {"connections_without_certificate_max", budget.without_certificate},
                           {"connections_of_each_http_listener", budget.http}});
  }
  return budget;
}

class Server {
 public:
  Server(Wiring& wiring, Uuid responder_id, std::unique_ptr<identity::ForeignCas> foreign_cas,
         net::ConnectionBudget budget)
      : wiring_(wiring),
        metrics_(wiring.metrics(), wiring.foundation().clock),
        call_log_(wiring.foundation().clock),
        responder_(wiring, responder_id),
        projection_(wiring),
        own_certificates_(wiring),
        use_cases_(rpc::UseCasesOf(wiring.authority())),
        jwt_verifier_(MakeJwtVerifier(wiring)),
        foreign_cas_(std::move(foreign_cas)),
        turns_(rpc::TurnLimitsOf(
                   CallLimitsOf(wiring.config().limits, wiring.config().limits.in_flight_max)),
               wiring.foundation().clock, wiring.foundation().executor),
        doors_{MakeDoor(rpc::Callers::kWithCertificate, budget.with_certificate,
                        wiring.config().limits.in_flight_max),
               MakeDoor(rpc::Callers::kWithoutCertificate, budget.without_certificate,
                        wiring.config().limits.in_flight_without_certificate_max)},
        http_connections_max_(budget.http) {
    rpc::ListenToGrpcLog(
        {[this](rpc::HandshakeRefusal refusal, std::string_view message) {
           metrics_.Count(refusal, message);
         },
         [](std::string_view message) { telemetry::LogWarning("grpc", {{"error", message}}); }});
  }
  // gRPC's log has no other end.
  ~Server() { rpc::IgnoreGrpcLog(); }

  Status Start(const Signals& signals);
  void Run(const Signals& signals);
  void Drain();

 private:
  Door MakeDoor(rpc::Callers callers, size_t connections_max, size_t in_flight_max);
  Status GrpcTrouble() const;
  rpc::ForeignCheck CheckForeign() const;
  Status Open(Door& door, const std::filesystem::path& roots);
  Status Listen();
  std::vector<http::ReadinessCheck> Checks() const;
  void MeasureWhatIsTrueNow();
  void MeasureExpiry(const x509::Certificate& certificate, const std::string& file);
  void RefreshBasis();
  void ReloadPolicy();
  Status GetDelegates();
  void HouseKeeping();

  Wiring& wiring_;
  ServerMetrics metrics_;
  CallLog call_log_;
  ResponderService responder_;
  ProjectionService projection_;
  OwnCertificates own_certificates_;
  std::unique_ptr<rpc::UseCases> use_cases_;
  std::unique_ptr<identity::JwtVerifier> jwt_verifier_;
  std::unique_ptr<identity::ForeignCas> foreign_cas_;  // null: there are none
  std::atomic<bool> basis_is_fresh_ = true;
  std::atomic<bool> draining_ = false;
  std::unique_ptr<HttpListeners> http_;
  rpc::Turns turns_;
  std::array<Door, 2> doors_;
  const size_t http_connections_max_;
};

rpc::ForeignCheck Server::CheckForeign() const {
  if (!foreign_cas_) return nullptr;
  return [this](const x509::PresentedChain& chain) {
    return foreign_cas_->Identify(chain, wiring_.foundation().clock.Now());
  };
}

Door Server::MakeDoor(rpc::Callers callers, size_t connections_max, size_t in_flight_max) {
  Foundation& foundation = wiring_.foundation();
  const auto check_jwt = [this](std::string token) {
    return CheckJwt(*jwt_verifier_, std::move(token), wiring_.foundation().clock.Now());
  };
  const auto log = [this](const rpc::RequestLogEntry& call) {
    metrics_.Count(call);
    call_log_.Write(call);
  };
  return {callers, connections_max,
          rpc::CertificateAuthorityService(
              {callers, *use_cases_, check_jwt, CheckForeign(), foundation.clock,
               foundation.executor, foundation.random, wiring_.page_key(),
               CallLimitsOf(wiring_.config().limits, in_flight_max), turns_, log})};
}

// An issuer whose key is away does not keep the others from serving.
Status Server::GetDelegates() {
  Status renewed = responder_.RenewDelegates();
  if (renewed || !responder_.HasDelegates()) return renewed;
  telemetry::LogFailure("responder certificate not renewed", renewed.error());
  return Ok();
}

// Everything that a handshake or an answer needs is renewed before anything listens.
Status Server::Start(const Signals& signals) {
  TRY(WaitFor("the database", signals, [this] { return MakePartitions(wiring_.config()); }));
  TRY(wiring_.keys().Match(wiring_.foundation().In(kCommandTimeMax)));
  wiring_.keys().Tend();
  // Where it does not come, OCSP goes on with the certificates that are there.
  if (auto started = wiring_.StartAudit(); !started) {
    telemetry::LogFailure("no audit checkpoint", started.error());
  }
  TRY(WaitFor("the responder's certificates", signals, [this] { return GetDelegates(); }));
  TRY(WaitFor("the server's certificates", signals, [this] { return own_certificates_.Renew(); }));
  return Listen();
}

Status Server::Open(Door& door, const std::filesystem::path& roots) {
  const auto tls = door.callers == rpc::Callers::kWithCertificate ? config::ListenerTls::kMutual
                                                                  : config::ListenerTls::kServer;
  rpc::RpcServerParts parts{
      .callers = door.callers,
      .listeners = {},
      .services = {&door.service.grpc_service()},
      .connections_max = door.connections_max,
      .clock = wiring_.foundation().clock,
      .refused =
          [this] {
            uint64_t refused = 0;
            for (const Door& each : doors_) refused += each.service.refused();
            return refused;
          },
      .on_refused = [this](net::ConnectionRefusal refusal,
                           const std::string& address) { metrics_.CountRpc(refusal, address); }};
  for (const config::ListenerConfig& listener : wiring_.config().listeners) {
    if (!listener.is_grpc() || listener.tls != tls) continue;
    parts.listeners.push_back(
        {{listener.host, listener.port}, {listener.certificate, listener.private_key, roots}});
  }
  if (parts.listeners.empty()) return Ok();
  TRY_ASSIGN(door.server, rpc::RpcServer::Start(parts));
  return Ok();
}

Status Server::Listen() {
  const std::filesystem::path roots = wiring_.config().state_directory / "roots.pem";
  TRY(client::WriteFileAtomically(roots, AsBytes(ClientRootsPem(wiring_)), client::kPublicMode,
                                  client::Existing::kReplace));
  for (Door& door : doors_) TRY(Open(door, roots));
  // Last, so that whoever finds it ready finds everything ready.
  MeasureWhatIsTrueNow();
  TRY_ASSIGN(http_, HttpListeners::Start(
                        {wiring_, responder_.responder(),
                         [this](const ocsp::Answer& answer) { metrics_.Count(answer); }, Checks(),
                         http_connections_max_,
                         [this](net::ConnectionRefusal refusal, const std::string& address) {
                           metrics_.CountHttp(refusal, address);
                         }}));
  for (const config::ListenerConfig& listener : wiring_.config().listeners) {
    telemetry::LogInfo("listening", {{"host", listener.host}, {"port", listener.port}});
  }
  return Ok();
}

Status Server::GrpcTrouble() const {
  for (const Door& door : doors_) {
    if (door.server) TRY(door.server->Trouble());
  }
  return Ok();
}

std::vector<http::ReadinessCheck> Server::Checks() const {
  std::vector<http::ReadinessCheck> checks{
      {"listeners", [this] { return GrpcTrouble(); }},
      {"audit-checkpoint", [this] { return wiring_.audit().gate().MayRelease(); }},
      {"serving", [this] { return draining_ ? Draining() : Ok(); }},
      {"lease", [this] { return responder_.LeaseTrouble(); }},
      {"ocsp-delegate", [this] { return responder_.DelegateTrouble(); }},
      {"server-certificate", [this] { return own_certificates_.Trouble(); }},
      {"signer", [this] { return wiring_.authority().KeyTrouble(); }},
      {"policy", [this] { return PolicyTrouble(wiring_.basis(), basis_is_fresh_); }},
  };
  for (const auto& key : wiring_.keys().keys()) {
    for (size_t place = 0; place < key->places(); ++place) {
      checks.push_back({key->Text() + " at " + key->StandingOf(place).uri,
                        [key, place] { return PlaceTrouble(key->StandingOf(place)); },
                        http::Counts::kTold});
    }
  }
  return checks;
}

// The label names are those of x509-certificate-exporter, whose alerts people have.
void Server::MeasureExpiry(const x509::Certificate& certificate, const std::string& file) {
  const x509::TbsFields& fields = certificate.tbs().fields();
  wiring_.metrics()
      .MakeGauge("x509_cert_not_after", "Last second of this server's own certificates, Unix time.",
                 {{"filepath", file},
                  {"subject", fields.subject.ToString()},
                  {"issuer", fields.issuer.ToString()}})
      .Set(std::chrono::duration<double>(fields.validity.not_after().time_since_epoch()).count());
}

// Asked for at each scrape.
void Server::MeasureWhatIsTrueNow() {
  telemetry::Metrics& metrics = wiring_.metrics();
  for (const auto& root : wiring_.bundle().roots) MeasureExpiry(root, "");
  for (const auto& issuing : wiring_.bundle().issuing) MeasureExpiry(issuing, "");
  const auto ready = metrics.MakeGauge("mayfly_ready", "1 where /readyz says so.");
  const auto lease = metrics.MakeGauge("mayfly_ocsp_lease_held", "1: OCSP answers from memory.");
  const auto delegates =
      metrics.MakeGauge("mayfly_ocsp_delegates_valid", "1: every issuer has an OCSP delegate.");
  const auto version =
      metrics.MakeGauge("mayfly_policy_version", "Of the policy in force; 0: none.");
  const auto in_flight = metrics.MakeGauge("mayfly_rpc_in_flight", "Calls at work.");
  const auto connections = metrics.MakeGauge("mayfly_rpc_connections", "Open gRPC connections.");
  const auto dropped =
      metrics.MakeGauge("mayfly_events_dropped", "Events that the full queue did not take.");
  metrics.BeforeText([=, this, checks = Checks()] {
    ready.Set(std::ranges::all_of(checks, [](const http::ReadinessCheck& check) {
      return check.counts == http::Counts::kTold || check.check().has_value();
    }));
    lease.Set(responder_.LeaseTrouble().has_value());
    delegates.Set(responder_.DelegateTrouble().has_value());
    version.Set(static_cast<double>(wiring_.basis().Current()->policy_version));
    size_t calls = 0, open = 0;
    for (const Door& door : doors_) {
      calls += door.service.in_flight();
      if (door.server) open += door.server->connections();
    }
    in_flight.Set(static_cast<double>(calls));
    connections.Set(static_cast<double>(open));
    dropped.Set(static_cast<double>(wiring_.ledger().events_dropped()));
    for (const auto& [file, certificate] : own_certificates_.Read()) {
      MeasureExpiry(certificate, file.string());
    }
  });
}

void Server::Run(const Signals& signals) {
  const Clock& clock = wiring_.foundation().clock;
  BootTime house_keeping = clock.BootNow() + kDelegateRetryEvery;
  BootTime partitions = clock.BootNow() + kMakePartitionsEvery;
  while (true) {
    const Signals::Told told = signals.Await(kRefreshBasisEvery);
    if (told == Signals::Told::kStop) return;
    if (told == Signals::Told::kReload) ReloadPolicy();
    RefreshBasis();
    call_log_.WriteHeldBack();
    metrics_.LogHeldBack();
    own_certificates_.RenewIfDue();
    if (clock.BootNow() >= house_keeping) {
      HouseKeeping();
      const bool complete = responder_.DelegateTrouble().has_value();
      house_keeping = clock.BootNow() + (complete ? kHouseKeepingEvery : kDelegateRetryEvery);
    }
    if (clock.BootNow() >= partitions) {
      auto made = MakePartitions(wiring_.config());
      if (!made) telemetry::LogFailure("partitions not made", made.error());
      partitions = clock.BootNow() + (made ? kMakePartitionsEvery : kHouseKeepingEvery);
    }
  }
}

// A database that is away is told once, and once more when it is back.
void Server::RefreshBasis() {
  auto refreshed = SyncWait(wiring_.basis().Refresh(wiring_.foundation().In(Seconds(5))));
  if (!refreshed && basis_is_fresh_) telemetry::LogFailure("policy not read", refreshed.error());
  if (refreshed && !basis_is_fresh_) telemetry::LogInfo("policy read again");
  basis_is_fresh_ = refreshed.has_value();
}

// A bad file keeps the policy in force.
void Server::ReloadPolicy() {
  const uint64_t before = wiring_.basis().Current()->policy_version;
  const auto version = ApplyPolicyFile(wiring_);
  if (!version) return telemetry::LogFailure("policy file not applied", version.error());
  telemetry::LogInfo(*version > before ? "policy applied" : "policy unchanged",
                     {{"version", *version}});
}

void Server::HouseKeeping() {
  if (auto renewed = responder_.RenewDelegates(); !renewed) {
    telemetry::LogFailure("responder certificate not renewed", renewed.error());
  }
  auto abandoned = SyncWait(
      wiring_.ledger().AbandonStaleIntents(kIntentGrace, wiring_.foundation().In(Seconds(10))));
  if (!abandoned) {
    telemetry::LogFailure("stale intents not abandoned", abandoned.error());
  } else if (*abandoned > 0) {
    telemetry::LogWarning("stale intents abandoned", {{"count", *abandoned}});
  }
}

// Health first, then what is in flight, bounded; HTTP goes on answering until gRPC is done.
void Server::Drain() {
  const Seconds time = wiring_.config().limits.drain;
  draining_ = true;
  telemetry::LogInfo("draining", {{"seconds", time.count()}});
  const BootTime until = wiring_.foundation().In(time);
  for (Door& door : doors_) {
    const auto left = until - wiring_.foundation().clock.BootNow();
    if (door.server)
      door.server->Drain(std::max(std::chrono::duration_cast<Milliseconds>(left), Milliseconds(0)));
  }
  http_->Stop(Seconds(5));
  telemetry::LogInfo("stopped");
}

}  // namespace

Status Serve(const config::Config& config) {
  const Signals signals;
  TRY_ASSIGN(const FileDescriptor held, HoldStateDirectory(config.state_directory));
  TRY_ASSIGN(auto wiring, WaitFor("the database", signals, [&] { return Wiring::Make(config); }));
  TRY_ASSIGN(Uuid responder_id, ResponderIdIn(config.state_directory, wiring->foundation()));
  TRY_ASSIGN(auto foreign_cas, TrustForeignCas(*wiring));
  TRY_ASSIGN(const net::ConnectionBudget budget, BudgetFor(config));
  Server server(*wiring, responder_id, std::move(foreign_cas), budget);
  TRY(server.Start(signals));
  server.Run(signals);
  server.Drain();
  return Ok();
}

}  // namespace mayfly
