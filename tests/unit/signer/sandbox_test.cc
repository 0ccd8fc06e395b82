#include "hsm/signer/sandbox.h"

#include <gtest/gtest.h>
#include <linux/io_uring.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "base/harden_process.h"

namespace mayfly::hsm {
namespace {

bool IsRefused(long result) { return result < 0 && errno == EACCES; }

// In a process of its own: what is forbidden stays so.
template <class Check>
void InSandbox(Check holds) {
  EXPECT_EXIT(
      {
        HardenProcess();
        _exit(ForbidNetwork() && holds() ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(Sandbox, HasNoSocketsButUnixOnes) {
  InSandbox([] {
    return IsRefused(socket(AF_INET, SOCK_STREAM, 0)) &&
           IsRefused(socket(AF_INET6, SOCK_DGRAM, 0)) && IsRefused(socket(AF_NETLINK, SOCK_RAW, 0));
  });
  InSandbox([] {
    int pair[2];
    return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
  });
}

TEST(Sandbox, HasNoOtherWayToThem) {
  InSandbox([] {
    io_uring_params parameters{};
    return IsRefused(syscall(__NR_io_uring_setup, 1, &parameters));
  });
#if defined(__x86_64__)
  InSandbox([] { return IsRefused(syscall(0x40000000 | __NR_socket, AF_INET, SOCK_STREAM, 0)); });
#endif
  // The family is an int; what is above it, the kernel does not look at.
  InSandbox(
      [] { return IsRefused(syscall(__NR_socket, 0x1'0000'0000L | AF_INET, SOCK_STREAM, 0)); });
}

TEST(Sandbox, HoldsForThreadsThatThereAreAlready) {
  EXPECT_EXIT(
      {
        HardenProcess();
        std::atomic<bool> begin = false;
        std::atomic<bool> refused = false;
        std::thread thread([&] {
          begin.wait(false);
          refused = IsRefused(socket(AF_INET, SOCK_STREAM, 0));
        });
        const bool forbidden = ForbidNetwork().has_value();
        begin = true;
        begin.notify_one();
        thread.join();
        _exit(forbidden && refused ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace mayfly::hsm
