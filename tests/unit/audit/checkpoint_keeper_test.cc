#include "audit/checkpoint_keeper.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <future>

#include "base/system.h"
#include "hsm/client/software_signer.h"
#include "tests/fakes/memory_audit_log.h"
#include "tests/fakes/memory_log_storage.h"
#include "tests/fakes/signing_parts.h"
#include "tlog/tlog_proof.h"

namespace mayfly::audit {
namespace {

constexpr char kOrigin[] = "mayfly.internal/audit";

// A storage that the test may break while the keeper's thread uses it.
class GuardedStorage final : public LogStorage {
 public:
  void Break(bool is_full) {
    std::lock_guard lock(mutex_);
    memory_.is_full = is_full;
  }
  Result<std::shared_ptr<void>> Hold() override { return std::shared_ptr<void>(); }
  Result<Bytes> Read(const std::string& name) override {
    std::lock_guard lock(mutex_);
    return memory_.Read(name);
  }
  Status Write(const std::string& name, ByteSpan content) override {
    std::lock_guard lock(mutex_);
    return memory_.Write(name, content);
  }
  void Forget(const std::string& folder) override {
    std::lock_guard lock(mutex_);
    memory_.Forget(folder);
  }

 private:
  std::mutex mutex_;
  fakes::MemoryLogStorage memory_;
};

x509::SerialNumber Serial(std::string_view hex) { return *x509::SerialNumber::FromHex(hex); }

class CheckpointKeeperTest : public testing::Test {
 protected:
  CheckpointKeeperTest() {
    char name[] = "/tmp/mayfly-keeper.XXXXXX";
    directory_ = mkdtemp(name);
    key_ = *tlog::NoteKey::Make(
        kOrigin, *hsm::GenerateSoftwareKey(directory_, "audit", hsm::KeyKind::kP256));
    signer_ = std::make_unique<hsm::SoftwareSigner>(directory_, executor_, clock_);
    signing_key_ =
        parts_.MakeKey({"audit", KeyUse::kAudit, {"file:audit"}, {}}, *signer_, clock_, random_);
    sequencer_ =
        std::make_unique<Sequencer>(SequencerParts{log_, storage_, *signing_key_, clock_, kOrigin});
    keeper_ = std::make_unique<CheckpointKeeper>(KeeperParts{
        *sequencer_, storage_, clock_, timer_, executor_, Seconds(1), [this](const Status& round) {
          if (!round) ++failures_;
        }});
  }
  ~CheckpointKeeperTest() override {
    keeper_.reset();
    std::filesystem::remove_all(directory_);
  }
  BootTime In(Milliseconds time) const { return clock_.BootNow() + time; }
  bool Becomes(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(Milliseconds(5));
    }
    return false;
  }
  std::string RuleOfWait(Milliseconds time) {
    auto waited = SyncWait(keeper_->WaitForCheckpoint(In(time)));
    return waited ? "" : waited.error().rule;
  }

