// "{namespace}" in a pattern: the place of a claim, always a whole segment of a path or a whole
// label of a DNS name. A value that could mean more than one segment or label never fits.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::policy {

constexpr size_t kClaimNameCharsMax = 32;

// What is known of a requester beside the id, each proved: "namespace" -> "prod".
using Claims = std::map<std::string, std::string, std::less<>>;

constexpr size_t kClaimsTextBytesMax = 10240;

// "namespace=prod serviceaccount=api", by name, of the claims that fit a place (IsPlainSegment):
// no other has a part in any decision. Empty where there is none.
std::string ClaimsText(const Claims& claims);
// Exactly what ClaimsText writes; nothing where `text` is something else.
std::optional<Claims> ClaimsFromText(std::string_view text);

// [a-z][a-z0-9_]*, at most kClaimNameCharsMax.
bool IsClaimName(std::string_view name);
// The claim's name: [a-z][a-z0-9_]*; nothing where `word` is not a placeholder.
std::optional<std::string_view> PlaceholderOf(std::string_view word);

// The claims that `text` has places for, between separators.
std::set<std::string, std::less<>> PlacesIn(std::string_view text, char separator);

// One path segment of [a-zA-Z0-9._-] and neither "." nor ".." (SPIFFE-ID 2.2, for every scheme):
// it can carry no query, no fragment and no escaped slash.
bool IsPlainSegment(std::string_view segment);
// One DNS label in normal form: [a-z0-9-], 1 to 63, no hyphen at its ends.
bool IsPlainLabel(std::string_view label);

std::vector<std::string_view> Split(std::string_view text, char separator);
std::string Join(const std::vector<std::string_view>& parts, char separator);

}  // namespace mayfly::policy
