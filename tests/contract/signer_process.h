// mayfly-signer with a SoftHSM token in a temporary folder, for tests.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/system.h"

extern char** environ;

namespace mayfly::contract {

constexpr const char* kTokenLabel = "mayfly";
constexpr const char* kPin = "4711";

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "mayfly-signer-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

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

// A folder with a token, its PIN file and the signer's configuration.
class SignerHost {
 public:
  SignerHost() {
    std::filesystem::create_directories(folder() / "tokens");
    std::filesystem::create_directories(folder() / "failpoints");
    WriteFile(folder() / "softhsm2.conf",
              "directories.tokendir = " + (folder() / "tokens").native() +
                  "\nobjectstore.backend = file\nlog.level = ERROR\n");
    WriteFile(folder() / "pin", std::string(kPin) + "\n");
    Configure(2);
  }
  ~SignerHost() { Stop(SIGKILL); }

  static std::string Module() {
    for (const char* file :
         {"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
          "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so"}) {
      if (std::filesystem::exists(file)) return file;
    }
    return "libsofthsm2.so";
  }

  const std::filesystem::path& folder() const { return folder_.path(); }
  std::filesystem::path socket() const { return folder() / "signer.sock"; }
  std::string Uri(const std::string& key) const {
    return std::string("pkcs11:token=") + kTokenLabel + ";object=" + key;
  }
  std::string Log() const { return ReadFile(folder() / "log"); }

  void Configure(size_t workers) {
    workers_ = workers;
    std::string text = "module = \"" + Module() +
                       "\"\npin_file = \"pin\"\nsocket = \"signer.sock\"\n"
                       "state_directory = \"signer-state\"\nworkers = " +
                       std::to_string(workers) + "\n";
    for (const char* key : {"issuing", "other", "absent"}) {
      text += "[[key]]\nuri = \"" + Uri(key) + "\"\npurposes = [\"certificate\", \"audit\"]\n";
    }
    text += "[[key]]\nuri = \"" + Uri("status") + "\"\npurposes = [\"ocsp\"]\n";
    WriteFile(folder() / "signer.toml", text);
  }

  void MakeToken() {
    ASSERT_EQ(Run({"softhsm2-util", "--init-token", "--free", "--label", kTokenLabel, "--pin", kPin,
                   "--so-pin", "12345678"}),
              0)
        << ReadFile(folder() / "out");
  }
  int GenerateKey(const std::string& name, const std::string& curve,
                  std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"generate-key", "--uri", Uri(name), "--curve", curve};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunSigner(arguments);
  }
  // Those but "other" are on P-256.
  void MakeKeys(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      ASSERT_EQ(GenerateKey(name, name == "other" ? "p384" : "p256"), 0)
          << ReadFile(folder() / "out");
    }
  }

  // Waits for its end; the output is in the file "out".
  int Run(const std::vector<std::string>& command) {
    return WaitFor(Spawn(command, folder() / "out"));
  }
  int RunSigner(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, {"--config", (folder() / "signer.toml").native()});
    arguments.insert(arguments.begin(), Program());
    return Run(arguments);
  }

  // Waits until it listens.
  void Start() {
    size_t before = Count(Log(), "signer.serving");
    serving_ = Spawn({Program(), "serve", "--config", (folder() / "signer.toml").native()},
                     folder() / "log");
    ASSERT_TRUE(Eventually([&] { return Count(Log(), "signer.serving") > before; })) << Log();
  }
  // Waits until every worker has logged in.
  void StartReady() {
    size_t wanted = Count(Log(), "worker.ready") + workers_;
    Start();
    ASSERT_TRUE(Eventually([&] { return Count(Log(), "worker.ready") >= wanted; })) << Log();
  }
  // Its exit code, or minus the signal.
  int Stop(int signal) {
    if (serving_ <= 0) return 0;
    kill(serving_, signal);
    return WaitFor(std::exchange(serving_, -1));
  }
  pid_t serving() const { return serving_; }

  // The processes that the supervisor started.
  std::vector<pid_t> Workers() const {
    std::string children =
        "/proc/" + std::to_string(serving_) + "/task/" + std::to_string(serving_) + "/children";
    std::istringstream in(ReadFile(children));
    std::vector<pid_t> out;
    for (pid_t pid; in >> pid;) out.push_back(pid);
    return out;
  }
  // The note of tried PINs; empty while there is none.
  std::filesystem::path PinNoteFile() const {
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder() / "signer-state", none)) {
      if (entry.path().extension() == ".state") return entry.path();
    }
    return {};
  }
  std::string PinNote() const { return ReadFile(PinNoteFile()); }
  void SetFailpoint(const std::string& name, const std::string& action) {
    WriteFile(folder() / "failpoints" / (name + ".new"), action);
    std::filesystem::rename(folder() / "failpoints" / (name + ".new"),
                            folder() / "failpoints" / name);
  }
  void ClearFailpoint(const std::string& name) {
    std::filesystem::remove(folder() / "failpoints" / name);
  }

 private:
  static std::string Program() { return std::string(MAYFLY_BINARY_DIR) + "/bin/mayfly-signer"; }
  pid_t Spawn(const std::vector<std::string>& command, const std::filesystem::path& output) {
    std::vector<std::string> environment = {
        "SOFTHSM2_CONF=" + (folder() / "softhsm2.conf").native(),
        "MAYFLY_FAILPOINT_DIR=" + (folder() / "failpoints").native(),
        "LSAN_OPTIONS=print_suppressions=0:suppressions=" MAYFLY_SOURCE_DIR "/tests/lsan.supp"};
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
  static std::vector<char*> Pointers(const std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
    out.push_back(nullptr);
    return out;
  }
  static int WaitFor(pid_t pid) {
    int status = 0;
    if (pid <= 0 || waitpid(pid, &status, 0) != pid) return -1000;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  TemporaryFolder folder_;
  pid_t serving_ = -1;
  size_t workers_ = 0;
};

}  // namespace mayfly::contract
