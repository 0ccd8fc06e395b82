// Resource names (AIP-122) of the API, parsed strictly: one spelling, no escapes.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/uuid.h"
#include "x509/serial_number.h"

namespace mayfly::rpc {

constexpr size_t kResourceNameBytesMax = 512;
constexpr size_t kIssuerNameBytesMax = 63;
constexpr std::string_view kAnyIssuer = "-";  // AIP-159

// issuers/{issuer}/certificates/{serial}
struct CertificateName {
  std::string issuer;  // or kAnyIssuer
  x509::SerialNumber serial;
  // Rules "name.size", "name.certificate"; the serial is lower-case hex.
  static Result<CertificateName> Parse(std::string_view text);
  std::string ToString() const;
};

// issuers/{issuer}; gives the issuer, or kAnyIssuer. Rules "name.size", "name.issuer".
Result<std::string> ParseIssuerName(std::string_view text);

// trustBundles/{trust_domain}; gives the trust domain, or "-".
// Rules "name.size", "name.trust-bundle".
Result<std::string> ParseTrustBundleName(std::string_view text);
std::string TrustBundleName(std::string_view trust_domain);

// enrolmentTokens/{id}
std::string EnrolmentTokenName(const Uuid& id);
// Error: kInvalidArgument "name.enrolment-token".
Result<Uuid> ParseEnrolmentTokenName(std::string_view text);

// proposals/{id}
std::string ProposalName(const Uuid& id);
// Error: kInvalidArgument "name.proposal".
Result<Uuid> ParseProposalName(std::string_view text);

}  // namespace mayfly::rpc
