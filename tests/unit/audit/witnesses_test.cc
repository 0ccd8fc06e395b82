#include "audit/witnesses.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <deque>
#include <sstream>

#include "base/system.h"
#include "tests/fakes/memory_log_storage.h"
#include "tlog/tile_builder.h"

namespace mayfly::audit {
namespace {

constexpr char kUrl[] = "https://witness.example/log";

// The key of a witness, and what it signs.
class SigningKey {
 public:
  explicit SigningKey(std::string name) : name_(std::move(name)) {
    uint8_t seed[32] = {};
    seed[0] = static_cast<uint8_t>(name_.size());
    key_.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed, sizeof seed));
  }
  tlog::WitnessKey Public() const {
    const Bytes typed = Typed();
    return *tlog::WitnessKey::Parse(name_ + "+" + tlog::KeyIdText(tlog::UsualKeyId(name_, typed)) +
                                    "+" + ToBase64(typed));
  }
  // The line that a witness answers with.
  std::string Cosign(const std::string& text) const {
    constexpr uint8_t kTime = 7;  // seconds since 1970
    const std::string message = "cosignature/v1\ntime 7\n" + text;
    const uint32_t id = tlog::UsualKeyId(name_, Typed());
    Bytes octets{static_cast<uint8_t>(id >> 24), static_cast<uint8_t>(id >> 16),
                 static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id)};
    octets.insert(octets.end(), {0, 0, 0, 0, 0, 0, 0, kTime});
    uint8_t signature[64];
    size_t size = sizeof signature;
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get());
    EVP_DigestSign(context.get(), signature, &size, AsBytes(message).data(), message.size());
    octets.insert(octets.end(), signature, signature + size);
    return "\u2014 " + name_ + " " + ToBase64(octets) + "\n";
  }

 private:
  Bytes Typed() const {
    Bytes typed(33);
    typed[0] = tlog::kCosignatureType;
    size_t size = 32;
    EVP_PKEY_get_raw_public_key(key_.get(), typed.data() + 1, &size);
    return typed;
  }
  std::string name_;
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_{nullptr, EVP_PKEY_free};
};

// Answers as the test says; keeps what was asked.
struct Script {
  std::mutex mutex;
  std::deque<Result<HttpsAnswer>> answers;
  std::vector<std::string> bodies;
};
class ScriptedClient final : public HttpsClient {
 public:
  explicit ScriptedClient(Script& script) : script_(script) {}
  Result<HttpsAnswer> Ask(const HttpsRequest& request, const std::atomic<bool>&) override {
    std::lock_guard lock(script_.mutex);
    EXPECT_EQ(request.url, std::string(kUrl) + "/add-checkpoint");
    script_.bodies.push_back(request.body.value_or("none"));
    if (script_.answers.empty()) {
      return Fail(ErrorCode::kStoreUnavailable, "https.failed", "nobody there");
    }
    auto answer = std::move(script_.answers.front());
    script_.answers.pop_front();
    return answer;
  }

 private:
  Script& script_;
};

HttpsAnswer Answer(int status, std::string body) { return {status, std::move(body), std::nullopt}; }

class WitnessTest : public testing::Test {
 protected:
  // A published log of so many leaves; its note is signed by a name of no matter.
  void Publish(uint64_t size) {
    while (size_ < size) {
      const Hash256 leaf = tlog::LeafHash(AsBytes("entry " + std::to_string(size_++)));
      for (const tlog::Tile& tile : builder_.Append({&leaf, 1})) {
        ASSERT_TRUE(storage_.Write(tile.id.Path(), tile.bytes));
      }
    }
    published_.tree = builder_.Head();
    text_ = *tlog::WriteCheckpoint({"mayfly.internal/audit", published_.tree});
    published_.note = text_ + "\n\u2014 mayfly.internal/audit AAAAAAAA\n";
  }
  Witness Make(Script& script, const SigningKey& key) {
    return Witness({kUrl, key.Public()}, std::make_unique<ScriptedClient>(script));
  }
  Result<tlog::NoteSignature> Cosign(Witness& witness) {
    tlog::LogReader reader(published_.tree,
                           [this](const std::string& name) { return storage_.Read(name); });
    return witness.Cosign({published_.tree, published_.note, text_, reader}, never_);
  }

