#include "config/database_section.h"
#include "config/policy_file.h"
#include "tests/unit/config/config_fixture.h"

namespace mayfly::config {
namespace {

using testing::ElementsAre;

Result<DatabaseConfig> Read(const std::string& text) {
  TRY_ASSIGN(Document document, Document::Parse("[database]\n" + text, "ca.toml"));
  DatabaseConfig database = ReadDatabase(document.root().Sub("database"), "/etc/mayfly");
  TRY(document.Finish());
  return database;
}

constexpr char kCertificate[] = R"(connection = "host=db.internal dbname=mayfly"
server_roots = "database-roots.pem"
client_certificate = "state/database.pem"
client_names = ["DNS:ca.internal"]
)";

TEST(Database, TheConnectionAloneIsAsItStands) {
  const auto database = Read("connection = \"host=/run/postgresql dbname=mayfly\"\n");
  ASSERT_TRUE(database);
  EXPECT_EQ(database->connection, "host=/run/postgresql dbname=mayfly");
  EXPECT_EQ(database->client_certificate, std::nullopt);
}

TEST(Database, ACertificateIsOneFileShownToAVerifiedServer) {
  const auto database = Read(kCertificate);
  ASSERT_TRUE(database) << Describe(database.error(), ErrorText::kForLog);
  EXPECT_EQ(database->connection,
            "host=db.internal dbname=mayfly sslmode='verify-full' "
            "sslrootcert='/etc/mayfly/database-roots.pem' "
            "sslcert='/etc/mayfly/state/database.pem' sslkey='/etc/mayfly/state/database.pem'");
  ASSERT_TRUE(database->client_certificate);
  EXPECT_EQ(database->client_certificate->file, "/etc/mayfly/state/database.pem");
  EXPECT_EQ(database->client_certificate->profile, "database");
  EXPECT_EQ(x509::Describe(database->client_certificate->names), "DNS:ca.internal");
  EXPECT_EQ(Read(std::string(kCertificate) + "client_profile = \"client\"\n")
                ->client_certificate->profile,
            "client");
}

TEST(Database, TheGuideIsRead) {
  constexpr char kGuide[] = "database-certificates.md";
  const std::string section = GuideExample(kGuide, "[database]");
  const auto database = Read(section.substr(section.find('\n') + 1));
  ASSERT_TRUE(database) << Describe(database.error(), ErrorText::kForLog);
  EXPECT_TRUE(database->client_certificate);
  const auto policy = ParsePolicy(
      ExampleIn("POLICY.md") + "\n" + GuideExample(kGuide, "[profile.database]"), "policy.toml");
  EXPECT_TRUE(policy) << Describe(policy.error(), ErrorText::kForLog);
}

TEST(Database, PathsAreQuotedForLibpq) {
  const auto database = Read("connection = \"host=a\"\nserver_roots = \"o'brien\\\\x y.pem\"\n");
  ASSERT_TRUE(database);
  EXPECT_EQ(database->connection,
            "host=a sslmode='verify-full' sslrootcert='/etc/mayfly/o\\'brien\\\\x y.pem'");
}

TEST(Database, WhatBelongsTogetherIsThereTogether) {
  const auto findings = [](std::string_view from, std::string_view to) {
    return FindingsOf(Read(With(kCertificate, from, to)));
  };
  EXPECT_THAT(findings("server_roots = \"database-roots.pem\"\n", ""),
              ElementsAre("3 config.missing"));
  EXPECT_THAT(findings("client_names = [\"DNS:ca.internal\"]\n", ""),
              ElementsAre("1 config.missing"));
  EXPECT_THAT(findings("DNS:ca.internal", "ca.internal"), ElementsAre("5 name.kind"));
  EXPECT_THAT(findings("client_certificate = \"state/database.pem\"\n", ""),
              ElementsAre("4 config.not-here"));
  EXPECT_THAT(FindingsOf(Read("connection = \"host=a password=b\"\n")),
              ElementsAre("2 config.secret"));
}

}  // namespace
}  // namespace mayfly::config
