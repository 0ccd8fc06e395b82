// PgLedger: what people and the server itself decide. Revocation, policy, blocks, uses of
// lineages, old intents.
#include "store/leases.h"
#include "store/ledger.h"
#include "store/ledger_rows.h"
#include "store/lineage_uses.h"
#include "store/policy_activation.h"
#include "x509/digest.h"

namespace mayfly::store {
namespace {

constexpr Seconds kSweepSpan{48 * 3600};  // before the newest intent, where the first sweep starts
constexpr Seconds kSweepSlice{600};       // of serials' time, in one statement
constexpr int kSlicesPerCallMax = 1200;
constexpr int64_t kSweepRowsMax = 1000;

// The first 7 octets of the serials of one class and time.
Bytes SerialPrefix(x509::LifetimeClass lifetime_class, TimePoint time) {
  const auto ms = std::chrono::floor<Milliseconds>(time).time_since_epoch().count();
  Bytes prefix = {static_cast<uint8_t>(0x20 | static_cast<uint8_t>(lifetime_class))};
  for (int shift = 40; shift >= 0; shift -= 8) prefix.push_back(static_cast<uint8_t>(ms >> shift));
  return prefix;
}

Result<RevokeReceipt> RevokeIn(Session& session, const RevokeEntry& entry) {
  Transaction transaction(session);
  Params params;
  params.Add(entry.key.serial.octets())
      .Add(static_cast<int64_t>(entry.key.issuer))
      .Add(static_cast<int64_t>(entry.reason))
      .Add(entry.principal);
  if (entry.compromised_key) params.Add(ByteSpan(*entry.compromised_key));
  auto rows = session.Exec("SELECT " + RevocationColumns() +
                               ", r.was_revoked_before FROM revoke($1::bytea, $2, $3, $4, " +
                               (entry.compromised_key ? "$5" : "NULL") + "::bytea) r",
                           params);
  if (rows.empty()) {
    return Fail(ErrorCode::kNotFound, "ledger.no-such-certificate",
                "there is no record of this certificate");
  }
  const auto row = rows[0];
  RevokeReceipt receipt{.revocation = *ReadRevocation(row, 0, entry.key),
                        .was_revoked_before = row[4].as<bool>(),
                        .good_answers_until = {}};
  transaction.Commit();
  if (receipt.was_revoked_before) session.Barrier();
  return receipt;
}

// The intents of a range, abandoned; gives how many there were.
int64_t AbandonRange(Session& session, const Bytes& from, const Bytes& to) {
  Transaction transaction(session);
  const WriteStart start = BeginWrite(session);
  auto rows = session.Exec(
      "INSERT INTO outcome (serial, issuer_id, kind, decision, policy_version, tick) "
      "SELECT i.serial, i.issuer_id, 2, $3, "
      "coalesce((SELECT max(p.version) FROM policy_version p), 0), $4 FROM issuance i "
      "WHERE i.serial >= $1::bytea AND i.serial < $2::bytea AND NOT EXISTS "
      "(SELECT FROM outcome o WHERE o.serial = i.serial AND o.issuer_id = i.issuer_id) "
      "ORDER BY i.serial, i.issuer_id LIMIT $5 ON CONFLICT DO NOTHING RETURNING 1",
      Params()
          .Add(ByteSpan(from))
          .Add(ByteSpan(to))
          .Add(static_cast<int64_t>(start.decision))
          .Add(start.tick)
          .Add(kSweepRowsMax));
  if (!rows.empty()) transaction.Commit();
  return static_cast<int64_t>(rows.size());
}

TimePoint DatabaseNow(Session& session) {
  return TimeOf(session.Exec("SELECT " + Micros("clock_timestamp()"))[0][0]);
}

// No intent of this class that may be stale is older, unless no server swept for `kSweepSpan`
// while others recorded.
TimePoint FirstSweepFrom(Session& session, x509::LifetimeClass lifetime_class, TimePoint until) {
  auto newest = session.Exec(
      "SELECT serial FROM issuance WHERE serial >= $1::bytea AND serial < $2::bytea "
      "ORDER BY serial DESC LIMIT 1",
      Params()
          .Add(ByteSpan(SerialPrefix(lifetime_class, TimePoint())))
          .Add(ByteSpan(SerialPrefix(lifetime_class, until))));
  const TimePoint last = newest.empty() ? until : *SerialOf(newest[0][0]).issued_at();
  return last - kSweepSpan;
}

}  // namespace

Task<Result<RevokeReceipt>> PgLedger::Revoke(RevokeEntry entry, BootTime deadline) {
  std::function<Result<RevokeReceipt>(Session&)> work = [entry](Session& session) {
    return RevokeIn(session, entry);
  };
  auto revoke = RunOn<RevokeReceipt>(revoker_, std::move(work), deadline);
  auto receipt = co_await revoke;
  if (!receipt) co_return std::move(receipt).error();
  Revocation revocation = receipt->revocation;
  auto wait = WaitForLeases(revoker_, std::move(revocation), deadline);
  auto until = co_await wait;
  if (!until) co_return std::move(until).error();
  receipt->good_answers_until = *until;
  co_return *std::move(receipt);
}

Task<Result<StoredBasis>> PgLedger::LoadBasis(BootTime deadline) {
  std::function<Result<StoredBasis>(Session&)> work = [](Session& session) -> Result<StoredBasis> {
    // One snapshot for both statements, so one control number.
    Transaction transaction(session, "ISOLATION LEVEL REPEATABLE READ READ ONLY");
    auto head = session.Exec(
        "SELECT c.decision, p.version, p.body, p.body_hash FROM control c LEFT JOIN LATERAL "
        "(SELECT "
        "version, body, body_hash FROM policy_version ORDER BY version DESC LIMIT 1) p ON true");
    auto blocks = session.Exec(
        "SELECT kind, value FROM (SELECT DISTINCT ON (kind, value) kind, value, effect FROM block "
        "ORDER BY kind, value, decision DESC) newest WHERE effect = 1");
    transaction.Commit();
    StoredBasis basis{.decision = head[0][0].as<uint64_t>()};
    if (!head[0][1].is_null()) {
      basis.policy_version = head[0][1].as<uint64_t>();
      basis.policy_text = head[0][2].c_str();
      if (!Equal(x509::Sha256(AsBytes(basis.policy_text)), BytesOf(head[0][3]))) {
        return Fail(ErrorCode::kInternal, "policy.altered",
                    "the policy in the database is not the one that was applied");
      }
    }
    for (const auto& row : blocks) {
      basis.blocks.push_back({static_cast<policy::BlockKind>(row[0].as<int>()), BytesOf(row[1])});
    }
    return basis;
  };
  return RunOn<StoredBasis>(readers_, std::move(work), deadline);
}

Task<Result<uint64_t>> PgLedger::ActivatePolicy(PolicyEntry entry, BootTime deadline) {
  std::function<Result<uint64_t>(Session&)> work =
      [entry = std::move(entry)](Session& session) -> Result<uint64_t> {
    Transaction transaction(session);
    TRY_ASSIGN(const Activation activation, ActivateIn(session, entry));
    transaction.Commit();
    if (!activation.changed) session.Barrier();
    return activation.version;
  };
  return RunOn<uint64_t>(revoker_, std::move(work), deadline);
}

Task<Result<uint64_t>> PgLedger::AddBlock(BlockEntry entry, BootTime deadline) {
  std::function<Result<uint64_t>(Session&)> work =
      [entry = std::move(entry)](Session& session) -> Result<uint64_t> {
    Transaction transaction(session);
    auto row = session.Exec("SELECT add_block($1, $2::bytea, $3, $4, $5)",
                            Params()
                                .Add(static_cast<int64_t>(entry.block.kind))
                                .Add(ByteSpan(entry.block.value))
                                .Add(static_cast<int64_t>(entry.effect))
                                .Add(entry.reason)
                                .Add(entry.principal))[0];
    const auto decision = row[0].as<uint64_t>();
    transaction.Commit();
    return decision;
  };
  return RunOn<uint64_t>(revoker_, std::move(work), deadline);
}

Task<Result<CertificateKey>> PgLedger::NoteUse(LineageUse use, BootTime deadline) {
  std::function<Result<CertificateKey>(Session&)> work =
      [use](Session& session) -> Result<CertificateKey> {
    Transaction transaction(session);
    const WriteStart start = BeginWrite(session);
    const auto written = session.Exec(
        "INSERT INTO lineage_use (lineage, generation, serial, issuer_id, kind, tick) "
        "VALUES ($1::uuid, $2, $3::bytea, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING 1",
        Params()
            .Add(use.lineage)
            .Add(int64_t{use.generation})
            .Add(use.certificate.serial.octets())
            .Add(static_cast<int64_t>(use.certificate.issuer))
            .Add(static_cast<int64_t>(use.kind))
            .Add(start.tick));
    if (!written.empty()) {
      transaction.Commit();
      return use.certificate;
    }
    // In a later statement: only there READ COMMITTED shows who came first.
    const auto row = session.Exec(
        "SELECT serial, issuer_id FROM lineage_use WHERE lineage = $1::uuid AND generation = $2",
        Params().Add(use.lineage).Add(int64_t{use.generation}))[0];
    const CertificateKey standing{SerialOf(row[0]), IssuerOf(row[1])};
    session.Rollback();
    session.Barrier();  // seen is not durable
    return standing;
  };
  return RunOn<CertificateKey>(readers_, std::move(work), deadline);
}

Task<Result<std::optional<CertificateKey>>> PgLedger::FindSuccessor(policy::LineagePlace place,
                                                                    BootTime deadline) {
  using Found = std::optional<CertificateKey>;
  std::function<Result<Found>(Session&)> work = [place](Session& session) -> Result<Found> {
    return SuccessorOf(session, place);
  };
  return RunOn<Found>(readers_, std::move(work), deadline);
}

Task<Result<uint64_t>> PgLedger::AbandonStaleIntents(Seconds grace, BootTime deadline) {
  using x509::LifetimeClass;
  std::function<Result<uint64_t>(Session&)> work =
      [this, grace, deadline](Session& session) -> Result<uint64_t> {
    std::lock_guard lock(swept_mutex_);
    const TimePoint until = DatabaseNow(session) - grace;
    uint64_t abandoned = 0;
    int slices = 0;
    for (auto lifetime_class :
         {LifetimeClass::kUpTo7Days, LifetimeClass::kUpTo100Days, LifetimeClass::kLonger}) {
      if (!swept_until_.contains(lifetime_class)) {
        swept_until_.emplace(lifetime_class, FirstSweepFrom(session, lifetime_class, until));
      }
      TimePoint& from = swept_until_.at(lifetime_class);
      while (from < until && ++slices <= kSlicesPerCallMax) {
        if (context_.clock.BootNow() >= deadline) return abandoned;
        const TimePoint to = std::min(until, from + kSweepSlice);
        const int64_t rows = AbandonRange(session, SerialPrefix(lifetime_class, from),
                                          SerialPrefix(lifetime_class, to));
        abandoned += static_cast<uint64_t>(rows);
        if (rows < kSweepRowsMax) from = to;
      }
    }
    return abandoned;
  };
  return RunOn<uint64_t>(readers_, std::move(work), deadline);
}

}  // namespace mayfly::store
