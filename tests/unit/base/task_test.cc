#include "base/task.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "base/executor.h"
#include "base/result.h"
#include "base/system.h"

namespace mayfly {
namespace {

Task<int> Three() { co_return 3; }

Task<Result<int>> Divide(int a, int b) {
  if (b == 0) co_return Fail(ErrorCode::kInvalidArgument, "test.zero", "no");
  co_return a / b;
}

Task<Result<int>> DivideTwice(int a, int b) {
  CO_TRY_ASSIGN(int once, co_await Divide(a, b));
  CO_TRY_ASSIGN(int twice, co_await Divide(once, b));
  co_return twice;
}

TEST(Task, AwaitsAndPassesErrorsOn) {
  EXPECT_EQ(SyncWait(Three()), 3);
  EXPECT_EQ(*SyncWait(DivideTwice(8, 2)), 2);
  EXPECT_EQ(SyncWait(DivideTwice(8, 0)).error().rule, "test.zero");
}

TEST(Task, IsLazy) {
  bool ran = false;
  auto make = [](bool* ran) -> Task<void> {
    *ran = true;
    co_return;
  };
  {
    auto task = make(&ran);
  }
  EXPECT_FALSE(ran);
}

Task<std::unique_ptr<int>> WaitFor(Completion<std::unique_ptr<int>> completion) {
  auto value = co_await completion.Wait();
  co_return value;
}

TEST(Completion, FirstSetWinsFromAnyThread) {
  ThreadPool pool(2);
  for (int i = 0; i < 200; ++i) {
    Completion<std::unique_ptr<int>> completion(pool);
    std::atomic<int> wins = 0;
    std::thread one([&] { wins += completion.Set(std::make_unique<int>(1)); });
    std::thread two([&] { wins += completion.Set(std::make_unique<int>(2)); });
    auto value = SyncWait(WaitFor(completion));
    one.join();
    two.join();
    EXPECT_EQ(wins, 1);
    EXPECT_TRUE(*value == 1 || *value == 2);
    EXPECT_FALSE(completion.Set(std::make_unique<int>(3)));
  }
}

Task<BootTime> SleepThenRead(Timer& timer, Executor& executor, const Clock& clock, BootTime when) {
  co_await SleepUntil(timer, executor, when);
  co_return clock.BootNow();
}

TEST(Timer, WakesNoEarlier) {
  SystemClock clock;
  ThreadPool pool(1);
  Timer timer(clock);
  const BootTime when = clock.BootNow() + std::chrono::milliseconds(20);
  EXPECT_GE(SyncWait(SleepThenRead(timer, pool, clock, when)), when);
}

TEST(ThreadPool, FinishesWhatWasPosted) {
  std::atomic<int> done = 0;
  {
    ThreadPool pool(2);
    for (int i = 0; i < 100; ++i) pool.Post([&done] { ++done; });
  }
  EXPECT_EQ(done, 100);
}

}  // namespace
}  // namespace mayfly
