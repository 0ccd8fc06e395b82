#include "clients/cpp/files.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mount.h>
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

TEST_F(Files, BothOrWhatWasThere) {
  const fs::path key = folder_ / "web.key", certificate = folder_ / "web.crt";
  for (const fs::path& path : {key, certificate, folder_ / "other"}) {
    ASSERT_TRUE(WriteFileAtomically(path, AsBytes("old"), kPrivateMode, Existing::kKeep));
  }
  const auto write = [&] {
    return WriteFilesTogether(
        {{key, AsBytes("new"), kPrivateMode}, {certificate, AsBytes("new"), kPublicMode}},
        Existing::kReplace);
  };
  // A mount point can be written into, and not replaced.
  if (mount((folder_ / "other").c_str(), certificate.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    GTEST_SKIP() << "may not mount here";
  }
  const auto refused = write();
  ASSERT_EQ(umount(certificate.c_str()), 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "file.write");
  EXPECT_EQ(Text(key), "old");
  EXPECT_EQ(Text(certificate), "old");
  EXPECT_EQ(Entries(), 3u);
  ASSERT_TRUE(write());
  EXPECT_EQ(Text(key), "new");
  EXPECT_EQ(Text(certificate), "new");
  EXPECT_EQ(Entries(), 3u);
}

TEST_F(Files, OnePlaceForTwoFilesIsRefused) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  EXPECT_EQ(CheckPlaces({"same", "./same"}, Existing::kReplace).error().rule, "file.same");
  EXPECT_TRUE(CheckPlaces({"one", "./other"}, Existing::kReplace));
  fs::current_path(before);
}

TEST_F(Files, APlaceIsTried) {
  EXPECT_TRUE(CheckPlaces({folder_ / "web.key"}, Existing::kKeep));
  EXPECT_EQ(Entries(), 0u);
  // As long as the file system takes it, and too long for its temporary name.
  EXPECT_EQ(CheckPlaces({folder_ / std::string(255, 'n')}, Existing::kKeep).error().rule,
            "file.write");
  EXPECT_EQ(CheckPlaces({"/proc/web.key"}, Existing::kKeep).error().rule, "file.write");
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
