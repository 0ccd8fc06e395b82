// ParsedResponse: the reading half of response.h.
#include <algorithm>

#include "der/reader.h"
#include "ocsp/response.h"
#include "x509/extension.h"

namespace mayfly::ocsp {
namespace {

Error Refuse(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, "ocsp.response", std::move(message));
}

Result<CertId> ReadAnsweredCertId(der::Reader& reader) {
  TRY_ASSIGN(der::Reader cert_id, reader.ReadSequence());
  TRY_ASSIGN(der::Reader algorithm, cert_id.ReadSequence());
  TRY_ASSIGN(der::Oid hash, algorithm.ReadOid());
  bool has_null = algorithm.NextIs(der::Tag::kNull);
  CertId id{.form = std::nullopt,
            .issuer_name_hash = {},
            .issuer_key_hash = {},
            .serial = x509::SerialNumber::FromHex("01").value()};
  if (hash == oid::Sha1()) id.form = has_null ? CertIdForm::kSha1WithNull : CertIdForm::kSha1;
  if (hash == oid::Sha256()) id.form = has_null ? CertIdForm::kSha256WithNull : CertIdForm::kSha256;
  TRY_ASSIGN(ByteSpan name_hash, cert_id.ReadOctetString());
  TRY_ASSIGN(ByteSpan key_hash, cert_id.ReadOctetString());
  TRY_ASSIGN(ByteSpan contents, cert_id.ReadInteger());
  TRY_ASSIGN(id.serial, x509::SerialNumber::FromIntegerContents(contents));
  TRY(cert_id.ExpectEnd());
  id.issuer_name_hash = ToBytes(name_hash);
  id.issuer_key_hash = ToBytes(key_hash);
  return id;
}

Result<CertStatus> ReadRevoked(der::Reader info) {
  RevokedStatus revoked{.revoked_at = {}, .reason = RevocationReason::kUnspecified};
  TRY_ASSIGN(revoked.revoked_at, info.ReadGeneralizedTime());
  if (!info.AtEnd()) {
    TRY_ASSIGN(der::Reader wrapped, info.ReadConstructed(der::ContextConstructed(0)));
    TRY_ASSIGN(uint8_t reason, wrapped.ReadEnumerated());
    revoked.reason = static_cast<RevocationReason>(reason);
  }
  TRY(info.ExpectEnd());
  return CertStatus(revoked);
}

Result<CertStatus> ReadCertStatus(der::Reader& reader) {
  if (reader.NextIs(der::ContextConstructed(1))) {
    TRY_ASSIGN(der::Reader info, reader.ReadConstructed(der::ContextConstructed(1)));
    return ReadRevoked(info);
  }
  TRY_ASSIGN(der::Element choice, reader.ReadAny());
  if (!choice.contents.empty()) return Refuse("good and unknown are NULL");
  if (choice.tag == der::ContextPrimitive(0)) return CertStatus(GoodStatus{});
  if (choice.tag == der::ContextPrimitive(2)) return CertStatus(UnknownStatus{});
  return Refuse("no such CertStatus");
}

struct SingleResponse {
  CertId cert_id;
  CertStatus status;
  TimePoint this_update, next_update;
};

Result<SingleResponse> ReadSingleResponse(der::Reader& responses) {
  TRY_ASSIGN(der::Reader single, responses.ReadSequence());
  TRY_ASSIGN(CertId cert_id, ReadAnsweredCertId(single));
  TRY_ASSIGN(CertStatus status, ReadCertStatus(single));
  TRY_ASSIGN(TimePoint this_update, single.ReadGeneralizedTime());
  TRY_ASSIGN(der::Reader wrapped, single.ReadConstructed(der::ContextConstructed(0)));
  TRY_ASSIGN(TimePoint next_update, wrapped.ReadGeneralizedTime());
  TRY(single.ExpectEnd());
  return SingleResponse{std::move(cert_id), status, this_update, next_update};
}

Result<std::optional<Bytes>> ReadAnsweredNonce(der::Reader& data) {
  if (!data.NextIs(der::ContextConstructed(1))) return std::optional<Bytes>();
  TRY_ASSIGN(der::Reader wrapped, data.ReadConstructed(der::ContextConstructed(1)));
  TRY_ASSIGN(x509::Extensions extensions, x509::ReadExtensions(wrapped));
  const x509::Extension* nonce = x509::Find(extensions, oid::Nonce());
  if (!nonce) return std::optional<Bytes>();
  der::Reader value(nonce->value);
  TRY_ASSIGN(ByteSpan octets, value.ReadOctetString());
  return std::optional<Bytes>(ToBytes(octets));
}

Result<ResponseData> ReadResponseData(ByteSpan der) {
  der::Reader outer(der);
  TRY_ASSIGN(der::Reader data, outer.ReadSequence());
  TRY_ASSIGN(der::Reader by_key, data.ReadConstructed(der::ContextConstructed(2)));
  TRY_ASSIGN(ByteSpan key_hash, by_key.ReadOctetString());
  Hash160 hash{};
  if (key_hash.size() != hash.size()) return Refuse("byKey is a SHA-1 hash");
  std::copy(key_hash.begin(), key_hash.end(), hash.begin());
  TRY_ASSIGN(TimePoint produced_at, data.ReadGeneralizedTime());
  TRY_ASSIGN(der::Reader responses, data.ReadSequence());
  TRY_ASSIGN(SingleResponse single, ReadSingleResponse(responses));
  TRY(responses.ExpectEnd());
  TRY_ASSIGN(std::optional<Bytes> nonce, ReadAnsweredNonce(data));
  TRY(data.ExpectEnd());
  return ResponseData{hash,
                      produced_at,
                      std::move(single.cert_id),
                      single.status,
                      single.this_update,
                      single.next_update,
                      std::move(nonce)};
}

Result<std::vector<Bytes>> ReadCertificates(der::Reader& basic) {
  std::vector<Bytes> certificates;
  if (basic.AtEnd()) return certificates;
  TRY_ASSIGN(der::Reader wrapped, basic.ReadConstructed(der::ContextConstructed(0)));
  TRY_ASSIGN(der::Reader list, wrapped.ReadSequence());
  while (!list.AtEnd()) {
    TRY_ASSIGN(der::Element certificate, list.Read(der::Tag::kSequence));
    certificates.push_back(ToBytes(certificate.whole));
  }
  TRY(wrapped.ExpectEnd());
  return certificates;
}

Result<ParsedResponse::Basic> ReadBasicResponse(ByteSpan der) {
  der::Reader outer(der);
  TRY_ASSIGN(der::Reader basic, outer.ReadSequence());
  TRY(outer.ExpectEnd());
  TRY_ASSIGN(der::Element tbs, basic.Read(der::Tag::kSequence));
  TRY_ASSIGN(ResponseData data, ReadResponseData(tbs.whole));
  TRY_ASSIGN(x509::SignatureAlgorithm algorithm, x509::ReadSignatureAlgorithm(basic));
  TRY_ASSIGN(ByteSpan signature, basic.ReadWholeBytesBitString());
  TRY_ASSIGN(std::vector<Bytes> certificates, ReadCertificates(basic));
  TRY(basic.ExpectEnd());
  return ParsedResponse::Basic{std::move(data), ToBytes(tbs.whole), algorithm, ToBytes(signature),
                               std::move(certificates)};
}

}  // namespace

Result<ParsedResponse> ParsedResponse::FromDer(ByteSpan der) {
  der::Reader outer(der);
  TRY_ASSIGN(der::Reader response, outer.ReadSequence());
  TRY(outer.ExpectEnd());
  TRY_ASSIGN(uint8_t status, response.ReadEnumerated());
  ParsedResponse parsed{static_cast<ResponseStatus>(status), std::nullopt};
  if (parsed.status != ResponseStatus::kSuccessful) {
    TRY(response.ExpectEnd());
    return parsed;
  }
  TRY_ASSIGN(der::Reader wrapped, response.ReadConstructed(der::ContextConstructed(0)));
  TRY_ASSIGN(der::Reader bytes, wrapped.ReadSequence());
  TRY_ASSIGN(der::Oid type, bytes.ReadOid());
  if (type != oid::BasicResponse()) return Refuse("not an id-pkix-ocsp-basic response");
  TRY_ASSIGN(ByteSpan basic_der, bytes.ReadOctetString());
  TRY_ASSIGN(parsed.basic, ReadBasicResponse(basic_der));
  return parsed;
}

}  // namespace mayfly::ocsp
