// Errors for people: what failed, why with its rule, every finding, and what helps.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace mayfly::cli {

constexpr size_t kColumns = 80;  // of prose; it reads well on wider terminals too

// "mayfly: WHAT: WHY [rule]", a line for each finding, and "Try:" with commands. `what` may be
// empty; `verb` is the one whose help is named.
std::string ErrorText(std::string_view what, const Error& error, std::string_view verb);

// Words broken into lines of kColumns, each after the first led by `indent` spaces; the first one
// begins at `column`.
std::string Wrap(std::string_view text, size_t indent, size_t column = 0);

}  // namespace mayfly::cli
