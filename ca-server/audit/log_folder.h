// The audit log as files of a folder, named as in C2SP tlog-tiles.
#pragma once

#include <filesystem>

#include "ports/log_storage.h"

namespace mayfly::audit {

// How long somebody else may hold the folder: another process of this machine that does a round.
constexpr int kHoldSecondsMax = 3;

class LogFolder final : public LogStorage {
 public:
  // Made where it is missing. Its group may read it (folders 0750, files 0640): principals and
  // names are in it, and no secret.
  explicit LogFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Result<std::shared_ptr<void>> Hold() override;
  Result<Bytes> Read(const std::string& name) override;
  Status Write(const std::string& name, ByteSpan content) override;
  void Forget(const std::string& folder) override;

 private:
  const std::filesystem::path folder_;
};

}  // namespace mayfly::audit
