// OCSPRequest (RFC 6960 4.1.1), read strictly, in the lightweight profile: one question a request.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "der/oid.h"
#include "x509/serial_number.h"

namespace mayfly::ocsp {

constexpr size_t kRequestDerBytesMax = 4096;
// RFC 9919 (lightweight profile): "OCSP requests ... include only one Request". Several are
// refused, so that an answer is always one cached or signed thing.
constexpr size_t kCertIdsMax = 1;
// RFC 9654 2.1: the length MUST be 1..128; a responder MUST accept 16..32 and MAY ignore the rest.
constexpr size_t kNonceBytesMax = 128;
constexpr size_t kNonceEchoedBytesMin = 16;
constexpr size_t kNonceEchoedBytesMax = 32;

// The hash of a CertID and whether its AlgorithmIdentifier has NULL parameters: clients compare
// the CertID of the answer with theirs, so an answer has it in the form it was asked in.
enum class CertIdForm : uint8_t { kSha1WithNull, kSha1, kSha256WithNull, kSha256 };
constexpr CertIdForm kCertIdForms[] = {CertIdForm::kSha1WithNull, CertIdForm::kSha1,
                                       CertIdForm::kSha256WithNull, CertIdForm::kSha256};

struct CertId {
  std::optional<CertIdForm> form;  // nothing: a hash algorithm that we do not know
  Bytes issuer_name_hash;
  Bytes issuer_key_hash;
  x509::SerialNumber serial;
};

class OcspRequest {
 public:
  // A signature is accepted and ignored (RFC 6960 4.1.2: the responder may choose): what we answer
  // does not depend on who asks. Errors, each a malformedRequest: kBadDer "der.*";
  // kInvalidArgument "ocsp.request-size", "ocsp.request-count", "ocsp.critical-extension",
  // "ocsp.requestor-name", "ocsp.nonce", "name.*", "serial.*", "extension.*".
  static Result<OcspRequest> FromDer(ByteSpan der);

  const CertId& cert_id() const { return cert_id_; }
  // What the answer shall repeat: present where its length is 16..32.
  const std::optional<Bytes>& echoed_nonce() const { return echoed_nonce_; }

 private:
  OcspRequest(CertId cert_id, std::optional<Bytes> echoed_nonce)
      : cert_id_(std::move(cert_id)), echoed_nonce_(std::move(echoed_nonce)) {}
  CertId cert_id_;
  std::optional<Bytes> echoed_nonce_;
};

namespace oid {
const der::Oid& Nonce();          // 1.3.6.1.5.5.7.48.1.2
const der::Oid& BasicResponse();  // 1.3.6.1.5.5.7.48.1.1
const der::Oid& Sha1();           // 1.3.14.3.2.26
const der::Oid& Sha256();         // 2.16.840.1.101.3.4.2.1
}  // namespace oid

}  // namespace mayfly::ocsp
