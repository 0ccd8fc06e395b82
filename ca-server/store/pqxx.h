// The one place that knows libpqxx (6.4 and 7.10 both compile): sessions, statements, results.
//
// Inside store/ failures travel as SqlError; each port's method catches it at its border.
#pragma once

#include <atomic>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "store/client_certificate_file.h"

namespace mayfly::store {

// What became of a statement that failed.
class SqlError : public std::exception {
 public:
  enum class Kind {
    kLost,     // no connection, and no COMMIT was under way: nothing was written
    kInDoubt,  // COMMIT was sent and nobody said whether it is durable
    kRefused,  // the server answered with an error; sqlstate() says which
  };
  SqlError(Kind kind, std::string sqlstate, std::string message)
      : kind_(kind), sqlstate_(std::move(sqlstate)), message_(std::move(message)) {}

  Kind kind() const { return kind_; }
  const std::string& sqlstate() const { return sqlstate_; }
  const char* what() const noexcept override { return message_.c_str(); }
  bool InClass(std::string_view prefix) const { return sqlstate_.starts_with(prefix); }
  // 40001 serialization_failure, 40P01 deadlock_detected: the whole transaction may be tried again.
  bool retryable() const { return sqlstate_ == "40001" || sqlstate_ == "40P01"; }
  // The server cannot for now, whatever the rows are: resources, cancelled, shutting down, a
  // standby, an I/O error.
  bool unavailable() const;

 private:
  Kind kind_;
  std::string sqlstate_;
  std::string message_;
};

// For callers: kStoreUnavailable "ledger.unavailable" with retry_after, kCommitInDoubt
// "ledger.in-doubt", or kInternal "ledger.refused"; the SQL stays in `detail`.
Error ToError(const SqlError& error);

// Values of $1, $2, ...: always bound, never spliced into the text.
class Params {
 public:
  Params& Add(std::string text);
  Params& Add(int64_t number) { return Add(std::to_string(number)); }
  Params& Add(ByteSpan bytes) { return Add("\\x" + ToHex(bytes)); }
  Params& Add(const Uuid& uuid) { return Add(uuid.ToString()); }
  Params& Add(TimePoint time) { return Add(time.time_since_epoch().count()); }  // microseconds
  const std::vector<std::string>& values() const { return values_; }

 private:
  std::vector<std::string> values_;
};

// A PostgreSQL array literal, for unnest($1::bytea[]).
class ArrayText {
 public:
  ArrayText& Add(std::string_view text);
  ArrayText& Add(ByteSpan bytes) { return Add(std::string_view("\\x" + ToHex(bytes))); }
  ArrayText& Add(int64_t number);
  ArrayText& AddNull();
  std::string Take() { return "{" + std::move(text_) + "}"; }

 private:
  void Separate();
  std::string text_;
};

enum class Access { kReadWrite, kAny };  // kAny: a standby will do

// kOnce: statements with parameters are prepared at their first use and planned whatever their
// values are. For sessions that run few statements, all by primary keys: over our partitions a
// plan takes the server ten times as long as its rows.
enum class Plans { kEachTime, kOnce };

struct SessionOptions {
  std::string connection;  // libpq keywords; no URI, no password
  std::string role;        // empty: whoever the connection says
  std::optional<std::filesystem::path> password_file;
  Access access = Access::kReadWrite;
  Plans plans = Plans::kEachTime;
  Seconds statement_timeout{5};  // 0: none
};
// The libpq keywords to connect with. Errors: kConfiguration "database.connection".
Result<std::string> ConnectionKeywords(const SessionOptions& options);

constexpr Seconds kConnectTimeout{2};
constexpr Seconds kIdleInTransactionTimeout{5};  // a stopped process lets go of its locks after it

// One connection, for one thread. It is never reused after it was lost: libpqxx 6 would reconnect
// silently, and a transaction would go on without its first half.
class Session {
 public:
  explicit Session(const SessionOptions& options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  pqxx::result Exec(const std::string& sql, const Params& params = {});
  void Begin(const char* mode = "") { Exec(std::string("BEGIN ") + mode); }
  // Throws kInDoubt where the answer is missing, or came with a warning: then the transaction is
  // committed here, but the standby was not waited for.
  void Commit();
  void Rollback() noexcept;
  // A transaction that writes and commits: what was visible before it began is durable after it.
  void Barrier();
  int WaitForNotification(Milliseconds wait);
  // Drops the connection; the server forgets the transaction.
  void Cut() noexcept;
  // For a next piece of work: not lost, and its client certificate is the one that is there now.
  // Work that has begun is finished whatever becomes of the file.
  bool usable() const { return usable_ && !certificate_.WasReplaced(); }
  // From any thread: what hangs in a call of this session fails.
  void Interrupt();

 private:
  class Notices;
  void Connect(const std::string& keywords);
  pqxx::result Run(const std::string& sql, const Params& params);
  const std::string& Prepared(const std::string& sql);
  [[noreturn]] void Raise(std::string sqlstate, const std::string& message);

  std::unique_ptr<pqxx::connection> connection_;
  std::unique_ptr<Notices> notices_;
  std::unique_ptr<pqxx::nontransaction> statements_;
  ClientCertificateFile certificate_;
  const Plans plans_;
  std::map<std::string, std::string, std::less<>> prepared_;  // SQL -> name
  bool usable_ = false;
  std::mutex socket_mutex_;
  int socket_ = -1;
};

// BEGIN, and ROLLBACK unless committed.
class Transaction {
 public:
  // `mode`: what SQL's BEGIN takes.
  explicit Transaction(Session& session, const char* mode = "") : session_(session) {
    session_.Begin(mode);
  }
  ~Transaction() {
    if (!committed_) session_.Rollback();
  }
  void Commit() {
    committed_ = true;  // whatever comes of it, there is nothing left to roll back
    session_.Commit();
  }

 private:
  Session& session_;
  bool committed_ = false;
};

// Fields. Each throws SqlError (kRefused) where the field is not of that kind.
Bytes BytesOf(const pqxx::field& field);
Hash256 HashOf(const pqxx::field& field);    // of the schema's 32 octets
TimePoint TimeOf(const pqxx::field& field);  // from Micros(..)
Uuid UuidOf(const pqxx::field& field);
// SQL: a timestamptz expression as Unix microseconds, and back.
std::string Micros(std::string_view expression);
std::string FromMicros(std::string_view expression);

}  // namespace mayfly::store
