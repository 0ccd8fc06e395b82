#include "store/certificate_walk.h"

#include <algorithm>
#include <limits>

#include "store/ledger_rows.h"

namespace mayfly::store {
namespace {

constexpr Seconds kDay{24 * 3600};
// A serial's time and its certificate's validity come from one clock reading; this is generous.
constexpr Seconds kSlack{60};
constexpr int64_t kMillisecondsMax = (int64_t{1} << 48) - 1;
constexpr int kClasses = 3;
constexpr uint8_t kFormatBits = 0x20;  // of a serial's first octet; the class is in the others

// A statement's text and values, made together so that no value is ever part of the text.
class Statement {
 public:
  std::string Bytea(ByteSpan bytes) { return Bound("::bytea", bytes); }
  std::string Text(const std::string& text) { return Bound("::text", text); }
  std::string Integer(int64_t number) { return Bound("::bigint", number); }
  std::string Array(std::string text, const char* type) { return Bound(type, std::move(text)); }
  std::string Time(TimePoint time) { return FromMicros(Bound("::bigint", time)); }
  std::string Id(const Uuid& uuid) { return Bound("::uuid", uuid); }
  const Params& params() const { return params_; }

 private:
  template <class Value>
  std::string Bound(const char* type, Value value) {
    params_.Add(std::move(value));
    return "$" + std::to_string(params_.values().size()) + type;
  }
  Params params_;
};

// Where the walk reads keys: the revoked are few, so they are found by their own table.
bool FromRevocations(const CertificateFilter& filter) {
  return filter.state == CertificateState::kRevoked;
}

// When certificates of a class end after their serial's time, at most.
std::optional<Seconds> LongestLife(int lifetime_class) {
  if (lifetime_class == 1) return 7 * kDay + kSlack;
  if (lifetime_class == 2) return 100 * kDay + kSlack;
  return std::nullopt;
}

// The smallest serial of a class and time, or of the next class where time is beyond.
Bytes SerialAt(int lifetime_class, TimePoint time) {
  const auto since_epoch = std::chrono::ceil<Milliseconds>(time.time_since_epoch()).count();
  Bytes octets(x509::kSerialOctetsMax, 0);
  octets[0] = static_cast<uint8_t>(kFormatBits | lifetime_class);
  if (since_epoch > kMillisecondsMax) {
    ++octets[0];
    return octets;
  }
  const auto time_octets = static_cast<uint64_t>(std::max<int64_t>(since_epoch, 0));
  for (int i = 0; i < 6; ++i) octets[1 + i] = static_cast<uint8_t>(time_octets >> (40 - 8 * i));
  return octets;
}

// Active and expired are spans of notAfter (inclusive, RFC 5280 4.1.2.5) beside what outcome and
// revocation say.
TimeSpan NotAfterSpan(const IndexQuery& query, const std::optional<IndexPosition>& after) {
  TimeSpan span = query.filter.not_after;
  const TimePoint first_active = query.now - Seconds(1) + std::chrono::microseconds(1);
  if (query.filter.state == CertificateState::kActive)
    span.from = std::max(span.from, first_active);
  if (query.filter.state == CertificateState::kExpired) {
    span.until = std::min(span.until, first_active);
  }
  if (after && query.order == CertificateOrder::kSoonestExpiry) {
    span.from = std::max(span.from, after->not_after);
  }
  return span;
}

// The times of the serials whose certificates end in `not_after`: a certificate ends after it is
// made, and at most its class's life later. So few partitions are looked at.
TimeSpan SerialSpan(int lifetime_class, const TimeSpan& not_after, const TimeSpan& created) {
  TimeSpan span = created;
  const auto life = LongestLife(lifetime_class);
  if (life && not_after.from != TimePoint::min()) {
    span.from = std::max(span.from, not_after.from - *life);
  }
  if (not_after.until != TimePoint::max()) {
    span.until = std::min(span.until, not_after.until + kSlack);
  }
  return span;
}

std::string SpanCondition(Statement& statement, const TimeSpan& span) {
  std::string condition;
  if (span.from != TimePoint::min())
    condition += " AND k.not_after >= " + statement.Time(span.from);
  if (span.until != TimePoint::max())
    condition += " AND k.not_after < " + statement.Time(span.until);
  return condition;
}

// What comes after `after` among serials of this class. Newest first is by time, then class, then
// issuer, falling: of the same time, a lower class comes after and a higher one has been before.
std::string AfterCondition(Statement& statement, int lifetime_class, CertificateOrder order,
                           const IndexPosition& after) {
  const auto issuer = static_cast<int64_t>(after.key.issuer);
  Bytes serial = ToBytes(after.key.serial.octets());
  if (order == CertificateOrder::kSoonestExpiry) {
    return " AND (k.not_after, k.serial, k.issuer_id) > (" + statement.Time(after.not_after) +
           ", " + statement.Bytea(serial) + ", " + statement.Integer(issuer) + ")";
  }
  const int after_class = serial[0] & ~kFormatBits;
  serial[0] = static_cast<uint8_t>(kFormatBits | lifetime_class);
  int64_t below_issuer = issuer;
  if (lifetime_class < after_class) below_issuer = std::numeric_limits<int64_t>::max();
  if (lifetime_class > after_class) below_issuer = 0;
  const std::string bound = statement.Bytea(serial);
  // The first half says the same, in the form that the planner prunes partitions by.
  return " AND k.serial <= " + bound + " AND (k.serial, k.issuer_id) < (" + bound + ", " +
         statement.Integer(below_issuer) + ")";
}

// EXISTS (a row of `table` for the record i that `also` is true of).
std::string HasRow(const std::string& table, const std::string& i, const std::string& also) {
  return "EXISTS (SELECT FROM " + table + " o WHERE o.serial = " + i +
         ".serial AND o.issuer_id = " + i + ".issuer_id" + also + ")";
}

std::string StateCondition(CertificateState state, const std::string& i) {
  const std::string unrevoked = " AND NOT " + HasRow("revocation", i, "");
  switch (state) {
    case CertificateState::kIntent:
      return " AND NOT " + HasRow("outcome", i, "") + unrevoked;
    case CertificateState::kAbandoned:
      return " AND " + HasRow("outcome", i, " AND o.kind = 2") + unrevoked;
    case CertificateState::kActive:
    case CertificateState::kExpired:
      return " AND " + HasRow("outcome", i, " AND o.kind = 1") + unrevoked;
    case CertificateState::kRevoked:
      return "";  // what the walk goes through
  }
  return "";
}

// The octets of the name as any subjectAltName with it holds them: cheap, and looked at again.
Bytes EncodedName(const x509::GeneralName& name) {
  der::Writer writer;
  name.Write(writer);
  return writer.Take();
}

// As Holds says. Of the row that the walk has read anyway: no index could help to skip it.
std::string HeldCondition(Statement& statement, const Holdings& holdings, const std::string& i) {
  std::string condition =
      "(" + i + ".generation = 0 AND " + i + ".principal = " + statement.Text(holdings.principal);
  if (holdings.lineage) {
    condition += " OR " + i + ".lineage = " + statement.Id(*holdings.lineage);
  }
  return condition + ")";
}

// Of the row i of issuance; the cheap conditions first.
std::string MatchCondition(Statement& statement, const CertificateFilter& filter,
                           const std::string& i) {
  std::string condition = "true";
  if (filter.held_by) condition += " AND " + HeldCondition(statement, *filter.held_by, i);
  if (filter.profile) condition += " AND " + i + ".profile = " + statement.Text(*filter.profile);
  if (filter.principal) {
    condition += " AND " + i + ".principal = " + statement.Text(*filter.principal);
  }
  if (filter.lineage) condition += " AND " + i + ".lineage = " + statement.Id(*filter.lineage);
  if (filter.name) {
    condition +=
        " AND position(" + statement.Bytea(EncodedName(*filter.name)) + " IN " + i + ".tbs) > 0";
  }
  if (filter.state) condition += StateCondition(*filter.state, i);
  return condition;
}

// Of the row k that the walk is at.
std::string Matches(Statement& statement, const CertificateFilter& filter) {
  if (!FromRevocations(filter)) return MatchCondition(statement, filter, "k");
  return "EXISTS (SELECT FROM issuance i WHERE i.serial = k.serial AND i.issuer_id = k.issuer_id "
         "AND " +
         MatchCondition(statement, filter, "i") + ")";
}

std::string OrderBy(CertificateOrder order) {
  if (order == CertificateOrder::kNewest) return "k.serial DESC, k.issuer_id DESC";
  return "k.not_after, k.serial, k.issuer_id";
}

struct WalkParts {
  const IndexQuery& query;
  const std::optional<IndexPosition>& after;
  std::string matches;
  std::string limit;
};

// One lifetime class: within it the serials are in the order of time.
std::string ClassBranch(Statement& statement, int lifetime_class, const WalkParts& parts) {
  const CertificateFilter& filter = parts.query.filter;
  const TimeSpan not_after = NotAfterSpan(parts.query, parts.after);
  const TimeSpan serials = SerialSpan(lifetime_class, not_after, filter.created);
  ArrayText issuers;
  for (const IssuerId issuer : filter.issuers) issuers.Add(static_cast<int64_t>(issuer));
  std::string where = "k.serial >= " + statement.Bytea(SerialAt(lifetime_class, serials.from)) +
                      " AND k.serial < " +
                      statement.Bytea(SerialAt(lifetime_class, serials.until)) +
                      SpanCondition(statement, not_after) + " AND k.issuer_id = ANY(" +
                      statement.Array(issuers.Take(), "::integer[]") + ")";
  if (parts.after) {
    where += AfterCondition(statement, lifetime_class, parts.query.order, *parts.after);
  }
  return "(SELECT k.not_after, k.serial, k.issuer_id, " + parts.matches + " AS matches FROM " +
         (FromRevocations(filter) ? "revocation" : "issuance") + " k WHERE " + where +
         " ORDER BY " + OrderBy(parts.query.order) + " LIMIT " + parts.limit + ")";
}

}  // namespace

std::vector<WalkStep> Walk(Session& session, const IndexQuery& query,
                           const std::optional<IndexPosition>& after, size_t count) {
  Statement statement;
  const WalkParts parts{query, after, Matches(statement, query.filter),
                        statement.Integer(static_cast<int64_t>(count))};
  std::string branches;
  for (int lifetime_class = 1; lifetime_class <= kClasses; ++lifetime_class) {
    if (lifetime_class > 1) branches += " UNION ALL ";
    branches += ClassBranch(statement, lifetime_class, parts);
  }
  const std::string by_time =
      query.order == CertificateOrder::kNewest ? "substring(k.serial FROM 2) DESC, " : "";
  const auto rows = session.Exec(
      "SELECT " + Micros("k.not_after") + ", k.serial, k.issuer_id, k.matches FROM (" + branches +
          ") k ORDER BY " + by_time + OrderBy(query.order) + " LIMIT " + parts.limit,
      statement.params());
  std::vector<WalkStep> steps;
  for (const auto& row : rows) {
    steps.push_back({{TimeOf(row[0]), {SerialOf(row[1]), IssuerOf(row[2])}}, row[3].as<bool>()});
  }
  return steps;
}

}  // namespace mayfly::store
