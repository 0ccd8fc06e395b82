#include "store/same_holder.h"

#include <algorithm>
#include <set>

#include "x509/tbs_certificate.h"

namespace mayfly::store {
namespace {

using Keys = std::set<Hash256>;

// A generation that was renewed from was used (UseParents); the first one's use is not noted, but
// it is the parent of the second.
constexpr char kCertificatesOfLineage[] =
    "WITH shown AS (SELECT lineage, parent_serial FROM issuance WHERE serial = $1::bytea), "
    "used AS (SELECT i.parent_serial, i.tbs FROM shown JOIN lineage_use u USING (lineage) "
    "JOIN issuance i ON i.serial = u.serial AND i.issuer_id = u.issuer_id) "
    "SELECT tbs FROM used UNION ALL SELECT tbs FROM issuance WHERE serial IN "
    "(SELECT parent_serial FROM used UNION SELECT parent_serial FROM shown)";

Result<Keys> KeysOf(Session& session, const policy::Principal& principal) {
  Keys keys = {*principal.key_hash};
  for (const auto& row :
       session.Exec(kCertificatesOfLineage, Params().Add(principal.serial->octets()))) {
    TRY_ASSIGN(const auto tbs, x509::TbsCertificate::FromDer(BytesOf(row[0])));
    keys.insert(tbs.fields().public_key.hash());
  }
  return keys;
}

// Under the newest certificate of the key for its names.
bool HasHeldOneOf(Session& session, const policy::Principal& principal, const Keys& keys) {
  ArrayText hashes;
  for (const Hash256& key : keys) hashes.Add(ByteSpan(key));
  return session
      .Exec(
          "SELECT EXISTS (SELECT FROM issuance i JOIN key_holder k ON k.lineage = i.lineage "
          "WHERE i.serial = $1::bytea AND k.spki_hash = ANY($2::bytea[]))",
          Params().Add(principal.serial->octets()).Add(hashes.Take()))[0][0]
      .as<bool>();
}

}  // namespace

Result<bool> IsSameHolder(Session& session, const policy::Principal& a,
                          const policy::Principal& b) {
  TRY_ASSIGN(const Keys keys_of_a, KeysOf(session, a));
  TRY_ASSIGN(const Keys keys_of_b, KeysOf(session, b));
  const auto is_of_b = [&](const Hash256& key) { return keys_of_b.contains(key); };
  return std::ranges::any_of(keys_of_a, is_of_b) || HasHeldOneOf(session, a, keys_of_b) ||
         HasHeldOneOf(session, b, keys_of_a);
}

}  // namespace mayfly::store
