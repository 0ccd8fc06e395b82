#include "der/reader.h"
#include "der/writer.h"
#include "tests/properties/properties.h"

namespace mayfly::properties {
namespace {

constexpr int kDepthMax = 64;  // of this walk; the reader itself has no recursion
constexpr uint8_t kConstructedBit = 0x20;

Status Rewrite(der::Reader& reader, der::Writer& writer, int depth);

bool IsConstructed(der::Tag tag) { return (static_cast<uint8_t>(tag) & kConstructedBit) != 0; }

Status RewriteConstructed(der::Reader& reader, der::Writer& writer, der::Tag tag, int depth) {
  TRY_ASSIGN(der::Reader inner, reader.ReadConstructed(tag));
  Status status = Ok();
  writer.Constructed(tag, [&] {
    while (status && !inner.AtEnd()) status = Rewrite(inner, writer, depth);
  });
  return status;
}

Status RewriteInteger(der::Reader& reader, der::Writer& writer) {
  der::Reader again = reader;
  TRY_ASSIGN(ByteSpan contents, again.ReadInteger());
  if (contents[0] & 0x80) {
    reader = again;
    writer.Primitive(der::Tag::kInteger, contents);
    return Ok();
  }
  TRY_ASSIGN(ByteSpan magnitude, reader.ReadUnsignedInteger());
  writer.UnsignedInteger(magnitude);
  return Ok();
}

Status RewriteCertificateTime(der::Reader& reader, der::Writer& writer) {
  TRY_ASSIGN(TimePoint time, reader.ReadCertificateTime());
  writer.CertificateTime(time);
  return Ok();
}

Status RewriteGeneralizedTime(der::Reader& reader, der::Writer& writer) {
  TRY_ASSIGN(TimePoint time, reader.ReadGeneralizedTime());
  writer.GeneralizedTime(time);
  return Ok();
}

Status RewriteOid(der::Reader& reader, der::Writer& writer) {
  TRY_ASSIGN(der::Oid oid, reader.ReadOid());
  writer.ObjectIdentifier(oid);
  // Text has arcs of 64 bits at most; what it can name is named back.
  if (auto again = der::Oid::FromDotted(oid.Dotted()); again && *again != oid) {
    return Fail(ErrorCode::kInternal, "property", "an OID is not its text's");
  }
  return Ok();
}

Status RewriteBitString(der::Reader& reader, der::Writer& writer) {
  TRY_ASSIGN(der::BitString bits, reader.ReadBitString());
  writer.BitString(bits.octets, bits.unused_bits);
  return Ok();
}

Status RewriteBoolean(der::Reader& reader, der::Writer& writer) {
  TRY_ASSIGN(bool value, reader.ReadBoolean());
  writer.Boolean(value);
  return Ok();
}

Status RewriteEnumerated(der::Reader& reader, der::Writer& writer) {
  TRY_ASSIGN(uint8_t value, reader.ReadEnumerated());
  writer.Enumerated(value);
  return Ok();
}

Status RewriteNull(der::Reader& reader, der::Writer& writer) {
  TRY(reader.ReadNull());
  writer.Null();
  return Ok();
}

Status RewriteAny(der::Reader& reader, der::Writer& writer) {
  TRY_ASSIGN(der::Element element, reader.ReadAny());
  writer.Primitive(element.tag, element.contents);
  return Ok();
}

Status RewritePrimitive(der::Reader& reader, der::Writer& writer, der::Tag tag) {
  switch (tag) {
    case der::Tag::kBoolean:
      return RewriteBoolean(reader, writer);
    case der::Tag::kInteger:
      return RewriteInteger(reader, writer);
    case der::Tag::kEnumerated:
      return RewriteEnumerated(reader, writer);
    case der::Tag::kNull:
      return RewriteNull(reader, writer);
    case der::Tag::kOid:
      return RewriteOid(reader, writer);
    case der::Tag::kBitString:
      return RewriteBitString(reader, writer);
    case der::Tag::kUtcTime:
      return RewriteCertificateTime(reader, writer);
    case der::Tag::kGeneralizedTime:
      return RewriteGeneralizedTime(reader, writer);
    default:
      return RewriteAny(reader, writer);
  }
}

Status Rewrite(der::Reader& reader, der::Writer& writer, int depth) {
  auto tag = reader.Peek();
  if (!tag || depth == kDepthMax) return RewriteAny(reader, writer);
  if (IsConstructed(*tag)) return RewriteConstructed(reader, writer, *tag, depth + 1);
  return RewritePrimitive(reader, writer, *tag);
}

}  // namespace

Broken ByDer(ByteSpan input) {
  der::Reader reader(input);
  der::Writer writer;
  while (!reader.AtEnd()) {
    auto status = Rewrite(reader, writer, 0);
    if (!status && status.error().code == ErrorCode::kInternal) return status.error().message;
    if (!status) return std::nullopt;
  }
  if (!Equal(writer.bytes(), input)) return "written back as " + ToHex(writer.bytes());
  return std::nullopt;
}

}  // namespace mayfly::properties
