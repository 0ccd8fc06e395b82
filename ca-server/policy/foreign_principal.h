// The holder of a foreign CA's certificate as a principal: "foreign:NAME:HOLDER". NAME is what the
// configuration calls the CA, so that no other CA, ours neither, can make such an id; HOLDER is the
// id that a certificate of our own with that name would have.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "x509/general_name.h"

namespace mayfly::policy {

constexpr std::string_view kForeignPrincipal = "foreign:";
constexpr size_t kForeignCasMax = 16;
constexpr size_t kForeignCaNameCharsMax = 63;

// Which of a leaf's names its holder goes by; there must be exactly one of the kind.
enum class ForeignHolder : uint8_t {
  kSpiffe,  // a SPIFFE ID of the CA's trust domain
  kDns,     // a DNS name, without "*"
};

// A CA that is not ours, whose certificates prove an identity.
struct ForeignCaRules {
  std::string name;  // ours, in "foreign:NAME:HOLDER"
  ForeignHolder holder;
  std::string trust_domain;  // with kSpiffe: never ours, nor another foreign CA's
};

// [a-z0-9-]{1,63}
bool IsForeignCaName(std::string_view text);

// `holder` is a SPIFFE ID or a DNS name without "*".
std::string ForeignPrincipalId(std::string_view ca_name, const x509::GeneralName& holder);

// The parts of such an id, where it is written as ForeignPrincipalId writes it; nothing where it
// is none.
struct ForeignPrincipalParts {
  std::string_view ca_name, holder;
};
std::optional<ForeignPrincipalParts> SplitForeignPrincipalId(std::string_view id);

}  // namespace mayfly::policy
