#include "store/token_uses.h"

#include <map>
#include <set>
#include <utility>

namespace mayfly::store {
namespace {

using Uses = std::map<Hash256, std::set<Uuid>>;  // token -> the requests that have it

Error Spent() {
  return Fail(ErrorCode::kUnauthenticated, "enrolment.spent",
              "the enrolment token has been used; ask who gave it to you for another");
}

Error Expired() {
  return Fail(ErrorCode::kUnauthenticated, "enrolment.expired",
              "the enrolment token has expired; ask who gave it to you for another");
}

Error Contended() {
  return Fail(ErrorCode::kConflict, "ledger.token-contended", "another request took this use");
}

bool WantsToken(const RecordItem& item) { return !item.answer && item.entry.token.has_value(); }

const Uuid& RequestOf(const RecordItem& item) { return item.entry.request->key.id; }

Uses StandingUses(Session& session, const Batch& batch) {
  ArrayText tokens;
  bool any = false;
  for (const auto& item : batch.records) {
    if (!WantsToken(*item)) continue;
    tokens.Add(ByteSpan(item->entry.token->token_hash));
    any = true;
  }
  Uses uses;
  if (!any) return uses;
  for (const auto& row : session.Exec(
           "SELECT token_hash, request_id FROM token_use WHERE token_hash = ANY($1::bytea[])",
           Params().Add(tokens.Take()))) {
    uses[HashOf(row[0])].insert(UuidOf(row[1]));
  }
  return uses;
}

// What there is to insert, in the order of keys: replicas lock in one order.
using Spending = std::map<std::pair<Hash256, int64_t>, const RecordItem*>;

Spending Assign(Batch& batch, Uses& uses, TimePoint now) {
  Spending spending;
  for (auto& item : batch.records) {
    if (!WantsToken(*item)) continue;
    const TokenUse& token = *item->entry.token;
    std::set<Uuid>& used = uses[token.token_hash];
    if (used.contains(RequestOf(*item))) continue;
    if (token.expires <= now) {
      item->answer = Status(Expired());
    } else if (used.size() >= token.uses_max) {
      item->answer = Status(Spent());
    } else {
      used.insert(RequestOf(*item));
      spending.emplace(std::pair(token.token_hash, static_cast<int64_t>(used.size())), item.get());
    }
  }
  return spending;
}

// Gives the requests that got their use.
std::set<std::pair<Hash256, Uuid>> Insert(Session& session, const Spending& spending,
                                          const WriteStart& start) {
  ArrayText tokens, numbers, requests, bodies, serials, issuers;
  for (const auto& [use, item] : spending) {
    tokens.Add(ByteSpan(use.first));
    numbers.Add(use.second);
    requests.Add(std::string_view(RequestOf(*item).ToString()));
    bodies.Add(ByteSpan(item->entry.request->body_hash));
    serials.Add(item->entry.tbs.tbs().serial().octets());
    issuers.Add(static_cast<int64_t>(item->entry.issuer));
  }
  std::set<std::pair<Hash256, Uuid>> taken;
  for (const auto& row : session.Exec(
           "INSERT INTO token_use (token_hash, use_number, request_id, body_hash, serial, "
           "issuer_id, tick) SELECT t.token, t.number, t.request, t.body, t.serial, t.issuer, $7 "
           "FROM unnest($1::bytea[], $2::integer[], $3::uuid[], $4::bytea[], $5::bytea[], "
           "$6::integer[]) AS t (token, number, request, body, serial, issuer) "
           "ON CONFLICT DO NOTHING RETURNING token_hash, request_id",
           Params()
               .Add(tokens.Take())
               .Add(numbers.Take())
               .Add(requests.Take())
               .Add(bodies.Take())
               .Add(serials.Take())
               .Add(issuers.Take())
               .Add(start.tick))) {
    taken.emplace(HashOf(row[0]), UuidOf(row[1]));
  }
  return taken;
}

}  // namespace

void UseTokens(Session& session, Batch& batch, const WriteStart& start) {
  Uses uses = StandingUses(session, batch);
  const Spending spending = Assign(batch, uses, start.now);
  if (spending.empty()) return;
  const auto taken = Insert(session, spending, start);
  std::set<std::pair<Hash256, Uuid>> lost;
  for (const auto& [use, item] : spending) {
    const std::pair wanted(use.first, RequestOf(*item));
    if (!taken.contains(wanted)) lost.insert(wanted);
  }
  for (auto& item : batch.records) {
    if (!WantsToken(*item)) continue;
    if (lost.contains({item->entry.token->token_hash, RequestOf(*item)})) {
      item->answer = Status(Contended());
    }
  }
}

}  // namespace mayfly::store
