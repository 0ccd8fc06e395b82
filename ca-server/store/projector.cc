#include "store/projector.h"

#include <algorithm>
#include <map>
#include <utility>

#include "ports/ledger.h"
#include "store/guarded.h"
#include "x509/tbs_certificate.h"

namespace mayfly::store {
namespace {

struct Ticks {
  int64_t after, until;  // after < tick <= until
  Params Bound() const { return Params().Add(after).Add(until); }
};

struct Issued {
  Bytes serial;
  int64_t issuer, generation;
  Uuid lineage;
  Hash256 identity, spki_hash;
  std::string principal;
  TimePoint issued_at, renew_until, not_after;
};

// The newest generation of a lineage, and the first that these ticks have.
struct LineageNews {
  const Issued* first;
  const Issued* newest;
};

using KeyHolder = std::pair<Hash256, Hash256>;  // key, identity

Result<Issued> ReadIssued(const pqxx::row& row) {
  TRY_ASSIGN(const auto tbs, x509::TbsCertificate::FromDer(BytesOf(row[2])));
  TRY_ASSIGN(const auto names, tbs.names());
  return Issued{.serial = BytesOf(row[0]),
                .issuer = row[1].as<int64_t>(),
                .generation = row[4].as<int64_t>(),
                .lineage = UuidOf(row[3]),
                .identity = IdentityHash(names),
                .spki_hash = tbs.fields().public_key.hash(),
                .principal = row[5].c_str(),
                .issued_at = TimeOf(row[6]),
                .renew_until = TimeOf(row[7]),
                .not_after = TimeOf(row[8])};
}

Result<std::vector<Issued>> ReadIssuances(Session& session, const Ticks& ticks) {
  const auto rows = session.Exec(
      "SELECT i.serial, i.issuer_id, i.tbs, i.lineage, i.generation, i.principal, " +
          Micros("i.recorded_at") + ", " + Micros("i.renew_until") + ", " + Micros("i.not_after") +
          " FROM outcome o JOIN issuance i ON i.serial = o.serial AND i.issuer_id = o.issuer_id "
          "WHERE o.tick > $1::bigint AND o.tick <= $2::bigint AND o.kind = 1",
      ticks.Bound());
  std::vector<Issued> issued;
  for (const auto& row : rows) {
    TRY_ASSIGN(Issued each, ReadIssued(row));
    issued.push_back(std::move(each));
  }
  return issued;
}

bool IsNewer(const Issued& a, const Issued& b) {
  return std::tie(a.generation, a.serial) > std::tie(b.generation, b.serial);
}

std::map<Uuid, LineageNews> NewsOf(const std::vector<Issued>& issued) {
  std::map<Uuid, LineageNews> news;
  for (const Issued& each : issued) {
    auto& [first, newest] = news.try_emplace(each.lineage, LineageNews{&each, &each}).first->second;
    if (IsNewer(each, *newest)) newest = &each;
    if (IsNewer(*first, each)) first = &each;
  }
  return news;
}

void AddTime(ArrayText& column, TimePoint time) { column.Add(time.time_since_epoch().count()); }

void WriteLineages(Session& session, const std::vector<Issued>& issued) {
  ArrayText lineages, identities, enrollers, enrolled, generations, serials, issuers, times, until,
      ends;
  for (const auto& [lineage, news] : NewsOf(issued)) {
    lineages.Add(std::string_view(lineage.ToString()));
    identities.Add(ByteSpan(news.newest->identity));
    enrollers.Add(std::string_view(news.first->principal));
    AddTime(enrolled, news.first->issued_at);
    generations.Add(news.newest->generation);
    serials.Add(ByteSpan(news.newest->serial));
    issuers.Add(news.newest->issuer);
    AddTime(times, news.newest->issued_at);
    AddTime(until, news.newest->renew_until);
    AddTime(ends, news.newest->not_after);
  }
  session.Exec(
      "INSERT INTO lineage_state AS l (lineage, identity, enrolled_by, enrolled_at, generation, "
      "serial, issuer_id, issued_at, renew_until, not_after) "
      "SELECT n.lineage, n.identity, n.enrolled_by, " +
          FromMicros("n.enrolled") + ", n.generation, n.serial, n.issuer_id, " +
          FromMicros("n.issued") + ", " + FromMicros("n.until") + ", " + FromMicros("n.ends") +
          " FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::bigint[], $5::integer[], "
          "$6::bytea[], $7::integer[], $8::bigint[], $9::bigint[], $10::bigint[]) "
          "AS n (lineage, identity, enrolled_by, enrolled, generation, serial, issuer_id, issued, "
          "until, ends) "
          "ON CONFLICT (lineage) DO UPDATE SET identity = excluded.identity, "
          "generation = excluded.generation, serial = excluded.serial, "
          "issuer_id = excluded.issuer_id, issued_at = excluded.issued_at, "
          "renew_until = excluded.renew_until, not_after = excluded.not_after, revoked_at = NULL "
          "WHERE (excluded.generation, excluded.serial) > (l.generation, l.serial)",
      Params()
          .Add(lineages.Take())
          .Add(identities.Take())
          .Add(enrollers.Take())
          .Add(enrolled.Take())
          .Add(generations.Take())
          .Add(serials.Take())
          .Add(issuers.Take())
          .Add(times.Take())
          .Add(until.Take())
          .Add(ends.Take()));
}

void WriteKeyHolders(Session& session, const std::vector<Issued>& issued) {
  std::map<KeyHolder, const Issued*> newest;
  for (const Issued& each : issued) {
    auto& holder = newest.try_emplace({each.spki_hash, each.identity}, &each).first->second;
    if (each.issued_at > holder->issued_at) holder = &each;
  }
  ArrayText keys, identities, serials, issuers, lineages, times, ends;
  for (const auto& [holder, each] : newest) {
    keys.Add(ByteSpan(holder.first));
    identities.Add(ByteSpan(holder.second));
    serials.Add(ByteSpan(each->serial));
    issuers.Add(each->issuer);
    lineages.Add(std::string_view(each->lineage.ToString()));
    AddTime(times, each->issued_at);
    AddTime(ends, each->not_after);
  }
  const std::string key_list = keys.Take();
  session.Exec(
      "INSERT INTO key_holder AS k (spki_hash, identity, serial, issuer_id, lineage, issued_at, "
      "not_after) SELECT n.spki_hash, n.identity, n.serial, n.issuer_id, n.lineage, " +
          FromMicros("n.issued") + ", " + FromMicros("n.ends") +
          " FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::integer[], $5::uuid[], "
          "$6::bigint[], $7::bigint[]) "
          "AS n (spki_hash, identity, serial, issuer_id, lineage, issued, ends) "
          "ON CONFLICT (spki_hash, identity) DO UPDATE SET serial = excluded.serial, "
          "issuer_id = excluded.issuer_id, lineage = excluded.lineage, "
          "issued_at = excluded.issued_at, not_after = excluded.not_after "
          "WHERE excluded.issued_at > k.issued_at",
      Params()
          .Add(key_list)
          .Add(identities.Take())
          .Add(serials.Take())
          .Add(issuers.Take())
          .Add(lineages.Take())
          .Add(times.Take())
          .Add(ends.Take()));
  session.Exec(
      "UPDATE key_holder k SET is_shared = true "
      "WHERE k.spki_hash = ANY($1::bytea[]) AND NOT k.is_shared AND EXISTS "
      "(SELECT FROM key_holder o WHERE o.spki_hash = k.spki_hash AND o.identity <> k.identity)",
      Params().Add(key_list));
}

void NoteRevocations(Session& session, const Ticks& ticks) {
  session.Exec(
      "UPDATE lineage_state l SET revoked_at = r.revoked_at FROM revocation r "
      "JOIN issuance i ON i.serial = r.serial AND i.issuer_id = r.issuer_id "
      "WHERE r.tick > $1::bigint AND r.tick <= $2::bigint AND l.lineage = i.lineage "
      "AND l.serial = r.serial AND l.issuer_id = r.issuer_id",
      ticks.Bound());
}

// Seen over and over where both hands go on: the first time counts.
void NoteCopiedKeys(Session& session, const Ticks& ticks) {
  session.Exec(
      "UPDATE lineage_state l SET copied_at = e.at FROM "
      "(SELECT (e.detail->>'lineage')::uuid AS lineage, min(e.at) AS at FROM event e "
      "WHERE e.tick > $1::bigint AND e.tick <= $2::bigint AND e.kind = 'lineage.copied-key' "
      "GROUP BY 1) e WHERE l.lineage = e.lineage AND l.copied_at IS NULL",
      ticks.Bound());
}

// What no alert can be about any more.
void Forget(Session& session) {
  session.Exec(
      "DELETE FROM lineage_state WHERE renew_until < now() "
      "AND not_after + (not_after - issued_at) < now() - interval '1 day'");
  session.Exec("DELETE FROM key_holder WHERE not_after < now() - interval '1 day'");
}

// Nothing where there is nothing to read, or another projector is at it.
std::optional<Ticks> NextTicks(Session& session) {
  const auto position = session.Exec("SELECT tick FROM projection_position FOR UPDATE SKIP LOCKED");
  if (position.empty()) return std::nullopt;
  // In a statement after the lock's. The tick in force is open; all before it are closed for ever.
  const auto control = session.Exec("SELECT tick FROM control");
  const auto after = position[0][0].as<int64_t>();
  const int64_t until = std::min(control[0][0].as<int64_t>() - 1, after + kTicksPerStep);
  if (until <= after) return std::nullopt;
  return Ticks{after, until};
}

Result<int64_t> Step(Session& session) {
  Transaction transaction(session);
  const auto ticks = NextTicks(session);
  if (!ticks) return 0;
  TRY_ASSIGN(const auto issued, ReadIssuances(session, *ticks));
  if (!issued.empty()) {
    WriteLineages(session, issued);
    WriteKeyHolders(session, issued);
  }
  NoteRevocations(session, *ticks);
  NoteCopiedKeys(session, *ticks);
  Forget(session);
  session.Exec("UPDATE projection_position SET tick = $1::bigint", Params().Add(ticks->until));
  transaction.Commit();
  return ticks->until - ticks->after;
}

}  // namespace

Projector::Projector(std::string connection, std::optional<std::filesystem::path> password_file)
    : options_{.connection = std::move(connection),
               .role = "mayfly_project",
               .password_file = std::move(password_file),
               .statement_timeout = Seconds(60)} {}

Result<int64_t> Projector::Advance() {
  auto read = Guarded([this] {
    if (!session_ || !session_->usable()) session_ = std::make_unique<Session>(options_);
    return Step(*session_);
  });
  if (!read) session_.reset();
  return read;
}

}  // namespace mayfly::store
