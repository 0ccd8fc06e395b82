// A private key made on the client's machine, and the CSR that proves it. The private half leaves
// this class as PKCS#8 only.
#pragma once

#include <memory>
#include <string_view>

#include "base/secret.h"
#include "x509/general_name.h"
#include "x509/signature.h"
#include "x509/subject_public_key_info.h"

namespace mayfly::client {

enum class NewKey : uint8_t { kEcP256, kEcP384, kEd25519, kRsa3072 };
// "ec-p256", "ec-p384", "ed25519", "rsa-3072". Error: kInvalidArgument "key.type".
Result<NewKey> ParseNewKey(std::string_view text);

class PrivateKey {
 public:
  // Error: kInternal "key.generate".
  static Result<PrivateKey> Generate(NewKey kind);
  // "PRIVATE KEY" and the older forms, not encrypted. Error: kInvalidArgument "key.pem".
  static Result<PrivateKey> FromPem(ByteSpan pem);
  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  ~PrivateKey();

  const x509::SubjectPublicKeyInfo& public_key() const { return public_key_; }
  // What it signs with: a CSR, the renewal of a certificate that has expired.
  x509::SignatureAlgorithm signature_algorithm() const;
  Result<Bytes> Sign(ByteSpan message) const;  // with signature_algorithm()
  Result<SecretBytes> Pkcs8Pem() const;        // "PRIVATE KEY", not encrypted

 private:
  struct Handle;
  PrivateKey(std::unique_ptr<Handle> handle, x509::SubjectPublicKeyInfo public_key);
  std::unique_ptr<Handle> handle_;
  x509::SubjectPublicKeyInfo public_key_;
};

// Is this an unencrypted private key in PEM, and of that public key?
bool IsKeyOf(ByteSpan pem, const x509::SubjectPublicKeyInfo& public_key);

// PKCS#10, DER: an empty subject, the names in an extension request, signed by `key`.
Result<Bytes> MakeCertificationRequest(const PrivateKey& key, const x509::GeneralNames& names);

}  // namespace mayfly::client
