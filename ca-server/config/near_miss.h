// The suggestion for a word that is not known: " (did you mean \"x\"?)".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mayfly::config {

constexpr size_t kNearMissCharsMax = 64;  // longer words get no suggestion: the cost is quadratic

// Empty where no candidate is near: more than a third of the word would have to change.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace mayfly::config
