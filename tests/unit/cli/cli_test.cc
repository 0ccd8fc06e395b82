#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>

#include "base/system.h"
#include "clients/cli/app.h"
#include "clients/cli/render.h"
#include "clients/cli/settings.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;
namespace v1 = ::mayfly::ca::v1;

class Cli : public testing::Test {
 protected:
  Cli() {
    std::string pattern = (fs::temp_directory_path() / "mayfly-cli-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    fs::create_directories(folder_ / "work/below");
    fs::create_directories(folder_ / "home");
  }
  ~Cli() override { fs::remove_all(folder_); }

  int Run(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "mayfly");
    out_.str("");
    err_.str("");
    Console console{out_, err_, [](const std::string&) { return std::nullopt; }};
    return cli::Run(static_cast<int>(arguments.size()), arguments.data(),
                    {Around(), clock_, random_, console});
  }
  Surroundings Around() { return {folder_ / "work/below", folder_ / "home", ""}; }
  fs::path Write(const fs::path& path, const std::string& text) {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
    return folder_ / path;
  }

  fs::path folder_;
  SystemClock clock_;
  SystemRandom random_;
  std::ostringstream out_, err_;
};

TEST_F(Cli, HelpIsZeroAndFits80Columns) {
  for (const std::vector<const char*>& arguments : {std::vector<const char*>{"--help"},
                                                    {"issue", "--help"},
                                                    {"show", "--help"},
                                                    {"revoke", "--help"},
                                                    {"trust-bundle", "--help"}}) {
    EXPECT_EQ(Run(arguments), 0);
    std::istringstream lines(out_.str());
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
    EXPECT_GT(out_.str().size(), 100u);
  }
}

TEST_F(Cli, WrongUsageIsTwo) {
  EXPECT_EQ(Run({}), 2);
  EXPECT_EQ(Run({"frobnicate"}), 2);
  EXPECT_EQ(Run({"show"}), 2);
  EXPECT_EQ(Run({"show", "--nonsense", "x"}), 2);
  EXPECT_EQ(Run({"issue"}), 2);
  EXPECT_EQ(Run({"issue", "web.internal", "--lifetime", "soon"}), 2);
  EXPECT_NE(err_.str().find("[cli.lifetime]"), std::string::npos);
  EXPECT_EQ(Run({"revoke", "2101933b52f0a1c2", "--reason", "hold"}), 2);
  EXPECT_NE(err_.str().find("key-compromise"), std::string::npos);
}

TEST_F(Cli, SaysWhichSettingsAreMissing) {
  EXPECT_EQ(Run({"show", "2101933b52f0a1c2", "--server", "ca"}), 2);
  EXPECT_EQ(err_.str().find("--server:"), std::string::npos);
  EXPECT_NE(err_.str().find("--trust"), std::string::npos);
  EXPECT_NE(err_.str().find("--cert"), std::string::npos);
  EXPECT_EQ(out_.str(), "");
}

TEST_F(Cli, NeverAsksForACertificateThatCouldNotBeWritten) {
  const auto key = Write("web.internal.key", "precious");
  EXPECT_EQ(Run({"issue", "web.internal", "--out", folder_.c_str()}), 1);
  EXPECT_NE(err_.str().find("[file.exists]"), std::string::npos);
  EXPECT_NE(err_.str().find("--force"), std::string::npos);
}

TEST_F(Cli, ConfigurationFileOrder) {
  GlobalOptions options;
  Surroundings around = Around();
  EXPECT_EQ(FindConfigFile(options, around), std::nullopt);
  const auto home = Write("home/.config/mayfly/client.toml", "");
  EXPECT_EQ(FindConfigFile(options, around), home);
  const auto above = Write("work/.mayfly/client.toml", "");
  EXPECT_EQ(FindConfigFile(options, around), above);
  around.config_from_variable = "/variable.toml";
  EXPECT_EQ(FindConfigFile(options, around), "/variable.toml");
  options.config_file = "/option.toml";
  EXPECT_EQ(FindConfigFile(options, around), "/option.toml");
}

TEST_F(Cli, PathsInTheFileAreRelativeToItAndOptionsWin) {
  Write("work/.mayfly/client.toml",
        "server = \"ca.internal\"\ntrust = \"roots.pem\"\ncertificate = \"/abs/me.crt\"\n"
        "private_key = \"me.key\"\n");
  GlobalOptions options;
  options.private_key = "other.key";
  const auto config = ResolveSettings(options, Around());
  ASSERT_TRUE(config) << Describe(config.error(), mayfly::ErrorText::kForLog);
  EXPECT_EQ(config->server, "ca.internal");
  EXPECT_EQ(config->trust, folder_ / "work/.mayfly/roots.pem");
  EXPECT_EQ(config->certificate, "/abs/me.crt");
  EXPECT_EQ(config->private_key, "other.key");
}

