#include "hsm/signer/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "hsm/client/signing_rules.h"
#include "hsm/client/socket.h"

namespace mayfly::hsm {
namespace {

constexpr int kExitCannotStart = 13;

// Between fork and exec: only what is safe there.
[[noreturn]] void BecomeWorker(int socket, pid_t parent, char* const* arguments) {
  // A service manager's SIGTERM and a terminal's Ctrl-C go to workers too; the supervisor decides.
  sigset_t ignored;
  sigemptyset(&ignored);
  for (int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&ignored, number);
  sigprocmask(SIG_SETMASK, &ignored, nullptr);
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  // The parent may have died before the line above.
  if (getppid() != parent) _exit(kExitCannotStart);
  // dup2 to itself would leave close-on-exec set.
  if (socket == kWorkerSocketFd) {
    fcntl(socket, F_SETFD, 0);
  } else if (dup2(socket, kWorkerSocketFd) < 0) {
    _exit(kExitCannotStart);
  }
  execv("/proc/self/exe", arguments);
  _exit(kExitCannotStart);
}

}  // namespace

Result<WorkerProcess> WorkerProcess::Start(const std::filesystem::path& config_file) {
  TRY_ASSIGN(auto pair, SocketPair());
  std::string program = "mayfly-signer", command = "worker", option = "--config";
  std::string file = config_file.native();
  char* const arguments[] = {program.data(), command.data(), option.data(), file.data(), nullptr};
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid < 0) {
    return SignerFailure("signer.worker-start", "no worker can be started", std::strerror(errno));
  }
  if (pid == 0) BecomeWorker(pair.second.get(), parent, arguments);
  return WorkerProcess(pid, FrameStream(std::move(pair.first)));
}

WorkerProcess::~WorkerProcess() {
  if (pid_ > 0) kill(pid_, SIGKILL);
}

}  // namespace mayfly::hsm
