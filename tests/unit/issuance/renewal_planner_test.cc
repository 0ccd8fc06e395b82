#include "issuance/renewal_planner.h"

#include <gtest/gtest.h>

#include <queue>
#include <random>

#include "base/system.h"

namespace mayfly::issuance {
namespace {

constexpr TimePoint kStart{Seconds(1'800'000'000)};
constexpr Seconds kHour{3600};

// The same numbers in every run.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(uint32_t seed) : engine_(seed) {}
  void Fill(std::span<uint8_t> out) override {
    for (uint8_t& octet : out) octet = static_cast<uint8_t>(engine_());
  }
  std::mt19937& engine() { return engine_; }

 private:
  std::mt19937 engine_;
};

x509::Validity Life(TimePoint now, Seconds lifetime) { return *x509::Validity::For(now, lifetime); }

// Clients that renew somewhere in the slot that they were told. Renewals by minute since kStart.
std::vector<int> Simulate(int clients, Seconds lifetime, int minutes, SeededRandom& random) {
  RenewalPlanner planner(random);
  struct Due {
    TimePoint at;
    LineageAge age;
    bool operator>(const Due& other) const { return at > other.at; }
  };
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due;
  std::uniform_real_distribution<> part;
  for (int i = 0; i < clients; ++i) {
    due.push({kStart + Milliseconds(i * 1000 / clients), LineageAge::kFirst});
  }
  std::vector<int> by_minute(minutes);
  while (true) {
    const Due next = due.top();
    due.pop();
    const auto minute = (next.at - kStart) / std::chrono::minutes(1);
    if (minute >= minutes) return by_minute;
    if (next.age == LineageAge::kLater) ++by_minute[minute];
    const auto window = planner.Plan(Life(next.at, lifetime), next.age, next.at);
    const auto span =
        std::chrono::duration<double>(window.until - window.from) * part(random.engine());
    due.push({window.from + std::chrono::duration_cast<std::chrono::microseconds>(span),
              LineageAge::kLater});
  }
}

TEST(RenewalPlanner, AHerdOfTenThousandHasDissolvedAfterTwoLives) {
  for (uint32_t seed : {1u, 2u, 3u}) {
    SeededRandom random(seed);
    const std::vector<int> by_minute = Simulate(10'000, kHour, 240, random);
    int sum = 0;
    for (size_t m = 120; m < 240; ++m) sum += by_minute[m];
    const double expected = sum / 120.0;
    double chi_square = 0;
    for (size_t m = 120; m < 240; ++m) {
      chi_square += (by_minute[m] - expected) * (by_minute[m] - expected) / expected;
    }
    // 119 degrees of freedom: a flat rate stays below this 95 times in 100.
    EXPECT_LT(chi_square, 145.5) << "seed " << seed;
    EXPECT_NEAR(expected, 10'000 / 50.0, 20);  // everybody renews, and not much too often
  }
}

TEST(RenewalPlanner, AFewRenewBetweenTwoThirdsAndFiveSixths) {
  SeededRandom random(1);
  RenewalPlanner planner(random);
  for (Seconds lifetime : {Seconds(300), kHour, 24 * kHour, 168 * kHour, 2160 * kHour}) {
    for (auto age : {LineageAge::kFirst, LineageAge::kLater}) {
      const auto window = planner.Plan(Life(kStart, lifetime), age, kStart);
      EXPECT_GE(window.from, kStart + lifetime * 2 / 3) << lifetime.count();
      EXPECT_LE(window.until, kStart + lifetime * 5 / 6) << lifetime.count();
      EXPECT_LT(window.from, window.until);
      EXPECT_LE(window.until - window.from, std::max(Seconds(1), lifetime / 360));
    }
  }
}

TEST(RenewalPlanner, NobodyIsToldToRenewInThePast) {
  SeededRandom random(1);
  RenewalPlanner planner(random);
  const auto life = Life(kStart, kHour);
  for (Seconds late : {Seconds(0), Seconds(2900), Seconds(3000), Seconds(3599), Seconds(9000)}) {
    const auto window = planner.Plan(life, LineageAge::kFirst, kStart + late);
    EXPECT_GT(window.from, kStart + late);
    EXPECT_LE(window.from, kStart + std::max(Seconds(3000), late + Seconds(10)));
  }
  const auto seconds = planner.Plan(Life(kStart, Seconds(1)), LineageAge::kFirst, kStart);
  EXPECT_GT(seconds.from, kStart);
}

}  // namespace
}  // namespace mayfly::issuance
