// Where coroutines run, and how a thread that has finished something wakes one.
#pragma once

#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/task.h"

namespace mayfly {

class Executor {
 public:
  virtual ~Executor() = default;
  // Runs `work` soon, on a thread of this executor. Never blocks, never runs it inside the call.
  virtual void Post(std::function<void()> work) = 0;
};

// A fixed number of threads. The destructor finishes what was posted, then joins.
class ThreadPool final : public Executor {
 public:
  explicit ThreadPool(size_t threads);
  ~ThreadPool() override;
  void Post(std::function<void()> work) override;

 private:
  void Run();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// Calls back at a boot time. One thread; callbacks must be short. The clock is the real one:
// what is simulated in tests calls the ports' fakes instead.
class Timer {
 public:
  explicit Timer(const Clock& clock);
  ~Timer();  // callbacks not yet due are dropped
  void At(BootTime when, std::function<void()> callback);

 private:
  void Run();
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::multimap<BootTime, std::function<void()>> due_;
  bool stopping_ = false;
  std::thread thread_;
};

// co_await ResumeOn(executor): the coroutine goes on there.
inline auto ResumeOn(Executor& executor) {
  struct Awaiter {
    Executor& executor;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) const {
      executor.Post([self] { self.resume(); });
    }
    void await_resume() const noexcept {}
  };
  return Awaiter{executor};
}

// co_await SleepUntil(timer, executor, when)
inline auto SleepUntil(Timer& timer, Executor& executor, BootTime when) {
  struct Awaiter {
    Timer& timer;
    Executor& executor;
    BootTime when;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) const {
      timer.At(when, [self, &executor = executor] { executor.Post([self] { self.resume(); }); });
    }
    void await_resume() const noexcept {}
  };
  return Awaiter{timer, executor, when};
}

// Completion<T>: a value that some thread will set once and one coroutine waits for.
// The first Set wins, later ones return false; the waiter resumes on the executor.
// Copies share the same state, so a deadline timer and a worker can both hold one.
template <class T>
class Completion {
 public:
  explicit Completion(Executor& executor) : state_(std::make_shared<State>(executor)) {}

  bool Set(T value) const {
    std::coroutine_handle<> waiter;
    {
      std::lock_guard lock(state_->mutex);
      if (state_->value || state_->taken) return false;
      state_->value.emplace(std::move(value));
      waiter = std::exchange(state_->waiter, nullptr);
    }
    if (waiter) state_->executor.Post([waiter] { waiter.resume(); });
    return true;
  }
  bool IsSet() const {
    std::lock_guard lock(state_->mutex);
    return state_->value || state_->taken;
  }

  // co_await completion.Wait(); once.
  auto Wait() const {
    struct Awaiter {
      std::shared_ptr<State> state;
      bool await_ready() const noexcept { return false; }
      bool await_suspend(std::coroutine_handle<> self) const {
        std::lock_guard lock(state->mutex);
        if (state->value) return false;
        state->waiter = self;
        return true;
      }
      T await_resume() const {
        std::lock_guard lock(state->mutex);
        state->taken = true;
        return *std::exchange(state->value, std::nullopt);
      }
    };
    return Awaiter{state_};
  }

 private:
  struct State {
    explicit State(Executor& executor) : executor(executor) {}
    Executor& executor;
    std::mutex mutex;
    std::optional<T> value;
    bool taken = false;
    std::coroutine_handle<> waiter;
  };
  std::shared_ptr<State> state_;
};

}  // namespace mayfly
