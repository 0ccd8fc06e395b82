// What mayfly-ca, the supervisor and its workers say to each other over Unix stream sockets.
//
// A frame is a length (4 octets, big endian) and a body of that many octets; a body is a type
// octet and the fields in order, integers big endian, strings and octets after their length.
// Reading is strict: a body that is too short, has something left over or breaks a limit ends the
// connection, for then the two sides no longer speak the same version.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "ports/signer.h"

namespace mayfly::hsm {

constexpr size_t kUriBytesMax = 1024;
constexpr size_t kSignatureBytesMax = 8192;
constexpr size_t kErrorTextBytesMax = 1024;  // of each text of an error; longer ones are cut
constexpr size_t kFrameBodyBytesMax = kSignMessageBytesMax + 16384;

// Chosen by whoever asks; its answer carries it back. Job ids do not serve, because two tries of
// one job may be in flight at once.
using Ticket = uint64_t;

struct SignRequest {
  Ticket ticket;
  Uuid id;
  SignPurpose purpose;
  x509::SignatureAlgorithm algorithm;
  Hash256 spki_hash;
  uint32_t allowed_ms;  // what is left until the deadline: clocks of two processes are not compared
  std::string uri;
  Bytes message;
};

struct PublicKeyRequest {
  Ticket ticket;
  uint32_t allowed_ms;
  std::string uri;
};

struct SignReply {
  Ticket ticket;
  SignResult result;
};

// `spki` when there is no error.
struct PublicKeyReply {
  Ticket ticket;
  std::optional<Error> error;
  Bytes spki;
};

// A worker's first word: logged in and ready, or why it is about to end.
struct WorkerState {
  std::optional<Error> down;
};

using Frame = std::variant<SignRequest, PublicKeyRequest, SignReply, PublicKeyReply, WorkerState>;

// The whole frame, length included.
Bytes EncodeFrame(const Frame& frame);
// A body without its length. Errors: kInvalidArgument "signer.wire".
Result<Frame> DecodeFrame(ByteSpan body);

// Cuts a stream into frames.
class FrameReader {
 public:
  void Append(ByteSpan bytes);
  // Nothing while the next frame is not complete. Errors: kInvalidArgument "signer.wire"; the
  // stream is useless afterwards.
  Result<std::optional<Frame>> Next();
  size_t buffered() const { return buffer_.size() - start_; }

 private:
  Bytes buffer_;
  size_t start_ = 0;
};

SignResult Signed(Bytes signature);
SignResult NotSigned(Error error);
SignResult MayHaveBeenSigned(Error error);
SignResult Refused(Error error);

}  // namespace mayfly::hsm
