#include "store/ledger_batch.h"

#include <algorithm>
#include <map>
#include <set>

#include "store/ledger_rows.h"
#include "store/lineage_uses.h"
#include "store/token_uses.h"

namespace mayfly::store {
namespace {

enum OutcomeKind : int { kSigned = 1, kAbandoned = 2 };

Error Stale() {
  return Fail(ErrorCode::kDecisionStale, "ledger.decision-stale",
              "the policy or a block changed meanwhile; decide again");
}

Error SerialTooOld() {
  Error error = Fail(ErrorCode::kStoreUnavailable, "ledger.serial-too-old",
                     "the serial number's time is over 30 s off the database's clock; begin again");
  error.retry_after = Milliseconds(0);
  return error;
}

Error RequestIdTime() {
  return Fail(ErrorCode::kInvalidArgument, "request-id.time",
              "the request id must be a UUIDv7 made within 24 h of now");
}

Error RequestTaken() {
  return Fail(ErrorCode::kConflict, "ledger.request-taken", "another attempt has this request id");
}

Error KeyReused() {
  Error error = Fail(ErrorCode::kPolicyDenied, "policy.key-reused",
                     "this key has been used for other names; make a new key");
  error.violations = {{error.rule, "csr", error.message}};
  return error;
}

Error NoSuchCertificate() {
  return Fail(ErrorCode::kNotFound, "ledger.no-such-certificate",
              "there is no record of this certificate");
}

CertificateKey KeyOf(const RecordItem& item) {
  return {item.entry.tbs.tbs().serial(), item.entry.issuer};
}

bool WithinOf(std::optional<TimePoint> time, TimePoint now, Seconds skew_max) {
  // Whole milliseconds, as the constraints count.
  if (!time) return false;
  auto off = std::chrono::floor<Milliseconds>(now) - std::chrono::floor<Milliseconds>(*time);
  return std::chrono::abs(off) <= skew_max;
}

// What needs no statement to refuse; the constraints refuse it anyway, but with the whole batch.
std::optional<Error> RefuseEarly(const RecordEntry& entry, const WriteStart& start) {
  if (entry.decision != start.decision) return Stale();
  if (!WithinOf(entry.tbs.tbs().serial().issued_at(), start.now, kSerialSkewMax)) {
    return SerialTooOld();
  }
  if (entry.request && !WithinOf(entry.request->key.id.v7_time(), start.now, kRequestIdSkewMax)) {
    return RequestIdTime();
  }
  return std::nullopt;
}

std::string KeyText(const CertificateKey& key) {
  return ToHex(key.serial.octets()) + "/" + std::to_string(static_cast<int32_t>(key.issuer));
}

std::string KeyText(const pqxx::row& row) { return ToHex(BytesOf(row[0])) + "/" + row[1].c_str(); }

std::set<std::string> Keys(const pqxx::result& rows) {
  std::set<std::string> keys;
  for (const auto& row : rows) keys.insert(KeyText(row));
  return keys;
}

// The keys of items that have no answer yet, as two arrays.
template <class Items, class KeyFunction>
Params KeyParams(const Items& items, KeyFunction key_of) {
  ArrayText serials, issuers;
  for (const auto& item : items) {
    if (item->answer) continue;
    const CertificateKey key = key_of(*item);
    serials.Add(key.serial.octets());
    issuers.Add(static_cast<int64_t>(key.issuer));
  }
  return Params().Add(serials.Take()).Add(issuers.Take());
}

CertificateKey SettleKey(const SettleItem& item) { return item.entry.key; }

std::map<std::string, Outcome> StandingOutcomes(Session& session, const Batch& batch) {
  std::map<std::string, Outcome> standing;
  auto rows = session.Exec(
      "SELECT o.serial, o.issuer_id, o.kind, o.signature "
      "FROM unnest($1::bytea[], $2::integer[]) AS k (serial, issuer_id) "
      "JOIN outcome o ON o.serial = k.serial AND o.issuer_id = k.issuer_id",
      KeyParams(batch.settles, SettleKey));
  for (const auto& row : rows) {
    Outcome outcome = AbandonedOutcome{};
    if (row[2].as<int>() == kSigned) outcome = SignedOutcome{BytesOf(row[3])};
    standing.insert_or_assign(KeyText(row), std::move(outcome));
  }
  return standing;
}

// INSERT .. DO NOTHING of every outcome without an answer; gives the keys that are new.
std::set<std::string> InsertOutcomes(Session& session, const Batch& batch,
                                     const WriteStart& start) {
  ArrayText serials, issuers, kinds, decisions, versions, signatures;
  for (const auto& item : batch.settles) {
    if (item->answer) continue;
    const SettleEntry& entry = item->entry;
    serials.Add(entry.key.serial.octets());
    issuers.Add(static_cast<int64_t>(entry.key.issuer));
    decisions.Add(static_cast<int64_t>(entry.decision));
    versions.Add(static_cast<int64_t>(entry.policy_version));
    if (const auto* signature = std::get_if<SignedOutcome>(&entry.outcome)) {
      kinds.Add(int64_t{kSigned});
      signatures.Add(ByteSpan(signature->signature));
    } else {
      kinds.Add(int64_t{kAbandoned});
      signatures.AddNull();
    }
  }
  return Keys(session.Exec(
      "INSERT INTO outcome (serial, issuer_id, kind, decision, policy_version, tick, signature) "
      "SELECT t.serial, t.issuer_id, t.kind, t.decision, t.version, $7, t.signature "
      "FROM unnest($1::bytea[], $2::integer[], $3::smallint[], $4::bigint[], $5::bigint[], "
      "$6::bytea[]) AS t (serial, issuer_id, kind, decision, version, signature) "
      "WHERE EXISTS (SELECT FROM issuance i WHERE i.serial = t.serial "
      "AND i.issuer_id = t.issuer_id) "
      "ON CONFLICT DO NOTHING RETURNING serial, issuer_id",
      Params()
          .Add(serials.Take())
          .Add(issuers.Take())
          .Add(kinds.Take())
          .Add(decisions.Take())
          .Add(versions.Take())
          .Add(signatures.Take())
          .Add(start.tick)));
}

template <class Items>
bool AnyOpen(const Items& items) {
  return std::any_of(items.begin(), items.end(), [](const auto& item) { return !item->answer; });
}

void Settle(Session& session, Batch& batch, const WriteStart& start, BatchEffect& effect) {
  for (auto& item : batch.settles) {
    const bool is_signature = std::holds_alternative<SignedOutcome>(item->entry.outcome);
    if (is_signature && item->entry.decision != start.decision) item->answer = Stale();
  }
  if (!AnyOpen(batch.settles)) return;
  std::set<std::string> inserted = InsertOutcomes(session, batch, start);
  effect.wrote |= !inserted.empty();
  for (auto& item : batch.settles) {
    // Each new key once: a second item of the same key lost to the first.
    if (!item->answer && inserted.erase(KeyText(item->entry.key))) {
      item->answer = item->entry.outcome;
    }
  }
  if (!AnyOpen(batch.settles)) return;
  // In a later statement: only there READ COMMITTED shows what won the race.
  auto standing = StandingOutcomes(session, batch);
  effect.found = true;
  for (auto& item : batch.settles) {
    if (item->answer) continue;
    auto found = standing.find(KeyText(item->entry.key));
    if (found == standing.end()) {
      item->answer = NoSuchCertificate();
    } else {
      item->answer = found->second;
    }
  }
}

// Claims keys for identities, where the profile wants that; who comes second, with other names, is
// answered. A key that is another's under a profile that claims none can be claimed no more than
// one that is claimed, as soon as the projection knows. A claim stays where its record is refused
// by what follows: it is true all the same.
void ClaimKeys(Session& session, Batch& batch, const WriteStart& start) {
  std::map<std::pair<Hash256, Hash256>, const RecordItem*>
      claiming;  // in the order of keys: replicas lock in one order
  for (const auto& item : batch.records) {
    if (item->answer || !item->entry.key_claim) continue;
    const KeyClaim& claim = *item->entry.key_claim;
    claiming.emplace(std::pair(claim.spki_hash, claim.identity), item.get());
  }
  if (claiming.empty()) return;
  ArrayText keys, identities, serials, issuers;
  for (const auto& [claim, item] : claiming) {
    keys.Add(ByteSpan(claim.first));
    identities.Add(ByteSpan(claim.second));
    serials.Add(item->entry.tbs.tbs().serial().octets());
    issuers.Add(static_cast<int64_t>(item->entry.issuer));
  }
  const std::string key_array = keys.Take();
  session.Exec(
      "INSERT INTO key_claim (spki_hash, identity, serial, issuer_id, tick) "
      "SELECT t.key, t.identity, t.serial, t.issuer_id, $5 FROM unnest($1::bytea[], $2::bytea[], "
      "$3::bytea[], $4::integer[]) AS t (key, identity, serial, issuer_id) WHERE NOT EXISTS "
      "(SELECT FROM key_holder k WHERE k.spki_hash = t.key AND k.identity <> t.identity "
      "AND k.not_after > clock_timestamp()) ON CONFLICT DO NOTHING",
      Params()
          .Add(key_array)
          .Add(identities.Take())
          .Add(serials.Take())
          .Add(issuers.Take())
          .Add(start.tick));
  // In a later statement: only there READ COMMITTED shows who came first.
  std::map<Hash256, Hash256> standing;
  for (const auto& row :
       session.Exec("SELECT spki_hash, identity FROM key_claim WHERE spki_hash = ANY($1::bytea[])",
                    Params().Add(key_array))) {
    standing.emplace(HashOf(row[0]), HashOf(row[1]));
  }
  for (auto& item : batch.records) {
    if (item->answer || !item->entry.key_claim) continue;
    const KeyClaim& claim = *item->entry.key_claim;
    const auto holder = standing.find(claim.spki_hash);
    if (holder == standing.end() || holder->second != claim.identity) {
      item->answer = Status(KeyReused());
    }
  }
}

// Takes the request ids; who does not get theirs is answered.
void TakeRequests(Session& session, Batch& batch, const WriteStart& start) {
  std::vector<const RecordItem*> wanting;
  for (const auto& item : batch.records) {
    if (!item->answer && item->entry.request) wanting.push_back(item.get());
  }
  if (wanting.empty()) return;
  std::sort(wanting.begin(), wanting.end(), [](const RecordItem* a, const RecordItem* b) {
    const RequestAttempt &left = *a->entry.request, &right = *b->entry.request;
    return std::tie(left.key, left.attempt) < std::tie(right.key, right.attempt);
  });
  ArrayText ids, scopes, attempts, issuers, serials, hashes;
  for (const RecordItem* item : wanting) {
    const RequestAttempt& request = *item->entry.request;
    ids.Add(std::string_view(request.key.id.ToString()));
    scopes.Add(std::string_view(request.key.scope));
    attempts.Add(int64_t{request.attempt});
    issuers.Add(static_cast<int64_t>(item->entry.issuer));
    serials.Add(item->entry.tbs.tbs().serial().octets());
    hashes.Add(ByteSpan(request.body_hash));
  }
  // A later attempt only after an abandoned one: otherwise two certificates could come of one id.
  auto taken = Keys(session.Exec(
      "INSERT INTO request (request_id, scope, attempt, issuer_id, serial, body_hash, tick) "
      "SELECT t.id, t.scope, t.attempt, t.issuer_id, t.serial, t.hash, $7 "
      "FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::integer[], $5::bytea[], "
      "$6::bytea[]) AS t (id, scope, attempt, issuer_id, serial, hash) "
      "WHERE t.attempt = 1 OR EXISTS (SELECT FROM request p JOIN outcome o "
      "ON o.serial = p.serial AND o.issuer_id = p.issuer_id WHERE p.request_id = t.id "
      "AND p.scope = t.scope AND p.attempt = t.attempt - 1 AND o.kind = 2) "
      "ON CONFLICT DO NOTHING RETURNING serial, issuer_id",
      Params()
          .Add(ids.Take())
          .Add(scopes.Take())
          .Add(attempts.Take())
          .Add(issuers.Take())
          .Add(serials.Take())
          .Add(hashes.Take())
          .Add(start.tick)));
  for (auto& item : batch.records) {
    if (!item->answer && item->entry.request && !taken.contains(KeyText(KeyOf(*item)))) {
      item->answer = RequestTaken();
    }
  }
}

void InsertRecords(Session& session, const Batch& batch, const WriteStart& start) {
  ArrayText serials, issuers, generations, decisions, versions, not_afters, froms, untils, lineages,
      requests, parents, profiles, principals, claims, bodies;
  for (const auto& item : batch.records) {
    if (item->answer) continue;
    const RecordEntry& entry = item->entry;
    const x509::TbsCertificate& tbs = entry.tbs.tbs();
    serials.Add(tbs.serial().octets());
    issuers.Add(static_cast<int64_t>(entry.issuer));
    generations.Add(int64_t{entry.lineage.generation});
    decisions.Add(static_cast<int64_t>(entry.decision));
    versions.Add(static_cast<int64_t>(entry.policy_version));
    not_afters.Add(tbs.fields().validity.not_after().time_since_epoch().count());
    froms.Add(entry.renewal.from.time_since_epoch().count());
    untils.Add(entry.renewal.until.time_since_epoch().count());
    lineages.Add(std::string_view(entry.lineage.lineage.ToString()));
    if (entry.request) {
      requests.Add(std::string_view(entry.request->key.id.ToString()));
    } else {
      requests.AddNull();
    }
    if (entry.lineage.parent) {
      parents.Add(entry.lineage.parent->octets());
    } else {
      parents.AddNull();
    }
    profiles.Add(std::string_view(entry.profile));
    principals.Add(std::string_view(entry.principal));
    claims.Add(std::string_view(policy::ClaimsText(entry.claims)));
    bodies.Add(tbs.der());
  }
  session.Exec(
      "INSERT INTO issuance (serial, issuer_id, generation, decision, policy_version, tick, "
      "not_after, renew_from, renew_until, lineage, request_id, parent_serial, profile, "
      "principal, claims, tbs) "
      "SELECT t.serial, t.issuer_id, t.generation, t.decision, t.version, $16, " +
          FromMicros("t.not_after") + ", " + FromMicros("t.renew_from") + ", " +
          FromMicros("t.renew_until") +
          ", t.lineage, t.request_id, t.parent_serial, t.profile, t.principal, t.claims, t.tbs "
          "FROM unnest($1::bytea[], $2::integer[], $3::integer[], $4::bigint[], $5::bigint[], "
          "$6::bigint[], $7::bigint[], $8::bigint[], $9::uuid[], $10::uuid[], $11::bytea[], "
          "$12::text[], $13::text[], $14::text[], $15::bytea[]) AS t (serial, issuer_id, "
          "generation, "
          "decision, version, not_after, renew_from, renew_until, lineage, request_id, "
          "parent_serial, profile, principal, claims, tbs)",
      Params()
          .Add(serials.Take())
          .Add(issuers.Take())
          .Add(generations.Take())
          .Add(decisions.Take())
          .Add(versions.Take())
          .Add(not_afters.Take())
          .Add(froms.Take())
          .Add(untils.Take())
          .Add(lineages.Take())
          .Add(requests.Take())
          .Add(parents.Take())
          .Add(profiles.Take())
          .Add(principals.Take())
          .Add(claims.Take())
          .Add(bodies.Take())
          .Add(start.tick));
}

void Record(Session& session, Batch& batch, const WriteStart& start, BatchEffect& effect) {
  for (auto& item : batch.records) {
    if (auto refused = RefuseEarly(item->entry, start)) item->answer = *std::move(refused);
  }
  ClaimKeys(session, batch, start);
  UseLineages(session, batch, start);
  UseTokens(session, batch, start);
  TakeRequests(session, batch, start);
  if (!AnyOpen(batch.records)) return;
  InsertRecords(session, batch, start);
  effect.wrote = true;
  for (auto& item : batch.records) {
    if (!item->answer) item->answer = Ok();
  }
}

template <class Items, class AnswerText>
void PublishAll(Items& items, AnswerText answer_of) {
  for (auto& item : items) {
    if (item->answer) item->done.Set(answer_of(*item));
  }
}

}  // namespace

BootTime Batch::LastDeadline() const {
  BootTime last{};
  for (const auto& item : settles) last = std::max(last, item->deadline);
  for (const auto& item : records) last = std::max(last, item->deadline);
  return last;
}

void Batch::SortByKey() {
  std::sort(settles.begin(), settles.end(),
            [](const auto& a, const auto& b) { return a->entry.key < b->entry.key; });
  std::sort(records.begin(), records.end(),
            [](const auto& a, const auto& b) { return KeyOf(*a) < KeyOf(*b); });
}

void Batch::ForgetAnswers() {
  for (auto& item : settles) item->answer.reset();
  for (auto& item : records) item->answer.reset();
}

void Batch::Publish() {
  auto take = [](auto& item) { return *std::move(item.answer); };
  PublishAll(settles, take);
  PublishAll(records, take);
}

void Batch::AnswerAll(const Error& error) {
  for (auto& item : settles) item->answer = error;
  for (auto& item : records) item->answer = error;
  Publish();
}

WriteStart BeginWrite(Session& session) {
  auto row = session.Exec("SELECT decision, tick, xid, " + Micros("at") + " FROM begin_write()")[0];
  return {.decision = row[0].as<uint64_t>(),
          .tick = row[1].as<int64_t>(),
          .xid = row[2].c_str(),
          .now = TimeOf(row[3])};
}

BatchEffect WriteBatch(Session& session, Batch& batch, const WriteStart& start) {
  BatchEffect effect;
  Settle(session, batch, start, effect);
  if (!batch.records.empty()) Record(session, batch, start, effect);
  return effect;
}

void LookUpBatch(Session& session, Batch& batch) {
  batch.ForgetAnswers();
  auto standing = StandingOutcomes(session, batch);
  for (auto& item : batch.settles) {
    auto found = standing.find(KeyText(item->entry.key));
    if (found == standing.end()) {
      item->answer = NotWritten();
    } else {
      item->answer = found->second;
    }
  }
  if (batch.records.empty()) return;
  auto recorded =
      Keys(session.Exec("SELECT i.serial, i.issuer_id "
                        "FROM unnest($1::bytea[], $2::integer[]) AS k (serial, issuer_id) "
                        "JOIN issuance i ON i.serial = k.serial AND i.issuer_id = k.issuer_id",
                        KeyParams(batch.records, KeyOf)));
  for (auto& item : batch.records) {
    if (recorded.contains(KeyText(KeyOf(*item)))) {
      item->answer = Ok();
    } else {
      item->answer = Status(NotWritten());
    }
  }
}

Error NotWritten() {
  Error error = Fail(ErrorCode::kStoreUnavailable, "ledger.not-written",
                     "the database lost the connection before it was written; begin again");
  error.retry_after = Milliseconds(1000);
  return error;
}

Error RefusedItem(const SqlError& error) {
  const std::string_view text = error.what();
  auto names = [&](std::string_view what) { return text.find(what) != std::string_view::npos; };
  if (names("issuance_serial_time")) return SerialTooOld();
  if (names("request_id_time")) return RequestIdTime();
  if (error.sqlstate() == "23514" && names("no partition")) {
    return FailWithDetail(ErrorCode::kStoreUnavailable, "ledger.no-partition",
                          "the database has no partition for now: run its maintenance",
                          error.what());
  }
  return ToError(error);
}

}  // namespace mayfly::store
