#include "config/words.h"

#include <algorithm>

namespace mayfly::config {

bool IsLabel(std::string_view text) {
  if (text.empty() || text.size() > kLabelCharsMax) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool IsCaName(std::string_view text) {
  return IsLabel(text) && text.front() != '-' && text.back() != '-';
}

}  // namespace mayfly::config
