// ANY: a value whose meaning nobody here knows.
#pragma once

#include "base/result.h"
#include "der/reader.h"

namespace mayfly::der {

constexpr int kAnyDepthMax = 32;

// DER down to the last element: what is primitive is a value of its type, what is constructed holds
// whole elements. EXTERNAL and EMBEDDED PDV, which nothing here has a use for and other readers
// take for strings, are refused. Errors: kBadDer "der.*" as the Reader's, "der.depth".
Status CheckAny(const Element& value);

}  // namespace mayfly::der
