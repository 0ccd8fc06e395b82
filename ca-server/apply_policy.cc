#include "apply_policy.h"

#include <unistd.h>

#include "clients/cpp/files.h"
#include "config/policy_file.h"

namespace mayfly {

Result<std::string> ReadPolicyFile(const std::filesystem::path& file) {
  auto text = client::ReadFile(file);
  if (!text) {
    return Fail(ErrorCode::kConfiguration, "policy.file", "the policy: " + text.error().message);
  }
  TRY(config::ParsePolicy(AsText(*text), file.string()));
  return ToString(*text);
}

Result<uint64_t> ApplyPolicyFile(Wiring& wiring) {
  TRY_ASSIGN(std::string text, ReadPolicyFile(wiring.config().policy_file));
  PolicyEntry entry{std::move(text), "local:" + std::to_string(getuid())};
  const BootTime deadline = wiring.foundation().In(kCommandTimeMax);
  TRY_ASSIGN(const uint64_t version,
             SyncWait(wiring.ledger().ActivatePolicy(std::move(entry), deadline)));
  TRY(SyncWait(wiring.audit().gate().WaitForCheckpoint(deadline)));
  return version;
}

}  // namespace mayfly
