#include "store/ledger_writer.h"

#include "base/failpoint.h"

namespace mayfly::store {
namespace {

constexpr Milliseconds kReconnectPause{100};

// Has the transaction ended, one way or the other? What its end was, the rows say: after a crash
// an xid that never reached the disk may have been given to another transaction.
bool InProgress(Session& session, const std::string& xid) {
  try {
    auto rows = session.Exec("SELECT pg_xact_status($1::xid8)", Params().Add(xid));
    return std::string_view(rows[0][0].c_str()) == "in progress";
  } catch (const SqlError& error) {
    // A promoted standby that never saw it says that it lies in the future.
    if (error.kind() == SqlError::Kind::kRefused) return false;
    throw;
  }
}

Error ShuttingDown() {
  return Fail(ErrorCode::kShuttingDown, "ledger.shutting-down", "the server is stopping");
}

}  // namespace

LedgerWriter::LedgerWriter(SessionOptions session, StoreContext context, WriterLimits limits)
    : session_options_(std::move(session)),
      context_(context),
      limits_(limits),
      thread_([this] { Run(); }) {}

LedgerWriter::~LedgerWriter() {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
    if (!idle_.wait_for(lock, Seconds(2), [this] { return !busy_since_; }) && session_) {
      session_->Interrupt();
    }
  }
  thread_.join();
  for (auto& item : settles_) item->done.Set(ShuttingDown());
  for (auto& item : records_) item->done.Set(ShuttingDown());
}

template <class Items, class Item>
bool LedgerWriter::Push(Items& items, Item item) {
  {
    std::lock_guard lock(mutex_);
    const BootTime now = context_.clock.BootNow();
    if (busy_since_ && now - *busy_since_ > kHangLimit && session_) session_->Interrupt();
    if (stopping_ || settles_.size() + records_.size() >= limits_.queue_max) return false;
    items.push_back(std::move(item));
  }
  wake_.notify_all();
  return true;
}

bool LedgerWriter::Enqueue(std::shared_ptr<RecordItem> item) {
  return Push(records_, std::move(item));
}

bool LedgerWriter::Enqueue(std::shared_ptr<SettleItem> item) {
  return Push(settles_, std::move(item));
}

bool LedgerWriter::Enqueue(Event event) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || events_.size() >= limits_.event_queue_max) {
      ++events_dropped_;
      return false;
    }
    events_.push_back(std::move(event));
  }
  wake_.notify_all();
  return true;
}

Batch LedgerWriter::TakeBatch() {
  Batch batch;
  auto take = [](auto& queue, auto& into, size_t count_max) {
    while (!queue.empty() && into.size() < count_max) {
      Stage queued = Stage::kQueued;
      // Whoever was told that time is up has been told that it is not written.
      if (queue.front()->stage.compare_exchange_strong(queued, Stage::kWriting)) {
        into.push_back(std::move(queue.front()));
      }
      queue.pop_front();
    }
  };
  take(settles_, batch.settles, kBatchOutcomesMax);
  take(records_, batch.records, kBatchRecordsMax);
  return batch;
}

void LedgerWriter::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] {
      return stopping_ || !settles_.empty() || !records_.empty() || !events_.empty();
    });
    const bool nothing_left = settles_.empty() && records_.empty() && events_.empty();
    if (stopping_ && nothing_left) return;
    Batch batch = TakeBatch();
    std::deque<Event> events;
    // Records do not wait for events: these go when nothing else does, or are many.
    if (batch.size() == 0 || events_.size() >= kBatchEventsMax) {
      while (!events_.empty() && events.size() < kBatchEventsMax) {
        events.push_back(std::move(events_.front()));
        events_.pop_front();
      }
    }
    busy_since_ = context_.clock.BootNow();
    lock.unlock();
    if (batch.size() > 0) Write(std::move(batch));
    if (!events.empty()) WriteEvents(std::move(events));
    lock.lock();
    busy_since_.reset();
    idle_.notify_all();
  }
}

bool LedgerWriter::Pause(Milliseconds wait) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, wait, [this] { return stopping_; });
}

Session& LedgerWriter::Connected() {
  if (session_ && session_->usable()) return *session_;
  // While the database is away everybody is told so at once, not after a connection's timeout each.
  if (context_.clock.BootNow() < connect_not_before_) {
    throw SqlError(SqlError::Kind::kLost, "", "the database was away a moment ago");
  }
  std::shared_ptr<Session> session;
  try {
    session = std::make_shared<Session>(session_options_);
  } catch (const SqlError&) {
    connect_not_before_ = context_.clock.BootNow() + kReconnectPause;
    throw;
  }
  std::lock_guard lock(mutex_);
  session_ = std::move(session);
  return *session_;
}

void LedgerWriter::Write(Batch batch) {
  batch.SortByKey();
  for (int attempt = 0; attempt < kRetriesMax; ++attempt) {
    batch.ForgetAnswers();
    switch (Try(batch, attempt)) {
      case Verdict::kDone:
        return batch.Publish();
      case Verdict::kRetry:
        continue;
      case Verdict::kNotWritten:
        return batch.AnswerAll(ToError(*failure_));
      case Verdict::kInDoubt:
        return ResolveDoubt(batch);
      case Verdict::kRefused:
        if (batch.size() == 1) return batch.AnswerAll(RefusedItem(*failure_));
        return Split(std::move(batch));
    }
  }
  batch.AnswerAll(ToError(*failure_));
}

