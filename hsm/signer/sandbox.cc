#include "hsm/signer/sandbox.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace mayfly::hsm {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif
// Those of x86-64's other ABI (x32) have this bit; elsewhere none has.
constexpr uint32_t kOtherAbi = 0x40000000;
constexpr uint32_t kRefused = SECCOMP_RET_ERRNO | EACCES;

constexpr sock_filter Load(size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset));
}
constexpr sock_filter Return(uint32_t what) { return BPF_STMT(BPF_RET | BPF_K, what); }
// To the next instruction where it is equal, else over one.
constexpr sock_filter IfEqual(uint32_t value) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
}

// Calls by another ABI, of which the numbers are others; io_uring, which makes sockets too; and
// socket(2) of any family but AF_UNIX. The family is an int: its low half in the first word of the
// argument (both architectures are little-endian).
constexpr sock_filter kFilter[] = {
    Load(offsetof(seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
    Return(kRefused),
    Load(offsetof(seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kOtherAbi, 0, 1),
    Return(kRefused),
    IfEqual(__NR_io_uring_setup),
    Return(kRefused),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 1, 0),
    Return(SECCOMP_RET_ALLOW),
    Load(offsetof(seccomp_data, args)),
    IfEqual(AF_UNIX),
    Return(SECCOMP_RET_ALLOW),
    Return(kRefused),
};

}  // namespace

Status ForbidNetwork() {
  sock_fprog program{sizeof kFilter / sizeof *kFilter, const_cast<sock_filter*>(kFilter)};
  if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0) {
    return Ok();
  }
  return Fail(ErrorCode::kInternal, "signer.sandbox",
              "the kernel does not take a seccomp filter, so the module cannot be kept from the "
              "network; network = true in the configuration does without");
}

}  // namespace mayfly::hsm
