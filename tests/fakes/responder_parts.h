// Fakes with behaviour for what an OCSP responder is given: a ledger's statuses, a feed of
// revocations with its lease row, and a signer that can be held.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "ports/signer.h"
#include "ports/status_source.h"
#include "tests/fakes/manual_clock.h"
#include "x509/certificate.h"

namespace mayfly::fakes {

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}
inline std::string OcspGolden(const std::string& name) {
  return ReadFile(std::string(MAYFLY_SOURCE_DIR) + "/tests/golden/ocsp/" + name);
}
inline Bytes OcspGoldenDer(const std::string& name) { return ToBytes(AsBytes(OcspGolden(name))); }
inline x509::Certificate OcspGoldenCertificate(const std::string& name) {
  return x509::Certificate::FromPem(OcspGolden(name)).value();
}

class CountingRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> out) override {
    for (uint8_t& octet : out) octet = next_++;
  }

 private:
  uint8_t next_ = 0;
};

// Signs with a P-256 key from a PEM file, inside the call; Hold() makes it wait for LetGo().
class PemSigner final : public Signer {
 public:
  explicit PemSigner(const std::string& path) {
    FILE* file = std::fopen(path.c_str(), "r");
    if (!file) std::abort();
    key_ = PEM_read_PrivateKey(file, nullptr, nullptr, nullptr);
    std::fclose(file);
  }
  ~PemSigner() override { EVP_PKEY_free(key_); }

  Task<SignResult> Sign(SignJob job) override {
    Enter(job);
    if (failure)
      co_return SignResult{*failure, {}, Error{ErrorCode::kSignerUnavailable, "signer.test", "no"}};
    Bytes signature = MakeSignature(job.message);
    if (corrupt) signature.back() ^= 1;
    co_return SignResult{SignResult::Outcome::kSigned, std::move(signature), {}};
  }
  Task<Result<x509::SubjectPublicKeyInfo>> PublicKey(std::string, BootTime) override {
    co_return Fail(ErrorCode::kNotFound, "signer.key-not-found", "not here");
  }

  void Hold() { Set(true); }
  void LetGo() { Set(false); }
  void AwaitHeld(int count = 1) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }
  std::vector<SignJob> jobs() const {
    std::lock_guard lock(mutex_);
    return jobs_;
  }

  std::optional<SignResult::Outcome> failure;
  bool corrupt = false;

 private:
  void Enter(const SignJob& job) {
    std::unique_lock lock(mutex_);
    jobs_.push_back(job);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    --waiting_;
  }
  void Set(bool held) {
    std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  Bytes MakeSignature(const Bytes& message) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    size_t size = 256;
    Bytes signature(size);
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_);
    EVP_DigestSign(context, signature.data(), &size, message.data(), message.size());
    EVP_MD_CTX_free(context);
    signature.resize(size);
    return signature;
  }

  EVP_PKEY* key_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  int waiting_ = 0;
  std::vector<SignJob> jobs_;
};

// Statuses by certificate; kAbsent for others. The time is the clock's.
class MapStatusSource final : public StatusSource {
 public:
  explicit MapStatusSource(const Clock& clock) : clock_(clock) {}
  Task<Result<LedgerStatus>> Lookup(CertificateKey key, BootTime) override {
    std::lock_guard lock(mutex_);
    ++lookups_;
    if (down_) co_return Fail(ErrorCode::kStoreUnavailable, "store.down", "away");
    auto found = statuses_.find(key);
    LedgerStatus status{LedgerStatus::Standing::kAbsent, std::nullopt, clock_.Now(), clock_.Now()};
    if (found != statuses_.end()) status = found->second;
    status.database_now = clock_.Now();
    co_return status;
  }
  void Put(const CertificateKey& key, LedgerStatus status) {
    std::lock_guard lock(mutex_);
    statuses_.insert_or_assign(key, std::move(status));
  }
  void SetDown(bool down) {
    std::lock_guard lock(mutex_);
    down_ = down;
  }
  int lookups() const {
    std::lock_guard lock(mutex_);
    return lookups_;
  }

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<CertificateKey, LedgerStatus> statuses_;
  bool down_ = false;
  int lookups_ = 0;
};

// Revocations, and the lease row. `on_load` and `on_write` run first in the calls that they name.
class ListRevocationFeed final : public RevocationFeed {
 public:
  Result<std::vector<Revocation>> RevocationsAfter(uint64_t number, size_t count_max) override {
    if (on_load) on_load();
    std::lock_guard lock(mutex_);
    if (down_) return Fail(ErrorCode::kStoreUnavailable, "store.down", "away");
    std::vector<Revocation> page;
    for (const Revocation& revocation : revocations_) {
      if (revocation.number > number && page.size() < count_max) page.push_back(revocation);
    }
    return page;
  }
  Result<TimePoint> WriteLease(uint64_t applied, Seconds, Seconds) override {
    if (on_write) on_write();
    std::lock_guard lock(mutex_);
    if (down_) return Fail(ErrorCode::kStoreUnavailable, "store.down", "away");
    lease_applied_ = applied;
    ++writes_;
    changed_.notify_all();
    return TimePoint{};
  }
  Status DropLease() override {
    std::lock_guard lock(mutex_);
    lease_applied_.reset();
    return Ok();
  }
  void WaitForHint(Milliseconds) override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, Milliseconds(20), [this] { return hinted_; });
    hinted_ = false;
  }

  void Add(const Revocation& revocation) {
    std::lock_guard lock(mutex_);
    revocations_.push_back(revocation);
    hinted_ = true;
    changed_.notify_all();
  }
  void SetDown(bool down) {
    std::lock_guard lock(mutex_);
    down_ = down;
  }
  std::optional<uint64_t> lease_applied() const {
    std::lock_guard lock(mutex_);
    return lease_applied_;
  }
  int writes() const {
    std::lock_guard lock(mutex_);
    return writes_;
  }
  std::function<void()> on_load, on_write;  // set before the keeper starts

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Revocation> revocations_;
  std::optional<uint64_t> lease_applied_;
  bool down_ = false, hinted_ = false;
  int writes_ = 0;
};

}  // namespace mayfly::fakes
