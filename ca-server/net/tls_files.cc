#include "net/tls_files.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fstream>
#include <memory>

#include "base/secret.h"
#include "x509/certificate.h"

namespace mayfly::net {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

Result<SecretBytes> ReadPem(const std::filesystem::path& path, const std::string& rule) {
  std::ifstream file(path, std::ios::binary);
  Bytes octets(kPemFileBytesMax + 1);
  file.read(reinterpret_cast<char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
  const auto size = static_cast<size_t>(file.gcount());
  if (!file.is_open() || file.bad() || size == 0 || size > kPemFileBytesMax) {
    return Fail(ErrorCode::kConfiguration, rule,
                path.string() + " cannot be read, is empty or is larger than 1 MiB");
  }
  octets.resize(size);
  return SecretBytes(std::move(octets));
}

// The public half, as SubjectPublicKeyInfo DER.
Result<Bytes> PublicHalf(const SecretBytes& pem, const std::filesystem::path& path) {
  const std::unique_ptr<BIO, Free> bio(
      BIO_new_mem_buf(pem.Reveal().data(), static_cast<int>(pem.Reveal().size())));
  // A callback that gives no password: an encrypted key is an error, not a question on a terminal.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  const std::unique_ptr<EVP_PKEY, Free> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  unsigned char* der = nullptr;
  const int size = key ? i2d_PUBKEY(key.get(), &der) : -1;
  if (size <= 0) {
    return Fail(ErrorCode::kConfiguration, "listener.private-key",
                path.string() + " is not an unencrypted private key in PEM");
  }
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

Status CheckRoots(const std::filesystem::path& path) {
  TRY_ASSIGN(const SecretBytes roots, ReadPem(path, "listener.trusted-roots"));
  const auto root = x509::Certificate::FromPem(AsText(roots.Reveal()));
  if (root) return Ok();
  return Fail(ErrorCode::kConfiguration, "listener.trusted-roots",
              path.string() + ": " + root.error().message);
}

}  // namespace

Status CheckTlsFiles(const TlsFiles& files) {
  TRY_ASSIGN(const SecretBytes chain, ReadPem(files.certificate, "listener.certificate"));
  TRY_ASSIGN(const SecretBytes key, ReadPem(files.private_key, "listener.private-key"));
  if (!files.trusted_roots.empty()) TRY(CheckRoots(files.trusted_roots));
  const auto leaf = x509::Certificate::FromPem(AsText(chain.Reveal()));
  if (!leaf) {
    return Fail(ErrorCode::kConfiguration, "listener.certificate",
                files.certificate.string() + ": " + leaf.error().message);
  }
  TRY_ASSIGN(const Bytes public_half, PublicHalf(key, files.private_key));
  if (!Equal(public_half, leaf->tbs().fields().public_key.der())) {
    return Fail(ErrorCode::kConfiguration, "listener.private-key",
                files.private_key.string() + " is not the key of " + files.certificate.string());
  }
  return Ok();
}

}  // namespace mayfly::net
