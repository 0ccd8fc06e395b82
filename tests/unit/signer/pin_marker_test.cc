#include "hsm/signer/pin_marker.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "base/system.h"

namespace mayfly::hsm {
namespace {

SecretBytes Pin(std::string_view text) { return SecretBytes(ToBytes(AsBytes(text))); }

class PinMarkerTest : public testing::Test {
 protected:
  PinMarkerTest() {
    std::string pattern = testing::TempDir() + "mayfly-pin-XXXXXX";
    folder = mkdtemp(pattern.data());
  }
  ~PinMarkerTest() override { std::filesystem::remove_all(folder); }

  Result<PinMarker> Open(Milliseconds patience = Milliseconds(0)) {
    return PinMarker::Open(folder, "token", patience);
  }
  // What a process that tries this PIN is told; "" when it may send it.
  std::string Begin(std::string_view pin) {
    auto marker = Open();
    if (!marker) return marker.error().rule;
    auto begun = marker->Begin(Pin(pin), random);
    return begun ? "" : begun.error().rule;
  }
  void Try(std::string_view pin, PinState end) {
    auto marker = Open();
    ASSERT_TRUE(marker);
    ASSERT_TRUE(marker->Begin(Pin(pin), random));
    ASSERT_TRUE(marker->Finish(end));
  }
  std::string Note() const {
    std::ostringstream out;
    out << std::ifstream(PinMarker::FileFor(folder, "token")).rdbuf();
    return out.str();
  }

  std::filesystem::path folder;
  SystemRandom random;
};

TEST_F(PinMarkerTest, AcceptedMayBeSentAgain) {
  Try("1234", PinState::kAccepted);
  EXPECT_EQ(Begin("1234"), "");
}

TEST_F(PinMarkerTest, RefusedIsNeverSentAgain) {
  Try("1234", PinState::kRefused);
  EXPECT_EQ(Begin("1234"), "signer.pin-refused");
  EXPECT_EQ(Begin("1234"), "signer.pin-refused");
}

TEST_F(PinMarkerTest, LeftAtTryingIsNeverSentAgain) {
  EXPECT_EQ(Begin("1234"), "");  // and then the process died
  EXPECT_NE(Note().find("\ntrying "), std::string::npos);
  EXPECT_EQ(Begin("1234"), "signer.pin-refused");
}

TEST_F(PinMarkerTest, AcceptedPinThatWasLeftAtTryingBlocksToo) {
  Try("1234", PinState::kAccepted);
  EXPECT_EQ(Begin("1234"), "");
  EXPECT_EQ(Begin("1234"), "signer.pin-refused");
}

TEST_F(PinMarkerTest, KnowsWhetherTheValueWasAcceptedBefore) {
  Try("1234", PinState::kAccepted);
  auto marker = Open();
  ASSERT_TRUE(marker->Begin(Pin("5678"), random));
  EXPECT_FALSE(marker->accepted_before());
  ASSERT_TRUE(marker->TakeBack());
  ASSERT_TRUE(marker->Begin(Pin("1234"), random));
  EXPECT_TRUE(marker->accepted_before());
}

TEST_F(PinMarkerTest, AnotherValueMayBeSent) {
  Try("1234", PinState::kRefused);
  Try("5678", PinState::kAccepted);
  EXPECT_EQ(Begin("1234"), "signer.pin-refused");
  EXPECT_EQ(Begin("5678"), "");
}

TEST_F(PinMarkerTest, DifferentValuesHaveALimit) {
  for (size_t i = 0; i < kTriedPinsMax; ++i) Try("1" + std::to_string(i), PinState::kRefused);
  EXPECT_EQ(Begin("another"), "signer.pin-refused");
}

TEST_F(PinMarkerTest, TakenBackIsAsIfNeverBegun) {
  auto marker = Open();
  ASSERT_TRUE(marker);
  ASSERT_TRUE(marker->Begin(Pin("1234"), random));
  ASSERT_TRUE(marker->TakeBack());
  marker = Fail(ErrorCode::kInternal, "", "");
  EXPECT_EQ(Begin("1234"), "");
}

TEST_F(PinMarkerTest, ClearedMayBeSentOnceMore) {
  Try("1234", PinState::kRefused);
  auto cleared = PinMarker::ClearAll(folder, Milliseconds(0));
  ASSERT_TRUE(cleared);
  EXPECT_EQ(*cleared, 1u);
  Try("1234", PinState::kRefused);
  EXPECT_EQ(Begin("1234"), "signer.pin-refused");
}

TEST_F(PinMarkerTest, BrokenNoteBlocksUntilCleared) {
  Try("1234", PinState::kAccepted);
  const std::string good = Note();
  for (const std::string& text : {std::string(), std::string("x"), good.substr(0, good.size() - 5),
                                  good + "accepted\n", "other format" + good}) {
    std::ofstream(PinMarker::FileFor(folder, "token"), std::ios::trunc) << text;
    EXPECT_EQ(Begin("1234"), "signer.pin-state") << text;
  }
  ASSERT_TRUE(PinMarker::ClearAll(folder, Milliseconds(0)));
  EXPECT_EQ(Begin("1234"), "");
}

TEST_F(PinMarkerTest, OneProcessAtATime) {
  auto first = Open();
  ASSERT_TRUE(first);
  auto second = Open(Milliseconds(50));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().rule, "signer.pin-state");
}

TEST_F(PinMarkerTest, NoteIsPrivateAndHoldsNoPin) {
  Try("secret-pin", PinState::kAccepted);
  auto file = PinMarker::FileFor(folder, "token");
  EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms(0600));
  EXPECT_EQ(Note().find("secret-pin"), std::string::npos);
}

TEST_F(PinMarkerTest, TokenNamesCannotLeaveTheFolder) {
  auto file = PinMarker::FileFor(folder, "../../etc/x y");
  EXPECT_EQ(file.parent_path(), folder);
  EXPECT_NE(PinMarker::FileFor(folder, "a/b"), PinMarker::FileFor(folder, "a=2fb"));
}

class PinFileTest : public PinMarkerTest {
 protected:
  std::string Read(const std::string& content, unsigned mode = 0600) {
    std::filesystem::path file = folder / "pin";
    std::ofstream(file, std::ios::trunc) << content;
    std::filesystem::permissions(file, std::filesystem::perms(mode));
    auto pin = ReadPinFile(file);
    return pin ? ToString(pin->Reveal()) : pin.error().rule;
  }
};

TEST_F(PinFileTest, FirstLineIsThePin) {
  EXPECT_EQ(Read("1234\n"), "1234");
  EXPECT_EQ(Read("1234"), "1234");
  EXPECT_EQ(Read("1234\r\nrest\n"), "1234");
  EXPECT_EQ(Read("12 34\n"), "12 34");
}

TEST_F(PinFileTest, EmptyOrTooLongIsRefused) {
  EXPECT_EQ(Read(""), "signer.pin-file");
  EXPECT_EQ(Read("\n1234\n"), "signer.pin-file");
  EXPECT_EQ(Read(std::string(255, '1')), std::string(255, '1'));
  EXPECT_EQ(Read(std::string(256, '1')), "signer.pin-file");
}

TEST_F(PinFileTest, ReadableByOthersIsRefused) {
  EXPECT_EQ(Read("1234\n", 0640), "signer.pin-file");
  EXPECT_EQ(Read("1234\n", 0604), "signer.pin-file");
  EXPECT_EQ(Read("1234\n", 0400), "1234");
}

}  // namespace
}  // namespace mayfly::hsm
