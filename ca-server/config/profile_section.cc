#include "config/profile_section.h"

#include <algorithm>
#include <set>

#include "config/words.h"
#include "der/any.h"
#include "der/reader.h"

namespace mayfly::config {
namespace {

using policy::Profile;
using policy::RevocationMode;
using policy::Severity;
using policy::SubjectForm;
using x509::KeyType;
using x509::KeyUsage;

// Certificates under a profile are leaves, and only the built-in profile answers OCSP.
void RefuseCaUsage(Section& section, std::string_view key, std::string_view word) {
  section.Complain(key, "policy.ca-usage",
                   "\"" + Escape(word, 64) + "\" is never granted by a profile");
}

void ReadKeyUsages(Section& section, Profile& profile) {
  static const Words<KeyUsage> kUsages = {{"digital-signature", KeyUsage::kDigitalSignature},
                                          {"content-commitment", KeyUsage::kContentCommitment},
                                          {"key-encipherment", KeyUsage::kKeyEncipherment},
                                          {"data-encipherment", KeyUsage::kDataEncipherment},
                                          {"key-agreement", KeyUsage::kKeyAgreement}};
  for (const std::string& word : section.Strings("key_usage")) {
    if (word == "key-cert-sign" || word == "crl-sign") {
      RefuseCaUsage(section, "key_usage", word);
    } else if (auto usage = ReadWord(section, "key_usage", word, kUsages)) {
      profile.key_usages |= static_cast<x509::KeyUsages>(*usage);
    }
  }
}

// A word or a dotted OID; nothing where it is neither, which is complained of.
std::optional<der::Oid> ReadPurpose(Section& section, const std::string& word) {
  static const Words<std::string> kPurposes = {{"server-auth", "1.3.6.1.5.5.7.3.1"},
                                               {"client-auth", "1.3.6.1.5.5.7.3.2"},
                                               {"code-signing", "1.3.6.1.5.5.7.3.3"},
                                               {"email-protection", "1.3.6.1.5.5.7.3.4"},
                                               {"time-stamping", "1.3.6.1.5.5.7.3.8"}};
  bool is_dotted = !word.empty() && word.front() >= '0' && word.front() <= '9';
  std::optional<std::string> dotted = word;
  if (!is_dotted) dotted = ReadWord(section, "extended_key_usage", word, kPurposes);
  if (!dotted) return std::nullopt;
  Result<der::Oid> oid = der::Oid::FromDotted(*dotted);
  if (oid) return *oid;
  section.Complain("extended_key_usage", "config.oid",
                   "\"" + Escape(word, 64) + "\" is not an object identifier");
  return std::nullopt;
}

bool IsForbiddenPurpose(const der::Oid& purpose) {
  const std::string dotted = purpose.Dotted();
  return dotted == "2.5.29.37.0" ||      // RFC 5280 4.2.1.12 anyExtendedKeyUsage
         dotted == "1.3.6.1.5.5.7.3.9";  // RFC 6960 4.2.2.2 id-kp-OCSPSigning
}

void ReadExtendedKeyUsages(Section& section, Profile& profile) {
  const std::vector<std::string> words = section.Strings("extended_key_usage");
  if (words.size() > kExtendedKeyUsagesMax) {
    section.Complain("extended_key_usage", "config.range", "more than 16 purposes");
    return;
  }
  for (const std::string& word : words) {
    if (word == "any" || word == "ocsp-signing") {
      RefuseCaUsage(section, "extended_key_usage", word);
      continue;
    }
    std::optional<der::Oid> purpose = ReadPurpose(section, word);
    if (!purpose) continue;
    if (IsForbiddenPurpose(*purpose)) {
      RefuseCaUsage(section, "extended_key_usage", word);
    } else if (std::find(profile.extended_key_usages.begin(), profile.extended_key_usages.end(),
                         *purpose) != profile.extended_key_usages.end()) {
      section.Complain("extended_key_usage", "config.duplicate",
                       "\"" + Escape(word, 64) + "\" stands there twice");
    } else {
      profile.extended_key_usages.push_back(*std::move(purpose));
    }
  }
}

void ReadKeyTypes(Section& section, Profile& profile) {
  static const Words<KeyType> kTypes = {{"ec-p256", KeyType::kEcP256},
                                        {"ec-p384", KeyType::kEcP384},
                                        {"ec-p521", KeyType::kEcP521},
                                        {"ed25519", KeyType::kEd25519},
                                        {"rsa", KeyType::kRsa}};
  if (!section.Has("keys")) return;  // the default of KeyRules
  profile.key_rules.allowed.clear();
  for (const std::string& word : section.Strings("keys")) {
    if (auto type = ReadWord(section, "keys", word, kTypes))
      profile.key_rules.allowed.insert(*type);
  }
}

// RFC 5480 3 and RFC 8410 5: an EC key does not encipher, and Ed25519 signs only. RSA does not
// agree on keys.
void CheckUsagesFitKeys(Section& section, const Profile& profile) {
  auto is_ec = [](KeyType type) { return type != KeyType::kRsa && type != KeyType::kEd25519; };
  for (KeyType type : profile.key_rules.allowed) {
    x509::KeyUsages allowed = KeyUsage::kDigitalSignature | KeyUsage::kContentCommitment;
    if (type == KeyType::kRsa) allowed |= KeyUsage::kKeyEncipherment | KeyUsage::kDataEncipherment;
    if (is_ec(type)) allowed |= static_cast<x509::KeyUsages>(KeyUsage::kKeyAgreement);
    if ((profile.key_usages & ~allowed) == 0) continue;
    section.Complain("key_usage", "policy.key-usage",
                     "a key of type " + std::string(KeyTypeName(type)) +
                         " cannot have every usage in \"key_usage\"; leave the usage out, or name "
                         "in \"keys\" those types that can");
  }
}

void ReadLifetimes(Section& section, Profile& profile) {
  profile.lifetime_default = section.Duration("lifetime");
  profile.lifetime_max = section.DurationOr("lifetime_max", profile.lifetime_default);
  profile.backdate = section.DurationOr("backdate", kBackdateDefault);
  if (section.Has("lifetime") && profile.lifetime_default < Seconds(1)) {
    section.Complain("lifetime", "config.range", "\"lifetime\" must be at least 1s");
  }
  if (profile.lifetime_default > profile.lifetime_max) {
    section.Complain("lifetime", "policy.lifetime",
                     "\"lifetime\" must not be over \"lifetime_max\"");
  }
  if (profile.backdate > kBackdateMax) {
    section.Complain("backdate", "config.range",
                     "\"backdate\" must be at most " + std::to_string(kBackdateMax.count()) + "s");
  }
}

void ReadRevocation(Section& section, Profile& profile) {
  static const Words<RevocationMode> kModes = {{"by-lifetime", RevocationMode::kByLifetime},
                                               {"pointers", RevocationMode::kPointers},
                                               {"none", RevocationMode::kNoRevAvail}};
  auto mode =
      ReadWord(section, "revocation", section.StringOr("revocation", "by-lifetime"), kModes);
  profile.revocation = mode.value_or(RevocationMode::kByLifetime);
  profile.no_revocation_up_to =
      section.DurationOr("no_revocation_up_to", policy::kNoRevocationUpToDefault);
  if (section.Has("no_revocation_up_to") && profile.revocation != RevocationMode::kByLifetime) {
    section.Complain("no_revocation_up_to", "config.not-here",
                     "\"no_revocation_up_to\" is for revocation = \"by-lifetime\"");
  }
  profile.must_staple = section.BooleanOr("must_staple", false);
  if (profile.must_staple && profile.revocation == RevocationMode::kNoRevAvail) {
    section.Complain("must_staple", "policy.must-staple",
                     "there is nothing to staple with revocation = \"none\"");
  }
}

void ReadSubject(Section& section, Profile& profile) {
  static const Words<SubjectForm> kForms = {{"empty", SubjectForm::kEmpty},
                                            {"first-name", SubjectForm::kFirstName},
                                            {"fixed", SubjectForm::kFixed}};
  auto form = ReadWord(section, "subject", section.StringOr("subject", "empty"), kForms);
  profile.subject = form.value_or(SubjectForm::kEmpty);
  if (profile.subject != SubjectForm::kFixed) {
    for (const char* key : {"common_name", "organization"}) {
      if (!section.Has(key)) continue;
      section.Complain(key, "config.not-here",
                       "\"" + std::string(key) + "\" is for subject = \"fixed\"");
    }
    return;
  }
  profile.common_name = section.String("common_name");
  profile.organization = section.StringOr("organization", "");
  if (profile.common_name.empty()) return;  // has been said
  auto name = profile.organization.empty() ? x509::Name::CommonName(profile.common_name)
                                           : x509::Name::OrganizationAndCommonName(
                                                 profile.organization, profile.common_name);
  if (!name) section.Complain("common_name", name.error().rule, name.error().message);
}

void ReadPolicies(Section& section, Profile& profile) {
  const std::vector<std::string> words = section.StringsOrNone("certificate_policies");
  if (words.size() > policy::kCertificatePoliciesMax) {
    section.Complain("certificate_policies", "config.range", "more than 16 certificate policies");
    return;
  }
  for (const std::string& word : words) {
    auto oid = der::Oid::FromDotted(word);
    if (!oid) {
      section.Complain("certificate_policies", "config.oid",
                       "\"" + Escape(word, 64) + "\" is not an object identifier");
    } else if (std::ranges::find(profile.certificate_policies, *oid) !=
               profile.certificate_policies.end()) {
      section.Complain("certificate_policies", "config.duplicate",
                       "\"" + word + "\" stands there twice");
    } else {
      profile.certificate_policies.push_back(*std::move(oid));
    }
  }
}

// What Mayfly writes itself, or what would make something else of a leaf.
bool IsReservedExtension(const der::Oid& oid) {
  const std::string dotted = oid.Dotted();
  constexpr std::string_view kReserved[] = {
      "2.5.29.14",
      "2.5.29.15",
      "2.5.29.16",
      "2.5.29.17",
      "2.5.29.18",
      "2.5.29.19",
      "2.5.29.30",
      "2.5.29.31",
      "2.5.29.32",
      "2.5.29.33",
      "2.5.29.35",
      "2.5.29.36",
      "2.5.29.37",
      "2.5.29.46",
      "2.5.29.54",
      "2.5.29.56",
      "1.3.6.1.5.5.7.1.1",
      "1.3.6.1.5.5.7.1.11",
      "1.3.6.1.5.5.7.1.24",
      "1.3.6.1.5.5.7.48.1.5",
      "2.5.29.20",                // cRLNumber
      "2.5.29.27",                // deltaCRLIndicator
      "2.5.29.28",                // issuingDistributionPoint
      "1.3.6.1.4.1.311.21.10",    // Microsoft's application policies: more extended key usages
      "2.5.29.1",                 // authorityKeyIdentifier, obsolete
      "2.5.29.2",                 // keyAttributes, obsolete
      "2.5.29.3",                 // certificatePolicies, obsolete
      "2.5.29.4",                 // keyUsageRestriction, obsolete
      "2.5.29.7",                 // subjectAltName, obsolete
      "2.5.29.8",                 // issuerAltName, obsolete
      "2.5.29.11",                // nameConstraints, obsolete
      "2.5.29.10",                // basicConstraints, obsolete
      "1.3.6.1.5.5.7.1.14",       // proxyCertInfo, RFC 3820
      "2.16.840.1.113730.1.1",    // netscape-cert-type: its CA bits
      "1.3.6.1.4.1.11129.2.4.2",  // signed certificate timestamps, RFC 6962 3.3
      "1.3.6.1.4.1.11129.2.4.3",  // the poison of precertificates, RFC 6962 3.1
  };
  return std::ranges::find(kReserved, dotted) != std::end(kReserved);
}

// One whole element, DER to its last octet, as extnValue holds.
bool IsOneElement(ByteSpan der) {
  der::Reader reader(der);
  const auto element = reader.ReadAny();
  return element && reader.AtEnd() && der::CheckAny(*element);
}

void ReadExtension(Section& section, Profile& profile) {
  const std::string text = section.String("oid");
  auto oid = der::Oid::FromDotted(text);
  if (text.empty()) {
    // has been said
  } else if (!oid) {
    section.Complain("oid", "config.oid",
                     "\"" + Escape(text, 64) + "\" is not an object identifier");
  } else if (IsReservedExtension(*oid)) {
    section.Complain(
        "oid", "policy.reserved",
        "extension " + text + " is written, or left out, by other keys of the profile");
  } else if (Find(profile.extensions, *oid) != nullptr) {
    section.Complain("oid", "config.duplicate", "extension " + text + " stands there twice");
  }
  const std::string hex = section.String("der");
  auto value = FromHex(hex);
  const bool is_der =
      value && value->size() <= policy::kCustomExtensionBytesMax && IsOneElement(*value);
  if (!is_der && !hex.empty()) {
    section.Complain("der", "policy.extension-der",
                     "\"der\" is one whole DER element in hex, of at most 4096 octets");
  }
  const bool critical = section.BooleanOr("critical", false);
  if (!oid || !is_der) return;
  profile.extensions.push_back(
      {*std::move(oid), critical ? x509::Criticality::kCritical : x509::Criticality::kNonCritical,
       *std::move(value)});
}

void ReadRenewal(Section& section, Profile& profile) {
  static const Words<policy::Renewal> kRenewals = {{"allow", policy::Renewal::kAllow},
                                                   {"refuse", policy::Renewal::kRefuse}};
  static const Words<policy::RenewalKey> kKeys = {{"new", policy::RenewalKey::kNew},
                                                  {"any", policy::RenewalKey::kAny}};
  static const Words<policy::OnCopiedKey> kReactions = {{"alert", policy::OnCopiedKey::kAlert},
                                                        {"lock", policy::OnCopiedKey::kLock}};
  auto renewal = ReadWord(section, "renewal", section.StringOr("renewal", "allow"), kRenewals);
  profile.renewal = renewal.value_or(policy::Renewal::kAllow);
  auto key = ReadWord(section, "renewal_key", section.StringOr("renewal_key", "new"), kKeys);
  profile.renewal_key = key.value_or(policy::RenewalKey::kNew);
  auto reaction =
      ReadWord(section, "on_copied_key", section.StringOr("on_copied_key", "alert"), kReactions);
  profile.on_copied_key = reaction.value_or(policy::OnCopiedKey::kAlert);
  profile.renewal_grace = section.DurationOr("renewal_grace", Seconds(0));
  if (profile.renewal_grace > policy::kRenewalGraceMax) {
    section.Complain("renewal_grace", "config.range", "\"renewal_grace\" is at most \"366d\"");
  }
  if (profile.renewal == policy::Renewal::kRefuse && section.Has("renewal_grace")) {
    section.Complain("renewal_grace", "config.not-here",
                     "\"renewal_grace\" is for renewal = \"allow\"");
  }
  profile.renewals_per_hour = static_cast<uint32_t>(section.IntegerOr(
      "renewals_per_hour", policy::kRenewalsPerHourDefault, 1, policy::kRenewalsPerHourMax));
}

void ReadExtensions(Section& section, Profile& profile) {
  std::vector<Section> extensions = section.Sections("extension");
  if (extensions.size() > policy::kCustomExtensionsMax) {
    section.Complain("extension", "config.range", "more than 16 custom extensions");
  }
  for (Section& extension : extensions) ReadExtension(extension, profile);
}

void ReadLint(Section& section, Profile& profile) {
  static const Words<Severity> kSeverities = {
      {"error", Severity::kError}, {"warning", Severity::kWarning}, {"off", Severity::kOff}};
  auto lint = section.OptionalSub("lint");
  if (!lint) return;
  for (const policy::LintRule& rule : policy::LintCatalog()) {
    // In the file without "lint.": a dot would make a table.
    const std::string_view key = rule.id.substr(rule.id.find('.') + 1);
    if (!lint->Has(key)) continue;
    auto severity = ReadWord(*lint, key, lint->String(key), kSeverities);
    if (rule.is_fixed) {
      lint->Complain(key, "policy.lint-fixed", "\"" + std::string(key) + "\" is always an error");
    } else if (severity) {
      profile.lint.insert_or_assign(std::string(rule.id), *severity);
    }
  }
}

// One, or a pool. Which names there are is the server's configuration's to say.
void ReadIssuers(Section& section, Profile& profile) {
  const bool is_pool = section.Has("issuers");
  if (is_pool && section.Has("issuer")) {
    section.Complain("issuers", "config.not-here",
                     "\"issuer\" names one, \"issuers\" several: not both");
  }
  const std::string_view key = is_pool ? "issuers" : "issuer";
  if (const auto one = section.OptionalString("issuer"); one && !one->empty()) {
    profile.issuers = {*one};
  }
  if (is_pool) profile.issuers = section.Strings("issuers");
  if (profile.issuers.size() > policy::kPoolIssuersMax) {
    section.Complain(key, "config.range",
                     "\"issuers\" has more than " + std::to_string(policy::kPoolIssuersMax));
  }
  std::set<std::string> seen;
  for (const std::string& issuer : profile.issuers) {
    if (!seen.insert(issuer).second) {
      section.Complain(key, "config.duplicate",
                       "the issuer \"" + Escape(issuer, 64) + "\" is in \"issuers\" twice");
    }
    if (IsCaName(issuer)) continue;
    section.Complain(
        key, "config.name",
        "\"" + Escape(issuer, 64) +
            "\" is not the name of an issuer: 1 to 63 of a-z, 0-9 and \"-\", not led or "
            "ended by \"-\"");
  }
}

}  // namespace

const Words<x509::GeneralName::Kind>& NameKindWords() {
  using Kind = x509::GeneralName::Kind;
  static const Words<Kind> words = {
      {"dns", Kind::kDns}, {"ip", Kind::kIp}, {"uri", Kind::kUri}, {"email", Kind::kEmail}};
  return words;
}

Profile ReadProfile(const std::string& name, Section section) {
  Profile profile;
  profile.name = name;
  ReadIssuers(section, profile);
  ReadLifetimes(section, profile);
  ReadKeyUsages(section, profile);
  ReadExtendedKeyUsages(section, profile);
  for (const std::string& word : section.Strings("names")) {
    if (auto kind = ReadWord(section, "names", word, NameKindWords())) {
      profile.name_kinds.insert(*kind);
    }
  }
  static const Words<policy::NamesFrom> kSources = {{"request", policy::NamesFrom::kRequest},
                                                    {"principal", policy::NamesFrom::kPrincipal}};
  auto from = ReadWord(section, "names_from", section.StringOr("names_from", "request"), kSources);
  profile.names_from = from.value_or(policy::NamesFrom::kRequest);
  profile.prove_control = section.BooleanOr("prove_control", false);
  ReadKeyTypes(section, profile);
  CheckUsagesFitKeys(section, profile);
  static const Words<policy::KeyReuse> kReuses = {{"allow", policy::KeyReuse::kAllow},
                                                  {"refuse", policy::KeyReuse::kRefuse}};
  auto reuse = ReadWord(section, "key_reuse", section.StringOr("key_reuse", "allow"), kReuses);
  profile.key_reuse = reuse.value_or(policy::KeyReuse::kAllow);
  ReadRenewal(section, profile);
  ReadRevocation(section, profile);
  ReadSubject(section, profile);
  ReadPolicies(section, profile);
  ReadExtensions(section, profile);
  ReadLint(section, profile);
  static const Words<policy::AtIssuerEnd> kEnds = {{"refuse", policy::AtIssuerEnd::kRefuse},
                                                   {"truncate", policy::AtIssuerEnd::kTruncate}};
  auto end = ReadWord(section, "at_issuer_end", section.StringOr("at_issuer_end", "refuse"), kEnds);
  profile.at_issuer_end = end.value_or(policy::AtIssuerEnd::kRefuse);
  return profile;
}

}  // namespace mayfly::config
