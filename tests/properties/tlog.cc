#include "clients/audit/entry.h"
#include "tests/properties/properties.h"
#include "tlog/checkpoint.h"
#include "tlog/log_entry.h"
#include "tlog/tlog_proof.h"

namespace mayfly::properties {
namespace {

// A text that was signed may be no checkpoint; one that is has no second spelling.
Broken ByCheckpointText(const std::string& text) {
  auto checkpoint = tlog::ParseCheckpoint(text);
  if (!checkpoint) return std::nullopt;
  auto again = tlog::WriteCheckpoint(*checkpoint);
  if (!again || *again != text) return "a checkpoint is written back otherwise";
  return std::nullopt;
}

}  // namespace

Broken ByCheckpoint(ByteSpan input) {
  if (auto key = tlog::NoteKey::Parse(AsText(input)); key && key->ToString() != AsText(input)) {
    return "a second spelling of " + key->ToString();
  }
  if (Broken broken = ByCheckpointText(ToString(input))) return broken;
  auto note = tlog::ParseNote(AsText(input));
  if (!note) return std::nullopt;
  auto again = tlog::AssembleNote(*note);
  if (!again || *again != AsText(input)) return "a note is written back otherwise";
  return ByCheckpointText(note->text);
}

Broken ByLogEntry(ByteSpan input) {
  auto entry = tlog::DecodeLogEntry(input);
  if (!entry) return std::nullopt;
  auto again = tlog::EncodeLogEntry(*entry);
  if (!again) return "cannot be written back: " + again.error().rule;
  if (!Equal(*again, input)) return "written back as " + ToHex(*again);
  if (again->size() > tlog::kEntryBytesMax) return "does not fit an entry bundle";
  const auto header = audit_reader::ReadHeader(input);
  if (!header) return "the verifier does not read it";
  if (header->tick != entry->tick) return "the verifier reads another tick";
  return std::nullopt;
}

Broken ByTlogProof(ByteSpan input) {
  const auto proof = tlog::ParseTlogProof(AsText(input));
  if (!proof || tlog::WriteTlogProof(*proof) == AsText(input)) return std::nullopt;
  return "a proof is written back otherwise";
}

Broken ByTilePath(ByteSpan input) {
  auto id = tlog::ParseTilePath(AsText(input));
  if (!id) return std::nullopt;
  const std::string path = std::visit([](const auto& one) { return one.Path(); }, *id);
  if (path != AsText(input)) return "a second spelling of " + path;
  return std::nullopt;
}

}  // namespace mayfly::properties
