// SessionWorkers: a few threads with a database session each, and a bounded queue before them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "base/task.h"
#include "store/pqxx.h"

namespace mayfly::store {

// What every adapter here runs on.
struct StoreContext {
  Executor& executor;  // where callers are resumed
  Timer& timer;
  const Clock& clock;
};

// A call that hangs for longer than this has its socket shut down.
constexpr Seconds kHangLimit{15};

Error QueueFull();
Error NoAnswerInTime();

class SessionWorkers {
 public:
  struct Options {
    SessionOptions session;
    size_t threads;
    size_t queue_max;
  };
  // `run` may throw SqlError. A lost session is replaced, and `run` tried once more: it must bear
  // being run twice.
  struct Job {
    BootTime deadline;
    std::function<void(Session&)> run;
    std::function<void(Error)> fail;
  };

  SessionWorkers(Options options, StoreContext context);
  ~SessionWorkers();  // answers what waits with kShuttingDown

  bool Submit(Job job);  // false: the queue is full
  const StoreContext& context() const { return context_; }

 private:
  struct Worker {
    std::shared_ptr<Session> session;    // guarded by mutex_; used by its thread only
    std::optional<BootTime> busy_since;  // guarded by mutex_
    std::thread thread;
  };
  void Run(Worker& worker);
  void Serve(Worker& worker, Job& job);
  std::shared_ptr<Session> Connect(Worker& worker);
  void InterruptHanging();  // under mutex_

  const Options options_;
  const StoreContext context_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::deque<Job> queue_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<Worker>> workers_;
};

// Runs `work` on one of the workers; answers by the deadline.
template <class T>
Task<Result<T>> RunOn(SessionWorkers& workers, std::function<Result<T>(Session&)> work,
                      BootTime deadline) {
  Completion<Result<T>> done(workers.context().executor);
  SessionWorkers::Job job{.deadline = deadline,
                          .run = [done, work](Session& session) { done.Set(work(session)); },
                          .fail = [done](Error error) { done.Set(std::move(error)); }};
  if (!workers.Submit(std::move(job))) co_return QueueFull();
  workers.context().timer.At(deadline, [done] { done.Set(NoAnswerInTime()); });
  auto result = co_await done.Wait();
  co_return std::move(result);
}

}  // namespace mayfly::store
