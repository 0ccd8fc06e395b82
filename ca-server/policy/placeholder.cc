#include "policy/placeholder.h"

#include <algorithm>

namespace mayfly::policy {
namespace {

constexpr size_t kLabelCharsMax = 63;

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string ClaimsText(const Claims& claims) {
  std::string text;
  for (const auto& [name, value] : claims) {
    if (!IsPlainSegment(value)) continue;
    text += (text.empty() ? "" : " ") + name + '=' + value;
  }
  return text;
}

std::optional<Claims> ClaimsFromText(std::string_view text) {
  Claims claims;
  if (text.empty()) return claims;
  for (const std::string_view part : Split(text, ' ')) {
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = part.substr(0, equals), value = part.substr(equals + 1);
    const bool is_in_order = claims.empty() || claims.rbegin()->first < name;
    if (!IsClaimName(name) || !IsPlainSegment(value) || !is_in_order) return std::nullopt;
    claims.emplace(name, value);
  }
  return claims;
}

bool IsClaimName(std::string_view name) {
  return !name.empty() && name.size() <= kClaimNameCharsMax && IsLower(name.front()) &&
         std::ranges::all_of(name, [](char c) { return IsLower(c) || IsDigit(c) || c == '_'; });
}

std::optional<std::string_view> PlaceholderOf(std::string_view word) {
  if (word.size() < 3 || word.front() != '{' || word.back() != '}') return std::nullopt;
  const std::string_view name = word.substr(1, word.size() - 2);
  if (!IsClaimName(name)) return std::nullopt;
  return name;
}

std::set<std::string, std::less<>> PlacesIn(std::string_view text, char separator) {
  std::set<std::string, std::less<>> places;
  for (const std::string_view part : Split(text, separator)) {
    if (const auto place = PlaceholderOf(part)) places.emplace(*place);
  }
  return places;
}

bool IsPlainSegment(std::string_view segment) {
  if (segment.empty() || segment == "." || segment == "..") return false;
  return std::ranges::all_of(segment, [](char c) {
    return IsLower(c) || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '.' || c == '_' || c == '-';
  });
}

bool IsPlainLabel(std::string_view label) {
  if (label.empty() || label.size() > kLabelCharsMax) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::ranges::all_of(label, [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; });
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string Join(const std::vector<std::string_view>& parts, char separator) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += separator;
    text += parts[i];
  }
  return text;
}

}  // namespace mayfly::policy
