// GeneralName (RFC 5280 4.2.1.6), the four kinds that Mayfly issues, each in one normal form.
// A GeneralName that exists is valid and normal: comparing two is comparing bytes.
//
//   dNSName    lower case; labels of a-z 0-9 - of 1..63, not led or ended by -; 253 at most;
//              no trailing dot; "*" only as the whole first label of a name of three labels or
//              more; the last label not a number (an IPv4 address to many); Punycode sound after
//              "xn--"
//   iPAddress  4 or 16 octets; v4-mapped v6 is refused
//   URI        scheme in lower case, then "://", an authority in lower case; SPIFFE IDs must
//              pass spiffe_id.h; 2048 octets at most, the characters of RFC 3986, no user
//              information
//   rfc822Name local@domain, domain in lower case and valid as a dNSName; 254 at most
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "der/reader.h"
#include "der/writer.h"

namespace mayfly::x509 {

class GeneralName {
 public:
  enum class Kind : uint8_t { kEmail = 1, kDns = 2, kUri = 6, kIp = 7 };  // the context tags

  // Errors: kInvalidArgument, rules "name.dns", "name.ip", "name.uri", "name.email", "name.spiffe".
  static Result<GeneralName> Dns(std::string_view text);
  static Result<GeneralName> Ip(std::string_view text);  // "10.1.2.3", "fd00::1"
  static Result<GeneralName> IpFromOctets(ByteSpan octets);
  static Result<GeneralName> Uri(std::string_view text);
  static Result<GeneralName> Email(std::string_view text);
  // Any of them, in the form that ToString writes: "DNS:web.internal". Rule "name.kind".
  static Result<GeneralName> FromString(std::string_view text);
  // One [1], [2], [6] or [7] element; others are "name.kind".
  static Result<GeneralName> FromElement(const der::Element& element);

  Kind kind() const { return kind_; }
  const std::string& value() const { return value_; }  // text, or 4/16 raw octets for kIp
  std::string ValueText() const;                       // IPs as text (RFC 5952 for v6)
  std::string ToString() const;  // "DNS:", "IP:", "URI:", "email:" + ValueText
  void Write(der::Writer& writer) const;
  friend auto operator<=>(const GeneralName&, const GeneralName&) = default;

 private:
  GeneralName(Kind kind, std::string value) : kind_(kind), value_(std::move(value)) {}
  Kind kind_;
  std::string value_;
};

using GeneralNames = std::vector<GeneralName>;

constexpr size_t kNamesMax = 100;  // in one request or certificate

// Sorted, without duplicates: the one order used for routing, checking and writing.
GeneralNames Normalize(GeneralNames names);
// GeneralNames ::= SEQUENCE SIZE (1..MAX), as in a subjectAltName value. Rules "name.*", "san.*".
Result<GeneralNames> ReadGeneralNames(ByteSpan der);
void WriteGeneralNames(der::Writer& writer, const GeneralNames& names);
std::string Describe(const GeneralNames& names);  // "DNS:a, URI:b"

}  // namespace mayfly::x509
