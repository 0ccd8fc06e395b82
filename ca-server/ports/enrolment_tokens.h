// Port: enrolment tokens. Implemented by store/enrolment_tokens.h (PostgreSQL) and
// tests/fakes/memory_ledger.h; tests/contract/enrolment_tokens_test.cc is the suite for both. Their
// uses are records (Ledger::Record), their revocations blocks (Ledger::AddBlock).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "policy/enrolment.h"

namespace mayfly {

constexpr size_t kTokensListedMax = 1000;

struct NewEnrolmentToken {
  policy::Enrolment enrolment;  // its expires is the database's to say
  Seconds lifetime;             // from the database's now on
};

struct EnrolmentTokenRecord {
  policy::Enrolment enrolment;
  TimePoint created_at;
  uint32_t use_count;
  bool is_revoked;
  bool is_expired;  // by the database's clock
};

class EnrolmentTokens {
 public:
  virtual ~EnrolmentTokens() = default;

  // Durable on return, with an event "enrolment-token.created".
  virtual Task<Result<EnrolmentTokenRecord>> Create(NewEnrolmentToken token, BootTime deadline) = 0;

  // By the SHA-256 of the token, and by its id. Expired ones too. To decide by, not to give away:
  // what is found may not be durable yet.
  virtual Task<Result<std::optional<EnrolmentTokenRecord>>> Find(Hash256 token_hash,
                                                                 BootTime deadline) = 0;
  virtual Task<Result<std::optional<EnrolmentTokenRecord>>> FindById(Uuid id,
                                                                     BootTime deadline) = 0;

  // Those that have not expired, the newest first, kTokensListedMax at most; nothing: everybody's.
  virtual Task<Result<std::vector<EnrolmentTokenRecord>>> Unexpired(
      std::optional<std::string> made_by, BootTime deadline) = 0;
};

}  // namespace mayfly
