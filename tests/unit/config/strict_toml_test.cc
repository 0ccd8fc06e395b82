#include "config/strict_toml.h"

#include "config/near_miss.h"
#include "tests/unit/config/config_fixture.h"

namespace mayfly::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Document Parsed(std::string_view text) { return Document::Parse(text, "f.toml").value(); }

TEST(ParseDuration, WholeNumbersWithOneUnit) {
  EXPECT_EQ(*ParseDuration("90s"), Seconds(90));
  EXPECT_EQ(*ParseDuration("90m"), Seconds(90 * 60));
  EXPECT_EQ(*ParseDuration("24h"), Seconds(86400));
  EXPECT_EQ(*ParseDuration("30d"), Seconds(30 * 86400));
  EXPECT_EQ(*ParseDuration("0s"), Seconds(0));
}

TEST(ParseDuration, AtTheLimitAndOnePast) {
  EXPECT_EQ(*ParseDuration("36500d"), Seconds(36500LL * 86400));
  EXPECT_EQ(*ParseDuration("3153600000s"), Seconds(36500LL * 86400));
  for (const char* text : {"36501d", "3153600001s", "9999999999999s", "00000000001s0"}) {
    EXPECT_EQ(ParseDuration(text).error().rule, "config.duration") << text;
  }
}

TEST(ParseDuration, NothingElse) {
  for (const char* text :
       {"", "s", "90", "90x", "0x", "1h30m", "-1s", "+1s", "1.5h", " 1s", "1 s", "1S"}) {
    auto duration = ParseDuration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.error().code, ErrorCode::kConfiguration);
    EXPECT_EQ(duration.error().rule, "config.duration");
  }
}

TEST(StrictToml, ReadsEveryKind) {
  Document document = Parsed(
      "text = \"a\"\nnumber = 3\nyes = true\nlife = \"2h\"\nlist = [\"x\", \"y\"]\n"
      "[sub]\na = \"b\"\n[[many]]\nn = 1\n[[many]]\nn = 2\n");
  Section root = document.root();
  EXPECT_EQ(root.String("text"), "a");
  EXPECT_EQ(root.IntegerOr("number", 0, 1, 3), 3);
  EXPECT_TRUE(root.BooleanOr("yes", false));
  EXPECT_EQ(root.Duration("life"), Seconds(7200));
  EXPECT_THAT(root.Strings("list"), ElementsAre("x", "y"));
  EXPECT_EQ(root.Sub("sub").String("a"), "b");
  std::vector<Section> many = root.Sections("many");
  ASSERT_EQ(many.size(), 2u);
  EXPECT_EQ(many[0].IntegerOr("n", 0, 0, 9), 1);
  EXPECT_EQ(many[1].IntegerOr("n", 0, 0, 9), 2);
  EXPECT_TRUE(document.Finish());
}

TEST(StrictToml, AbsentKeysHaveDefaults) {
  Document document = Parsed("");
  Section root = document.root();
  EXPECT_EQ(root.StringOr("a", "x"), "x");
  EXPECT_EQ(root.OptionalString("a"), std::nullopt);
  EXPECT_EQ(root.IntegerOr("b", 5, 0, 9), 5);
  EXPECT_TRUE(root.BooleanOr("c", true));
  EXPECT_EQ(root.DurationOr("d", Seconds(7)), Seconds(7));
  EXPECT_THAT(root.StringsOrNone("e"), IsEmpty());
  EXPECT_FALSE(root.OptionalSub("f"));
  EXPECT_THAT(root.Sections("g"), IsEmpty());
  EXPECT_THAT(root.NamedSections("h"), IsEmpty());
  EXPECT_EQ(root.SubOrEmpty("i").IntegerOr("n", 2, 0, 9), 2);
  EXPECT_TRUE(document.Finish());
}

TEST(StrictToml, MissingKeysAreAllReported) {
  Document document = Parsed("[sub]\n");
  Section root = document.root();
  root.String("a");
  root.Strings("b");
  root.Duration("c");
  root.Sub("d").String("silent, since [d] has been reported");
  root.Sub("sub").String("e");
  EXPECT_THAT(FindingsOf(document.Finish()),
              ElementsAre("1 config.missing", "1 config.missing", "1 config.missing",
                          "1 config.missing", "1 config.missing"));
}

TEST(StrictToml, WrongTypesAreAllReported) {
  Document document = Parsed(
      "a = 1\nb = \"x\"\nc = [1]\nd = \"x\"\ne = 1\nf = 1.5\ng = 1\nh = \"x\"\ni = [1]\nj = 5\n");
  Section root = document.root();
  root.String("a");
  root.BooleanOr("b", true);
  root.Strings("c");
  root.StringsOrNone("d");
  root.Duration("e");
  root.IntegerOr("f", 0, 0, 9);
  root.Sub("g");
  root.Sections("h");
  root.Sections("i");
  root.NamedSections("j");
  auto finished = document.Finish();
  std::vector<std::string> expected;
  for (int line = 1; line <= 10; ++line) expected.push_back(std::to_string(line) + " config.type");
  EXPECT_EQ(FindingsOf(finished), expected);
  EXPECT_EQ(finished.error().code, ErrorCode::kConfiguration);
  EXPECT_EQ(finished.error().violations[0].field, "f.toml:1");
}

