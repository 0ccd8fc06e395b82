#include "ocsp/response.h"

#include "der/writer.h"
#include "x509/extension.h"

namespace mayfly::ocsp {
namespace {

void WriteCertId(der::Writer& writer, const CertId& id) {
  CertIdForm form = id.form.value();
  bool sha1 = form == CertIdForm::kSha1 || form == CertIdForm::kSha1WithNull;
  bool with_null = form == CertIdForm::kSha1WithNull || form == CertIdForm::kSha256WithNull;
  writer.Sequence([&] {
    writer.Sequence([&] {
      writer.ObjectIdentifier(sha1 ? oid::Sha1() : oid::Sha256());
      if (with_null) writer.Null();
    });
    writer.OctetString(id.issuer_name_hash);
    writer.OctetString(id.issuer_key_hash);
    writer.UnsignedInteger(id.serial.octets());
  });
}

// CertStatus ::= CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo,
//                         unknown [2] IMPLICIT UnknownInfo }
struct CertStatusWriter {
  der::Writer& writer;
  void operator()(const GoodStatus&) const { writer.Primitive(der::ContextPrimitive(0), {}); }
  void operator()(const UnknownStatus&) const { writer.Primitive(der::ContextPrimitive(2), {}); }
  void operator()(const RevokedStatus& revoked) const {
    writer.Constructed(der::ContextConstructed(1), [&] {
      writer.GeneralizedTime(revoked.revoked_at);
      // RFC 5280 5.3.1: unspecified is said by leaving the reason out.
      if (revoked.reason == RevocationReason::kUnspecified) return;
      writer.Constructed(der::ContextConstructed(0),
                         [&] { writer.Enumerated(static_cast<uint8_t>(revoked.reason)); });
    });
  }
};

void WriteSingleResponse(der::Writer& writer, const ResponseData& data) {
  writer.Sequence([&] {
    WriteCertId(writer, data.cert_id);
    std::visit(CertStatusWriter{writer}, data.status);
    writer.GeneralizedTime(data.this_update);
    writer.Constructed(der::ContextConstructed(0),
                       [&] { writer.GeneralizedTime(data.next_update); });
  });
}

void WriteNonce(der::Writer& writer, ByteSpan nonce) {
  writer.Constructed(der::ContextConstructed(1), [&] {
    writer.Sequence([&] {
      writer.Sequence([&] {
        writer.ObjectIdentifier(oid::Nonce());
        writer.OctetStringHolding([&] { writer.OctetString(nonce); });
      });
    });
  });
}

Bytes WriteBasicResponse(const SignedResponse& parts) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.Raw(parts.response_data);
    x509::WriteSignatureAlgorithm(writer, parts.algorithm);
    writer.BitString(parts.signature);
    writer.Constructed(der::ContextConstructed(0),
                       [&] { writer.Sequence([&] { writer.Raw(parts.responder_certificate); }); });
  });
  return writer.Take();
}

}  // namespace

ResponseStatus ResponseStatusFor(ErrorCode code) {
  switch (code) {
    case ErrorCode::kBadDer:
    case ErrorCode::kInvalidArgument:
      return ResponseStatus::kMalformedRequest;
    case ErrorCode::kNotFound:  // not an issuer of ours: nothing we could say would be believed
      return ResponseStatus::kUnauthorized;
    case ErrorCode::kSignerUnavailable:
    case ErrorCode::kSignatureInvalid:
    case ErrorCode::kStoreUnavailable:
    case ErrorCode::kOverloaded:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kShuttingDown:
    case ErrorCode::kConflict:
      return ResponseStatus::kTryLater;
    default:
      return ResponseStatus::kInternalError;
  }
}

Bytes WriteResponseData(const ResponseData& data) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.Constructed(der::ContextConstructed(2),
                       [&] { writer.OctetString(data.responder_key_hash); });
    writer.GeneralizedTime(data.produced_at);
    writer.Sequence([&] { WriteSingleResponse(writer, data); });
    if (data.nonce) WriteNonce(writer, *data.nonce);
  });
  return writer.Take();
}

Bytes WriteSuccessfulResponse(const SignedResponse& parts) {
  Bytes basic = WriteBasicResponse(parts);
  der::Writer writer;
  writer.Sequence([&] {
    writer.Enumerated(static_cast<uint8_t>(ResponseStatus::kSuccessful));
    writer.Constructed(der::ContextConstructed(0), [&] {
      writer.Sequence([&] {
        writer.ObjectIdentifier(oid::BasicResponse());
        writer.OctetString(basic);
      });
    });
  });
  return writer.Take();
}

Bytes WriteErrorResponse(ResponseStatus status) {
  der::Writer writer;
  writer.Sequence([&] { writer.Enumerated(static_cast<uint8_t>(status)); });
  return writer.Take();
}

}  // namespace mayfly::ocsp
