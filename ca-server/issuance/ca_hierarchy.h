// Makes the CA certificates of a hierarchy: a root, and issuing CAs below it. Each is recorded
// before it is signed. Repeating it changes nothing; an interrupted run is continued.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "issuance/issuer.h"
#include "ports/ca_registry.h"

namespace mayfly::issuance {

struct CaPlan {
  std::string name;                   // issuers/{issuer}
  std::vector<std::string> key_uris;  // its places
  x509::Name subject;
  Seconds lifetime;
  x509::NameConstraints name_constraints{};  // of an issuing CA
};

struct HierarchyPlan {
  CaPlan root;
  std::vector<CaPlan> issuing;
};

// One CA certificate that is there now, and whether this run made it.
struct CaMade {
  std::string name;
  x509::Certificate certificate;
  bool made_now;
};

// Errors: kConflict "issuer.changed" (a name is there with another key or subject); those of the
// signer and the registry; kLintFailed.
Task<Result<std::vector<CaMade>>> MakeHierarchy(HierarchyPlan plan, CaRegistry& registry,
                                                signing::SigningTools tools, BootTime deadline);

}  // namespace mayfly::issuance
