#include "x509/presented_chain.h"

#include <utility>
#include <vector>

#include "x509/certificate.h"
#include "x509/openssl_handle.h"

namespace mayfly::x509 {
namespace {

Error BadChain(std::string why) {
  return FailWithDetail(ErrorCode::kUnauthenticated, "peer.certificate",
                        "the client certificate, or one beside it, cannot be read", std::move(why));
}

OpensslHandle<X509> Parse(const Bytes& der) {
  const uint8_t* at = der.data();
  OpensslHandle<X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (at != der.data() + der.size()) return nullptr;
  return certificate;
}

}  // namespace

Result<PresentedChain> PresentedChain::FromPem(std::string_view leaf, std::string_view others) {
  const auto leaf_der = mayfly::x509::FromPem("CERTIFICATE", leaf);
  if (!leaf_der || leaf_der->size() != 1) return BadChain("not one leaf");
  std::vector<Bytes> ders;
  if (!others.empty()) {
    auto blocks = mayfly::x509::FromPem("CERTIFICATE", others);
    if (!blocks) return BadChain(blocks.error().message);
    ders = *std::move(blocks);
  }
  if (ders.size() > kPresentedCertificatesMax) return BadChain("too many beside the leaf");
  OpensslHandle<X509> parsed = Parse(leaf_der->front());
  OpensslHandle<STACK_OF(X509)> stack(sk_X509_new_null());
  if (!parsed || !stack) return BadChain("the leaf is none");
  for (const Bytes& der : ders) {
    OpensslHandle<X509> other = Parse(der);
    if (!other || sk_X509_push(stack.get(), other.get()) == 0) return BadChain("one is none");
    (void)other.release();
  }
  return PresentedChain(std::move(parsed), std::move(stack));
}

Bytes PresentedChain::issuer() const {
  const uint8_t* der = nullptr;
  size_t size = 0;
  if (X509_NAME_get0_der(X509_get_issuer_name(leaf_.get()), &der, &size) != 1) return {};
  return {der, der + size};
}

}  // namespace mayfly::x509
