// SET OF (X.690 11.6): the encodings of the members stand in ascending order.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "der/reader.h"

namespace mayfly::der {

// Every member of a SET OF whose contents `set` reads; their order is checked.
// Errors: kBadDer "der.set-order" and what ReadAny gives.
Result<std::vector<Element>> ReadSetMembers(Reader& set);

}  // namespace mayfly::der
