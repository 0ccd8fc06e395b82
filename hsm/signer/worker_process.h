// Starting and ending worker processes.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "hsm/signer/stream.h"

namespace mayfly::hsm {

constexpr int kWorkerSocketFd = 3;  // where a worker finds its end of the socket pair

class WorkerProcess {
 public:
  // This program again, as `worker --config FILE`. It dies with its parent.
  static Result<WorkerProcess> Start(const std::filesystem::path& config_file);
  WorkerProcess(WorkerProcess&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), stream_(std::move(other.stream_)) {}
  WorkerProcess& operator=(WorkerProcess&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(stream_, other.stream_);
    return *this;
  }
  // SIGKILL, for a hung one hears nothing else. Reaped where SIGCHLD is read.
  ~WorkerProcess();

  pid_t pid() const { return pid_; }
  FrameStream& stream() { return stream_; }
  // It has been reaped: its id may already be another process's.
  void Forget() { pid_ = -1; }

 private:
  WorkerProcess(pid_t pid, FrameStream stream) : pid_(pid), stream_(std::move(stream)) {}
  pid_t pid_;
  FrameStream stream_;
};

}  // namespace mayfly::hsm
