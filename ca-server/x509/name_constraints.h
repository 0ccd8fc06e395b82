// NameConstraints (RFC 5280 4.2.1.10) of an issuing CA: which names it may put into certificates.
//
//   dns    "internal": that name and everything below it
//   ip     "10.0.0.0/8": the network
//   uri    "internal.example" that host; ".internal.example" every host below it
//   email  "a@b.example" that address; "b.example" every address at that host; ".b.example" every
//          address at hosts below it
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "x509/extension.h"
#include "x509/general_name.h"

namespace mayfly::x509 {

constexpr size_t kSubtreesMax = 128;

struct Subtree {
  // Errors: kConfiguration "name-constraints.subtree".
  static Result<Subtree> Parse(GeneralName::Kind kind, std::string_view text);
  bool Holds(const GeneralName& name) const;

  GeneralName::Kind kind;
  std::string base;  // as it is encoded: text in lower case, or address and mask
  friend bool operator==(const Subtree&, const Subtree&) = default;
};

struct NameConstraints {
  std::vector<Subtree> permitted, excluded;

  // Of any kind of names the permitted subtrees bind where there is one of that kind.
  bool Permits(const GeneralName& name) const;
  // For a certificate whose constraints cannot be read: better nothing than too much.
  static NameConstraints PermittingNothing();
  bool empty() const { return permitted.empty() && excluded.empty(); }
  Extension ToExtension() const;  // critical; not for an empty one
  // Subtrees of other kinds, with a minimum or a maximum are errors: kBadDer and
  // "name-constraints.*".
  static Result<NameConstraints> FromExtension(ByteSpan value);
  friend bool operator==(const NameConstraints&, const NameConstraints&) = default;
};

}  // namespace mayfly::x509