TEST_F(Cli, AnUnknownKeyInTheFileIsAnError) {
  Write("work/.mayfly/client.toml", "sever = \"ca\"\n");
  EXPECT_EQ(Run({"show", "2101933b52f0a1c2"}), 2);
  EXPECT_NE(err_.str().find("client.toml:1"), std::string::npos) << err_.str();
}

TEST_F(Cli, TimeoutAtTheLimitAndOnePast) {
  GlobalOptions options{.server = "a", .trust = "b", .certificate = "c", .private_key = "d"};
  options.timeout = "600s";
  EXPECT_TRUE(ResolveSettings(options, Around()));
  options.timeout = "601s";
  EXPECT_EQ(ResolveSettings(options, Around()).error().rule, "cli.timeout");
}

TEST_F(Cli, Targets) {
  const fs::path here = folder_ / "work";
  EXPECT_EQ(*ResolveTarget("issuers/a/certificates/21", here), "issuers/a/certificates/21");
  EXPECT_EQ(*ResolveTarget("2101933b52f0a1c2", here), "issuers/-/certificates/2101933b52f0a1c2");
  EXPECT_EQ(ResolveTarget("web.internal", here).error().rule, "cli.target");
  Write("work/web.internal.crt", "no certificate");
  EXPECT_NE(ResolveTarget("web.internal", here).error().rule, "cli.target");
}

TEST(ExitCodeOf, IsAsHelpSays) {
  const auto code = [](ErrorCode error, const char* rule = "x.y") {
    return ExitCodeOf(Fail(error, rule, ""));
  };
  EXPECT_EQ(code(ErrorCode::kBadCsr), ExitCode::kFailed);
  EXPECT_EQ(code(ErrorCode::kInvalidArgument), ExitCode::kFailed);
  EXPECT_EQ(code(ErrorCode::kInvalidArgument, "cli.target"), ExitCode::kUsage);
  EXPECT_EQ(code(ErrorCode::kConfiguration), ExitCode::kUsage);
  EXPECT_EQ(code(ErrorCode::kPolicyDenied), ExitCode::kDenied);
  EXPECT_EQ(code(ErrorCode::kUnauthenticated), ExitCode::kDenied);
  EXPECT_EQ(code(ErrorCode::kNotFound), ExitCode::kNotFound);
  EXPECT_EQ(code(ErrorCode::kUnknownProfile), ExitCode::kNotFound);
  EXPECT_EQ(code(ErrorCode::kShuttingDown), ExitCode::kUnavailable);
  EXPECT_EQ(code(ErrorCode::kDeadlineExceeded), ExitCode::kUnavailable);
}

TEST(Render, Reasons) {
  EXPECT_EQ(*ParseReason("key-compromise"), v1::REVOCATION_REASON_KEY_COMPROMISE);
  EXPECT_EQ(ReasonText(v1::REVOCATION_REASON_PRIVILEGE_WITHDRAWN), "privilege-withdrawn");
  EXPECT_FALSE(ParseReason("certificate-hold"));
}

TEST(Render, SpansAndTimes) {
  EXPECT_EQ(SpanText(Seconds(30)), "30 s");
  EXPECT_EQ(SpanText(Seconds(90)), "1 min 30 s");
  EXPECT_EQ(SpanText(std::chrono::hours(24 * 7)), "7 days");
  EXPECT_EQ(SpanText(std::chrono::hours(24 * 7 - 1)), "6 days 23 h");
  EXPECT_EQ(TimeText(1'700'000'000), "2023-11-14 22:13:20 UTC");
}

TEST(Render, JsonHasTheProtosNames) {
  v1::Certificate certificate;
  certificate.set_serial_number("21");
  EXPECT_NE(Json(certificate).find("\"serial_number\": \"21\""), std::string::npos);
}

TEST(Render, TextFromTheServerCannotDriveTheTerminal) {
  v1::Certificate certificate;
  certificate.add_subject_alt_names("DNS:\x1b[2J");
  EXPECT_EQ(CertificateText(certificate, TimePoint()).find('\x1b'), std::string::npos);
}

TEST(Render, ErrorsSayWhatWhyAndWhatNext) {
  Error error = Fail(ErrorCode::kPolicyDenied, "policy.name", "not granted");
  error.violations = {{"policy.name", "DNS:a.internal",
                       std::string("no rule ") + "names this principal, this profile "
                                                 "and this name, all three at once"}};
  const std::string text = cli::ErrorText("no certificate was issued", error);
  EXPECT_NE(text.find("no certificate was issued: not granted [policy.name]"), std::string::npos);
  EXPECT_NE(text.find("DNS:a.internal"), std::string::npos);
  EXPECT_NE(text.find("operator"), std::string::npos);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
}

}  // namespace
}  // namespace mayfly::cli
