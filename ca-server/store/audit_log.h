// PgAuditLog: the audit log's port on PostgreSQL, as the role mayfly_audit.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "ports/audit_log.h"
#include "store/pqxx.h"

namespace mayfly::store {

class PgAuditLog final : public AuditLog {
 public:
  struct Options {
    std::string connection;  // libpq keywords; the role is added here
    std::optional<std::filesystem::path> password_file;
    std::string origin;  // which log
  };
  // Connects when first used.
  explicit PgAuditLog(Options options);

  Result<uint64_t> CloseTick() override;
  Status ReadEntries(TickRange ticks, const Take& take) override;
  Result<LogPosition> Newest() override;
  Result<std::optional<LogPosition>> At(uint64_t size) override;
  Status Commit(const LogPosition& position) override;

 private:
  Session& Connected();

  const SessionOptions session_options_;
  const std::string origin_;
  std::unique_ptr<Session> session_;
};

}  // namespace mayfly::store
