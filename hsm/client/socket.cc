#include "hsm/client/socket.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace mayfly::hsm {
namespace {

constexpr size_t kReceiveBytes = 64 * 1024;
constexpr int kBacklog = 64;

Error Unreachable(std::string detail) {
  return FailWithDetail(ErrorCode::kSignerUnavailable, "signer.unreachable",
                        "the signer process cannot be reached", std::move(detail));
}
Error SystemFailure(const std::string& what) {
  return Unreachable(what + ": " + std::strerror(errno));
}

Result<sockaddr_un> AddressOf(const std::filesystem::path& path) {
  const std::string& text = path.native();
  if (text.empty() || text.size() > kSocketPathBytesMax) {
    return FailWithDetail(ErrorCode::kConfiguration, "signer.socket-path",
                          "a socket's path has 1 to 107 octets", text);
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, text.data(), text.size());
  return address;
}

Result<FileDescriptor> NewSocket() {
  FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.open()) return SystemFailure("socket");
  return fd;
}

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

Result<FileDescriptor> ConnectTo(const std::filesystem::path& path) {
  TRY_ASSIGN(sockaddr_un address, AddressOf(path));
  TRY_ASSIGN(FileDescriptor fd, NewSocket());
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return SystemFailure("connect " + path.native());
  }
  return fd;
}

Result<FileDescriptor> ListenOn(const std::filesystem::path& path, mode_t mode) {
  TRY_ASSIGN(sockaddr_un address, AddressOf(path));
  TRY_ASSIGN(FileDescriptor fd, NewSocket());
  unlink(path.c_str());
  // Nobody may come in between bind and chmod.
  mode_t before = umask(0177);
  int bound = bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  umask(before);
  if (bound != 0 || chmod(path.c_str(), mode) != 0 || listen(fd.get(), kBacklog) != 0) {
    return SystemFailure("listen on " + path.native());
  }
  return fd;
}

Result<std::pair<FileDescriptor, FileDescriptor>> SocketPair() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0) {
    return SystemFailure("socketpair");
  }
  return std::pair(FileDescriptor(fds[0]), FileDescriptor(fds[1]));
}

Result<size_t> SendSome(int fd, ByteSpan bytes) {
  ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return static_cast<size_t>(sent);
  if (WouldBlock()) return size_t{0};
  return SystemFailure("send");
}

Result<Bytes> ReceiveSome(int fd) {
  Bytes out(kReceiveBytes);
  ssize_t received = recv(fd, out.data(), out.size(), MSG_DONTWAIT);
  if (received == 0) return Unreachable("the other side closed the connection");
  if (received < 0 && !WouldBlock()) return SystemFailure("receive");
  out.resize(received < 0 ? 0 : static_cast<size_t>(received));
  return out;
}

Wakeup::Wakeup() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_.open()) std::abort();  // no descriptors left at start: nothing can be served
}

void Wakeup::Notify() {
  uint64_t one = 1;
  // Fails only when the counter is full, and then the thread wakes anyway.
  [[maybe_unused]] ssize_t written = write(event_.get(), &one, sizeof one);
}

bool WaitForWork(int socket, int wakeup, bool want_write) {
  pollfd fds[2] = {{wakeup, POLLIN, 0},
                   {socket, static_cast<short>(want_write ? POLLIN | POLLOUT : POLLIN), 0}};
  if (poll(fds, 2, -1) <= 0) return false;
  if (fds[0].revents & POLLIN) {
    uint64_t notices;
    [[maybe_unused]] ssize_t taken = read(wakeup, &notices, sizeof notices);
  }
  return (fds[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
}

}  // namespace mayfly::hsm
