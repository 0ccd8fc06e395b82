#include "hsm/client/software_signer.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file_descriptor.h"
#include "base/secret.h"
#include "base/sync_folder.h"
#include "hsm/client/signing_rules.h"
#include "hsm/client/wire.h"

namespace mayfly::hsm {
namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* handle) const {
    Free(handle);
  }
};
using KeyHandle = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using BioHandle = std::unique_ptr<BIO, Deleter<BIO_free>>;
using DigestHandle = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;

constexpr std::string_view kScheme = "file:";

Error KeyFileError(const std::filesystem::path& file, std::string message) {
  return SignerFailure("signer.key-file", std::move(message), file.native());
}

bool IsKeyName(std::string_view name) {
  auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  return !name.empty() && name.size() <= kKeyNameBytesMax &&
         std::all_of(name.begin(), name.end(), good);
}

// Refuses what others may read, before a single octet of it is used.
Result<SecretBytes> ReadKeyFile(const std::filesystem::path& file) {
  FileDescriptor fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.open() && errno == ENOENT) {
    return FailWithDetail(ErrorCode::kNotFound, "signer.key-not-found", "there is no such key",
                          file.native());
  }
  struct stat status{};
  if (!fd.open() || fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return KeyFileError(file, "the key file cannot be read");
  }
  if (status.st_mode & 077) {
    return KeyFileError(file, "the key file must not be readable by others: chmod 600");
  }
  Bytes octets(kKeyFileBytesMax + 1);
  ssize_t size = read(fd.get(), octets.data(), octets.size());
  SecretBytes secret(std::move(octets));
  if (size <= 0 || static_cast<size_t>(size) > kKeyFileBytesMax) {
    return KeyFileError(file, "the key file is empty or too long");
  }
  return SecretBytes(ToBytes(secret.Reveal().first(static_cast<size_t>(size))));
}

Result<Bytes> SpkiOf(EVP_PKEY* key) {
  uint8_t* der = nullptr;
  int size = i2d_PUBKEY(key, &der);
  if (size <= 0) return SignerFailure("signer.key-file", "the key has no public half");
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

// Nothing for Ed25519, which hashes by itself.
const EVP_MD* DigestFor(x509::SignatureAlgorithm algorithm) {
  if (algorithm == x509::SignatureAlgorithm::kEd25519) return nullptr;
  return algorithm == x509::SignatureAlgorithm::kEcdsaSha384 ? EVP_sha384() : EVP_sha256();
}

KeyHandle MakeKey(KeyKind kind) {
  switch (kind) {
    case KeyKind::kP256:
      return KeyHandle(EVP_EC_gen("P-256"));
    case KeyKind::kP384:
      return KeyHandle(EVP_EC_gen("P-384"));
    case KeyKind::kEd25519:
      return KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    case KeyKind::kRsa3072:
      return KeyHandle(EVP_RSA_gen(3072));
    case KeyKind::kRsa4096:
      return KeyHandle(EVP_RSA_gen(4096));
  }
  return nullptr;
}

std::optional<Bytes> SignWith(EVP_PKEY* key, x509::SignatureAlgorithm algorithm, ByteSpan message) {
  DigestHandle context(EVP_MD_CTX_new());
  size_t size = 0;
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, DigestFor(algorithm), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) != 1) {
    return std::nullopt;
  }
  Bytes signature(size);
  if (EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1) {
    return std::nullopt;
  }
  signature.resize(size);
  return signature;
}

Result<SecretBytes> ToPem(EVP_PKEY* key) {
  BioHandle bio(BIO_new(BIO_s_secmem()));
  if (!bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return SignerFailure("signer.key-file", "the key cannot be written as PKCS#8");
  }
  char* text = nullptr;
  long size = BIO_get_mem_data(bio.get(), &text);
  return SecretBytes(Bytes(text, text + size));
}

// O_EXCL is the promise that no key is overwritten; a half written file is taken away again.
Status WriteNewFile(const std::filesystem::path& file, ByteSpan content) {
  FileDescriptor fd(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.open() && errno == EEXIST) {
    return FailWithDetail(ErrorCode::kConflict, "signer.key-exists",
                          "a key of this name exists; keys are never overwritten", file.native());
  }
  if (!fd.open()) return KeyFileError(file, std::string("cannot create: ") + std::strerror(errno));
  ssize_t written = write(fd.get(), content.data(), content.size());
  if (written != static_cast<ssize_t>(content.size()) || fsync(fd.get()) != 0) {
    unlink(file.c_str());
    return KeyFileError(file, "the key file cannot be written");
  }
  if (SyncFolder(file.parent_path())) return Ok();
  return KeyFileError(file.parent_path(), "the key directory cannot be synced");
}

}  // namespace

