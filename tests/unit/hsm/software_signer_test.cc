#include "hsm/client/software_signer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/system.h"

namespace mayfly::hsm {
namespace {

class SoftwareSignerTest : public testing::Test {
 protected:
  SoftwareSignerTest() {
    std::string pattern = testing::TempDir() + "mayfly-keys-XXXXXX";
    folder = mkdtemp(pattern.data());
  }
  ~SoftwareSignerTest() override { std::filesystem::remove_all(folder); }

  Result<x509::SubjectPublicKeyInfo> Ask(const std::string& uri) {
    SoftwareSigner signer(folder, pool, clock);
    return SyncWait(signer.PublicKey(uri, clock.BootNow() + std::chrono::seconds(10)));
  }
  std::string Content(const std::string& name) const {
    std::ostringstream out;
    out << std::ifstream(folder / name).rdbuf();
    return out.str();
  }

  std::filesystem::path folder;
  SystemClock clock;
  ThreadPool pool{1};
};

TEST_F(SoftwareSignerTest, KeyFileIsForItsOwnerOnly) {
  ASSERT_TRUE(GenerateSoftwareKey(folder, "root", KeyKind::kP384));
  EXPECT_EQ(std::filesystem::status(folder / "root.pem").permissions(),
            std::filesystem::perms(0600));
  EXPECT_TRUE(Content("root.pem").starts_with("-----BEGIN PRIVATE KEY-----\n"));
}

TEST_F(SoftwareSignerTest, KeyIsNeverOverwritten) {
  ASSERT_TRUE(GenerateSoftwareKey(folder, "root", KeyKind::kP256));
  std::string before = Content("root.pem");
  auto again = GenerateSoftwareKey(folder, "root", KeyKind::kP256);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_EQ(again.error().rule, "signer.key-exists");
  EXPECT_EQ(Content("root.pem"), before);
}

TEST_F(SoftwareSignerTest, KeyNamesHaveLimits) {
  auto rule = [&](const std::string& name) {
    auto key = GenerateSoftwareKey(folder, name, KeyKind::kP256);
    return key ? "" : key.error().rule;
  };
  EXPECT_EQ(rule(std::string(kKeyNameBytesMax, 'a')), "");
  EXPECT_EQ(rule(std::string(kKeyNameBytesMax + 1, 'a')), "signer.key-name");
  for (const char* bad : {"", ".", "../x", "a/b", "a b", "a.pem"}) {
    EXPECT_EQ(rule(bad), "signer.key-name") << bad;
  }
}

TEST_F(SoftwareSignerTest, FileThatOthersCanReadIsRefused) {
  ASSERT_TRUE(GenerateSoftwareKey(folder, "root", KeyKind::kP256));
  std::filesystem::permissions(folder / "root.pem", std::filesystem::perms(0640));
  auto key = Ask("file:root");
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().rule, "signer.key-file");
  std::filesystem::permissions(folder / "root.pem", std::filesystem::perms(0600));
  EXPECT_TRUE(Ask("file:root"));
}

TEST_F(SoftwareSignerTest, BrokenFilesAreRefused) {
  ASSERT_TRUE(GenerateSoftwareKey(folder, "root", KeyKind::kP256));
  std::string good = Content("root.pem");
  for (const std::string& text :
       {std::string(), std::string("nonsense"), good.substr(0, good.size() / 2),
        good + std::string(kKeyFileBytesMax, '\n')}) {
    std::ofstream(folder / "root.pem", std::ios::trunc) << text;
    auto key = Ask("file:root");
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().rule, "signer.key-file");
  }
}

}  // namespace
}  // namespace mayfly::hsm
