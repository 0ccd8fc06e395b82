#include "tests/contract/postgres_fixture.h"

#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "store/migrator.h"
#include "store/pqxx.h"

namespace mayfly::contract {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "postgres fixture: %s\n", why.c_str());
  std::exit(1);
}

fs::path FindBin() {
  fs::path newest;
  int newest_major = 0;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const int major = std::atoi(entry.path().filename().c_str());
    if (major > newest_major && fs::exists(entry.path() / "bin/initdb")) {
      newest_major = major;
      newest = entry.path() / "bin";
    }
  }
  if (newest.empty()) Die("no /usr/lib/postgresql/*/bin/initdb");
  return newest;
}

// initdb refuses root, so root becomes postgres, who must be able to enter the parent folders.
std::string AsPostgres() {
  if (geteuid() != 0) return "";
  return "setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=+dac_read_search "
         "--ambient-caps=+dac_read_search ";
}

std::string Shell(const std::string& command) {
  FILE* pipe = popen(("cd / && " + command).c_str(), "r");
  if (!pipe) Die("cannot run " + command);
  std::string output;
  char buffer[4096];
  while (size_t count = fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, count);
  if (pclose(pipe) != 0) Die(command + " failed:\n" + output);
  return output;
}

fs::path MakeDirectory() {
  char name[] = "/tmp/mayfly-pg-XXXXXX";
  if (!mkdtemp(name)) Die("cannot make a temporary directory");
  if (geteuid() == 0) {
    const passwd* postgres = getpwnam("postgres");
    if (!postgres || chown(name, postgres->pw_uid, postgres->pw_gid) != 0) Die("no user postgres");
  }
  return name;
}

}  // namespace

PostgresCluster& PostgresCluster::Shared() {
  static PostgresCluster cluster;
  return cluster;
}

PostgresCluster::PostgresCluster() : directory_(MakeDirectory()), bin_(FindBin()) {
  major_version_ = std::atoi(bin_.parent_path().filename().c_str());
  fs::create_directory(directory_ / "failpoints");
  setenv("MAYFLY_FAILPOINT_DIR", (directory_ / "failpoints").c_str(), 1);
  // --no-sync is about initdb's own files; the server runs with fsync on.
  Shell(AsPostgres() + (bin_ / "initdb").string() + " -U postgres -A trust -E UTF8 --no-sync -D " +
        (directory_ / "data").string() + " 2>&1");
  Start();
}

PostgresCluster::~PostgresCluster() {
  Stop();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void PostgresCluster::Start() {
  Shell(AsPostgres() + (bin_ / "pg_ctl").string() + " start -w -D " +
        (directory_ / "data").string() + " -l " + (directory_ / "log").string() + " -o \"-k " +
        directory_.string() + " -c listen_addresses= -c fsync=on\" >/dev/null 2>&1");
}

void PostgresCluster::Stop() {
  Shell(AsPostgres() + (bin_ / "pg_ctl").string() + " stop -m immediate -w -D " +
        (directory_ / "data").string() + " >/dev/null 2>&1");
}

std::string PostgresCluster::Connection(const std::string& database) const {
  return "host=" + directory_.string() + " user=postgres dbname=" + database;
}

std::string PostgresCluster::NewDatabase() {
  const std::string name = "mayfly_" + std::to_string(++databases_);
  store::Session session({.connection = Connection("postgres")});
  session.Exec("CREATE DATABASE " + name);
  return name;
}

std::string PostgresCluster::NewMigratedDatabase() {
  std::string name = NewDatabase();
  if (auto status = store::Migrate(Connection(name)); !status) {
    Die(Describe(status.error(), ErrorText::kForLog));
  }
  return name;
}

void PostgresCluster::Arm(const std::string& failpoint, const std::string& action) const {
  const fs::path file = directory_ / "failpoints" / failpoint;
  std::ofstream(file.string() + ".new") << action;
  fs::rename(file.string() + ".new", file);  // never seen half written
}

void PostgresCluster::Disarm(const std::string& failpoint) const {
  fs::remove(directory_ / "failpoints" / failpoint);
}

std::string PostgresCluster::Run(const std::vector<std::string>& command) const {
  std::string line = bin_.string() + "/";
  for (const std::string& word : command) line += word + " ";
  return Shell(line + "2>&1");
}

}  // namespace mayfly::contract
