// Certificates for this very machine, issued in this process through the same path as every other:
// the server's own, and an operator's first.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "wiring.h"

namespace mayfly {

struct LocalCertificate {
  std::string profile;
  x509::GeneralNames names;
  std::optional<Seconds> lifetime;  // nothing: the profile's default
  std::filesystem::path certificate_file, key_file;
};

// Makes a P-256 key and its certificate (principal local:<uid>) and puts both in place: the key
// 0600, the certificate with its chain. What was there is replaced.
Status IssueLocalCertificate(Wiring& wiring, const LocalCertificate& wanted);

// Is there a certificate in this file whose life is far from over? A third of it, or more.
enum class LifeLeft { kPlenty, kLittle };
LifeLeft LifeLeftIn(const std::filesystem::path& certificate_file, TimePoint now);
LifeLeft LifeLeftOf(const x509::Certificate& certificate, TimePoint now);

}  // namespace mayfly
