// Quarantine as notes in the state directory, a file a place, so that they outlive this process.
#pragma once

#include <filesystem>
#include <vector>

#include "ports/quarantine.h"

namespace mayfly {

constexpr size_t kQuarantineNoteBytesMax = 4096;
constexpr size_t kQuarantineNotesMax = 1024;

class QuarantineFolder final : public Quarantine {
 public:
  // STATE_DIRECTORY/quarantine, made with the first note.
  explicit QuarantineFolder(const std::filesystem::path& state_directory)
      : folder_(state_directory / "quarantine") {}

  Status Put(const QuarantineNote& note) override;
  Result<std::optional<QuarantineNote>> Find(const std::string& uri) override;

  // For operators. Errors: kInternal "key.quarantine-note".
  Result<std::vector<QuarantineNote>> List() const;
  // Durable on return; a running server notices within seconds. Errors: kNotFound
  // "key.not-quarantined"; kInternal "key.quarantine-note".
  Status Clear(const std::string& uri) const;

 private:
  std::filesystem::path FileFor(const std::string& uri) const;
  const std::filesystem::path folder_;
};

}  // namespace mayfly
