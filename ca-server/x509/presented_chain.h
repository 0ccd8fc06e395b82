// PresentedChain: what a TLS peer of another CA showed (RFC 8446 4.4.2). Parsed and nothing more;
// such certificates need not be as ours are, so OpenSSL reads them.
#pragma once

#include <memory>
#include <string_view>

#include "base/bytes.h"

struct x509_st;
struct stack_st_X509;

namespace mayfly::x509 {

constexpr size_t kPresentedCertificatesMax = 8;  // beside the leaf

class PresentedChain {
 public:
  // `leaf` is one certificate in PEM; `others` are those beside it, in any order, perhaps none.
  // Errors: kUnauthenticated "peer.certificate".
  static Result<PresentedChain> FromPem(std::string_view leaf, std::string_view others);

  Bytes issuer() const;  // of the leaf, the Name's DER

 private:
  friend class TrustAnchors;
  PresentedChain(std::shared_ptr<x509_st> leaf, std::shared_ptr<stack_st_X509> others)
      : leaf_(std::move(leaf)), others_(std::move(others)) {}
  std::shared_ptr<x509_st> leaf_;
  std::shared_ptr<stack_st_X509> others_;
};

}  // namespace mayfly::x509
