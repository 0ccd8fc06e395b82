#include "x509/certificate.h"

#include "x509/digest.h"

namespace mayfly::x509 {
namespace {

constexpr std::string_view kPemLabel = "CERTIFICATE";

Error Bad(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

Status CheckOuterAlgorithm(der::Reader& reader, const TbsCertificate& tbs) {
  auto algorithm = ReadSignatureAlgorithm(reader);
  if (!algorithm && algorithm.error().code == ErrorCode::kBadDer) return algorithm.error();
  // RFC 5280 4.1.1.2: the same as inside the TBSCertificate.
  if (!algorithm || *algorithm != tbs.fields().signature_algorithm) {
    return Bad("certificate.algorithm", "the two signature algorithms of a certificate differ");
  }
  return Ok();
}

Result<ByteSpan> ReadSignature(der::Reader& reader) {
  TRY_ASSIGN(der::BitString bits, reader.ReadBitString());
  if (bits.unused_bits != 0 || bits.octets.empty()) {
    return Bad("certificate.signature-encoding", "a signature is whole octets, at least one");
  }
  return bits.octets;
}

}  // namespace

Bytes Certificate::Assemble(ByteSpan tbs, SignatureAlgorithm algorithm, ByteSpan signature) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.Raw(tbs);
    WriteSignatureAlgorithm(writer, algorithm);
    writer.BitString(signature);
  });
  return writer.Take();
}

Result<Certificate> Certificate::FromDer(ByteSpan der) {
  if (der.size() > kCertificateDerBytesMax) {
    return Bad("certificate.size", "a certificate has at most 40960 bytes");
  }
  der::Reader outer(der);
  TRY_ASSIGN(der::Reader sequence, outer.ReadSequence());
  TRY(outer.ExpectEnd());
  TRY_ASSIGN(der::Element tbs_element, sequence.Read(der::Tag::kSequence));
  TRY_ASSIGN(TbsCertificate tbs, TbsCertificate::FromDer(tbs_element.whole));
  TRY(CheckOuterAlgorithm(sequence, tbs));
  TRY_ASSIGN(ByteSpan signature, ReadSignature(sequence));
  TRY(sequence.ExpectEnd());
  return Certificate(ToBytes(der), std::move(tbs), ToBytes(signature));
}

Result<Certificate> Certificate::FromPem(std::string_view pem) {
  TRY_ASSIGN(std::vector<Bytes> blocks, x509::FromPem(kPemLabel, pem));
  if (blocks.empty()) return Bad("pem.none", "there is no PEM block with the label CERTIFICATE");
  return FromDer(blocks.front());
}

std::string Certificate::Pem() const { return ToPem(kPemLabel, der_); }

Hash256 Certificate::fingerprint() const { return Sha256(der_); }

Status Certificate::VerifySignedBy(const SubjectPublicKeyInfo& issuer_key) const {
  return VerifySignature(issuer_key, tbs_.fields().signature_algorithm, tbs_.der(), signature_);
}

}  // namespace mayfly::x509