  const std::atomic<bool> never_ = false;
  const SigningKey key_{"witness.example/w1"};
  SystemClock clock_;
  fakes::MemoryLogStorage storage_;
  tlog::TileBuilder builder_;
  uint64_t size_ = 0;
  PublishedCheckpoint published_;
  std::string text_;
};

std::string RuleOf(const auto& result) { return result ? "" : result.error().rule; }

// "old N", the hashes of a proof, and the note, as C2SP tlog-witness has them.
struct Asked {
  uint64_t old_size;
  tlog::Proof proof;
  std::string note;
};
Asked Read(const std::string& body) {
  const size_t split = body.find("\n\n");
  std::istringstream head(body.substr(0, split));
  Asked asked{0, {}, body.substr(split + 2)};
  std::string word;
  head >> word >> asked.old_size;
  EXPECT_EQ(word, "old");
  while (head >> word) {
    Hash256 hash;
    std::ranges::copy(*FromBase64(word), hash.begin());
    asked.proof.push_back(hash);
  }
  return asked;
}

TEST_F(WitnessTest, TheFirstTimeNothingIsProved) {
  Publish(5);
  Script script;
  script.answers.push_back(Answer(200, key_.Cosign(text_)));
  Witness witness = Make(script, key_);
  const auto cosignature = Cosign(witness);
  ASSERT_TRUE(cosignature) << cosignature.error().message;
  EXPECT_TRUE(key_.Public().Verify(text_, *cosignature));
  EXPECT_EQ(script.bodies, std::vector<std::string>{"old 0\n\n" + published_.note});
}

TEST_F(WitnessTest, WhatItSawIsProvedToBeTheBeginning) {
  Publish(5);
  const tlog::TreeHead older = published_.tree;
  Script script;
  script.answers.push_back(Answer(200, key_.Cosign(text_)));
  Witness witness = Make(script, key_);
  ASSERT_TRUE(Cosign(witness));
  Publish(300);
  script.answers.push_back(Answer(200, key_.Cosign(text_)));
  ASSERT_TRUE(Cosign(witness));
  const Asked asked = Read(script.bodies.back());
  EXPECT_EQ(asked.old_size, 5u);
  EXPECT_EQ(asked.note, published_.note);
  EXPECT_TRUE(tlog::VerifyConsistency(older, published_.tree, asked.proof));
  // The same once more: a younger cosignature, and nothing to prove.
  script.answers.push_back(Answer(200, key_.Cosign(text_)));
  ASSERT_TRUE(Cosign(witness));
  EXPECT_EQ(script.bodies.back(), "old 300\n\n" + published_.note);
}

TEST_F(WitnessTest, AfterARestartItSaysWhatItSaw) {
  Publish(7);
  const tlog::TreeHead older = published_.tree;
  Publish(20);
  Script script;
  script.answers.push_back(Answer(409, "7\n"));
  script.answers.push_back(Answer(200, key_.Cosign(text_)));
  Witness witness = Make(script, key_);
  ASSERT_TRUE(Cosign(witness));
  const Asked asked = Read(script.bodies.back());
  EXPECT_EQ(asked.old_size, 7u);
  EXPECT_TRUE(tlog::VerifyConsistency(older, published_.tree, asked.proof));
}

TEST_F(WitnessTest, AWitnessThatSawMoreIsAnAlarm) {
  Publish(5);
  Script script;
  script.answers.push_back(Answer(409, "6\n"));
  Witness witness = Make(script, key_);
  EXPECT_EQ(RuleOf(Cosign(witness)), "witness.ahead");
  EXPECT_EQ(script.bodies.size(), 1u);
}

TEST_F(WitnessTest, OtherAnswersAreRefusals) {
  Publish(5);
  const SigningKey other("another");
  for (const auto& [answer, rule] : std::vector<std::pair<HttpsAnswer, std::string>>{
           {Answer(403, "unknown key\n"), "witness.refused"},
           {Answer(404, ""), "witness.refused"},
           {Answer(422, "no\n"), "witness.refused"},
           {Answer(409, "many\n"), "witness.refused"},
           {Answer(409, ""), "witness.refused"},
           {Answer(200, other.Cosign(text_)), "witness.unsigned"},
           {Answer(200, key_.Cosign("m" + text_)), "signature.invalid"},
           {Answer(200, ""), "note.signatures"},
           {Answer(200, "<html>"), "note.signatures"},
           {Answer(200, "<html>\n"), "note.format"}}) {
    Script script;
    script.answers.push_back(answer);
    Witness witness = Make(script, key_);
    EXPECT_EQ(RuleOf(Cosign(witness)), rule) << answer.status << " " << answer.body;
  }
}

