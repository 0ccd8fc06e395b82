#include "clients/cpp/renewal_files.h"

#include <grp.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "clients/cpp/files.h"
#include "clients/cpp/private_key.h"

namespace mayfly::client {
namespace {

namespace fs = std::filesystem;

constexpr Milliseconds kAtOnce{0};
constexpr Milliseconds kLong{10'000};

class RenewalFilesTest : public testing::Test {
 protected:
  RenewalFilesTest() {
    std::string pattern = (fs::temp_directory_path() / "mayfly-renewal-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    MakePair("web.crt", "web.key");
  }
  ~RenewalFilesTest() override { fs::remove_all(folder_); }

  // A key and a certificate for it.
  void MakePair(const std::string& certificate, const std::string& key) {
    const std::string command =
        "cd " + folder_.string() +
        " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=web"
        " -keyout " +
        key + " -out " + certificate + " 2>/dev/null";
    ASSERT_EQ(system(command.c_str()), 0);
  }
  std::string Text(const std::string& name) { return ToString(*ReadFile(folder_ / name)); }
  Result<RenewalFiles> Open(Milliseconds patience = kAtOnce) {
    return RenewalFiles::Open(folder_ / "web.crt", folder_ / "web.key", patience);
  }
  size_t Entries() {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }
  fs::path folder_;
};

TEST_F(RenewalFilesTest, OneRunAtATime) {
  auto first = Open();
  ASSERT_TRUE(first);
  EXPECT_EQ(Open().error().rule, "file.locked");
  // Who waits comes after what the first one wrote.
  std::thread writer([turn = std::move(*first)] {
    std::this_thread::sleep_for(Milliseconds(100));
    EXPECT_TRUE(turn.Replace("chain", SecretBytes(ToBytes(AsBytes("key")))));
  });
  EXPECT_TRUE(Open(kLong));
  EXPECT_EQ(Text("web.crt"), "chain");
  EXPECT_EQ(Text("web.key"), "key");
  writer.join();
}

TEST_F(RenewalFilesTest, WhatWasKilledBetweenTheTwoFilesIsCompleted) {
  MakePair("new.crt", "new.key");
  const std::string certificate = Text("new.crt"), key = Text("new.key");
  // As a run leaves it that had replaced the key alone: RenewalFiles::Replace.
  fs::rename(folder_ / "web.key", folder_ / ".web.key.a1B2c3");
  fs::rename(folder_ / "new.key", folder_ / "web.key");
  fs::rename(folder_ / "new.crt", folder_ / ".web.crt.d4E5f6");
  const auto files = Open();
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_TRUE(files->was_completed());
  EXPECT_EQ(Text("web.crt"), certificate);
  EXPECT_EQ(Text("web.key"), key);
  EXPECT_EQ(Entries(), 2u);
}

TEST_F(RenewalFilesTest, WhatWasKilledBeforeTheFirstIsForgotten) {
  MakePair(".web.crt.d4E5f6", ".web.key.a1B2c3");
  const std::string certificate = Text("web.crt"), key = Text("web.key");
  std::ofstream(folder_ / ".web.crt.mine") << "somebody's";
  const auto files = Open();
  ASSERT_TRUE(files);
  EXPECT_FALSE(files->was_completed());
  EXPECT_EQ(Text("web.crt"), certificate);
  EXPECT_EQ(Text("web.key"), key);
  EXPECT_EQ(Entries(), 3u);
}

TEST_F(RenewalFilesTest, WhereNothingFitsNothingIsTouched) {
  MakePair(".web.crt.d4E5f6", ".web.key.a1B2c3");
  MakePair("other.crt", "web.key");
  const auto files = Open();
  ASSERT_TRUE(files);  // the client says that they do not belong together
  EXPECT_FALSE(files->was_completed());
  EXPECT_EQ(Entries(), 5u);
}

TEST_F(RenewalFilesTest, OwnerGroupAndModeStay) {
  ASSERT_EQ(chmod((folder_ / "web.key").c_str(), 0644), 0);
  ASSERT_EQ(chmod((folder_ / "web.crt").c_str(), 0440), 0);
  const bool is_root = geteuid() == 0;
  if (is_root) {
    ASSERT_EQ(chown((folder_ / "web.key").c_str(), 1234, 4321), 0);
  }
  const auto files = Open();
  ASSERT_TRUE(files);
  ASSERT_TRUE(files->Replace("chain", SecretBytes(ToBytes(AsBytes("key")))));
  struct stat key{}, certificate{};
  ASSERT_EQ(stat((folder_ / "web.key").c_str(), &key), 0);
  ASSERT_EQ(stat((folder_ / "web.crt").c_str(), &certificate), 0);
  EXPECT_EQ(key.st_mode & 07777, 0640u);  // a key is nobody else's to read
  EXPECT_EQ(certificate.st_mode & 07777, 0440u);
  if (is_root) {
    EXPECT_EQ(std::pair(key.st_uid, key.st_gid), std::pair(uid_t{1234}, gid_t{4321}));
  }
}

// Who is no root cannot give a file away, but to a group of theirs.
TEST_F(RenewalFilesTest, AMemberOfTheGroupKeepsTheGroup) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to be somebody else";
  constexpr gid_t kGroup = 4321;
  constexpr uid_t kSomebody = 1234;
  ASSERT_EQ(chmod(folder_.c_str(), 0777), 0);
  for (const char* name : {"web.key", "web.crt"}) {
    ASSERT_EQ(chown((folder_ / name).c_str(), 0, kGroup), 0);
    ASSERT_EQ(chmod((folder_ / name).c_str(), 0640), 0);
  }
  ASSERT_EQ(setgroups(1, &kGroup), 0);
  ASSERT_TRUE(setegid(kSomebody) == 0 && seteuid(kSomebody) == 0);
  const auto files = Open();
  const bool is_replaced =
      files && files->Replace("chain", SecretBytes(ToBytes(AsBytes("key")))).has_value();
  ASSERT_TRUE(seteuid(0) == 0 && setegid(0) == 0 && setgroups(0, nullptr) == 0);
  ASSERT_TRUE(is_replaced);
  struct stat key{};
  ASSERT_EQ(stat((folder_ / "web.key").c_str(), &key), 0);
  EXPECT_EQ(std::pair(key.st_uid, key.st_gid), std::pair(kSomebody, kGroup));
  EXPECT_EQ(key.st_mode & 07777, 0640u);
}

TEST_F(RenewalFilesTest, LinksAreFollowed) {
  fs::create_directory(folder_ / "live");
  fs::create_symlink("../web.crt", folder_ / "live/tls.crt");
  fs::create_symlink("../web.key", folder_ / "live/tls.key");
  const auto files =
      RenewalFiles::Open(folder_ / "live/tls.crt", folder_ / "live/tls.key", kAtOnce);
  ASSERT_TRUE(files);
  ASSERT_TRUE(files->Replace("chain", SecretBytes(ToBytes(AsBytes("key")))));
  EXPECT_TRUE(fs::is_symlink(folder_ / "live/tls.key"));
  EXPECT_EQ(Text("web.key"), "key");
  EXPECT_EQ(Text("live/tls.crt"), "chain");
}

TEST_F(RenewalFilesTest, SaysWhatIsNotThere) {
  fs::remove(folder_ / "web.key");
  EXPECT_EQ(Open().error().rule, "renewal.key");
  fs::remove(folder_ / "web.crt");
  EXPECT_EQ(Open().error().rule, "file.missing");
}

TEST_F(RenewalFilesTest, DerIsNotRenewed) {
  const std::string command =
      "cd " + folder_.string() + " && openssl x509 -in web.crt -outform DER -out d && mv d web.crt";
  ASSERT_EQ(system(command.c_str()), 0);
  EXPECT_EQ(Open().error().rule, "renewal.pem");
}

}  // namespace
}  // namespace mayfly::client
