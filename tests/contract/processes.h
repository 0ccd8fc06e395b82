// Folders, files and child processes of tests.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/fakes/temporary_folder.h"

extern char** environ;

namespace mayfly::contract {

using fakes::TemporaryFolder;

inline void WriteFile(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::trunc) << text;
  std::filesystem::permissions(file, std::filesystem::perms(0600));
}
inline std::string ReadFile(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}
inline size_t Count(const std::string& text, const std::string& what) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size()) ++count;
  return count;
}
// A process that ended and that nobody reaped has an id, but does not run.
inline bool IsRunning(pid_t pid) {
  std::string status = ReadFile("/proc/" + std::to_string(pid) + "/stat");
  return !status.empty() && status.find(") Z ") == std::string::npos;
}
// Whether `condition` became true in time.
template <class Condition>
bool Eventually(Condition condition,
                std::chrono::milliseconds patience = std::chrono::seconds(20)) {
  for (; patience.count() > 0; patience -= std::chrono::milliseconds(20)) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return condition();
}

inline std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

// Its output is appended to the file; `environment` comes before what this process has.
inline pid_t SpawnProcess(const std::vector<std::string>& command,
                          std::vector<std::string> environment,
                          const std::filesystem::path& output) {
  for (char** entry = environ; *entry; ++entry) environment.push_back(*entry);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                   0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = -1;
  posix_spawnp(&pid, command[0].c_str(), &actions, nullptr, Pointers(command).data(),
               Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

// Its exit code, or minus the signal.
inline int WaitForProcess(pid_t pid) {
  int status = 0;
  if (pid <= 0 || waitpid(pid, &status, 0) != pid) return -1000;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace mayfly::contract
