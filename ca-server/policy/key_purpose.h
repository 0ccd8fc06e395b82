// Which key usages go with which extended key usage: RFC 5280 4.2.1.12.
#pragma once

#include <vector>

#include "der/oid.h"
#include "x509/extension.h"

namespace mayfly::policy {

// Those of the extended key usages for which the key usages have nothing. What RFC 5280 does not
// know goes with any.
std::vector<der::Oid> PurposesWithoutUsage(x509::KeyUsages usages,
                                           const std::vector<der::Oid>& purposes);

}  // namespace mayfly::policy
