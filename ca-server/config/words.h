// Words of the configuration files that stand for values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "config/near_miss.h"
#include "config/strict_toml.h"

namespace mayfly::config {

template <class T>
using Words = std::vector<std::pair<std::string_view, T>>;

// The value of `word`; an unknown one is complained of at `key`, with the words that there are. An
// empty word is nothing: its getter has complained.
template <class T>
std::optional<T> ReadWord(Section& section, std::string_view key, std::string_view word,
                          const Words<T>& words) {
  std::vector<std::string> known;
  std::string list;
  for (const auto& [text, value] : words) {
    if (text == word) return value;
    known.emplace_back(text);
    list += (list.empty() ? "\"" : ", \"") + known.back() + "\"";
  }
  if (!word.empty()) {
    section.Complain(
        key, "config.word",
        "\"" + Escape(word, 64) + "\" is not one of " + list + DidYouMean(word, known));
  }
  return std::nullopt;
}

// [a-z0-9-]{1,63}
constexpr size_t kLabelCharsMax = 63;
bool IsLabel(std::string_view text);
// A label not led or ended by "-", as the ledger has it: "-" alone stands for any issuer in
// resource names.
bool IsCaName(std::string_view text);

}  // namespace mayfly::config
