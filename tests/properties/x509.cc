#include "der/reader.h"
#include "der/writer.h"
#include "ocsp/get_path.h"
#include "ocsp/request.h"
#include "ocsp/response.h"
#include "tests/properties/openssl.h"
#include "tests/properties/properties.h"
#include "x509/certificate.h"
#include "x509/certification_request.h"
#include "x509/certification_request_writer.h"
#include "x509/proven_key.h"

namespace mayfly::properties {

namespace {

// The hashes inside the parameters of RSASSA-PSS have NULL or nothing for their own (RFC 4055 2.1),
// and its salt has more than one length.
bool HasOneForm(x509::SignatureAlgorithm algorithm) {
  return algorithm < x509::SignatureAlgorithm::kRsaPssSha256;
}

}  // namespace

Broken ByCertificationRequest(ByteSpan input) {
  auto request = x509::CertificationRequest::FromDer(input);
  if (!request) return std::nullopt;
  const Bytes again = x509::AssembleCertificationRequest(
      request->certification_request_info(), request->signature_algorithm(), request->signature());
  if (HasOneForm(request->signature_algorithm()) && !Equal(again, input)) {
    return "written back as " + ToHex(again);
  }
  auto key = x509::ProvenKey::FromRequest(*request, x509::KeyRules{});
  if (key && key->spki() != request->public_key()) return "another key is proven";
  if (key && !VerifiesForOpenssl(input)) return "OpenSSL does not verify what is proven";
  return DiffersFromOpenssl(*request, input);
}

Broken ByCertificate(ByteSpan input) {
  auto certificate = x509::Certificate::FromDer(input);
  if (!certificate) return std::nullopt;
  const x509::TbsCertificate& tbs = certificate->tbs();
  const auto tbs_again = x509::TbsCertificate::Write(tbs.fields(), tbs.serial());
  const Bytes again = x509::Certificate::Assemble(tbs_again.der(), tbs.fields().signature_algorithm,
                                                  certificate->signature());
  if (!Equal(again, input)) return "written back as " + ToHex(again);
  return DiffersFromOpenssl(*certificate);
}

Broken ByPem(ByteSpan input) {
  auto request = x509::CsrDerFromPemOrDer(input);
  if (request) {
    const std::string pem = x509::ToPem("CERTIFICATE REQUEST", *request);
    auto again = x509::CsrDerFromPemOrDer(AsBytes(pem));
    const bool fits = pem.size() <= 2 * x509::kCsrDerBytesMax && !request->empty();
    if (fits && (!again || *again != *request)) return "a request changes in PEM";
  }
  auto certificate = x509::Certificate::FromPem(AsText(input));
  if (!certificate) return std::nullopt;
  auto again = x509::Certificate::FromPem(certificate->Pem());
  if (!again || !Equal(again->der(), certificate->der())) return "a certificate changes in PEM";
  return std::nullopt;
}

Broken ByOcspRequest(ByteSpan input) {
  auto request = ocsp::OcspRequest::FromDer(input);
  if (!request) return std::nullopt;
  if (!request->cert_id().form) return std::nullopt;  // whatever such a hash's parameters are
  // The signature is read over, so what it holds is no difference.
  der::Reader outer(input);
  const ByteSpan tbs_request = outer.ReadSequence()->ReadAny()->whole;
  der::Writer unsigned_request;
  unsigned_request.Sequence([&] { unsigned_request.Raw(tbs_request); });
  return DiffersFromOpenssl(*request, unsigned_request.bytes());
}

Broken ByOcspGetPath(ByteSpan input) {
  auto der = ocsp::RequestFromGetPath(AsText(input));
  if (!der) return std::nullopt;
  auto again = ocsp::RequestFromGetPath(ToBase64(*der));
  if (!der->empty() && (!again || *again != *der)) return "another request in its plain base64";
  return ByOcspRequest(*der);
}

// A response that is read is written back: its signed part byte for byte.
Broken ByOcspResponse(ByteSpan input) {
  auto response = ocsp::ParsedResponse::FromDer(input);
  if (!response) return std::nullopt;
  if (response->basic.has_value() != (response->status == ocsp::ResponseStatus::kSuccessful)) {
    return "an answer without success, or success without an answer";
  }
  if (!response->basic || !response->basic->data.cert_id.form) return std::nullopt;
  const ocsp::ParsedResponse::Basic& basic = *response->basic;
  if (basic.certificates.size() != 1) return std::nullopt;
  const Bytes again = ocsp::WriteSuccessfulResponse(
      {basic.response_data, basic.algorithm, basic.signature, basic.certificates.front()});
  if (!ocsp::ParsedResponse::FromDer(again)) return "not readable when written back";
  return std::nullopt;
}

}  // namespace mayfly::properties
