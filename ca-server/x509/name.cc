#include "x509/name.h"

#include <algorithm>
#include <vector>

#include "der/character_string.h"
#include "der/reader.h"
#include "der/set_of.h"
#include "der/writer.h"

namespace mayfly::x509 {
namespace {

constexpr size_t kEmptyNameBytes = 2;             // 30 00
constexpr size_t kOrganizationNameCharsMax = 64;  // ub-organization-name

struct Attribute {
  der::Oid type;
  der::Element value;
};
using RelativeDistinguishedName = std::vector<Attribute>;
using RdnSequence = std::vector<RelativeDistinguishedName>;

Error BadStructure(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, "name.structure", std::move(message));
}

// AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY }
// Values are character strings: that is what the attributes of RFC 5280 4.1.2.4 are.
Result<Attribute> ReadAttribute(const der::Element& element) {
  der::Reader reader(element.whole);
  TRY_ASSIGN(der::Reader sequence, reader.ReadSequence());
  TRY_ASSIGN(der::Oid type, sequence.ReadOid());
  TRY_ASSIGN(der::Element value, sequence.ReadAny());
  TRY(sequence.ExpectEnd());
  if (!der::IsCharacterString(value.tag)) {
    return BadStructure("a name's attribute is not a character string");
  }
  TRY(der::CheckCharacterString(value));
  return Attribute{std::move(type), value};
}

// RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue
Result<RelativeDistinguishedName> ReadRdn(der::Reader& sequence) {
  TRY_ASSIGN(der::Reader set, sequence.ReadSet());
  TRY_ASSIGN(std::vector<der::Element> members, der::ReadSetMembers(set));
  if (members.empty()) return BadStructure("a relative distinguished name is empty");
  RelativeDistinguishedName rdn;
  for (const der::Element& member : members) {
    TRY_ASSIGN(Attribute attribute, ReadAttribute(member));
    // X.501 9.3: each type once.
    bool repeated = std::any_of(rdn.begin(), rdn.end(), [&](const Attribute& other) {
      return other.type == attribute.type;
    });
    if (repeated) return BadStructure("a relative distinguished name has one type twice");
    rdn.push_back(std::move(attribute));
  }
  return rdn;
}

Result<RdnSequence> ReadRdnSequence(ByteSpan der) {
  der::Reader outer(der);
  TRY_ASSIGN(der::Reader sequence, outer.ReadSequence());
  TRY(outer.ExpectEnd());
  RdnSequence rdns;
  size_t attributes = 0;
  while (!sequence.AtEnd()) {
    TRY_ASSIGN(RelativeDistinguishedName rdn, ReadRdn(sequence));
    attributes += rdn.size();
    if (attributes > kNameAttributesMax) {
      return BadStructure("a name has at most " + std::to_string(kNameAttributesMax) +
                          " attributes");
    }
    rdns.push_back(std::move(rdn));
  }
  return rdns;
}

const der::Oid& CommonNameOid() {
  static const der::Oid oid = der::OidOrDie("2.5.4.3");
  return oid;
}

const der::Oid& OrganizationNameOid() {
  static const der::Oid oid = der::OidOrDie("2.5.4.10");
  return oid;
}

// RFC 4514 3.
std::string AttributeTypeName(const der::Oid& type) {
  static const std::pair<der::Oid, const char*> kNames[] = {
      {CommonNameOid(), "CN"},
      {der::OidOrDie("2.5.4.7"), "L"},
      {der::OidOrDie("2.5.4.8"), "ST"},
      {OrganizationNameOid(), "O"},
      {der::OidOrDie("2.5.4.11"), "OU"},
      {der::OidOrDie("2.5.4.6"), "C"},
      {der::OidOrDie("2.5.4.9"), "STREET"},
      {der::OidOrDie("0.9.2342.19200300.100.1.25"), "DC"},
      {der::OidOrDie("0.9.2342.19200300.100.1.1"), "UID"},
  };
  for (const auto& [oid, name] : kNames) {
    if (oid == type) return name;
  }
  return type.Dotted();
}

// RFC 4514 2.4, and everything that is not printable ASCII as \XX: safe on a terminal.
std::string EscapeValue(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool edge = (i == 0 && (c == '#' || c == ' ')) || (i + 1 == text.size() && c == ' ');
    if (c < 0x20 || c >= 0x7f) {
      out += '\\' + ToHex(AsBytes(text.substr(i, 1)));
    } else {
      if (edge || std::string_view("\"+,;<>\\").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string ValueText(const der::Element& value) {
  bool octets_are_text = value.tag == der::Tag::kUtf8String ||
                         value.tag == der::Tag::kPrintableString ||
                         value.tag == der::Tag::kIa5String;
  return octets_are_text ? EscapeValue(AsText(value.contents)) : "#" + ToHex(value.whole);
}

Status CheckText(std::string_view text, size_t chars_max, std::string rule) {
  auto characters = der::Utf8Length(text);
  bool control = std::any_of(text.begin(), text.end(),
                             [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; });
  if (!characters || *characters == 0 || *characters > chars_max || control) {
    return Fail(ErrorCode::kInvalidArgument, std::move(rule),
                "a name's text is 1 to " + std::to_string(chars_max) +
                    " characters of UTF-8 without control characters");
  }
  return Ok();
}

void WriteRdn(der::Writer& writer, const der::Oid& type, std::string_view text) {
  der::Tag tag = der::IsPrintableString(text) ? der::Tag::kPrintableString : der::Tag::kUtf8String;
  writer.Set([&] {
    writer.Sequence([&] {
      writer.ObjectIdentifier(type);
      writer.Text(tag, text);
    });
  });
}

}  // namespace

Name Name::Empty() {
  der::Writer writer;
  writer.Sequence([] {});
  return Name(writer.Take());
}

Result<Name> Name::CommonName(std::string_view common_name) {
  TRY(CheckText(common_name, kCommonNameCharsMax, "name.common-name"));
  der::Writer writer;
  writer.Sequence([&] { WriteRdn(writer, CommonNameOid(), common_name); });
  return Name(writer.Take());
}

Result<Name> Name::OrganizationAndCommonName(std::string_view organization,
                                             std::string_view common_name) {
  TRY(CheckText(organization, kOrganizationNameCharsMax, "name.organization"));
  TRY(CheckText(common_name, kCommonNameCharsMax, "name.common-name"));
  der::Writer writer;
  writer.Sequence([&] {
    WriteRdn(writer, OrganizationNameOid(), organization);
    WriteRdn(writer, CommonNameOid(), common_name);
  });
  return Name(writer.Take());
}

Result<Name> Name::FromDer(ByteSpan der) {
  if (der.size() > kNameDerBytesMax) {
    return Fail(ErrorCode::kInvalidArgument, "name.size", "a name has at most 4096 bytes of DER");
  }
  TRY(ReadRdnSequence(der));
  return Name(ToBytes(der));
}

bool Name::empty() const { return der_.size() == kEmptyNameBytes; }

std::string Name::ToString() const {
  auto rdns = ReadRdnSequence(der_);
  if (!rdns) return "";  // never: der_ has been read before
  std::string out;
  // RFC 4514 2.1: the last one first.
  for (auto rdn = rdns->rbegin(); rdn != rdns->rend(); ++rdn) {
    if (!out.empty()) out += ',';
    for (const Attribute& attribute : *rdn) {
      if (&attribute != &rdn->front()) out += '+';
      out += AttributeTypeName(attribute.type) + "=" + ValueText(attribute.value);
    }
  }
  return out;
}

}  // namespace mayfly::x509
