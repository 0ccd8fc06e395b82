// Checkpoints (C2SP tlog-checkpoint): a tree's head as the text of a signed note.
//
//   ORIGIN            which log
//   SIZE              decimal
//   BASE64(ROOT)
//   EXTENSION ...     lines that only the log's own readers know; none are recommended
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tlog/merkle.h"
#include "tlog/signed_note.h"

namespace mayfly::tlog {

constexpr size_t kOriginBytesMax = 255;
constexpr size_t kExtensionLinesMax = 16;
constexpr size_t kExtensionLineBytesMax = 1024;

struct Checkpoint {
  std::string origin;
  TreeHead tree;
  std::vector<std::string> extensions = {};  // without their newlines
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// The note's text: the bytes to sign. Errors: kInvalidArgument "checkpoint.line" (an origin or
// extension that is empty, too long, not UTF-8, or has a control character),
// "checkpoint.extensions" (too many), "tlog.tree-size".
Result<std::string> WriteCheckpoint(const Checkpoint& checkpoint);

// What WriteCheckpoint makes and nothing else. Errors: as above, and kInvalidArgument
// "checkpoint.format" (fewer than three lines, no newline at the end), "checkpoint.size",
// "checkpoint.root".
Result<Checkpoint> ParseCheckpoint(std::string_view text);

// A signed checkpoint of the log `origin`, verified. Errors: as ParseNote, VerifyNote and
// ParseCheckpoint; kInvalidArgument "checkpoint.origin" (of another log).
Result<Checkpoint> OpenCheckpoint(std::string_view note, std::string_view origin,
                                  std::span<const NoteKey> keys);

}  // namespace mayfly::tlog
