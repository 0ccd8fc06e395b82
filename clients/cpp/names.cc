#include "clients/cpp/names.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace mayfly::client {
namespace {

constexpr size_t kFileStemBytesMax = 100;

using Parser = Result<x509::GeneralName> (*)(std::string_view);
constexpr std::array<std::pair<std::string_view, Parser>, 4> kPrefixes = {{
    {"DNS:", x509::GeneralName::Dns},
    {"IP:", x509::GeneralName::Ip},
    {"URI:", x509::GeneralName::Uri},
    {"email:", x509::GeneralName::Email},
}};

bool HasPrefix(std::string_view text, std::string_view prefix) {
  return text.size() > prefix.size() && strncasecmp(text.data(), prefix.data(), prefix.size()) == 0;
}

bool IsSafeInFileName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

}  // namespace

Result<x509::GeneralName> ParseName(std::string_view text) {
  for (const auto& [prefix, parse] : kPrefixes) {
    if (HasPrefix(text, prefix)) return parse(text.substr(prefix.size()));
  }
  if (text.find("://") != std::string_view::npos) return x509::GeneralName::Uri(text);
  auto ip = x509::GeneralName::Ip(text);
  const bool looks_like_ipv6 = std::ranges::count(text, ':') > 1;  // and like nothing else
  if (ip || looks_like_ipv6) return ip;
  if (text.find('@') != std::string_view::npos) return x509::GeneralName::Email(text);
  return x509::GeneralName::Dns(text);
}

Result<x509::GeneralNames> ParseNames(const std::vector<std::string>& texts) {
  x509::GeneralNames names;
  std::vector<Violation> violations;
  for (const std::string& text : texts) {
    auto name = ParseName(text);
    if (name) {
      names.push_back(*std::move(name));
    } else {
      violations.push_back({name.error().rule, Escape(text), name.error().message});
    }
  }
  if (violations.empty()) return x509::Normalize(std::move(names));
  Error error =
      Fail(ErrorCode::kInvalidArgument, violations.front().rule, violations.front().message);
  error.violations = std::move(violations);
  return error;
}

std::string FileStemOf(const x509::GeneralName& name) {
  std::string text = name.ValueText();
  if (const size_t scheme = text.find("://"); scheme != std::string::npos) {
    text.erase(0, scheme + 3);
  }
  if (text.starts_with("*.")) text.replace(0, 1, "_wildcard");
  for (char& c : text) {
    if (!IsSafeInFileName(c)) c = '-';
  }
  // No hidden files, no "..".
  if (text.starts_with(".")) text[0] = '_';
  return text.substr(0, kFileStemBytesMax);
}

}  // namespace mayfly::client
