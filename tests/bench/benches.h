// The commands of mayfly-bench. Each gives a report, or says why it could not.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "tests/bench/measured.h"

namespace mayfly::bench {

struct LoadOptions {
  std::filesystem::path home;  // of the CA, as ./quickstart makes it
  std::chrono::seconds duration;
  std::chrono::seconds warm_up;
  std::optional<double> rate;  // a second; nothing: closed loop
};

struct IssueOptions {
  LoadOptions load;
  std::string profile;
  size_t in_flight;
  size_t channels;
  size_t identities;  // requests come from so many certificates of the operator, one a channel
  size_t requests;    // prepared CSRs, each with a key of its own; used again when they run out
};
Result<Json> BenchIssue(const IssueOptions& options);

// One caller at a modest rate, first alone, then beside a crowd.
struct NeighbourOptions {
  LoadOptions load;  // its rate is the modest one's
  double times;      // how many times as often another one asks
  size_t idle;       // connections that say nothing after their handshake
  size_t half_open;  // connections whose handshake never ends
};
Result<Json> BenchNeighbour(const NeighbourOptions& options);

enum class OcspAnswers { kCached, kSigned };
struct OcspOptions {
  LoadOptions load;
  size_t connections;
  size_t certificates;  // asked for in turn
  OcspAnswers answers;  // kSigned: each question has a nonce
};
Result<Json> BenchOcsp(const OcspOptions& options);

// What one certificate costs at least, each part alone: nothing of a CA needs to run.
struct PartsOptions {
  std::chrono::seconds duration;  // of each part
};
Result<Json> BenchParts(const PartsOptions& options);
// Parts that need more than a loop. Each gives CPU in microseconds for one certificate, and a rate.
Result<Json> BenchEcho(std::chrono::seconds duration);
Result<Json> BenchTokenSignature(std::chrono::seconds duration);
Result<Json> BenchBatchedCommit(std::chrono::seconds duration);

// The other end of BenchEcho, a process of its own: serves until its standard input ends.
int ServeEcho(const std::filesystem::path& credentials);

}  // namespace mayfly::bench
