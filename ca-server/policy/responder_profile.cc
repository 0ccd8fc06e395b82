#include "policy/responder_profile.h"

namespace mayfly::policy {
namespace {

constexpr Seconds kResponderBackdate{60};

}  // namespace

Profile ResponderProfile(Seconds lifetime) {
  Profile profile;
  profile.name = std::string(kResponderProfileName);
  profile.lifetime_default = lifetime;
  profile.lifetime_max = lifetime;
  profile.backdate = kResponderBackdate;
  profile.key_usages = static_cast<x509::KeyUsages>(x509::KeyUsage::kDigitalSignature);
  profile.extended_key_usages = {x509::oid::OcspSigning()};
  // RFC 6960 4.2.2.2.1: instead of any pointer, so that nobody asks a responder about itself.
  profile.ocsp_no_check = true;
  return profile;
}

}  // namespace mayfly::policy
