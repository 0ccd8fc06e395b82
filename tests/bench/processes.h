// CPU time of other processes and everything that they started, from /proc.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "tests/bench/measured.h"

namespace mayfly::bench {

// Where a CA of ./quickstart keeps things.
class Home {
 public:
  explicit Home(std::filesystem::path path) : path_(std::move(path)) {}
  const std::filesystem::path& path() const { return path_; }
  // Error: kConfiguration "bench.home" where no CA runs there.
  Result<int> Port(const std::string& listener) const;  // "grpc", "http", "private"
  Result<pid_t> Pid(const std::string& part) const;     // "server", "signer", "database"

 private:
  std::filesystem::path path_;
};

// Runs a program of PATH to its end; what it prints goes nowhere. True where it exits with 0.
bool RunQuietly(std::vector<std::string> words);

// User and system time of a process, its children (those that ended too) and theirs. The clock of
// /proc ticks every 10 ms: measure for seconds.
Nanoseconds CpuTimeOf(pid_t root);
Nanoseconds OwnCpuTime();
Nanoseconds OwnThreadCpuTime();

// CA, signer, database and this program, since it was made.
class CpuMeter {
 public:
  static Result<CpuMeter> Start(const Home& home);
  // Microseconds for each of `operations`.
  Json PerOperation(size_t operations) const;

 private:
  std::map<std::string, pid_t> processes_;
  std::map<std::string, Nanoseconds> started_;
  Nanoseconds own_{};
};

}  // namespace mayfly::bench
