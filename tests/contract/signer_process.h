// mayfly-signer with a token in a temporary folder, for tests.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/system.h"
#include "hsm/client/key_kind.h"
#include "tests/contract/processes.h"
#include "tests/contract/test_tokens.h"

namespace mayfly::contract {

// A folder with a token, its PIN file and the signer's configuration.
class SignerHost {
 public:
  explicit SignerHost(std::unique_ptr<TestToken> token = std::make_unique<SoftHsmToken>())
      : token_(std::move(token)) {
    std::filesystem::create_directories(folder() / "failpoints");
    WriteFile(folder() / "pin", std::string(kPin) + "\n");
    Configure(std::min<size_t>(2, token_->clients_max()));
  }
  ~SignerHost() { Stop(SIGKILL); }

  const std::filesystem::path& folder() const { return folder_.path(); }
  const std::filesystem::path& token_folder() const { return token_->folder(); }
  std::filesystem::path socket() const { return folder() / "signer.sock"; }
  std::string Uri(const std::string& key) const {
    return std::string("pkcs11:token=") + kTokenLabel + ";object=" + key;
  }
  std::string Output() const { return ReadFile(folder() / "out"); }
  std::string Log() const { return ReadFile(folder() / "log"); }

  void Configure(size_t workers) {
    workers_ = workers;
    std::string text = "module = \"" + token_->Module() +
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
    token_->PowerOn();
    for (const auto& command : token_->Initialization()) {
      ASSERT_EQ(Run(command), 0) << Output();
    }
  }
  int GenerateKey(const std::string& name, hsm::KeyKind kind, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"generate-key", "--uri", Uri(name), "--type",
                                          std::string(hsm::KeyKindName(kind))};
    arguments.insert(arguments.end(), more.begin(), more.end());
    // Modules leak what they made a key of.
    std::vector<std::string> command = SignerCommand(arguments);
    command.insert(command.begin(), {"env", "ASAN_OPTIONS=detect_leaks=0"});
    return Run(command);
  }
  // Those but "other" are on P-256.
  void MakeKeys(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      ASSERT_EQ(GenerateKey(name, name == "other" ? hsm::KeyKind::kP384 : hsm::KeyKind::kP256), 0)
          << Output();
    }
  }

  // Waits for its end; the output is in the file "out".
  int Run(const std::vector<std::string>& command) {
    return WaitForProcess(Spawn(command, folder() / "out"));
  }
  int RunSigner(const std::vector<std::string>& arguments) { return Run(SignerCommand(arguments)); }

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
    return WaitForProcess(std::exchange(serving_, -1));
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
  std::vector<std::string> SignerCommand(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin() + 1, {"--config", (folder() / "signer.toml").native()});
    arguments.insert(arguments.begin(), Program());
    return arguments;
  }
  pid_t Spawn(const std::vector<std::string>& command, const std::filesystem::path& output) {
    std::vector<std::string> environment = token_->Environment();
    environment.push_back("MAYFLY_FAILPOINT_DIR=" + (folder() / "failpoints").native());
    return SpawnProcess(command, std::move(environment), output);
  }

  TemporaryFolder folder_;
  std::unique_ptr<TestToken> token_;
  pid_t serving_ = -1;
  size_t workers_ = 0;
};

}  // namespace mayfly::contract
