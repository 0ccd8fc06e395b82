// What another policy would have said to what was asked for: certificates that the CA recorded and
// requests that it denied, decided again under the policy in force and under a new one, with the
// CA's own code.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "mayfly/ca/v1/certificate_authority.pb.h"
#include "policy/authorizer.h"
#include "x509/certificate.h"

namespace mayfly::cli {

// Different changes that are kept; the rest is counted only.
constexpr size_t kReplayChangesMax = 10'000;

// Of a certificate that changes in several ways, the first of them.
enum class Change : uint8_t { kDenied, kAllowed, kNames, kLifetime, kIssuer };
std::string ChangeText(Change change);

// Requests that look the same share an entry: a renewed certificate is asked for again and again.
struct ReplayChange {
  Change change;
  std::string principal, profile;
  std::vector<std::string> names;        // that were asked for
  std::vector<std::string> rules;        // that refuse, newly or no more
  std::optional<Seconds> before, after;  // the lifetimes that are granted
  // Who signs, where that is somebody else; empty: the first issuer configured.
  std::optional<std::string> issuer_before, issuer_after{};
  // The certificate's, where they are others.
  std::optional<std::vector<std::string>> names_before{}, names_after{};
  size_t count = 0;
};

class Replay {
 public:
  Replay(policy::Policy in_force, policy::Policy proposed);

  // An enrolment token, as the event of its making tells it: what it gives is decided by its maker.
  // To be told before the certificates.
  void LookAtToken(const ca::v1::Event& created);
  // A request, as its record tells it. A lifetime that is the profile's own was not asked for, as
  // far as anybody knows.
  void Look(const ca::v1::Certificate& record);
  // A denied request, as its event tells it.
  void Look(const ca::v1::Event& denial);

  size_t looked_at() const { return looked_at_; }
  // The CA's own, which no policy decides; what tokens gave whose making was not looked at; and
  // denials whose names nobody kept, or that came of something else than names: a malformed
  // request, an admin's act.
  size_t passed_over() const { return passed_over_; }
  // Of those looked at: certificates that were granted, and that both policies deny: the one in
  // force has changed since.
  size_t denied_by_both() const { return denied_by_both_; }
  size_t not_kept() const { return not_kept_; }
  std::vector<ReplayChange> changes() const;  // denied first

 private:
  using Key = std::tuple<Change, std::string, std::string, std::vector<std::string>, int64_t>;
  struct Asked {
    std::string principal, profile;
    policy::Claims claims;
    std::vector<std::string> names;
    std::optional<Seconds> lifetime;                  // asked for
    std::optional<x509::SubjectPublicKeyInfo> key{};  // nothing: not known
    int64_t lifetime_s;                               // tells requests apart
    bool was_granted = false;
    bool is_renewal = false;
  };
  // Who asked, or made the token that was asked with; nothing where that is not known.
  std::optional<policy::Principal> AuthorityOf(const Asked& asked) const;
  // Its profile, as the policy in force has it; nothing where it was denied.
  const policy::Profile* GrantedBy(const Asked& asked) const;
  void Decide(const Asked& asked);
  void Count(const ReplayChange& change, int64_t lifetime_s);

  policy::Authorizer in_force_, proposed_;
  std::map<std::string, std::string> makers_;  // "enrolment:<id>" -> who made the token
  std::map<Key, ReplayChange> changes_;
  size_t looked_at_ = 0, passed_over_ = 0, not_kept_ = 0, denied_by_both_ = 0;
};

}  // namespace mayfly::cli
