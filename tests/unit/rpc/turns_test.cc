#include "rpc/turns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "tests/fakes/manual_clock.h"

namespace mayfly::rpc {
namespace {

// Runs what is posted when told to, in order.
class Inline final : public Executor {
 public:
  void Post(std::function<void()> work) override { work(); }
};

class TurnsTest : public testing::Test {
 protected:
  // At work 3 in all and 2 of one; waiting 6 in all and 4 of one.
  explicit TurnsTest(TurnLimits limits = {3, 6, 2, 2, 4}) : turns_(limits, clock_, executor_) {}

  // A call that asks for a turn and notes when it has it; it ends when told to.
  struct Call {
    std::optional<Result<Turns::Turn>> result;
    bool at_work() const { return result && result->has_value(); }
    std::string rule() const { return result && !*result ? result->error().rule : ""; }
    void End() { result.reset(); }
  };

  static Task<void> Ask(Turns& turns, std::string principal, TimePoint expires, Call& call) {
    auto turn = co_await turns.Take(std::move(principal), expires);
    call.result.emplace(std::move(turn));
  }
  Call& Arrive(const std::string& principal, int expires = 100) {
    Call& call = calls_.emplace_back();
    Spawn(Ask(turns_, principal, TimePoint(Seconds(expires)), call));
    return call;
  }

  // Lets everybody have their turn, so that no call is left in the middle.
  void TearDown() override {
    while (turns_.waiting() > 0) {
      for (Call& call : calls_) call.End();
    }
  }

  Inline executor_;
  fakes::ManualClock clock_;
  Turns turns_;
  std::deque<Call> calls_;
};

TEST_F(TurnsTest, WhoComesIntoAnEmptyHouseIsAtWork) {
  Call& a = Arrive("a");
  EXPECT_TRUE(a.at_work());
  a.End();
  EXPECT_TRUE(Arrive("a").at_work());
  EXPECT_EQ(turns_.waiting(), 0u);
}

TEST_F(TurnsTest, OnePrincipalLeavesRoomForOthers) {
  Arrive("greedy");
  Call& second = Arrive("greedy");
  Call& third = Arrive("greedy");
  EXPECT_TRUE(second.at_work());
  EXPECT_FALSE(third.at_work());
  EXPECT_TRUE(Arrive("modest").at_work()) << "though the greedy one came before";
  second.End();
  EXPECT_TRUE(third.at_work());
}

// At work 9 in all, and of one 4 alone or 2 beside others.
class SharedTurnsTest : public TurnsTest {
 protected:
  SharedTurnsTest() : TurnsTest({9, 60, 4, 2, 40}) {}
  // So many calls, and how many of all that this principal ever made are at work.
  size_t Ask(const std::string& principal, int count) {
    std::vector<Call*>& calls = of_[principal];
    for (int i = 0; i < count; ++i) calls.push_back(&Arrive(principal));
    return AtWork(principal);
  }
  size_t AtWork(const std::string& principal) {
    return static_cast<size_t>(
        std::ranges::count_if(of_[principal], [](const Call* call) { return call->at_work(); }));
  }
  void EndOne(const std::string& principal) {
    (*std::ranges::find_if(of_[principal], [](const Call* call) {
      return call->at_work();
    }))->End();
  }

