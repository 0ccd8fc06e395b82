// The tree of verbs with their options and help: what parses the command line, and what help, man
// pages and completion are made from.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "clients/cli/verbs.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mayfly::cli {

// What the command line has chosen.
struct Choice {
  GlobalOptions global;
  Formats formats;  // those the verb offers, its usual one first
  std::function<ExitCode(const Invocation&)> run;
};

// The type names of options that complete to something. A list "a|b|c" completes to its words.
constexpr std::string_view kFileType = "FILE";
constexpr std::string_view kFolderType = "FOLDER";
constexpr std::string_view kContextType = "CONTEXT";

// Parsing with it fills `choice`, which must outlive it.
std::unique_ptr<CLI::App> MakeCommandTree(Choice& choice);

// "mayfly context add" without the program's name; empty for the program itself.
std::string VerbPath(const CLI::App& app);

}  // namespace mayfly::cli
