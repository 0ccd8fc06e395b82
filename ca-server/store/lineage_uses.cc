#include "store/lineage_uses.h"

#include <algorithm>
#include <map>
#include <utility>

#include "ports/lineages.h"
#include "store/ledger_rows.h"

namespace mayfly::store {
namespace {

using Generations = std::map<uint32_t, CertificateKey>;  // what stands for each

Error Superseded() {
  return Fail(ErrorCode::kPolicyDenied, "renewal.superseded",
              "another holder of this lineage has renewed already: somebody has a copy of the key, "
              "or an old certificate is still in use; enrol anew");
}

// The first generation whose use says something about the record.
std::optional<policy::LineagePlace> JudgedFrom(const RecordItem& item) {
  const RecordEntry& entry = item.entry;
  if (item.answer) return std::nullopt;
  if (entry.renews) {
    return policy::LineagePlace{entry.lineage.lineage, entry.lineage.generation - 1};
  }
  if (entry.asker) return policy::LineagePlace{entry.asker->lineage, entry.asker->generation + 1};
  return std::nullopt;
}

// The first generation has one certificate, so its use need not be noted.
void UseParents(Session& session, const Batch& batch, const WriteStart& start) {
  std::map<std::pair<Uuid, uint32_t>, const RecordItem*> parents;  // replicas lock in one order
  for (const auto& item : batch.records) {
    if (item->answer || !item->entry.renews) continue;
    const LineageStep& step = item->entry.lineage;
    if (step.generation > 1) parents.emplace(std::pair(step.lineage, step.generation), item.get());
  }
  if (parents.empty()) return;
  ArrayText ids, generations, serials, issuers;
  for (const auto& [step, item] : parents) {
    ids.Add(std::string_view(step.first.ToString()));
    generations.Add(int64_t{step.second} - 1);
    serials.Add(item->entry.renews->serial.octets());
    issuers.Add(static_cast<int64_t>(item->entry.renews->issuer));
  }
  session.Exec(
      "INSERT INTO lineage_use (lineage, generation, serial, issuer_id, kind, tick) "
      "SELECT t.lineage, t.generation, t.serial, t.issuer_id, 1, $5 FROM unnest($1::uuid[], "
      "$2::integer[], $3::bytea[], $4::integer[]) AS t (lineage, generation, serial, issuer_id) "
      "ON CONFLICT DO NOTHING",
      Params()
          .Add(ids.Take())
          .Add(generations.Take())
          .Add(serials.Take())
          .Add(issuers.Take())
          .Add(start.tick));
}

// In a later statement than the one that notes uses: only there READ COMMITTED shows who came
// first. One look at the key's index for each lineage, however many generations it has had.
std::map<Uuid, Generations> StandingUses(Session& session, const Batch& batch) {
  std::map<Uuid, uint32_t> from;
  for (const auto& item : batch.records) {
    const auto judged = JudgedFrom(*item);
    if (!judged) continue;
    const auto [known, is_new] = from.emplace(judged->lineage, judged->generation);
    if (!is_new) known->second = std::min(known->second, judged->generation);
  }
  std::map<Uuid, Generations> uses;
  if (from.empty()) return uses;
  ArrayText lineages, generations;
  for (const auto& [lineage, generation] : from) {
    lineages.Add(std::string_view(lineage.ToString()));
    generations.Add(int64_t{generation});
  }
  for (const auto& row :
       session.Exec("SELECT u.lineage, u.generation, u.serial, u.issuer_id "
                    "FROM unnest($1::uuid[], $2::integer[]) AS k (lineage, generation) "
                    "JOIN lineage_use u ON u.lineage = k.lineage AND u.generation >= k.generation",
                    Params().Add(lineages.Take()).Add(generations.Take()))) {
    uses[UuidOf(row[0])].emplace(row[1].as<uint32_t>(),
                                 CertificateKey{SerialOf(row[2]), IssuerOf(row[3])});
  }
  return uses;
}

std::optional<Error> JudgeRenewal(const RecordEntry& entry, const Generations& uses) {
  const LineageStep& step = entry.lineage;
  for (const auto& [generation, standing] : uses) {
    const bool is_later = generation >= step.generation;
    const bool is_sibling = generation + 1 == step.generation && standing != *entry.renews;
    if (is_later || is_sibling) return Superseded();
  }
  return std::nullopt;
}

std::optional<Error> JudgeAsker(const policy::LineagePlace& asker, const Generations& uses) {
  if (uses.empty() || uses.rbegin()->first <= asker.generation) return std::nullopt;
  return SupersededPeer(uses.rbegin()->second);
}

}  // namespace

void UseLineages(Session& session, Batch& batch, const WriteStart& start) {
  UseParents(session, batch, start);
  auto uses = StandingUses(session, batch);
  for (auto& item : batch.records) {
    const auto judged = JudgedFrom(*item);
    if (!judged) continue;
    const Generations& generations = uses[judged->lineage];
    auto refused = item->entry.renews ? JudgeRenewal(item->entry, generations)
                                      : JudgeAsker(*item->entry.asker, generations);
    if (refused) item->answer = Status(*std::move(refused));
  }
}

std::optional<CertificateKey> SuccessorOf(Session& session, const policy::LineagePlace& place) {
  const auto rows = session.Exec(
      "SELECT serial, issuer_id FROM lineage_use WHERE lineage = $1::uuid AND generation > $2 "
      "ORDER BY generation DESC LIMIT 1",
      Params().Add(place.lineage).Add(int64_t{place.generation}));
  if (rows.empty()) return std::nullopt;
  return CertificateKey{SerialOf(rows[0][0]), IssuerOf(rows[0][1])};
}

}  // namespace mayfly::store
