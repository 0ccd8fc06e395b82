// LedgerWriter: one thread that writes records, outcomes and events, many in one transaction.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "store/ledger_batch.h"
#include "store/session_workers.h"

namespace mayfly::store {

struct WriterLimits {
  size_t queue_max = 4096;  // records and outcomes waiting
  size_t event_queue_max = 4096;
};
constexpr size_t kBatchRecordsMax = 64;  // over it nothing is gained
constexpr size_t kBatchOutcomesMax = 128;
constexpr size_t kBatchEventsMax = 256;
constexpr int kRetriesMax = 5;  // of serialization failures and deadlocks

class LedgerWriter {
 public:
  LedgerWriter(SessionOptions session, StoreContext context, WriterLimits limits);
  ~LedgerWriter();  // answers what waits with kShuttingDown

  // False: the queue is full. The answer comes through the item's completion.
  bool Enqueue(std::shared_ptr<RecordItem> item);
  bool Enqueue(std::shared_ptr<SettleItem> item);
  bool Enqueue(Event event);
  uint64_t events_dropped() const { return events_dropped_; }

 private:
  enum class Verdict { kDone, kRetry, kNotWritten, kInDoubt, kRefused };

  template <class Items, class Item>
  bool Push(Items& items, Item item);
  void Run();
  Batch TakeBatch();  // under mutex_
  void Write(Batch batch);
  Verdict Try(Batch& batch, int attempt);
  void TryInTransaction(Session& session, Batch& batch);
  void Split(Batch batch);
  void ResolveDoubt(Batch& batch);
  bool TryResolve(Batch& batch);
  void WriteEvents(std::deque<Event> events);
  void InsertEvents(Session& session, const std::deque<Event>& events);
  Session& Connected();
  bool Pause(Milliseconds wait);  // false: stopping

  const SessionOptions session_options_;
  const StoreContext context_;
  const WriterLimits limits_;

  // The writer thread's own.
  std::optional<SqlError> failure_;  // of the last Try
  std::string xid_;                  // of the last transaction begun
  BootTime connect_not_before_{};

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::shared_ptr<Session> session_;  // guarded by mutex_ for Interrupt
  std::optional<BootTime> busy_since_;
  std::deque<std::shared_ptr<SettleItem>> settles_;
  std::deque<std::shared_ptr<RecordItem>> records_;
  std::deque<Event> events_;
  bool stopping_ = false;
  std::atomic<uint64_t> events_dropped_ = 0;
  std::thread thread_;
};

}  // namespace mayfly::store
