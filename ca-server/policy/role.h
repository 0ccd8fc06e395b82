// Role: what a principal is to the CA. A policy binds roles to principals, each in a list of its
// own (docs/POLICY.md); what each RPC asks for stands in the proto (access.proto).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace mayfly::policy {

enum class Role : uint8_t {
  kRequester,  // every authenticated principal
  kEnroller,
  kAuditor,   // sees everything
  kOperator,  // revokes; an auditor too
  kAdmin,     // brings policies into force; everything else too
};

inline constexpr Role kAllRoles[] = {Role::kRequester, Role::kEnroller, Role::kAuditor,
                                     Role::kOperator, Role::kAdmin};

// "auditor".
std::string_view RoleWord(Role role);
// The list of a policy that gives the role: "auditors". Empty for kRequester, which none gives.
std::string_view RoleList(Role role);

// A set of roles.
class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(std::initializer_list<Role> roles) {
    for (const Role role : roles) bits_ |= Bit(role);
  }

  constexpr bool Has(Role role) const { return (bits_ & Bit(role)) != 0; }
  constexpr bool HasAnyOf(Roles others) const { return (bits_ & others.bits_) != 0; }
  constexpr Roles& operator|=(Roles others) {
    bits_ |= others.bits_;
    return *this;
  }
  friend constexpr bool operator==(Roles, Roles) = default;

 private:
  static constexpr uint8_t Bit(Role role) {
    return static_cast<uint8_t>(1u << static_cast<unsigned>(role));
  }
  uint8_t bits_ = 0;
};

// Whoever may make enrolment tokens.
inline constexpr Roles kEnrollers = {Role::kEnroller, Role::kAdmin};

// Whoever sees every certificate, and may ask about everybody.
inline constexpr Roles kReadersOfAll = {Role::kAuditor, Role::kOperator, Role::kAdmin};

}  // namespace mayfly::policy
