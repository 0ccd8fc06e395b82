#include "x509/revocation_lists.h"

#include <vector>

#include "x509/certificate.h"
#include "x509/openssl_handle.h"

namespace mayfly::x509 {
namespace {

constexpr std::string_view kPemBegin = "-----BEGIN";

Result<std::vector<Bytes>> DersOf(ByteSpan octets) {
  if (AsText(octets).find(kPemBegin) == std::string_view::npos) {
    return std::vector<Bytes>{ToBytes(octets)};
  }
  return FromPem("X509 CRL", AsText(octets));
}

}  // namespace

Result<RevocationLists> RevocationLists::FromPemOrDer(ByteSpan octets) {
  TRY_ASSIGN(const std::vector<Bytes> ders, DersOf(octets));
  if (ders.empty() || ders.size() > kRevocationListsMax) {
    return Fail(ErrorCode::kInvalidArgument, "crl.count",
                "1 to " + std::to_string(kRevocationListsMax) + " CRLs are expected");
  }
  OpensslHandle<STACK_OF(X509_CRL)> lists(sk_X509_CRL_new_null());
  for (const Bytes& der : ders) {
    const uint8_t* at = der.data();
    OpensslHandle<X509_CRL> list(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
    if (!list || at != der.data() + der.size() || sk_X509_CRL_push(lists.get(), list.get()) == 0) {
      return Fail(ErrorCode::kInvalidArgument, "crl.format", "not a CRL in PEM or DER");
    }
    (void)list.release();
  }
  return RevocationLists(std::move(lists));
}

}  // namespace mayfly::x509
