#include "base/pkcs11_uri.h"

#include <algorithm>

#include "base/bytes.h"

namespace mayfly {
namespace {

constexpr std::string_view kScheme = "pkcs11:";

// RFC 3986 2.1. What is no escape stays as it is.
std::string PercentDecoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      if (const auto octet = FromHex(text.substr(i + 1, 2)); octet && octet->size() == 1) {
        out += static_cast<char>(octet->front());
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

}  // namespace

std::optional<std::string> Pkcs11UriAttribute(std::string_view uri, std::string_view attribute) {
  if (!uri.starts_with(kScheme)) return std::nullopt;
  std::string_view rest = uri.substr(kScheme.size());
  rest = rest.substr(0, rest.find('?'));
  while (!rest.empty()) {
    const std::string_view each = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(each.size() + 1, rest.size()));
    const size_t equals = each.find('=');
    if (equals == std::string_view::npos || each.substr(0, equals) != attribute) continue;
    return PercentDecoded(each.substr(equals + 1));
  }
  return std::nullopt;
}

bool NamesToken(std::string_view uri, std::string_view token) {
  return Pkcs11UriAttribute(uri, "token") == token || Pkcs11UriAttribute(uri, "serial") == token;
}

}  // namespace mayfly
