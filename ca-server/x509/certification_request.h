// CertificationRequest (RFC 2986 4.2), parsed strictly; nothing in it is believed yet.
#pragma once

#include "base/bytes.h"
#include "x509/extension.h"
#include "x509/general_name.h"
#include "x509/name.h"
#include "x509/signature.h"
#include "x509/subject_public_key_info.h"

namespace mayfly::x509 {

constexpr size_t kCsrDerBytesMax = 16 * 1024;
constexpr size_t kCsrAttributesMax = 8;
constexpr size_t kCsrAttributeValuesMax = 8;   // of one attribute
constexpr size_t kCsrPurposesMax = 32;         // extended key usages that are asked for
constexpr size_t kCsrAttributeCharsMax = 255;  // pkcs-9-ub-pkcs9String, RFC 2985 A

class CertificationRequest {
 public:
  // Errors: kBadDer "der.*"; kBadCsr "csr.size", "csr.version", "csr.attributes" (duplicated, too
  // many, two extension requests, the Microsoft form, a text that is none), "csr.extensions" (none,
  // too many, one twice, a basicConstraints, keyUsage or extKeyUsage that makes no sense),
  // "csr.signature-encoding", "signature.algorithm";
  // kKeyRejected "key.*"; kInvalidArgument "name.*" for names that could never be issued.
  static Result<CertificationRequest> FromDer(ByteSpan der);

  const Name& subject() const { return subject_; }
  const SubjectPublicKeyInfo& public_key() const { return public_key_; }
  // subjectAltName of the extension request, in normal form; empty where there is none. A common
  // name in the subject is never read as a name.
  const GeneralNames& names() const { return names_; }
  const Extensions& requested_extensions() const { return requested_extensions_; }
  ByteSpan certification_request_info() const { return info_; }
  SignatureAlgorithm signature_algorithm() const { return signature_scheme_.algorithm; }
  const SignatureScheme& signature_scheme() const { return signature_scheme_; }
  ByteSpan signature() const { return signature_; }

 private:
  CertificationRequest(Name subject, SubjectPublicKeyInfo public_key, SignatureScheme scheme)
      : subject_(std::move(subject)),
        public_key_(std::move(public_key)),
        signature_scheme_(scheme) {}
  Name subject_;
  SubjectPublicKeyInfo public_key_;
  GeneralNames names_;
  Extensions requested_extensions_;
  Bytes info_;
  SignatureScheme signature_scheme_;
  Bytes signature_;
};

// The DER of a CSR from PEM text ("CERTIFICATE REQUEST" or "NEW CERTIFICATE REQUEST": one block,
// nothing else but white space around it) or DER, told apart by the first octet. Rule "csr.pem".
Result<Bytes> CsrDerFromPemOrDer(ByteSpan input);

}  // namespace mayfly::x509
