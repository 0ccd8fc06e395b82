// What the API names "proposals/{id}" people call by {id}.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::cli {

struct ResourceKind {
  std::string_view prefix;  // of its names
  std::string_view word;    // of it
};
constexpr ResourceKind kProposalKind{"proposals/", "proposal"};
constexpr ResourceKind kTokenKind{"enrolmentTokens/", "token"};

// "{id}", escaped.
std::string IdOf(ResourceKind kind, const std::string& name);
// Of an id, or a name. Error: kInvalidArgument "cli.proposal-id", "cli.token-id".
Result<std::string> NameOf(ResourceKind kind, const std::string& id_or_name);

}  // namespace mayfly::cli