// Two witnesses, of which `needed` count.
class WitnessesTest : public WitnessTest {
 protected:
  void Start(size_t needed, std::optional<Seconds> age_max) {
    WitnessesParts parts{.witnesses = {},
                         .storage = storage_,
                         .clock = clock_,
                         .needed = needed,
                         .age_max = age_max,
                         .after_question = [this](const std::string&, const Status&) { ++told_; }};
    parts.witnesses.push_back(Make(first_, key_));
    parts.witnesses.push_back(Make(second_, other_key_));
    witnesses_ = std::make_unique<Witnesses>(std::move(parts));
    witnesses_->Start();
  }
  void AnswerBoth() {
    first_.answers.push_back(Answer(200, key_.Cosign(text_)));
    second_.answers.push_back(Answer(200, other_key_.Cosign(text_)));
  }
  bool Becomes(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(Milliseconds(5));
    }
    return false;
  }
  // With the thread stopped.
  std::optional<tlog::SignedNote> Witnessed() {
    witnesses_.reset();
    const auto file = storage_.Read(kWitnessedFile);
    return file ? std::optional(*tlog::ParseNote(AsText(*file))) : std::nullopt;
  }

  const SigningKey other_key_{"witness.example/w22"};
  Script first_, second_;
  std::atomic<int> told_ = 0;
  std::unique_ptr<Witnesses> witnesses_;
};

TEST_F(WitnessesTest, WhatBothCosignedIsPublishedAndMayBeReleased) {
  Publish(5);
  AnswerBoth();
  Start(2, Seconds(60));
  EXPECT_EQ(witnesses_->MayRelease().error().rule, "audit.no-witness");
  EXPECT_FALSE(witnesses_->Age());
  witnesses_->Offer(published_, clock_.BootNow());
  EXPECT_TRUE(Becomes([&] { return witnesses_->MayRelease().has_value(); }));
  EXPECT_LT(*witnesses_->Age(), Milliseconds(10'000));
  const auto note = Witnessed();
  ASSERT_TRUE(note);
  EXPECT_EQ(note->text, text_);
  ASSERT_EQ(note->signatures.size(), 3u);
  EXPECT_EQ(note->signatures[0].key_name, "mayfly.internal/audit");
  EXPECT_TRUE(key_.Public().Verify(text_, note->signatures[1]));
  EXPECT_TRUE(other_key_.Public().Verify(text_, note->signatures[2]));
}

TEST_F(WitnessesTest, OneOfTwoIsNotEnoughWhereTwoAreNeeded) {
  Publish(5);
  first_.answers.push_back(Answer(200, key_.Cosign(text_)));
  Start(2, Seconds(60));
  witnesses_->Offer(published_, clock_.BootNow());
  EXPECT_TRUE(Becomes([&] { return told_ == 2; }));
  EXPECT_EQ(witnesses_->MayRelease().error().rule, "audit.no-witness");
  EXPECT_FALSE(Witnessed());
}

TEST_F(WitnessesTest, WhereNothingWaitsForThemTheyHoldUpNothing) {
  Publish(5);
  Start(1, std::nullopt);
  EXPECT_TRUE(witnesses_->MayRelease());
  second_.answers.push_back(Answer(200, other_key_.Cosign(text_)));
  witnesses_->Offer(published_, clock_.BootNow());
  EXPECT_TRUE(Becomes([&] { return witnesses_->Age().has_value(); }));
  ASSERT_TRUE(Witnessed());
}

TEST_F(WitnessesTest, TheReleaseGateClosesWhenTheyFallSilent) {
  Publish(5);
  AnswerBoth();
  Start(2, Seconds(1));
  witnesses_->Offer(published_, clock_.BootNow());
  EXPECT_TRUE(Becomes([&] { return witnesses_->MayRelease().has_value(); }));
  EXPECT_TRUE(Becomes([&] { return !witnesses_->MayRelease(); }));
  Publish(6);
  AnswerBoth();
  witnesses_->Offer(published_, clock_.BootNow());
  EXPECT_TRUE(Becomes([&] { return witnesses_->MayRelease().has_value(); }));
}

}  // namespace
}  // namespace mayfly::audit
