// Unix stream sockets, never blocking.
#pragma once

#include <filesystem>

#include "base/bytes.h"
#include "base/file_descriptor.h"

namespace mayfly::hsm {

constexpr size_t kSocketPathBytesMax = 107;  // sun_path of sockaddr_un without its NUL

// Errors of all these: kSignerUnavailable "signer.unreachable" with the system's words as detail.
Result<FileDescriptor> ConnectTo(const std::filesystem::path& path);
// Also "signer.socket-path" for a path that is too long. Replaces a socket that is there: whoever
// calls makes sure that nobody else serves it.
Result<FileDescriptor> ListenOn(const std::filesystem::path& path, mode_t mode);
Result<std::pair<FileDescriptor, FileDescriptor>> SocketPair();

// How many octets were taken; 0 when the buffer is full.
Result<size_t> SendSome(int fd, ByteSpan bytes);
// Empty when there is nothing now; an error at the end of the stream.
Result<Bytes> ReceiveSome(int fd);

// Wakes a thread that waits in WaitForWork.
class Wakeup {
 public:
  Wakeup();
  void Notify();
  int fd() const { return event_.get(); }

 private:
  FileDescriptor event_;
};

// Waits until the wakeup was notified (and takes the notice), or the socket is readable (true) or,
// where that is wanted, writable. `socket` may be -1.
bool WaitForWork(int socket, int wakeup, bool want_write);

}  // namespace mayfly::hsm
