// The supervisor: takes jobs over the Unix socket, hands them to workers one at a time, and keeps
// every job's time. It never loads the module and never reads the PIN, so nothing that a module
// does can stop it.
#pragma once

#include <sys/epoll.h>

#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "hsm/signer/job_history.h"
#include "hsm/signer/signer_config.h"
#include "hsm/signer/worker_slot.h"

namespace mayfly::hsm {

constexpr size_t kConnectionsMax = 64;
constexpr size_t kQueuedJobsMax = 1024;
constexpr size_t kQueuedBytesMax = 64 << 20;  // messages of queued jobs together
constexpr size_t kUnsentReplyBytesMax = 16
                                        << 20;  // of one client that does not read; it is dropped
constexpr Milliseconds kDrainMax{5'000};        // after SIGTERM

class Supervisor {
 public:
  Supervisor(SignerProcessConfig config, std::filesystem::path config_file, const Clock& clock);
  ~Supervisor();

  // Serves until SIGTERM or SIGINT, then drains. Errors: "signer.already-serving" (another one has
  // the state directory), "signer.socket-path", "signer.unreachable" (no socket can be made).
  Status Run();

 private:
  using State = WorkerSlot::State;

  Status Open();
  Status LockStateDirectory();
  Status Watch(int fd, uint64_t id, uint32_t events);
  void Unwatch(int fd);

  void Serve();
  void HandleEvent(uint64_t id);
  int WaitMs() const;
  bool Drained() const;

  // Clients (supervisor_clients.cc).
  void Accept();
  bool MayConnect(int fd) const;
  void ReadClient(uint64_t id);
  void DropClient(uint64_t id);
  void FlushClients();
  bool TakeJob(uint64_t client, Frame frame);
  std::optional<SignResult> ShedReason(const Frame& request) const;
  void Enqueue(Job job);
  Job PopQueue();
  void Reply(uint64_t client, const Frame& frame);
  // Answers a job that no worker answered.
  void AnswerWithout(const Job& job, SignResult result);
  void ExpireQueue();
  void FailQueue(const Error& reason);

  // Workers (supervisor_workers.cc).
  void TendWorkers();
  void StartWorker(size_t index);
  void DispatchJobs();
  void HandTo(size_t index, Job job);
  void SendToWorker(size_t index);
  void ReadWorker(size_t index);
  void OnWorkerFrame(size_t index, Frame frame);
  void OnWorkerState(size_t index, WorkerState state);
  void OnWorkerReply(size_t index, const Frame& frame);
  void OnWorkerLate(size_t index);
  // Its process is ended for good; a job in its hands is answered with `why`.
  void EndWorker(size_t index, Error why);
  bool StillWaitsForOperator(WorkerSlot& slot);
  std::optional<Error> Unavailable() const;
  void ReapChildren();
  void ReadSignals();

  const SignerProcessConfig config_;
  const std::filesystem::path config_file_;
  const Clock& clock_;
  FileDescriptor state_lock_, epoll_, signals_, listener_;

  struct Client {
    FrameStream stream;
    bool wants_write = false;
    bool dirty = false;
  };
  std::map<uint64_t, Client> clients_;
  uint64_t next_client_;
  std::deque<Job> queue_;
  size_t queued_bytes_ = 0;
  BootTime next_expiry_{};

  std::vector<WorkerSlot> workers_;
  JobHistory history_;
  std::optional<BootTime> drain_until_;
};

}  // namespace mayfly::hsm
