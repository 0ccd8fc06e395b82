#include "tests/fakes/memory_ledger.h"

#include <algorithm>
#include <tuple>

namespace mayfly::fakes {
namespace {

constexpr Seconds kSerialSkewMax{30};
constexpr Seconds kRequestIdSkewMax{24 * 3600};

Error Again(ErrorCode code, std::string rule, std::string message) {
  Error error = Fail(code, std::move(rule), std::move(message));
  error.retry_after = Milliseconds(1000);
  return error;
}

Error FaultError(CommitFault fault) {
  if (fault == CommitFault::kDidPersist) {
    return Again(ErrorCode::kCommitInDoubt, "ledger.in-doubt", "the answer was lost; ask again");
  }
  return Again(ErrorCode::kStoreUnavailable, "ledger.not-written", "not written; begin again");
}

Error TimeIsUp() {
  return Again(ErrorCode::kDeadlineExceeded, "ledger.deadline", "nothing was done in time");
}

Error Stale() { return Fail(ErrorCode::kDecisionStale, "ledger.decision-stale", "decide again"); }

Error NoSuchCertificate() {
  return Fail(ErrorCode::kNotFound, "ledger.no-such-certificate", "there is no such record");
}

// Does `a` come before `b`?
bool ComesBefore(CertificateOrder order, const IndexPosition& a, const IndexPosition& b) {
  if (order == CertificateOrder::kSoonestExpiry) {
    return std::tie(a.not_after, a.key) < std::tie(b.not_after, b.key);
  }
  const auto rank = [](const CertificateKey& key) {
    return std::tuple(ToBytes(key.serial.octets().subspan(1)), key);
  };
  return rank(a.key) > rank(b.key);
}

bool HasName(ByteSpan tbs, const x509::GeneralName& name) {
  const auto names = x509::TbsCertificate::FromDer(tbs)->names();
  return std::ranges::find(*names, name) != names->end();
}

bool Within(std::optional<TimePoint> time, TimePoint now, Seconds skew_max) {
  return time && std::chrono::abs(now - *time) <= skew_max;
}

}  // namespace

std::optional<CommitFault> MemoryLedger::TakeFault() { return std::exchange(fault_, std::nullopt); }

std::optional<Error> MemoryLedger::RefuseAttempt(const RequestAttempt& request) const {
  const Error taken = Fail(ErrorCode::kConflict, "ledger.request-taken", "the id is taken");
  if (!Within(request.key.id.v7_time(), clock_.Now(), kRequestIdSkewMax)) {
    return Fail(ErrorCode::kInvalidArgument, "request-id.time", "not a UUIDv7 of the last 24 h");
  }
  if (attempts_.contains({request.key, request.attempt})) return taken;
  if (request.attempt == 1) return std::nullopt;
  auto before = attempts_.find({request.key, static_cast<uint16_t>(request.attempt - 1)});
  if (before == attempts_.end()) return taken;
  const auto& outcome = records_.at(before->second.certificate).outcome;
  if (!outcome || !std::holds_alternative<AbandonedOutcome>(*outcome)) return taken;
  return std::nullopt;
}

std::optional<Error> MemoryLedger::RefuseRecord(const RecordEntry& entry) const {
  if (entry.decision != decision_) return Stale();
  if (!Within(entry.tbs.tbs().serial().issued_at(), clock_.Now(), kSerialSkewMax)) {
    return Again(ErrorCode::kStoreUnavailable, "ledger.serial-too-old", "begin again");
  }
  if (entry.request) return RefuseAttempt(*entry.request);
  return std::nullopt;
}

std::optional<Error> MemoryLedger::UseParent(const RecordEntry& entry) {
  if (!entry.renews) {
    const auto successor = entry.asker ? SuccessorOf(*entry.asker) : std::nullopt;
    if (successor) return SupersededPeer(*successor);
    return std::nullopt;
  }
  const auto& [lineage, generation, parent] = entry.lineage;
  if (generation > 1) uses_.emplace(std::pair(lineage, generation - 1), *entry.renews);
  for (const auto& [step, standing] : uses_) {
    if (step.first != lineage) continue;
    const bool is_sibling = step.second + 1 == generation && standing != *entry.renews;
    if (step.second >= generation || is_sibling) {
      return Fail(ErrorCode::kPolicyDenied, "renewal.superseded", "another has renewed already");
    }
  }
  return std::nullopt;
}

std::optional<Error> MemoryLedger::UseToken(const RecordEntry& entry) {
  if (!entry.token) return std::nullopt;
  std::set<Uuid>& used = token_uses_[entry.token->token_hash];
  if (used.contains(entry.request->key.id)) return std::nullopt;
  if (entry.token->expires <= clock_.Now()) {
    return Fail(ErrorCode::kUnauthenticated, "enrolment.expired", "the token has expired");
  }
  if (used.size() >= entry.token->uses_max) {
    return Fail(ErrorCode::kUnauthenticated, "enrolment.spent", "the token has been used");
  }
  used.insert(entry.request->key.id);
  return std::nullopt;
}

Task<Result<RecordedTbs>> MemoryLedger::Record(RecordEntry entry, BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  if (auto refused = RefuseRecord(entry)) co_return *std::move(refused);
  if (auto refused = UseParent(entry)) co_return *std::move(refused);
  if (const auto& claim = entry.key_claim) {
    if (IsClaimedOrHeld(*claim)) {
      co_return Fail(ErrorCode::kPolicyDenied, "policy.key-reused", "another identity's key");
    }
    key_claims_.emplace(claim->spki_hash, claim->identity);
  }
  const auto fault = TakeFault();
  if (fault == CommitFault::kDidNotPersist) co_return FaultError(*fault);
  if (auto refused = UseToken(entry)) co_return *std::move(refused);
  const x509::TbsCertificate& tbs = entry.tbs.tbs();
  const CertificateKey key{tbs.serial(), entry.issuer};
  RecordFacts facts{.key = key,
                    .lineage = entry.lineage,
                    .profile = entry.profile,
                    .principal = entry.principal,
                    .policy_version = entry.policy_version,
                    .decision = entry.decision,
                    .renewal = entry.renewal,
                    .claims = entry.claims};
  const Bytes body = ToBytes(tbs.der());
  records_.insert({key,
                   {.tbs = body,
                    .facts = facts,
                    .not_after = tbs.fields().validity.not_after(),
                    .recorded_at = clock_.Now()}});
  if (entry.request) {
    const RequestAttempt& request = *entry.request;
    attempts_.insert({{request.key, request.attempt}, {request.body_hash, key}});
  }
  if (fault) co_return FaultError(*fault);
  co_return MakeRecorded(body, std::move(facts));
}

Task<Result<Outcome>> MemoryLedger::Settle(SettleEntry entry, BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  const bool is_signature = std::holds_alternative<SignedOutcome>(entry.outcome);
  if (is_signature && entry.decision != decision_) co_return Stale();
  auto record = records_.find(entry.key);
  if (record == records_.end()) co_return NoSuchCertificate();
  const auto fault = TakeFault();
  if (fault == CommitFault::kDidNotPersist) co_return FaultError(*fault);
  if (!record->second.outcome) record->second.outcome = std::move(entry.outcome);
  if (fault) co_return FaultError(*fault);
  co_return *record->second.outcome;
}

Task<Result<std::optional<PriorAttempt>>> MemoryLedger::FindRequest(RequestKey key,
                                                                    BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  auto after = attempts_.upper_bound({key, UINT16_MAX});
  if (after == attempts_.begin()) co_return std::optional<PriorAttempt>();
  const auto& [attempt_key, attempt] = *std::prev(after);
  if (attempt_key.first != key) co_return std::optional<PriorAttempt>();
  const Entry& record = records_.at(attempt.certificate);
  co_return std::optional<PriorAttempt>(
      PriorAttempt{.body_hash = attempt.body_hash,
                   .attempt = attempt_key.second,
                   .revocation = record.revocation,
                   .record = MakeRecorded(record.tbs, record.facts),
                   .outcome = record.outcome});
}

Task<Result<std::optional<CertificateRecord>>> MemoryLedger::FindCertificate(CertificateKey key,
                                                                             Reading /*reading*/,
                                                                             BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  auto record = records_.find(key);
  if (record == records_.end()) co_return std::optional<CertificateRecord>();
  const Entry& entry = record->second;
  co_return std::optional<CertificateRecord>(CertificateRecord{.tbs = entry.tbs,
                                                               .facts = entry.facts,
                                                               .outcome = entry.outcome,
                                                               .revocation = entry.revocation,
                                                               .recorded_at = entry.recorded_at});
}

RevokeReceipt MemoryLedger::RevokeNow(const RevokeEntry& entry) {
  if (const auto& key = entry.compromised_key) {
    if (blocks_.insert({policy::BlockKind::kKey, ToBytes(*key)}).second) ++decision_;
  }
  Entry& record = records_.at(entry.key);
  const bool before = record.revocation.has_value();
  if (!before) {
    record.revocation = Revocation{.number = ++revocations_,
                                   .key = entry.key,
                                   .reason = entry.reason,
                                   .revoked_at = clock_.Now(),
                                   .not_after = record.not_after};
    if (!record.outcome) record.outcome = AbandonedOutcome{};
  }
  return RevokeReceipt{.revocation = *record.revocation,
                       .was_revoked_before = before,
                       .good_answers_until = record.revocation->revoked_at};
}

Task<Result<RevokeReceipt>> MemoryLedger::Revoke(RevokeEntry entry, BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  if (!records_.contains(entry.key)) co_return NoSuchCertificate();
  co_return RevokeNow(entry);
}

Task<Result<StoredBasis>> MemoryLedger::LoadBasis(BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  co_return StoredBasis{.decision = decision_,
                        .policy_version = policies_.size(),
                        .policy_text = policies_.empty() ? "" : policies_.back(),
                        .blocks = {blocks_.begin(), blocks_.end()}};
}

Result<uint64_t> MemoryLedger::ActivateNow(PolicyEntry entry) {
  if (policies_.empty() || policies_.back() != entry.text) {
    if (entry.base_version && *entry.base_version != policies_.size()) {
      return Fail(ErrorCode::kConflict, "policy.outdated", "another version is in force");
    }
    policies_.push_back(std::move(entry.text));
    ++decision_;
    NoteNow({"policy.activated", std::move(entry.principal), "{}"});
  }
  return uint64_t{policies_.size()};
}

Task<Result<uint64_t>> MemoryLedger::ActivatePolicy(PolicyEntry entry, BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  co_return ActivateNow(std::move(entry));
}

// By another identity.
bool MemoryLedger::IsClaimedOrHeld(const KeyClaim& claim) const {
  if (const auto found = key_claims_.find(claim.spki_hash); found != key_claims_.end()) {
    return found->second != claim.identity;
  }
  return std::ranges::any_of(records_, [&](const auto& record) {
    const auto tbs = x509::TbsCertificate::FromDer(record.second.tbs);
    return tbs && record.second.not_after > clock_.Now() &&
           tbs->fields().public_key.hash() == claim.spki_hash &&
           IdentityHash(*tbs->names()) != claim.identity;
  });
}

Task<Result<bool>> MemoryLedger::IsAnothersKey(KeyClaim claim, BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  co_return IsClaimedOrHeld(claim);
}

void MemoryLedger::Note(Event event) {
  std::lock_guard lock(mutex_);
  NoteNow(std::move(event));
}

void MemoryLedger::NoteNow(Event event) { events_.push_back({std::move(event), clock_.Now()}); }

bool MemoryLedger::Matches(const Entry& entry, const IndexQuery& query) {
  const CertificateFilter& filter = query.filter;
  const RecordFacts& facts = entry.facts;
  const auto state = StateOf(entry.outcome, entry.revocation, entry.not_after, query.now);
  return std::ranges::find(filter.issuers, facts.key.issuer) != filter.issuers.end() &&
         (!filter.state || *filter.state == state) &&
         (!filter.profile || *filter.profile == facts.profile) &&
         (!filter.principal || *filter.principal == facts.principal) &&
         (!filter.lineage || *filter.lineage == facts.lineage.lineage) &&
         (!filter.name || HasName(entry.tbs, *filter.name)) &&
         filter.not_after.Covers(entry.not_after) &&
         filter.created.Covers(*facts.key.serial.issued_at()) &&
         (!filter.held_by || Holds(*filter.held_by, facts));
}

Task<Result<IndexPage>> MemoryLedger::Page(IndexQuery query, BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  std::vector<IndexPosition> places;
  for (const auto& [key, entry] : records_) {
    const IndexPosition place{entry.not_after, key};
    if (!query.after || ComesBefore(query.order, *query.after, place)) places.push_back(place);
  }
  std::ranges::sort(places,
                    [&](const auto& a, const auto& b) { return ComesBefore(query.order, a, b); });
  IndexPage page;
  for (size_t i = 0; i < places.size(); ++i) {
    if (page.records.size() == query.count_max || i == kIndexRecordsExaminedMax) {
      page.next = places[i - 1];
      break;
    }
    const Entry& entry = records_.at(places[i].key);
    if (!Matches(entry, query)) continue;
    page.records.push_back(
        {entry.tbs, entry.facts, entry.outcome, entry.revocation, entry.recorded_at});
  }
  co_return page;
}

Task<Result<EventPage>> MemoryLedger::Page(EventQuery query, BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  const EventFilter& filter = query.filter;
  EventPage page;
  std::optional<EventPosition> last;
  for (auto id = static_cast<int64_t>(events_.size()) - 1; id >= 0; --id) {
    const ListedEvent& listed = events_[id];
    const EventPosition position{listed.at, id};
    if (!filter.at.Covers(listed.at) || (query.after && position >= *query.after)) continue;
    if (page.events.size() == query.count_max) {
      page.next = last;
      break;
    }
    last = position;
    if (filter.kind && *filter.kind != listed.event.kind) continue;
    if (filter.principal && *filter.principal != listed.event.principal) continue;
    page.events.push_back(listed);
  }
  co_return page;
}

Task<Result<uint64_t>> MemoryLedger::AddBlock(BlockEntry entry, BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  if (entry.effect == BlockEffect::kBlocks) {
    blocks_.insert(std::move(entry.block));
  } else {
    blocks_.erase(entry.block);
  }
  co_return ++decision_;
}

Task<Result<CertificateKey>> MemoryLedger::NoteUse(LineageUse use, BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  co_return uses_.emplace(std::pair(use.lineage, use.generation), use.certificate).first->second;
}

std::optional<CertificateKey> MemoryLedger::SuccessorOf(const policy::LineagePlace& place) const {
  std::optional<CertificateKey> successor;
  for (const auto& [step, standing] : uses_) {  // the oldest generation first
    if (step.first == place.lineage && step.second > place.generation) successor = standing;
  }
  return successor;
}

Task<Result<std::optional<CertificateKey>>> MemoryLedger::FindSuccessor(policy::LineagePlace place,
                                                                        BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  co_return SuccessorOf(place);
}

EnrolmentTokenRecord MemoryLedger::TokenNow(const EnrolmentTokenRecord& token) const {
  EnrolmentTokenRecord now = token;
  const policy::Enrolment& enrolment = token.enrolment;
  const auto uses = token_uses_.find(enrolment.token_hash);
  now.use_count = uses == token_uses_.end() ? 0 : static_cast<uint32_t>(uses->second.size());
  now.is_expired = enrolment.expires <= clock_.Now();
  now.is_revoked =
      blocks_.contains({policy::BlockKind::kEnrolmentToken,
                        {enrolment.token.octets().begin(), enrolment.token.octets().end()}});
  return now;
}

Task<Result<EnrolmentTokenRecord>> MemoryLedger::Create(NewEnrolmentToken token,
                                                        BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  token.enrolment.expires = clock_.Now() + token.lifetime;
  NoteNow({"enrolment-token.created", token.enrolment.enroller.id, "{}"});
  tokens_.push_back({std::move(token.enrolment), clock_.Now(), 0, false, false});
  co_return tokens_.back();
}

Task<Result<std::optional<EnrolmentTokenRecord>>> MemoryLedger::Find(Hash256 token_hash,
                                                                     BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  for (const EnrolmentTokenRecord& token : tokens_) {
    if (token.enrolment.token_hash == token_hash) co_return std::optional(TokenNow(token));
  }
  co_return std::optional<EnrolmentTokenRecord>();
}

Task<Result<std::optional<EnrolmentTokenRecord>>> MemoryLedger::FindById(Uuid id,
                                                                         BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  for (const EnrolmentTokenRecord& token : tokens_) {
    if (token.enrolment.token == id) co_return std::optional(TokenNow(token));
  }
  co_return std::optional<EnrolmentTokenRecord>();
}

Task<Result<std::vector<EnrolmentTokenRecord>>> MemoryLedger::Unexpired(
    std::optional<std::string> made_by, BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  std::vector<EnrolmentTokenRecord> list;
  for (auto token = tokens_.rbegin(); token != tokens_.rend(); ++token) {
    EnrolmentTokenRecord now = TokenNow(*token);
    const bool is_wanted = !made_by || *made_by == now.enrolment.enroller.id;
    if (is_wanted && !now.is_expired && list.size() < kTokensListedMax)
      list.push_back(std::move(now));
  }
  co_return list;
}

void MemoryLedger::AddBlock(policy::Block block) {
  std::lock_guard lock(mutex_);
  blocks_.insert(std::move(block));
  ++decision_;
}

void MemoryLedger::FailNextCommit(CommitFault fault) {
  std::lock_guard lock(mutex_);
  fault_ = fault;
}

void MemoryLedger::FailCallAfter(size_t calls) {
  std::lock_guard lock(mutex_);
  calls_until_late_ = calls;
}

bool MemoryLedger::EndFailing() {
  std::lock_guard lock(mutex_);
  return !std::exchange(calls_until_late_, std::nullopt).has_value();
}

bool MemoryLedger::IsLate(BootTime deadline) {
  if (clock_.BootNow() >= deadline) return true;
  if (!calls_until_late_) return false;
  if (*calls_until_late_ > 0) {
    --*calls_until_late_;
    return false;
  }
  calls_until_late_.reset();
  return true;
}

void MemoryLedger::AlterRecord(const CertificateKey& key, Bytes tbs) {
  std::lock_guard lock(mutex_);
  records_.at(key).tbs = std::move(tbs);
}

std::vector<Event> MemoryLedger::events() const {
  std::lock_guard lock(mutex_);
  std::vector<Event> events;
  for (const ListedEvent& listed : events_) events.push_back(listed.event);
  return events;
}

size_t MemoryLedger::abandoned_count() const {
  std::lock_guard lock(mutex_);
  return static_cast<size_t>(std::ranges::count_if(records_, [](const auto& record) {
    const auto& outcome = record.second.outcome;
    return outcome && std::holds_alternative<AbandonedOutcome>(*outcome);
  }));
}

size_t MemoryLedger::record_count() const {
  std::lock_guard lock(mutex_);
  return records_.size();
}

}  // namespace mayfly::fakes
