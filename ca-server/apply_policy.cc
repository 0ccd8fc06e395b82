#include "apply_policy.h"

#include <unistd.h>

#include "clients/cpp/files.h"
#include "config/policy_file.h"

namespace mayfly {

Result<std::string> ReadPolicyFile(const config::Config& config) {
  auto text = client::ReadFile(config.policy_file);
  if (!text) {
    return Fail(ErrorCode::kConfiguration, "policy.file",
                "cannot read " + config.policy_file.string() + ": " + text.error().message);
  }
  TRY(config::ParsePolicy(AsText(*text), config.policy_file.string()));
  return ToString(*text);
}

Result<uint64_t> ApplyPolicyFile(Wiring& wiring) {
  TRY_ASSIGN(std::string text, ReadPolicyFile(wiring.config()));
  PolicyEntry entry{std::move(text), "local:" + std::to_string(getuid())};
  return SyncWait(
      wiring.ledger().ActivatePolicy(std::move(entry), wiring.foundation().In(kCommandTimeMax)));
}

}  // namespace mayfly
