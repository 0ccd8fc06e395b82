// `mayfly audit list`, `follow` and `prove`: the audit log of the CA, or of a folder.
#include <algorithm>
#include <array>
#include <thread>

#include "clients/cli/render.h"
#include "clients/cli/source.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"
#include "clients/cpp/files.h"
#include "config/near_miss.h"
#include "tlog/tlog_proof.h"
#include "x509/certificate.h"

namespace mayfly::cli {
namespace {

constexpr std::array<std::string_view, 4> kKinds = {"issued", "abandoned", "revoked", "event"};
constexpr size_t kSubjectColumns = 13, kPrincipalColumns = 20;  // at least, of a table
constexpr Seconds kFollowPause{1};                              // there is a checkpoint a second

struct Listed {
  uint64_t index;
  tlog::LogEntry entry;
};

Status CheckKind(const std::string& kind) {
  if (kind.empty() || std::ranges::find(kKinds, kind) != kKinds.end()) return Ok();
  const std::vector<std::string> words(kKinds.begin(), kKinds.end());
  return Usage("cli.kind", "--kind \"" + Escape(kind, 40) + "\" is none of issued, abandoned, " +
                               "revoked and event" + config::DidYouMean(kind, words));
}

Result<Listed> ReadEntry(tlog::LogReader& reader, uint64_t index) {
  TRY_ASSIGN(const Bytes octets, reader.Entry(index));
  TRY_ASSIGN(tlog::LogEntry entry, tlog::DecodeLogEntry(octets));
  return Listed{index, std::move(entry)};
}

// The newest first, until there are `limit` of this kind.
Result<std::vector<Listed>> Newest(tlog::LogReader& reader, const AuditListOptions& options) {
  std::vector<Listed> found;
  const auto limit = static_cast<size_t>(options.limit);
  for (uint64_t index = reader.tree().size; index-- > 0;) {
    if (limit > 0 && found.size() == limit) break;
    TRY_ASSIGN(Listed listed, ReadEntry(reader, index));
    if (options.kind.empty() || options.kind == EntryKind(listed.entry)) {
      found.push_back(std::move(listed));
    }
  }
  return found;
}

std::vector<Cell> RowOf(const Listed& listed) {
  return {std::to_string(listed.index), TimeText(tlog::TimeOfEntry(listed.entry)),
          EntryKind(listed.entry), Escape(EntrySubject(listed.entry), 300),
          Escape(EntryPrincipal(listed.entry), 300)};
}

Json HeadJson(const tlog::Checkpoint& checkpoint) {
  return {{"origin", checkpoint.origin},
          {"size", checkpoint.tree.size},
          {"root", ToBase64(checkpoint.tree.root)}};
}

Answer ListAnswer(const tlog::Checkpoint& checkpoint, const std::vector<Listed>& found,
                  const Terminal& terminal) {
  Answer answer;
  std::vector<std::vector<Cell>> rows;
  Json entries = Json::array();
  for (const Listed& listed : found) {
    rows.push_back(RowOf(listed));
    entries.push_back(EntryJson(listed.index, listed.entry));
  }
  answer.lines = entries;
  answer.document = {{"checkpoint", HeadJson(checkpoint)}, {"entries", std::move(entries)}};
  if (rows.empty()) return answer;
  answer.table = Table({{"INDEX"},
                        {"TIME", 2},
                        {"KIND"},
                        {"WHAT", 0, kSubjectColumns},
                        {"BY", 1, kPrincipalColumns}},
                       rows, terminal);
  return answer;
}

// An entry as it comes: a line, or a line of JSON.
void PrintEntry(const Invocation& invocation, const Listed& listed) {
  std::string text;
  for (const Cell& cell : RowOf(listed)) text += (text.empty() ? "" : "  ") + cell.text;
  Print(invocation, {.table = text + "\n", .document = EntryJson(listed.index, listed.entry)});
  invocation.console.out.flush();
}

// From one checkpoint to the next, as long as the log only grows.
class Follower {
 public:
  Follower(const Invocation& invocation, AuditLogView& log, const AuditFollowOptions& options)
      : invocation_(invocation), log_(log), options_(options) {}

  Status Run() {
    TRY_ASSIGN(tlog::Checkpoint seen, log_.Checkpoint());
    uint64_t next = options_.from < 0 ? seen.tree.size : static_cast<uint64_t>(options_.from);
    TRY(PrintNew(seen, next));
    while (!IsDone()) {
      std::this_thread::sleep_for(kFollowPause);
      TRY_ASSIGN(tlog::Checkpoint newer, log_.Checkpoint());
      if (newer == seen) continue;
      TRY(log_.Reader(newer.tree).ProveConsistency(seen.tree));
      TRY(PrintNew(newer, next));
      seen = std::move(newer);
    }
    return Ok();
  }

 private:
  bool IsDone() const { return options_.limit > 0 && printed_ >= options_.limit; }

