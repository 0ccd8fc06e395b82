#include "hsm/signer/stream.h"

#include "hsm/client/socket.h"

namespace mayfly::hsm {

void FrameStream::Queue(const Frame& frame) {
  Bytes encoded = EncodeFrame(frame);
  out_.insert(out_.end(), encoded.begin(), encoded.end());
}

Status FrameStream::Flush() {
  while (unsent_bytes() > 0) {
    TRY_ASSIGN(size_t sent, SendSome(fd(), ByteSpan(out_).subspan(sent_)));
    if (sent == 0) return Ok();
    sent_ += sent;
  }
  out_.clear();
  sent_ = 0;
  return Ok();
}

Result<std::vector<Frame>> FrameStream::Receive() {
  TRY_ASSIGN(Bytes received, ReceiveSome(fd()));
  reader_.Append(received);
  std::vector<Frame> frames;
  while (true) {
    TRY_ASSIGN(std::optional<Frame> frame, reader_.Next());
    if (!frame) return frames;
    frames.push_back(*std::move(frame));
  }
}

}  // namespace mayfly::hsm
