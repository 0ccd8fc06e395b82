#include "policy/pattern_index.h"

#include <algorithm>

namespace mayfly::policy {
namespace {

using Kind = x509::GeneralName::Kind;

// What a key is of.
constexpr char kName = 'n';    // a name, or a domain as "*.internal" and "*@internal"
constexpr char kParent = 'p';  // what follows a DNS pattern's first label
constexpr char kNetwork = 'i';

std::string NameKey(Kind kind, std::string_view text) {
  std::string key{kName, static_cast<char>('0' + static_cast<int>(kind))};
  return key += text;
}

std::string ParentKey(std::string_view parent) {
  std::string key{kParent};
  return key += parent;
}

// The octets without what lies beyond the prefix.
std::string NetworkKey(std::string_view octets, size_t bits) {
  std::string key{kNetwork, static_cast<char>(bits)};
  key += octets;
  for (size_t i = bits; i < octets.size() * 8; ++i) {
    key[2 + i / 8] = static_cast<char>(key[2 + i / 8] & ~(0x80 >> (i % 8)));
  }
  return key;
}

}  // namespace

PatternIndex::PatternIndex(const std::vector<Rule>& rules) : walked_(rules.size()) {
  for (uint32_t i = 0; i < rules.size(); ++i) {
    for (uint32_t at = 0; at < rules[i].names.size(); ++at) {
      const NamePattern& pattern = rules[i].names[at];
      if (pattern.is_walked()) {
        walked_[i].push_back(at);
      } else {
        AddPattern(pattern, i);
      }
    }
  }
  std::ranges::sort(prefixes_);
  prefixes_.erase(std::unique(prefixes_.begin(), prefixes_.end()), prefixes_.end());
}

void PatternIndex::Add(std::string key, uint32_t rule) {
  RuleNumbers& rules = rules_of_[std::move(key)];
  if (rules.empty() || rules.back() != rule) rules.push_back(rule);
}

void PatternIndex::AddPattern(const NamePattern& pattern, uint32_t rule) {
  const std::string& text = pattern.text();
  if (pattern.kind() == Kind::kIp) {
    Add(NetworkKey(pattern.network(), pattern.prefix_bits()), rule);
    prefixes_.push_back(pattern.prefix_bits());
    return;
  }
  Add(NameKey(pattern.kind(), text), rule);
  if (pattern.kind() != Kind::kDns || pattern.is_wildcard()) return;
  const size_t dot = text.find('.');
  if (dot != std::string::npos) Add(ParentKey(std::string_view(text).substr(dot + 1)), rule);
}

// Everything that a pattern could say of the name.
std::vector<std::string> PatternIndex::KeysOf(const x509::GeneralName& name, Asked asked) const {
  const std::string_view value = name.value();
  std::vector<std::string> keys;
  switch (name.kind()) {
    case Kind::kIp:
      for (const size_t bits : prefixes_) {
        if (bits <= value.size() * 8) keys.push_back(NetworkKey(value, bits));
      }
      break;
    case Kind::kUri:
      keys.push_back(NameKey(Kind::kUri, value));
      break;
    case Kind::kEmail:
      keys.push_back(NameKey(Kind::kEmail, value));
      if (const size_t at = value.rfind('@'); at != std::string_view::npos) {
        keys.push_back(NameKey(Kind::kEmail, "*" + std::string(value.substr(at))));
      }
      break;
    case Kind::kDns:
      if (value.starts_with("*.")) {
        keys.push_back(NameKey(Kind::kDns, std::string(kWildcardPrefix) + std::string(value)));
        if (asked == Asked::kTouch) keys.push_back(ParentKey(value.substr(2)));
        break;
      }
      keys.push_back(NameKey(Kind::kDns, value));
      if (const size_t dot = value.find('.'); dot != std::string_view::npos) {
        keys.push_back(NameKey(Kind::kDns, "*" + std::string(value.substr(dot))));
      }
      break;
  }
  return keys;
}

std::optional<size_t> PatternIndex::First(const x509::GeneralName& name, Asked asked,
                                          const std::vector<bool>& is_about) const {
  std::optional<size_t> first;
  for (const std::string& key : KeysOf(name, asked)) {
    const auto found = rules_of_.find(key);
    if (found == rules_of_.end()) continue;
    for (const uint32_t rule : found->second) {
      if (first && rule >= *first) break;
      if (is_about[rule]) first = rule;
    }
  }
  return first;
}

void PatternIndex::MarkAll(const x509::GeneralName& name, Asked asked,
                           std::vector<bool>& fits) const {
  for (const std::string& key : KeysOf(name, asked)) {
    const auto found = rules_of_.find(key);
    if (found == rules_of_.end()) continue;
    for (const uint32_t rule : found->second) fits[rule] = true;
  }
}

size_t PatternIndex::WalkedParts(const Rule& rule) {
  size_t of_principals = 0, ways = 0;
  bool is_named = false;  // all who are named without places are one way: nothing more is known
  for (const PrincipalPattern& principal : rule.principals) {
    if (principal.has_places()) {
      ++ways;
      of_principals += Split(principal.text(), '/').size();
    } else {
      is_named = true;
    }
  }
  if (is_named) ++ways;
  size_t parts = 0;
  for (const NamePattern& pattern : rule.names) parts += pattern.part_count();
  return of_principals + parts * ways;
}

std::shared_ptr<const PatternIndex> IndexOf(const Policy& policy) {
  return policy.index ? policy.index : std::make_shared<const PatternIndex>(policy.rules);
}

}  // namespace mayfly::policy