TEST(StrictToml, RangesAtTheLimitAndOnePast) {
  Document document = Parsed("a = 1\nb = 5\nc = 0\nd = 6\ne = []\nf = \"\"\ng = \"x\\u0000\"\n");
  Section root = document.root();
  for (const char* key : {"a", "b", "c", "d"}) root.IntegerOr(key, 3, 1, 5);
  root.Strings("e");
  root.String("f");
  root.StringOr("g", "");
  EXPECT_THAT(FindingsOf(document.Finish()),
              ElementsAre("3 config.range", "4 config.range", "5 config.range", "6 config.range",
                          "7 config.range"));
}

TEST(StrictToml, UnknownKeysAreFoundEverywhere) {
  Document document = Parsed(
      "known = \"x\"\nknwon = 1\n[sub]\nx = 1\n[[many]]\ny = 1\n[other]\nz = 1\n[named.a]\nw = "
      "1\n");
  Section root = document.root();
  root.String("known");
  root.Sub("sub");
  root.Sections("many");
  root.NamedSections("named");
  auto finished = document.Finish();
  EXPECT_THAT(FindingsOf(finished),
              ElementsAre("2 config.unknown-key", "4 config.unknown-key", "6 config.unknown-key",
                          "7 config.unknown-key", "10 config.unknown-key"));
  EXPECT_THAT(finished.error().violations[0].message, HasSubstr("did you mean \"known\"?"));
}

TEST(StrictToml, AskingWhetherIsNotReading) {
  Document document = Parsed("a = 1\n");
  EXPECT_TRUE(document.root().Has("a"));
  EXPECT_THAT(FindingsOf(document.Finish()), ElementsAre("1 config.unknown-key"));
}

TEST(StrictToml, NamedSectionsComeInTheFilesOrder) {
  Document document = Parsed("[p.z]\n[p.a]\n[p.m]\n");
  std::vector<std::string> names;
  for (auto& [name, section] : document.root().NamedSections("p")) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("z", "a", "m"));
}

TEST(StrictToml, ComplaintsHaveTheirKeysLine) {
  Document document = Parsed("\na = \"x\"\n[sub]\n");
  Section root = document.root();
  root.Complain("a", "my.rule", "why");
  root.Sub("sub").Complain("absent", "my.rule", "why");
  EXPECT_THAT(FindingsOf(document.Finish()), ElementsAre("2 my.rule", "3 my.rule"));
}

TEST(StrictToml, AnUnreadableDurationHasOneFinding) {
  Document document = Parsed("a = \"soon\"\n");
  Section root = document.root();
  EXPECT_EQ(root.DurationOr("a", Seconds(5)), Seconds(5));
  root.Complain("a", "my.rule", "too short");
  EXPECT_THAT(FindingsOf(document.Finish()), ElementsAre("1 config.duration"));
}

TEST(StrictToml, SyntaxErrorsHaveTheirLine) {
  for (const char* text :
       {"a = 1\nb = = 2\n", "a = 1\na = 2\n", "a = 1\nb = \"\xff\"\n", "a = 1\n[[[b]]]\n",
        "a = 1\n[\nb]\nc = 2\n", "a = 1\n[ = 2\n", "a = 1\nü = 2\n"}) {
    EXPECT_THAT(FindingsOf(Document::Parse(text, "f.toml")), ElementsAre("2 config.syntax"));
  }
}

TEST(StrictToml, FilesAtTheLimitAndOnePast) {
  std::string text(kFileBytesMax, '\n');
  EXPECT_TRUE(Document::Parse(text, "f.toml"));
  EXPECT_EQ(Document::Parse(text + "\n", "f.toml").error().rule, "config.file");
  TemporaryFolder folder;
  EXPECT_TRUE(Document::Load(folder.Write("most.toml", text)));
  EXPECT_EQ(Document::Load(folder.Write("more.toml", text + "\n")).error().rule, "config.file");
}

TEST(StrictToml, FilesThatCannotBeRead) {
  TemporaryFolder folder;
  EXPECT_EQ(Document::Load(folder.path() / "absent.toml").error().rule, "config.file");
  const auto of_folder = Document::Load(folder.path());
  EXPECT_EQ(of_folder.error().rule, "config.file");
  EXPECT_THAT(of_folder.error().message, HasSubstr("it is a folder"));
  // Opens, and fails to be read: nothing is mapped at address 0.
  EXPECT_EQ(Document::Load("/proc/self/mem").error().rule, "config.file");
}

TEST(DidYouMean, NearWordsOnly) {
  EXPECT_EQ(DidYouMean("adress", {"address", "tls"}), " (did you mean \"address\"?)");
  EXPECT_EQ(DidYouMean("tsl", {"address", "tls"}), " (did you mean \"tls\"?)");
  EXPECT_EQ(DidYouMean("colour", {"address", "tls"}), "");
  EXPECT_EQ(DidYouMean("x", {"y"}), "");
  std::string most(kNearMissCharsMax, 'a');
  EXPECT_NE(DidYouMean(most, {most.substr(1)}), "");
  EXPECT_EQ(DidYouMean(most + "a", {most}), "");
}

}  // namespace
}  // namespace mayfly::config
