// Whether a certificate would be believed: its chain, its dates, its names. By OpenSSL, so that the
// answer is that of most programs.
#pragma once

#include <string>
#include <vector>

#include "clients/cpp/certificate_facts.h"
#include "x509/general_name.h"

namespace mayfly::client {

struct ChainQuestion {
  // The certificate, then what came with it.
  std::vector<CertificateFacts> shown;
  std::vector<CertificateFacts> roots;
};

// Strictly by RFC 5280, dates apart: they are a finding of their own (CheckDates).
// The common names (or subjects) from the certificate to the root.
// Errors: kInvalidArgument "verify.chain", with OpenSSL's reason; "certificate.der".
Result<std::vector<std::string>> CheckChain(const ChainQuestion& question);

// Error: kInvalidArgument "verify.dates".
Status CheckDates(const CertificateFacts& certificate, TimePoint now);

// Does it hold for this name? Wildcards as RFC 6125 6.4.3 has them; a common name is no name.
// Error: kInvalidArgument "verify.name".
Status CheckName(const CertificateFacts& certificate, const x509::GeneralName& name);

}  // namespace mayfly::client
