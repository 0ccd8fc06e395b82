// Details of events: small JSON objects, every text in them escaped and cut.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/uuid.h"
#include "lint/linted_tbs.h"
#include "policy/placeholder.h"
#include "x509/general_name.h"

namespace mayfly::issuance {

// What was asked for, as far as it could be read.
struct Asked {
  std::string profile;
  x509::GeneralNames names;
  std::optional<Seconds> lifetime;
  policy::Claims claims{};  // of who asked
  bool is_renewal = false;
};

constexpr size_t kEventNamesMax = 16;
constexpr size_t kEventNameBytesMax = 256;

// {"profile":"server","code":"policy-denied","rules":["policy.name"],"names":["DNS:a.b"],
//  "lifetime_seconds":3600,"claims":"namespace=prod","renewal":true}. Names that are too many or
//  too long are left out, all of them, and
// "names_count" says how many there were.
std::string DenialDetail(const Asked& asked, const Error& error);

// {"profile":"server","serial":"21..","rules":["lint.spiffe-eku"]}
std::string LintDetail(std::string_view profile, const x509::SerialNumber& serial,
                       const std::vector<lint::Finding>& warnings);

// {"lineage":"0190..","serial":"21.."}
std::string LineageDetail(const Uuid& lineage, const x509::SerialNumber& serial);

// {"key":"issuing key of issuing-1","uri":"pkcs11:..","rule":"signer.wrong-signature"}
std::string QuarantineDetail(std::string_view key, std::string_view uri, std::string_view rule);

}  // namespace mayfly::issuance
