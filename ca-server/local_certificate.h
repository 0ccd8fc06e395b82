// Certificates for this very machine, issued in this process through the same path as every other:
// the server's own, and an operator's first.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "wiring.h"

namespace mayfly {

// One file for both, where the two paths are equal: who reads it never has one of an older pair.
struct CredentialFiles {
  std::filesystem::path certificate;  // PEM, leaf first
  std::filesystem::path private_key;  // PEM, PKCS#8
};

struct LocalCertificate {
  std::string profile;
  x509::GeneralNames names;
  std::optional<Seconds> lifetime;  // nothing: the profile's default
  CredentialFiles files;
};

// Makes a P-256 key and its certificate (principal local:<uid>) and puts both in place: the key
// 0600, the certificate with its chain; one file with both 0600. What was there is replaced.
Status IssueLocalCertificate(Wiring& wiring, const LocalCertificate& wanted);

// Is its life far from over? A third of it, or more.
enum class LifeLeft { kPlenty, kLittle };
// When the first ends and the second begins.
TimePoint RenewalTimeOf(const x509::Certificate& certificate);
LifeLeft LifeLeftOf(const x509::Certificate& certificate, TimePoint now);

// Little, too, where a file is missing, the key is another one's, the names are not those that are
// wanted, or the certificate is revoked or not of this CA. Errors: those of the
// ledger.
Result<LifeLeft> LifeLeftIn(Wiring& wiring, const LocalCertificate& wanted);

}  // namespace mayfly
