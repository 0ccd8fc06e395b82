#include "policy/key_purpose.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>

namespace mayfly::policy {

std::vector<der::Oid> PurposesWithoutUsage(x509::KeyUsages usages,
                                           const std::vector<der::Oid>& purposes) {
  using x509::KeyUsage;
  static const std::map<std::string, x509::KeyUsages, std::less<>> kConsistent = {
      {"1.3.6.1.5.5.7.3.1", KeyUsage::kDigitalSignature | KeyUsage::kKeyEncipherment |
                                static_cast<x509::KeyUsages>(KeyUsage::kKeyAgreement)},
      {"1.3.6.1.5.5.7.3.2", KeyUsage::kDigitalSignature | KeyUsage::kKeyAgreement},
      {"1.3.6.1.5.5.7.3.3", static_cast<x509::KeyUsages>(KeyUsage::kDigitalSignature)},
      {"1.3.6.1.5.5.7.3.4", KeyUsage::kDigitalSignature | KeyUsage::kContentCommitment |
                                (KeyUsage::kKeyEncipherment | KeyUsage::kKeyAgreement)},
      {"1.3.6.1.5.5.7.3.8", KeyUsage::kDigitalSignature | KeyUsage::kContentCommitment},
      {"1.3.6.1.5.5.7.3.9", KeyUsage::kDigitalSignature | KeyUsage::kContentCommitment},
  };
  std::vector<der::Oid> without;
  std::ranges::copy_if(purposes, std::back_inserter(without), [&](const der::Oid& purpose) {
    const auto known = kConsistent.find(purpose.Dotted());
    return known != kConsistent.end() && (usages & known->second) == 0;
  });
  return without;
}

}  // namespace mayfly::policy
