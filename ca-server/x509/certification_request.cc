#include "x509/certification_request.h"

#include <algorithm>
#include <vector>

#include "der/any.h"
#include "der/character_string.h"
#include "der/set_of.h"
#include "x509/certificate.h"
#include "x509/request_attribute.h"

namespace mayfly::x509 {
namespace {

constexpr uint64_t kVersion1 = 0;
constexpr size_t kCsrPemBytesMax = 2 * kCsrDerBytesMax;  // base64, line ends, boundaries
constexpr uint8_t kDerFirstOctet = static_cast<uint8_t>(der::Tag::kSequence);
constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";
constexpr std::string_view kPemLabels[] = {"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"};

Error Bad(std::string rule, std::string message) {
  return Fail(ErrorCode::kBadCsr, std::move(rule), std::move(message));
}

Error BadAttributes(std::string message) { return Bad("csr.attributes", std::move(message)); }

struct Attribute {
  der::Oid type;
  std::vector<der::Element> values;
};

// Attribute ::= SEQUENCE { type OBJECT IDENTIFIER, values SET SIZE (1..MAX) OF ANY }
Result<Attribute> ReadAttribute(const der::Element& element) {
  der::Reader outer(element.whole);
  TRY_ASSIGN(der::Reader sequence, outer.ReadSequence());
  TRY_ASSIGN(der::Oid type, sequence.ReadOid());
  TRY_ASSIGN(der::Reader set, sequence.ReadSet());
  TRY(sequence.ExpectEnd());
  TRY_ASSIGN(std::vector<der::Element> values, der::ReadSetMembers(set));
  if (values.empty()) return BadAttributes("an attribute has no value");
  if (values.size() > kCsrAttributeValuesMax) {
    return BadAttributes("an attribute has more than 8 values");
  }
  for (const der::Element& value : values) TRY(der::CheckAny(value));
  return Attribute{std::move(type), std::move(values)};
}

size_t CharactersOf(const der::Element& text) {
  switch (text.tag) {
    case der::Tag::kUtf8String:
      return der::Utf8Length(AsText(text.contents)).value_or(0);
    case der::Tag::kBmpString:
      return text.contents.size() / 2;
    case der::Tag::kUniversalString:
      return text.contents.size() / 4;
    default:
      return text.contents.size();
  }
}

// A DirectoryString (IA5String of old) that nobody looks at (RFC 2985 5.3.6, 5.4.1, 5.4.3).
Status CheckText(const der::Element& value) {
  if (!der::IsCharacterString(value.tag)) {
    return BadAttributes("a challenge password or an unstructured name is a character string");
  }
  TRY(der::CheckCharacterString(value));
  if (CharactersOf(value) > kCsrAttributeCharsMax) {
    return BadAttributes("a challenge password or an unstructured name has at most 255 characters");
  }
  return Ok();
}

// RFC 2985 5.4.1: SINGLE VALUE TRUE, unlike the unstructured name and address.
Status CheckTextAttribute(const Attribute& attribute) {
  if (attribute.type == oid::ChallengePassword() && attribute.values.size() != 1) {
    return BadAttributes("a challenge password is one character string");
  }
  for (const der::Element& value : attribute.values) TRY(CheckText(value));
  return Ok();
}

bool IsTextAttribute(const der::Oid& type) {
  return type == oid::ChallengePassword() || type == oid::UnstructuredName() ||
         type == oid::UnstructuredAddress();
}

template <class T>
Status StatusOf(Result<T> result) {
  if (!result) return std::move(result).error();
  return Ok();
}

// No wish reaches a certificate, but who cannot say what they wish is refused rather than guessed.
Status CheckValue(const Extension& extension) {
  if (extension.oid == oid::BasicConstraints()) {
    return StatusOf(ReadBasicConstraints(extension.value));
  }
  if (extension.oid == oid::KeyUsage()) return StatusOf(ReadKeyUsage(extension.value));
  if (extension.oid == oid::ExtendedKeyUsage()) {
    TRY_ASSIGN(const auto purposes, ReadExtendedKeyUsage(extension.value));
    if (purposes.size() > kCsrPurposesMax) {
      return Bad("csr.extensions", "more than 32 extended key usages are asked for");
    }
  }
  return Ok();
}

// The rules of extensions in general, as a request's.
template <class Outcome>
Outcome InRequest(Outcome outcome) {
  if (!outcome && outcome.error().code != ErrorCode::kBadDer) {
    return Bad("csr.extensions", outcome.error().message);
  }
  return outcome;
}

Result<Extensions> ReadExtensionRequest(const Attribute& attribute) {
  if (attribute.values.size() != 1) return BadAttributes("an extension request has one value");
  der::Reader reader(attribute.values.front().whole);
  TRY_ASSIGN(Extensions extensions, InRequest(ReadExtensions(reader)));
  for (const Extension& extension : extensions) TRY(InRequest(CheckValue(extension)));
  return extensions;
}

// Two requests with different names would leave open which one counts, so there is one place
// where extensions are asked for: one extensionRequest.
Status CheckAttributeTypes(const std::vector<Attribute>& attributes) {
  for (auto attribute = attributes.begin(); attribute != attributes.end(); ++attribute) {
    bool repeated = std::any_of(attributes.begin(), attribute, [&](const Attribute& other) {
      return other.type == attribute->type;
    });
    if (repeated) {
      return BadAttributes("the attribute " + attribute->type.Dotted() + " comes twice");
    }
    if (attribute->type == oid::MicrosoftExtensionRequest()) {
      return BadAttributes("extensions are asked for in a PKCS#9 extensionRequest only");
    }
  }
  return Ok();
}

Result<std::vector<Attribute>> ReadAttributes(der::Reader& info) {
  if (!info.NextIs(kAttributesTag)) {
    return BadAttributes("the attributes [0] are there, if only as an empty set");
  }
  TRY_ASSIGN(der::Reader set, info.ReadConstructed(kAttributesTag));
  TRY_ASSIGN(std::vector<der::Element> members, der::ReadSetMembers(set));
  if (members.size() > kCsrAttributesMax) return BadAttributes("there are more than 8 attributes");
  std::vector<Attribute> attributes;
  for (const der::Element& member : members) {
    TRY_ASSIGN(Attribute attribute, ReadAttribute(member));
    attributes.push_back(std::move(attribute));
  }
  TRY(CheckAttributeTypes(attributes));
  return attributes;
}

// What is asked for; unknown attributes are ignored.
Result<Extensions> ReadRequestedExtensions(der::Reader& info) {
  TRY_ASSIGN(std::vector<Attribute> attributes, ReadAttributes(info));
  Extensions requested;
  for (const Attribute& attribute : attributes) {
    if (IsTextAttribute(attribute.type)) TRY(CheckTextAttribute(attribute));
    if (attribute.type == oid::ExtensionRequest()) {
      TRY_ASSIGN(requested, ReadExtensionRequest(attribute));
    }
  }
  return requested;
}

Result<GeneralNames> ReadRequestedNames(const Extensions& extensions) {
  const Extension* extension = Find(extensions, oid::SubjectAltName());
  if (!extension) return GeneralNames{};
  TRY_ASSIGN(GeneralNames names, ReadGeneralNames(extension->value));
  return Normalize(std::move(names));
}

Status ReadVersion(der::Reader& info) {
  TRY_ASSIGN(ByteSpan version, info.ReadInteger());
  if (version.size() != 1 || version[0] != kVersion1) {
    return Bad("csr.version", "a certification request is of version 0");
  }
  return Ok();
}

Result<ByteSpan> ReadSignature(der::Reader& reader) {
  TRY_ASSIGN(der::BitString bits, reader.ReadBitString());
  if (bits.unused_bits != 0 || bits.octets.empty()) {
    return Bad("csr.signature-encoding", "a signature is whole octets, at least one");
  }
  return bits.octets;
}

std::string_view Trim(std::string_view text) {
  size_t first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

Error BadPem() {
  return Bad("csr.pem",
             "a request in PEM is one block CERTIFICATE REQUEST and nothing else but white space");
}

}  // namespace

Result<CertificationRequest> CertificationRequest::FromDer(ByteSpan der) {
  if (der.size() > kCsrDerBytesMax) {
    return Bad("csr.size", "a certification request has at most 16384 bytes");
  }
  der::Reader outer(der);
  TRY_ASSIGN(der::Reader sequence, outer.ReadSequence());
  TRY(outer.ExpectEnd());
  TRY_ASSIGN(der::Element info_element, sequence.Read(der::Tag::kSequence));
  TRY_ASSIGN(const SignatureScheme scheme, ReadRequestSignatureAlgorithm(sequence));
  TRY_ASSIGN(ByteSpan signature, ReadSignature(sequence));
  TRY(sequence.ExpectEnd());

  der::Reader info(info_element.contents);
  TRY(ReadVersion(info));
  TRY_ASSIGN(der::Element subject_element, info.Read(der::Tag::kSequence));
  TRY_ASSIGN(Name subject, Name::FromDer(subject_element.whole));
  TRY_ASSIGN(der::Element key_element, info.Read(der::Tag::kSequence));
  TRY_ASSIGN(SubjectPublicKeyInfo public_key, SubjectPublicKeyInfo::FromDer(key_element.whole));
  TRY_ASSIGN(Extensions requested, ReadRequestedExtensions(info));
  TRY(info.ExpectEnd());
  TRY_ASSIGN(GeneralNames names, ReadRequestedNames(requested));

  CertificationRequest request(std::move(subject), std::move(public_key), scheme);
  request.names_ = std::move(names);
  request.requested_extensions_ = std::move(requested);
  request.info_ = ToBytes(info_element.whole);
  request.signature_ = ToBytes(signature);
  return request;
}

Result<Bytes> CsrDerFromPemOrDer(ByteSpan input) {
  if (input.size() > kCsrPemBytesMax) {
    return Bad("csr.size", "a certification request has at most 16384 bytes of DER");
  }
  if (!input.empty() && input[0] == kDerFirstOctet) return ToBytes(input);
  std::string_view text = Trim(AsText(input));
  for (std::string_view label : kPemLabels) {
    std::string begin = "-----BEGIN " + std::string(label) + "-----";
    std::string end = "-----END " + std::string(label) + "-----";
    bool framed = text.starts_with(begin) && text.ends_with(end);
    // A second block would be found here as a second boundary.
    if (!framed || text.find("-----BEGIN", begin.size()) != std::string_view::npos) continue;
    auto blocks = FromPem(label, text);
    if (blocks && blocks->size() == 1) return std::move(blocks->front());
  }
  return BadPem();
}

}  // namespace mayfly::x509
