#include "config/https_address.h"

#include "x509/general_name.h"

namespace mayfly::config {

bool IsHttpsAddress(std::string_view text) {
  constexpr std::string_view kScheme = "https://";
  auto uri = x509::GeneralName::Uri(text);
  return uri && text.starts_with(kScheme) && text.find_first_of("?#") == std::string_view::npos;
}

}  // namespace mayfly::config
