#include "store/maintenance.h"

#include "store/pqxx.h"

namespace mayfly::store {

Result<int> MakePartitions(const std::string& connection,
                           const std::optional<std::filesystem::path>& password_file) {
  try {
    Session session(SessionOptions{.connection = connection,
                                   .role = "mayfly_maintain",
                                   .password_file = password_file,
                                   .statement_timeout = Seconds(60)});
    auto rows = session.Exec("SELECT mayfly.make_partitions($1)",
                             Params().Add(int64_t{kPartitionSpansAhead}));
    return rows[0][0].as<int>();
  } catch (const SqlError& error) {
    return ToError(error);
  }
}

}  // namespace mayfly::store
