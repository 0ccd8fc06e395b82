#include "clients/cli/usage_error.h"

#include <CLI/CLI.hpp>

#include "base/bytes.h"
#include "clients/cli/invocation.h"
#include "config/near_miss.h"

namespace mayfly::cli {
namespace {

std::vector<std::string> Verbs(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(verb->get_name());
  }
  return names;
}

// The verb's own, and those that every verb has.
std::vector<std::string> Flags(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
    for (const CLI::Option* option : level->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

std::string ListOf(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

Error UnknownWord(const CLI::App& verb, const std::string& word) {
  const std::string shown = "\"" + Escape(word, 64) + "\"";
  if (word.starts_with('-')) {
    const std::string flag = word.substr(0, word.find('='));
    return Usage("cli.flag", "there is no option " + shown + config::DidYouMean(flag, Flags(verb)));
  }
  const auto verbs = Verbs(verb);
  if (verbs.empty()) return Usage("cli.argument", shown + " is one word too many");
  return Usage("cli.verb", "there is no verb " + shown + config::DidYouMean(word, verbs) +
                               "; there are " + ListOf(verbs));
}

const CLI::App& RootOf(const CLI::App& app) {
  return app.get_parent() == nullptr ? app : RootOf(*app.get_parent());
}

}  // namespace

Error UsageErrorOf(const CLI::App& verb, const CLI::ParseError& error) {
  const auto unknown = RootOf(verb).remaining(true);
  if (!unknown.empty()) return UnknownWord(verb, unknown.front());
  if (const auto verbs = Verbs(verb); !verbs.empty()) {
    return Usage("cli.verb", "a verb is missing; there are " + ListOf(verbs));
  }
  return Usage("cli.argument", Escape(error.what()));
}

}  // namespace mayfly::cli
