#include "clients/cpp/private_key.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <string>
#include <utility>

#include "x509/certification_request_writer.h"
#include "x509/renewal_statement.h"

namespace mayfly::client {
namespace {

constexpr size_t kRsaBits = 3072;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

EVP_PKEY* MakeKey(NewKey kind) {
  switch (kind) {
    case NewKey::kEcP256:
      return EVP_EC_gen("P-256");
    case NewKey::kEcP384:
      return EVP_EC_gen("P-384");
    case NewKey::kEd25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case NewKey::kRsa3072:
      return EVP_RSA_gen(kRsaBits);
  }
  return nullptr;
}

// Ed25519 hashes by itself (RFC 8410).
const EVP_MD* DigestOf(x509::SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case x509::SignatureAlgorithm::kEd25519:
      return nullptr;
    case x509::SignatureAlgorithm::kEcdsaSha384:
      return EVP_sha384();
    case x509::SignatureAlgorithm::kEcdsaSha512:
      return EVP_sha512();
    default:
      return EVP_sha256();
  }
}

// Empty if there is none.
Bytes PublicKeyDer(const EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = key != nullptr ? i2d_PUBKEY(key, &der) : -1;
  Bytes octets;
  if (size > 0) octets.assign(der, der + size);
  OPENSSL_free(der);
  return octets;
}

// Null where it is none, or encrypted: nobody is asked on the terminal.
Owned<EVP_PKEY> ReadKey(ByteSpan pem) {
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const auto no_password = [](char*, int, int, void*) { return -1; };
  return Owned<EVP_PKEY>(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
}

Error Broken(std::string rule) {
  return Fail(ErrorCode::kInternal, std::move(rule), "OpenSSL failed on a private key");
}

}  // namespace

struct PrivateKey::Handle {
  Owned<EVP_PKEY> key;
};

Result<NewKey> ParseNewKey(std::string_view text) {
  if (text == "ec-p256") return NewKey::kEcP256;
  if (text == "ec-p384") return NewKey::kEcP384;
  if (text == "ed25519") return NewKey::kEd25519;
  if (text == "rsa-3072") return NewKey::kRsa3072;
  return Fail(ErrorCode::kInvalidArgument, "key.type",
              "\"" + Escape(text) + "\" is none of ec-p256, ec-p384, ed25519, rsa-3072");
}

Result<PrivateKey> PrivateKey::Generate(NewKey kind) {
  auto handle = std::make_unique<Handle>(Handle{Owned<EVP_PKEY>(MakeKey(kind))});
  const Bytes spki = PublicKeyDer(handle->key.get());
  if (spki.empty()) return Broken("key.generate");
  TRY_ASSIGN(auto public_key, x509::SubjectPublicKeyInfo::FromDer(spki));
  return PrivateKey(std::move(handle), std::move(public_key));
}

Result<PrivateKey> PrivateKey::FromPem(ByteSpan pem) {
  auto handle = std::make_unique<Handle>(Handle{ReadKey(pem)});
  const Bytes spki = PublicKeyDer(handle->key.get());
  if (spki.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "key.pem", "not an unencrypted private key in PEM");
  }
  TRY_ASSIGN(auto public_key, x509::SubjectPublicKeyInfo::FromDer(spki));
  return PrivateKey(std::move(handle), std::move(public_key));
}

bool IsKeyOf(ByteSpan pem, const x509::SubjectPublicKeyInfo& public_key) {
  const Owned<EVP_PKEY> key = ReadKey(pem);
  return key && Equal(PublicKeyDer(key.get()), public_key.der());
}

PrivateKey::PrivateKey(std::unique_ptr<Handle> handle, x509::SubjectPublicKeyInfo public_key)
    : handle_(std::move(handle)), public_key_(std::move(public_key)) {}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

x509::SignatureAlgorithm PrivateKey::signature_algorithm() const {
  return x509::RenewalAlgorithm(public_key_.type());
}

Result<Bytes> PrivateKey::Sign(ByteSpan message) const {
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  size_t size = 0;
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, DigestOf(signature_algorithm()), nullptr,
                         handle_->key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) != 1) {
    return Broken("key.sign");
  }
  Bytes signature(size);
  if (EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1) {
    return Broken("key.sign");
  }
  signature.resize(size);  // a DER Ecdsa-Sig-Value is often shorter than its bound
  return signature;
}

Result<SecretBytes> PrivateKey::Pkcs8Pem() const {
  const Owned<BIO> bio(BIO_new(BIO_s_secmem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), handle_->key.get(), nullptr, nullptr, 0,
                                            nullptr, nullptr) != 1) {
    return Broken("key.encode");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return SecretBytes(Bytes(text, text + size));
}

Result<Bytes> MakeCertificationRequest(const PrivateKey& key, const x509::GeneralNames& names) {
  const Bytes info = x509::WriteCertificationRequestInfo(key.public_key(), names);
  TRY_ASSIGN(const Bytes signature, key.Sign(info));
  return x509::AssembleCertificationRequest(info, key.signature_algorithm(), signature);
}

}  // namespace mayfly::client