  SystemClock clock_;
  SystemRandom random_;
  Timer timer_{clock_};
  ThreadPool executor_{2};
  std::filesystem::path directory_;
  std::optional<tlog::NoteKey> key_;
  std::unique_ptr<hsm::SoftwareSigner> signer_;
  fakes::SigningParts parts_;
  std::shared_ptr<signing::SigningKey> signing_key_;
  fakes::MemoryTicks ticks_;
  fakes::MemoryAuditLog log_{ticks_};
  GuardedStorage storage_;
  std::atomic<int> failures_ = 0;
  std::unique_ptr<Sequencer> sequencer_;
  std::unique_ptr<CheckpointKeeper> keeper_;
};

TEST_F(CheckpointKeeperTest, NothingIsReleasedBeforeTheFirstCheckpoint) {
  EXPECT_EQ(keeper_->MayRelease().error().rule, "audit.no-checkpoint");
  EXPECT_TRUE(keeper_->MayRelease().error().retry_after);
  EXPECT_FALSE(keeper_->Now().age);
  keeper_->Start();
  EXPECT_EQ(RuleOfWait(Seconds(10)), "");
  EXPECT_TRUE(keeper_->MayRelease());
}

TEST_F(CheckpointKeeperTest, WhatIsNeededBesidesIsAskedToo) {
  std::atomic<bool> is_witnessed = false;
  BootTime covers{};
  std::atomic<uint64_t> published = 0;
  CheckpointKeeper keeper(KeeperParts{*sequencer_,
                                      storage_,
                                      clock_,
                                      timer_,
                                      executor_,
                                      Seconds(10),
                                      {},
                                      [&](const PublishedCheckpoint& checkpoint, BootTime begun) {
                                        if (published == 0) covers = begun;
                                        published = checkpoint.tree.size;
                                      },
                                      [&]() -> Status {
                                        if (is_witnessed) return Ok();
                                        return Fail(ErrorCode::kStoreUnavailable,
                                                    "audit.no-witness", "none");
                                      }});
  log_.WriteEvent("e");
  const BootTime asked = clock_.BootNow();
  keeper.Start();
  ASSERT_TRUE(Becomes([&] { return published == 1; }));
  EXPECT_GE(covers, asked);
  EXPECT_EQ(keeper.MayRelease().error().rule, "audit.no-witness");
  is_witnessed = true;
  EXPECT_TRUE(keeper.MayRelease());
}

TEST_F(CheckpointKeeperTest, WhoWaitsIsCoveredByARoundThatBeganLater) {
  keeper_->Start();
  for (int i = 1; i <= 5; ++i) {
    log_.WriteEvent("e");
    const BootTime asked = clock_.BootNow();
    EXPECT_EQ(RuleOfWait(Seconds(10)), "");
    EXPECT_LT(clock_.BootNow() - asked, Milliseconds(900)) << "a round begins for who waits";
    EXPECT_GE(keeper_->Now().size, static_cast<uint64_t>(i));
  }
}

TEST_F(CheckpointKeeperTest, StorageThatFailsClosesTheGateUntilItIsBack) {
  keeper_->Start();
  ASSERT_EQ(RuleOfWait(Seconds(10)), "");
  storage_.Break(true);
  EXPECT_EQ(RuleOfWait(Milliseconds(300)), "audit.not-covered");
  EXPECT_TRUE(Becomes([&] { return !keeper_->MayRelease(); }));
  EXPECT_GT(failures_, 0);
  std::promise<Status> waiting;
  Spawn(keeper_->WaitForCheckpoint(In(Seconds(20))),
        [&](Status status) { waiting.set_value(std::move(status)); });
  storage_.Break(false);
  EXPECT_TRUE(waiting.get_future().get());
  EXPECT_TRUE(keeper_->MayRelease());
}

TEST_F(CheckpointKeeperTest, ProvesWhatWasIssued) {
  keeper_->Start();
  for (int i = 0; i < 300; ++i) log_.WriteEvent("e");
  tlog::Record record{.issuer = "issuing-1",
                      .serial = Serial("2101994f0a1b2ca0a1a2a3a4a5a6a7a8a9aaabac"),
                      .tbs = {0x30, 0x00},
                      .lineage = Uuid::FromOctets({}),
                      .profile = "server"};
  log_.Write(tlog::IssuedCertificate{record, {1, 1, TimePoint{}}, {1}});
  auto proof = SyncWait(keeper_->Prove("issuing-1", record.serial, In(Seconds(10))));
  ASSERT_TRUE(proof) << proof.error().message;
  const auto parsed = tlog::ParseTlogProof(proof->proof);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->index, 300u);
  const auto checkpoint = tlog::OpenCheckpoint(parsed->checkpoint, kOrigin, {&*key_, 1});
  ASSERT_TRUE(checkpoint);
  EXPECT_TRUE(
      tlog::VerifyInclusion(checkpoint->tree, {300, tlog::LeafHash(proof->entry)}, parsed->hashes));
  // Of another process, which did not append it.
  EXPECT_TRUE(SyncWait(keeper_->Prove("issuing-1", record.serial, In(Seconds(10)))));
  auto none = SyncWait(keeper_->Prove("issuing-1", Serial("01"), In(Seconds(10))));
  EXPECT_EQ(none.error().rule, "audit.no-entry");
}

TEST_F(CheckpointKeeperTest, WhoWaitsAtTheEndIsTold) {
  storage_.Break(true);
  keeper_->Start();
  std::promise<Status> waiting;
  Spawn(keeper_->WaitForCheckpoint(In(Seconds(60))),
        [&](Status status) { waiting.set_value(std::move(status)); });
  keeper_.reset();
  EXPECT_EQ(waiting.get_future().get().error().code, ErrorCode::kShuttingDown);
}

}  // namespace
}  // namespace mayfly::audit
