#include "clients/cpp/files.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

namespace mayfly::client {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  Files() {
    std::string pattern = (fs::temp_directory_path() / "mayfly-files-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~Files() override { fs::remove_all(folder_); }
  std::string Text(const fs::path& path) { return ToString(*ReadFile(path)); }
  size_t Entries() {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }
  fs::path folder_;
};

TEST_F(Files, WritesWithTheModeAndLeavesNothingBeside) {
  const fs::path path = folder_ / "web.key";
  ASSERT_TRUE(WriteFileAtomically(path, AsBytes("one"), kPrivateMode, Existing::kKeep));
  EXPECT_EQ(Text(path), "one");
  struct stat info{};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, kPrivateMode);
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(Files, NeverOverwritesUnlessTold) {
  const fs::path path = folder_ / "web.key";
  ASSERT_TRUE(WriteFileAtomically(path, AsBytes("one"), kPrivateMode, Existing::kKeep));
  const auto again = WriteFileAtomically(path, AsBytes("two"), kPrivateMode, Existing::kKeep);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().rule, "file.exists");
  EXPECT_EQ(Text(path), "one");
  EXPECT_EQ(Entries(), 1u);
  ASSERT_TRUE(WriteFileAtomically(path, AsBytes("three"), kPrivateMode, Existing::kReplace));
  EXPECT_EQ(Text(path), "three");
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(Files, DoesNotWriteThroughALink) {
  const fs::path target = folder_ / "target";
  ASSERT_TRUE(WriteFileAtomically(target, AsBytes("kept"), kPublicMode, Existing::kKeep));
  fs::create_symlink(target, folder_ / "link");
  EXPECT_FALSE(WriteFileAtomically(folder_ / "link", AsBytes("x"), kPrivateMode, Existing::kKeep));
  ASSERT_TRUE(
      WriteFileAtomically(folder_ / "link", AsBytes("x"), kPrivateMode, Existing::kReplace));
  EXPECT_EQ(Text(target), "kept");
}

TEST_F(Files, SaysWhatCannotBeWrittenOrRead) {
  const auto written =
      WriteFileAtomically(folder_ / "no" / "x", AsBytes("x"), kPublicMode, Existing::kKeep);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().rule, "file.write");
  EXPECT_EQ(ReadFile(folder_ / "no").error().rule, "file.read");
  EXPECT_EQ(ReadFile(folder_).error().rule, "file.read");
}

TEST_F(Files, ReadsUpToTheLimit) {
  const fs::path path = folder_ / "large";
  ASSERT_TRUE(WriteFileAtomically(path, Bytes(kFileBytesMax), kPublicMode, Existing::kKeep));
  EXPECT_EQ(ReadFile(path)->size(), kFileBytesMax);
  ASSERT_TRUE(WriteFileAtomically(path, Bytes(kFileBytesMax + 1), kPublicMode, Existing::kReplace));
  EXPECT_EQ(ReadFile(path).error().rule, "file.size");
}

}  // namespace
}  // namespace mayfly::client
