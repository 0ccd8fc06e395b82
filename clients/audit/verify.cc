#include "clients/audit/verify.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <span>

#include "clients/audit/ledger_rows.h"

namespace mayfly::audit_reader {
namespace {

Result<std::string> ReadCheckpoint(const std::filesystem::path& folder) {
  std::ifstream in(folder / "checkpoint", std::ios::binary);
  if (in) return std::string(std::istreambuf_iterator<char>(in), {});
  return Fail(ErrorCode::kInvalidArgument, "audit.checkpoint",
              "there is no checkpoint in " + folder.string());
}

void Add(VerifyReport& report, Finding finding) {
  ++report.finding_count;
  if (report.findings.size() < kFindingsMax) report.findings.push_back(std::move(finding));
}

// Compares the log with what the ledger's rows say it is, a tick at a time.
class Comparison {
 public:
  Comparison(const std::vector<LoggedEntry>& logged, const LedgerRows& rows, int64_t now,
             VerifyReport& report)
      : logged_(logged), rows_(rows), now_(now), report_(report) {}

  void Run() {
    std::span<const DerivedEntry> rows = rows_.entries;
    const std::span<const LoggedEntry> log = logged_;
    for (size_t at = 0; at < log.size();) {
      const uint64_t tick = log[at].header.tick;
      if (at > 0 && tick < log[at - 1].header.tick) {
        Find("log.order", "the log goes back from tick " + std::to_string(log[at - 1].header.tick) +
                              " to " + std::to_string(tick));
      }
      size_t end = at;
      while (end < log.size() && log[end].header.tick == tick) ++end;
      TakeBefore(rows, tick);
      size_t count = 0;
      while (count < rows.size() && rows[count].tick == tick) ++count;
      CompareTick(log.subspan(at, end - at), rows.first(count));
      rows = rows.subspan(count);
      at = end;
    }
    report_.later = rows.size();
  }

 private:
  void Find(std::string rule, std::string text) {
    Add(report_, {std::move(rule), std::move(text)});
  }

  // Rows of a tick that the log has nothing of.
  void TakeBefore(std::span<const DerivedEntry>& rows, uint64_t tick) {
    for (; !rows.empty() && rows.front().tick < tick; rows = rows.subspan(1)) Extra(rows.front());
  }

  void Extra(const DerivedEntry& row) {
    Find("ledger.extra", row.subject.ToText() + " is in the database and not in the log, tick " +
                             std::to_string(row.tick));
  }

  void CompareTick(std::span<const LoggedEntry> log, std::span<const DerivedEntry> rows) {
    const auto is_same = [](const LoggedEntry& entry, const DerivedEntry& row) {
      return entry.leaf == row.leaf;
    };
    if (std::ranges::equal(log, rows, is_same)) {
      report_.compared += log.size();
      return;
    }
    std::map<Subject, std::vector<const DerivedEntry*>> by_subject;
    for (const DerivedEntry& row : rows) by_subject[row.subject].push_back(&row);
    const uint64_t before = report_.finding_count;
    std::vector<const DerivedEntry*> matched;
    for (const LoggedEntry& entry : log) {
      const auto found = by_subject.find(entry.header.subject);
      if (found == by_subject.end() || found->second.empty()) {
        Missing(entry);
        continue;
      }
      const DerivedEntry* row = found->second.front();
      found->second.erase(found->second.begin());
      matched.push_back(row);
      ++report_.compared;
      if (row->leaf != entry.leaf) {
        Find("ledger.altered", row->subject.ToText() + " is not as it was logged");
      }
    }
    for (const auto& [subject, left] : by_subject) {
      for (const DerivedEntry* row : left) Extra(*row);
    }
    const bool is_in_order = std::ranges::is_sorted(matched);  // they lie in the rows' order
    if (before == report_.finding_count && !is_in_order) {
      Find("ledger.order", "tick " + std::to_string(log.front().header.tick) +
                               " has its rows in another order than the log");
    }
  }

  // Retention drops whole partitions, and only of what has expired.
  void Missing(const LoggedEntry& entry) {
    const Subject& subject = entry.header.subject;
    const bool is_outcome = subject.part == Subject::Part::kOutcome;
    if (!is_outcome || rows_.HasPartitionFor(subject.serial)) {
      return Find("ledger.missing", subject.ToText() + " is in the log and not in the database");
    }
    ++report_.dropped;
    if (entry.header.not_after < now_) return;
    Find("ledger.dropped-early",
         subject.ToText() + " has not expired, and its partition is not in the database");
  }

  const std::vector<LoggedEntry>& logged_;
  const LedgerRows& rows_;
  const int64_t now_;
  VerifyReport& report_;
};

void CompareKept(const std::vector<SignedHead>& kept, const ReadLog& log, VerifyReport& report) {
  for (const SignedHead& head : kept) {
    const auto root = log.roots.find(head.size);
    const std::string size = std::to_string(head.size);
    if (root == log.roots.end()) {
      Add(report, {"log.truncated",
                   "a checkpoint of " + size + " entries was kept, and the log is shorter"});
    } else if (root->second != head.root) {
      Add(report, {"log.rewritten",
                   "the first " + size + " entries are not those of a checkpoint that was kept"});
    }
  }
}

}  // namespace

Result<VerifyReport> VerifyLog(const VerifyRequest& request) {
  TRY_ASSIGN(const std::string note, ReadCheckpoint(request.folder));
  VerifyReport report;
  TRY_ASSIGN(report.head, OpenSignedHead(note, request.verifier_key));
  std::vector<SignedHead> kept;
  std::vector<uint64_t> sizes;
  for (const KeptCheckpoint& checkpoint : request.kept_checkpoints) {
    auto head = OpenSignedHead(checkpoint.note, request.verifier_key);
    if (!head) {
      head.error().message = "the kept checkpoint " + checkpoint.file + ": " + head.error().message;
      return head.error();
    }
    sizes.push_back(head->size);
    kept.push_back(*std::move(head));
  }
  ReadLog log = ReadLogFiles(request.folder, report.head, sizes);
  report.entries = log.entries.size();
  for (Finding& finding : log.findings) Add(report, std::move(finding));
  CompareKept(kept, log, report);
  if (!request.dump) return report;
  TRY_ASSIGN(const LedgerRows rows, ReadLedgerRows(*request.dump));
  for (const Finding& finding : rows.findings) Add(report, finding);
  report.intents = rows.intents;
  Comparison(log.entries, rows, request.now, report).Run();
  return report;
}

}  // namespace mayfly::audit_reader
