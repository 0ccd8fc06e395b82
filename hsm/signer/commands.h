// What mayfly-signer's sub-commands do. Each returns the process's exit code.
#pragma once

#include <filesystem>
#include <string>

#include "hsm/signer/token.h"

namespace mayfly::hsm {

constexpr int kExitOk = 0;
constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;  // the command line or the configuration is wrong

enum class IfExists { kRefuse, kAccept };

struct GenerateKeyOptions {
  std::filesystem::path config;
  std::string uri;
  KeyKind kind;
  IfExists if_exists;
};

int ServeCommand(const std::filesystem::path& config);
int WorkerCommand(const std::filesystem::path& config);
int GenerateKeyCommand(const GenerateKeyOptions& options);
int PublicKeyCommand(const std::filesystem::path& config, const std::string& uri);
int ClearPinCommand(const std::filesystem::path& config);

}  // namespace mayfly::hsm
