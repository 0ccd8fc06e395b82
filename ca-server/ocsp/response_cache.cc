#include "ocsp/response_cache.h"

namespace mayfly::ocsp {

std::string_view AnswerKindName(AnswerKind kind) {
  switch (kind) {
    case AnswerKind::kGood:
      return "good";
    case AnswerKind::kRevoked:
      return "revoked";
    case AnswerKind::kUnknown:
      return "unknown";
    case AnswerKind::kTryLater:
      return "try-later";
    case AnswerKind::kMalformedRequest:
      return "malformed-request";
    case AnswerKind::kUnauthorized:
      return "unauthorized";
    case AnswerKind::kInternalError:
      return "internal-error";
  }
  return "internal-error";
}

const CachedAnswer* ResponseCache::Find(const CertificateKey& key, CertIdForm form,
                                        BootTime now) const {
  auto found = by_slot_.find(Slot{key, form});
  if (found == by_slot_.end() || now >= found->second->answer.usable_until) return nullptr;
  return &found->second->answer;
}

void ResponseCache::Put(const CertificateKey& key, CertIdForm form, CachedAnswer answer) {
  Slot slot{key, form};
  Erase(slot);
  if (oldest_first_.size() >= answers_max_) Erase(Slot(oldest_first_.front().slot));
  oldest_first_.push_back(Entry{slot, std::move(answer)});
  by_slot_.emplace(std::move(slot), std::prev(oldest_first_.end()));
}

void ResponseCache::Kill(const CertificateKey& key) {
  for (CertIdForm form : kCertIdForms) Erase(Slot{key, form});
}

void ResponseCache::Clear() {
  by_slot_.clear();
  oldest_first_.clear();
}

void ResponseCache::Erase(const Slot& slot) {
  auto found = by_slot_.find(slot);
  if (found == by_slot_.end()) return;
  oldest_first_.erase(found->second);
  by_slot_.erase(found);
}

}  // namespace mayfly::ocsp
