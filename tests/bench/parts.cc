// mayfly-bench parts: what one certificate costs at least, each part alone, in one run.
#include <unistd.h>

#include <thread>

#include "clients/cpp/private_key.h"
#include "tests/bench/benches.h"
#include "tests/bench/processes.h"
#include "x509/certification_request.h"
#include "x509/proven_key.h"

namespace mayfly::bench {
namespace {

constexpr size_t kBetweenLooks = 32;

// Calls `step` on this thread for `duration`.
template <class Step>
Result<Json> Repeat(std::chrono::seconds duration, Step step) {
  const auto begin = std::chrono::steady_clock::now();
  const Nanoseconds cpu = OwnThreadCpuTime();
  size_t count = 0;
  while (std::chrono::steady_clock::now() - begin < duration) {
    for (size_t i = 0; i < kBetweenLooks; ++i, ++count) TRY(step());
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  const auto used = static_cast<double>((OwnThreadCpuTime() - cpu).count());
  return Json{{"cpu_us", used / 1e3 / static_cast<double>(count)},
              {"per_second", static_cast<double>(count) / wall.count()}};
}

Result<Json> BenchProofOfPossession(std::chrono::seconds duration) {
  TRY_ASSIGN(auto key, client::PrivateKey::Generate(client::NewKey::kEcP256));
  TRY_ASSIGN(auto name, x509::GeneralName::FromString("DNS:bench.internal"));
  TRY_ASSIGN(const Bytes der, client::MakeCertificationRequest(key, {name}));
  return Repeat(duration, [&]() -> Status {
    TRY_ASSIGN(auto request, x509::CertificationRequest::FromDer(der));
    TRY_ASSIGN(auto proven, x509::ProvenKey::FromRequest(request, {}));
    return Ok();
  });
}

Result<Json> BenchSoftwareCheck(std::chrono::seconds duration) {
  TRY_ASSIGN(auto key, client::PrivateKey::Generate(client::NewKey::kEcP256));
  const Bytes message(600, 7);  // about a TBSCertificate
  TRY_ASSIGN(const Bytes signature, key.Sign(message));
  return Repeat(duration, [&] {
    return x509::VerifySignature(key.public_key(), key.signature_algorithm(), message, signature);
  });
}

}  // namespace

Result<Json> BenchParts(const PartsOptions& options) {
  Json parts;
  TRY_ASSIGN(parts["echo_rpc_over_mutual_tls"], BenchEcho(options.duration));
  TRY_ASSIGN(parts["proof_of_possession"], BenchProofOfPossession(options.duration));
  TRY_ASSIGN(parts["signature_in_the_token"], BenchTokenSignature(options.duration));
  TRY_ASSIGN(parts["software_check_of_it"], BenchSoftwareCheck(options.duration));
  TRY_ASSIGN(parts["batched_commit"], BenchBatchedCommit(options.duration));
  double sum = 0;
  for (const auto& [name, part] : parts.items()) sum += part["cpu_us"].get<double>();
  const double caller = parts["echo_rpc_over_mutual_tls"]["caller_cpu_us"].get<double>();
  const auto cores = static_cast<double>(std::thread::hardware_concurrency());
  parts["sum"] = {{"cpu_us", sum},
                  {"caller_cpu_us", caller},
                  {"cores", cores},
                  {"certificates_per_second_at_most", cores * 1e6 / (sum + caller)}};
  return parts;
}

}  // namespace mayfly::bench
