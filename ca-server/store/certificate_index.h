// PgCertificateIndex: lists, on PostgreSQL. Its thread and session are its own, and its role only
// reads, so a list can hold up other lists and nothing else.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "ports/certificate_index.h"
#include "store/session_workers.h"

namespace mayfly::store {

struct IndexOptions {
  std::string connection;  // libpq keywords; the role is added here
  std::optional<std::filesystem::path> password_file;
  Executor& executor;
  Timer& timer;
  const Clock& clock;
  size_t queue_max = 32;
};
// What runs the queries of a list: one thread with a session of the role that only reads.
SessionWorkers IndexReaders(const IndexOptions& options);

class PgCertificateIndex final : public CertificateIndex {
 public:
  explicit PgCertificateIndex(const IndexOptions& options) : readers_(IndexReaders(options)) {}

  Task<Result<IndexPage>> Page(IndexQuery query, BootTime deadline) override;
  Task<Result<bool>> IsAnothersKey(KeyClaim claim, BootTime deadline) override;

 private:
  SessionWorkers readers_;
};

// What seals page tokens, the same for every server of this database. Blocking.
Result<Hash256> ReadPageKey(const std::string& connection,
                            const std::optional<std::filesystem::path>& password_file);

}  // namespace mayfly::store
