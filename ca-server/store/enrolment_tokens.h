// PgEnrolmentTokens: enrolment tokens, on PostgreSQL. Thread and session are its own.
#pragma once

#include "ports/enrolment_tokens.h"
#include "store/certificate_index.h"

namespace mayfly::store {

class PgEnrolmentTokens final : public EnrolmentTokens {
 public:
  explicit PgEnrolmentTokens(const IndexOptions& options);

  Task<Result<EnrolmentTokenRecord>> Create(NewEnrolmentToken token, BootTime deadline) override;
  Task<Result<std::optional<EnrolmentTokenRecord>>> Find(Hash256 token_hash,
                                                         BootTime deadline) override;
  Task<Result<std::optional<EnrolmentTokenRecord>>> FindById(Uuid id, BootTime deadline) override;
  Task<Result<std::vector<EnrolmentTokenRecord>>> Unexpired(std::optional<std::string> made_by,
                                                            BootTime deadline) override;

 private:
  SessionWorkers workers_;
};

}  // namespace mayfly::store
