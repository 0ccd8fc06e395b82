// Fakes with behaviour for what a SigningKey is given: notes of quarantine and records of canaries
// in memory, and signers whose places fail as told.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/system.h"
#include "signing/signing_key.h"

namespace mayfly::fakes {

class MemoryQuarantine final : public Quarantine {
 public:
  Status Put(const QuarantineNote& note) override {
    std::lock_guard lock(mutex_);
    if (full_) return Fail(ErrorCode::kInternal, "key.quarantine-note", "no space");
    notes_.try_emplace(note.uri, note);
    return Ok();
  }
  Result<std::optional<QuarantineNote>> Find(const std::string& uri) override {
    std::lock_guard lock(mutex_);
    if (unreadable_) return Fail(ErrorCode::kInternal, "key.quarantine-note", "unreadable");
    const auto found = notes_.find(uri);
    if (found == notes_.end()) return std::optional<QuarantineNote>();
    return std::optional(found->second);
  }
  void Clear() {
    std::lock_guard lock(mutex_);
    notes_.clear();
  }
  size_t size() const {
    std::lock_guard lock(mutex_);
    return notes_.size();
  }
  void SetFull(bool full) {
    std::lock_guard lock(mutex_);
    full_ = full;
  }
  void SetUnreadable(bool unreadable) {
    std::lock_guard lock(mutex_);
    unreadable_ = unreadable;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, QuarantineNote> notes_;
  bool full_ = false, unreadable_ = false;
};

class MemoryCanaryRecords final : public CanaryRecords {
 public:
  Task<Result<RecordedCanary>> Record(CanaryEntry entry, BootTime) override {
    std::lock_guard lock(mutex_);
    if (down_) co_return Fail(ErrorCode::kStoreUnavailable, "store.down", "away");
    messages_.push_back(entry.message);
    co_return MakeRecorded(std::move(entry.message));
  }
  bool Has(const Bytes& message) const {
    std::lock_guard lock(mutex_);
    return std::ranges::find(messages_, message) != messages_.end();
  }
  size_t size() const {
    std::lock_guard lock(mutex_);
    return messages_.size();
  }
  void SetDown(bool down) {
    std::lock_guard lock(mutex_);
    down_ = down;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Bytes> messages_;
  bool down_ = false;
};

// What a SigningKey needs beside a signer, with the real time.
struct SigningParts {
  signing::SigningTools ToolsWith(Signer& signer, const Clock& clock, RandomSource& random) {
    return {clock,    random,
            signer,   timer,
            executor, quarantine,
            canaries, [this](const signing::PlaceChange& change) { Note(change); }};
  }
  std::shared_ptr<signing::SigningKey> MakeKey(signing::SigningKeyParts parts, Signer& signer,
                                               const Clock& clock, RandomSource& random) {
    return std::make_shared<signing::SigningKey>(std::move(parts),
                                                 ToolsWith(signer, clock, random));
  }
  std::vector<signing::PlaceChange> changes() const {
    std::lock_guard lock(mutex);
    return told;
  }

  SystemClock system_clock;
  Timer timer{system_clock};
  ThreadPool executor{1};
  MemoryQuarantine quarantine;
  MemoryCanaryRecords canaries;
  mutable std::mutex mutex;
  std::vector<signing::PlaceChange> told;  // guarded

 private:
  void Note(const signing::PlaceChange& change) {
    std::lock_guard lock(mutex);
    told.push_back(change);
  }
};

// A P-256 key pair in memory.
class MemoryKey {
 public:
  MemoryKey() : key_(EVP_EC_gen("P-256")) {}
  ~MemoryKey() { EVP_PKEY_free(key_); }
  MemoryKey(const MemoryKey&) = delete;
  MemoryKey& operator=(const MemoryKey&) = delete;

  x509::SubjectPublicKeyInfo spki() const {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key_, &der);
    const Bytes copy(der, der + size);
    OPENSSL_free(der);
    return *x509::SubjectPublicKeyInfo::FromDer(copy);
  }
  Bytes Sign(ByteSpan message) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    Bytes signature(128);
    size_t size = signature.size();
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_);
    EVP_DigestSign(context, signature.data(), &size, message.data(), message.size());
    EVP_MD_CTX_free(context);
    signature.resize(size);
    return signature;
  }

 private:
  EVP_PKEY* key_;
};

// Places of keys that do as they are told.
class PlacedSigner final : public Signer {
 public:
  enum class Does : uint8_t {
    kSigns,
    kFlipsABit,
    kIsAway,
    kMayHaveSigned,
    kHangs,
    kIsFull,
    kRefuses
  };
  struct Place {
    const MemoryKey* key;
    Does does = Does::kSigns;
    std::vector<SignJob> jobs{};
  };
  explicit PlacedSigner(Timer& timer, Executor& executor) : timer_(timer), executor_(executor) {}

  void Put(const std::string& uri, const MemoryKey& key) {
    std::lock_guard lock(mutex_);
    places_.insert_or_assign(uri, Place{&key});
  }
  void Tell(const std::string& uri, Does does) {
    std::lock_guard lock(mutex_);
    places_.at(uri).does = does;
  }
  std::vector<SignJob> JobsAt(const std::string& uri) const {
    std::lock_guard lock(mutex_);
    return places_.at(uri).jobs;
  }

  Task<SignResult> Sign(SignJob job) override {
    const Place place = Enter(job);
    using Outcome = SignResult::Outcome;
    switch (place.does) {
      case Does::kIsAway:
        co_return SignResult{Outcome::kNotSigned, {}, Away()};
      case Does::kHangs:
        co_await SleepUntil(timer_, executor_, job.deadline);
        co_return SignResult{Outcome::kMayHaveBeenSigned, {}, Away()};
      case Does::kMayHaveSigned:
        co_return SignResult{Outcome::kMayHaveBeenSigned, {}, Away()};
      case Does::kIsFull:
        co_return SignResult{
            Outcome::kNotSigned, {}, Fail(ErrorCode::kOverloaded, "signer.overloaded", "full")};
      case Does::kRefuses:
        co_return SignResult{
            Outcome::kRefused, {}, Fail(ErrorCode::kSignerUnavailable, "signer.message", "no")};
      case Does::kSigns:
      case Does::kFlipsABit:
        break;
    }
    if (place.key->spki().hash() != job.key.spki_hash) {
      co_return SignResult{Outcome::kRefused,
                           {},
                           Fail(ErrorCode::kSignerUnavailable, "signer.key-mismatch", "other")};
    }
    Bytes signature = place.key->Sign(job.message);
    if (place.does == Does::kFlipsABit) signature.back() ^= 1;
    co_return SignResult{Outcome::kSigned, std::move(signature), {}};
  }
  Task<Result<x509::SubjectPublicKeyInfo>> PublicKey(std::string uri, BootTime) override {
    std::lock_guard lock(mutex_);
    const Place& place = places_.at(uri);
    if (place.does == Does::kIsAway || place.does == Does::kHangs) co_return Away();
    co_return place.key->spki();
  }

 private:
  static Error Away() { return Fail(ErrorCode::kSignerUnavailable, "signer.away", "away"); }
  Place Enter(const SignJob& job) {
    std::lock_guard lock(mutex_);
    Place& place = places_.at(job.key.uri);
    place.jobs.push_back(job);
    return {place.key, place.does, {}};
  }

  Timer& timer_;
  Executor& executor_;
  mutable std::mutex mutex_;
  std::map<std::string, Place> places_;
};

}  // namespace mayfly::fakes
