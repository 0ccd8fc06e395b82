#include "x509/certification_request_writer.h"

#include "der/writer.h"
#include "x509/extension.h"
#include "x509/name.h"
#include "x509/request_attribute.h"

namespace mayfly::x509 {
namespace {

constexpr uint64_t kVersion1 = 0;

void WriteExtensionRequest(der::Writer& writer, const GeneralNames& names) {
  Extensions extensions = {SubjectAltNameExtension(names, Criticality::kCritical)};
  writer.Sequence([&] {
    writer.ObjectIdentifier(oid::ExtensionRequest());
    writer.Set([&] { WriteExtensions(writer, extensions); });
  });
}

}  // namespace

Bytes WriteCertificationRequestInfo(const SubjectPublicKeyInfo& public_key,
                                    const GeneralNames& names) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.SmallInteger(kVersion1);
    writer.Raw(Name::Empty().der());
    writer.Raw(public_key.der());
    writer.Constructed(kAttributesTag, [&] {
      if (!names.empty()) WriteExtensionRequest(writer, names);
    });
  });
  return writer.Take();
}

Bytes AssembleCertificationRequest(ByteSpan info, SignatureAlgorithm algorithm,
                                   ByteSpan signature) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.Raw(info);
    WriteSignatureAlgorithm(writer, algorithm);
    writer.BitString(signature);
  });
  return writer.Take();
}

}  // namespace mayfly::x509
