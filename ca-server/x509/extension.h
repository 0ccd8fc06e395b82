// Extension (RFC 5280 4.1.2.9) and the ones that Mayfly reads and writes. To add one: its OID and
// its writer here, the profile's wish for it in policy/.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "der/oid.h"
#include "der/reader.h"
#include "der/writer.h"
#include "x509/general_name.h"

namespace mayfly::x509 {

enum class Criticality : uint8_t { kNonCritical, kCritical };

struct Extension {
  der::Oid oid;
  Criticality criticality;
  Bytes value;  // the DER inside the OCTET STRING
  friend bool operator==(const Extension&, const Extension&) = default;
};
using Extensions = std::vector<Extension>;

constexpr size_t kExtensionsMax = 32;

// KeyUsage bits, by their RFC names. Bit 0 is digitalSignature.
enum class KeyUsage : uint16_t {
  kDigitalSignature = 1 << 0,
  kContentCommitment = 1 << 1,
  kKeyEncipherment = 1 << 2,
  kDataEncipherment = 1 << 3,
  kKeyAgreement = 1 << 4,
  kKeyCertSign = 1 << 5,
  kCrlSign = 1 << 6,
  kEncipherOnly = 1 << 7,
  kDecipherOnly = 1 << 8,
};
using KeyUsages = uint16_t;  // OR of KeyUsage
constexpr KeyUsages operator|(KeyUsage a, KeyUsage b) {
  return static_cast<KeyUsages>(static_cast<KeyUsages>(a) | static_cast<KeyUsages>(b));
}

namespace oid {
const der::Oid& SubjectKeyIdentifier();
const der::Oid& KeyUsage();
const der::Oid& SubjectAltName();
const der::Oid& BasicConstraints();
const der::Oid& NameConstraints();
const der::Oid& CrlDistributionPoints();
const der::Oid& CertificatePolicies();
const der::Oid& AuthorityKeyIdentifier();
const der::Oid& ExtendedKeyUsage();
const der::Oid& AuthorityInfoAccess();
const der::Oid& FreshestCrl();
const der::Oid& NoRevAvail();           // 2.5.29.56, RFC 9608
const der::Oid& TlsFeature();           // 1.3.6.1.5.5.7.1.24, RFC 7633
const der::Oid& OcspNoCheck();          // 1.3.6.1.5.5.7.48.1.5
const der::Oid& AnyExtendedKeyUsage();  // 2.5.29.37.0
const der::Oid& ServerAuth();           // 1.3.6.1.5.5.7.3.1
const der::Oid& ClientAuth();           // 1.3.6.1.5.5.7.3.2
const der::Oid& OcspSigning();          // 1.3.6.1.5.5.7.3.9
}  // namespace oid

// Writers: each gives a whole Extension, with the criticality that RFC 5280 or its own RFC sets.
Extension BasicConstraintsCa(std::optional<uint8_t> path_length);  // critical, cA TRUE
Extension KeyUsageExtension(KeyUsages usages);                     // critical
Extension ExtendedKeyUsageExtension(const std::vector<der::Oid>& purposes);
Extension SubjectKeyIdentifierExtension(ByteSpan key_identifier);
Extension AuthorityKeyIdentifierExtension(ByteSpan key_identifier);
Extension SubjectAltNameExtension(const GeneralNames& names, Criticality criticality);
// At least one of the two lists is not empty.
Extension AuthorityInfoAccessExtension(const std::vector<std::string>& ocsp_urls,
                                       const std::vector<std::string>& ca_issuers_urls);
Extension CrlDistributionPointsExtension(const std::vector<std::string>& urls);
Extension CertificatePoliciesExtension(const std::vector<der::Oid>& policies);  // no qualifiers
Extension NoRevAvailExtension();
Extension MustStapleExtension();  // TLS feature status_request
Extension OcspNoCheckExtension();

// Readers of values, for lint and for peers' certificates.
struct BasicConstraints {
  bool ca;
  std::optional<uint64_t> path_length;
};
Result<BasicConstraints> ReadBasicConstraints(ByteSpan value);
Result<KeyUsages> ReadKeyUsage(ByteSpan value);
Result<std::vector<der::Oid>> ReadExtendedKeyUsage(ByteSpan value);
Result<Bytes> ReadAuthorityKeyIdentifier(ByteSpan value);  // keyIdentifier [0], nothing else there

// Extensions ::= SEQUENCE SIZE (1..MAX). Errors: kBadDer; "extension.duplicate", "extension.count".
Result<Extensions> ReadExtensions(der::Reader& reader);
void WriteExtensions(der::Writer& writer, const Extensions& extensions);
const Extension* Find(const Extensions& extensions, const der::Oid& oid);

}  // namespace mayfly::x509
