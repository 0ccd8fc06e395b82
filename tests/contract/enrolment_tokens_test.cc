// Enrolment tokens and their uses: the contract, for the fake and for PostgreSQL.
#include "store/enrolment_tokens.h"

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <memory>
#include <thread>

#include "base/system.h"
#include "store/ledger.h"
#include "tests/contract/postgres_fixture.h"
#include "tests/fakes/linted_tbs.h"
#include "tests/fakes/memory_ledger.h"
#include "x509/digest.h"

namespace mayfly::contract {
namespace {

struct MemoryTokens {
  Ledger& ledger() { return memory; }
  Ledger& other_replica() { return memory; }
  EnrolmentTokens& tokens() { return memory; }
  SystemClock clock;
  fakes::MemoryLedger memory{clock};
};

struct PostgresTokens {
  Ledger& ledger() { return pg; }
  Ledger& other_replica() { return replica; }
  EnrolmentTokens& tokens() { return pg_tokens; }
  const std::string connection =
      PostgresCluster::Shared().Connection(PostgresCluster::Shared().NewMigratedDatabase());
  SystemClock clock;
  ThreadPool executor{4};
  Timer timer{clock};
  store::PgLedger::Options options{.connection = connection,
                                   .password_file = std::nullopt,
                                   .executor = executor,
                                   .timer = timer,
                                   .clock = clock};
  store::PgLedger pg{options};
  store::PgLedger replica{options};
  store::PgEnrolmentTokens pg_tokens{{.connection = connection,
                                      .password_file = std::nullopt,
                                      .executor = executor,
                                      .timer = timer,
                                      .clock = clock}};
};

template <class Fixture>
class EnrolmentTokensContract : public testing::Test {
 protected:
  BootTime Soon() { return clock.BootNow() + Seconds(20); }

  NewEnrolmentToken NewToken(uint32_t uses_max = 1, Seconds lifetime = Seconds(60)) {
    const Uuid id = Uuid::MakeV7(clock.Now(), random);
    return {{.token = id,
             .token_hash = x509::Sha256(id.octets()),
             .profile = "workload",
             .names = {*x509::GeneralName::Dns("a.internal"),
                       *x509::GeneralName::Uri("https://mayfly.internal/a,b'c")},
             .uses_max = uses_max,
             .expires = {},
             .enroller = {policy::ProofOfIdentity::kCertificate,
                          "spiffe://mayfly.internal/maker",
                          "lineage:x",
                          {*x509::GeneralName::Uri("spiffe://mayfly.internal/maker")},
                          {},
                          Hash256{7}}},
            lifetime};
  }
  EnrolmentTokenRecord Create(NewEnrolmentToken token) {
    auto record = SyncWait(fixture.tokens().Create(std::move(token), Soon()));
    EXPECT_TRUE(record) << Describe(record.error(), ErrorText::kForLog);
    return *std::move(record);
  }
  EnrolmentTokenRecord Again(const EnrolmentTokenRecord& token) {
    return **SyncWait(fixture.tokens().Find(token.enrolment.token_hash, Soon()));
  }

  Uuid NewId() { return Uuid::MakeV7(clock.Now(), random); }
  RecordEntry Entry(const EnrolmentTokenRecord& token, const Uuid& request, uint16_t attempt = 1) {
    const policy::Enrolment& enrolment = token.enrolment;
    const std::string holder = policy::EnrolmentPrincipalId(enrolment.token);
    return {.tbs = fakes::MakeLintedTbs(clock.Now(), random, Seconds(3600)),
            .issuer = IssuerId{1},
            .lineage = {NewId(), 0, std::nullopt},
            .profile = "workload",
            .principal = holder,
            .policy_version = 1,
            .decision = SyncWait(fixture.ledger().LoadBasis(Soon()))->decision,
            .renewal = {clock.Now(), clock.Now()},
            .request = RequestAttempt{{request, holder}, Hash256{1}, attempt},
            .token = TokenUse{enrolment.token_hash, enrolment.uses_max, enrolment.expires}};
  }
  std::string Use(const EnrolmentTokenRecord& token, const Uuid& request, uint16_t attempt = 1) {
    auto recorded = SyncWait(fixture.ledger().Record(Entry(token, request, attempt), Soon()));
    return recorded ? "ok" : recorded.error().rule;
  }

