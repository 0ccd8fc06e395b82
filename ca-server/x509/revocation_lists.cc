#include "x509/revocation_lists.h"

#include <openssl/x509v3.h>

#include <set>
#include <utility>
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

Bytes OctetsOf(const ASN1_OCTET_STRING* octets) {
  return {ASN1_STRING_get0_data(octets),
          ASN1_STRING_get0_data(octets) + ASN1_STRING_length(octets)};
}

// Whose list it is, and of which part of what they issue (RFC 5280 5.2.5).
using Scope = std::pair<Bytes, Bytes>;
Scope ScopeOf(X509_CRL* list) {
  uint8_t* der = nullptr;
  const int size = i2d_X509_NAME(X509_CRL_get_issuer(list), &der);
  Scope scope{size > 0 ? Bytes(der, der + size) : Bytes(), {}};
  OPENSSL_free(der);
  const int at = X509_CRL_get_ext_by_NID(list, NID_issuing_distribution_point, -1);
  if (at >= 0) scope.second = OctetsOf(X509_EXTENSION_get_data(X509_CRL_get_ext(list, at)));
  return scope;
}

// OpenSSL looks at one list for each certificate. A delta (RFC 5280 5.2.4) has only what changed,
// and of two lists of one scope the older may be taken: either would let a revoked one in.
Status CheckOneWhole(X509_CRL* list, std::set<Scope>& scopes) {
  if (X509_CRL_get_ext_by_NID(list, NID_delta_crl, -1) >= 0) {
    return Fail(ErrorCode::kInvalidArgument, "crl.delta", "a delta CRL is no list of its own");
  }
  if (!scopes.insert(ScopeOf(list)).second) {
    return Fail(ErrorCode::kInvalidArgument, "crl.twice", "two CRLs of one issuer and scope");
  }
  return Ok();
}

}  // namespace

Result<RevocationLists> RevocationLists::FromPemOrDer(ByteSpan octets) {
  TRY_ASSIGN(const std::vector<Bytes> ders, DersOf(octets));
  if (ders.empty() || ders.size() > kRevocationListsMax) {
    return Fail(ErrorCode::kInvalidArgument, "crl.count",
                "1 to " + std::to_string(kRevocationListsMax) + " CRLs are expected");
  }
  OpensslHandle<STACK_OF(X509_CRL)> lists(sk_X509_CRL_new_null());
  std::set<Scope> scopes;
  for (const Bytes& der : ders) {
    const uint8_t* at = der.data();
    OpensslHandle<X509_CRL> list(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
    if (!list || at != der.data() + der.size() || sk_X509_CRL_push(lists.get(), list.get()) == 0) {
      return Fail(ErrorCode::kInvalidArgument, "crl.format", "not a CRL in PEM or DER");
    }
    X509_CRL* const pushed = list.get();
    (void)list.release();
    TRY(CheckOneWhole(pushed, scopes));
  }
  return RevocationLists(std::move(lists));
}

}  // namespace mayfly::x509
