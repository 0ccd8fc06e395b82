#include "audit/published_log.h"

#include <gtest/gtest.h>

#include "base/system.h"
#include "tests/fakes/memory_log_storage.h"

namespace mayfly::audit {
namespace {

TEST(StoredLog, GivesFilesOfTheLogAndNoOthers) {
  SystemClock clock;
  Timer timer(clock);
  ThreadPool executor(1);
  fakes::MemoryLogStorage storage;
  storage.files = {{"checkpoint", {1}}, {"tile/0/000.p/3", {2}}, {".lock", {3}}, {"secret", {4}}};
  StoredLog log({storage, timer, executor});
  const auto read = [&](const std::string& name) {
    auto content = SyncWait(log.Read(name, clock.BootNow() + Seconds(10)));
    return content ? std::to_string(content->front()) : content.error().rule;
  };
  EXPECT_EQ(read("checkpoint"), "1");
  EXPECT_EQ(read("tile/0/000.p/3"), "2");
  EXPECT_EQ(read("tile/0/000"), "tlog.file");
  for (const char* name : {"", ".lock", "secret", "../secret", "tile/0/../../secret", "/etc/passwd",
                           "tile/0/000.p/3/", "checkpoint.new"}) {
    EXPECT_EQ(read(name), "tlog.path") << name;
  }
}

}  // namespace
}  // namespace mayfly::audit
