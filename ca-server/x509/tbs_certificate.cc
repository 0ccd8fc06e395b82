#include "x509/tbs_certificate.h"

namespace mayfly::x509 {
namespace {

constexpr uint64_t kVersion3 = 2;
constexpr der::Tag kVersionTag = der::ContextConstructed(0);
constexpr der::Tag kIssuerUniqueIdTag = der::ContextPrimitive(1);
constexpr der::Tag kSubjectUniqueIdTag = der::ContextPrimitive(2);
constexpr der::Tag kExtensionsTag = der::ContextConstructed(3);

Error Bad(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

// What the parts report ("key.algorithm"), told as a finding about a certificate
// ("tbs.key.algorithm"): it is not the request's key that was refused.
template <class T>
Result<T> InTbs(Result<T> result) {
  if (result || result.error().code == ErrorCode::kBadDer) return result;
  Error error = std::move(result).error();
  error.code = ErrorCode::kInvalidArgument;
  error.rule = "tbs." + error.rule;
  return error;
}

void WriteValidity(der::Writer& writer, const Validity& validity) {
  writer.Sequence([&] {
    writer.CertificateTime(validity.not_before());
    writer.CertificateTime(validity.not_after());
  });
}

// version [0] EXPLICIT INTEGER. v1 is the DEFAULT, so an absent field means v1.
Status ReadVersion(der::Reader& reader) {
  if (!reader.NextIs(kVersionTag)) return Bad("tbs.version", "a certificate is of version 3");
  TRY_ASSIGN(der::Reader version, reader.ReadConstructed(kVersionTag));
  TRY_ASSIGN(uint64_t number, version.ReadSmallInteger());
  TRY(version.ExpectEnd());
  if (number != kVersion3) return Bad("tbs.version", "a certificate is of version 3");
  return Ok();
}

Result<SerialNumber> ReadSerialNumber(der::Reader& reader) {
  TRY_ASSIGN(ByteSpan contents, reader.ReadInteger());
  return SerialNumber::FromIntegerContents(contents);
}

Result<Name> ReadName(der::Reader& reader) {
  TRY_ASSIGN(der::Element element, reader.Read(der::Tag::kSequence));
  return Name::FromDer(element.whole);
}

Result<Validity> ReadValidity(der::Reader& reader) {
  TRY_ASSIGN(der::Reader sequence, reader.ReadSequence());
  TRY_ASSIGN(TimePoint not_before, sequence.ReadCertificateTime());
  TRY_ASSIGN(TimePoint not_after, sequence.ReadCertificateTime());
  TRY(sequence.ExpectEnd());
  return Validity::Between(not_before, not_after);
}

Result<SubjectPublicKeyInfo> ReadPublicKey(der::Reader& reader) {
  TRY_ASSIGN(der::Element element, reader.Read(der::Tag::kSequence));
  return SubjectPublicKeyInfo::FromDer(element.whole);
}

Result<Extensions> ReadTaggedExtensions(der::Reader& reader) {
  // RFC 5280 4.1.2.8: CAs must not generate unique identifiers.
  if (reader.NextIs(kIssuerUniqueIdTag) || reader.NextIs(kSubjectUniqueIdTag)) {
    return Bad("unique-id", "a certificate has no unique identifiers");
  }
  if (reader.AtEnd()) return Extensions{};
  TRY_ASSIGN(der::Reader tagged, reader.ReadConstructed(kExtensionsTag));
  TRY_ASSIGN(Extensions extensions, ReadExtensions(tagged));
  TRY(tagged.ExpectEnd());
  return extensions;
}

struct Parts {
  SerialNumber serial;
  TbsFields fields;
};

Result<Parts> ReadParts(der::Reader& reader) {
  TRY(ReadVersion(reader));
  TRY_ASSIGN(SerialNumber serial, InTbs(ReadSerialNumber(reader)));
  TRY_ASSIGN(SignatureAlgorithm algorithm, InTbs(ReadSignatureAlgorithm(reader)));
  TRY_ASSIGN(Name issuer, InTbs(ReadName(reader)));
  // RFC 5280 4.1.2.4: a non-empty distinguished name.
  if (issuer.empty()) return Bad("tbs.issuer", "the issuer is an empty name");
  TRY_ASSIGN(Validity validity, InTbs(ReadValidity(reader)));
  TRY_ASSIGN(Name subject, InTbs(ReadName(reader)));
  TRY_ASSIGN(SubjectPublicKeyInfo public_key, InTbs(ReadPublicKey(reader)));
  TRY_ASSIGN(Extensions extensions, InTbs(ReadTaggedExtensions(reader)));
  TRY(reader.ExpectEnd());
  return Parts{std::move(serial),
               TbsFields{algorithm, std::move(issuer), validity, std::move(subject),
                         std::move(public_key), std::move(extensions)}};
}

}  // namespace

TbsCertificate TbsCertificate::Write(const TbsFields& fields, const SerialNumber& serial) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.Constructed(kVersionTag, [&] { writer.SmallInteger(kVersion3); });
    writer.Primitive(der::Tag::kInteger, serial.octets());
    WriteSignatureAlgorithm(writer, fields.signature_algorithm);
    writer.Raw(fields.issuer.der());
    WriteValidity(writer, fields.validity);
    writer.Raw(fields.subject.der());
    writer.Raw(fields.public_key.der());
    // Extensions ::= SEQUENCE SIZE (1..MAX): an empty list is left out.
    if (!fields.extensions.empty()) {
      writer.Constructed(kExtensionsTag, [&] { WriteExtensions(writer, fields.extensions); });
    }
  });
  return TbsCertificate(writer.Take(), serial, fields);
}

Result<TbsCertificate> TbsCertificate::FromDer(ByteSpan der) {
  if (der.size() > kTbsDerBytesMax) {
    return Bad("tbs.size", "a TBSCertificate has at most 32768 bytes");
  }
  der::Reader outer(der);
  TRY_ASSIGN(der::Reader sequence, outer.ReadSequence());
  TRY(outer.ExpectEnd());
  TRY_ASSIGN(Parts parts, ReadParts(sequence));
  return TbsCertificate(ToBytes(der), std::move(parts.serial), std::move(parts.fields));
}

Result<GeneralNames> TbsCertificate::names() const {
  const Extension* extension = Find(fields_.extensions, oid::SubjectAltName());
  if (!extension) return GeneralNames{};
  TRY_ASSIGN(GeneralNames names, ReadGeneralNames(extension->value));
  return Normalize(std::move(names));
}

}  // namespace mayfly::x509
