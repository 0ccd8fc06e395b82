#include "audit/published_log.h"

#include "audit/witnesses.h"
#include "tlog/tile.h"

namespace mayfly::audit {
namespace {

// Nothing else is a name: none leads out of the log's folder.
Status CheckName(const std::string& name) {
  if (name == kCheckpointFile || name == kVerifierKeyFile || name == kWitnessedFile) return Ok();
  TRY(tlog::ParseTilePath(name));
  return Ok();
}

Error NoAnswerInTime() {
  Error error = Fail(ErrorCode::kDeadlineExceeded, "audit.storage",
                     "the audit log was not read in time; ask again");
  error.retry_after = Milliseconds(1000);
  return error;
}

}  // namespace

Task<Result<Bytes>> StoredLog::Read(std::string name, BootTime deadline) {
  CO_TRY(CheckName(name));
  Completion<Result<Bytes>> done(parts_.executor);
  parts_.timer.At(deadline, [done] { done.Set(NoAnswerInTime()); });
  reader_.Post([this, done, name] {
    if (!done.IsSet()) done.Set(parts_.storage.Read(name));
  });
  auto content = co_await done.Wait();
  co_return std::move(content);
}

}  // namespace mayfly::audit
