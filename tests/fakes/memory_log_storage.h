// A LogStorage in memory that can be made to fail, in pairs: and did not persist, and did.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "ports/log_storage.h"

namespace mayfly::fakes {

class MemoryLogStorage final : public LogStorage {
 public:
  std::map<std::string, Bytes> files;
  bool is_full = false;                            // every Write fails
  std::optional<int> writes_left = {};             // then they fail
  std::optional<std::string> lost_answer_of = {};  // written, and answered with an error, once

  Result<std::shared_ptr<void>> Hold() override { return std::shared_ptr<void>(); }
  Result<Bytes> Read(const std::string& name) override {
    const auto found = files.find(name);
    if (found != files.end()) return found->second;
    return Fail(ErrorCode::kNotFound, "tlog.file", name);
  }
  Status Write(const std::string& name, ByteSpan content) override {
    if (is_full || (writes_left && *writes_left == 0)) return Failed();
    if (writes_left) --*writes_left;
    files[name] = ToBytes(content);
    if (lost_answer_of != name) return Ok();
    lost_answer_of.reset();
    return Failed();
  }
  void Forget(const std::string& folder) override {
    std::erase_if(files, [&](const auto& file) { return file.first.starts_with(folder + "/"); });
  }

 private:
  static Error Failed() { return Fail(ErrorCode::kStoreUnavailable, "audit.storage", "full"); }
};

}  // namespace mayfly::fakes
