#include "config/witness_section.h"

#include <set>

#include "config/https_address.h"

namespace mayfly::config {
namespace {

constexpr Seconds kWitnessedAgeDefault{60}, kWitnessedAgeMin{10}, kWitnessedAgeMax{3600};

std::optional<WitnessConfig> ReadWitness(Section section, const std::filesystem::path& folder,
                                         std::set<std::string>& names) {
  std::string url = section.String("url");
  const std::string key_text = section.String("key");
  const auto ca_file = section.OptionalString("ca_file");
  if (!url.empty() && !IsHttpsAddress(url)) {
    section.Complain("url", "config.url",
                     "\"" + Escape(url, 128) + "\" must be an https:// URL without a query");
  }
  while (url.ends_with('/')) url.pop_back();
  if (key_text.empty()) return std::nullopt;
  auto key = tlog::WitnessKey::Parse(key_text);
  if (!key) {
    section.Complain("key", "config.witness-key",
                     "\"key\" is the witness's verifier key, NAME+ID+KEY: " + key.error().message);
    return std::nullopt;
  }
  if (!names.insert(key->name()).second) {
    section.Complain("key", "config.duplicate",
                     "another [[audit.witness]] has the name \"" + Escape(key->name(), 64) + "\"");
  }
  return WitnessConfig{
      std::move(url), *std::move(key),
      ca_file ? std::optional((folder / *ca_file).lexically_normal()) : std::nullopt};
}

}  // namespace

void ReadWitnesses(Section& section, const std::filesystem::path& folder, AuditConfig& audit) {
  std::set<std::string> names;
  std::vector<Section> sections = section.Sections("witness");
  for (Section& each : sections) {
    if (auto witness = ReadWitness(each, folder, names)) {
      audit.witnesses.push_back(*std::move(witness));
    }
  }
  if (sections.size() > kWitnessesMax) {
    section.Complain("witness", "config.range",
                     "more than " + std::to_string(kWitnessesMax) + " witnesses");
  }
  Section all = section.SubOrEmpty("witnesses");
  audit.witnesses_needed =
      static_cast<size_t>(all.IntegerOr("needed", 0, 0, static_cast<int64_t>(kWitnessesMax)));
  if (audit.witnesses_needed > sections.size()) {
    all.Complain("needed", "config.range", "\"needed\" is more than there are [[audit.witness]]");
  }
  audit.witnessed_age_max = all.DurationOr("age_max", kWitnessedAgeDefault);
  if (audit.witnessed_age_max < kWitnessedAgeMin || audit.witnessed_age_max > kWitnessedAgeMax) {
    all.Complain("age_max", "config.range", "\"age_max\" must be from 10s to 1h");
  }
}

}  // namespace mayfly::config
