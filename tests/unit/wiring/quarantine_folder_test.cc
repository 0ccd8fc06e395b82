#include "quarantine_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace mayfly {
namespace {

const std::string kUri = "pkcs11:token=hsm-b;object=issuing";

class QuarantineFolderTest : public testing::Test {
 protected:
  QuarantineFolderTest() {
    char name[] = "/tmp/mayfly-quarantine.XXXXXX";
    state_ = mkdtemp(name);
  }
  ~QuarantineFolderTest() override { std::filesystem::remove_all(state_); }

  static QuarantineNote Note(const std::string& uri = kUri) {
    return {uri, Hash256{1, 2, 3}, TimePoint(Seconds(1'800'000'000)),
            "signer.wrong-signature: it does not verify"};
  }
  std::filesystem::path OnlyFile() const {
    return std::filesystem::directory_iterator(state_ / "quarantine")->path();
  }
  void Overwrite(const std::string& text) const {
    std::ofstream(OnlyFile(), std::ios::trunc) << text;
  }
  std::string RuleOfFind() {
    const auto found = folder().Find(kUri);
    return found ? "" : found.error().rule;
  }
  QuarantineFolder folder() const { return QuarantineFolder(state_); }

  std::filesystem::path state_;
};

TEST_F(QuarantineFolderTest, ANoteIsThereForTheNextProcessUntilItIsCleared) {
  QuarantineFolder first = folder();
  ASSERT_FALSE(*first.Find(kUri));
  EXPECT_TRUE(first.List()->empty());
  ASSERT_TRUE(first.Put(Note()));
  QuarantineFolder next = folder();
  const auto found = next.Find(kUri);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->uri, kUri);
  EXPECT_EQ((*found)->spki_hash, Note().spki_hash);
  EXPECT_EQ((*found)->since, Note().since);
  EXPECT_EQ((*found)->reason, Note().reason);
  EXPECT_FALSE(*next.Find("pkcs11:token=hsm-a;object=issuing"));

  ASSERT_TRUE(next.Clear(kUri));
  EXPECT_FALSE(*first.Find(kUri));
  EXPECT_EQ(next.Clear(kUri).error().rule, "key.not-quarantined");
}

TEST_F(QuarantineFolderTest, TheFirstNoteStays) {
  QuarantineFolder quarantine = folder();
  ASSERT_TRUE(quarantine.Put(Note()));
  QuarantineNote second = Note();
  second.reason = "another";
  ASSERT_TRUE(quarantine.Put(second));
  EXPECT_EQ((*quarantine.Find(kUri))->reason, Note().reason);
  ASSERT_TRUE(quarantine.Put(Note("file:a")));
  EXPECT_EQ(quarantine.List()->size(), 2u);
}

TEST_F(QuarantineFolderTest, NoTextMakesALineOfItsOwn) {
  QuarantineNote note = Note();
  note.reason = "a\nuri file:b";
  ASSERT_TRUE(folder().Put(note));
  EXPECT_EQ((*folder().Find(kUri))->reason, "a\\x0auri file:b");
}

TEST_F(QuarantineFolderTest, WhatCannotBeReadIsNoLeaveToSign) {
  ASSERT_TRUE(folder().Put(Note()));
  std::ifstream file(OnlyFile());
  const std::string good((std::istreambuf_iterator<char>(file)), {});
  for (size_t size = 0; size < good.size(); ++size) {
    Overwrite(good.substr(0, size));
    EXPECT_EQ(RuleOfFind(), "key.quarantine-note") << size;
  }
  for (const std::string& wrong : {good + "more\n", "x" + good, std::string(5000, 'a'),
                                   std::string("mayfly quarantine 2\n")}) {
    Overwrite(wrong);
    EXPECT_EQ(RuleOfFind(), "key.quarantine-note");
    EXPECT_FALSE(folder().List());
  }
  Overwrite(good);
  EXPECT_EQ(RuleOfFind(), "");
  EXPECT_TRUE(folder().Clear(kUri));
}

TEST_F(QuarantineFolderTest, AFolderThatCannotBeMadeIsAnError) {
  EXPECT_EQ(QuarantineFolder(state_ / "none").Put(Note()).error().rule, "key.quarantine-note");
}

}  // namespace
}  // namespace mayfly
