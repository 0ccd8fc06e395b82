// A batch of the ledger: what one transaction writes, and the statements that write it.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "base/executor.h"
#include "ports/ledger.h"
#include "store/pqxx.h"

namespace mayfly::store {

// How far off the database's clock a serial and a request id may be. The schema's constraints
// issuance_serial_time and request_id_time say the same, and have the last word.
constexpr Seconds kSerialSkewMax{30};
constexpr Seconds kRequestIdSkewMax{24 * 3600};

// Where a call is: what it may be told when its deadline comes first.
enum class Stage : uint8_t { kQueued, kWriting, kCancelled };

template <class Entry, class Answer>
struct LedgerItem {
  LedgerItem(Entry entry_in, BootTime deadline_in, Executor& executor)
      : entry(std::move(entry_in)), deadline(deadline_in), done(executor) {}
  Entry entry;
  const BootTime deadline;
  std::atomic<Stage> stage = Stage::kQueued;
  std::optional<Answer> answer;  // the writer's, until it is published
  Completion<Answer> done;
};
using RecordItem = LedgerItem<RecordEntry, Status>;
using SettleItem = LedgerItem<SettleEntry, Result<Outcome>>;

struct Batch {
  std::vector<std::shared_ptr<SettleItem>> settles;
  std::vector<std::shared_ptr<RecordItem>> records;

  size_t size() const { return settles.size() + records.size(); }
  BootTime LastDeadline() const;
  void SortByKey();  // so that replicas lock in one order
  void ForgetAnswers();
  void Publish();                      // gives every answer to its caller
  void AnswerAll(const Error& error);  // the same to all that have none, and publishes
};

// What begin_write says.
struct WriteStart {
  uint64_t decision;
  int64_t tick;
  std::string xid;
  TimePoint now;  // the database's clock
};
WriteStart BeginWrite(Session& session);

struct BatchEffect {
  bool wrote = false;  // something of this transaction must be committed
  bool found = false;  // an answer was found rather than written: wants a barrier
};
// Runs the statements of one batch in the open transaction, and gives each item its answer: what
// will be true once the transaction has committed. Throws SqlError.
BatchEffect WriteBatch(Session& session, Batch& batch, const WriteStart& start);

// After a commit in doubt: gives each item the answer that the rows say.
void LookUpBatch(Session& session, Batch& batch);

// Error of one item that the database refuses for good, whatever else is in its batch.
Error RefusedItem(const SqlError& error);
Error NotWritten();

}  // namespace mayfly::store
