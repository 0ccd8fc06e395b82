// PatternIndex: which rules grant or deny a name, without a look at each of their patterns. A
// policy may have a hundred thousand names and a request a hundred: what says a name, a domain or a
// network is found by it; what has free parts is walked (NamePattern::is_walked), and a policy has
// few enough of those (kWalkedPartsMax).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/policy.h"

namespace mayfly::policy {

class PatternIndex {
 public:
  explicit PatternIndex(const std::vector<Rule>& rules);

  enum class Asked : uint8_t {
    kMatch,  // as NamePattern::WalkMatches
    kTouch,  // as NamePattern::WalkTouches
  };
  // The first rule, by its number, of which `is_about` is true and a pattern that is not walked
  // fits.
  std::optional<size_t> First(const x509::GeneralName& name, Asked asked,
                              const std::vector<bool>& is_about) const;
  // Marks in `fits` every rule of which a pattern that is not walked fits.
  void MarkAll(const x509::GeneralName& name, Asked asked, std::vector<bool>& fits) const;
  // The numbers of a rule's patterns that are walked.
  const std::vector<uint32_t>& WalkedOf(size_t rule) const { return walked_[rule]; }

  // The parts that one name may be held against: of patterns with free parts, once for each way in
  // which the rule's principals may fit, and of principals with places.
  static size_t WalkedParts(const Rule& rule);

 private:
  using RuleNumbers = std::vector<uint32_t>;
  void Add(std::string key, uint32_t rule);
  void AddPattern(const NamePattern& pattern, uint32_t rule);
  std::vector<std::string> KeysOf(const x509::GeneralName& name, Asked asked) const;

  std::unordered_map<std::string, RuleNumbers> rules_of_;  // each ascending
  std::vector<size_t> prefixes_;                           // lengths that networks have, in bits
  std::vector<RuleNumbers> walked_;
};

// The policy's own, or one made now.
std::shared_ptr<const PatternIndex> IndexOf(const Policy& policy);

}  // namespace mayfly::policy
