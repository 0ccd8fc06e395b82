#include "hsm/signer/job_history.h"

#include <gtest/gtest.h>

namespace mayfly::hsm {
namespace {

Uuid Id(uint32_t number) {
  std::array<uint8_t, 16> octets{};
  for (size_t i = 0; i < 4; ++i) octets[i] = static_cast<uint8_t>(number >> (8 * i));
  return Uuid::FromOctets(octets);
}

TEST(JobHistory, BarsAJobAtItsSecondKill) {
  JobHistory history;
  EXPECT_FALSE(history.IsBarred(Id(1)));
  history.NoteKill(Id(1));
  EXPECT_FALSE(history.IsBarred(Id(1)));
  history.NoteKill(Id(1));
  EXPECT_TRUE(history.IsBarred(Id(1)));
  EXPECT_FALSE(history.IsBarred(Id(2)));
}

TEST(JobHistory, RemembersSoManyAndForgetsTheOldest) {
  JobHistory history;
  history.NoteKill(Id(0));
  history.NoteKill(Id(0));
  for (uint32_t i = 1; i < kRememberedJobsMax; ++i) history.NoteKill(Id(i));
  EXPECT_TRUE(history.IsBarred(Id(0)));
  EXPECT_EQ(history.size(), kRememberedJobsMax);
  history.NoteKill(Id(kRememberedJobsMax));
  EXPECT_FALSE(history.IsBarred(Id(0)));
  EXPECT_EQ(history.size(), kRememberedJobsMax);
}

}  // namespace
}  // namespace mayfly::hsm
