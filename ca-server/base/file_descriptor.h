// A file descriptor that closes itself.
#pragma once

#include <unistd.h>

#include <utility>

namespace mayfly {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  void Reset() { FileDescriptor().Swap(*this); }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  void Swap(FileDescriptor& other) { std::swap(fd_, other.fd_); }
  int fd_ = -1;
};

}  // namespace mayfly
