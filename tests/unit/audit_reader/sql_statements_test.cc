#include "clients/audit/sql_statements.h"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace mayfly::audit_reader {
namespace {

struct Read {
  std::vector<std::string> texts, codes;
  size_t cut = 0;
  std::string rule;  // of the error, where there is one
};
Read ReadAll(const std::string& text) {
  std::istringstream in(text);
  SqlStatements statements(in);
  Read read;
  while (true) {
    const auto statement = statements.Next();
    if (!statement) read.rule = statement.error().rule;
    if (!statement || !*statement) return read;
    read.texts.push_back((*statement)->text);
    read.codes.push_back((*statement)->code);
    if ((*statement)->is_cut) ++read.cut;
  }
}
using Texts = std::vector<std::string>;

TEST(SqlStatements, EndAtSemicolons) {
  EXPECT_EQ(ReadAll("a;b ;\n;c;").texts, (Texts{"a", "b", "c"}));
  EXPECT_EQ(ReadAll("").texts, Texts{});
  EXPECT_EQ(ReadAll("CREATE RULE r AS ON DELETE TO t DO (a; b);c;").texts,
            (Texts{"CREATE RULE r AS ON DELETE TO t DO (a; b)", "c"}));
  EXPECT_EQ(ReadAll("a);b;").texts, (Texts{"a)", "b"}));
}

TEST(SqlStatements, WhiteSpaceAndCommentsDoNotCount) {
  EXPECT_EQ(
      ReadAll("--\n-- Name: a; b\n\\restrict x'y\n  a\n\t  b -- 'c\r\n(d );\n\\unrestrict x\n")
          .texts,
      Texts{"a b (d )"});
  EXPECT_EQ(ReadAll("a - b;").texts, Texts{"a - b"});
  EXPECT_EQ(ReadAll("a \\ b;").texts, Texts{"a \\ b"}) << "psql's commands begin statements";
}

TEST(SqlStatements, WhatIsQuotedStaysAsItIs) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"a 'b;  --\n' c", "a '' c"},
      {"'it''s;'", "''"},
      {"'\\'", "''"},  // standard_conforming_strings
      {"E'\\';--' b", "E'' b"},
      {"E'a''\\';' b", "E'' b"},
      {"nameE'\\'", "nameE''"},
      {"E 'a\\'", "E ''"},
      {"\"a;\"\"b\" c", "\"\" c"},
      {"$$ a;\n b $ $$", "$$$$"},
      {"AS $_$ $$;$_ ;$_$ x", "AS $_$$_$ x"},
      {"$a$ $a $a$", "$a$$a$"},
      {"$$$$", "$$$$"},
      {"$a$a$a$", "$a$$a$"},
      {"$a$$b$a$", "$a$$a$"},
      {"$ab$ $a$ab$", "$ab$$ab$"},
      {"a$b$c", "a$b$c"},
      {"$1 + $2", "$1 + $2"},
  };
  for (const auto& [text, code] : cases) {
    const Read read = ReadAll(text + ";next;");
    ASSERT_EQ(read.texts.size(), 2u) << text;
    EXPECT_EQ(read.texts[0], text);
    EXPECT_EQ(read.codes[0], code);
    EXPECT_EQ(read.texts[1], "next");
  }
}

TEST(SqlStatements, WithoutAnEnd) {
  for (const char* text : {"a", "a;b", "'a;", "\"a;", "$$a;", "$$a;$", "$x$ $$;", "(a;", "E'a\\"}) {
    EXPECT_EQ(ReadAll(text).rule, "audit.dump") << text;
  }
  EXPECT_EQ(ReadAll("a; -- b").rule, "");
}

// What is past the limit is told apart as what is before it.
TEST(SqlStatements, AnOverlongOneEndsWhereItDoes) {
  const std::string most(kStatementOctetsMax, 'x');
  for (const char* end : {" 'a;b'", " \"a;b\"", " E'a\\';b'", " $$a;b$$", " $_$;$$;$_$", "(a;b)"}) {
    const Read read = ReadAll(most + end + ";next;");
    EXPECT_TRUE(read.texts == (Texts{most, "next"})) << end;
    EXPECT_TRUE(read.codes == read.texts) << end;
  }
}

TEST(SqlStatements, LengthAtTheLimitAndOnePast) {
  for (const auto& [start, end] : std::vector<std::pair<std::string, std::string>>{
           {"", ""}, {"'", "'"}, {"\"", "\""}, {"$$", "$$"}, {"$", ""}}) {
    const std::string most(kStatementOctetsMax - start.size() - end.size(), 'x');
    EXPECT_EQ(ReadAll(start + most + end + ";").cut, 0u) << start;
    for (size_t more : {size_t{1}, kStatementOctetsMax}) {
      const std::string longer = start + most + std::string(more, 'x') + end;
      const Read read = ReadAll(longer + ";next;");
      EXPECT_EQ(read.cut, 1u) << start;
      const Texts texts{longer.substr(0, kStatementOctetsMax), "next"};
      EXPECT_TRUE(read.texts == texts) << start;
      EXPECT_EQ(ReadAll(longer).rule, "audit.dump") << "it has no end";
    }
  }
}

}  // namespace
}  // namespace mayfly::audit_reader