  Status PrintNew(const tlog::Checkpoint& checkpoint, uint64_t& next) {
    tlog::LogReader reader = log_.Reader(checkpoint.tree);
    for (; next < checkpoint.tree.size && !IsDone(); ++next) {
      TRY_ASSIGN(const Listed listed, ReadEntry(reader, next));
      PrintEntry(invocation_, listed);
      ++printed_;
    }
    return Ok();
  }

  const Invocation& invocation_;
  AuditLogView& log_;
  const AuditFollowOptions& options_;
  int printed_ = 0;
};

struct Proved {
  uint64_t index;
  tlog::Checkpoint checkpoint;
  std::string proof;
  Bytes entry;
};

Error NotLogged(const x509::SerialNumber& serial) {
  return Fail(ErrorCode::kNotFound, "audit.no-entry",
              "the log has no entry of the certificate " + serial.Hex());
}

Result<Proved> Prove(const Invocation& invocation, const AuditProveOptions& options) {
  TRY_ASSIGN(const Shown shown, Obtain(invocation, options.target));
  TRY_ASSIGN(const auto certificate, x509::Certificate::FromDer(shown.facts.der));
  TRY_ASSIGN(AuditLogView log, AuditLogView::Open(invocation, options.log));
  TRY_ASSIGN(tlog::Checkpoint checkpoint, log.Checkpoint());
  tlog::LogReader reader = log.Reader(checkpoint.tree);
  const auto is_it = [&](const tlog::IssuedCertificate& issued) {
    return Equal(issued.record.tbs, certificate.tbs().der());
  };
  TRY_ASSIGN(const auto index, reader.FindIssued(certificate.tbs().serial(), is_it));
  if (!index) return NotLogged(certificate.tbs().serial());
  TRY_ASSIGN(Bytes entry, reader.Entry(*index));
  TRY_ASSIGN(tlog::Proof hashes, reader.ProveInclusion(*index));
  return Proved{*index, std::move(checkpoint),
                tlog::WriteTlogProof({*index, std::move(hashes), log.note()}), std::move(entry)};
}

Status WriteProof(const Proved& proved, const AuditProveOptions& options) {
  if (options.out.empty()) return Ok();
  const auto existing = options.force ? client::Existing::kReplace : client::Existing::kKeep;
  return client::WriteFilesTogether({{options.out, AsBytes(proved.proof), client::kPublicMode},
                                     {options.out + ".entry", proved.entry, client::kPublicMode}},
                                    existing);
}

}  // namespace

ExitCode AuditList(const Invocation& invocation, const AuditListOptions& options) {
  constexpr std::string_view kWhat = "cannot list the audit log";
  if (auto kind = CheckKind(options.kind); !kind) return Report(invocation, kWhat, kind.error());
  if (options.limit < 0) {
    return Report(invocation, kWhat, Usage("cli.limit", "--limit is 0 (all) or more"));
  }
  auto log = AuditLogView::Open(invocation, options.log);
  if (!log) return Report(invocation, kWhat, log.error());
  const auto checkpoint = log->Checkpoint();
  if (!checkpoint) return Report(invocation, kWhat, checkpoint.error());
  tlog::LogReader reader = log->Reader(checkpoint->tree);
  const auto found = Newest(reader, options);
  if (!found) return Report(invocation, kWhat, found.error());
  Print(invocation, ListAnswer(*checkpoint, *found, invocation.console.terminal));
  if (found->empty()) Note(invocation, "There are none.");
  return ExitCode::kOk;
}

ExitCode AuditFollow(const Invocation& invocation, const AuditFollowOptions& options) {
  constexpr std::string_view kWhat = "the audit log cannot be followed further";
  auto log = AuditLogView::Open(invocation, options.log);
  if (!log) return Report(invocation, kWhat, log.error());
  const auto followed = Follower(invocation, *log, options).Run();
  return followed ? ExitCode::kOk : Report(invocation, kWhat, followed.error());
}

ExitCode AuditProve(const Invocation& invocation, const AuditProveOptions& options) {
  constexpr std::string_view kWhat = "there is no proof";
  const auto proved = Prove(invocation, options);
  if (!proved) return Report(invocation, kWhat, proved.error());
  if (auto written = WriteProof(*proved, options); !written) {
    return Report(invocation, kWhat, written.error());
  }
  Print(invocation, {.table = options.out.empty() ? proved->proof : "",
                     .document = {{"checkpoint", HeadJson(proved->checkpoint)},
                                  {"index", proved->index},
                                  {"tlog_proof", proved->proof},
                                  {"entry", ToBase64(proved->entry)}}});
  if (!options.out.empty()) {
    Note(invocation, "Proof: " + options.out + ", of the entry in " + options.out + ".entry");
  }
  return ExitCode::kOk;
}

}  // namespace mayfly::cli
