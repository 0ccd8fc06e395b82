#include "clients/cli/contexts.h"
#include "clients/cli/error_text.h"
#include "clients/cli/exit_code.h"
#include "clients/cli/reference.h"
#include "clients/cli/render.h"
#include "clients/cli/table.h"
#include "clients/cli/target.h"
#include "tests/unit/cli/cli_fixture.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;
namespace v1 = ::mayfly::ca::v1;
const fs::path kGolden = fs::path(MAYFLY_SOURCE_DIR) / "tests/golden/cli";

class Cli : public testing::Test {
 protected:
  std::string ValueOf(Setting setting, const GlobalOptions& options = {}) {
    const auto values = FindSettings(options, box_.Around());
    if (!values) return "error " + values.error().rule;
    return (*values)[static_cast<size_t>(setting)].text;
  }
  std::string Server(const GlobalOptions& options = {}) {
    return ValueOf(Setting::kServer, options);
  }
  Sandbox box_;
};

TEST_F(Cli, EverySettingComesFromTheFirstPlaceThatHasIt) {
  EXPECT_EQ(Server(), "");
  box_.Write("etc/client.toml", "server = \"system\"\n");
  EXPECT_EQ(Server(), "system");
  box_.Write("home/client.toml", "server = \"user\"\n");
  EXPECT_EQ(Server(), "user");
  box_.Write("work/.mayfly/client.toml", "server = \"project\"\n");
  EXPECT_EQ(Server(), "project");
  box_.Write("home/contexts/a.toml", "server = \"context-a\"\n");
  box_.Write("home/contexts/b.toml", "server = \"context-b\"\n");
  box_.variables["MAYFLY_CONTEXT"] = "a";
  EXPECT_EQ(Server(), "context-a");
  box_.variables["MAYFLY_SERVER"] = "variable";
  EXPECT_EQ(Server(), "variable");
  EXPECT_EQ(Server({.context = "b"}), "context-b");
  EXPECT_EQ(Server({.server = "option", .context = "b"}), "option");
}

