#include "config/foreign_ca_section.h"

#include <algorithm>
#include <fstream>

#include "config/words.h"
#include "x509/spiffe_id.h"

namespace mayfly::config {
namespace {

namespace fs = std::filesystem;

using policy::ForeignHolder;

struct Taken {
  std::set<std::string> names, trust_domains;
  std::set<Hash256> keys;
};

Result<std::string> ReadPem(const fs::path& path) {
  std::error_code failed;
  std::ifstream file;
  if (fs::is_regular_file(path, failed)) file.open(path, std::ios::binary);
  std::string text(kRootsFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (!file.is_open() || file.bad() || text.size() > kRootsFileBytesMax) {
    return Fail(ErrorCode::kConfiguration, "config.roots", "it cannot be read, or is over 1 MiB");
  }
  return text;
}

void CheckName(Section& section, const std::string& name, Taken& taken) {
  if (name.empty()) return;
  if (!policy::IsForeignCaName(name)) {
    section.Complain("name", "config.name",
                     "\"" + Escape(name, 64) + "\" is not a name: 1 to 63 of a-z, 0-9 and \"-\"");
  }
  if (!taken.names.insert(name).second) {
    section.Complain("name", "config.duplicate",
                     "the name \"" + Escape(name, 64) + "\" is taken by another [[foreign_ca]]");
  }
}

void CheckTrustDomain(Section& section, const std::string& domain, const std::string& own,
                      Taken& taken) {
  if (domain.empty()) return;
  if (!x509::IsTrustDomain(domain)) {
    section.Complain("trust_domain", "config.trust-domain",
                     "\"" + Escape(domain, 64) +
                         "\" is not a trust domain: 1 to 255 of a-z, 0-9, \".\", \"_\" and \"-\"");
  } else if (domain == own) {
    section.Complain("trust_domain", "config.own-trust-domain",
                     "\"" + domain + "\" is our own trust domain: only our CA says who is in it");
  } else if (!taken.trust_domains.insert(domain).second) {
    section.Complain("trust_domain", "config.duplicate",
                     "another [[foreign_ca]] has the trust domain \"" + domain + "\"");
  }
}

void ReadHolder(Section& section, const std::string& own_trust_domain,
                policy::ForeignCaRules& rules, Taken& taken) {
  static const Words<ForeignHolder> kWords = {{"spiffe", ForeignHolder::kSpiffe},
                                              {"dns", ForeignHolder::kDns}};
  const auto holder = ReadWord(section, "id", section.String("id"), kWords);
  rules.holder = holder.value_or(ForeignHolder::kSpiffe);
  if (holder == ForeignHolder::kSpiffe) {
    rules.trust_domain = section.String("trust_domain");
    CheckTrustDomain(section, rules.trust_domain, own_trust_domain, taken);
  } else if (section.OptionalString("trust_domain") && holder) {
    section.Complain("trust_domain", "config.not-here",
                     "\"trust_domain\" is only for id = \"spiffe\"");
  }
}

// A certificate must lead to one CA: two sections never share a root, and none of them is ours.
void CheckRoots(Section& section, const x509::TrustAnchors& roots,
                const x509::NameSet& own_subjects, Taken& taken) {
  for (const x509::TrustAnchor& root : roots.list()) {
    if (own_subjects.Contains(root.subject)) {
      section.Complain("roots", "config.own-root",
                       "one of the roots has the name of a CA of our own");
    }
    if (!taken.keys.insert(root.key).second) {
      section.Complain("roots", "config.duplicate",
                       "one of the roots stands there twice, or in another [[foreign_ca]] too");
    }
  }
}

std::optional<x509::TrustAnchors> ReadRoots(Section& section, const fs::path& folder) {
  const std::string file = section.String("roots");
  if (file.empty()) return std::nullopt;
  const fs::path path = (folder / file).lexically_normal();
  const auto roots = [&path]() -> Result<x509::TrustAnchors> {
    TRY_ASSIGN(const std::string text, ReadPem(path));
    return x509::TrustAnchors::FromPem(text);
  }();
  if (roots) return *roots;
  section.Complain("roots", "config.roots",
                   Escape(path.string()) + " holds no roots: " + roots.error().message);
  return std::nullopt;
}

std::optional<ForeignCaConfig> ReadForeignCa(Section section,
                                             const ForeignCaSurroundings& surroundings,
                                             Taken& taken) {
  policy::ForeignCaRules rules{};
  rules.name = section.String("name");
  CheckName(section, rules.name, taken);
  ReadHolder(section, surroundings.trust_domain, rules, taken);
  auto roots = ReadRoots(section, surroundings.folder);
  const auto crls = section.OptionalString("crls");
  if (!roots) return std::nullopt;
  CheckRoots(section, *roots, surroundings.own_subjects, taken);
  ForeignCaConfig config{std::move(rules), *std::move(roots), std::nullopt};
  if (crls) config.crls = (surroundings.folder / *crls).lexically_normal();
  return config;
}

}  // namespace

std::vector<ForeignCaConfig> ReadForeignCas(Section& root,
                                            const ForeignCaSurroundings& surroundings) {
  std::vector<ForeignCaConfig> cas;
  Taken taken;
  std::vector<Section> sections = root.Sections("foreign_ca");
  for (Section& section : sections) {
    if (auto ca = ReadForeignCa(section, surroundings, taken)) cas.push_back(*std::move(ca));
  }
  if (sections.size() > policy::kForeignCasMax) {
    root.Complain("foreign_ca", "config.range",
                  "more than " + std::to_string(policy::kForeignCasMax) + " foreign CAs");
  }
  if (!sections.empty() && !surroundings.any_mutual_listener) {
    root.Complain("foreign_ca", "config.services",
                  "no listener takes client certificates: add a [[listener]] with services = "
                  "[\"ca\"] and tls = \"mutual\"");
  }
  return cas;
}

}  // namespace mayfly::config
