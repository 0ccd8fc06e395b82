// [profile.NAME] of the policy file.
#pragma once

#include <string>

#include "config/strict_toml.h"
#include "config/words.h"
#include "policy/policy.h"

namespace mayfly::config {

constexpr Seconds kBackdateDefault{60};
constexpr Seconds kBackdateMax{24 * 3600};
constexpr size_t kExtendedKeyUsagesMax = 16;

const Words<x509::GeneralName::Kind>& NameKindWords();

// What is wrong is complained of in the section.
policy::Profile ReadProfile(const std::string& name, Section section);

}  // namespace mayfly::config
