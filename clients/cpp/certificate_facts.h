// What is in a certificate, whoever made it, for people and for checks. Read with OpenSSL, which
// knows more kinds of certificates than Mayfly issues; nothing is verified here.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"

namespace mayfly::client {

struct ExtensionFacts {
  std::string name;  // "X509v3 Key Usage", or the OID
  bool critical;
  std::string text;  // as OpenSSL prints it, escaped; lines end with \n
};

// Text from the certificate is escaped, so that it cannot drive a terminal.
struct CertificateFacts {
  Bytes der;
  std::string serial;               // lower-case hex
  std::string subject, issuer;      // RFC 4514
  std::string issuer_common_name;   // empty: none
  std::vector<std::string> names;   // "DNS:web.internal", as ca.v1.Certificate.subject_alt_names
  TimePoint not_before, not_after;  // both ends are inclusive
  std::string key;                  // "ec-p256", "rsa-3072"
  std::string signature;            // "ecdsa-with-SHA256"
  std::string sha256;               // lower-case hex
  bool is_ca;
  std::vector<ExtensionFacts> extensions;
};

constexpr size_t kFileCertificatesMax = 1000;

// Error: kInvalidArgument "certificate.der".
Result<CertificateFacts> ReadFacts(ByteSpan der);
// The certificates of a file: PEM blocks in their order, or one in DER. At least one.
// Errors: kNotFound "file.missing"; kInvalidArgument "file.*", "certificate.none",
// "certificate.der", "certificate.count".
Result<std::vector<CertificateFacts>> ReadCertificates(const std::filesystem::path& file);

}  // namespace mayfly::client
