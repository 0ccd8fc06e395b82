// Enrolment: what an enrolment token stands for. Who made it vouches, so a token never gives what
// its maker could not have.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/uuid.h"
#include "policy/principal.h"

namespace mayfly::policy {

constexpr Seconds kTokenLifetimeDefault{15 * 60};
constexpr Seconds kTokenLifetimeMaxDefault{3600};
constexpr Seconds kTokenLifetimeCeiling{30 * 24 * 3600};  // of what can be configured
constexpr uint32_t kTokenUsesMax = 1000;

// A token is this and the 64 hex digits of 32 random octets. It is known by its SHA-256 alone.
constexpr std::string_view kEnrolmentTokenPrefix = "mayfly_enrol_";
constexpr size_t kEnrolmentTokenSecretBytes = 32;

struct Enrolment {
  Uuid token;  // its id, no secret
  Hash256 token_hash;
  std::string profile;
  x509::GeneralNames names;  // in normal form, at least one
  uint32_t uses_max;
  TimePoint expires;
  Principal enroller;  // who made it, as that was proved then
};

// "enrolment:<id>", the id and the request scope of a token's holder.
inline std::string EnrolmentPrincipalId(const Uuid& token) {
  return "enrolment:" + token.ToString();
}

}  // namespace mayfly::policy
