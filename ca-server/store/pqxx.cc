#include "store/pqxx.h"

#include <libpq-fe.h>
#include <sys/socket.h>

#include <algorithm>

namespace mayfly::store {
namespace {

std::string Quoted(std::string_view value) {
  std::string out = "'";
  for (char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

void Append(std::string& keywords, std::string_view name, std::string_view value) {
  keywords.append(" ").append(name).append("=").append(Quoted(value));
}

Error BadConnection(std::string why) {
  return Fail(
      ErrorCode::kConfiguration, "database.connection",
      "the database connection must be libpq keywords (host=... dbname=...): " + std::move(why));
}

// Which keywords are there, and that the text ends where it seems to (no open quote).
Status CheckKeywords(const std::string& text) {
  char* problem = nullptr;
  PQconninfoOption* parsed = PQconninfoParse(text.c_str(), &problem);
  if (!parsed) {
    std::string why = problem ? problem : "out of memory";
    PQfreemem(problem);
    return BadConnection(why);
  }
  bool password = false;
  for (PQconninfoOption* option = parsed; option->keyword; ++option) {
    password |= option->val && std::string_view(option->keyword) == "password";
  }
  PQconninfoFree(parsed);
  if (password) return BadConnection("a password belongs in password_file");
  return Ok();
}

#if PQXX_VERSION_MAJOR >= 7
pqxx::params Bound(const Params& params) {
  pqxx::params bound;
  bound.reserve(params.values().size());
  for (const std::string& value : params.values()) bound.append(value);
  return bound;
}
#else
auto Bound(const Params& params) { return pqxx::prepare::make_dynamic_params(params.values()); }
#endif

// What was prepared is no longer there, or gives other columns than it did: a new session will do.
bool IsStalePlan(std::string_view sqlstate) { return sqlstate == "26000" || sqlstate == "0A000"; }

}  // namespace

bool SqlError::unavailable() const {
  return InClass("08") || InClass("53") || InClass("57") || InClass("58") || InClass("55") ||
         InClass("25006") || InClass("XX");
}

Error ToError(const SqlError& error) {
  if (error.kind() == SqlError::Kind::kInDoubt) {
    Error out =
        FailWithDetail(ErrorCode::kCommitInDoubt, "ledger.in-doubt",
                       "the database did not say whether it was written; ask again", error.what());
    out.retry_after = Milliseconds(1000);
    return out;
  }
  if (error.kind() == SqlError::Kind::kLost || error.retryable() || error.unavailable()) {
    Error out = FailWithDetail(ErrorCode::kStoreUnavailable, "ledger.unavailable",
                               "the database cannot be used at the moment; try again",
                               error.sqlstate() + " " + error.what());
    out.retry_after = Milliseconds(1000);
    return out;
  }
  return FailWithDetail(ErrorCode::kInternal, "ledger.refused", "the database refused the request",
                        error.sqlstate() + " " + error.what());
}

Params& Params::Add(std::string text) {
  values_.push_back(std::move(text));
  return *this;
}

void ArrayText::Separate() {
  if (!text_.empty()) text_ += ',';
}

ArrayText& ArrayText::Add(std::string_view text) {
  Separate();
  text_ += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }
  text_ += '"';
  return *this;
}

ArrayText& ArrayText::Add(int64_t number) {
  Separate();
  text_ += std::to_string(number);
  return *this;
}

ArrayText& ArrayText::AddNull() {
  Separate();
  text_ += "NULL";
  return *this;
}

Result<std::string> ConnectionKeywords(const SessionOptions& options) {
  if (options.connection.find("://") != std::string::npos) return BadConnection("not a URI");
  // It would swallow the blank before what is added here, and the role with it.
  if (options.connection.ends_with('\\')) return BadConnection("it ends in a backslash");
  TRY(CheckKeywords(options.connection));
  // The last of two equal keywords wins in libpq.
  std::string keywords = options.connection;
  if (!options.role.empty()) Append(keywords, "user", options.role);
  if (options.password_file) Append(keywords, "passfile", options.password_file->string());
  Append(keywords, "application_name", options.role.empty() ? "mayfly" : options.role);
  Append(keywords, "client_encoding", "UTF8");
  Append(keywords, "connect_timeout", std::to_string(kConnectTimeout.count()));
  Append(keywords, "tcp_user_timeout", "5000");
  Append(keywords, "keepalives_idle", "5");
  Append(keywords, "keepalives_interval", "2");
  Append(keywords, "keepalives_count", "3");
  if (options.access == Access::kReadWrite) Append(keywords, "target_session_attrs", "read-write");
  return keywords;
}

// Counts what the server says beside its answers.
#if PQXX_VERSION_MAJOR >= 7
class Session::Notices {
 public:
  explicit Notices(pqxx::connection& connection) {
    connection.set_notice_handler([this](pqxx::zview) { ++count; });
  }
  int count = 0;
};
#else
class Session::Notices : public pqxx::errorhandler {
 public:
  explicit Notices(pqxx::connection& connection) : pqxx::errorhandler(connection) {}
  bool operator()(const char[]) noexcept override {
    ++count;
    return false;
  }
  int count = 0;
};
#endif

Session::Session(const SessionOptions& options) : plans_(options.plans) {
  auto keywords = ConnectionKeywords(options);
  if (!keywords) {
    throw SqlError(SqlError::Kind::kLost, "", Describe(keywords.error(), ErrorText::kForLog));
  }
  try {
    Connect(*keywords);
#if PQXX_VERSION_MAJOR < 7
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    // Deprecated because 7 never reconnects; 6 does unless told.
    connection_->inhibit_reactivation(true);
#pragma GCC diagnostic pop
#endif
    notices_ = std::make_unique<Notices>(*connection_);
    statements_ = std::make_unique<pqxx::nontransaction>(*connection_);
  } catch (const std::exception& problem) {
    throw SqlError(SqlError::Kind::kLost, "", problem.what());
  }
  usable_ = true;
  {
    std::lock_guard lock(socket_mutex_);
    socket_ = connection_->sock();
  }
  // Nested loops over primary keys open one partition a row; a hash join would read them all.
  Exec(
      "SELECT set_config(name, value, false) FROM (VALUES ('search_path', 'mayfly, pg_temp'), "
      "('statement_timeout', $1), ('idle_in_transaction_session_timeout', $2), "
      "('timezone', 'UTC'), ('bytea_output', 'hex'), ('default_transaction_isolation', "
      "'read committed'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'), "
      "('enable_seqscan', 'off'), ('jit', 'off'), ('plan_cache_mode', $3), ('synchronous_commit', "
      "CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' "
      "ELSE 'on' END)) AS settings (name, value)",
      Params()
          .Add(std::to_string(Milliseconds(options.statement_timeout).count()))
          .Add(std::to_string(Milliseconds(kIdleInTransactionTimeout).count()))
          .Add(plans_ == Plans::kOnce ? "force_generic_plan" : "auto"));
}

Session::~Session() { Cut(); }

// libpq reads the certificate and its key one after the other: who is overtaken by a renewal in
// between reads both again.
void Session::Connect(const std::string& keywords) {
  constexpr int kTriesMax = 3;
  for (int attempt = 1;; ++attempt) {
    certificate_ = ClientCertificateFile::NamedIn(keywords);
    try {
      connection_ = std::make_unique<pqxx::connection>(keywords);
      return;
    } catch (const std::exception&) {
      if (attempt == kTriesMax || !certificate_.WasReplaced()) throw;
    }
  }
}

void Session::Cut() noexcept {
  {
    std::lock_guard lock(socket_mutex_);
    socket_ = -1;  // the number may soon be another file's
  }
  usable_ = false;
  try {
    statements_.reset();
    notices_.reset();
    connection_.reset();
  } catch (const std::exception&) {
    // Closing what is lost: there is nobody left to tell.
  }
}

void Session::Interrupt() {
  std::lock_guard lock(socket_mutex_);
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

void Session::Raise(std::string sqlstate, const std::string& message) {
  // libpqxx reports a connection lost in a statement as an error without SQLSTATE; 57P01..57P05
  // and 25P03 are the last words of a backend.
  bool lost = sqlstate.empty() || sqlstate.starts_with("08") || sqlstate.starts_with("57P") ||
              sqlstate == "25P03" || sqlstate == "25006" || IsStalePlan(sqlstate) ||
              !connection_->is_open();
  if (lost) {
    Cut();
    throw SqlError(SqlError::Kind::kLost, std::move(sqlstate), message);
  }
  throw SqlError(SqlError::Kind::kRefused, std::move(sqlstate), message);
}

const std::string& Session::Prepared(const std::string& sql) {
  if (const auto found = prepared_.find(sql); found != prepared_.end()) return found->second;
  const std::string name = "s" + std::to_string(prepared_.size());
  connection_->prepare(name, sql);
  return prepared_.emplace(sql, name).first->second;
}

pqxx::result Session::Run(const std::string& sql, const Params& params) {
  if (params.values().empty()) return statements_->exec(sql);
#if PQXX_VERSION_MAJOR >= 7
  if (plans_ == Plans::kOnce) return statements_->exec(pqxx::prepped(Prepared(sql)), Bound(params));
  return statements_->exec(sql, Bound(params));
#else
  if (plans_ == Plans::kOnce) return statements_->exec_prepared(Prepared(sql), Bound(params));
  return statements_->exec_params(sql, Bound(params));
#endif
}

pqxx::result Session::Exec(const std::string& sql, const Params& params) {
  if (!usable_) throw SqlError(SqlError::Kind::kLost, "", "the session was lost before");
  try {
    return Run(sql, params);
  } catch (const pqxx::deadlock_detected& problem) {
    // libpqxx 6 forgets the SQLSTATE of these five; the type says it.
    Raise("40P01", problem.what());
  } catch (const pqxx::serialization_failure& problem) {
    Raise("40001", problem.what());
  } catch (const pqxx::statement_completion_unknown& problem) {
    Raise("40003", problem.what());
  } catch (const pqxx::transaction_rollback& problem) {
    Raise("40000", problem.what());
  } catch (const pqxx::insufficient_privilege& problem) {
    Raise("42501", problem.what());
  } catch (const pqxx::sql_error& problem) {
    Raise(problem.sqlstate(), problem.what());
  } catch (const std::exception& problem) {
    Raise("", problem.what());
  }
}

void Session::Commit() {
  const int notices_before = notices_ ? notices_->count : 0;
  try {
    Exec("COMMIT");
  } catch (const SqlError& error) {
    // Class 23 and 40: the server decided against it. Of anything else nobody can be sure, nor of
    // 40003, statement_completion_unknown.
    const bool rolled_back = error.InClass("23") || error.InClass("40");
    if (rolled_back && error.sqlstate() != "40003") throw;
    Cut();
    throw SqlError(SqlError::Kind::kInDoubt, error.sqlstate(), error.what());
  }
  if (notices_->count != notices_before) {
    throw SqlError(SqlError::Kind::kInDoubt, "",
                   "COMMIT came with a warning: the synchronous standby was not waited for");
  }
}

void Session::Rollback() noexcept {
  if (!usable_) return;
  try {
    Exec("ROLLBACK");
  } catch (const SqlError&) {
    Cut();
  }
}

void Session::Barrier() {
  Transaction transaction(*this);
  // An xid alone writes no WAL, and then COMMIT would wait for nothing: a message does.
  Exec("SELECT pg_logical_emit_message(true, 'mayfly', 'barrier')");
  transaction.Commit();
}

int Session::WaitForNotification(Milliseconds wait) {
  if (!usable_) throw SqlError(SqlError::Kind::kLost, "", "the session was lost before");
  try {
    // libpqxx delivers nothing while a transaction object lives, and forgets to look again.
    statements_.reset();
    const auto seconds = std::chrono::duration_cast<Seconds>(wait);
    const int count = connection_->await_notification(
        seconds.count(), std::chrono::microseconds(wait - seconds).count());
    statements_ = std::make_unique<pqxx::nontransaction>(*connection_);
    return count;
  } catch (const std::exception& problem) {
    Raise("", problem.what());
  }
}

Bytes BytesOf(const pqxx::field& field) {
  std::string_view text(field.c_str(), field.size());
  if (text.starts_with("\\x")) {
    if (auto bytes = FromHex(text.substr(2))) return *std::move(bytes);
  }
  throw SqlError(SqlError::Kind::kRefused, "", "a bytea was expected");
}

Hash256 HashOf(const pqxx::field& field) {
  const Bytes octets = BytesOf(field);
  Hash256 hash{};
  std::copy_n(octets.begin(), std::min(octets.size(), hash.size()), hash.begin());
  return hash;
}

TimePoint TimeOf(const pqxx::field& field) {
  return TimePoint(std::chrono::microseconds(field.as<int64_t>()));
}

Uuid UuidOf(const pqxx::field& field) {
  if (auto uuid = Uuid::Parse(field.c_str())) return *uuid;
  throw SqlError(SqlError::Kind::kRefused, "", "a uuid was expected");
}

std::string Micros(std::string_view expression) {
  return "(extract(epoch FROM " + std::string(expression) + ") * 1000000)::bigint";
}

std::string FromMicros(std::string_view expression) {
  return "(timestamptz 'epoch' + (" + std::string(expression) + ") * interval '1 microsecond')";
}

}  // namespace mayfly::store
