// ANY: a value whose meaning nobody here knows.
#pragma once

#include "base/result.h"
#include "der/reader.h"

namespace mayfly::der {

// A value of a universal primitive type is one of that type. Inside other types nothing is looked
// at. Errors: kBadDer "der.*" as the Reader's.
Status CheckAny(const Element& value);

}  // namespace mayfly::der
