// A connection that carries frames both ways without ever blocking.
#pragma once

#include <vector>

#include "base/file_descriptor.h"
#include "hsm/client/wire.h"

namespace mayfly::hsm {

class FrameStream {
 public:
  explicit FrameStream(FileDescriptor fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }
  void Queue(const Frame& frame);
  // Sends what the socket takes. An error ends the connection.
  Status Flush();
  // The frames that have arrived. An error ends the connection.
  Result<std::vector<Frame>> Receive();
  size_t unsent_bytes() const { return out_.size() - sent_; }

 private:
  FileDescriptor fd_;
  FrameReader reader_;
  Bytes out_;
  size_t sent_ = 0;
};

}  // namespace mayfly::hsm
