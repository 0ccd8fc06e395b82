#include "net/connection_budget.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace mayfly::net {
namespace {

constexpr ConnectionBudget kWanted{16384, 2048, 1024};

TEST(ConnectionBudget, IsWhatWasConfiguredWhereTheFilesReach) {
  const size_t needed = FilesFor(kWanted, 2);
  EXPECT_EQ(needed, 256u + 16384 + 2048 + 2 * 1024);
  const auto budget = WithinFiles(kWanted, 2, needed);
  EXPECT_EQ(budget.with_certificate, 16384u);
  EXPECT_EQ(budget.without_certificate, 2048u);
  EXPECT_EQ(budget.http, 1024u);
}

TEST(ConnectionBudget, IsLessInProportionWhereTheyDoNot) {
  for (const size_t files : {1024u, 4096u, 20000u}) {
    const auto budget = WithinFiles(kWanted, 2, files);
    EXPECT_LE(FilesFor(budget, 2), files);
    EXPECT_GE(FilesFor(budget, 2), files - 4) << "nor is any left unused";
    EXPECT_NEAR(8, static_cast<double>(budget.with_certificate) / budget.without_certificate, 0.2);
  }
}

TEST(ConnectionBudget, KeepsAFloorForHttp) {
  EXPECT_EQ(WithinFiles(kWanted, 2, kOtherFiles + 2 * kHttpFloor).http, kHttpFloor);
  EXPECT_EQ(WithinFiles(kWanted, 2, kOtherFiles + kHttpFloor).http, kHttpFloor / 2);
  EXPECT_GE(WithinFiles(kWanted, 2, 600).http, kHttpFloor);
  EXPECT_EQ(WithinFiles({16384, 2048, 8}, 2, 600).http, 8u) << "no more than was wanted";
  EXPECT_GE(WithinFiles(kWanted, 0, 600).with_certificate, 300u);
}

TEST(ConnectionBudget, LeavesEachAtLeastOne) {
  for (const size_t files : {0u, 256u, 258u}) {
    const auto budget = WithinFiles(kWanted, 2, files);
    EXPECT_GE(budget.with_certificate, 1u);
    EXPECT_EQ(budget.without_certificate, 1u);
    EXPECT_EQ(budget.http, 1u);
  }
}

TEST(ConnectionBudget, TheSoftLimitIsRaisedToTheHardOne) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 128;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  const auto raised = RaiseFileLimit();
  rlimit after{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  ASSERT_TRUE(raised);
  EXPECT_EQ(*raised, before.rlim_max);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace mayfly::net
