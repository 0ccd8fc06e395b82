// A P-256 signature in SoftHSM, through what mayfly-signer signs with: one session, one thread.
#include <fstream>

#include "base/system.h"
#include "hsm/signer/token.h"
#include "tests/bench/benches.h"
#include "tests/bench/processes.h"
#include "tests/fakes/temporary_folder.h"

namespace mayfly::bench {
namespace {

namespace fs = std::filesystem;
constexpr const char* kUri = "pkcs11:token=bench;object=bench";
constexpr const char* kPin = "4711";

Status InitToken() {
  std::vector<std::string> words = {"softhsm2-util", "--init-token", "--free",   "--label", "bench",
                                    "--pin",         kPin,           "--so-pin", "12345678"};
  if (RunQuietly(std::move(words))) return Ok();
  return Fail(ErrorCode::kConfiguration, "bench.token",
              "softhsm2-util could not make a token; is the package softhsm2 installed?");
}

Result<std::unique_ptr<hsm::TokenSession>> OpenToken(const fs::path& folder, RandomSource& random) {
  fs::create_directories(folder / "tokens");
  std::ofstream(folder / "softhsm2.conf")
      << "directories.tokendir = " << (folder / "tokens").string() << "\nlog.level = ERROR\n";
  std::ofstream(folder / "pin") << kPin << "\n";
  fs::permissions(folder / "pin", fs::perms(0600));
  setenv("SOFTHSM2_CONF", (folder / "softhsm2.conf").c_str(), 1);
  TRY(InitToken());
  TRY_ASSIGN(const auto uri, hsm::KeyUri::Parse(kUri));
  return hsm::TokenSession::Open(
      {"/usr/lib/softhsm/libsofthsm2.so", folder / "pin", folder / "state"}, uri.token,
      hsm::SessionMode::kReadWrite, random);
}

}  // namespace

Result<Json> BenchTokenSignature(std::chrono::seconds duration) {
  const fakes::TemporaryFolder folder;
  SystemRandom random;
  TRY_ASSIGN(const auto session, OpenToken(folder.path(), random));
  TRY_ASSIGN(const auto uri, hsm::KeyUri::Parse(kUri));
  TRY_ASSIGN(const auto key, session->GenerateKey(uri, hsm::KeyKind::kP256, random));
  const Bytes message(600, 7);  // about a TBSCertificate
  const auto begin = std::chrono::steady_clock::now();
  const Nanoseconds cpu = OwnThreadCpuTime();
  size_t count = 0;
  for (; std::chrono::steady_clock::now() - begin < duration; ++count) {
    SignResult result = session->Sign(key, message);
    if (result.outcome != SignResult::Outcome::kSigned) return std::move(result.error);
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  return Json{{"cpu_us", static_cast<double>((OwnThreadCpuTime() - cpu).count()) / 1e3 /
                             static_cast<double>(count)},
              {"per_second", static_cast<double>(count) / wall.count()}};
}

}  // namespace mayfly::bench
