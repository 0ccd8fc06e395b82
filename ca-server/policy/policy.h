// Policy: profiles and rules, one immutable snapshot. config/policy_file.h reads it from TOML.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/uuid.h"
#include "policy/lint_catalog.h"
#include "policy/name_pattern.h"
#include "policy/principal_pattern.h"
#include "policy/proposal.h"
#include "x509/extension.h"
#include "x509/proven_key.h"

namespace mayfly::policy {

constexpr size_t kProfilesMax = 64;
constexpr size_t kRulesMax = 1024;
constexpr size_t kPatternsPerRuleMax = 1024;
constexpr size_t kCertificatePoliciesMax = 16;
constexpr size_t kCustomExtensionsMax = 16;
constexpr size_t kCustomExtensionBytesMax = 4096;
// Of all extensions of a profile: what is left of lint.size's 16 KiB is for key and names. Where a
// profile lets that lint pass, of the 32 KiB that a certificate may have at all.
constexpr size_t kCustomExtensionsBytesMax = 12 * 1024;
constexpr size_t kCustomExtensionsBytesUnlintedMax = 28 * 1024;
// What a decision compares part by part, of the whole policy (PatternIndex::WalkedParts).
constexpr size_t kWalkedPartsMax = 16 * 1024;
constexpr Seconds kNoRevocationUpToDefault{24 * 3600};

// What a certificate says about its revocation.
enum class RevocationMode : uint8_t {
  kByLifetime,  // kNoRevAvail for lives up to the profile's threshold, else kPointers
  kPointers,    // OCSP URLs in the AIA, CRL URLs, both as the issuer has them
  kNoRevAvail,  // RFC 9608: no pointers at all
};

// The subject of a certificate. Peers go by the SAN (RFC 9525); a subject is for people and for
// programs of long ago.
enum class SubjectForm : uint8_t {
  kEmpty,
  kFirstName,  // a common name: the first name's text; empty where that is over 64 characters
  kFixed,      // the profile's
};

// A certificate never outlives its issuer.
enum class AtIssuerEnd : uint8_t { kRefuse, kTruncate };

// Where a certificate's names come from.
enum class NamesFrom : uint8_t {
  kRequest,    // the request's and the CSR's
  kPrincipal,  // the requester's own, as they were proved; what is asked for is not read
};

// May a key that was certified under other names, in a profile that refuses this, be used again?
enum class KeyReuse : uint8_t { kAllow, kRefuse };

// May the holder of a certificate have the next one, on the authority of the one it holds?
enum class Renewal : uint8_t { kAllow, kRefuse };
// The key of the next one: another, or any.
enum class RenewalKey : uint8_t { kNew, kAny };
// What happens to a lineage in which a key was copied: two hold one generation.
enum class OnCopiedKey : uint8_t {
  kAlert,  // the one that came second is refused, and an event says so
  kLock,   // that, and the lineage is blocked until an admin lifts the block
};
constexpr size_t kPoolIssuersMax = 8;
constexpr uint32_t kRenewalsPerHourDefault = 60;
constexpr uint32_t kRenewalsPerHourMax = 3600;
constexpr Seconds kRenewalGraceMax{366 * 24 * 3600};

struct Profile {
  std::string name;  // [a-z0-9-]{1,63}
  // issuers/{issuer}, of which one signs: the first whose key is in service. None: the first one
  // configured.
  std::vector<std::string> issuers;
  Seconds lifetime_default{0};
  Seconds lifetime_max{0};
  // notBefore = now - backdate, for holders whose clocks are behind. It is part of the lifetime, so
  // that a seven-day certificate is one of seven days; never more than half of it.
  Seconds backdate{0};
  x509::KeyUsages key_usages = 0;
  std::vector<der::Oid> extended_key_usages;
  std::set<x509::GeneralName::Kind> name_kinds;
  NamesFrom names_from = NamesFrom::kRequest;
  bool prove_control = false;  // of each name, with the request itself: Evidence::controlled
  x509::KeyRules key_rules;
  KeyReuse key_reuse = KeyReuse::kAllow;
  Renewal renewal = Renewal::kAllow;
  RenewalKey renewal_key = RenewalKey::kNew;
  OnCopiedKey on_copied_key = OnCopiedKey::kAlert;
  Seconds renewal_grace{0};  // how long after its end a certificate may still be renewed
  uint32_t renewals_per_hour = kRenewalsPerHourDefault;  // of one lineage, at each replica
  SubjectForm subject = SubjectForm::kEmpty;
  std::string common_name, organization;  // kFixed; organization may be empty
  AtIssuerEnd at_issuer_end = AtIssuerEnd::kRefuse;
  RevocationMode revocation = RevocationMode::kByLifetime;
  Seconds no_revocation_up_to = kNoRevocationUpToDefault;  // kByLifetime
  bool must_staple = false;  // beside OCSP pointers only, never beside noRevAvail
  std::vector<der::Oid> certificate_policies;
  x509::Extensions extensions;  // custom ones, as they are
  LintSeverities lint;          // where they differ from the catalog's
  bool ocsp_no_check = false;   // only in the responder's own profile, which no file can name
};

// A rule allows its principals its profiles for the names that its patterns match, or denies them.
// Every name of a request must be matched by an allowing rule that also names principal and
// profile, and touched by no denying one. A denying rule without names denies whatever is asked.
enum class RuleEffect : uint8_t { kAllow, kDeny };
struct Rule {
  std::string name;
  std::vector<PrincipalPattern> principals;
  std::set<std::string> profiles;  // of a denying rule also empty: all
  std::vector<NamePattern> names;
  RuleEffect effect = RuleEffect::kAllow;
};

class PatternIndex;  // policy/pattern_index.h

struct Policy {
  std::map<std::string, Profile> profiles;
  std::vector<Rule> rules;
  // Who has which role; Authorizer::RolesOf knows which contain which.
  std::vector<PrincipalPattern> admins, operators, auditors, enrollers;
  // What nobody does alone: one proposes it, another approves.
  std::set<ProposalKind> two_persons;
  // Of `rules`, by whoever read them for good; nothing: each Authorizer makes its own.
  std::shared_ptr<const PatternIndex> index{};
};

// A block: insert-only in the ledger, each raises the control number.
enum class BlockKind : uint8_t {
  kLineage = 1,
  kKey = 2,
  kIdentity = 3,
  kIssuer = 4,
  kEnrolmentToken = 5,
};
struct Block {
  BlockKind kind;
  // kLineage, kEnrolmentToken: 16 octets of UUID. kKey: SHA-256 of the SPKI. kIdentity:
  // GeneralName::ToString(). kIssuer: the issuer's name.
  Bytes value;
  friend auto operator<=>(const Block&, const Block&) = default;
};

// Everything that decides: one snapshot under one control number.
struct DecisionBasis {
  uint64_t decision = 0;        // the control number it was read under
  uint64_t policy_version = 0;  // 0: no policy activated, everything is denied
  Policy policy;
  std::set<Block> blocks;
};

}  // namespace mayfly::policy
