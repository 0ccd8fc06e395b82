#include "identity/jwt_verifier.h"

#include <condition_variable>
#include <mutex>

#include "base/system.h"
#include "tests/unit/identity/token_fixture.h"

namespace mayfly::identity {
namespace {

// Keys that a test changes, and a fetch that it can hold up or let fail.
struct Provider {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Json> keys = {EcKey().Jwk("k1")};
  bool is_away = false, is_stuck = false;
  int fetches = 0;

  void Set(bool Provider::* flag, bool value) {
    std::lock_guard lock(mutex);
    this->*flag = value;
    changed.notify_all();
  }
  void Publish(std::vector<Json> now) {
    std::lock_guard lock(mutex);
    keys = std::move(now);
  }
  int Fetches() {
    std::lock_guard lock(mutex);
    return fetches;
  }
  void AwaitFetches(int wanted) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return fetches >= wanted; });
  }
};

class FakeSource final : public JwksSource {
 public:
  explicit FakeSource(Provider& provider) : provider_(provider) {}
  Result<FetchedKeys> Fetch(const std::atomic<bool>& cancelled) override {
    std::unique_lock lock(provider_.mutex);
    ++provider_.fetches;
    provider_.changed.notify_all();
    while (provider_.is_stuck && !cancelled) {
      provider_.changed.wait_for(lock, Milliseconds(5));
    }
    if (provider_.is_away) return Fail(ErrorCode::kStoreUnavailable, "jwks.https", "away");
    return FetchedKeys{std::make_shared<const JwkSet>(KeySet(provider_.keys)), std::nullopt};
  }

 private:
  Provider& provider_;
};

