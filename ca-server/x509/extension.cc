#include "x509/extension.h"

#include <algorithm>
#include <bit>

namespace mayfly::x509 {
namespace {

constexpr KeyUsages kKeyUsageBits = 0x1ff;
constexpr uint8_t kUriTag = 6;

Error Bad(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

Error EncodedDefault() {
  // X.690 11.5.
  return Fail(ErrorCode::kBadDer, "der.default", "a value that is its DEFAULT is encoded");
}

template <class Body>
Extension Make(const der::Oid& oid, Criticality criticality, Body body) {
  der::Writer writer;
  body(writer);
  return Extension{oid, criticality, writer.Take()};
}

template <class Body>
Extension MakeNonCritical(const der::Oid& oid, Body body) {
  return Make(oid, Criticality::kNonCritical, body);
}

void WriteUri(der::Writer& writer, const std::string& url) {
  writer.Text(der::ContextPrimitive(kUriTag), url);
}

// AccessDescription ::= SEQUENCE { accessMethod, accessLocation } (RFC 5280 4.2.2.1)
void WriteAccessDescriptions(der::Writer& writer, const der::Oid& method,
                             const std::vector<std::string>& urls) {
  for (const std::string& url : urls) {
    writer.Sequence([&] {
      writer.ObjectIdentifier(method);
      WriteUri(writer, url);
    });
  }
}

const der::Oid& OcspAccessMethod() {
  static const der::Oid oid = der::OidOrDie("1.3.6.1.5.5.7.48.1");
  return oid;
}

const der::Oid& CaIssuersAccessMethod() {
  static const der::Oid oid = der::OidOrDie("1.3.6.1.5.5.7.48.2");
  return oid;
}

// Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
Result<Extension> ReadExtension(der::Reader& sequence) {
  TRY_ASSIGN(der::Reader reader, sequence.ReadSequence());
  TRY_ASSIGN(der::Oid oid, reader.ReadOid());
  Criticality criticality = Criticality::kNonCritical;
  if (reader.NextIs(der::Tag::kBoolean)) {
    TRY_ASSIGN(bool critical, reader.ReadBoolean());
    if (!critical) return EncodedDefault();
    criticality = Criticality::kCritical;
  }
  TRY_ASSIGN(ByteSpan value, reader.ReadOctetString());
  TRY(reader.ExpectEnd());
  return Extension{std::move(oid), criticality, ToBytes(value)};
}

}  // namespace

namespace oid {

#define MAYFLY_OID(name, dotted)                       \
  const der::Oid& name() {                             \
    static const der::Oid oid = der::OidOrDie(dotted); \
    return oid;                                        \
  }
MAYFLY_OID(SubjectKeyIdentifier, "2.5.29.14")
MAYFLY_OID(KeyUsage, "2.5.29.15")
MAYFLY_OID(SubjectAltName, "2.5.29.17")
MAYFLY_OID(BasicConstraints, "2.5.29.19")
MAYFLY_OID(NameConstraints, "2.5.29.30")
MAYFLY_OID(CrlDistributionPoints, "2.5.29.31")
MAYFLY_OID(CertificatePolicies, "2.5.29.32")
MAYFLY_OID(AuthorityKeyIdentifier, "2.5.29.35")
MAYFLY_OID(ExtendedKeyUsage, "2.5.29.37")
MAYFLY_OID(AuthorityInfoAccess, "1.3.6.1.5.5.7.1.1")
MAYFLY_OID(FreshestCrl, "2.5.29.46")
MAYFLY_OID(NoRevAvail, "2.5.29.56")
MAYFLY_OID(TlsFeature, "1.3.6.1.5.5.7.1.24")
MAYFLY_OID(OcspNoCheck, "1.3.6.1.5.5.7.48.1.5")
MAYFLY_OID(AnyExtendedKeyUsage, "2.5.29.37.0")
MAYFLY_OID(ServerAuth, "1.3.6.1.5.5.7.3.1")
MAYFLY_OID(ClientAuth, "1.3.6.1.5.5.7.3.2")
MAYFLY_OID(OcspSigning, "1.3.6.1.5.5.7.3.9")
#undef MAYFLY_OID

}  // namespace oid

Extension BasicConstraintsCa(std::optional<uint8_t> path_length) {
  return Make(oid::BasicConstraints(), Criticality::kCritical, [&](der::Writer& writer) {
    writer.Sequence([&] {
      writer.Boolean(true);
      if (path_length) writer.SmallInteger(*path_length);
    });
  });
}

Extension KeyUsageExtension(KeyUsages usages) {
  return Make(oid::KeyUsage(), Criticality::kCritical, [&](der::Writer& writer) {
    // A named bit list ends with its last set bit (X.690 11.2.2). Bit 0 is the first one sent.
    usages &= kKeyUsageBits;
    size_t bits = static_cast<size_t>(std::bit_width(usages));
    uint8_t octets[2] = {};
    for (size_t bit = 0; bit < bits; ++bit) {
      if (usages >> bit & 1) octets[bit / 8] |= static_cast<uint8_t>(0x80 >> bit % 8);
    }
    size_t used = (bits + 7) / 8;
    writer.BitString(ByteSpan(octets, used), static_cast<uint8_t>(8 * used - bits));
  });
}

Extension ExtendedKeyUsageExtension(const std::vector<der::Oid>& purposes) {
  return MakeNonCritical(oid::ExtendedKeyUsage(), [&](der::Writer& writer) {
    writer.Sequence([&] {
      for (const der::Oid& purpose : purposes) writer.ObjectIdentifier(purpose);
    });
  });
}

Extension SubjectKeyIdentifierExtension(ByteSpan key_identifier) {
  return MakeNonCritical(oid::SubjectKeyIdentifier(),
                         [&](der::Writer& writer) { writer.OctetString(key_identifier); });
}

Extension AuthorityKeyIdentifierExtension(ByteSpan key_identifier) {
  return MakeNonCritical(oid::AuthorityKeyIdentifier(), [&](der::Writer& writer) {
    writer.Sequence([&] { writer.Primitive(der::ContextPrimitive(0), key_identifier); });
  });
}

Extension SubjectAltNameExtension(const GeneralNames& names, Criticality criticality) {
  return Make(oid::SubjectAltName(), criticality,
              [&](der::Writer& writer) { WriteGeneralNames(writer, names); });
}

Extension AuthorityInfoAccessExtension(const std::vector<std::string>& ocsp_urls,
                                       const std::vector<std::string>& ca_issuers_urls) {
  return MakeNonCritical(oid::AuthorityInfoAccess(), [&](der::Writer& writer) {
    writer.Sequence([&] {
      WriteAccessDescriptions(writer, OcspAccessMethod(), ocsp_urls);
      WriteAccessDescriptions(writer, CaIssuersAccessMethod(), ca_issuers_urls);
    });
  });
}

// DistributionPoint.distributionPoint [0] is a CHOICE, so [0] is explicit; its fullName is [0]
// again (RFC 5280 4.2.1.13).
Extension CrlDistributionPointsExtension(const std::vector<std::string>& urls) {
  auto write_full_name = [](der::Writer& writer, const std::string& url) {
    writer.Constructed(der::ContextConstructed(0), [&] {
      writer.Constructed(der::ContextConstructed(0), [&] { WriteUri(writer, url); });
    });
  };
  return MakeNonCritical(oid::CrlDistributionPoints(), [&](der::Writer& writer) {
    writer.Sequence([&] {
      for (const std::string& url : urls) writer.Sequence([&] { write_full_name(writer, url); });
    });
  });
}

// PolicyInformation ::= SEQUENCE { policyIdentifier, policyQualifiers OPTIONAL } (RFC 5280 4.2.1.4)
Extension CertificatePoliciesExtension(const std::vector<der::Oid>& policies) {
  return MakeNonCritical(oid::CertificatePolicies(), [&](der::Writer& writer) {
    writer.Sequence([&] {
      for (const der::Oid& policy : policies) {
        writer.Sequence([&] { writer.ObjectIdentifier(policy); });
      }
    });
  });
}

// Features ::= SEQUENCE OF INTEGER (RFC 7633 4.1); status_request is 5 (RFC 6066).
Extension MustStapleExtension() {
  constexpr uint64_t kStatusRequest = 5;
  return MakeNonCritical(oid::TlsFeature(), [](der::Writer& writer) {
    writer.Sequence([&] { writer.SmallInteger(kStatusRequest); });
  });
}

Extension NoRevAvailExtension() {
  return MakeNonCritical(oid::NoRevAvail(), [](der::Writer& writer) { writer.Null(); });
}

Extension OcspNoCheckExtension() {
  return MakeNonCritical(oid::OcspNoCheck(), [](der::Writer& writer) { writer.Null(); });
}

Result<BasicConstraints> ReadBasicConstraints(ByteSpan value) {
  der::Reader outer(value);
  TRY_ASSIGN(der::Reader reader, outer.ReadSequence());
  TRY(outer.ExpectEnd());
  BasicConstraints out{.ca = false, .path_length = std::nullopt};
  if (reader.NextIs(der::Tag::kBoolean)) {
    TRY_ASSIGN(out.ca, reader.ReadBoolean());
    if (!out.ca) return EncodedDefault();
  }
  if (reader.NextIs(der::Tag::kInteger)) {
    TRY_ASSIGN(out.path_length, reader.ReadSmallInteger());
    // RFC 5280 4.2.1.9.
    if (!out.ca) return Bad("extension.basic-constraints", "a path length without cA");
  }
  TRY(reader.ExpectEnd());
  return out;
}

Result<KeyUsages> ReadKeyUsage(ByteSpan value) {
  der::Reader reader(value);
  TRY_ASSIGN(der::BitString bits, reader.ReadBitString());
  TRY(reader.ExpectEnd());
  // RFC 5280 4.2.1.3: at least one bit is set.
  if (bits.octets.empty()) return Bad("extension.key-usage", "a key usage without any bit");
  if (!(bits.octets.back() >> bits.unused_bits & 1)) {
    return Fail(ErrorCode::kBadDer, "der.bit-string", "a list of named bits ends with zeros");
  }
  size_t count = 8 * bits.octets.size() - bits.unused_bits;
  if (count > static_cast<size_t>(std::bit_width(kKeyUsageBits))) {
    return Bad("extension.key-usage", "a key usage with an unknown bit");
  }
  KeyUsages usages = 0;
  for (size_t bit = 0; bit < count; ++bit) {
    if (bits.octets[bit / 8] & 0x80 >> bit % 8) usages |= static_cast<KeyUsages>(1 << bit);
  }
  return usages;
}

Result<std::vector<der::Oid>> ReadExtendedKeyUsage(ByteSpan value) {
  der::Reader outer(value);
  TRY_ASSIGN(der::Reader reader, outer.ReadSequence());
  TRY(outer.ExpectEnd());
  std::vector<der::Oid> purposes;
  while (!reader.AtEnd()) {
    TRY_ASSIGN(der::Oid purpose, reader.ReadOid());
    purposes.push_back(std::move(purpose));
  }
  if (purposes.empty()) {
    return Bad("extension.extended-key-usage", "an extended key usage without any purpose");
  }
  return purposes;
}

Result<Bytes> ReadAuthorityKeyIdentifier(ByteSpan value) {
  der::Reader outer(value);
  TRY_ASSIGN(der::Reader reader, outer.ReadSequence());
  TRY(outer.ExpectEnd());
  TRY_ASSIGN(der::Element identifier, reader.Read(der::ContextPrimitive(0)));
  TRY(reader.ExpectEnd());
  return ToBytes(identifier.contents);
}

Result<Extensions> ReadExtensions(der::Reader& reader) {
  TRY_ASSIGN(der::Reader sequence, reader.ReadSequence());
  Extensions extensions;
  while (!sequence.AtEnd()) {
    if (extensions.size() == kExtensionsMax) {
      return Bad("extension.count", "there are more than 32 extensions");
    }
    TRY_ASSIGN(Extension extension, ReadExtension(sequence));
    // RFC 5280 4.2: not more than one of each kind.
    if (Find(extensions, extension.oid)) {
      return Bad("extension.duplicate", "the extension " + extension.oid.Dotted() + " comes twice");
    }
    extensions.push_back(std::move(extension));
  }
  if (extensions.empty()) return Bad("extension.count", "a list of extensions is empty");
  return extensions;
}

void WriteExtensions(der::Writer& writer, const Extensions& extensions) {
  writer.Sequence([&] {
    for (const Extension& extension : extensions) {
      writer.Sequence([&] {
        writer.ObjectIdentifier(extension.oid);
        if (extension.criticality == Criticality::kCritical) writer.Boolean(true);
        writer.OctetString(extension.value);
      });
    }
  });
}

const Extension* Find(const Extensions& extensions, const der::Oid& oid) {
  auto found = std::find_if(extensions.begin(), extensions.end(),
                            [&](const Extension& extension) { return extension.oid == oid; });
  return found == extensions.end() ? nullptr : &*found;
}

}  // namespace mayfly::x509