 private:
  std::map<std::string, std::vector<Call*>> of_;
};

TEST_F(SharedTurnsTest, WhoIsAloneHasMoreAtWork) {
  EXPECT_EQ(Ask("greedy", 6), 4u);
  EndOne("greedy");
  EXPECT_EQ(AtWork("greedy"), 4u);
}

TEST_F(SharedTurnsTest, WhoIsNotAloneGetsNoTurnUntilFewAreAtWork) {
  Ask("greedy", 9);
  EXPECT_EQ(Ask("modest", 1), 1u);
  EndOne("modest");
  EndOne("greedy");
  EndOne("greedy");
  EXPECT_EQ(AtWork("greedy"), 2u);
  EndOne("greedy");
  EXPECT_EQ(AtWork("greedy"), 2u) << "one ended, the next began";
}

TEST_F(SharedTurnsTest, OthersShareAlike) {
  EXPECT_EQ(Ask("modest", 1), 1u);
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(Ask(name, 5), 2u) << name;
  EXPECT_EQ(Ask("modest", 4), 2u);
}

TEST_F(SharedTurnsTest, WhoWasSilentForAMinuteAsksNoMore) {
  Ask("modest", 1);
  EndOne("modest");
  clock_.Advance(kPrincipalAsks - Milliseconds(1));
  EXPECT_EQ(Ask("greedy", 9), 2u);
  clock_.Advance(Milliseconds(1));
  EndOne("greedy");
  EXPECT_EQ(AtWork("greedy"), 4u);
}

TEST_F(SharedTurnsTest, OthersCountWhoeverAskedLast) {
  Ask("a", 1);
  Ask("b", 1);
  clock_.Advance(kPrincipalAsks / 2);
  Ask("c", 1);
  EXPECT_EQ(Ask("c", 3), 2u) << "b asked half a minute ago";
  clock_.Advance(kPrincipalAsks / 2);
  EndOne("c");
  EXPECT_EQ(AtWork("c"), 3u) << "there is nobody but c now";
  EXPECT_EQ(Ask("a", 3), 2u) << "but for a there is c";
}

TEST_F(TurnsTest, ANewcomerGoesBeforeTheBacklogOfOthers) {
  Call& first = Arrive("greedy");
  Arrive("greedy");
  Call& other = Arrive("other");
  Call& backlog = Arrive("greedy");
  Arrive("greedy");
  Call& newcomer = Arrive("modest");
  EXPECT_FALSE(newcomer.at_work());
  first.End();
  EXPECT_TRUE(newcomer.at_work());
  EXPECT_FALSE(backlog.at_work());
  other.End();
  EXPECT_TRUE(backlog.at_work());
}

TEST_F(TurnsTest, AmongEqualsTheNearestToItsEndGoesFirst) {
  Call& one = Arrive("x");
  Arrive("y");
  Arrive("z");
  Call& late = Arrive("a", 300);
  Call& soon = Arrive("b", 200);
  one.End();
  EXPECT_TRUE(soon.at_work());
  EXPECT_FALSE(late.at_work());
}

TEST_F(TurnsTest, NobodyIsOvertakenForEver) {
  std::deque<Call*> at_work = {&Arrive("x"), &Arrive("y"), &Arrive("z")};
  Call& patient = Arrive("patient", 1'000'000);
  size_t overtaken = 0;
  for (; !patient.at_work() && overtaken < 10 * kTurnsOvertakenMax; ++overtaken) {
    Call& hasty = Arrive("hasty " + std::to_string(overtaken), 10);
    at_work.front()->End();
    at_work.pop_front();
    at_work.push_back(&hasty);
  }
  EXPECT_TRUE(patient.at_work());
  EXPECT_GT(overtaken, 1u);
  EXPECT_LE(overtaken, kTurnsOvertakenMax + 1);
}

TEST_F(TurnsTest, NobodyIsRefusedForEver) {
  Arrive("x");
  Arrive("y");
  Arrive("z");
  for (int i = 0; i < 6; ++i) Arrive("hasty " + std::to_string(i), 10);
  EXPECT_EQ(Arrive("patient", 1'000'000).rule(), "rpc.waiting");
  Call& again = Arrive("patient", 1'000'000);
  EXPECT_EQ(again.rule(), "") << "another gave way";
  EXPECT_EQ(Arrive("late", 20).rule(), "rpc.waiting");
  EXPECT_EQ(again.rule(), "");
}

TEST_F(TurnsTest, TooManyOfOnePrincipalAreRefused) {
  for (int i = 0; i < 6; ++i) EXPECT_EQ(Arrive("greedy").rule(), "") << i;
  Call& seventh = Arrive("greedy");
  EXPECT_EQ(seventh.rule(), "rpc.principal-calls");
  EXPECT_TRUE(seventh.result->error().retry_after);
  EXPECT_TRUE(Arrive("modest").at_work());
}

TEST_F(TurnsTest, WhereTooManyWaitTheLastOneIsRefused) {
  Call& at_work = Arrive("x");
  Arrive("y");
  Arrive("z");
  std::vector<Call*> waiting;
  for (int i = 0; i < 6; ++i) {
    waiting.push_back(&Arrive("w" + std::to_string(i), 100 + i));
    EXPECT_EQ(waiting.back()->rule(), "") << i;
  }
  EXPECT_EQ(Arrive("later", 200).rule(), "rpc.waiting");
  EXPECT_EQ(turns_.waiting(), 6u);
  Call& urgent = Arrive("urgent", 50);
  EXPECT_EQ(urgent.rule(), "");
  EXPECT_EQ(waiting.back()->rule(), "rpc.waiting") << "whose certificate ends last";
  EXPECT_EQ(turns_.principals(), 9u) << "who was refused is forgotten";
  at_work.End();
  EXPECT_TRUE(urgent.at_work());
}

TEST_F(TurnsTest, AFlooderIsShedBeforeOthers) {
  Arrive("x");
  Arrive("y");
  Arrive("z");
  std::vector<Call*> flood;
  for (int i = 0; i < 4; ++i) flood.push_back(&Arrive("greedy", 10));
  Arrive("a", 500);
  Arrive("b", 500);
  Call& c = Arrive("c", 500);
  EXPECT_EQ(c.rule(), "") << "its first call counts for more than another's fourth";
  EXPECT_EQ(flood.back()->rule(), "rpc.waiting");
  EXPECT_EQ(flood.front()->rule(), "");
}

}  // namespace
}  // namespace mayfly::rpc
