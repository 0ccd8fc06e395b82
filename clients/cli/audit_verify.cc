// `mayfly audit export` and `verify`: the log as files, and whether they and a database dump are
// what was signed. Verifying is clients/audit's: nothing of it is of the code that writes logs.
#include <algorithm>
#include <filesystem>
#include <span>

#include "clients/audit/dump.h"
#include "clients/audit/verify.h"
#include "clients/cli/error_text.h"
#include "clients/cli/render.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"
#include "clients/cpp/files.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFindingsShown = 20;
constexpr uint64_t kWidth = tlog::kTileWidth;

// Copies files of a log into a folder; what is full and there already stays.
class Exporter {
 public:
  Exporter(const fs::path& folder, const tlog::FetchFile& fetch, uint64_t size)
      : folder_(folder), fetch_(fetch), size_(size) {}

  Status Copy() {
    for (uint64_t index = 0; index * kWidth < size_; ++index) {
      const uint16_t width = tlog::TileWidth(0, index, size_);
      const tlog::BundleId id{index, width};
      TRY(CopyFile(id.Path(), width, [&] { return tlog::FetchBundle(fetch_, id); }));
    }
    for (uint8_t level = 0; level <= tlog::kTileLevelMax; ++level) {
      for (uint64_t index = 0; tlog::TileWidth(level, index, size_) > 0; ++index) {
        const tlog::TileId id{level, index, tlog::TileWidth(level, index, size_)};
        TRY(CopyFile(id.Path(), id.width, [&] { return tlog::FetchTile(fetch_, id); }));
      }
    }
    return Ok();
  }
  uint64_t copied() const { return copied_; }

 private:
  template <class Fetch>
  Status CopyFile(const std::string& name, uint16_t width, Fetch fetch) {
    const fs::path path = folder_ / name;
    std::error_code failed;
    if (width == kWidth && fs::exists(path, failed)) return Ok();
    TRY_ASSIGN(const Bytes content, fetch());
    fs::create_directories(path.parent_path(), failed);
    ++copied_;
    return client::WriteFileAtomically(path, content, client::kPublicMode,
                                       client::Existing::kReplace);
  }

  const fs::path& folder_;
  const tlog::FetchFile& fetch_;
  const uint64_t size_;
  uint64_t copied_ = 0;
};

Error Damaged(const audit_reader::VerifyReport& report) {
  Error error = Fail(ErrorCode::kInvalidArgument, report.findings.front().rule,
                     "what was copied is not the log of its checkpoint");
  for (const auto& finding : report.findings) {
    error.violations.push_back({finding.rule, "", finding.text});
  }
  return error;
}

struct Exported {
  uint64_t size;
  uint64_t copied;
};

// The checkpoint last: it is there only where all that it covers is.
Result<Exported> Export(const Invocation& invocation, const AuditExportOptions& options) {
  const fs::path folder = options.folder;
  TRY_ASSIGN(AuditLogView log, AuditLogView::Open(invocation, options.log));
  TRY_ASSIGN(const tlog::Checkpoint checkpoint, log.Checkpoint());
  if (auto before = client::ReadFile(folder / "checkpoint")) {
    TRY_ASSIGN(const tlog::NoteKey key, tlog::NoteKey::Parse(log.key_text()));
    TRY_ASSIGN(const auto older, tlog::OpenCheckpoint(AsText(*before), key.name(), {&key, 1}));
    TRY(log.Reader(checkpoint.tree).ProveConsistency(older.tree));
  }
  std::error_code failed;
  fs::create_directories(folder, failed);
  Exporter exporter(folder, log.fetch(), checkpoint.tree.size);
  TRY(exporter.Copy());
  const auto write = [&](const char* name, const std::string& text) {
    return client::WriteFileAtomically(folder / name, AsBytes(text), client::kPublicMode,
                                       client::Existing::kReplace);
  };
  TRY(write("verifier-key", log.key_text() + "\n"));
  TRY(write("checkpoint", log.note()));
  TRY_ASSIGN(const auto report, audit_reader::VerifyLog({folder, log.key_text(), {}, {}, 0}));
  if (report.finding_count > 0) return Damaged(report);
  return Exported{checkpoint.tree.size, exporter.copied()};
}

// RFC 3339, "2026-03-01T12:00:00Z", as microseconds.
Result<int64_t> TimeToJudgeBy(const Invocation& invocation, const std::string& text) {
  if (text.empty()) return invocation.clock.Now().time_since_epoch().count();
  std::string as_dumped = text;
  if (const size_t t = as_dumped.find('T'); t != std::string::npos) as_dumped[t] = ' ';
  if (as_dumped.ends_with('Z')) as_dumped.replace(as_dumped.size() - 1, 1, "+00");
  if (const auto micros = audit_reader::ParseTimestamp(as_dumped)) return *micros;
  return Usage("cli.as-of",
               "--as-of \"" + Escape(text, 40) + "\" is not a time like 2026-03-01T12:00:00Z");
}

