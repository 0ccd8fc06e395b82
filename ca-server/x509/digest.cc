#include "x509/digest.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace mayfly::x509 {
namespace {

template <class Hash>
Hash DigestWith(const EVP_MD* type, ByteSpan data) {
  Hash out;
  unsigned size = out.size();
  // With a built-in digest this fails only when memory is out; a wrong hash must never leave.
  if (EVP_Digest(data.data(), data.size(), out.data(), &size, type, nullptr) != 1 ||
      size != out.size()) {
    std::abort();
  }
  return out;
}

}  // namespace

Hash256 Sha256(ByteSpan data) { return DigestWith<Hash256>(EVP_sha256(), data); }

Hash160 Sha1(ByteSpan data) { return DigestWith<Hash160>(EVP_sha1(), data); }

}  // namespace mayfly::x509
