// The program `mayfly-bench`.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "tests/bench/benches.h"

namespace {

using namespace mayfly;
using namespace mayfly::bench;

constexpr int kUsage = 2;
constexpr double kModestRate = 20;  // a second, of neighbour

struct Flags {
  std::string home = ".mayfly";
  int seconds = 10;
  int warm_up = 2;
  double rate = 0;
  bool json = false;

  LoadOptions Load() const {
    return {.home = home,
            .duration = std::chrono::seconds(seconds),
            .warm_up = std::chrono::seconds(warm_up),
            .rate = rate > 0 ? std::optional(rate) : std::nullopt};
  }
};

void AddLoadFlags(CLI::App& app, Flags& flags) {
  app.add_option("--home", flags.home, "folder of a CA that ./quickstart made")
      ->envname("MAYFLY_HOME")
      ->capture_default_str();
  app.add_option("--seconds", flags.seconds, "how long to measure")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  app.add_option("--warm-up", flags.warm_up, "seconds before, not counted")
      ->check(CLI::Range(0, 600))
      ->capture_default_str();
  app.add_option("--rate", flags.rate,
                 "open loop: so many a second, whatever is answered; latencies count from when "
                 "each was due. Else closed loop")
      ->check(CLI::PositiveNumber);
}

int Tell(const Result<Json>& report, const Flags& flags) {
  if (!report) {
    fmt::print(stderr, "mayfly-bench: {}\n", Describe(report.error(), ErrorText::kForLog));
    return report.error().code == ErrorCode::kConfiguration ? kUsage : EXIT_FAILURE;
  }
  fmt::print("{}", flags.json ? report->dump(2) + "\n" : ReportText(*report));
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  setenv("GRPC_VERBOSITY", "NONE", 0);
  setenv("GRPC_DNS_RESOLVER", "native", 0);
  CLI::App app{"Measures a running CA, and the parts that its floor is made of."};
  app.require_subcommand(1);
  Flags flags;
  app.add_flag("--json", flags.json, "print JSON");
  app.fallthrough();

  IssueOptions issue{
      .profile = "server", .in_flight = 64, .channels = 1, .identities = 1, .requests = 20'000};
  CLI::App* issuing = app.add_subcommand("issue", "certificates over gRPC and mutual TLS");
  AddLoadFlags(*issuing, flags);
  issuing->add_option("--profile", issue.profile, "of the policy")
      ->check(CLI::IsMember({"server", "workload"}))
      ->capture_default_str();
  issuing->add_option("--in-flight", issue.in_flight, "calls at once, at most")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  issuing->add_option("--channels", issue.channels, "connections")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  issuing
      ->add_option("--identities", issue.identities,
                   "certificates of the operator that requests come from; over one are made "
                   "with mayfly-ca, a connection each")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  issuing->add_option("--requests", issue.requests, "CSRs prepared, each with its own key")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();

  OcspOptions ocsp{.connections = 8, .certificates = 100, .answers = OcspAnswers::kCached};
  CLI::App* asking = app.add_subcommand("ocsp", "OCSP over HTTP/1.1");
  AddLoadFlags(*asking, flags);
  asking->add_option("--connections", ocsp.connections)
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  asking->add_option("--certificates", ocsp.certificates, "issued first, then asked for in turn")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  asking->add_flag_callback(
      "--nonce", [&] { ocsp.answers = OcspAnswers::kSigned; },
      "with a nonce, so that every answer is signed anew");

  NeighbourOptions neighbour{.times = 100, .idle = 1000, .half_open = 100};
  CLI::App* beside = app.add_subcommand(
      "neighbour", "one caller at a modest rate (20 a second), alone and beside one that floods");
  AddLoadFlags(*beside, flags);
  beside->add_option("--times", neighbour.times, "how many times as often the other one asks")
      ->check(CLI::Range(1.0, 10'000.0))
      ->capture_default_str();
  beside->add_option("--idle", neighbour.idle, "connections that say nothing")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  beside->add_option("--half-open", neighbour.half_open, "connections whose handshake never ends")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();

  CLI::App* parts = app.add_subcommand(
      "parts", "each step of an issuance alone: what a certificate costs at least. Needs no CA");
  int parts_seconds = 5;
  parts->add_option("--seconds", parts_seconds, "for each part")
      ->check(CLI::Range(1, 600))
      ->capture_default_str();

  std::string credentials;
  CLI::App* echo = app.add_subcommand("echo-server", "")->group("");  // parts starts it
  echo->add_option("credentials", credentials)->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : kUsage;
  }
  if (*echo) return ServeEcho(credentials);
  issue.load = ocsp.load = neighbour.load = flags.Load();
  if (!neighbour.load.rate) neighbour.load.rate = kModestRate;
  if (*issuing) return Tell(BenchIssue(issue), flags);
  if (*asking) return Tell(BenchOcsp(ocsp), flags);
  if (*beside) return Tell(BenchNeighbour(neighbour), flags);
  return Tell(BenchParts({std::chrono::seconds(parts_seconds)}), flags);
}
