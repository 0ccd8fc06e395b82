// Signed answers by certificate and CertID form. Not thread-safe: ResponderMemory guards it.
#pragma once

#include <array>
#include <list>
#include <map>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "ocsp/response.h"

namespace mayfly::ocsp {

constexpr size_t kCachedAnswersMax = 32 * 1024;  // about 1.5 KiB each

// What a cache between us and the client may do with an answer (RFC 9919 6).
struct CacheFacts {
  TimePoint this_update;
  TimePoint next_update;
};

// What an answer says: of a certificate, or why nothing is said.
enum class AnswerKind : uint8_t {
  kGood,
  kRevoked,
  kUnknown,
  kTryLater,
  kMalformedRequest,
  kUnauthorized,
  kInternalError,
};
inline constexpr std::array kAnswerKinds = {
    AnswerKind::kGood,         AnswerKind::kRevoked,          AnswerKind::kUnknown,
    AnswerKind::kTryLater,     AnswerKind::kMalformedRequest, AnswerKind::kUnauthorized,
    AnswerKind::kInternalError};
std::string_view AnswerKindName(AnswerKind kind);

struct CachedAnswer {
  Bytes der;
  CacheFacts facts;
  BootTime usable_until;  // half of its life: clients get no answer that is about to expire
  AnswerKind kind = AnswerKind::kGood;
};

class ResponseCache {
 public:
  explicit ResponseCache(size_t answers_max = kCachedAnswersMax) : answers_max_(answers_max) {}
  // Nothing where there is none that is usable at `now`.
  const CachedAnswer* Find(const CertificateKey& key, CertIdForm form, BootTime now) const;
  // Replaces the answer before. The oldest one goes where the cache is full.
  void Put(const CertificateKey& key, CertIdForm form, CachedAnswer answer);
  // Every form of the certificate's CertID.
  void Kill(const CertificateKey& key);
  void Clear();
  size_t size() const { return oldest_first_.size(); }

 private:
  using Slot = std::pair<CertificateKey, CertIdForm>;
  struct Entry {
    Slot slot;
    CachedAnswer answer;
  };
  void Erase(const Slot& slot);
  size_t answers_max_;
  std::list<Entry> oldest_first_;
  std::map<Slot, std::list<Entry>::iterator> by_slot_;
};

}  // namespace mayfly::ocsp
