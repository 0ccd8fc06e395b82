#include "tlog/checkpoint.h"

#include <algorithm>
#include <charconv>

#include "der/character_string.h"

namespace mayfly::tlog {
namespace {

constexpr size_t kTreeLines = 3;  // origin, size, root

Error BadCheckpoint(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

Status CheckLine(std::string_view line, size_t bytes_max) {
  const bool has_control =
      std::any_of(line.begin(), line.end(), [](char c) { return static_cast<uint8_t>(c) < 0x20; });
  if (line.empty() || line.size() > bytes_max || has_control || !der::Utf8Length(line)) {
    return BadCheckpoint("checkpoint.line", "a line has 1 to " + std::to_string(bytes_max) +
                                                " octets of UTF-8 without control characters");
  }
  return Ok();
}

Status Check(const Checkpoint& checkpoint) {
  TRY(CheckLine(checkpoint.origin, kOriginBytesMax));
  if (checkpoint.tree.size > kTreeSizeMax) {
    return BadCheckpoint("tlog.tree-size", "a tree cannot be as large");
  }
  if (checkpoint.extensions.size() > kExtensionLinesMax) {
    return BadCheckpoint("checkpoint.extensions",
                         "over " + std::to_string(kExtensionLinesMax) + " extension lines");
  }
  for (const std::string& line : checkpoint.extensions) {
    TRY(CheckLine(line, kExtensionLineBytesMax));
  }
  return Ok();
}

// Decimal, no leading zeros.
Result<uint64_t> ParseSize(std::string_view line) {
  uint64_t size = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size);
  if (error != std::errc() || std::to_string(size) != line) {
    return BadCheckpoint("checkpoint.size", "the second line is the tree's size in decimal");
  }
  return size;
}

Result<Hash256> ParseRoot(std::string_view line) {
  auto octets = FromBase64(line);
  Hash256 root;
  if (!octets || octets->size() != root.size()) {
    return BadCheckpoint("checkpoint.root", "the third line is the root's hash in base64");
  }
  std::copy(octets->begin(), octets->end(), root.begin());
  return root;
}

// At most `lines_max` lines; nothing more is kept of a text of many.
Result<std::vector<std::string_view>> LinesOf(std::string_view text, size_t lines_max) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return BadCheckpoint("checkpoint.format", "the last line has no newline");
    }
    if (lines.size() == lines_max) {
      return BadCheckpoint("checkpoint.extensions",
                           "over " + std::to_string(kExtensionLinesMax) + " extension lines");
    }
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace

Result<std::string> WriteCheckpoint(const Checkpoint& checkpoint) {
  TRY(Check(checkpoint));
  std::string text = checkpoint.origin + "\n" + std::to_string(checkpoint.tree.size) + "\n" +
                     ToBase64(checkpoint.tree.root) + "\n";
  for (const std::string& line : checkpoint.extensions) text += line + "\n";
  return text;
}

Result<Checkpoint> ParseCheckpoint(std::string_view text) {
  TRY_ASSIGN(auto lines, LinesOf(text, kTreeLines + kExtensionLinesMax));
  if (lines.size() < kTreeLines) {
    return BadCheckpoint("checkpoint.format", "a checkpoint has at least three lines");
  }
  Checkpoint checkpoint{.origin = std::string(lines[0])};
  TRY_ASSIGN(checkpoint.tree.size, ParseSize(lines[1]));
  TRY_ASSIGN(checkpoint.tree.root, ParseRoot(lines[2]));
  checkpoint.extensions.assign(lines.begin() + kTreeLines, lines.end());
  TRY(Check(checkpoint));
  return checkpoint;
}

Result<Checkpoint> OpenCheckpoint(std::string_view note, std::string_view origin,
                                  std::span<const NoteKey> keys) {
  TRY_ASSIGN(SignedNote parsed, ParseNote(note));
  TRY(VerifyNote(parsed, keys));
  TRY_ASSIGN(Checkpoint checkpoint, ParseCheckpoint(parsed.text));
  if (checkpoint.origin != origin) {
    return BadCheckpoint("checkpoint.origin", "the checkpoint is of another log");
  }
  return checkpoint;
}

}  // namespace mayfly::tlog