void LedgerWriter::Split(Batch batch) {
  Batch first, second;
  if (!batch.settles.empty() && !batch.records.empty()) {
    first.settles = std::move(batch.settles);
    second.records = std::move(batch.records);
  } else {
    auto halve = [](auto& items, auto& front, auto& back) {
      const size_t half = items.size() / 2;
      for (size_t i = 0; i < items.size(); ++i) {
        (i < half ? front : back).push_back(std::move(items[i]));
      }
    };
    halve(batch.settles, first.settles, second.settles);
    halve(batch.records, first.records, second.records);
  }
  Write(std::move(first));
  Write(std::move(second));
}

LedgerWriter::Verdict LedgerWriter::Try(Batch& batch, int attempt) {
  const bool reused = session_ && session_->usable();
  try {
    TryInTransaction(Connected(), batch);
    return Verdict::kDone;
  } catch (const SqlError& error) {
    failure_ = error;
    if (error.kind() == SqlError::Kind::kInDoubt) return Verdict::kInDoubt;
    // An idle connection may have died long ago; nothing was committed on it.
    if (error.kind() == SqlError::Kind::kLost) {
      return reused && attempt == 0 ? Verdict::kRetry : Verdict::kNotWritten;
    }
    if (error.retryable()) return Verdict::kRetry;
    return error.unavailable() ? Verdict::kNotWritten : Verdict::kRefused;
  } catch (const std::exception& problem) {
    failure_ = SqlError(SqlError::Kind::kRefused, "", problem.what());
    return Verdict::kRefused;
  }
}

void LedgerWriter::TryInTransaction(Session& session, Batch& batch) {
  Transaction transaction(session);
  const WriteStart start = BeginWrite(session);
  xid_ = start.xid;
  const BatchEffect effect = WriteBatch(session, batch, start);
  if (!batch.settles.empty() && FAILPOINT("store.outcome.before-commit")) {
    session.Cut();
    throw SqlError(SqlError::Kind::kLost, "", "failpoint before-commit");
  }
  if (effect.wrote) {
    if (FAILPOINT("store.commit.not-sent")) {
      session.Cut();
      throw SqlError(SqlError::Kind::kInDoubt, "", "failpoint not-sent");
    }
    transaction.Commit();
    if (FAILPOINT("store.commit.lost")) {
      session.Cut();
      throw SqlError(SqlError::Kind::kInDoubt, "", "failpoint lost");
    }
    if (!batch.records.empty()) (void)FAILPOINT("store.record.committed");
    if (!batch.settles.empty()) (void)FAILPOINT("store.outcome.committed");
  } else {
    session.Rollback();
  }
  if (!effect.found) return;
  try {
    session.Barrier();
  } catch (const SqlError& error) {
    throw SqlError(SqlError::Kind::kInDoubt, error.sqlstate(), error.what());
  }
}

void LedgerWriter::ResolveDoubt(Batch& batch) {
  const BootTime deadline = batch.LastDeadline();
  while (context_.clock.BootNow() < deadline) {
    try {
      if (TryResolve(batch)) return batch.Publish();
    } catch (const SqlError& error) {
      failure_ = error;
    }
    if (!Pause(Milliseconds(20))) break;
  }
  batch.AnswerAll(ToError(SqlError(SqlError::Kind::kInDoubt, "", failure_->what())));
}

bool LedgerWriter::TryResolve(Batch& batch) {
  Session& session = Connected();
  if (InProgress(session, xid_)) return false;
  LookUpBatch(session, batch);
  // Seen is not durable: what was found leaves only after a write begun after the finding.
  session.Barrier();
  return true;
}

void LedgerWriter::InsertEvents(Session& session, const std::deque<Event>& events) {
  Transaction transaction(session);
  const WriteStart start = BeginWrite(session);
  ArrayText kinds, principals, details;
  for (const Event& event : events) {
    kinds.Add(std::string_view(event.kind));
    principals.Add(std::string_view(event.principal));
    details.Add(std::string_view(event.detail));
  }
  session.Exec(
      "INSERT INTO event (kind, principal, detail, tick) "
      "SELECT t.kind, t.principal, t.detail::jsonb, $4 "
      "FROM unnest($1::text[], $2::text[], $3::text[]) AS t (kind, principal, detail)",
      Params().Add(kinds.Take()).Add(principals.Take()).Add(details.Take()).Add(start.tick));
  transaction.Commit();
}

void LedgerWriter::WriteEvents(std::deque<Event> events) {
  try {
    InsertEvents(Connected(), events);
    return;
  } catch (const SqlError& error) {
    if (error.kind() != SqlError::Kind::kRefused || error.retryable() || error.unavailable()) {
      // Rather twice than never: after a commit in doubt they are written again.
      if (!Pause(kReconnectPause)) {
        events_dropped_ += events.size();
        return;
      }
      for (Event& event : events) Enqueue(std::move(event));
      return;
    }
  }
  if (events.size() == 1) {
    ++events_dropped_;
    return;
  }
  std::deque<Event> second(std::make_move_iterator(events.begin() + events.size() / 2),
                           std::make_move_iterator(events.end()));
  events.resize(events.size() / 2);
  WriteEvents(std::move(events));
  WriteEvents(std::move(second));
}

}  // namespace mayfly::store
