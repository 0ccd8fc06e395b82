#include "base/uuid.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mayfly {
namespace {

class Ones final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> out) override { std::fill(out.begin(), out.end(), 0xff); }
};

TEST(Uuid, Version7CarriesItsTime) {
  Ones ones;
  const TimePoint now{Milliseconds(0x017f22e279b0)};
  const Uuid uuid = Uuid::MakeV7(now, ones);
  EXPECT_EQ(uuid.ToString(), "017f22e2-79b0-7fff-bfff-ffffffffffff");
  EXPECT_EQ(uuid.v7_time(), now);
  EXPECT_EQ(*Uuid::Parse("017F22E2-79B0-7FFF-BFFF-FFFFFFFFFFFF"), uuid);
}

TEST(Uuid, OtherVersionsHaveNoTime) {
  EXPECT_FALSE(Uuid::Parse("017f22e2-79b0-4fff-bfff-ffffffffffff")->v7_time());
}

TEST(Uuid, RefusesOtherForms) {
  for (const char* text :
       {"", "017f22e279b07fffbfffffffffffffff", "{017f22e2-79b0-7fff-bfff-ffffffffffff}",
        "017f22e2-79b0-7fff-bfff-fffffffffff", "017f22e2-79b0-7fff-bfff-fffffffffffff",
        "017f22e2-79b0-7fff-bfff_ffffffffffff", "g17f22e2-79b0-7fff-bfff-ffffffffffff"}) {
    EXPECT_EQ(Uuid::Parse(text).error().rule, "uuid.format") << text;
  }
}

}  // namespace
}  // namespace mayfly