TEST_F(Cli, AProjectsFileThatOthersMayWriteSaysNothing) {
  box_.Write("home/client.toml", "server = \"user\"\n");
  const auto file = box_.Write("work/.mayfly/client.toml", "server = \"project\"\n");
  EXPECT_EQ(Server(), "project");
  fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(Server(), "user");
  fs::permissions(file, fs::perms::others_write, fs::perm_options::remove);
  fs::permissions(file.parent_path(), fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(Server(), "user");
  fs::permissions(file.parent_path(), fs::perms::others_write, fs::perm_options::remove);
  if (geteuid() == 0) {
    ASSERT_EQ(chown(file.c_str(), 1234, 1234), 0);
    EXPECT_EQ(Server(), geteuid() == 1234 ? "project" : "user");
  }
}

TEST_F(Cli, ATokenIsNotSentWhereAProjectSays) {
  box_.Write("home/token", "secret\n");
  box_.Write("home/client.toml",
             "server = \"user\"\ntrust = \"roots.pem\"\ntoken_file = \"token\"\n");
  EXPECT_TRUE(ResolveSettings({}, box_.Around()));
  box_.Write("work/.mayfly/client.toml", "server = \"project\"\n");
  EXPECT_EQ(ResolveSettings({}, box_.Around()).error().rule, "cli.token-place");
  EXPECT_TRUE(ResolveSettings({}, box_.Around(), Caller::kNobody));
  EXPECT_TRUE(ResolveSettings({.server = "project"}, box_.Around())) << "it was said";
  box_.Write("work/.mayfly/client.toml", "trust = \"mine.pem\"\n");
  EXPECT_EQ(ResolveSettings({}, box_.Around()).error().rule, "cli.token-place");
  // A project with a token of its own.
  box_.Write("work/.mayfly/client.toml", "server = \"project\"\ntoken_file = \"own\"\n");
  EXPECT_TRUE(ResolveSettings({}, box_.Around()));
}

TEST_F(Cli, BootstrapSaysWhichPortItNeedsWhereNobodyAnswers) {
  EXPECT_EQ(box_.Run({"bootstrap", "--server", "localhost:1", "--enrolment-server", "localhost:2",
                      "--fingerprint", std::string(64, 'a'), "--timeout", "1s"}),
            5);
  EXPECT_NE(box_.err().find("[bootstrap.unreachable]"), std::string::npos) << box_.err();
  EXPECT_NE(box_.err().find("--enrolment-server HOST:7444"), std::string::npos) << box_.err();
}

TEST_F(Cli, AnExplicitFileStandsInForTheUsualOnes) {
  box_.Write("work/.mayfly/client.toml", "server = \"project\"\n");
  const auto one = box_.Write("one.toml", "server = \"one\"\n");
  const auto two = box_.Write("two.toml", "trust = \"roots.pem\"\n");
  box_.variables["MAYFLY_CONFIG"] = one.string();
  EXPECT_EQ(Server(), "one");
  EXPECT_EQ(Server({.config_file = two.string()}), "");
}

TEST_F(Cli, TheUsersContextIsOutrankedByTheProject) {
  box_.Write("home/contexts/a.toml", "server = \"context-a\"\ntrust = \"a.pem\"\n");
  box_.Write("home/client.toml", "context = \"a\"\nserver = \"own\"\n");
  EXPECT_EQ(Server(), "context-a");
  EXPECT_EQ(ValueOf(Setting::kTrust), (box_.folder() / "home/contexts/a.pem").string());
  box_.Write("work/.mayfly/client.toml", "server = \"project\"\n");
  EXPECT_EQ(Server(), "project");
  EXPECT_EQ(ValueOf(Setting::kTrust), (box_.folder() / "home/contexts/a.pem").string());
}

TEST_F(Cli, ABrokenFileThatIsNotNeededIsInNobodysWay) {
  box_.Write("home/client.toml", "sever = \"ca\"\n");
  EXPECT_EQ(Server(), "error config.unknown-key");
  EXPECT_EQ(Server({.server = "a", .trust = "b", .certificate = "c", .private_key = "d"}), "a");
}

TEST_F(Cli, ContextNames) {
  EXPECT_TRUE(CheckContextName("prod-1.eu_west"));
  EXPECT_TRUE(CheckContextName(std::string(64, 'a')));
  for (const std::string& bad : {std::string(), std::string(65, 'a'), std::string("a/b"),
                                 std::string("../a"), std::string(".a"), std::string("a b")}) {
    EXPECT_FALSE(CheckContextName(bad)) << bad;
  }
  box_.Write("secret.toml", "server = \"x\"\n");
  EXPECT_EQ(FindContext("../../secret", box_.Around()).error().rule, "cli.context");
}

TEST_F(Cli, UsingAContextLeavesTheOtherLinesOfTheFile) {
  box_.Write("home/contexts/b.toml", "server = \"b\"\n");
  const auto file = box_.Write("home/client.toml", "# mine\ncontext = \"a\"\ntrust = \"t\"\n");
  EXPECT_EQ(box_.Run({"context", "use", "b"}), 0) << box_.err();
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_EQ(text.str(), "context = \"b\"\n# mine\ntrust = \"t\"\n");
  EXPECT_EQ(box_.Run({"context", "remove", "b", "--yes"}), 0) << box_.err();
  EXPECT_EQ(ReadSettings(file)->context, "");
  EXPECT_EQ(ValueOf(Setting::kTrust), (box_.folder() / "home/t").string());
}

TEST_F(Cli, AWrittenContextIsReadBackAsItWas) {
  NamedContext context{"odd", {}, {"ca", "/a \"quoted\" \\ path", "/b", "/c"}};
  ASSERT_TRUE(WriteContext(context, Overwrite::kNo, box_.Around()));
  EXPECT_EQ(FindContext("odd", box_.Around())->settings, context.settings);
  EXPECT_EQ(WriteContext(context, Overwrite::kNo, box_.Around()).error().rule, "context.exists");
  EXPECT_TRUE(WriteContext(context, Overwrite::kYes, box_.Around()));
  context.settings[0] = "a\nb";
  EXPECT_EQ(WriteContext(context, Overwrite::kYes, box_.Around()).error().rule,
            "cli.context-value");
}

TEST_F(Cli, TimeoutAtTheLimitsAndOnePast) {
  const auto rule = [&](const std::string& text) {
    const auto timeout = FindTimeout({.timeout = text}, box_.Around());
    return timeout ? "" : timeout.error().rule;
  };
  EXPECT_EQ(rule("600s"), "");
  EXPECT_EQ(rule("601s"), "cli.timeout");
  EXPECT_EQ(rule("1s"), "");
  EXPECT_EQ(rule("0s"), "cli.timeout");
}

TEST_F(Cli, NothingIsAskedForThatCouldNotBeWritten) {
  box_.Write("work/web.internal.key", "precious");
  EXPECT_EQ(box_.Run({"issue", "web.internal"}), 1);
  EXPECT_NE(box_.err().find("[file.exists]"), std::string::npos);
  EXPECT_NE(box_.err().find("--force"), std::string::npos);
}

TEST_F(Cli, MistypedNamesAreWrongUsage) {
  EXPECT_EQ(box_.Run({"issue", "web_internal", "*.*.internal"}), 2);
  EXPECT_NE(box_.err().find("web_internal"), std::string::npos);
  EXPECT_NE(box_.err().find("*.*.internal"), std::string::npos);
}

TEST_F(Cli, WhatDestroysAsksFirst) {
  box_.Write("home/contexts/a.toml", "server = \"a\"\n");
  EXPECT_EQ(box_.Run({"context", "remove", "a"}), 2);  // nobody to ask
  box_.answer = false;
  EXPECT_EQ(box_.Run({"context", "remove", "a"}), 1);
  EXPECT_TRUE(fs::exists(box_.folder() / "home/contexts/a.toml"));
  box_.answer = true;
  EXPECT_EQ(box_.Run({"context", "remove", "a"}), 0);
  EXPECT_FALSE(fs::exists(box_.folder() / "home/contexts/a.toml"));
}

TEST_F(Cli, TheOutputVariableIsForVerbsThatCan) {
  box_.variables["MAYFLY_OUTPUT"] = "json";
  EXPECT_EQ(box_.Run({"context", "list"}), 0);
  EXPECT_TRUE(box_.out().starts_with("{")) << box_.out();
  box_.variables["MAYFLY_OUTPUT"] = "pem";
  EXPECT_EQ(box_.Run({"context", "list"}), 0);
  EXPECT_TRUE(box_.out().starts_with("CURRENT")) << box_.out();
  box_.variables["MAYFLY_OUTPUT"] = "xml";
  EXPECT_EQ(box_.Run({"context", "list"}), 2);
  EXPECT_NE(box_.err().find("MAYFLY_OUTPUT"), std::string::npos) << "who says so";
}

TEST_F(Cli, ABrokenContextHidesNoOtherAndCanBeRemoved) {
  box_.Write("home/contexts/broken.toml", "server = \n");
  box_.Write("home/contexts/good.toml", "server = \"a.internal\"\n");
  EXPECT_EQ(box_.Run({"context", "list"}), 0);
  EXPECT_NE(box_.out().find("a.internal"), std::string::npos) << box_.out();
  EXPECT_NE(box_.out().find("(not readable)"), std::string::npos) << box_.out();
  EXPECT_NE(box_.err().find("broken.toml:1"), std::string::npos) << box_.err();
  EXPECT_EQ(box_.Run({"context", "remove", "broken", "--yes"}), 0) << box_.err();
  EXPECT_FALSE(fs::exists(box_.folder() / "home/contexts/broken.toml"));
}

TEST_F(Cli, TrustIsInstalledAndTakenBack) {
  const std::string roots = (kGolden / "roots.pem").string();
  box_.Write("anchors/somebody-elses.crt", "stays");
  EXPECT_EQ(box_.Run({"trust", "install", roots}), 0) << box_.err();
  const auto count = [&] {
    return std::distance(fs::directory_iterator(box_.folder() / "anchors"), {});
  };
  EXPECT_EQ(count(), 2);
  EXPECT_EQ(box_.Run({"trust", "install", roots}), 0) << "again is no error";
  EXPECT_EQ(count(), 2);
  EXPECT_EQ(box_.Run({"trust", "install", (kGolden / "web.internal.crt").string()}), 1);
  EXPECT_EQ(count(), 2) << "a server's certificate is no root";
  EXPECT_EQ(box_.Run({"trust", "uninstall", "--yes"}), 0) << box_.err();
  EXPECT_TRUE(fs::exists(box_.folder() / "anchors/somebody-elses.crt"));
  EXPECT_EQ(count(), 1);
}

TEST_F(Cli, WhereRootsCannotBeInstalledItSaysSo) {
  const std::string roots = (kGolden / "roots.pem").string();
  box_.anchor_program = "/nonexistent";
  EXPECT_EQ(box_.Run({"trust", "install", roots}), 1);
  EXPECT_NE(box_.err().find("[trust.program]"), std::string::npos);
  EXPECT_TRUE(fs::is_empty(box_.folder() / "anchors"));
  box_.anchor_program = "/usr/bin/false";
  EXPECT_EQ(box_.Run({"trust", "install", roots}), 1);
  EXPECT_NE(box_.err().find("ended with status 1"), std::string::npos);
}

TEST_F(Cli, Targets) {
  const fs::path here = box_.folder() / "work";
  const auto record = [&](const std::string& text) { return *ResourceNameOf(text, here); };
  EXPECT_EQ(record("issuers/a/certificates/21"), "issuers/a/certificates/21");
  EXPECT_EQ(record("2101933b52f0a1c2"), "issuers/-/certificates/2101933b52f0a1c2");
  EXPECT_EQ(ReadTarget("web.internal", here).error().rule, "cli.target");
  EXPECT_EQ(ReadTarget("web.crt", here).error().rule, "file.missing");
  fs::copy(kGolden / "web.internal.crt", here / "web.internal.crt");
  EXPECT_EQ(record("web.internal"),
            "issuers/-/certificates/21019c0b1d8800112233445566778899aabbccdd");
  const auto near = [&](const std::string& text) { return ReadTarget(text, here).error().message; };
  EXPECT_NE(near("web.internal.cr").find("web.internal.crt"), std::string::npos);
  EXPECT_NE(near("wbe.internl").find("\"web.internal\""), std::string::npos);
  EXPECT_NE(near("http://web.internal").find("https://web.internal"), std::string::npos);
  EXPECT_EQ(record("issuers/-/certificates/21019C0B"), "issuers/-/certificates/21019c0b");
}

TEST_F(Cli, SummaryFitsEightLinesAnd80Columns) {
  for (const char* file : {"web.internal.crt", "expired.crt", "roots.pem"}) {
    EXPECT_EQ(box_.Run({"inspect", (kGolden / file).string()}), 0);
    const std::string text = box_.out();
    EXPECT_LE(std::ranges::count(text, '\n'), 8);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  }
}

TEST_F(Cli, RenewalHasItsOwnExitCodes) {
  fs::copy(kGolden / "web.internal.crt", box_.folder() / "work/a.crt");
  EXPECT_EQ(box_.Run({"needs-renewal", "a.crt"}), 1);
  EXPECT_EQ(box_.Run({"needs-renewal", "a.crt", "--expires-within", "6d"}), 0);
  EXPECT_EQ(box_.Run({"needs-renewal", (kGolden / "expired.crt").string()}), 0);
  EXPECT_EQ(box_.Run({"needs-renewal", "b.crt"}), 2);
  EXPECT_EQ(box_.Run({"needs-renewal", (kGolden / "request.csr").string()}), 255);
  EXPECT_EQ(box_.Run({"needs-renewal"}), 255);
  EXPECT_EQ(box_.Run({"needs-renewal", "a.crt", "-o", "xml"}), 255);
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

TEST(Render, SpansAndTimes) {
  EXPECT_EQ(SpanText(Seconds(30)), "30 s");
  EXPECT_EQ(SpanText(Seconds(90)), "1 min 30 s");
  EXPECT_EQ(SpanText(std::chrono::hours(24 * 7)), "7 days");
  EXPECT_EQ(SpanText(std::chrono::hours(24 * 7 - 1)), "6 days 23 h");
  EXPECT_EQ(TimeText(TimePoint(Seconds(1'700'000'000))), "2023-11-14 22:13:20 UTC");
}

TEST(Render, NamesAreCountedWhereTheyDoNotFit) {
  EXPECT_EQ(NamesText({"DNS:a.internal", "IP:10.0.0.7"}, 60), "a.internal, 10.0.0.7");
  EXPECT_EQ(NamesText({"DNS:a.internal", "DNS:b.internal", "DNS:c.internal"}, 30),
            "a.internal and 2 more");
}

TEST(Render, TextFromTheServerCannotDriveTheTerminal) {
  v1::Certificate record;
  record.add_subject_alt_names("DNS:\x1b[2J");
  record.set_profile("\x1b[2J");
  const auto shown = ShownRecord(record);
  EXPECT_EQ(SummaryText(*shown, TimePoint()).find('\x1b'), std::string::npos);
  EXPECT_EQ(FullText(*shown, TimePoint()).find('\x1b'), std::string::npos);
  const Answer answer = AnswerOf(*shown, TimePoint());
  for (const Format format : CertificateFormats()) {
    EXPECT_EQ(TextOf(answer, format).find('\x1b'), std::string::npos);
  }
}

TEST(Output, JsonHasTheProtosNames) {
  v1::Certificate record;
  record.set_serial_number("21");
  EXPECT_EQ(ToJson(record).dump(), R"({"serial_number":"21"})");
}

TEST(Output, YamlQuotesWhatAReaderWouldTakeForSomethingElse) {
  const Json document = {{"a", "no"},          {"b", "12e3"},
                         {"c", "x: y"},        {"d", "plain"},
                         {"e", Json::array()}, {"f", {{{"g", 1}, {"h", true}}, "i"}}};
  EXPECT_EQ(ToYaml(document),
            "a: \"no\"\nb: \"12e3\"\nc: \"x: y\"\nd: plain\ne: []\nf:\n"
            "  - g: 1\n    h: true\n  - i\n");
}

TEST(Table, IsCutAndThenThinnedWhereTheTerminalIsNarrow) {
  const std::vector<Column> columns = {{"NAME", 0, 6}, {"ID"}, {"EXTRA", 1}};
  const std::vector<std::vector<Cell>> rows = {{{"abcdefghij"}, {"12345"}, {"zzzzz"}}};
  const auto last = [&](std::optional<size_t> width) {
    const std::string text = Table(columns, rows, {width, false});
    return text.substr(text.find('\n') + 1);
  };
  EXPECT_EQ(last(std::nullopt), "abcdefghij  12345  zzzzz\n");
  EXPECT_EQ(last(24), "abcdefghij  12345  zzzzz\n");
  EXPECT_EQ(last(23), "abc...hij  12345  zzzzz\n");
  EXPECT_EQ(last(20), "a...ij  12345  zzzzz\n");
  EXPECT_EQ(last(19), "abcdefghij  12345\n");
  EXPECT_EQ(last(5), "a...ij  12345\n");
}

TEST(ErrorText, SaysWhatWhyAndWhatHelps) {
  Error error = Fail(ErrorCode::kPolicyDenied, "policy.name", "not granted");
  error.violations = {{"policy.name", "DNS:a.internal",
                       std::string("no rule ") + "names this principal, this profile "
                                                 "and this name, all three at once"}};
  const std::string text = cli::ErrorText("no certificate was issued", error, "issue");
  EXPECT_NE(text.find("no certificate was issued: not granted [policy.name]"), std::string::npos);
  EXPECT_NE(text.find("DNS:a.internal"), std::string::npos);
  EXPECT_NE(text.find("operator"), std::string::npos);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
}

TEST(Reference, HasAPageForEveryVerb) {
  std::set<std::string> files;
  for (const ManPage& page : ManPages()) {
    files.insert(page.file);
    EXPECT_NE(page.roff.find(".SH NAME"), std::string::npos) << page.file;
  }
  for (const char* verb : {"", "-issue", "-list", "-context-add", "-trust-install"}) {
    EXPECT_TRUE(files.contains("mayfly" + std::string(verb) + ".1")) << verb;
  }
}

TEST(Reference, BashCompletesVerbsFlagsAndValues) {
  Sandbox box;
  const auto script = box.Write("mayfly.bash", *CompletionScript("bash"));
  const auto complete = [&](const std::string& words, int at) {
    const std::string line = "source " + script.string() + "; COMP_WORDS=(" + words +
                             "); COMP_CWORD=" + std::to_string(at) +
                             "; _mayfly; echo \"${COMPREPLY[*]}\" > out";
    EXPECT_EQ(system(("bash -c '" + line + "'").c_str()), 0);
    std::stringstream text;
    text << std::ifstream("out").rdbuf();
    return text.str();
  };
  EXPECT_EQ(complete("mayfly iss", 1), "issue\n");
  EXPECT_EQ(complete("mayfly context u", 2), "use\n");
  EXPECT_EQ(complete("mayfly issue --life", 2), "--lifetime\n");
  EXPECT_EQ(complete("mayfly issue --key-type ed", 3), "ed25519\n");
  EXPECT_EQ(complete("mayfly --output js", 2), "json jsonl\n");
  EXPECT_EQ(complete("mayfly inspect mayfly.b", 2), "\n");
  EXPECT_EQ(complete("mayfly --json iss", 2), "issue\n");                    // after a flag
  EXPECT_EQ(complete("mayfly --context issue list --sta", 4), "--state\n");  // a value, no verb
}

}  // namespace
}  // namespace mayfly::cli
