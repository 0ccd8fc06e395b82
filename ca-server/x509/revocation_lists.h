// RevocationLists: other CAs' CertificateLists (RFC 5280 5.1), for the paths to their anchors.
#pragma once

#include <memory>

#include "base/bytes.h"

struct stack_st_X509_CRL;

namespace mayfly::x509 {

constexpr size_t kRevocationListsMax = 64;

class RevocationLists {
 public:
  // Every "X509 CRL" block of a PEM text, or one list in DER. Signatures and times are looked at
  // when a path is validated. Errors: kInvalidArgument "crl.format", "crl.count", "crl.delta",
  // "crl.twice" (of one issuer and scope), "pem.*".
  static Result<RevocationLists> FromPemOrDer(ByteSpan octets);

 private:
  friend class TrustAnchors;
  explicit RevocationLists(std::shared_ptr<stack_st_X509_CRL> lists) : lists_(std::move(lists)) {}
  std::shared_ptr<stack_st_X509_CRL> lists_;
};

}  // namespace mayfly::x509
