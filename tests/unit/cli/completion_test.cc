// Completion as bash asks for it. tests/integration/completion_test.py types into the shells.
#include <stdlib.h>

#include "clients/cli/reference.h"
#include "tests/unit/cli/cli_fixture.h"

namespace mayfly::cli {
namespace {

class BashCompletion : public testing::Test {
 protected:
  // What is offered for the word at index `at`.
  std::string Complete(const std::string& words, int at) {
    const std::string script = box_.Write("mayfly.bash", *CompletionScript("bash")).string();
    box_.Write("ask.bash", "source " + script + "\nmayfly() { echo production; }\nCOMP_WORDS=(" +
                               words + ")\nCOMP_CWORD=" + std::to_string(at) +
                               "\n_mayfly\necho \"${COMPREPLY[*]}\" >reply\n");
    EXPECT_EQ(system("bash ../ask.bash"), 0);
    std::ifstream reply("reply");
    std::string line;
    std::getline(reply, line);
    return line;
  }
  Sandbox box_;
};

TEST_F(BashCompletion, OfAValueAfterAnEqualsSign) {
  EXPECT_EQ(Complete("mayfly list --output = js", 4), "json jsonl");
  EXPECT_EQ(Complete("mayfly list --output =", 3), "table json jsonl yaml name pem");
  EXPECT_EQ(Complete("mayfly --context = p", 3), "production");
  EXPECT_EQ(Complete("mayfly issue --timeout = 1", 4), "");
  EXPECT_EQ(Complete("mayfly list --json = x", 4), "");  // a flag has no value
}

TEST_F(BashCompletion, OfAValueInOneWordWhereBashDoesNotSplitIt) {
  EXPECT_EQ(Complete("mayfly list --output=js", 2), "--output=json --output=jsonl");
  EXPECT_EQ(Complete("mayfly list --json=", 2), "");
  box_.Write("work/some=roots.pem", "");
  EXPECT_EQ(Complete("mayfly list --trust=so", 2), "--trust=some=roots.pem");
  EXPECT_EQ(Complete("mayfly list --trust=some=r", 2), "--trust=some=roots.pem");
}

TEST_F(BashCompletion, AfterAValueWithAnEqualsSign) {
  EXPECT_EQ(Complete("mayfly --context = issue list --sta", 5), "--state");  // a value, no verb
  EXPECT_EQ(Complete("mayfly --context=issue list --sta", 3), "--state");
  EXPECT_EQ(Complete("mayfly --output = json cont", 4), "context");
}

TEST_F(BashCompletion, OfAnOptionThatOtherVerbsHaveToo) {
  std::filesystem::create_directory("folder");
  box_.Write("work/file", "");
  EXPECT_EQ(Complete("mayfly issue --out f", 3), "folder");
  EXPECT_EQ(Complete("mayfly token create --out fi", 4), "file");
  EXPECT_EQ(Complete("mayfly bootstrap --name p", 3), "production");  // a context
  EXPECT_EQ(Complete("mayfly verify --name p", 3), "");               // any name
}

}  // namespace
}  // namespace mayfly::cli
