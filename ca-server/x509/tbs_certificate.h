// TBSCertificate (RFC 5280 4.1.2), v3. Written once and immutable after: the bytes that are linted
// are the bytes that are signed are the bytes that are stored.
#pragma once

#include "base/bytes.h"
#include "x509/extension.h"
#include "x509/name.h"
#include "x509/serial_number.h"
#include "x509/signature.h"
#include "x509/subject_public_key_info.h"
#include "x509/validity.h"

namespace mayfly::x509 {

constexpr size_t kTbsDerBytesMax = 32 * 1024;

// Everything but the serial number.
struct TbsFields {
  SignatureAlgorithm signature_algorithm;
  Name issuer;
  Validity validity;
  Name subject;
  SubjectPublicKeyInfo public_key;
  Extensions extensions;  // written in this order
};

class TbsCertificate {
 public:
  static TbsCertificate Write(const TbsFields& fields, const SerialNumber& serial);
  // Errors: kBadDer "der.*"; kInvalidArgument "tbs.*" (a part's own rule after it, as in
  // "tbs.key.algorithm").
  static Result<TbsCertificate> FromDer(ByteSpan der);

  ByteSpan der() const { return der_; }
  const SerialNumber& serial() const { return serial_; }
  const TbsFields& fields() const { return fields_; }
  // subjectAltName in normal form; empty where there is none. Rules "name.*", "san.*".
  Result<GeneralNames> names() const;

 private:
  TbsCertificate(Bytes der, SerialNumber serial, TbsFields fields)
      : der_(std::move(der)), serial_(std::move(serial)), fields_(std::move(fields)) {}
  Bytes der_;
  SerialNumber serial_;
  TbsFields fields_;
};

}  // namespace mayfly::x509