struct SoftwareSigner::Key {
  KeyHandle handle;
  x509::SubjectPublicKeyInfo spki;
};

SoftwareSigner::SoftwareSigner(std::filesystem::path directory, Executor& executor,
                               const Clock& clock)
    : directory_(std::move(directory)), executor_(executor), clock_(clock) {}

Result<SoftwareSigner::Key> SoftwareSigner::Load(const std::filesystem::path& file) {
  TRY_ASSIGN(SecretBytes pem, ReadKeyFile(file));
  BioHandle bio(BIO_new_mem_buf(pem.Reveal().data(), static_cast<int>(pem.Reveal().size())));
  // An encrypted file must fail rather than ask a terminal for its passphrase.
  auto no_passphrase = [](char*, int, int, void*) { return -1; };
  KeyHandle handle(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!handle) return KeyFileError(file, "the key file holds no unencrypted PEM private key");
  TRY_ASSIGN(Bytes der, SpkiOf(handle.get()));
  TRY_ASSIGN(auto spki, x509::SubjectPublicKeyInfo::FromDer(der));
  TRY(KeyKindOf(spki));
  return Key{std::move(handle), std::move(spki)};
}

Result<std::shared_ptr<const SoftwareSigner::Key>> SoftwareSigner::Find(const std::string& uri) {
  std::string_view name = uri;
  if (!name.starts_with(kScheme) || !IsKeyName(name.substr(kScheme.size()))) {
    return SignerFailure("signer.key-not-served",
                         "keys in files are named file:NAME with letters, digits, '-' and '_'",
                         Escape(uri));
  }
  name.remove_prefix(kScheme.size());
  std::lock_guard lock(mutex_);
  auto found = keys_.find(name);
  if (found != keys_.end()) return found->second;
  TRY_ASSIGN(Key key, Load(directory_ / (std::string(name) + ".pem")));
  auto shared = std::make_shared<const Key>(std::move(key));
  keys_.emplace(name, shared);
  return shared;
}

SignResult SoftwareSigner::SignNow(const SignJob& job) {
  auto refusal = RefuseMessage(job.purpose, job.message);
  if (refusal) return Refused(*std::move(refusal));
  auto key = Find(job.key.uri);
  if (!key) {
    bool never = key.error().rule == "signer.key-not-served";
    return never ? Refused(std::move(key).error()) : NotSigned(std::move(key).error());
  }
  refusal = RefuseKey(job.key, (*key)->spki);
  if (!refusal) refusal = RefuseAlgorithm(job.algorithm, (*key)->spki.type());
  if (refusal) return Refused(*std::move(refusal));
  if (clock_.BootNow() >= job.deadline) {
    return NotSigned(SignerFailure("signer.deadline", "the time allowed has passed"));
  }
  auto signature = SignWith((*key)->handle.get(), job.algorithm, job.message);
  if (!signature) return NotSigned(SignerFailure("signer.failed", "the signature failed"));
  return Signed(*std::move(signature));
}

Task<SignResult> SoftwareSigner::Sign(SignJob job) {
  auto hop = ResumeOn(executor_);
  co_await hop;
  co_return SignNow(job);
}

Task<Result<x509::SubjectPublicKeyInfo>> SoftwareSigner::PublicKey(std::string uri,
                                                                   BootTime deadline) {
  using Found = Result<x509::SubjectPublicKeyInfo>;
  auto hop = ResumeOn(executor_);
  co_await hop;
  if (clock_.BootNow() >= deadline) {
    co_return Found(SignerFailure("signer.deadline", "the time allowed has passed"));
  }
  auto key = Find(uri);
  if (!key) co_return Found(std::move(key).error());
  co_return Found((*key)->spki);
}

Result<x509::SubjectPublicKeyInfo> GenerateSoftwareKey(const std::filesystem::path& directory,
                                                       std::string_view name, KeyKind kind) {
  if (!IsKeyName(name)) {
    return Fail(ErrorCode::kInvalidArgument, "signer.key-name",
                "a key's name has 1 to 64 letters, digits, '-' and '_'");
  }
  KeyHandle key = MakeKey(kind);
  if (!key) return SignerFailure("signer.failed", "no key could be generated");
  TRY_ASSIGN(Bytes der, SpkiOf(key.get()));
  TRY_ASSIGN(auto spki, x509::SubjectPublicKeyInfo::FromDer(der));
  TRY_ASSIGN(SecretBytes pem, ToPem(key.get()));
  TRY(WriteNewFile(directory / (std::string(name) + ".pem"), pem.Reveal()));
  return spki;
}

}  // namespace mayfly::hsm
