// Task<T>: a lazy coroutine. Ports return Tasks, so that the issue path reads like prose and
// blocks no thread.
//
// House rule (GCC 12 destroys temporaries of a suspended expression twice in some shapes):
// co_await stands alone on the right of a declaration, and its arguments are named variables or
// moved from them.
#pragma once

#include <coroutine>
#include <exception>
#include <future>
#include <optional>
#include <utility>

namespace mayfly {

template <class T>
class Task;

namespace internal {

struct FinalAwaiter {
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) const noexcept {
    return finished.promise().continuation;
  }
  void await_resume() const noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();
  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  // Our own code reports errors in Results; an exception here is a bug or out of memory.
  [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
};

template <class T>
struct TaskPromise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T Take() { return *std::move(value); }
};

template <>
struct TaskPromise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() const noexcept {}
  void Take() const noexcept {}
};

// A coroutine that nobody waits for; it frees itself.
struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

}  // namespace internal

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::TaskPromise<T>;

  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    handle_.promise().continuation = awaiting;
    return handle_;
  }
  T await_resume() { return handle_.promise().Take(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

template <class T>
Task<T> internal::TaskPromise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}
inline Task<void> internal::TaskPromise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

namespace internal {
template <class T, class Done>
Detached RunThen(Task<T> task, Done done) {
  if constexpr (std::is_void_v<T>) {
    co_await task;
    done();
  } else {
    auto value = co_await task;
    done(std::move(value));
  }
}
}  // namespace internal

// Starts `task` on the calling thread; `done(value)` is called wherever it ends.
template <class T, class Done>
void Spawn(Task<T> task, Done done) {
  internal::RunThen(std::move(task), std::move(done));
}
inline void Spawn(Task<void> task) {
  internal::RunThen(std::move(task), [] {});
}

// Blocks the calling thread until `task` has ended. For main, command-line programs and tests;
// never on an executor's thread.
template <class T>
T SyncWait(Task<T> task) {
  std::promise<T> promise;
  auto future = promise.get_future();
  if constexpr (std::is_void_v<T>) {
    Spawn(std::move(task), [&promise] { promise.set_value(); });
  } else {
    Spawn(std::move(task), [&promise](T value) { promise.set_value(std::move(value)); });
  }
  return future.get();
}

}  // namespace mayfly
