#include "clients/cpp/renewal_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "clients/cpp/certificate_facts.h"
#include "clients/cpp/files.h"
#include "clients/cpp/private_key.h"
#include "x509/certificate.h"

namespace mayfly::client {
namespace {

namespace fs = std::filesystem;

constexpr Milliseconds kBetweenTries{50};

bool IsStillAt(const fs::path& path, int descriptor) {
  struct stat opened{}, named{};
  return fstat(descriptor, &opened) == 0 && stat(path.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

// The file that is locked is the one that is replaced: whoever had to wait looks again.
Result<FileDescriptor> LockFile(const fs::path& path, Milliseconds patience) {
  for (Milliseconds waited{0};; waited += kBetweenTries) {
    FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.open()) {
      return Fail(ErrorCode::kInvalidArgument, "file.read",
                  "cannot read " + path.string() + ": " + std::strerror(errno));
    }
    if (flock(file.get(), LOCK_EX | LOCK_NB) == 0 && IsStillAt(path, file.get())) return file;
    if (waited >= patience) {
      return Fail(ErrorCode::kConflict, "file.locked",
                  "another process is renewing " + path.string());
    }
    std::this_thread::sleep_for(kBetweenTries);
  }
}

bool IsKeyFor(const fs::path& key, const fs::path& certificate) {
  const auto certificates = ReadCertificates(certificate);
  const auto pem = ReadSecretFile(key);
  if (!certificates || !pem) return false;
  const auto leaf = x509::Certificate::FromDer(certificates->front().der);
  return leaf && IsKeyOf(pem->Reveal(), leaf->tbs().fields().public_key);
}

}  // namespace

Result<RenewalFiles> RenewalFiles::Open(const fs::path& certificate, const fs::path& key,
                                        Milliseconds patience) {
  TRY(ReadCertificates(certificate));  // says best what is wrong with it
  TRY_ASSIGN(const Bytes content, ReadFile(certificate));
  if (AsText(content).find("-----BEGIN ") == std::string_view::npos) {
    return Fail(ErrorCode::kInvalidArgument, "renewal.pem",
                certificate.string() + " is DER; what is renewed is PEM, with its chain");
  }
  std::error_code missing;
  const fs::path key_place = fs::canonical(key, missing);
  if (missing) {
    return Fail(ErrorCode::kInvalidArgument, "renewal.key", "there is no key file " + key.string());
  }
  const fs::path place = fs::canonical(certificate, missing);
  TRY(CheckPlaces({place, key_place}, Existing::kReplaceAlike));
  TRY_ASSIGN(FileDescriptor lock, LockFile(place, patience));
  RenewalFiles files(place, key_place, std::move(lock));
  TRY(files.CompleteInterrupted());
  return files;
}

// The key is replaced first (Replace): a run that was killed then leaves the key new, and the
// certificate that it is for beside the old one. Nobody else is at work on either now.
Status RenewalFiles::CompleteInterrupted() {
  const bool is_pair = IsKeyFor(key_, certificate_);
  for (const fs::path& left : LeftBeside(certificate_)) {
    if (is_pair || was_completed_ || !IsKeyFor(key_, left)) continue;
    TRY_ASSIGN(const Bytes chain, ReadFile(left));
    TRY(WriteFileAtomically(certificate_, chain, kPublicMode, Existing::kReplaceAlike));
    was_completed_ = true;
  }
  if (!is_pair && !was_completed_) return Ok();  // what is left may be all that somebody has
  for (const fs::path& place : {certificate_, key_}) {
    for (const fs::path& left : LeftBeside(place)) unlink(left.c_str());
  }
  return Ok();
}

Status RenewalFiles::Replace(std::string_view chain_pem, const SecretBytes& key_pem) const {
  return WriteFilesTogether(
      {{key_, key_pem.Reveal(), kPrivateMode}, {certificate_, AsBytes(chain_pem), kPublicMode}},
      Existing::kReplaceAlike);
}

}  // namespace mayfly::client
