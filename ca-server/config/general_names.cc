#include "config/general_names.h"

#include <utility>

namespace mayfly::config {

x509::GeneralNames ReadNames(Section& section, std::string_view key) {
  x509::GeneralNames names;
  for (const std::string& text : section.Strings(key)) {
    auto name = x509::GeneralName::FromString(text);
    if (name) {
      names.push_back(*std::move(name));
    } else {
      section.Complain(key, name.error().rule, name.error().message);
    }
  }
  if (names.size() > x509::kNamesMax) {
    section.Complain(key, "config.range",
                     "more than " + std::to_string(x509::kNamesMax) + " names");
  }
  return x509::Normalize(std::move(names));
}

}  // namespace mayfly::config
