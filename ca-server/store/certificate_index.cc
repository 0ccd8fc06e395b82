#include "store/certificate_index.h"

#include <algorithm>
#include <map>

#include "store/certificate_walk.h"
#include "store/ledger_rows.h"
#include "x509/tbs_certificate.h"

namespace mayfly::store {
namespace {

constexpr std::string_view kRole = "mayfly_read";

CertificateRecord RecordOf(const pqxx::row& row) {
  StandingRecord record = ReadRecord(row);
  return {.tbs = std::move(record.tbs),
          .facts = std::move(record.facts),
          .outcome = std::move(record.outcome),
          .revocation = std::move(record.revocation),
          .recorded_at = record.recorded_at};
}

std::map<CertificateKey, CertificateRecord> RecordsOf(Session& session,
                                                      const std::vector<CertificateKey>& keys) {
  ArrayText serials, issuers;
  for (const CertificateKey& key : keys) {
    serials.Add(key.serial.octets());
    issuers.Add(static_cast<int64_t>(key.issuer));
  }
  const auto rows = session.Exec(
      "SELECT " + RecordColumns() +
          " FROM unnest($1::bytea[], $2::integer[]) AS k (serial, issuer_id) "
          "JOIN issuance i ON i.serial = k.serial AND i.issuer_id = k.issuer_id "
          "LEFT JOIN outcome o ON o.serial = k.serial AND o.issuer_id = k.issuer_id "
          "LEFT JOIN revocation r ON r.serial = k.serial AND r.issuer_id = k.issuer_id",
      Params().Add(serials.Take()).Add(issuers.Take()));
  std::map<CertificateKey, CertificateRecord> records;
  for (const auto& row : rows) {
    CertificateRecord record = RecordOf(row);
    const CertificateKey key = record.facts.key;
    records.emplace(key, std::move(record));
  }
  return records;
}

bool HasName(const CertificateRecord& record, const std::optional<x509::GeneralName>& name) {
  if (!name) return true;
  const auto tbs = x509::TbsCertificate::FromDer(record.tbs);
  if (!tbs) return false;
  const auto names = tbs->names();
  return names && std::ranges::find(*names, *name) != names->end();
}

// One page, under one snapshot.
class PageReader {
 public:
  PageReader(Session& session, const IndexQuery& query)
      : session_(session), query_(query), position_(query.after) {}

  IndexPage Read() {
    // One more than asked for, so that a page that ends the list says so.
    size_t step_max = query_.count_max + 1;
    while (!done_) {
      Take(std::min(step_max, kIndexRecordsExaminedMax - examined_));
      step_max *= 2;
    }
    return std::move(page_);
  }

 private:
  void Take(size_t count) {
    const std::vector<WalkStep> steps = Walk(session_, query_, position_, count);
    std::vector<CertificateKey> keys;
    for (const WalkStep& step : steps) {
      if (step.matches) keys.push_back(step.position.key);
    }
    auto records =
        keys.empty() ? std::map<CertificateKey, CertificateRecord>() : RecordsOf(session_, keys);
    for (const WalkStep& step : steps) {
      if (page_.records.size() == query_.count_max) return Stop();
      position_ = step.position;
      ++examined_;
      const auto found = step.matches ? records.find(step.position.key) : records.end();
      if (found != records.end() && HasName(found->second, query_.filter.name)) {
        page_.records.push_back(std::move(found->second));
      }
    }
    if (steps.size() < count) {
      done_ = true;
    } else if (examined_ >= kIndexRecordsExaminedMax) {
      Stop();
    }
  }
  void Stop() {
    done_ = true;
    page_.next = position_;
  }

  Session& session_;
  const IndexQuery& query_;
  IndexPage page_;
  std::optional<IndexPosition> position_;
  size_t examined_ = 0;
  bool done_ = false;
};

}  // namespace

SessionWorkers IndexReaders(const IndexOptions& options) {
  return SessionWorkers({.session = {.connection = options.connection,
                                     .role = std::string(kRole),
                                     .password_file = options.password_file},
                         .threads = 1,
                         .queue_max = options.queue_max},
                        {options.executor, options.timer, options.clock});
}

Task<Result<IndexPage>> PgCertificateIndex::Page(IndexQuery query, BootTime deadline) {
  std::function<Result<IndexPage>(Session&)> work =
      [query = std::move(query)](Session& session) -> Result<IndexPage> {
    Transaction snapshot(session, "ISOLATION LEVEL REPEATABLE READ READ ONLY");
    IndexPage page = PageReader(session, query).Read();
    snapshot.Commit();
    session.Barrier();  // seen is not durable
    return page;
  };
  return RunOn<IndexPage>(readers_, std::move(work), deadline);
}

Task<Result<bool>> PgCertificateIndex::IsAnothersKey(KeyClaim claim, BootTime deadline) {
  std::function<Result<bool>(Session&)> work = [claim](Session& session) -> Result<bool> {
    return session
        .Exec(
            "SELECT coalesce("
            "(SELECT identity <> $2::bytea FROM key_claim WHERE spki_hash = $1::bytea), "
            "EXISTS (SELECT FROM key_holder WHERE spki_hash = $1::bytea AND identity <> $2::bytea "
            "AND not_after > clock_timestamp()))",
            Params().Add(ByteSpan(claim.spki_hash)).Add(ByteSpan(claim.identity)))[0][0]
        .as<bool>();
  };
  return RunOn<bool>(readers_, std::move(work), deadline);
}

Result<Hash256> ReadPageKey(const std::string& connection,
                            const std::optional<std::filesystem::path>& password_file) {
  try {
    Session session(SessionOptions{
        .connection = connection, .role = std::string(kRole), .password_file = password_file});
    return HashOf(session.Exec("SELECT page_key FROM control")[0][0]);
  } catch (const SqlError& error) {
    return ToError(error);
  }
}

}  // namespace mayfly::store
