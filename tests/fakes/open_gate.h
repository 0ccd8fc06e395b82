// A ReleaseGate that tests open and close, and a PublishedLog of files that hold their names.
#pragma once

#include <atomic>

#include "ports/published_log.h"
#include "ports/release_gate.h"

namespace mayfly::fakes {

class OpenGate final : public ReleaseGate {
 public:
  // Closed: nothing may be released, and whoever waits is told that time is up.
  void Close() { is_open_ = false; }
  void Open() { is_open_ = true; }
  int waits() const { return waits_; }

  Status MayRelease() const override {
    if (is_open_) return Ok();
    return Fail(ErrorCode::kStoreUnavailable, "audit.no-checkpoint", "closed");
  }
  Task<Status> WaitForCheckpoint(BootTime) override {
    ++waits_;
    if (is_open_) co_return Ok();
    co_return Fail(ErrorCode::kDeadlineExceeded, "audit.not-covered", "closed");
  }
  Task<Result<InclusionProof>> Prove(std::string issuer, x509::SerialNumber serial,
                                     BootTime) override {
    ++waits_;
    if (!is_open_) co_return Fail(ErrorCode::kDeadlineExceeded, "audit.not-covered", "closed");
    co_return InclusionProof{"proof of " + issuer + "/" + serial.Hex(), {1, 2}};
  }

 private:
  std::atomic<bool> is_open_ = true;
  std::atomic<int> waits_ = 0;
};

class NamedFiles final : public PublishedLog {
 public:
  Task<Result<Bytes>> Read(std::string name, BootTime) override {
    co_return ToBytes(AsBytes("content of " + name));
  }
};

}  // namespace mayfly::fakes
