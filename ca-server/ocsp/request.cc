#include "ocsp/request.h"

#include "der/reader.h"
#include "x509/extension.h"
#include "x509/name.h"

namespace mayfly::ocsp {
namespace oid {
const der::Oid& Nonce() {
  static const der::Oid value = der::OidOrDie("1.3.6.1.5.5.7.48.1.2");
  return value;
}
const der::Oid& BasicResponse() {
  static const der::Oid value = der::OidOrDie("1.3.6.1.5.5.7.48.1.1");
  return value;
}
const der::Oid& Sha1() {
  static const der::Oid value = der::OidOrDie("1.3.14.3.2.26");
  return value;
}
const der::Oid& Sha256() {
  static const der::Oid value = der::OidOrDie("2.16.840.1.101.3.4.2.1");
  return value;
}
}  // namespace oid

namespace {

Error Refuse(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

std::optional<CertIdForm> FormOf(const der::Oid& hash, bool has_null) {
  if (hash == oid::Sha1()) return has_null ? CertIdForm::kSha1WithNull : CertIdForm::kSha1;
  if (hash == oid::Sha256()) return has_null ? CertIdForm::kSha256WithNull : CertIdForm::kSha256;
  return std::nullopt;
}

// AlgorithmIdentifier: RFC 5754 2 has the parameters absent and bids everybody accept NULL too.
Result<std::optional<CertIdForm>> ReadHashAlgorithm(der::Reader& reader) {
  TRY_ASSIGN(der::Reader algorithm, reader.ReadSequence());
  TRY_ASSIGN(der::Oid hash, algorithm.ReadOid());
  bool has_null = algorithm.NextIs(der::Tag::kNull);
  if (has_null) TRY(algorithm.ReadNull());
  std::optional<CertIdForm> form = FormOf(hash, has_null);
  // Parameters of algorithms that we do not know are theirs to define, but they are one element.
  if (!form && !has_null && !algorithm.AtEnd()) TRY(algorithm.ReadAny());
  TRY(algorithm.ExpectEnd());
  return form;
}

// CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }
Result<CertId> ReadCertId(der::Reader& reader) {
  TRY_ASSIGN(der::Reader cert_id, reader.ReadSequence());
  TRY_ASSIGN(std::optional<CertIdForm> form, ReadHashAlgorithm(cert_id));
  TRY_ASSIGN(ByteSpan name_hash, cert_id.ReadOctetString());
  TRY_ASSIGN(ByteSpan key_hash, cert_id.ReadOctetString());
  TRY_ASSIGN(ByteSpan serial_contents, cert_id.ReadInteger());
  TRY_ASSIGN(x509::SerialNumber serial, x509::SerialNumber::FromIntegerContents(serial_contents));
  TRY(cert_id.ExpectEnd());
  return CertId{form, ToBytes(name_hash), ToBytes(key_hash), std::move(serial)};
}

// RFC 6960 4.4: unrecognized extensions are ignored unless critical. The nonce is the only one
// that we act on, and only among the extensions of the whole request.
enum class NonceIs : uint8_t { kUnderstood, kNotUnderstood };
Status RefuseCritical(const x509::Extensions& extensions, NonceIs nonce) {
  for (const x509::Extension& extension : extensions) {
    if (extension.criticality != x509::Criticality::kCritical) continue;
    if (nonce == NonceIs::kUnderstood && extension.oid == oid::Nonce()) continue;
    return Refuse("ocsp.critical-extension",
                  "the critical extension " + extension.oid.Dotted() + " is not supported");
  }
  return Ok();
}

// Request ::= SEQUENCE { reqCert CertID, singleRequestExtensions [0] EXPLICIT Extensions OPTIONAL }
Result<CertId> ReadRequest(der::Reader& list) {
  TRY_ASSIGN(der::Reader request, list.ReadSequence());
  TRY_ASSIGN(CertId cert_id, ReadCertId(request));
  if (request.NextIs(der::ContextConstructed(0))) {
    TRY_ASSIGN(der::Reader wrapped, request.ReadConstructed(der::ContextConstructed(0)));
    TRY_ASSIGN(x509::Extensions extensions, x509::ReadExtensions(wrapped));
    TRY(wrapped.ExpectEnd());
    TRY(RefuseCritical(extensions, NonceIs::kNotUnderstood));
  }
  TRY(request.ExpectEnd());
  return cert_id;
}

Result<CertId> ReadRequestList(der::Reader& reader) {
  TRY_ASSIGN(der::Reader list, reader.ReadSequence());
  if (list.AtEnd()) return Refuse("ocsp.request-count", "the request asks about no certificate");
  TRY_ASSIGN(CertId cert_id, ReadRequest(list));
  static_assert(kCertIdsMax == 1);
  if (!list.AtEnd()) {
    return Refuse("ocsp.request-count", "one request asks about one certificate (RFC 9919)");
  }
  return cert_id;
}

// RFC 9654 2.1: Nonce ::= OCTET STRING (SIZE (1..128)), inside extnValue.
Result<std::optional<Bytes>> ReadNonce(const x509::Extensions& extensions) {
  const x509::Extension* extension = x509::Find(extensions, oid::Nonce());
  if (!extension) return std::optional<Bytes>();
  der::Reader reader(extension->value);
  TRY_ASSIGN(ByteSpan nonce, reader.ReadOctetString());
  TRY(reader.ExpectEnd());
  if (nonce.empty() || nonce.size() > kNonceBytesMax) {
    return Refuse("ocsp.nonce", "a nonce has 1 to 128 octets (RFC 9654)");
  }
  bool echoed = nonce.size() >= kNonceEchoedBytesMin && nonce.size() <= kNonceEchoedBytesMax;
  return echoed ? std::optional<Bytes>(ToBytes(nonce)) : std::nullopt;
}

Result<std::optional<Bytes>> ReadRequestExtensions(der::Reader& tbs) {
  if (!tbs.NextIs(der::ContextConstructed(2))) return std::optional<Bytes>();
  TRY_ASSIGN(der::Reader wrapped, tbs.ReadConstructed(der::ContextConstructed(2)));
  TRY_ASSIGN(x509::Extensions extensions, x509::ReadExtensions(wrapped));
  TRY(wrapped.ExpectEnd());
  TRY(RefuseCritical(extensions, NonceIs::kUnderstood));
  return ReadNonce(extensions);
}

// GeneralName (RFC 5280 4.2.1.6), of the kinds that somebody is named by: rfc822Name, dNSName,
// uniformResourceIdentifier, iPAddress, directoryName.
Status CheckRequestorName(const der::Element& name) {
  for (uint8_t kind : {1, 2, 6, 7}) {
    if (name.tag == der::ContextPrimitive(kind)) return Ok();
  }
  if (name.tag != der::ContextConstructed(4)) {
    return Refuse("ocsp.requestor-name", "the requestorName is not the name of anybody");
  }
  TRY(x509::Name::FromDer(name.contents));
  return Ok();
}

// requestorName [1] EXPLICIT GeneralName OPTIONAL: read over.
Status SkipRequestorName(der::Reader& tbs) {
  if (!tbs.NextIs(der::ContextConstructed(1))) return Ok();
  TRY_ASSIGN(der::Reader wrapped, tbs.ReadConstructed(der::ContextConstructed(1)));
  TRY_ASSIGN(der::Element name, wrapped.ReadAny());
  TRY(CheckRequestorName(name));
  return wrapped.ExpectEnd();
}

// optionalSignature [0] EXPLICIT Signature OPTIONAL: its structure is checked, its truth is not.
Status SkipSignature(der::Reader& request) {
  if (!request.NextIs(der::ContextConstructed(0))) return Ok();
  TRY_ASSIGN(der::Reader wrapped, request.ReadConstructed(der::ContextConstructed(0)));
  TRY_ASSIGN(der::Reader signature, wrapped.ReadSequence());
  TRY(wrapped.ExpectEnd());
  TRY(signature.ReadSequence());
  TRY(signature.ReadBitString());
  if (signature.NextIs(der::ContextConstructed(0))) {
    TRY(signature.ReadConstructed(der::ContextConstructed(0)));
  }
  return signature.ExpectEnd();
}

}  // namespace

Result<OcspRequest> OcspRequest::FromDer(ByteSpan der) {
  if (der.size() > kRequestDerBytesMax) {
    return Refuse("ocsp.request-size",
                  "a request has at most " + std::to_string(kRequestDerBytesMax) + " octets");
  }
  der::Reader outer(der);
  TRY_ASSIGN(der::Reader request, outer.ReadSequence());
  TRY(outer.ExpectEnd());
  TRY_ASSIGN(der::Reader tbs, request.ReadSequence());
  // version [0] DEFAULT v1 is the only version there is, and DER never encodes a default: a [0]
  // here fails as an unexpected tag.
  TRY(SkipRequestorName(tbs));
  TRY_ASSIGN(CertId cert_id, ReadRequestList(tbs));
  TRY_ASSIGN(std::optional<Bytes> nonce, ReadRequestExtensions(tbs));
  TRY(tbs.ExpectEnd());
  TRY(SkipSignature(request));
  TRY(request.ExpectEnd());
  return OcspRequest(std::move(cert_id), std::move(nonce));
}

}  // namespace mayfly::ocsp
