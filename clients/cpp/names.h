// How people write names: "web.internal", "10.0.0.7", "spiffe://example/web", "DNS:web.internal".
#pragma once

#include <string_view>
#include <vector>

#include "x509/general_name.h"

namespace mayfly::client {

// With a prefix (DNS:, IP:, URI:, email:, any case) that kind; else scheme:// is a URI, an address
// an IP, and all else a DNS name. Errors: as x509::GeneralName's.
Result<x509::GeneralName> ParseName(std::string_view text);

// All of them, sorted; a violation for each that is none. Error: kInvalidArgument "name.*".
Result<x509::GeneralNames> ParseNames(const std::vector<std::string>& texts);

// "web.internal" -> "web.internal", "*.a.internal" -> "_wildcard.a.internal",
// "spiffe://example/ns/web" -> "example-ns-web": safe as a file's name, without extension.
std::string FileStemOf(const x509::GeneralName& name);

}  // namespace mayfly::client
