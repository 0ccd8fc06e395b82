// Man pages and completion, made from the command tree.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mayfly::cli {

// Error: kInvalidArgument "cli.shell".
Result<std::string> CompletionScript(const std::string& shell);

struct ManPage {
  std::string file;  // "mayfly-issue.1"
  std::string roff;
};
// mayfly(1), and one page for each verb.
std::vector<ManPage> ManPages();

}  // namespace mayfly::cli