class JwtVerifierTest : public testing::Test {
 protected:
  void Start(Milliseconds interval_min = Milliseconds(0),
             Milliseconds wait = Milliseconds(20'000)) {
    auto keys = std::make_unique<IssuerKeys>(
        std::make_unique<FakeSource>(provider_), clock_,
        RefreshLimits{.interval_min = interval_min, .retry_max = Milliseconds(600'000)});
    keys_ = keys.get();
    std::vector<TrustedIssuer> issuers;
    issuers.push_back({Rules(), std::move(keys)});
    verifier_.emplace(std::move(issuers), clock_, timer_, executor_,
                      VerifierLimits{.keys_wait_max = wait});
  }
  // Until the first keys are there.
  void AwaitKeys() const {
    while (!keys_->Current()) std::this_thread::sleep_for(Milliseconds(1));
  }
  Result<VerifiedToken> Verify(const std::string& token) const {
    return SyncWait(verifier_->Verify(token, kNow));
  }

  SystemClock clock_;
  Timer timer_{clock_};
  ThreadPool executor_{2};
  Provider provider_;
  IssuerKeys* keys_ = nullptr;
  std::optional<JwtVerifier> verifier_;
};

std::string TokenOf(const TestKey& key, const std::string& kid) {
  return SignedText(key, JwsAlgorithm::kEs256, HeaderFor(JwsAlgorithm::kEs256, kid).dump(),
                    Claims().dump());
}

TEST_F(JwtVerifierTest, TheFirstTokenWaitsForTheFirstKeys) {
  Start();
  const auto verified = Verify(Token());
  ASSERT_TRUE(verified) << Describe(verified.error(), ErrorText::kForLog);
  EXPECT_EQ(verified->subject, "system:serviceaccount:prod:api");
}

TEST_F(JwtVerifierTest, AKeyThatIsThereIsUsedAtOnce) {
  Start();
  AwaitKeys();
  provider_.Set(&Provider::is_stuck, true);
  const int fetches = provider_.Fetches();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Verify(Token()));
  EXPECT_EQ(provider_.Fetches(), fetches);
  provider_.Set(&Provider::is_stuck, false);
}

TEST_F(JwtVerifierTest, ARotatedKeyWorksAtTheFirstRequest) {
  Start();
  AwaitKeys();
  const TestKey fresh = TestKey::Ec();
  provider_.Publish({fresh.Jwk("k2")});
  const auto verified = Verify(TokenOf(fresh, "k2"));
  ASSERT_TRUE(verified) << Describe(verified.error(), ErrorText::kForLog);
  EXPECT_EQ(RuleOf(Verify(Token())), "jwt.key-unknown");  // the old one is gone
}

TEST_F(JwtVerifierTest, AKeyThatTheIssuerHasNotIsUnknown) {
  Start();
  AwaitKeys();
  const auto refused = Verify(TokenOf(TestKey::Ec(), "k2"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "jwt.key-unknown");
  EXPECT_EQ(refused.error().code, ErrorCode::kUnauthenticated);
}

TEST_F(JwtVerifierTest, InventedKeysAreNoFloodAtTheIssuer) {
  Start(Milliseconds(600'000));
  AwaitKeys();
  for (int i = 0; i < 20; ++i) {
    const auto refused = Verify(TokenOf(TestKey::Ec(), "invented-" + std::to_string(i)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, "jwt.keys-unavailable");
    EXPECT_EQ(refused.error().code, ErrorCode::kStoreUnavailable);
    EXPECT_GT(refused.error().retry_after, Milliseconds(500'000));
  }
  EXPECT_EQ(provider_.Fetches(), 1);
  EXPECT_TRUE(Verify(Token()));
}

TEST_F(JwtVerifierTest, AWrongTokenMakesNobodyAsk) {
  Start();
  AwaitKeys();
  const int fetches = provider_.Fetches();
  for (const Json& claims :
       {ClaimsWith("exp", 1), ClaimsWith("aud", "x"), ClaimsWith("iss", "x")}) {
    EXPECT_FALSE(Verify(Token(claims, HeaderFor(JwsAlgorithm::kEs256, "k2"))));
  }
  EXPECT_EQ(RuleOf(Verify(Token(ClaimsWith("iss", "x")))), "jwt.issuer");
  EXPECT_EQ(provider_.Fetches(), fetches);
}

TEST_F(JwtVerifierTest, KeysOutliveTheirIssuersAbsence) {
  Start();
  AwaitKeys();
  provider_.Set(&Provider::is_away, true);
  const auto refused = Verify(TokenOf(TestKey::Ec(), "k2"));
  EXPECT_EQ(RuleOf(refused), "jwt.keys-unavailable");
  EXPECT_TRUE(Verify(Token()));
}

TEST_F(JwtVerifierTest, WithoutAnyKeysNothingIsVerified) {
  provider_.is_away = true;
  Start(Milliseconds(1));
  EXPECT_EQ(RuleOf(Verify(Token())), "jwt.keys-unavailable");
  provider_.Set(&Provider::is_away, false);
  // As its caller does: it comes again while it is told to.
  std::string rule = "jwt.keys-unavailable";
  for (int i = 0; i < 2000 && rule == "jwt.keys-unavailable"; ++i) {
    std::this_thread::sleep_for(Milliseconds(2));
    rule = RuleOf(Verify(Token()));
  }
  EXPECT_EQ(rule, "");
}

TEST_F(JwtVerifierTest, TheWaitIsBounded) {
  provider_.is_stuck = true;
  Start(Milliseconds(0), Milliseconds(30));
  const auto refused = Verify(Token());
  EXPECT_EQ(RuleOf(refused), "jwt.keys-unavailable");
  provider_.Set(&Provider::is_stuck, false);
}

TEST_F(JwtVerifierTest, WhoAskedDuringAFetchIsToldThatItBeganBefore) {
  provider_.is_stuck = true;
  Start();
  provider_.AwaitFetches(1);
  std::promise<IssuerKeys::Outcome> joined;
  keys_->Refresh([&](IssuerKeys::Outcome outcome) { joined.set_value(outcome); });
  provider_.Set(&Provider::is_stuck, false);
  EXPECT_EQ(joined.get_future().get(), IssuerKeys::Outcome::kNotFetched);
  EXPECT_NE(keys_->Current(), nullptr);
}

TEST_F(JwtVerifierTest, SoManyWaitAndNoMore) {
  provider_.is_stuck = true;
  Start();
  provider_.AwaitFetches(1);
  std::atomic<size_t> told = 0;
  for (size_t i = 0; i < kRefreshWaitersMax; ++i) {
    keys_->Refresh([&](IssuerKeys::Outcome) { ++told; });
  }
  EXPECT_EQ(told, 0u);
  keys_->Refresh([&](IssuerKeys::Outcome) { ++told; });
  EXPECT_EQ(told, 1u);
  verifier_.reset();  // ends the fetch, and tells the others
  EXPECT_EQ(told, kRefreshWaitersMax + 1);
}

TEST_F(JwtVerifierTest, ManyTokensAtOnceShareAFetch) {
  Start();
  AwaitKeys();
  const TestKey fresh = TestKey::Ec();
  provider_.Set(&Provider::is_stuck, true);
  provider_.Publish({EcKey().Jwk("k1"), fresh.Jwk("k2")});
  const int fetches = provider_.Fetches();
  std::vector<std::future<Result<VerifiedToken>>> verdicts;
  for (int i = 0; i < 16; ++i) {
    auto promise = std::make_shared<std::promise<Result<VerifiedToken>>>();
    verdicts.push_back(promise->get_future());
    Spawn(verifier_->Verify(TokenOf(fresh, "k2"), kNow),
          [promise](Result<VerifiedToken> verdict) { promise->set_value(std::move(verdict)); });
  }
  provider_.AwaitFetches(fetches + 1);
  provider_.Set(&Provider::is_stuck, false);
  for (auto& verdict : verdicts) EXPECT_TRUE(verdict.get());
  EXPECT_LE(provider_.Fetches(), fetches + 2);
}

}  // namespace
}  // namespace mayfly::identity
