// The supervisor's side towards its workers.
#include <sys/stat.h>

#include <algorithm>

#include "hsm/client/signing_rules.h"
#include "hsm/signer/event_ids.h"
#include "hsm/signer/supervisor.h"
#include "telemetry/log.h"

namespace mayfly::hsm {
namespace {

std::string FingerprintOf(const std::filesystem::path& file) {
  struct stat status{};
  if (stat(file.c_str(), &status) != 0) return "absent";
  return std::to_string(status.st_ino) + ":" + std::to_string(status.st_mode) + ":" +
         std::to_string(status.st_size) + ":" + std::to_string(status.st_ctim.tv_sec) + "." +
         std::to_string(status.st_ctim.tv_nsec);
}

// Of the PIN's file, and of the folder with its note: notes are renamed into it or removed from it.
std::string PinFiles(const SignerProcessConfig& config) {
  return FingerprintOf(config.pin_file) + " " + FingerprintOf(config.state_directory);
}

Ticket TicketOf(const Frame& frame) {
  if (auto* sign = std::get_if<SignRequest>(&frame)) return sign->ticket;
  if (auto* key = std::get_if<PublicKeyRequest>(&frame)) return key->ticket;
  if (auto* reply = std::get_if<SignReply>(&frame)) return reply->ticket;
  if (auto* reply = std::get_if<PublicKeyReply>(&frame)) return reply->ticket;
  return 0;
}

Error WorkerDied() {
  return SignerFailure("signer.worker-died", "the process that was signing died");
}

}  // namespace

// One starts at a time: two logins at once could send a wrong PIN twice.
void Supervisor::TendWorkers() {
  BootTime now = clock_.BootNow();
  bool starting = false;
  for (size_t i = 0; i < workers_.size(); ++i) {
    if (workers_[i].HasDeadline() && workers_[i].deadline <= now) OnWorkerLate(i);
    starting = starting || workers_[i].state == State::kStarting;
  }
  for (size_t i = 0; i < workers_.size() && !starting && !drain_until_; ++i) {
    WorkerSlot& slot = workers_[i];
    if (slot.state != State::kDown || slot.start_at > now) continue;
    if (StillWaitsForOperator(slot)) continue;
    StartWorker(i);
    starting = true;
  }
}

bool Supervisor::StillWaitsForOperator(WorkerSlot& slot) {
  if (!slot.WaitsForOperator() || slot.pin_files_seen != PinFiles(config_)) return false;
  slot.start_at = clock_.BootNow() + kPinLookInterval;
  return true;
}

void Supervisor::StartWorker(size_t index) {
  WorkerSlot& slot = workers_[index];
  slot.pin_files_seen = PinFiles(config_);
  slot.start_at = clock_.BootNow() + slot.backoff;
  auto process = WorkerProcess::Start(config_file_);
  if (!process || !Watch(process->stream().fd(), kFirstWorker + index, EPOLLIN)) {
    telemetry::Log(telemetry::Level::kError, "worker.start-failed", {{"worker", index}});
    slot.backoff = std::min(2 * slot.backoff, kBackoffMax);
    return;
  }
  slot.process.emplace(*std::move(process));
  slot.state = State::kStarting;
  slot.deadline = clock_.BootNow() + kWorkerStartMax;
}

void Supervisor::DispatchJobs() {
  for (size_t i = 0; i < workers_.size() && !queue_.empty(); ++i) {
    if (workers_[i].state != State::kIdle) continue;
    Job job = PopQueue();
    if (job.deadline <= clock_.BootNow()) {
      AnswerWithout(job, NotSigned(SignerFailure("signer.deadline",
                                                 "no worker was free in the time allowed")));
      --i;  // this worker is still free
      continue;
    }
    HandTo(i, std::move(job));
  }
}

void Supervisor::HandTo(size_t index, Job job) {
  WorkerSlot& slot = workers_[index];
  slot.state = State::kBusy;
  slot.deadline = job.deadline;
  slot.process->stream().Queue(job.request);
  slot.job = std::move(job);
  SendToWorker(index);
}

void Supervisor::SendToWorker(size_t index) {
  FrameStream& stream = workers_[index].process->stream();
  bool sent = stream.Flush().has_value();
  // A message may be longer than the socket's buffer.
  uint32_t events = stream.unsent_bytes() > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN;
  if (!sent || !Watch(stream.fd(), kFirstWorker + index, events)) EndWorker(index, WorkerDied());
}

void Supervisor::ReadWorker(size_t index) {
  WorkerSlot& slot = workers_[index];
  if (!slot.process) return;
  if (slot.process->stream().unsent_bytes() > 0) SendToWorker(index);
  if (!slot.process) return;
  auto frames = slot.process->stream().Receive();
  if (!frames) return EndWorker(index, WorkerDied());
  for (Frame& frame : *frames) {
    if (slot.process) OnWorkerFrame(index, std::move(frame));
  }
}

void Supervisor::OnWorkerFrame(size_t index, Frame frame) {
  if (auto* state = std::get_if<WorkerState>(&frame)) return OnWorkerState(index, *state);
  OnWorkerReply(index, frame);
}

void Supervisor::OnWorkerState(size_t index, WorkerState state) {
  WorkerSlot& slot = workers_[index];
  if (!state.down) {
    telemetry::LogInfo("worker.ready", {{"worker", index}, {"worker_pid", slot.process->pid()}});
    slot.state = State::kIdle;
    slot.reason.reset();
    slot.backoff = kBackoffMin;
    return;
  }
  telemetry::LogFailure("worker.down", *state.down, {{"worker", index}});
  if (slot.state == State::kStarting) slot.reason = std::move(state.down);
  slot.state = State::kEnding;
  slot.deadline = clock_.BootNow() + kWorkerEndMax;
}

// A worker has one job at a time, so that the client's own ticket names it.
void Supervisor::OnWorkerReply(size_t index, const Frame& frame) {
  WorkerSlot& slot = workers_[index];
  if (!slot.job) return;
  if (TicketOf(frame) != TicketOf(slot.job->request)) return EndWorker(index, WorkerDied());
  Reply(slot.job->client, frame);
  slot.job.reset();
  if (slot.state == State::kBusy) slot.state = State::kIdle;
}

void Supervisor::OnWorkerLate(size_t index) {
  WorkerSlot& slot = workers_[index];
  telemetry::Log(telemetry::Level::kError, "worker.hung",
                 {{"worker", index},
                  {"worker_pid", slot.process->pid()},
                  {"during", slot.job                         ? "job"
                             : slot.state == State::kStarting ? "start"
                                                              : "end"}});
  if (!slot.job) {
    return EndWorker(index, SignerFailure("signer.token-hangs", "the token does not answer"));
  }
  EndWorker(index,
            SignerFailure("signer.deadline", "the token did not answer in the time allowed"));
}

void Supervisor::EndWorker(size_t index, Error why) {
  WorkerSlot& slot = workers_[index];
  Unwatch(slot.process->stream().fd());
  slot.process.reset();
  if (slot.state == State::kStarting) slot.reason = why;
  slot.state = State::kDown;
  slot.start_at = clock_.BootNow() + slot.backoff;
  slot.backoff = std::min(2 * slot.backoff, kBackoffMax);
  if (slot.job) {
    Job job = *std::exchange(slot.job, std::nullopt);
    if (auto* sign = std::get_if<SignRequest>(&job.request)) history_.NoteKill(sign->id);
    AnswerWithout(job, MayHaveBeenSigned(std::move(why)));
  }
  auto unavailable = Unavailable();
  if (unavailable) FailQueue(*unavailable);
}

// Jobs wait for a worker that may yet come; not when every one has said why it cannot.
std::optional<Error> Supervisor::Unavailable() const {
  bool all_failed = std::all_of(workers_.begin(), workers_.end(),
                                [](const WorkerSlot& slot) { return slot.reason.has_value(); });
  if (all_failed) return workers_.front().reason;
  return std::nullopt;
}

}  // namespace mayfly::hsm
