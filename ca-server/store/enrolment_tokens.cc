#include "store/enrolment_tokens.h"

#include <utility>

#include "store/ledger_batch.h"
#include "store/ledger_rows.h"
#include "store/names_text.h"

namespace mayfly::store {
namespace {

constexpr std::string_view kRole = "mayfly_issue";
constexpr size_t kQueueMax = 1024;  // a look for each call with a token

SessionWorkers Workers(const IndexOptions& options) {
  return SessionWorkers({.session = {.connection = options.connection,
                                     .role = std::string(kRole),
                                     .password_file = options.password_file},
                         .threads = 2,
                         .queue_max = kQueueMax},
                        {options.executor, options.timer, options.clock});
}

// Of enrolment_token t, in the order that ReadToken expects.
std::string TokenColumns() {
  return "t.id, t.token_hash, t.profile, array_to_string(t.names, E'\\n'), t.uses_max, "
         "t.principal, "
         "t.principal_scope, array_to_string(t.principal_names, E'\\n'), t.principal_key, " +
         Micros("t.created_at") + ", " + Micros("t.expires_at") +
         ", (SELECT count(*) FROM token_use u WHERE u.token_hash = t.token_hash), "
         "coalesce((SELECT b.effect = 1 FROM block b WHERE b.kind = 5 "
         "AND b.value = uuid_send(t.id) ORDER BY b.decision DESC LIMIT 1), false), "
         "t.expires_at <= clock_timestamp()";
}

Result<EnrolmentTokenRecord> ReadToken(const pqxx::row& row) {
  TRY_ASSIGN(auto names, NamesOf(row[3].c_str()));
  TRY_ASSIGN(auto enroller_names, NamesOf(row[7].c_str()));
  policy::Principal enroller{policy::ProofOfIdentity::kCertificate, row[5].c_str(), row[6].c_str(),
                             std::move(enroller_names)};
  if (!row[8].is_null()) enroller.key_hash = HashOf(row[8]);
  policy::Enrolment enrolment{.token = UuidOf(row[0]),
                              .token_hash = HashOf(row[1]),
                              .profile = row[2].c_str(),
                              .names = std::move(names),
                              .uses_max = row[4].as<uint32_t>(),
                              .expires = TimeOf(row[10]),
                              .enroller = std::move(enroller)};
  return EnrolmentTokenRecord{.enrolment = std::move(enrolment),
                              .created_at = TimeOf(row[9]),
                              .use_count = row[11].as<uint32_t>(),
                              .is_revoked = row[12].as<bool>(),
                              .is_expired = row[13].as<bool>()};
}

using Found = std::optional<EnrolmentTokenRecord>;

Result<Found> FindWhere(Session& session, const std::string& condition, Params params) {
  const auto rows = session.Exec(
      "SELECT " + TokenColumns() + " FROM enrolment_token t WHERE " + condition, params);
  if (rows.empty()) return Found();
  TRY_ASSIGN(auto record, ReadToken(rows[0]));
  return Found(std::move(record));
}

void Insert(Session& session, const NewEnrolmentToken& token, const WriteStart& start) {
  const policy::Enrolment& enrolment = token.enrolment;
  const policy::Principal& enroller = enrolment.enroller;
  Params params;
  params.Add(enrolment.token)
      .Add(ByteSpan(enrolment.token_hash))
      .Add(enrolment.profile)
      .Add(NamesText(enrolment.names))
      .Add(static_cast<int64_t>(enrolment.uses_max))
      .Add(enroller.id)
      .Add(enroller.request_scope)
      .Add(NamesText(enroller.names))
      .Add(start.tick)
      .Add(token.lifetime.count());
  if (enroller.key_hash) params.Add(ByteSpan(*enroller.key_hash));
  // Run twice, where the first answer was lost, it makes one token and one event.
  session.Exec(
      std::string("WITH t AS (INSERT INTO enrolment_token (id, token_hash, profile, names, "
                  "uses_max, principal, principal_scope, principal_names, tick, "
                  "expires_at, principal_key) VALUES ($1::uuid, $2::bytea, $3, $4::text[], "
                  "$5, $6, $7, $8::text[], $9, clock_timestamp() + $10 * interval "
                  "'1 second', ") +
          (enroller.key_hash ? "$11" : "NULL") +
          "::bytea) ON CONFLICT DO NOTHING RETURNING *) "
          "INSERT INTO event (kind, principal, detail, tick) "
          "SELECT 'enrolment-token.created', t.principal, jsonb_build_object('token', t.id, "
          "'profile', t.profile, 'names', to_jsonb(t.names), 'uses_max', t.uses_max, "
          "'expires', t.expires_at), t.tick FROM t",
      params);
}

}  // namespace

PgEnrolmentTokens::PgEnrolmentTokens(const IndexOptions& options) : workers_(Workers(options)) {}

Task<Result<EnrolmentTokenRecord>> PgEnrolmentTokens::Create(NewEnrolmentToken token,
                                                             BootTime deadline) {
  std::function<Result<EnrolmentTokenRecord>(Session&)> work =
      [token = std::move(token)](Session& session) -> Result<EnrolmentTokenRecord> {
    Transaction transaction(session);
    Insert(session, token, BeginWrite(session));
    TRY_ASSIGN(auto record,
               FindWhere(session, "t.id = $1::uuid", Params().Add(token.enrolment.token)));
    transaction.Commit();
    return *std::move(record);
  };
  return RunOn<EnrolmentTokenRecord>(workers_, std::move(work), deadline);
}

Task<Result<Found>> PgEnrolmentTokens::Find(Hash256 token_hash, BootTime deadline) {
  std::function<Result<Found>(Session&)> work = [token_hash](Session& session) {
    return FindWhere(session, "t.token_hash = $1::bytea", Params().Add(ByteSpan(token_hash)));
  };
  return RunOn<Found>(workers_, std::move(work), deadline);
}

Task<Result<Found>> PgEnrolmentTokens::FindById(Uuid id, BootTime deadline) {
  std::function<Result<Found>(Session&)> work = [id](Session& session) {
    return FindWhere(session, "t.id = $1::uuid", Params().Add(id));
  };
  return RunOn<Found>(workers_, std::move(work), deadline);
}

Task<Result<std::vector<EnrolmentTokenRecord>>> PgEnrolmentTokens::Unexpired(
    std::optional<std::string> made_by, BootTime deadline) {
  using List = std::vector<EnrolmentTokenRecord>;
  std::function<Result<List>(Session&)> work = [made_by](Session& session) -> Result<List> {
    Params params;
    params.Add(static_cast<int64_t>(kTokensListedMax));
    if (made_by) params.Add(*made_by);
    const auto rows = session.Exec(
        "SELECT " + TokenColumns() +
            " FROM enrolment_token t WHERE t.expires_at > clock_timestamp()" +
            (made_by ? " AND t.principal = $2" : "") + " ORDER BY t.created_at DESC, t.id LIMIT $1",
        params);
    List list;
    for (const auto& row : rows) {
      TRY_ASSIGN(auto record, ReadToken(row));
      list.push_back(std::move(record));
    }
    session.Barrier();  // seen is not durable
    return list;
  };
  return RunOn<List>(workers_, std::move(work), deadline);
}

}  // namespace mayfly::store