  Fixture fixture;
  SystemClock clock;
  SystemRandom random;
};
using Fixtures = testing::Types<MemoryTokens, PostgresTokens>;
TYPED_TEST_SUITE(EnrolmentTokensContract, Fixtures);

TYPED_TEST(EnrolmentTokensContract, FindsWhatWasMade) {
  const NewEnrolmentToken wanted = this->NewToken(3);
  const EnrolmentTokenRecord made = this->Create(wanted);
  EXPECT_GE(made.enrolment.expires - made.created_at, Seconds(59));
  EXPECT_LE(made.enrolment.expires - made.created_at, Seconds(61));
  for (const auto& found :
       {*SyncWait(this->fixture.tokens().Find(wanted.enrolment.token_hash, this->Soon())),
        *SyncWait(this->fixture.tokens().FindById(wanted.enrolment.token, this->Soon()))}) {
    ASSERT_TRUE(found);
    const policy::Enrolment& enrolment = found->enrolment;
    EXPECT_EQ(enrolment.token, wanted.enrolment.token);
    EXPECT_EQ(enrolment.token_hash, wanted.enrolment.token_hash);
    EXPECT_EQ(enrolment.profile, "workload");
    EXPECT_EQ(enrolment.names, wanted.enrolment.names);
    EXPECT_EQ(enrolment.uses_max, 3u);
    EXPECT_EQ(enrolment.enroller.id, wanted.enrolment.enroller.id);
    EXPECT_EQ(enrolment.enroller.request_scope, "lineage:x");
    EXPECT_EQ(enrolment.enroller.names, wanted.enrolment.enroller.names);
    EXPECT_EQ(enrolment.enroller.key_hash, Hash256{7});
    EXPECT_EQ(found->use_count, 0u);
    EXPECT_FALSE(found->is_revoked || found->is_expired);
  }
  EXPECT_FALSE(*SyncWait(this->fixture.tokens().Find(Hash256{}, this->Soon())));
  EXPECT_FALSE(*SyncWait(this->fixture.tokens().FindById(this->NewId(), this->Soon())));
}

TYPED_TEST(EnrolmentTokensContract, ListsWhatHasNotExpired) {
  NewEnrolmentToken others = this->NewToken();
  others.enrolment.enroller.id = "dns:other.internal";
  others.enrolment.enroller.key_hash.reset();
  const auto first = this->Create(this->NewToken()), second = this->Create(others);
  const auto gone = this->Create(this->NewToken(1, Seconds(1)));
  std::this_thread::sleep_for(Milliseconds(1100));
  auto all = *SyncWait(this->fixture.tokens().Unexpired(std::nullopt, this->Soon()));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].enrolment.token, second.enrolment.token);
  EXPECT_EQ(all[1].enrolment.token, first.enrolment.token);
  auto own = *SyncWait(this->fixture.tokens().Unexpired("dns:other.internal", this->Soon()));
  ASSERT_EQ(own.size(), 1u);
  EXPECT_EQ(own[0].enrolment.token, second.enrolment.token);
  EXPECT_TRUE(this->Again(gone).is_expired);
}

TYPED_TEST(EnrolmentTokensContract, IsSpentOnceForEachRequest) {
  const auto token = this->Create(this->NewToken(2));
  const Uuid first = this->NewId();
  EXPECT_EQ(this->Use(token, first), "ok");
  EXPECT_EQ(this->Use(token, first), "ledger.request-taken");
  EXPECT_EQ(this->Again(token).use_count, 1u);
  EXPECT_EQ(this->Use(token, this->NewId()), "ok");
  EXPECT_EQ(this->Use(token, this->NewId()), "enrolment.spent");
  EXPECT_EQ(this->Use(token, first), "ledger.request-taken");
  EXPECT_EQ(this->Again(token).use_count, 2u);
}

