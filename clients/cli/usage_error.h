// What is wrong with a command line that CLI11 could not parse, with the nearest word there is.
#pragma once

#include "base/error.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace mayfly::cli {

// `verb` is the last one that was understood. Rules "cli.verb", "cli.flag", "cli.argument".
Error UsageErrorOf(const CLI::App& verb, const CLI::ParseError& error);

}  // namespace mayfly::cli
