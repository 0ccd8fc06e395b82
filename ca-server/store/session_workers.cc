#include "store/session_workers.h"

namespace mayfly::store {

Error QueueFull() {
  Error error = Fail(ErrorCode::kOverloaded, "ledger.queue-full",
                     "too many requests wait for the database; try again");
  error.retry_after = Milliseconds(500);
  return error;
}

Error NoAnswerInTime() {
  Error error = Fail(ErrorCode::kDeadlineExceeded, "ledger.deadline",
                     "the database did not answer in time; ask again");
  error.retry_after = Milliseconds(1000);
  return error;
}

SessionWorkers::SessionWorkers(Options options, StoreContext context)
    : options_(std::move(options)), context_(context) {
  for (size_t i = 0; i < options_.threads; ++i) workers_.push_back(std::make_unique<Worker>());
  for (auto& worker : workers_) {
    worker->thread = std::thread([this, &worker = *worker] { Run(worker); });
  }
}

SessionWorkers::~SessionWorkers() {
  std::deque<Job> waiting;
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    waiting.swap(queue_);
    wake_.notify_all();
    auto all_idle = [this] {
      for (auto& worker : workers_) {
        if (worker->busy_since) return false;
      }
      return true;
    };
    if (!idle_.wait_for(lock, Seconds(2), all_idle)) {
      for (auto& worker : workers_) {
        if (worker->session) worker->session->Interrupt();
      }
    }
  }
  for (Job& job : waiting) {
    job.fail(Fail(ErrorCode::kShuttingDown, "ledger.shutting-down", "the server is stopping"));
  }
  for (auto& worker : workers_) worker->thread.join();
}

bool SessionWorkers::Submit(Job job) {
  {
    std::lock_guard lock(mutex_);
    InterruptHanging();
    if (stopping_ || queue_.size() >= options_.queue_max) return false;
    queue_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

void SessionWorkers::InterruptHanging() {
  const BootTime now = context_.clock.BootNow();
  for (auto& worker : workers_) {
    if (worker->busy_since && now - *worker->busy_since > kHangLimit && worker->session) {
      worker->session->Interrupt();
    }
  }
}

void SessionWorkers::Run(Worker& worker) {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    worker.busy_since = context_.clock.BootNow();
    lock.unlock();
    // Whoever asked has been told already, by the timer.
    if (context_.clock.BootNow() < job.deadline) Serve(worker, job);
    lock.lock();
    worker.busy_since.reset();
    idle_.notify_all();
  }
}

std::shared_ptr<Session> SessionWorkers::Connect(Worker& worker) {
  {
    std::lock_guard lock(mutex_);
    if (worker.session && worker.session->usable()) return worker.session;
  }
  auto session = std::make_shared<Session>(options_.session);
  std::lock_guard lock(mutex_);
  worker.session = session;
  return session;
}

void SessionWorkers::Serve(Worker& worker, Job& job) {
  constexpr int kTriesMax = 4;
  for (int attempt = 1;; ++attempt) {
    try {
      job.run(*Connect(worker));
      return;
    } catch (const SqlError& error) {
      // A session may have been dead before this job; a connection that cannot be made will not
      // be made a microsecond later.
      const bool again = error.kind() != SqlError::Kind::kRefused ? attempt < 2 : error.retryable();
      if (!again || attempt == kTriesMax || context_.clock.BootNow() >= job.deadline) {
        job.fail(ToError(error));
        return;
      }
    } catch (const std::exception& problem) {
      if (worker.session) worker.session->Cut();  // who knows what is still open on it
      job.fail(FailWithDetail(ErrorCode::kInternal, "ledger.adapter",
                              "the database's answer was not understood", problem.what()));
      return;
    }
  }
}

}  // namespace mayfly::store
