#include "policy/role.h"

namespace mayfly::policy {

std::string_view RoleWord(Role role) {
  switch (role) {
    case Role::kRequester:
      return "requester";
    case Role::kEnroller:
      return "enroller";
    case Role::kAuditor:
      return "auditor";
    case Role::kOperator:
      return "operator";
    case Role::kAdmin:
      return "admin";
  }
  return "";
}

std::string_view RoleList(Role role) {
  switch (role) {
    case Role::kRequester:
      return "";
    case Role::kEnroller:
      return "enrollers";
    case Role::kAuditor:
      return "auditors";
    case Role::kOperator:
      return "operators";
    case Role::kAdmin:
      return "admins";
  }
  return "";
}

}  // namespace mayfly::policy
