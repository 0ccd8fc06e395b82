// mayfly-bench issue: certificates as fast as a running CA gives them.
#include "tests/bench/benches.h"
#include "tests/bench/ca_load.h"
#include "tests/bench/rpc_load.h"

namespace mayfly::bench {
namespace {

using client::v1::IssueCertificateResponse;

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
  TRY_ASSIGN(Requests requests, Requests::Make(options.profile, options.requests));
  RpcLoad load{.method = kIssueMethod,
               .channels = {},
               .next_request = [&] { return requests.Next(); },
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
