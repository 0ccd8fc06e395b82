#include "signing/signing_key.h"

#include <algorithm>

namespace mayfly::signing {
namespace {

constexpr size_t kChallengeBytes = 32;

Error WrongSignature() {
  return Fail(ErrorCode::kSignatureInvalid, "signer.wrong-signature",
              "the signature does not verify; it was not released");
}

Error OtherKey(const Hash256& found) {
  return FailWithDetail(ErrorCode::kSignerUnavailable, "signer.key-mismatch",
                        "the key that the URI names is not the one that is expected there",
                        "found SHA-256 " + ToHex(found));
}

Error Unreadable(const Error& error) {
  return FailWithDetail(ErrorCode::kSignerUnavailable, "signer.quarantined",
                        "whether it is quarantined cannot be read",
                        Describe(error, ErrorText::kForLog));
}

Error Noted(const QuarantineNote& note) {
  return FailWithDetail(ErrorCode::kSignerUnavailable, "signer.quarantined", note.reason,
                        "noted at " +
                            std::to_string(note.since.time_since_epoch().count() / 1'000'000) +
                            " (Unix time)");
}

// A record of a certificate is abandoned and decided again; all else may be signed elsewhere.
bool IsDecidedAgain(SignPurpose purpose) { return purpose == SignPurpose::kCertificate; }

}  // namespace

struct SigningKey::Tried {
  // kElsewhere: not to be asked here again. kFinal: nor anywhere else.
  enum class Next : uint8_t { kDone, kAgain, kElsewhere, kFinal };
  Next next;
  Bytes signature{};  // kDone
  Error error{};      // the others
};

SigningKey::SigningKey(SigningKeyParts parts, SigningTools tools)
    : parts_(std::move(parts)),
      tools_(std::move(tools)),
      places_(parts_.uris),
      canary_due_(parts_.uris.size()),
      key_(parts_.certified) {
  for (size_t place = 0; place < places_.size(); ++place) {
    if (auto note = tools_.quarantine.Find(places_.uri(place)); !note) {
      places_.SetApart(place, Unreadable(note.error()));
    } else if (*note) {
      places_.SetApart(place, Noted(**note));
    }
  }
}

std::string SigningKey::Text() const {
  return std::string(KeyUseName(parts_.use)) + " key of " + parts_.owner;
}

std::optional<x509::SubjectPublicKeyInfo> SigningKey::Known() const {
  std::lock_guard lock(mutex_);
  return key_;
}

Error SigningKey::AllQuarantined() const {
  return Fail(ErrorCode::kSignerUnavailable, "signer.quarantined",
              "the " + Text() + " is quarantined in every place; an operator must look into it");
}

Status SigningKey::Trouble() const {
  const PlaceState standing = Standing();
  if (standing == PlaceState::kInService) return Ok();
  std::string why;
  for (const PlaceStanding& place : places_.Standings()) {
    if (!why.empty()) why += "; ";
    why += place.uri + " is " + std::string(PlaceStateName(place.state));
    if (place.why) why += " (" + place.why->rule + ": " + place.why->message + ")";
  }
  const bool is_quarantined = standing == PlaceState::kQuarantined;
  return Fail(ErrorCode::kSignerUnavailable,
              is_quarantined ? "signer.quarantined" : "signer.key-out",
              "no place of the " + Text() + " is in service: " + why);
}

Task<Result<x509::SubjectPublicKeyInfo>> SigningKey::PublicKey(BootTime deadline) {
  Error last = AllQuarantined();
  for (size_t tries = 0; tries < places_.size(); ++tries) {
    if (auto known = Known()) co_return *std::move(known);
    const auto place = places_.Next();
    if (!place) break;
    const BootTime try_until = std::min(deadline, tools_.clock.BootNow() + kTryMax);
    auto found = co_await tools_.signer.PublicKey(places_.uri(*place), try_until);
    if (found) {
      std::lock_guard lock(mutex_);
      if (!key_) key_ = *std::move(found);
      co_return *key_;
    }
    last = std::move(found).error();
  }
  co_return last;
}

SignJob SigningKey::JobFor(SignPurpose purpose, const x509::SubjectPublicKeyInfo& key,
                           Bytes message, BootTime deadline) {
  std::lock_guard lock(mutex_);
  const Uuid id = Uuid::MakeV7(tools_.clock.Now(), tools_.random);
  return {id,
          purpose,
          {"", key.hash()},
          *x509::SignatureAlgorithmFor(key.type()),
          std::move(message),
          deadline};
}

Task<Result<Bytes>> SigningKey::Sign(SignPurpose purpose, Bytes message, BootTime deadline,
                                     Patience patience) {
  CO_TRY_ASSIGN(const auto key, co_await PublicKey(deadline));
  CO_TRY(x509::SignatureAlgorithmFor(key.type()));
  SignJob job = JobFor(purpose, key, std::move(message), deadline);
  std::optional<size_t> failed;
  for (size_t tries = 1;; ++tries) {
    const auto place = places_.Next(failed);
    if (!place) co_return AllQuarantined();
    const bool is_only_try = patience == Patience::kEachPlaceOnce && places_.size() == 1;
    const BootTime now = tools_.clock.BootNow();
    job.deadline = is_only_try ? deadline : std::min(deadline, now + kTryMax);
    Tried tried = co_await Try(*place, job, key);
    if (tried.next == Tried::Next::kDone) co_return std::move(tried.signature);
    if (tried.next == Tried::Next::kFinal) co_return std::move(tried.error);
    if (tried.next == Tried::Next::kAgain) Failed(*place, tried.error);
    failed = place;
    const bool round_is_over = tries % places_.size() == 0;
    if (patience == Patience::kEachPlaceOnce && round_is_over) co_return std::move(tried.error);
    if (patience == Patience::kWhileInService && Standing() != PlaceState::kInService)
      co_return std::move(tried.error);
    const BootTime next_try =
        tools_.clock.BootNow() + (round_is_over ? kRetryPause : Milliseconds(0));
    if (next_try >= deadline) co_return std::move(tried.error);
    if (round_is_over) co_await SleepUntil(tools_.timer, tools_.executor, next_try);
  }
}

Task<SigningKey::Tried> SigningKey::Try(size_t place, const SignJob& job,
                                        const x509::SubjectPublicKeyInfo& key) {
  SignJob here = job;
  here.key.uri = places_.uri(place);
  SignResult result = co_await tools_.signer.Sign(std::move(here));
  co_return Judge(place, job, key, std::move(result));
}

SigningKey::Tried SigningKey::Judge(size_t place, const SignJob& job,
                                    const x509::SubjectPublicKeyInfo& key, SignResult result) {
  using Next = Tried::Next;
  if (result.outcome == SignResult::Outcome::kSigned) {
    if (x509::VerifySignature(key, job.algorithm, job.message, result.signature)) {
      if (places_.Succeeded(place)) Tell(place);
      return {Next::kDone, std::move(result.signature)};
    }
    SetApart(place, WrongSignature(), key.hash());
    return {IsDecidedAgain(job.purpose) ? Next::kFinal : Next::kElsewhere, {}, WrongSignature()};
  }
  if (result.outcome != SignResult::Outcome::kRefused) {
    return {Next::kAgain, {}, std::move(result.error)};
  }
  if (result.error.rule == "signer.key-mismatch") {
    SetApart(place, result.error, key.hash());
    return {Next::kElsewhere, {}, std::move(result.error)};
  }
  // A place that does not serve the key may be one of several; whatever else is refused is refused
  // for the job's own sake.
  const bool not_here = result.error.rule == "signer.key-not-served" && places_.size() > 1;
  return {not_here ? Next::kAgain : Next::kFinal, {}, std::move(result.error)};
}

// A full queue is no fault of the place's.
void SigningKey::Failed(size_t place, const Error& error) {
  if (error.code == ErrorCode::kOverloaded) return;
  if (places_.Failed(place, error, tools_.clock.BootNow())) Tell(place);
}

void SigningKey::TakeOut(size_t place, const Error& error) {
  if (error.code == ErrorCode::kOverloaded) return;
  if (places_.TakeOut(place, error, tools_.clock.BootNow())) Tell(place);
}

// On the disk before anybody is told. Where it cannot be written, Tend tries again.
void SigningKey::SetApart(size_t place, Error error, const Hash256& key) {
  const QuarantineNote note{places_.uri(place), key, tools_.clock.Now(),
                            error.rule + ": " + error.message};
  {
    std::lock_guard lock(mutex_);
    if (!places_.SetApart(place, error)) return;
    not_noted_.push_back(note);
  }
  if (tools_.quarantine.Put(note)) {
    std::lock_guard lock(mutex_);
    std::erase_if(not_noted_, [&](const QuarantineNote& each) { return each.uri == note.uri; });
  }
  Tell(place);
}

void SigningKey::Tell(size_t place) const {
  if (tools_.tell) tools_.tell({Text(), parts_.use, places_.StandingOf(place)});
}

CanaryEntry SigningKey::NewCanary(const x509::SubjectPublicKeyInfo& key) {
  std::array<uint8_t, kChallengeBytes> fresh;
  {
    std::lock_guard lock(mutex_);
    tools_.random.Fill(fresh);
  }
  Bytes message = ToBytes(AsBytes(kCanaryPrefix));
  message.insert(message.end(), fresh.begin(), fresh.end());
  return {key.hash(), parts_.use, std::move(message)};
}

Task<Result<CanaryProof>> SigningKey::Prove(BootTime deadline) {
  CO_TRY_ASSIGN(auto key, co_await PublicKey(deadline));
  CO_TRY_ASSIGN(const auto algorithm, x509::SignatureAlgorithmFor(key.type()));
  CanaryEntry entry = NewCanary(key);
  CO_TRY_ASSIGN(const RecordedCanary canary,
                co_await tools_.canaries.Record(std::move(entry), deadline));
  CO_TRY_ASSIGN(Bytes signature, co_await Sign(SignPurpose::kCanary, canary.message(), deadline,
                                               Patience::kUntilDeadline));
  co_return CanaryProof{std::move(key), algorithm, canary.message(), std::move(signature)};
}

Task<Status> SigningKey::Match(BootTime deadline) {
  CO_TRY_ASSIGN(const auto key, co_await PublicKey(deadline));
  std::vector<std::pair<size_t, Hash256>> others;
  bool found_it = false;
  for (size_t place = 0; place < places_.size(); ++place) {
    if (places_.StandingOf(place).state == PlaceState::kQuarantined) continue;
    const BootTime try_until = std::min(deadline, tools_.clock.BootNow() + kTryMax);
    const auto found = co_await tools_.signer.PublicKey(places_.uri(place), try_until);
    if (!found) {
      TakeOut(place, found.error());
    } else if (found->hash() == key.hash()) {
      found_it = true;
    } else {
      others.emplace_back(place, found->hash());
    }
  }
  if (!found_it && !others.empty()) {
    const auto& [place, hash] = others.front();
    co_return Fail(ErrorCode::kConfiguration, "key.mismatch",
                   "the certificate of " + parts_.owner + " is for the key with SHA-256 " +
                       ToHex(key.hash()) + ", but " + places_.uri(place) +
                       " names the key with SHA-256 " + ToHex(hash) +
                       "; correct the URI, or bring back the key");
  }
  for (const auto& [place, hash] : others) SetApart(place, OtherKey(hash), key.hash());
  co_return Ok();
}

Task<Status> SigningKey::Tend() {
  Status first = Ok();
  for (size_t place = 0; place < places_.size(); ++place) {
    Status tended = co_await TendPlace(place);
    if (first && !tended) first = std::move(tended);
  }
  co_return first;
}

Task<Status> SigningKey::TendPlace(size_t place) {
  CO_TRY(HeedNote(place));
  const BootTime now = tools_.clock.BootNow();
  const PlaceState state = places_.StandingOf(place).state;
  if (state == PlaceState::kQuarantined) co_return Ok();
  if (state == PlaceState::kOut && !places_.MayReturn(place, now)) co_return Ok();
  const auto key = co_await PublicKey(now + kTryMax);
  if (!key) {
    TakeOut(place, key.error());
    co_return Ok();
  }
  const bool answers = co_await Look(place, *key);
  if (!answers || (state == PlaceState::kInService && now < canary_due_[place])) co_return Ok();
  Status signed_one = co_await SignCanary(place, *key);
  co_return signed_one;
}

// What another process noted counts here too, and what an operator took away no longer does. Under
// the lock, so that a note which is being written is not taken for one that was taken away.
Status SigningKey::HeedNote(size_t place) {
  const std::string& uri = places_.uri(place);
  std::lock_guard lock(mutex_);
  const auto unwritten = std::ranges::find(not_noted_, uri, &QuarantineNote::uri);
  if (unwritten != not_noted_.end()) {
    TRY(tools_.quarantine.Put(*unwritten));
    not_noted_.erase(unwritten);
  }
  const auto note = tools_.quarantine.Find(uri);
  bool changed = false;
  if (!note) {
    changed = places_.SetApart(place, Unreadable(note.error()));
  } else if (*note) {
    changed = places_.SetApart(place, Noted(**note));
  } else {
    changed = places_.LetBack(place, tools_.clock.BootNow());
  }
  if (changed) Tell(place);
  return note ? Ok() : Status(note.error());
}

// Whether the place answers, and for the right key.
Task<bool> SigningKey::Look(size_t place, const x509::SubjectPublicKeyInfo& key) {
  const BootTime try_until = tools_.clock.BootNow() + kTryMax;
  const auto found = co_await tools_.signer.PublicKey(places_.uri(place), try_until);
  if (!found) {
    TakeOut(place, found.error());
    co_return false;
  }
  if (found->hash() == key.hash()) co_return true;
  SetApart(place, OtherKey(found->hash()), key.hash());
  co_return false;
}

Task<Status> SigningKey::SignCanary(size_t place, const x509::SubjectPublicKeyInfo& key) {
  CO_TRY(x509::SignatureAlgorithmFor(key.type()));
  const BootTime deadline = tools_.clock.BootNow() + 2 * kTryMax;
  canary_due_[place] = tools_.clock.BootNow() + kCanaryRetryPause;
  CanaryEntry entry = NewCanary(key);
  CO_TRY_ASSIGN(const RecordedCanary canary,
                co_await tools_.canaries.Record(std::move(entry), deadline));
  canary_due_[place] = tools_.clock.BootNow() + kCanaryEvery;
  const SignJob job =
      JobFor(SignPurpose::kCanary, key, canary.message(), tools_.clock.BootNow() + kTryMax);
  const Tried tried = co_await Try(place, job, key);
  if (tried.next == Tried::Next::kAgain || tried.next == Tried::Next::kFinal) {
    TakeOut(place, tried.error);
  }
  co_return Ok();
}

}  // namespace mayfly::signing
