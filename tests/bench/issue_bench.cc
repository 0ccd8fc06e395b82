// mayfly-bench issue: certificates as fast as a running CA gives them.
#include <spawn.h>
#include <sys/wait.h>

#include "base/system.h"
#include "clients/cpp/client.h"
#include "clients/cpp/files.h"
#include "clients/cpp/private_key.h"
#include "tests/bench/benches.h"
#include "tests/bench/processes.h"
#include "tests/bench/rpc_load.h"

extern char** environ;

namespace mayfly::bench {
namespace {

namespace fs = std::filesystem;
using client::v1::IssueCertificateRequest;
using client::v1::IssueCertificateResponse;

constexpr const char* kMethod = "/mayfly.ca.v1.CertificateAuthorityService/IssueCertificate";
constexpr const char* kName = "DNS:bench.internal";
constexpr const char* kWorkloadName = "URI:spiffe://mayfly.internal/ns/bench/sa/bench";

struct Credentials {
  fs::path certificate;
  fs::path private_key;
};

Result<std::string> ReadText(const fs::path& file) {
  TRY_ASSIGN(Bytes content, client::ReadFile(file));
  return std::string(AsText(content));
}

Result<std::shared_ptr<grpc::Channel>> Connect(const Home& home, const Credentials& who, size_t n) {
  TRY_ASSIGN(const int port, home.Port("grpc"));
  grpc::SslCredentialsOptions tls;
  TRY_ASSIGN(tls.pem_root_certs, ReadText(home.path() / "ca/root.pem"));
  TRY_ASSIGN(tls.pem_cert_chain, ReadText(who.certificate));
  TRY_ASSIGN(tls.pem_private_key, ReadText(who.private_key));
  grpc::ChannelArguments arguments;
  arguments.SetInt("mayfly.bench.channel", static_cast<int>(n));  // none shares a connection
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel("localhost:" + std::to_string(port), grpc::SslCredentials(tls),
                                   arguments);
}

// Another certificate of the operator, by mayfly-ca's own command, as ./quickstart makes the first.
Status IssueLocally(const Home& home, const Credentials& files) {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path() / "mayfly-ca";
  std::vector<std::string> words = {program.string(), "issue-local",
                                    "--config",       (home.path() / "ca.toml").string(),
                                    "--profile",      "client",
                                    "--name",         "URI:spiffe://mayfly.internal/operator",
                                    "--cert-out",     files.certificate.string(),
                                    "--key-out",      files.private_key.string()};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t pid = 0;
  int status = 0;
  const bool ended =
      posix_spawn(&pid, words[0].c_str(), nullptr, nullptr, arguments.data(), environ) == 0 &&
      waitpid(pid, &status, 0) == pid;
  if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0) return Ok();
  return Fail(
      ErrorCode::kConfiguration, "bench.identities",
      "mayfly-ca issue-local failed: it needs to run as the CA's user, beside mayfly-bench");
}

Result<std::vector<Credentials>> MakeIdentities(const Home& home, size_t count) {
  const Credentials first{home.path() / "operator/tls.crt", home.path() / "operator/tls.key"};
  if (count <= 1) return std::vector{first};
  std::vector<Credentials> all;
  fs::create_directories(home.path() / "bench");
  for (size_t i = 0; i < count; ++i) {
    const fs::path stem = home.path() / "bench" / ("operator-" + std::to_string(i));
    Credentials files{stem.string() + ".crt", stem.string() + ".key"};
    if (!fs::exists(files.certificate)) TRY(IssueLocally(home, files));
    all.push_back(std::move(files));
  }
  return all;
}

Result<std::vector<std::string>> MakeRequests(const IssueOptions& options) {
  const char* name = options.profile == "workload" ? kWorkloadName : kName;
  TRY_ASSIGN(auto names, x509::GeneralName::FromString(name));
  std::vector<std::string> csrs;
  for (size_t i = 0; i < options.requests; ++i) {
    TRY_ASSIGN(auto key, client::PrivateKey::Generate(client::NewKey::kEcP256));
    TRY_ASSIGN(Bytes der, client::MakeCertificationRequest(key, {names}));
    csrs.emplace_back(AsText(der));
  }
  return csrs;
}

// The last answer is looked at: a rate of wrong answers would be no rate.
Status CheckSample(const grpc::ByteBuffer& sample) {
  IssueCertificateResponse response;
  const bool parsed = response.ParseFromString(FromByteBuffer(sample));
  const auto certificate =
      x509::Certificate::FromDer(AsBytes(response.certificate().certificate_der()));
  if (parsed && certificate) return Ok();
  return Fail(ErrorCode::kInternal, "bench.answer", "an answer holds no certificate");
}

}  // namespace

Result<Json> BenchIssue(const IssueOptions& options) {
  const Home home(options.load.home);
  TRY_ASSIGN(const auto identities, MakeIdentities(home, options.identities));
  TRY_ASSIGN(const auto csrs, MakeRequests(options));
  SystemClock clock;
  SystemRandom random;
  size_t next = 0;
  RpcLoad load{.method = kMethod,
               .channels = {},
               .next_request =
                   [&] {
                     IssueCertificateRequest request;
                     request.set_csr_der(csrs[next++ % csrs.size()]);
                     request.set_profile(options.profile);
                     request.set_request_id(Uuid::MakeV7(clock.Now(), random).ToString());
                     return ToByteBuffer(request.SerializeAsString());
                   },
               .in_flight_max = options.in_flight,
               .rate = options.load.rate,
               .duration = options.load.duration};
  for (size_t i = 0; i < std::max(options.channels, identities.size()); ++i) {
    TRY_ASSIGN(auto channel, Connect(home, identities[i % identities.size()], i));
    load.channels.push_back(std::move(channel));
  }
  std::optional<CpuMeter> cpu;
  Status metered = Ok();
  const auto begin = [&] {
    if (auto meter = CpuMeter::Start(home)) {
      cpu = *std::move(meter);
    } else {
      metered = std::move(meter).error();
    }
  };
  TRY_ASSIGN(const RpcOutcome outcome, RunRpcLoad(load, options.load.warm_up, begin));
  TRY(metered);
  if (outcome.succeeded > 0) TRY(CheckSample(outcome.sample));
  Json report{{"certificates", outcome.succeeded},
              {"certificates_per_second", static_cast<double>(outcome.succeeded) / outcome.seconds},
              {"seconds", outcome.seconds},
              {"in_flight_max", options.in_flight},
              {"channels", load.channels.size()},
              {"identities", identities.size()},
              {"latency_ms", PercentilesOf(outcome.latencies)},
              {"cpu_us_per_certificate", cpu->PerOperation(outcome.succeeded)}};
  if (options.load.rate) report["wanted_per_second"] = *options.load.rate;
  for (const auto& [what, count] : outcome.failures) report["failures"][what] = count;
  return report;
}

}  // namespace mayfly::bench
