// PgCertificateIndex: lists, on PostgreSQL. Its thread and session are its own, and its role only
// reads, so a list can hold up other lists and nothing else.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "ports/certificate_index.h"
#include "store/session_workers.h"

namespace mayfly::store {

class PgCertificateIndex final : public CertificateIndex {
 public:
  struct Options {
    std::string connection;  // libpq keywords; the role is added here
    std::optional<std::filesystem::path> password_file;
    Executor& executor;
    Timer& timer;
    const Clock& clock;
    size_t queue_max = 32;
  };
  explicit PgCertificateIndex(Options options);

  Task<Result<IndexPage>> Page(IndexQuery query, BootTime deadline) override;

 private:
  SessionWorkers readers_;
};

// What seals page tokens, the same for every server of this database. Blocking.
Result<Hash256> ReadPageKey(const std::string& connection,
                            const std::optional<std::filesystem::path>& password_file);

}  // namespace mayfly::store
