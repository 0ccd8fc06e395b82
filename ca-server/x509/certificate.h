// Certificate (RFC 5280 4.1): a TBSCertificate and its signature.
#pragma once

#include <string>
#include <vector>

#include "x509/tbs_certificate.h"

namespace mayfly::x509 {

constexpr size_t kCertificateDerBytesMax = kTbsDerBytesMax + 8192;

class Certificate {
 public:
  // Puts the three parts together; does not verify. `tbs` is a TBSCertificate's DER.
  static Bytes Assemble(ByteSpan tbs, SignatureAlgorithm algorithm, ByteSpan signature);
  // Errors: kBadDer "der.*"; kInvalidArgument "certificate.*", "tbs.*" (inner and outer algorithm
  // differ ...).
  static Result<Certificate> FromDer(ByteSpan der);
  static Result<Certificate> FromPem(std::string_view pem);  // the first CERTIFICATE block

  ByteSpan der() const { return der_; }
  const TbsCertificate& tbs() const { return tbs_; }
  ByteSpan signature() const { return signature_; }
  std::string Pem() const;
  Hash256 fingerprint() const;  // SHA-256 over der()
  // Is it signed by this key? As VerifySignature.
  Status VerifySignedBy(const SubjectPublicKeyInfo& issuer_key) const;

 private:
  Certificate(Bytes der, TbsCertificate tbs, Bytes signature)
      : der_(std::move(der)), tbs_(std::move(tbs)), signature_(std::move(signature)) {}
  Bytes der_;
  TbsCertificate tbs_;
  Bytes signature_;
};

// "-----BEGIN label-----" ... with 64-character lines.
std::string ToPem(std::string_view label, ByteSpan der);
// Every block with this label, in order; text between blocks is ignored. Rule "pem.*".
Result<std::vector<Bytes>> FromPem(std::string_view label, std::string_view text);

}  // namespace mayfly::x509
