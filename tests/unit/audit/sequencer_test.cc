#include "audit/sequencer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/system.h"
#include "hsm/client/software_signer.h"
#include "tests/fakes/memory_audit_log.h"
#include "tests/fakes/memory_log_storage.h"
#include "tests/fakes/signing_parts.h"
#include "tests/unit/tlog/naive_tree.h"
#include "tlog/log_reader.h"

namespace mayfly::audit {
namespace {

constexpr char kOrigin[] = "mayfly.internal/audit";

// Signs with the key in a file, and keeps what it signed.
class WatchedSigner final : public Signer {
 public:
  explicit WatchedSigner(Signer& signer) : signer_(signer) {}
  Task<SignResult> Sign(SignJob job) override {
    EXPECT_EQ(job.purpose, SignPurpose::kAudit);
    const auto checkpoint = tlog::ParseCheckpoint(AsText(job.message));
    EXPECT_TRUE(checkpoint);
    // Never two trees of one size: the promise that this module exists for.
    const auto before = signed_.emplace(checkpoint->tree.size, checkpoint->tree.root).first;
    EXPECT_EQ(before->second, checkpoint->tree.root);
    if (is_away) {
      co_return SignResult{SignResult::Outcome::kNotSigned,
                           {},
                           Fail(ErrorCode::kSignerUnavailable, "signer.away", "away")};
    }
    auto result = co_await signer_.Sign(std::move(job));
    co_return result;
  }
  Task<Result<x509::SubjectPublicKeyInfo>> PublicKey(std::string uri, BootTime deadline) override {
    auto key = co_await signer_.PublicKey(std::move(uri), deadline);
    co_return key;
  }
  bool is_away = false;
  size_t sizes_signed() const { return signed_.size(); }

 private:
  Signer& signer_;
  std::map<uint64_t, Hash256> signed_;
};

// A server: its view of the database, its folder.
struct Replica {
  fakes::MemoryAuditLog log;
  fakes::MemoryLogStorage own;
  Sequencer sequencer;

  Replica(fakes::MemoryTicks& ticks, signing::SigningKey& key, const Clock& clock)
      : log(ticks), sequencer({log, own, key, clock, kOrigin}) {}
  Replica(fakes::MemoryTicks& ticks, fakes::MemoryLogStorage& shared, signing::SigningKey& key,
          const Clock& clock)
      : log(ticks), sequencer({log, shared, key, clock, kOrigin}) {}
};

class SequencerTest : public testing::Test {
 protected:
  SequencerTest() {
    char name[] = "/tmp/mayfly-audit.XXXXXX";
    directory_ = mkdtemp(name);
    auto key = hsm::GenerateSoftwareKey(directory_, "audit", hsm::KeyKind::kP256);
    key_ = *tlog::NoteKey::Make(kOrigin, *key);
    files_ = std::make_unique<hsm::SoftwareSigner>(directory_, executor_, clock_);
    signer_ = std::make_unique<WatchedSigner>(*files_);
    signing_key_ =
        parts_.MakeKey({"audit", KeyUse::kAudit, {"file:audit"}, {}}, *signer_, clock_, random_);
    first_ = Make();
  }
  ~SequencerTest() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<Replica> Make() {
    return std::make_unique<Replica>(ticks_, *signing_key_, clock_);
  }
  // Another process with the same folder: the first one, started again, or a command beside it.
  std::unique_ptr<Replica> MakeOn(fakes::MemoryLogStorage& shared) {
    return std::make_unique<Replica>(ticks_, shared, *signing_key_, clock_);
  }
  void Write(int count = 1) {
    for (int i = 0; i < count; ++i) first_->log.WriteEvent("e" + std::to_string(++written_));
  }

  // What is published is signed, and is the tree of exactly the first entries that were written.
  void ExpectPublished(fakes::MemoryLogStorage& storage, uint64_t size) {
    const auto note = storage.Read(kCheckpointFile);
    ASSERT_TRUE(note);
    const auto checkpoint = tlog::OpenCheckpoint(AsText(*note), kOrigin, {&*key_, 1});
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    ASSERT_EQ(checkpoint->tree.size, size);
    std::vector<Hash256> leaves;
    for (const tlog::LogEntry& entry : ticks_.entries) {
      if (leaves.size() < size) leaves.push_back(tlog::LeafHash(*tlog::EncodeLogEntry(entry)));
    }
    EXPECT_EQ(checkpoint->tree.root, size ? tlog::NaiveRoot(leaves) : tlog::EmptyRoot());
    tlog::LogReader reader(checkpoint->tree, [&](const std::string& n) { return storage.Read(n); });
    for (uint64_t index : {uint64_t{0}, size / 2, size - 1}) {
      if (size == 0) continue;
      EXPECT_TRUE(reader.ProveInclusion(index)) << index;
    }
  }
  static std::string RuleOfRound(Replica& replica) {
    auto round = replica.sequencer.Round();
    return round ? "" : round.error().rule;
  }