Result<audit_reader::VerifyRequest> RequestOf(const Invocation& invocation,
                                              const AuditVerifyOptions& options) {
  audit_reader::VerifyRequest request{.folder = options.folder,
                                      .verifier_key = {},
                                      .dump = std::nullopt,
                                      .kept_checkpoints = {},
                                      .now = 0};
  TRY_ASSIGN(request.now, TimeToJudgeBy(invocation, options.as_of));
  const fs::path own_key = fs::path(options.folder) / "verifier-key";
  TRY_ASSIGN(
      request.verifier_key,
      VerifierKeyText(options.verifier_key.empty() ? own_key.string() : options.verifier_key));
  if (!options.dump.empty()) request.dump = options.dump;
  for (const std::string& file : options.kept) {
    TRY_ASSIGN(const Bytes note, client::ReadFile(file));
    request.kept_checkpoints.push_back({file, ToString(note)});
  }
  return request;
}

Json DocumentOf(const audit_reader::VerifyReport& report, bool has_dump) {
  Json findings = Json::array();
  for (const auto& finding : report.findings) {
    findings.push_back({{"rule", finding.rule}, {"detail", finding.text}});
  }
  Json document{{"verified", report.finding_count == 0},
                {"origin", report.head.origin},
                {"size", report.head.size},
                {"root", ToBase64(report.head.root)},
                {"entries", report.entries}};
  if (has_dump) {
    document["compared"] = report.compared;
    document["dropped"] = report.dropped;
    document["later"] = report.later;
    document["intents"] = report.intents;
  }
  document["finding_count"] = report.finding_count;
  document["findings"] = std::move(findings);
  return document;
}

std::string TableOf(const audit_reader::VerifyReport& report, bool has_dump) {
  std::string text = Line("Log", report.head.origin);
  text += Line("Entries", std::to_string(report.entries) + " of " +
                              std::to_string(report.head.size) + " that the checkpoint covers");
  if (has_dump) {
    text += Line("Database", std::to_string(report.compared) + " compared, " +
                                 std::to_string(report.dropped) + " of dropped partitions, " +
                                 std::to_string(report.later) + " later, " +
                                 std::to_string(report.intents) + " undecided");
  }
  text += Line("Findings", std::to_string(report.finding_count));
  const size_t shown = std::min(report.findings.size(), kFindingsShown);
  for (const auto& finding : std::span(report.findings).first(shown)) {
    text += "  " + Wrap(finding.rule + ": " + finding.text, 4, 2) + "\n";
  }
  if (report.finding_count > shown) {
    text += "  and " + std::to_string(report.finding_count - shown) +
            " more; -o json has the first " + std::to_string(audit_reader::kFindingsMax) + "\n";
  }
  return text;
}

}  // namespace

ExitCode AuditExport(const Invocation& invocation, const AuditExportOptions& options) {
  const auto exported = Export(invocation, options);
  if (!exported) return Report(invocation, "the log was not exported", exported.error());
  Note(invocation, std::to_string(exported->size) + " entries are in " + options.folder + "; " +
                       std::to_string(exported->copied) + " files were copied.");
  return ExitCode::kOk;
}

ExitCode AuditVerify(const Invocation& invocation, const AuditVerifyOptions& options) {
  constexpr std::string_view kWhat = "nothing was verified";
  // Only findings are exit code 1: a script must tell them from files that are none.
  const auto unusable = [&](const Error& error) {
    Report(invocation, kWhat, error);
    return ExitCode::kUsage;
  };
  const auto request = RequestOf(invocation, options);
  if (!request) return unusable(request.error());
  const auto report = audit_reader::VerifyLog(*request);
  if (!report) return unusable(report.error());
  Print(invocation, {.table = TableOf(*report, !options.dump.empty()),
                     .document = DocumentOf(*report, !options.dump.empty())});
  if (options.verifier_key.empty()) {
    Note(invocation,
         "The key is the folder's own word for it: compare it with the one that you "
         "were given (--verifier-key).");
  }
  if (report->finding_count == 0) return ExitCode::kOk;
  return Report(invocation, "do not trust it",
                Fail(ErrorCode::kInternal, report->findings.front().rule,
                     "the database was altered, or the log was"));
}

}  // namespace mayfly::cli
