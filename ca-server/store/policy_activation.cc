#include "store/policy_activation.h"

#include "x509/digest.h"

namespace mayfly::store {
namespace {

Error PolicyOutdated(uint64_t version) {
  return Fail(ErrorCode::kConflict, "policy.outdated",
              "version " + std::to_string(version) +
                  " of the policy came into force meanwhile; look at it, then apply again");
}

}  // namespace

Result<Activation> ActivateIn(Session& session, const PolicyEntry& entry) {
  const Hash256 hash = x509::Sha256(AsBytes(entry.text));
  Params params;
  params.Add(entry.text).Add(ByteSpan(hash)).Add(entry.principal);
  if (entry.base_version) params.Add(static_cast<int64_t>(*entry.base_version));
  auto row = session.Exec(
      std::string("SELECT version, changed, outdated FROM activate_policy($1, $2::bytea, $3, ") +
          (entry.base_version ? "$4" : "NULL") + "::bigint)",
      params)[0];
  const auto version = row[0].as<uint64_t>();
  if (row[2].as<bool>()) return PolicyOutdated(version);
  return Activation{version, row[1].as<bool>()};
}

}  // namespace mayfly::store
