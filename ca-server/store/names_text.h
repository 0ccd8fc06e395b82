// Names in a text[] column, by their text form.
#pragma once

#include <string>
#include <string_view>

#include "x509/general_name.h"

namespace mayfly::store {

// An array literal, for $1::text[].
std::string NamesText(const x509::GeneralNames& names);
// What SQL's array_to_string(.., E'\n') makes of it: no name in its text form has a line's end.
Result<x509::GeneralNames> NamesOf(std::string_view lines);

}  // namespace mayfly::store
