#include "tests/bench/processes.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

extern char** environ;

namespace mayfly::bench {
namespace {

std::string Slurp(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

Error NothingRuns(const std::filesystem::path& home) {
  return Fail(ErrorCode::kConfiguration, "bench.home",
              "no CA runs in " + home.string() + ": start one with ./quickstart, or name its " +
                  "folder with --home");
}

Nanoseconds FromTimespec(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

Nanoseconds ReadClock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return FromTimespec(now);
}

// proc(5): fields 14 to 17 of stat, after the name in parentheses.
Nanoseconds TicksOf(const std::string& stat) {
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  int64_t ticks = 0;
  for (int field = 14; field <= 17; ++field) {
    int64_t value = 0;
    fields >> value;
    ticks += value;
  }
  return Nanoseconds(ticks * (1'000'000'000 / sysconf(_SC_CLK_TCK)));
}

}  // namespace

Result<int> Home::Port(const std::string& listener) const {
  std::ifstream ports(path_ / "ports");
  for (std::string line; std::getline(ports, line);) {
    if (line.starts_with(listener + "=")) return std::stoi(line.substr(listener.size() + 1));
  }
  return NothingRuns(path_);
}

Result<pid_t> Home::Pid(const std::string& part) const {
  const auto file =
      part == "database" ? path_ / "postgres/data/postmaster.pid" : path_ / "run" / (part + ".pid");
  const pid_t pid = std::atoi(Slurp(file).c_str());
  if (pid <= 0 || Slurp("/proc/" + std::to_string(pid) + "/stat").empty()) {
    return NothingRuns(path_);
  }
  return pid;
}

bool RunQuietly(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  int status = 0;
  const bool ended =
      posix_spawnp(&pid, arguments[0], &quiet, nullptr, arguments.data(), environ) == 0 &&
      waitpid(pid, &status, 0) == pid;
  posix_spawn_file_actions_destroy(&quiet);
  return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

Nanoseconds CpuTimeOf(pid_t root) {
  const std::string folder = "/proc/" + std::to_string(root);
  Nanoseconds total = TicksOf(Slurp(folder + "/stat"));
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator(folder + "/task", gone)) {
    std::istringstream children(Slurp(task.path() / "children"));
    for (pid_t child = 0; children >> child;) total += CpuTimeOf(child);
  }
  return total;
}

Nanoseconds OwnCpuTime() { return ReadClock(CLOCK_PROCESS_CPUTIME_ID); }
Nanoseconds OwnThreadCpuTime() { return ReadClock(CLOCK_THREAD_CPUTIME_ID); }

Result<CpuMeter> CpuMeter::Start(const Home& home) {
  CpuMeter meter;
  for (const char* part : {"server", "signer", "database"}) {
    TRY_ASSIGN(const pid_t pid, home.Pid(part));
    meter.processes_[part] = pid;
    meter.started_[part] = CpuTimeOf(pid);
  }
  meter.own_ = OwnCpuTime();
  return meter;
}

Json CpuMeter::PerOperation(size_t operations) const {
  const double count = operations == 0 ? 1 : static_cast<double>(operations);
  Json out;
  double sum = 0;
  for (const char* part : {"server", "signer", "database"}) {
    const Nanoseconds used = CpuTimeOf(processes_.at(part)) - started_.at(part);
    out[part] = static_cast<double>(used.count()) / 1e3 / count;
    sum += out[part].get<double>();
  }
  out["all_three"] = sum;
  out["load_generator"] = static_cast<double>((OwnCpuTime() - own_).count()) / 1e3 / count;
  return out;
}

}  // namespace mayfly::bench
