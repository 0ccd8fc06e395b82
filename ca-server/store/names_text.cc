#include "store/names_text.h"

#include <algorithm>
#include <utility>

#include "store/pqxx.h"

namespace mayfly::store {

std::string NamesText(const x509::GeneralNames& names) {
  ArrayText text;
  for (const x509::GeneralName& name : names) text.Add(std::string_view(name.ToString()));
  return text.Take();
}

Result<x509::GeneralNames> NamesOf(std::string_view lines) {
  x509::GeneralNames names;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    TRY_ASSIGN(auto name, x509::GeneralName::FromString(lines.substr(0, end)));
    names.push_back(std::move(name));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return names;
}

}  // namespace mayfly::store
