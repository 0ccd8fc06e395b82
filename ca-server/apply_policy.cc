#include "apply_policy.h"

#include <unistd.h>

#include "clients/cpp/files.h"

namespace mayfly {

Result<std::string> ReadPolicyFile(const std::filesystem::path& file,
                                   const std::optional<config::IssuerNames>& issuers) {
  // Who sends SIGHUP must not be kept waiting by a file that has no end.
  std::error_code failed;
  if (std::filesystem::exists(file, failed) && !std::filesystem::is_regular_file(file, failed)) {
    return Fail(ErrorCode::kConfiguration, "policy.file",
                "the policy: " + file.string() + " is no regular file");
  }
  auto text = client::ReadFile(file);
  if (!text) {
    return Fail(ErrorCode::kConfiguration, "policy.file", "the policy: " + text.error().message);
  }
  TRY(issuers ? config::ParsePolicyFor(*issuers, AsText(*text), file.string(),
                                       policy::PolicyText::kProposed)
              : config::ParsePolicy(AsText(*text), file.string()));
  return ToString(*text);
}

Result<uint64_t> ApplyPolicyFile(Wiring& wiring) {
  TRY_ASSIGN(std::string text,
             ReadPolicyFile(wiring.config().policy_file, IssuerNamesOf(wiring.config())));
  issuance::ApplyPolicyRequest request{
      {policy::ProofOfIdentity::kLocal, "local:" + std::to_string(getuid()), "", {}},
      std::move(text),
      std::nullopt};
  const BootTime deadline = wiring.foundation().In(kCommandTimeMax);
  TRY_ASSIGN(const auto applied,
             SyncWait(wiring.authority().ApplyPolicy(std::move(request), deadline)));
  return applied.version;
}

}  // namespace mayfly
