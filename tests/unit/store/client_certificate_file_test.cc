#include "store/client_certificate_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace mayfly::store {
namespace {

class ClientCertificate : public testing::Test {
 protected:
  ClientCertificate() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mayfly-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~ClientCertificate() override { std::filesystem::remove_all(folder_); }
  void Put(const std::string& text) const {
    std::ofstream(folder_ / "new") << text;
    std::filesystem::rename(folder_ / "new", folder_ / "my db.pem");
  }
  ClientCertificateFile Now() const {
    return ClientCertificateFile::NamedIn("host=a sslcert='" + (folder_ / "my db.pem").string() +
                                          "' sslkey=b");
  }

  std::filesystem::path folder_;
};

TEST_F(ClientCertificate, IsReplacedByAnotherFileInItsPlace) {
  Put("1");
  const ClientCertificateFile file = Now();
  EXPECT_FALSE(file.WasReplaced());
  Put("2");
  EXPECT_TRUE(file.WasReplaced());
  EXPECT_FALSE(Now().WasReplaced());
}

// The first one: sessions that came in with a password make way too.
TEST_F(ClientCertificate, IsReplacedWhereThereWasNone) {
  const ClientCertificateFile file = Now();
  EXPECT_FALSE(file.WasReplaced());
  Put("1");
  EXPECT_TRUE(file.WasReplaced());
}

TEST_F(ClientCertificate, ThatIsGoneStaysGood) {
  Put("1");
  const ClientCertificateFile file = Now();
  std::filesystem::remove(folder_ / "my db.pem");
  EXPECT_FALSE(file.WasReplaced());
}

TEST_F(ClientCertificate, ThatNobodyNamesIsNeverReplaced) {
  EXPECT_FALSE(ClientCertificateFile::NamedIn("host=a dbname=b").WasReplaced());
  EXPECT_FALSE(ClientCertificateFile::NamedIn("host=a sslcert=").WasReplaced());
  EXPECT_FALSE(ClientCertificateFile::NamedIn("nonsense").WasReplaced());
}

}  // namespace
}  // namespace mayfly::store
