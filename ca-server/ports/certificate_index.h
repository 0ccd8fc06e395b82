// Port: the ledger read as a list. Apart from Ledger so that lists, however many and long, take
// nothing from issuing. Implemented by store/certificate_index.h and tests/fakes/memory_ledger.h;
// tests/contract/certificate_index_contract.h is the suite for both.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ports/ledger.h"

namespace mayfly {

enum class CertificateState : uint8_t { kIntent, kActive, kExpired, kRevoked, kAbandoned };

// Where a record stands at `now`; revoked wins over all else.
CertificateState StateOf(const std::optional<Outcome>& outcome,
                         const std::optional<Revocation>& revocation, TimePoint not_after,
                         TimePoint now);

// From `from` on, before `until`.
struct TimeSpan {
  TimePoint from = TimePoint::min();
  TimePoint until = TimePoint::max();
  bool Covers(TimePoint time) const { return time >= from && time < until; }
};

// What somebody holds: their lineage's, of any generation, and the first certificates that they
// asked for. A renewal is its lineage's alone: instances of one name do not see each other's.
struct Holdings {
  std::string principal;
  std::optional<Uuid> lineage;
};
bool Holds(const Holdings& holdings, const RecordFacts& facts);

// All that is set must hold.
struct CertificateFilter {
  std::vector<IssuerId> issuers;
  std::optional<CertificateState> state;
  std::optional<std::string> profile;
  std::optional<std::string> principal;
  std::optional<Uuid> lineage;
  std::optional<x509::GeneralName> name;  // one of its subject alternative names
  TimeSpan not_after;
  TimeSpan created;  // by the time inside of the serial number
  std::optional<Holdings> held_by;
};

enum class CertificateOrder : uint8_t {
  kSoonestExpiry,  // then by key
  kNewest,         // by the time inside of the serial number, falling
};

// A place in either order.
struct IndexPosition {
  TimePoint not_after;
  CertificateKey key;
  friend bool operator==(const IndexPosition&, const IndexPosition&) = default;
};

struct IndexQuery {
  CertificateFilter filter;
  CertificateOrder order;
  std::optional<IndexPosition> after;  // nothing: from the start
  TimePoint now;                       // tells active from expired
  size_t count_max;                    // at least 1
};

struct IndexPage {
  std::vector<CertificateRecord> records;  // durable; in the order asked for
  // Where the next page begins; nothing where there is no more. May be a record that did not
  // match and that whoever asked may not know of.
  std::optional<IndexPosition> next;
};

// One call looks at no more records than this.
constexpr size_t kIndexRecordsExaminedMax = 10'000;

class CertificateIndex {
 public:
  virtual ~CertificateIndex() = default;
  // A page may hold less than count_max, or nothing, and still have a next one: see
  // kIndexRecordsExaminedMax. Errors: kOverloaded, kStoreUnavailable, kDeadlineExceeded.
  virtual Task<Result<IndexPage>> Page(IndexQuery query, BootTime deadline) = 0;

  // Would Ledger::Record refuse the claim with "policy.key-reused"? For explanations: Record
  // decides.
  virtual Task<Result<bool>> IsAnothersKey(KeyClaim claim, BootTime deadline) = 0;
};

}  // namespace mayfly
