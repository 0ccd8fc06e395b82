// Port: the ledger. Every certificate is here before its signature exists.
// Implemented by store/ledger.h (PostgreSQL) and tests/fakes/memory_ledger.h;
// tests/contract/ledger_contract.h is the suite for both.
//
// Deadlines: each call answers by its deadline (kDeadlineExceeded or kStoreUnavailable, with
// retry_after). A call that answers with an error may still have persisted: the request id, or the
// certificate's key, tells. Every error that says otherwise says so below.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "base/uuid.h"
#include "lint/linted_tbs.h"
#include "policy/policy.h"
#include "policy/principal.h"
#include "x509/revocation_reason.h"
#include "x509/serial_number.h"

namespace mayfly {

// An issuer is a name and a key, not one of its certificates.
enum class IssuerId : int32_t {};

// What names a certificate: the serial first, as the tables have it.
struct CertificateKey {
  x509::SerialNumber serial;
  IssuerId issuer;
  friend auto operator<=>(const CertificateKey&, const CertificateKey&) = default;
};

struct RequestKey {
  Uuid id;            // UUIDv7, within 24 h of the database's clock
  std::string scope;  // Principal::request_scope, at most 512 bytes
  friend auto operator<=>(const RequestKey&, const RequestKey&) = default;
};

struct RequestAttempt {
  RequestKey key;
  Hash256 body_hash;
  uint16_t attempt;  // 1, 2, ...
};

// One holder of an identity; each renewal is a generation.
struct LineageStep {
  Uuid lineage;
  uint32_t generation;                       // 0 at enrolment
  std::optional<x509::SerialNumber> parent;  // of the generation before
};

// What an identity is: its names, SHA-256 over them in normal form, each with its size in front.
Hash256 IdentityHash(const x509::GeneralNames& names);

// A key that only one identity may have (the profile's key_reuse = "refuse").
struct KeyClaim {
  Hash256 spki_hash;
  Hash256 identity;  // IdentityHash of the certificate's names
};

// A use of an enrolment token. The request that takes it, which the record then needs, has it for
// ever: the same id uses nothing more.
struct TokenUse {
  Hash256 token_hash;
  uint32_t uses_max;
  TimePoint expires;  // by the database's clock
};

struct RecordEntry {
  lint::LintedTbs tbs;
  IssuerId issuer;
  LineageStep lineage;
  std::string profile;
  std::string principal;
  uint64_t policy_version;
  uint64_t decision;
  policy::RenewalWindow renewal;
  std::optional<RequestAttempt> request;
  std::optional<KeyClaim> key_claim{};
  std::optional<CertificateKey> renews{};  // the parent, where this is a renewal
  // Of the certificate that asked for it, where this is no renewal: that must not be superseded.
  std::optional<policy::LineagePlace> asker{};
  std::optional<TokenUse> token{};  // spent with the record, or not at all
  policy::Claims claims{};          // of the principal, beside its id
};

// What a record says beside its TBS.
struct RecordFacts {
  CertificateKey key;
  LineageStep lineage;
  std::string profile;
  std::string principal;
  uint64_t policy_version;
  uint64_t decision;
  policy::RenewalWindow renewal;
  policy::Claims claims{};
};

// A TBSCertificate with a durable record: the only thing that an Issuer signs. Only a Ledger can
// make one.
class RecordedTbs {
 public:
  RecordedTbs(RecordedTbs&&) = default;
  RecordedTbs& operator=(RecordedTbs&&) = default;
  ByteSpan tbs() const { return tbs_; }
  const RecordFacts& facts() const { return facts_; }

