#include "clients/cli/line_diff.h"

#include <gtest/gtest.h>

namespace mayfly::cli {
namespace {

TEST(DiffLines, ShowsOnlyWhatGoesAndComes) {
  const LineDiff diff = DiffLines("a\nb\nc\nd\n", "a\nc\nx\nd\ne\n");
  EXPECT_EQ(diff.text, "- b\n+ x\n+ e\n");
  EXPECT_EQ(diff.removed, 1u);
  EXPECT_EQ(diff.added, 2u);
}

// Two rules that exchange their names differ in the same lines: which is whose must be seen.
TEST(DiffLines, SaysInWhichTableALineStands) {
  const std::string profile = "[profile.server]\nlifetime = \"7d\"\n\n";
  const auto rules = [&](const std::string& ours, const std::string& theirs) {
    return profile + "[[rule]]\nname = \"ours\"\ndns = [\"" + ours + "\"]\n\n[[rule]]\ndns = [\"" +
           theirs + "\"]\nname = \"theirs\"\n";
  };
  EXPECT_EQ(DiffLines(rules("*.a", "b"), rules("b", "*.a")).text,
            "  [[rule]]  name = \"ours\"\n- dns = [\"*.a\"]\n+ dns = [\"b\"]\n"
            "  [[rule]]  name = \"theirs\"\n- dns = [\"b\"]\n+ dns = [\"*.a\"]\n");
  EXPECT_EQ(DiffLines(profile, profile + "issuer = \"issuing-2\"\n[[rule]]\nname = \"new\"\n").text,
            "  [profile.server]\n+ issuer = \"issuing-2\"\n+ [[rule]]\n+ name = \"new\"\n");
}

TEST(DiffLines, TellsNothingOfEqualTexts) {
  EXPECT_EQ(DiffLines("a\nb", "a\nb\n").text, "");
  EXPECT_EQ(DiffLines("", "").text, "");
}

TEST(DiffLines, KeepsControlCharactersFromTheTerminal) {
  EXPECT_EQ(DiffLines("", "\x1b[2J").text.find('\x1b'), std::string::npos);
}

TEST(DiffLines, HidesNothingOfALongLine) {
  const std::string line = std::string(5000, '\x1b') + "end";
  EXPECT_NE(DiffLines("", line).text.find("end\n"), std::string::npos);
}

// One pair of lines past the limit, the lines in between are replaced altogether.
TEST(DiffLines, LongTextsAreReplacedBetweenTheirEnds) {
  const auto text = [](size_t lines, const char* first) {
    std::string out = first;
    for (size_t i = 1; i < lines; ++i) out += "same\n";
    return out;
  };
  EXPECT_EQ(DiffLines(text(2000, "a\n"), text(2000, "b\n")).removed, 1u);
  EXPECT_EQ(DiffLines(text(2000, "a\n") + "z\n", text(2000, "b\n") + "y\n").removed, 2001u);
}

}  // namespace
}  // namespace mayfly::cli
