#include "x509/general_name.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "x509/dns_name.h"
#include "x509/uri_name.h"

namespace mayfly::x509 {
namespace {

constexpr size_t kIpv4Octets = 4;
constexpr size_t kIpv6Octets = 16;
constexpr size_t kEmailBytesMax = 254;
constexpr size_t kEmailLocalBytesMax = 64;  // RFC 5321 4.5.3.1.1
constexpr std::array<uint8_t, 12> kV4MappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::string_view kAtextPunctuation = "!#$%&'*+-/=?^_`{|}~";  // RFC 5322 3.2.3

Error Bad(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

Error BadKind() {
  return Bad("name.kind", "a name is a DNS name, an IP address, a URI or an email address");
}

bool IsAtext(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kAtextPunctuation.find(c) != std::string_view::npos;
}

// dot-atom (RFC 5322 3.2.3); quoted local parts are refused.
bool IsEmailLocal(std::string_view local) {
  return !local.empty() && local.size() <= kEmailLocalBytesMax && local.front() != '.' &&
         local.back() != '.' && local.find("..") == std::string_view::npos &&
         std::all_of(local.begin(), local.end(), [](char c) { return IsAtext(c) || c == '.'; });
}

std::string_view KindPrefix(GeneralName::Kind kind) {
  switch (kind) {
    case GeneralName::Kind::kEmail:
      return "email:";
    case GeneralName::Kind::kDns:
      return "DNS:";
    case GeneralName::Kind::kUri:
      return "URI:";
    case GeneralName::Kind::kIp:
      return "IP:";
  }
  return "";
}

bool TakePrefix(std::string_view& text, GeneralName::Kind kind) {
  std::string_view prefix = KindPrefix(kind);
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

Result<GeneralName> GeneralName::Dns(std::string_view text) {
  TRY_ASSIGN(std::string name, NormalDnsName(text, Wildcard::kAllowed));
  return GeneralName(Kind::kDns, std::move(name));
}

Result<GeneralName> GeneralName::Ip(std::string_view text) {
  std::string terminated(text);
  std::array<uint8_t, kIpv6Octets> octets;
  // inet_pton ends at a NUL; a text that goes on after one is not an address.
  if (text.find('\0') == std::string_view::npos) {
    if (inet_pton(AF_INET, terminated.c_str(), octets.data()) == 1) {
      return IpFromOctets(ByteSpan(octets).first(kIpv4Octets));
    }
    if (inet_pton(AF_INET6, terminated.c_str(), octets.data()) == 1) return IpFromOctets(octets);
  }
  return Bad("name.ip", "an IP address looks like 10.1.2.3 or fd00::1");
}

Result<GeneralName> GeneralName::IpFromOctets(ByteSpan octets) {
  if (octets.size() != kIpv4Octets && octets.size() != kIpv6Octets) {
    return Bad("name.ip", "an IP address has 4 or 16 octets");
  }
  if (octets.size() == kIpv6Octets &&
      Equal(octets.first(kV4MappedPrefix.size()), kV4MappedPrefix)) {
    return Bad("name.ip", "an IPv4 address is written as IPv4, not mapped into IPv6");
  }
  return GeneralName(Kind::kIp, mayfly::ToString(octets));
}

Result<GeneralName> GeneralName::Uri(std::string_view text) {
  TRY_ASSIGN(std::string uri, NormalUri(text));
  return GeneralName(Kind::kUri, std::move(uri));
}

Result<GeneralName> GeneralName::Email(std::string_view text) {
  size_t at = text.find('@');
  if (text.size() > kEmailBytesMax || at == std::string_view::npos ||
      !IsEmailLocal(text.substr(0, at))) {
    return Bad("name.email", "an email address looks like local@domain, 254 characters at most");
  }
  auto domain = NormalDnsName(text.substr(at + 1), Wildcard::kRefused);
  if (!domain) return Bad("name.email", "of an email address's domain: " + domain.error().message);
  return GeneralName(Kind::kEmail, std::string(text.substr(0, at + 1)) + *domain);
}

Result<GeneralName> GeneralName::FromString(std::string_view text) {
  if (TakePrefix(text, Kind::kDns)) return Dns(text);
  if (TakePrefix(text, Kind::kIp)) return Ip(text);
  if (TakePrefix(text, Kind::kUri)) return Uri(text);
  if (TakePrefix(text, Kind::kEmail)) return Email(text);
  return Bad("name.kind", "a name begins with DNS:, IP:, URI: or email:");
}

Result<GeneralName> GeneralName::FromElement(const der::Element& element) {
  auto is = [&](Kind kind) {
    return element.tag == der::ContextPrimitive(static_cast<uint8_t>(kind));
  };
  std::string_view text = AsText(element.contents);
  if (is(Kind::kDns)) return Dns(text);
  if (is(Kind::kIp)) return IpFromOctets(element.contents);
  if (is(Kind::kUri)) return Uri(text);
  if (is(Kind::kEmail)) return Email(text);
  return BadKind();
}

std::string GeneralName::ValueText() const {
  if (kind_ != Kind::kIp) return value_;
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(value_.size() == kIpv4Octets ? AF_INET : AF_INET6, value_.data(), text, sizeof(text));
  return text;
}

std::string GeneralName::ToString() const { return std::string(KindPrefix(kind_)) + ValueText(); }

void GeneralName::Write(der::Writer& writer) const {
  writer.Text(der::ContextPrimitive(static_cast<uint8_t>(kind_)), value_);
}

GeneralNames Normalize(GeneralNames names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<GeneralNames> ReadGeneralNames(ByteSpan der) {
  der::Reader outer(der);
  TRY_ASSIGN(der::Reader sequence, outer.ReadSequence());
  TRY(outer.ExpectEnd());
  if (sequence.AtEnd()) return Bad("san.empty", "a subjectAltName holds at least one name");
  GeneralNames names;
  while (!sequence.AtEnd()) {
    if (names.size() == kNamesMax) return Bad("san.count", "there are more than 100 names");
    TRY_ASSIGN(der::Element element, sequence.ReadAny());
    TRY_ASSIGN(GeneralName name, GeneralName::FromElement(element));
    names.push_back(std::move(name));
  }
  return names;
}

void WriteGeneralNames(der::Writer& writer, const GeneralNames& names) {
  writer.Sequence([&] {
    for (const GeneralName& name : names) name.Write(writer);
  });
}

std::string Describe(const GeneralNames& names) {
  std::string out;
  for (const GeneralName& name : names) {
    if (!out.empty()) out += ", ";
    out += name.ToString();
  }
  return out;
}

}  // namespace mayfly::x509
