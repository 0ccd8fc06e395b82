// The event index's contract, for the fake and for PostgreSQL.
#include "store/event_index.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/system.h"
#include "store/ledger.h"
#include "tests/contract/postgres_fixture.h"
#include "tests/fakes/memory_ledger.h"

namespace mayfly::contract {
namespace {

struct MemoryEvents {
  void Write(const Event& event) { memory.Note(event); }
  EventIndex& index() { return memory; }
  SystemClock clock;
  fakes::MemoryLedger memory{clock};
};

struct PostgresEvents {
  // Through the ledger's writer, one at a time, so that their order is known.
  void Write(const Event& event) {
    ++written;
    pg.Note(event);
    store::Session session({.connection = connection, .role = "mayfly_read"});
    for (int i = 0; i < 1000; ++i) {
      if (session.Exec("SELECT count(*) FROM event")[0][0].as<int>() >= written) return;
      std::this_thread::sleep_for(Milliseconds(5));
    }
    ADD_FAILURE() << "the event was not written";
  }
  EventIndex& index() { return listing; }
  const std::string connection =
      PostgresCluster::Shared().Connection(PostgresCluster::Shared().NewMigratedDatabase());
  int written = 0;
  SystemClock clock;
  ThreadPool executor{2};
  Timer timer{clock};
  store::PgLedger pg{{.connection = connection,
                      .password_file = std::nullopt,
                      .executor = executor,
                      .timer = timer,
                      .clock = clock}};
  store::PgEventIndex listing{{.connection = connection,
                               .password_file = std::nullopt,
                               .executor = executor,
                               .timer = timer,
                               .clock = clock}};
};

template <class Fixture>
class EventIndexContract : public testing::Test {
 protected:
  EventPage Page(EventQuery query) {
    auto page = SyncWait(fixture.index().Page(std::move(query), clock.BootNow() + Seconds(20)));
    EXPECT_TRUE(page) << Describe(page.error(), ErrorText::kForLog);
    return page ? *std::move(page) : EventPage{};
  }
  static std::string PrincipalsOf(const EventPage& page) {
    std::string principals;
    for (const ListedEvent& listed : page.events) principals += listed.event.principal;
    return principals;
  }
  void WriteFive() {
    for (const char* principal : {"a", "b", "c", "d", "e"}) {
      const bool is_denial = *principal != 'c';
      fixture.Write({is_denial ? "denial" : "lint-warning", principal, "{\"n\": 1}"});
    }
  }

  SystemClock clock;
  Fixture fixture;
};
using Fixtures = testing::Types<MemoryEvents, PostgresEvents>;
TYPED_TEST_SUITE(EventIndexContract, Fixtures);

TYPED_TEST(EventIndexContract, TheNewestComesFirstAPageAtATime) {
  EXPECT_TRUE(this->Page({{}, std::nullopt, 10}).events.empty());
  this->WriteFive();
  const EventPage first = this->Page({{}, std::nullopt, 3});
  EXPECT_EQ(this->PrincipalsOf(first), "edc");
  EXPECT_EQ(first.events[2].event.kind, "lint-warning");
  EXPECT_EQ(first.events[2].event.detail, "{\"n\": 1}");
  EXPECT_LT(std::chrono::abs(this->clock.Now() - first.events[0].at), Seconds(60));
  ASSERT_TRUE(first.next);
  const EventPage second = this->Page({{}, first.next, 2});
  EXPECT_EQ(this->PrincipalsOf(second), "ba");
  EXPECT_FALSE(second.next);
}

TYPED_TEST(EventIndexContract, FiltersByKindPrincipalAndTime) {
  this->WriteFive();
  EXPECT_EQ(this->PrincipalsOf(this->Page({{.kind = "denial"}, std::nullopt, 10})), "edba");
  EXPECT_EQ(this->PrincipalsOf(this->Page({{.principal = "b"}, std::nullopt, 10})), "b");
  EXPECT_EQ(this->PrincipalsOf(
                this->Page({{.kind = "lint-warning", .principal = "b"}, std::nullopt, 10})),
            "");
  const auto all = this->Page({{}, std::nullopt, 10});
  const TimePoint c = all.events[2].at, d = all.events[1].at;
  EXPECT_EQ(this->PrincipalsOf(this->Page({{.at = {c, d}}, std::nullopt, 10})), "c");
  // A page of what matches few is still followed by what matches.
  const EventPage first = this->Page({{.kind = "denial"}, std::nullopt, 2});
  EXPECT_EQ(this->PrincipalsOf(first), "ed");
  EXPECT_EQ(this->PrincipalsOf(this->Page({{.kind = "denial"}, first.next, 2})), "ba");
}

TEST(PostgresEventIndex, OneCallLooksAtABoundedNumberOfEvents) {
  PostgresEvents fixture;
  store::Session owner({.connection = fixture.connection, .role = "postgres"});
  owner.Exec(
      "INSERT INTO mayfly.event (kind, principal, detail, tick, at) "
      "SELECT CASE g WHEN 1 THEN 'denial' ELSE 'lint-warning' END, 'a', '{}', 1, "
      "now() - interval '1 day' + g * interval '1 second' FROM generate_series(1, 10001) g");
  auto page = [&](std::optional<EventPosition> after) {
    EventQuery query{{.kind = "denial"}, after, 10};
    return *SyncWait(fixture.index().Page(std::move(query), fixture.clock.BootNow() + Seconds(20)));
  };
  const EventPage nothing = page(std::nullopt);
  EXPECT_TRUE(nothing.events.empty());
  ASSERT_TRUE(nothing.next);
  const EventPage rest = page(nothing.next);
  EXPECT_EQ(rest.events.size(), 1u);
  EXPECT_FALSE(rest.next);
}

}  // namespace
}  // namespace mayfly::contract
