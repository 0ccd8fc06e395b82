// The tokens that the signer is tested with, each in a folder of its own.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/contract/processes.h"

namespace mayfly::contract {

constexpr const char* kTokenLabel = "mayfly";
constexpr const char* kPin = "4711";
constexpr const char* kSoPin = "12345678";

using Command = std::vector<std::string>;

class TestToken {
 public:
  virtual ~TestToken() = default;
  virtual std::string Module() const = 0;
  // What the module finds its token by, as NAME=value.
  virtual Command Environment() const = 0;
  virtual void PowerOn() {}
  // Makes an empty token with label and PIN.
  virtual std::vector<Command> Initialization() const = 0;
  // How many processes may use it at once.
  virtual size_t clients_max() const = 0;
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

// The first of the files that is there: Debian's architectures differ in the folder.
inline std::string FirstModule(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    if (std::filesystem::exists(file)) return file;
  }
  throw std::runtime_error("not installed: " + files.front());
}

class SoftHsmToken final : public TestToken {
 public:
  SoftHsmToken() {
    std::filesystem::create_directories(folder() / "tokens");
    WriteFile(configuration(), "directories.tokendir = " + (folder() / "tokens").native() +
                                   "\nobjectstore.backend = file\nlog.level = ERROR\n");
  }
  static std::string ModuleFile() {
    return FirstModule({"/usr/lib/softhsm/libsofthsm2.so",
                        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
                        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so"});
  }
  std::string Module() const override { return ModuleFile(); }
  Command Environment() const override {
    return {"SOFTHSM2_CONF=" + configuration().native(),
            "LSAN_OPTIONS=print_suppressions=0:suppressions=" MAYFLY_SOURCE_DIR "/tests/lsan.supp"};
  }
  std::vector<Command> Initialization() const override {
    return {{"softhsm2-util", "--init-token", "--free", "--label", kTokenLabel, "--pin", kPin,
             "--so-pin", kSoPin}};
  }
  size_t clients_max() const override { return 16; }

 private:
  std::filesystem::path configuration() const { return folder() / "softhsm2.conf"; }
};

// tpm2-pkcs11 with swtpm, which emulates a TPM and talks over a Unix socket.
class TpmToken final : public TestToken {
 public:
  TpmToken() {
    std::filesystem::create_directories(folder() / "state");
    std::filesystem::create_directories(folder() / "store");
  }
  ~TpmToken() override {
    if (emulator_ <= 0) return;
    kill(emulator_, SIGKILL);
    WaitForProcess(emulator_);
  }
  std::string Module() const override {
    return FirstModule({"/usr/lib/x86_64-linux-gnu/pkcs11/libtpm2_pkcs11.so",
                        "/usr/lib/aarch64-linux-gnu/pkcs11/libtpm2_pkcs11.so"});
  }
  Command Environment() const override {
    return {"TPM2_PKCS11_STORE=" + (folder() / "store").native(),
            "TPM2_PKCS11_TCTI=swtpm:path=" + socket().native()};
  }
  // Ends with the test, however that ends.
  void PowerOn() override {
    const std::filesystem::path ready = folder() / "pid";
    emulator_ = SpawnProcess({"setpriv", "--pdeathsig", "KILL", "swtpm", "socket", "--tpm2",
                              "--tpmstate", "dir=" + (folder() / "state").native(), "--server",
                              "type=unixio,path=" + socket().native(), "--ctrl",
                              "type=unixio,path=" + socket().native() + ".ctrl", "--flags",
                              "not-need-init,startup-clear", "--pid", "file=" + ready.native()},
                             {}, folder() / "log");
    if (!Eventually([&] { return !ReadFile(ready).empty(); })) {
      throw std::runtime_error("swtpm: " + ReadFile(folder() / "log"));
    }
  }
  std::vector<Command> Initialization() const override {
    return {{"pkcs11-tool", "--module", Module(), "--init-token", "--label", kTokenLabel,
             "--so-pin", kSoPin},
            {"pkcs11-tool", "--module", Module(), "--token-label", kTokenLabel, "--init-pin",
             "--login", "--login-type", "so", "--so-pin", kSoPin, "--new-pin", kPin}};
  }
  // A TPM has room for three keys and serves one connection; sharing it takes a resource manager.
  size_t clients_max() const override { return 1; }

 private:
  std::filesystem::path socket() const { return folder() / "socket"; }

  pid_t emulator_ = -1;
};

}  // namespace mayfly::contract
