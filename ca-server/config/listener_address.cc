#include "config/listener_address.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "x509/general_name.h"

namespace mayfly::config {
namespace {

constexpr size_t kIpv4Octets = 4;

std::optional<uint16_t> ReadPort(std::string_view digits) {
  bool is_number =
      !digits.empty() && digits.size() <= 5 && digits.front() != '0' &&
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) return std::nullopt;
  unsigned long port = std::stoul(std::string(digits));
  if (port > 65535) return std::nullopt;
  return static_cast<uint16_t>(port);
}

// An IPv6 address has brackets, or its port could not be told from its last group.
std::optional<std::string> ReadHost(std::string_view text) {
  if (text == "localhost") return std::string(text);
  bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  if (bracketed) text = text.substr(1, text.size() - 2);
  Result<x509::GeneralName> ip = x509::GeneralName::Ip(text);
  if (!ip || bracketed != (ip->value().size() != kIpv4Octets)) return std::nullopt;
  return ip->ValueText();
}

}  // namespace

Result<ListenerAddress> ParseListenerAddress(std::string_view text) {
  size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    std::optional<std::string> host = ReadHost(text.substr(0, colon));
    std::optional<uint16_t> port = ReadPort(text.substr(colon + 1));
    if (host && port) return ListenerAddress{*std::move(host), *port};
  }
  return Fail(ErrorCode::kConfiguration, "config.address",
              "\"" + Escape(text, 64) +
                  "\" is not an address: an IP address or localhost, and a port from 1 to 65535, "
                  "like \"127.0.0.1:7443\" or \"[::1]:7443\"");
}

}  // namespace mayfly::config
