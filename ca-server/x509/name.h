// Name (RFC 5280 4.1.2.4), held as its DER. Ours are built here; others are compared by bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace mayfly::x509 {

constexpr size_t kNameDerBytesMax = 4096;
constexpr size_t kNameAttributesMax = 64;   // over all relative distinguished names
constexpr size_t kCommonNameCharsMax = 64;  // ub-common-name

class Name {
 public:
  static Name Empty();
  // CN as UTF8String (PrintableString where it fits); 1..64 characters. Rule "name.common-name".
  static Result<Name> CommonName(std::string_view common_name);
  // O and CN, O first. Either may not be empty.
  static Result<Name> OrganizationAndCommonName(std::string_view organization,
                                                std::string_view common_name);
  // A whole Name element, structure checked strictly. Rules "name.structure", "name.size".
  static Result<Name> FromDer(ByteSpan der);

  ByteSpan der() const { return der_; }
  bool empty() const;
  std::string ToString() const;  // RFC 4514 style, escaped, for people: "CN=web.internal,O=..."
  friend bool operator==(const Name&, const Name&) = default;

 private:
  explicit Name(Bytes der) : der_(std::move(der)) {}
  Bytes der_;
};

}  // namespace mayfly::x509
