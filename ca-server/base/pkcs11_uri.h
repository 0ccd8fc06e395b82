// Which token a key's URI (RFC 7512) names. Whether the whole URI is one, the signer says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mayfly {

// The value of an attribute of its path ("token", "serial"), percent-decoded; nothing: it has none.
std::optional<std::string> Pkcs11UriAttribute(std::string_view uri, std::string_view attribute);

// Whether the URI names this token, by label or by serial number.
bool NamesToken(std::string_view uri, std::string_view token);

}  // namespace mayfly
