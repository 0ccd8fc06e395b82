// A PostgreSQL cluster of the test's own: temporary directory, Unix socket only, fsync on.
// One for each test binary, made when first asked for and removed at exit.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mayfly::contract {

class PostgresCluster {
 public:
  // Ends the process with the reason where there is no PostgreSQL to run.
  static PostgresCluster& Shared();

  std::string NewDatabase();          // empty; gives its name
  std::string NewMigratedDatabase();  // the same with the schema
  // libpq keywords, without a role: the superuser unless one is added.
  std::string Connection(const std::string& database) const;
  int major_version() const { return major_version_; }
  const std::filesystem::path& bin() const { return bin_; }

  void Stop();  // pg_ctl stop -m immediate: as a crash
  void Start();
  // Files of MAYFLY_FAILPOINT_DIR, which is set by now. Arm one: write its action.
  void Arm(const std::string& failpoint, const std::string& action) const;
  void Disarm(const std::string& failpoint) const;
  // Runs a program of the cluster's bin; gives what it printed. Ends the process where it fails.
  std::string Run(const std::vector<std::string>& command) const;

 private:
  PostgresCluster();
  ~PostgresCluster();
  std::filesystem::path directory_, bin_;
  int major_version_ = 0;
  int databases_ = 0;
};

}  // namespace mayfly::contract