  SystemClock clock_;
  SystemRandom random_;
  ThreadPool executor_{1};
  std::filesystem::path directory_;
  std::optional<tlog::NoteKey> key_;
  std::unique_ptr<hsm::SoftwareSigner> files_;
  std::unique_ptr<WatchedSigner> signer_;
  fakes::SigningParts parts_;
  std::shared_ptr<signing::SigningKey> signing_key_;
  fakes::MemoryTicks ticks_;
  int written_ = 0;
  std::unique_ptr<Replica> first_;
};

TEST_F(SequencerTest, PublishesWhatWasCommittedBeforeTheRound) {
  EXPECT_EQ(RuleOfRound(*first_), "");
  ExpectPublished(first_->own, 0);
  Write(3);
  EXPECT_EQ(RuleOfRound(*first_), "");
  ExpectPublished(first_->own, 3);
  Write(300);
  EXPECT_EQ(RuleOfRound(*first_), "");
  ExpectPublished(first_->own, 303);
  // The key, for whoever has no other way to it.
  EXPECT_EQ(ToString(first_->own.files.at(kVerifierKeyFile)), key_->ToString() + "\n");
  // Partial files go when full ones take their place.
  EXPECT_FALSE(first_->own.files.contains("tile/0/000.p/3"));
  EXPECT_FALSE(first_->own.files.contains("tile/entries/000.p/3"));
  EXPECT_TRUE(first_->own.files.contains("tile/0/001.p/47"));
}

TEST_F(SequencerTest, NothingNewIsTheSameCheckpointWrittenAgain) {
  Write();
  EXPECT_EQ(RuleOfRound(*first_), "");
  const Bytes note = first_->own.files.at(kCheckpointFile);
  EXPECT_EQ(RuleOfRound(*first_), "");
  EXPECT_EQ(first_->own.files.at(kCheckpointFile), note);
  first_->own.is_full = true;
  EXPECT_EQ(RuleOfRound(*first_), "audit.storage");
}

TEST_F(SequencerTest, HugeLogsGrowAcrossTiles) {
  Write(256 * 256 + 10);
  EXPECT_EQ(RuleOfRound(*first_), "");
  ExpectPublished(first_->own, 256 * 256 + 10);
  auto again = MakeOn(first_->own);
  Write(5);
  EXPECT_EQ(RuleOfRound(*again), "");
  ExpectPublished(first_->own, 256 * 256 + 15);
}

TEST_F(SequencerTest, ReplicasWithFoldersOfTheirOwnPublishTheSameLog) {
  auto second = Make();
  for (int i = 1; i <= 20; ++i) {
    Write(i);
    EXPECT_EQ(RuleOfRound(i % 3 ? *first_ : *second), "");
  }
  EXPECT_EQ(RuleOfRound(*first_), "");
  EXPECT_EQ(RuleOfRound(*second), "");
  ExpectPublished(first_->own, 210);
  ExpectPublished(second->own, 210);
}

TEST_F(SequencerTest, ProcessesWithOneFolderTakeTurns) {
  auto second = MakeOn(first_->own);
  for (int i = 1; i <= 20; ++i) {
    Write(i);
    EXPECT_EQ(RuleOfRound(i % 3 ? *first_ : *second), "");
  }
  ExpectPublished(first_->own, 210);
}

// Dies after each of the writes of a round, one after the other; somebody else goes on.
TEST_F(SequencerTest, WhereverItDiesAnotherGoesOn) {
  for (int writes = 0; writes < 12; ++writes) {
    SCOPED_TRACE(writes);
    Write(130);
    first_->own.writes_left = writes;
    const std::string rule = RuleOfRound(*first_);
    EXPECT_TRUE(rule.empty() || rule == "audit.storage") << rule;
    first_->own.writes_left.reset();
    auto again = MakeOn(first_->own);
    if (writes % 2) Write(7);
    EXPECT_EQ(RuleOfRound(*again), "");
    ExpectPublished(first_->own, static_cast<uint64_t>(written_));
    EXPECT_EQ(RuleOfRound(*first_), "");
  }
}

TEST_F(SequencerTest, CommitsInDoubtAndLostAnswers) {
  Write(3);
  first_->log.FailNextCommit(fakes::CommitFault::kDidPersist);
  EXPECT_EQ(RuleOfRound(*first_), "ledger.in-doubt");
  Write(2);
  EXPECT_EQ(RuleOfRound(*first_), "");
  ExpectPublished(first_->own, 5);
  Write(3);
  first_->log.FailNextCommit(fakes::CommitFault::kDidNotPersist);
  EXPECT_EQ(RuleOfRound(*first_), "ledger.unavailable");
  EXPECT_EQ(RuleOfRound(*first_), "");
  ExpectPublished(first_->own, 8);
  Write(3);
  first_->own.lost_answer_of = kCheckpointFile;
  EXPECT_EQ(RuleOfRound(*first_), "audit.storage");
  Write(1);
  EXPECT_EQ(RuleOfRound(*first_), "");
  ExpectPublished(first_->own, 12);
}

TEST_F(SequencerTest, SignerOrDatabaseAwayAndBack) {
  Write(3);
  signer_->is_away = true;
  EXPECT_EQ(RuleOfRound(*first_), "signer.away");
  signer_->is_away = false;
  first_->log.is_away = true;
  EXPECT_EQ(RuleOfRound(*first_), "ledger.unavailable");
  first_->log.is_away = false;
  EXPECT_EQ(RuleOfRound(*first_), "");
  ExpectPublished(first_->own, 3);
}

TEST_F(SequencerTest, AFolderThatWasLostIsMadeAgain) {
  Write(300);
  EXPECT_EQ(RuleOfRound(*first_), "");
  first_->own.files.clear();
  Write(1);
  EXPECT_EQ(RuleOfRound(*first_), "");
  ExpectPublished(first_->own, 301);
}

TEST_F(SequencerTest, ALedgerThatForgotIsNotFollowed) {
  Write(3);
  EXPECT_EQ(RuleOfRound(*first_), "");
  ticks_.positions.clear();
  EXPECT_EQ(RuleOfRound(*first_), "audit.ledger-lost");
  EXPECT_EQ(RuleOfRound(*MakeOn(first_->own)), "audit.ledger-lost");
  ExpectPublished(first_->own, 3);
}

TEST_F(SequencerTest, ALedgerThatWasAlteredIsNotFollowed) {
  Write(3);
  EXPECT_EQ(RuleOfRound(*first_), "");
  std::get<tlog::AdminEvent>(ticks_.entries[1].body).principal = "somebody else";
  auto elsewhere = Make();  // reads all of it again
  EXPECT_EQ(RuleOfRound(*elsewhere), "audit.inconsistent");
  ticks_.positions.at(3).tree.root[0] ^= 1;
  EXPECT_EQ(RuleOfRound(*MakeOn(first_->own)), "audit.inconsistent");
}

TEST_F(SequencerTest, SplitViewsAreNotSigned) {
  Write(3);
  ticks_.positions[3] = {{3, Hash256{1}}, ticks_.open};
  EXPECT_EQ(RuleOfRound(*first_), "audit.inconsistent");
  EXPECT_EQ(signer_->sizes_signed(), 0u);
}

TEST_F(SequencerTest, DamagedFoldersAreNotBuiltOn) {
  Write(300);
  EXPECT_EQ(RuleOfRound(*first_), "");
  const auto files = first_->own.files;
  for (const char* name : {"tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"}) {
    first_->own.files = files;
    first_->own.files.at(name)[20] ^= 1;
    EXPECT_EQ(RuleOfRound(*MakeOn(first_->own)), "audit.storage-damaged") << name;
    first_->own.files.erase(name);
    EXPECT_EQ(RuleOfRound(*MakeOn(first_->own)), "audit.storage-damaged") << name;
  }
  first_->own.files = files;
  Bytes& note = first_->own.files.at(kCheckpointFile);
  note[note.size() - 4] ^= 1;
  EXPECT_EQ(RuleOfRound(*MakeOn(first_->own)), "audit.checkpoint");
}

TEST_F(SequencerTest, RowsThatCannotBeWrittenStopIt) {
  first_->log.WriteEvent(std::string(tlog::kNameBytesMax + 1, 'k'));
  EXPECT_EQ(RuleOfRound(*first_), "audit.entry");
}

}  // namespace
}  // namespace mayfly::audit
