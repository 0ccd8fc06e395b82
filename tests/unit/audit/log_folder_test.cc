#include "audit/log_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace mayfly::audit {
namespace {

class LogFolderTest : public testing::Test {
 protected:
  LogFolderTest() {
    char name[] = "/tmp/mayfly-log-folder.XXXXXX";
    root_ = mkdtemp(name);
  }
  ~LogFolderTest() override { std::filesystem::remove_all(root_); }
  std::filesystem::path root_;
};

TEST_F(LogFolderTest, WhatIsWrittenIsThereWhole) {
  LogFolder folder(root_ / "a/log");
  ASSERT_TRUE(folder.Hold());
  ASSERT_TRUE(folder.Write("tile/0/x001/234.p/5", AsBytes("first")));
  ASSERT_TRUE(folder.Write("tile/0/x001/234.p/5", AsBytes("second")));
  EXPECT_EQ(ToString(*folder.Read("tile/0/x001/234.p/5")), "second");
  EXPECT_EQ(folder.Read("tile/0/x001/235").error().code, ErrorCode::kNotFound);
  for (const auto& file : std::filesystem::recursive_directory_iterator(root_)) {
    EXPECT_FALSE(file.path().extension() == ".new") << file.path();
  }
  folder.Forget("tile/0/x001/234.p");
  EXPECT_EQ(folder.Read("tile/0/x001/234.p/5").error().code, ErrorCode::kNotFound);
  folder.Forget("tile/0/x001/234.p");
}

TEST_F(LogFolderTest, OnlyItsGroupMayRead) {
  LogFolder folder(root_ / "log");
  ASSERT_TRUE(folder.Write("checkpoint", AsBytes("x")));
  const auto others = std::filesystem::perms::others_all;
  EXPECT_EQ(std::filesystem::status(root_ / "log").permissions() & others,
            std::filesystem::perms::none);
  EXPECT_EQ(std::filesystem::status(root_ / "log/checkpoint").permissions() & others,
            std::filesystem::perms::none);
}

TEST_F(LogFolderTest, OneHoldsIt) {
  LogFolder one(root_ / "log");
  LogFolder other(root_ / "log");
  auto held = one.Hold();
  ASSERT_TRUE(held);
  auto refused = other.Hold();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "audit.storage");
  held->reset();
  EXPECT_TRUE(other.Hold());
}

TEST_F(LogFolderTest, WhatCannotBeWrittenLeavesWhatWas) {
  LogFolder folder(root_ / "log");
  ASSERT_TRUE(folder.Write("checkpoint", AsBytes("before")));
  std::filesystem::create_directory(root_ / "log/checkpoint.new");  // in the way
  EXPECT_EQ(folder.Write("checkpoint", AsBytes("after")).error().rule, "audit.storage");
  EXPECT_EQ(ToString(*folder.Read("checkpoint")), "before");
  std::ofstream(root_ / "file") << "x";
  EXPECT_EQ(LogFolder(root_ / "file").Write("checkpoint", AsBytes("x")).error().rule,
            "audit.storage");
}

}  // namespace
}  // namespace mayfly::audit
