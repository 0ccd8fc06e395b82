// The Signer that asks mayfly-signer over its Unix socket.
//
// One connection carries many jobs at once; one thread reads and writes it and connects when there
// is something to send. Nothing is tried twice: a job whose connection is lost is answered at
// once, not signed where its frame had not left this process and perhaps signed where it had.
#pragma once

#include <filesystem>
#include <memory>
#include <thread>

#include "base/executor.h"
#include "ports/signer.h"

namespace mayfly::hsm {

constexpr size_t kClientJobsMax = 1024;  // in flight; beyond it kNotSigned with kOverloaded

class SignerClient final : public Signer {
 public:
  // The executor and the timer must outlive the client; calls must have ended before it goes.
  SignerClient(std::filesystem::path socket, Executor& executor, Timer& timer, const Clock& clock);
  ~SignerClient() override;

  // Rules of its own, beside those of signing_rules.h: "signer.unreachable" (no connection, or
  // lost), "signer.deadline", "signer.overloaded", "signer.uri" (longer than kUriBytesMax).
  Task<SignResult> Sign(SignJob job) override;
  Task<Result<x509::SubjectPublicKeyInfo>> PublicKey(std::string uri, BootTime deadline) override;

 private:
  class Channel;
  std::shared_ptr<Channel> channel_;  // shared with timer callbacks, which may come later
  std::thread thread_;
};

}  // namespace mayfly::hsm
