// The signer's configuration file. docs/HSM.md shows one with all its keys.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "hsm/signer/key_uri.h"
#include "ports/signer.h"

namespace mayfly::hsm {

constexpr int kWorkersMax = 16;
constexpr int kStartSecondsMax = 50;  // below kWorkerStartMax, which has the login in it
constexpr size_t kServedKeysMax = 256;

struct ServedKey {
  KeyUri uri;
  std::set<SignPurpose> purposes;  // the canary is always among them
};

struct SignerProcessConfig {
  std::filesystem::path module;
  std::filesystem::path pin_file;
  std::filesystem::path socket;
  std::filesystem::path state_directory;
  int workers;
  std::chrono::seconds start_limit;  // until the login; longer is a hung token
  bool network;                      // the module talks to its token over it; else it has none
  std::set<uid_t> allowed_uids;      // beside the signer's own and root
  std::vector<ServedKey> keys;

  // Paths are relative to the file's folder. Errors: those of config::Document; "signer.uri",
  // "signer.purpose", "signer.one-token" (all keys lie in one token, for one PIN opens it),
  // "signer.duplicate-key", "signer.socket-path".
  static Result<SignerProcessConfig> Load(const std::filesystem::path& file);
};

}  // namespace mayfly::hsm
