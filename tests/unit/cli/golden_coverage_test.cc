// That no verb is without golden pages: each has its help, a success and its three likeliest
// mistakes in tests/golden/cli/expected.
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <ranges>
#include <set>
#include <span>
#include <sstream>

#include "clients/cli/command_tree.h"
#include "clients/cli/exit_code.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;
constexpr size_t kMistakesMin = 3;

// The command lines of one verb, by how they end.
struct Pages {
  std::set<std::string> help, successes, mistakes;
};
using PagesByVerb = std::map<std::string, Pages>;

std::vector<std::string> Split(const std::string& line) {
  std::istringstream words(line);
  return {std::istream_iterator<std::string>(words), {}};
}

auto VerbsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// The longest path of verbs that the words begin with.
std::string VerbOf(const CLI::App& app, std::span<const std::string> words) {
  for (const CLI::App* verb : VerbsOf(app)) {
    if (!words.empty() && verb->get_name() == words.front()) {
      return VerbOf(*verb, words.subspan(1));
    }
  }
  return VerbPath(app);
}

bool IsSuccess(const std::string& verb, int code) {
  return code == 0 || (verb == "needs-renewal" && code == 1);  // 1: not yet
}

// "$ mayfly VERB ..", perhaps "[80 columns]", "exit N", and what was printed.
void ReadPages(std::istream& file, const CLI::App& app, PagesByVerb& out) {
  const std::string prompt = "$ mayfly", exit = "exit ";
  std::string command;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(prompt)) command = line.substr(prompt.size());
    if (!line.starts_with(exit) || command.empty()) continue;
    const int code = std::stoi(line.substr(exit.size()));
    const auto words = Split(command);
    const std::string verb = VerbOf(app, words);
    Pages& pages = out[verb];
    const bool is_help = std::ranges::find(words, "--help") != words.end();
    (is_help                 ? pages.help
     : IsSuccess(verb, code) ? pages.successes
                             : pages.mistakes)
        .insert(command);
    command.clear();
  }
}

PagesByVerb GoldenPages(const CLI::App& app) {
  PagesByVerb pages;
  const fs::path folder = fs::path(MAYFLY_SOURCE_DIR) / "tests/golden/cli/expected";
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream file(entry.path());
    ReadPages(file, app, pages);
  }
  return pages;
}

// "policy show: 1 help, 0 successes, 2 mistakes" for each verb that lacks some.
std::vector<std::string> Lacking(const CLI::App& app, const PagesByVerb& pages) {
  std::vector<std::string> lacking;
  const std::string path = VerbPath(app);
  const auto found = pages.find(path);
  const Pages has = found == pages.end() ? Pages{} : found->second;
  const bool is_leaf = VerbsOf(app).empty();
  if (has.help.empty() ||
      (is_leaf && (has.successes.empty() || has.mistakes.size() < kMistakesMin))) {
    lacking.push_back(path + ": " + std::to_string(has.help.size()) + " help, " +
                      std::to_string(has.successes.size()) + " successes, " +
                      std::to_string(has.mistakes.size()) + " mistakes");
  }
  for (const CLI::App* verb : VerbsOf(app)) {
    std::ranges::copy(Lacking(*verb, pages), std::back_inserter(lacking));
  }
  return lacking;
}

class GoldenCoverage : public testing::Test {
 protected:
  Choice unused_;
  std::unique_ptr<CLI::App> app_ = MakeCommandTree(unused_);
};

TEST_F(GoldenCoverage, EveryVerbHasItsHelpASuccessAndThreeMistakes) {
  const auto lacking = Lacking(*app_, GoldenPages(*app_));
  for (const std::string& verb : lacking) ADD_FAILURE() << "mayfly " << verb;
  EXPECT_TRUE(lacking.empty()) << "tests/unit/cli/golden_test.cc lists the command lines";
}

TEST_F(GoldenCoverage, ANewVerbIsMissedUntilItHasThemAll) {
  const CLI::App& split = *app_->get_subcommand("token")->add_subcommand("split", "new");
  PagesByVerb pages = GoldenPages(*app_);
  EXPECT_EQ(Lacking(split, pages),
            std::vector<std::string>{"token split: 0 help, 0 successes, 0 mistakes"});
  std::istringstream some(
      "$ mayfly token split --help\nexit 0\n$ mayfly token split a\n[no terminal]\nexit 0\n"
      "$ mayfly token split\nexit 2\n$ mayfly token split -o x\nexit 2\n"
      "$ mayfly token split\nexit 2\n$ mayfly token list --split x\nexit 2\n");
  ReadPages(some, *app_, pages);
  EXPECT_EQ(Lacking(split, pages),
            std::vector<std::string>{"token split: 1 help, 1 successes, 2 mistakes"});
  std::istringstream rest("$ mayfly token split b\nexit 4\n");
  ReadPages(rest, *app_, pages);
  EXPECT_EQ(Lacking(split, pages), std::vector<std::string>{});
}

}  // namespace
}  // namespace mayfly::cli