TYPED_TEST(EnrolmentTokensContract, AnotherAttemptOfItsRequestUsesNothingMore) {
  const auto token = this->Create(this->NewToken());
  const Uuid request = this->NewId();
  RecordEntry entry = this->Entry(token, request);
  const CertificateKey key{entry.tbs.tbs().serial(), entry.issuer};
  ASSERT_TRUE(SyncWait(this->fixture.ledger().Record(std::move(entry), this->Soon())));
  SettleEntry abandoned{key, AbandonedOutcome{}, 1, 1};
  ASSERT_TRUE(SyncWait(this->fixture.ledger().Settle(std::move(abandoned), this->Soon())));
  EXPECT_EQ(this->Use(token, request, 2), "ok");
  EXPECT_EQ(this->Again(token).use_count, 1u);
}

TYPED_TEST(EnrolmentTokensContract, ExpiresUnlessItsRequestHasIt) {
  const auto used = this->Create(this->NewToken(2, Seconds(1)));
  const Uuid request = this->NewId();
  EXPECT_EQ(this->Use(used, request), "ok");
  std::this_thread::sleep_for(Milliseconds(1100));
  EXPECT_EQ(this->Use(used, this->NewId()), "enrolment.expired");
  EXPECT_EQ(this->Use(used, request), "ledger.request-taken");
}

TYPED_TEST(EnrolmentTokensContract, ARefusedRecordUsesNothing) {
  const auto token = this->Create(this->NewToken());
  RecordEntry stale = this->Entry(token, this->NewId());
  stale.decision = 0;
  EXPECT_FALSE(SyncWait(this->fixture.ledger().Record(std::move(stale), this->Soon())));
  EXPECT_EQ(this->Again(token).use_count, 0u);
}

TYPED_TEST(EnrolmentTokensContract, ReplicasGiveItOnceTogether) {
  for (const uint32_t uses_max : {1u, 3u}) {
    const auto token = this->Create(this->NewToken(uses_max));
    std::vector<std::future<std::string>> answers;
    for (int i = 0; i < 40; ++i) {
      Ledger& ledger = i % 2 ? this->fixture.ledger() : this->fixture.other_replica();
      auto entry = std::make_shared<RecordEntry>(this->Entry(token, this->NewId()));
      answers.push_back(std::async(std::launch::async, [&ledger, entry, soon = this->Soon()] {
        auto recorded = SyncWait(ledger.Record(std::move(*entry), soon));
        return recorded ? std::string("ok") : recorded.error().rule;
      }));
    }
    std::map<std::string, int> count;
    for (auto& answer : answers) ++count[answer.get()];
    EXPECT_LE(count["ok"], static_cast<int>(uses_max));
    EXPECT_GE(count["ok"], 1);
    EXPECT_EQ(count["ok"] + count["enrolment.spent"] + count["ledger.token-contended"], 40);
    EXPECT_EQ(this->Again(token).use_count, static_cast<uint32_t>(count["ok"]));
  }
}

TYPED_TEST(EnrolmentTokensContract, IsRevokedByABlock) {
  const auto token = this->Create(this->NewToken());
  const auto& id = token.enrolment.token.octets();
  BlockEntry entry{{policy::BlockKind::kEnrolmentToken, {id.begin(), id.end()}},
                   BlockEffect::kBlocks,
                   "revoked",
                   "dns:admin"};
  ASSERT_TRUE(SyncWait(this->fixture.ledger().AddBlock(std::move(entry), this->Soon())));
  EXPECT_TRUE(this->Again(token).is_revoked);
}

}  // namespace
}  // namespace mayfly::contract
