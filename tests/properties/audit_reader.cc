// What the verifier of logs reads (clients/audit), and that it agrees with what the writer's
// modules read, as far as both take it.
#include <sstream>

#include "clients/audit/dump.h"
#include "clients/audit/schema_check.h"
#include "clients/audit/signed_head.h"
#include "tests/properties/properties.h"
#include "tlog/checkpoint.h"

namespace mayfly::properties {

Broken BySignedHead(ByteSpan input) {
  const std::string_view text = AsText(input);
  const size_t line = std::min(text.find('\n'), text.size());
  const std::string_view key_text = text.substr(0, line);
  const std::string_view note = text.substr(std::min(line + 1, text.size()));
  const auto key = tlog::NoteKey::Parse(key_text);
  if (!key) return std::nullopt;
  const auto ours = tlog::OpenCheckpoint(note, key->name(), {&*key, 1});
  if (!ours) return std::nullopt;
  const auto theirs = audit_reader::OpenSignedHead(note, key_text);
  if (!theirs) return "the verifier refuses a good checkpoint: " + theirs.error().message;
  if (theirs->size != ours->tree.size || theirs->root != ours->tree.root ||
      theirs->origin != ours->origin) {
    return "the verifier reads another checkpoint";
  }
  return std::nullopt;
}

Broken ByDump(ByteSpan input) {
  std::istringstream in(ToString(input));
  size_t rows = 0;
  const auto on_row = [&](const std::string&, const audit_reader::DumpRow& row) {
    ++rows;
    (void)row.Number("id");
    (void)row.Octets("serial");
    (void)row.Uuid("lineage");
    (void)row.Micros("at");
    (void)row.Text("detail");
  };
  audit_reader::SchemaCheck schema;
  const auto ranges =
      audit_reader::ReadDump(in, {.tables = {"event", "issuance", "outcome"},
                                  .on_row = on_row,
                                  .on_statement = [&](const auto& each) { schema.Take(each); }});
  for (const auto& finding : schema.Findings()) {
    if (finding.rule != "ledger.schema") return "a finding of another rule";
  }
  if (ranges && rows > input.size()) return "more rows than octets";
  return std::nullopt;
}

}  // namespace mayfly::properties
