#include "hsm/signer/supervisor.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "hsm/client/signing_rules.h"
#include "hsm/client/socket.h"
#include "hsm/signer/event_ids.h"
#include "hsm/signer/pin_marker.h"
#include "telemetry/log.h"

namespace mayfly::hsm {
namespace {

constexpr size_t kEventsAtOnce = 64;
constexpr Milliseconds kQueueLookInterval{10};
constexpr Milliseconds kWaitMax{1'000};

}  // namespace

Supervisor::Supervisor(SignerProcessConfig config, std::filesystem::path config_file,
                       const Clock& clock)
    : config_(std::move(config)),
      config_file_(std::move(config_file)),
      clock_(clock),
      next_client_(kFirstClient),
      workers_(static_cast<size_t>(config_.workers)) {}

Supervisor::~Supervisor() {
  if (listener_.open()) unlink(config_.socket.c_str());
  for (WorkerSlot& slot : workers_) {
    // It may be in its login; it ends by itself when it finds its socket closed.
    if (slot.state == State::kStarting) slot.process->Forget();
  }
}

Status Supervisor::Run() {
  TRY(Open());
  telemetry::LogInfo("signer.serving", {{"socket", config_.socket.native()},
                                        {"workers", workers_.size()},
                                        {"keys", config_.keys.size()}});
  Serve();
  telemetry::LogInfo("signer.stopped");
  return Ok();
}

Status Supervisor::LockStateDirectory() {
  auto lock = LockStateFor(config_.state_directory, "serve", Milliseconds(0));
  if (!lock) {
    return FailWithDetail(ErrorCode::kConflict, "signer.already-serving",
                          "another mayfly-signer serves with this state directory, or it is not "
                          "writable",
                          lock.error().detail + ": " + lock.error().message);
  }
  state_lock_ = *std::move(lock);
  return Ok();
}

Status Supervisor::Open() {
  TRY(LockStateDirectory());
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  sigset_t handled;
  sigemptyset(&handled);
  for (int number : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&handled, number);
  sigprocmask(SIG_BLOCK, &handled, nullptr);
  signals_ = FileDescriptor(signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  epoll_ = FileDescriptor(epoll_create1(EPOLL_CLOEXEC));
  // Another user may connect only where the configuration names one; SO_PEERCRED decides then.
  mode_t mode = config_.allowed_uids.empty() ? 0600 : 0666;
  TRY_ASSIGN(listener_, ListenOn(config_.socket, mode));
  TRY(Watch(signals_.get(), kSignalsId, EPOLLIN));
  return Watch(listener_.get(), kListenerId, EPOLLIN);
}

Status Supervisor::Watch(int fd, uint64_t id, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return Ok();
  if (errno == EEXIST && epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0) return Ok();
  return SignerFailure("signer.unreachable", "the signer cannot serve",
                       std::string("epoll: ") + std::strerror(errno));
}

void Supervisor::Unwatch(int fd) { epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void Supervisor::Serve() {
  std::array<epoll_event, kEventsAtOnce> events;
  while (!Drained()) {
    TendWorkers();
    DispatchJobs();
    FlushClients();
    int count = epoll_wait(epoll_.get(), events.data(), kEventsAtOnce, WaitMs());
    for (int i = 0; i < count; ++i) HandleEvent(events[static_cast<size_t>(i)].data.u64);
    ExpireQueue();
  }
}

void Supervisor::HandleEvent(uint64_t id) {
  if (id == kListenerId) return Accept();
  if (id == kSignalsId) return ReadSignals();
  if (id < kFirstClient) return ReadWorker(id - kFirstWorker);
  ReadClient(id);
}

int Supervisor::WaitMs() const {
  BootTime now = clock_.BootNow();
  BootTime next = now + kWaitMax;
  for (const WorkerSlot& slot : workers_) {
    if (slot.HasDeadline()) next = std::min(next, slot.deadline);
    if (slot.state == State::kDown)
      next = std::min(next, std::max(slot.start_at, now + kBackoffMin));
  }
  if (!queue_.empty()) next = std::min(next, now + BootTime::duration(kQueueLookInterval));
  if (drain_until_) next = std::min(next, *drain_until_);
  // Rounded up: waking a moment early would only spin.
  auto wait = std::chrono::ceil<Milliseconds>(next - now).count();
  return static_cast<int>(std::max<int64_t>(wait, 0));
}

bool Supervisor::Drained() const {
  if (!drain_until_) return false;
  if (clock_.BootNow() >= *drain_until_) return true;
  auto working = [](const WorkerSlot& slot) { return slot.job.has_value(); };
  auto unread = [](const auto& client) { return client.second.stream.unsent_bytes() > 0; };
  return queue_.empty() && std::none_of(workers_.begin(), workers_.end(), working) &&
         std::none_of(clients_.begin(), clients_.end(), unread);
}

void Supervisor::ReadSignals() {
  signalfd_siginfo info;
  while (read(signals_.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD || drain_until_) continue;
    telemetry::LogInfo("signer.draining", {{"signal", info.ssi_signo}});
    drain_until_ = clock_.BootNow() + kDrainMax;
    Unwatch(listener_.get());
    unlink(config_.socket.c_str());
    listener_.Reset();
    FailQueue(
        Fail(ErrorCode::kShuttingDown, "signer.shutting-down", "the signer is shutting down"));
  }
  ReapChildren();
}

void Supervisor::ReapChildren() {
  int status = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    telemetry::LogInfo("worker.ended", {{"worker_pid", pid},
                                        {"exit", WIFEXITED(status) ? WEXITSTATUS(status) : -1},
                                        {"signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0}});
    for (size_t i = 0; i < workers_.size(); ++i) {
      if (!workers_[i].process || workers_[i].process->pid() != pid) continue;
      workers_[i].process->Forget();
      // What it wrote before it died still counts.
      ReadWorker(i);
      if (!workers_[i].process) continue;
      EndWorker(i, SignerFailure("signer.worker-died", "the process that was signing died"));
    }
  }
}

}  // namespace mayfly::hsm
