// A call that FakeCa refuses.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <utility>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace mayfly::cli {

// As rpc/status.cc writes it.
inline grpc::Status Refusal(grpc::StatusCode code, const std::string& reason,
                            const std::string& rule, const std::string& message,
                            const std::vector<std::pair<std::string, std::string>>& findings = {}) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("mayfly.ca");
  (*info.mutable_metadata())["rule"] = rule;
  google::rpc::BadRequest bad;
  for (const auto& [field, description] : findings) {
    auto* finding = bad.add_field_violations();
    finding->set_field(field);
    finding->set_description(description);
  }
  google::rpc::Status details;
  details.set_code(code);
  details.set_message(message);
  details.add_details()->PackFrom(info);
  if (!findings.empty()) details.add_details()->PackFrom(bad);
  return {code, message, details.SerializeAsString()};
}

}  // namespace mayfly::cli