 private:
  friend class Ledger;
  RecordedTbs(Bytes tbs, RecordFacts facts) : tbs_(std::move(tbs)), facts_(std::move(facts)) {}
  Bytes tbs_;
  RecordFacts facts_;
};

// How a record ended. The first outcome wins, for ever.
struct SignedOutcome {
  Bytes signature;
};
struct AbandonedOutcome {};
using Outcome = std::variant<SignedOutcome, AbandonedOutcome>;

struct SettleEntry {
  CertificateKey key;
  Outcome outcome;
  uint64_t policy_version;  // decided under
  uint64_t decision;
};

using x509::RevocationReason;

struct Revocation {
  uint64_t number;  // commit order
  CertificateKey key;
  RevocationReason reason;
  TimePoint revoked_at;
  TimePoint not_after;  // of the certificate
};

struct RevokeEntry {
  CertificateKey key;
  RevocationReason reason;
  std::string principal;
  std::optional<Hash256> compromised_key{};  // SHA-256 of the SPKI, to be blocked in the same act
};
struct RevokeReceipt {
  Revocation revocation;  // the first one, where it was revoked before
  bool was_revoked_before;
  // No `good` answer given before the revocation is valid after this.
  TimePoint good_answers_until;
};

// A record as it stands in the ledger.
struct CertificateRecord {
  Bytes tbs;
  RecordFacts facts;
  std::optional<Outcome> outcome;  // nothing: an intent
  std::optional<Revocation> revocation;
  TimePoint recorded_at;
};

// What became of a request id.
struct PriorAttempt {
  Hash256 body_hash;
  uint16_t attempt;  // the newest
  std::optional<Revocation> revocation;
  // An intent, to be decided again; or a signature; or abandoned.
  RecordedTbs record;
  std::optional<Outcome> outcome;
};

// Raw, as the database has it; config/ parses the text.
struct StoredBasis {
  uint64_t decision = 0;
  uint64_t policy_version = 0;  // 0: none
  std::string policy_text;
  std::vector<policy::Block> blocks;  // those in force
};

enum class BlockEffect : uint8_t { kBlocks = 1, kLifts = 2 };
struct BlockEntry {
  policy::Block block;
  BlockEffect effect;
  std::string reason;
  std::string principal;
};

struct PolicyEntry {
  std::string text;
  std::string principal;
  std::optional<uint64_t> base_version{};  // only where this version is still in force; 0: none is
};

struct Event {
  std::string kind;  // "denial", "policy.activated", "revocation", ...
  std::string principal;
  std::string detail;  // a JSON object
};

// What a read may be used for.
enum class Reading : uint8_t {
  kSeen,     // to decide by: after a failover it may turn out not to have happened
  kDurable,  // to be given away: costs a commit
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  // Durable on return. Errors: kDecisionStale (certainly not recorded), kConflict
  // "ledger.request-taken" (another attempt has this request id: find it), kPolicyDenied
  // "policy.key-reused" (the key was claimed for another identity) or "renewal.superseded" (of a
  // renewal: a later generation, or another certificate of the parent's, is in use; a renewal is a
  // use of its parent. Of an asker: a later generation is in use), kUnauthenticated
  // "enrolment.spent" or "enrolment.expired" (of a token, unless this request id has used it
  // before), kInvalidArgument "request-id.time" (over 24 h off the database's clock),
  // kStoreUnavailable "ledger.serial-too-old" (over 30 s off the database's clock: begin again),
  // kOverloaded.
  virtual Task<Result<RecordedTbs>> Record(RecordEntry entry, BootTime deadline) = 0;

  // Durable on return: the outcome that stands, which may be another one than offered.
  // A signature decided under an older control number is kDecisionStale and certainly not
  // settled; an abandonment is never stale.
  virtual Task<Result<Outcome>> Settle(SettleEntry entry, BootTime deadline) = 0;

  // The newest attempt. What is returned is durable: it may be signed or released.
  virtual Task<Result<std::optional<PriorAttempt>>> FindRequest(RequestKey key,
                                                                BootTime deadline) = 0;

  virtual Task<Result<std::optional<CertificateRecord>>> FindCertificate(CertificateKey key,
                                                                         Reading reading,
                                                                         BootTime deadline) = 0;

  // Durable, and applied by every responder or their leases over, on return. Revoking an intent
  // abandons it in the same transaction. Errors: kNotFound "ledger.no-such-certificate";
  // kDeadlineExceeded "ledger.lease-outstanding" (revoked and durable, but some responder may
  // answer `good` until its lease ends: call again to wait).
  // A compromised key is blocked in the same transaction, also where the certificate had been
  // revoked before.
  virtual Task<Result<RevokeReceipt>> Revoke(RevokeEntry entry, BootTime deadline) = 0;

  // Read under one control number.
  virtual Task<Result<StoredBasis>> LoadBasis(BootTime deadline) = 0;

  // A new policy version in force for every replica on return; the same text again changes
  // nothing. Gives the version. Error: kConflict "policy.outdated" (base_version is not in force).
  virtual Task<Result<uint64_t>> ActivatePolicy(PolicyEntry entry, BootTime deadline) = 0;

  // In force for every replica on return, as a policy is. Gives the control number.
  virtual Task<Result<uint64_t>> AddBlock(BlockEntry entry, BootTime deadline) = 0;

  // Written soon, batched; dropped and counted where the queue is full. Never waits.
  virtual void Note(Event event) = 0;

 protected:
  // For implementations only: `tbs` has a record that is durable.
  static RecordedTbs MakeRecorded(Bytes tbs, RecordFacts facts) {
    return RecordedTbs(std::move(tbs), std::move(facts));
  }
};

}  // namespace mayfly
