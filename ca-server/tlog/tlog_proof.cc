#include "tlog/tlog_proof.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace mayfly::tlog {
namespace {

constexpr std::string_view kHeader = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kIndex = "index ";

Error BadProof(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, "tlog-proof.format", std::move(message));
}

// The next line without its newline; nothing where there is no newline any more.
std::optional<std::string_view> TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

Result<uint64_t> ParseIndex(std::string_view line) {
  uint64_t index = 0;
  if (line.starts_with(kIndex)) {
    line.remove_prefix(kIndex.size());
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), index);
    if (error == std::errc() && index < kTreeSizeMax && std::to_string(index) == line) {
      return index;
    }
  }
  return BadProof("the second line is \"index\" and a decimal number");
}

Result<Hash256> ParseHash(std::string_view line) {
  const auto octets = FromBase64(line);
  Hash256 hash;
  if (!octets || octets->size() != hash.size()) return BadProof("a line is no hash in base64");
  std::copy(octets->begin(), octets->end(), hash.begin());
  return hash;
}

}  // namespace

std::string WriteTlogProof(const TlogProof& proof) {
  std::string text(kHeader);
  text += "\n" + std::string(kIndex) + std::to_string(proof.index) + "\n";
  for (const Hash256& hash : proof.hashes) text += ToBase64(hash) + "\n";
  return text + "\n" + proof.checkpoint;
}

Result<TlogProof> ParseTlogProof(std::string_view text) {
  if (TakeLine(text) != kHeader) return BadProof("the first line is not " + std::string(kHeader));
  TlogProof proof;
  TRY_ASSIGN(proof.index, ParseIndex(TakeLine(text).value_or("")));
  for (auto line = TakeLine(text); line != std::string_view(); line = TakeLine(text)) {
    if (!line) return BadProof("there is no empty line before the checkpoint");
    if (proof.hashes.size() == kProofHashesMax) return BadProof("there are too many hashes");
    TRY_ASSIGN(const Hash256 hash, ParseHash(*line));
    proof.hashes.push_back(hash);
  }
  proof.checkpoint = text;
  return proof;
}

}  // namespace mayfly::tlog
