#include "hsm/client/wire.h"

#include <algorithm>

namespace mayfly::hsm {
namespace {

constexpr size_t kLengthBytes = 4;

enum class FrameType : uint8_t {
  kSignRequest = 1,
  kPublicKeyRequest = 2,
  kSignReply = 3,
  kPublicKeyReply = 4,
  kWorkerState = 5,
};

Error BadFrame(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, "signer.wire", std::move(message));
}

class FieldWriter {
 public:
  explicit FieldWriter(FrameType type) : out_(kLengthBytes) { Integer(type); }

  template <class T>
  void Integer(T value) {
    for (size_t i = sizeof(T); i-- > 0;) {
      out_.push_back(static_cast<uint8_t>(static_cast<uint64_t>(value) >> (8 * i)));
    }
  }
  void Raw(ByteSpan bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void Octets(ByteSpan bytes) {
    Integer(static_cast<uint32_t>(bytes.size()));
    Raw(bytes);
  }
  void Text(std::string_view text, size_t bytes_max) { Octets(AsBytes(text.substr(0, bytes_max))); }
  void PutError(const Error& error) {
    Integer(static_cast<uint8_t>(error.code));
    Text(error.rule, kErrorTextBytesMax);
    Text(error.message, kErrorTextBytesMax);
    Text(error.detail, kErrorTextBytesMax);
    auto ms = error.retry_after ? error.retry_after->count() : 0;
    Integer(static_cast<uint32_t>(std::clamp<int64_t>(ms, 0, UINT32_MAX)));
  }

  Bytes Take() {
    auto size = static_cast<uint32_t>(out_.size() - kLengthBytes);
    for (size_t i = 0; i < kLengthBytes; ++i) out_[i] = static_cast<uint8_t>(size >> (24 - 8 * i));
    return std::move(out_);
  }

 private:
  Bytes out_;
};

class FieldReader {
 public:
  explicit FieldReader(ByteSpan rest) : rest_(rest) {}

  Result<ByteSpan> Raw(size_t size) {
    if (rest_.size() < size) return BadFrame("the frame ends too early");
    ByteSpan taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  template <class T>
  Result<T> Integer() {
    TRY_ASSIGN(ByteSpan octets, Raw(sizeof(T)));
    uint64_t value = 0;
    for (uint8_t octet : octets) value = value << 8 | octet;
    return static_cast<T>(value);
  }
  template <class E>
  Result<E> Enumerator(E first, E last) {
    TRY_ASSIGN(uint8_t value, Integer<uint8_t>());
    if (value < static_cast<uint8_t>(first) || value > static_cast<uint8_t>(last)) {
      return BadFrame("an unknown value of an enumeration");
    }
    return static_cast<E>(value);
  }
  template <size_t N>
  Result<std::array<uint8_t, N>> Array() {
    TRY_ASSIGN(ByteSpan octets, Raw(N));
    std::array<uint8_t, N> out;
    std::copy(octets.begin(), octets.end(), out.begin());
    return out;
  }
  Result<Bytes> Octets(size_t bytes_max) {
    TRY_ASSIGN(uint32_t size, Integer<uint32_t>());
    if (size > bytes_max) return BadFrame("a field is longer than its limit");
    TRY_ASSIGN(ByteSpan octets, Raw(size));
    return ToBytes(octets);
  }
  Result<std::string> Text(size_t bytes_max) {
    TRY_ASSIGN(Bytes octets, Octets(bytes_max));
    return ToString(octets);
  }
  Status ReadError(Error& error) {
    TRY_ASSIGN(error.code, Enumerator(ErrorCode::kInvalidArgument, ErrorCode::kInternal));
    TRY_ASSIGN(error.rule, Text(kErrorTextBytesMax));
    TRY_ASSIGN(error.message, Text(kErrorTextBytesMax));
    TRY_ASSIGN(error.detail, Text(kErrorTextBytesMax));
    TRY_ASSIGN(uint32_t ms, Integer<uint32_t>());
    if (ms > 0) error.retry_after = Milliseconds(ms);
    return Ok();
  }
  Status ExpectEnd() const {
    if (!rest_.empty()) return BadFrame("the frame has something left over");
    return Ok();
  }

 private:
  ByteSpan rest_;
};

// One octet, 0 or 1, and the error where it is 1.
void PutOptionalError(FieldWriter& out, const std::optional<Error>& error) {
  out.Integer(static_cast<uint8_t>(error ? 1 : 0));
  if (error) out.PutError(*error);
}

Result<std::optional<Error>> ReadOptionalError(FieldReader& in) {
  TRY_ASSIGN(uint8_t present, in.Integer<uint8_t>());
  if (present > 1) return BadFrame("an unknown value of an enumeration");
  if (present == 0) return std::optional<Error>();
  std::optional<Error> error(std::in_place);
  TRY(in.ReadError(*error));
  return error;
}

Bytes Encode(const SignRequest& frame) {
  FieldWriter out(FrameType::kSignRequest);
  out.Integer(frame.ticket);
  out.Raw(frame.id.octets());
  out.Integer(frame.purpose);
  out.Integer(frame.algorithm);
  out.Raw(frame.spki_hash);
  out.Integer(frame.allowed_ms);
  out.Text(frame.uri, kUriBytesMax);
  out.Octets(frame.message);
  return out.Take();
}

Bytes Encode(const PublicKeyRequest& frame) {
  FieldWriter out(FrameType::kPublicKeyRequest);
  out.Integer(frame.ticket);
  out.Integer(frame.allowed_ms);
  out.Text(frame.uri, kUriBytesMax);
  return out.Take();
}

Bytes Encode(const SignReply& frame) {
  FieldWriter out(FrameType::kSignReply);
  out.Integer(frame.ticket);
  out.Integer(frame.result.outcome);
  if (frame.result.outcome == SignResult::Outcome::kSigned) {
    out.Octets(frame.result.signature);
  } else {
    out.PutError(frame.result.error);
  }
  return out.Take();
}

Bytes Encode(const PublicKeyReply& frame) {
  FieldWriter out(FrameType::kPublicKeyReply);
  out.Integer(frame.ticket);
  PutOptionalError(out, frame.error);
  if (!frame.error) out.Octets(frame.spki);
  return out.Take();
}

Bytes Encode(const WorkerState& frame) {
  FieldWriter out(FrameType::kWorkerState);
  PutOptionalError(out, frame.down);
  return out.Take();
}

Result<Frame> DecodeSignRequest(FieldReader& in) {
  TRY_ASSIGN(Ticket ticket, in.Integer<Ticket>());
  TRY_ASSIGN(auto id, in.Array<16>());
  TRY_ASSIGN(SignPurpose purpose, in.Enumerator(SignPurpose::kCertificate, SignPurpose::kCanary));
  TRY_ASSIGN(auto algorithm, in.Enumerator(x509::SignatureAlgorithm::kEcdsaSha256,
                                           x509::SignatureAlgorithm::kRsaPkcs1Sha512));
  TRY_ASSIGN(Hash256 spki_hash, in.Array<32>());
  TRY_ASSIGN(uint32_t allowed_ms, in.Integer<uint32_t>());
  TRY_ASSIGN(std::string uri, in.Text(kUriBytesMax));
  TRY_ASSIGN(Bytes message, in.Octets(kSignMessageBytesMax));
  return Frame(SignRequest{ticket, Uuid::FromOctets(id), purpose, algorithm, spki_hash, allowed_ms,
                           std::move(uri), std::move(message)});
}

Result<Frame> DecodePublicKeyRequest(FieldReader& in) {
  TRY_ASSIGN(Ticket ticket, in.Integer<Ticket>());
  TRY_ASSIGN(uint32_t allowed_ms, in.Integer<uint32_t>());
  TRY_ASSIGN(std::string uri, in.Text(kUriBytesMax));
  return Frame(PublicKeyRequest{ticket, allowed_ms, std::move(uri)});
}

Result<Frame> DecodeSignReply(FieldReader& in) {
  using Outcome = SignResult::Outcome;
  SignReply reply{};
  TRY_ASSIGN(reply.ticket, in.Integer<Ticket>());
  TRY_ASSIGN(reply.result.outcome, in.Enumerator(Outcome::kSigned, Outcome::kRefused));
  if (reply.result.outcome == Outcome::kSigned) {
    TRY_ASSIGN(reply.result.signature, in.Octets(kSignatureBytesMax));
  } else {
    TRY(in.ReadError(reply.result.error));
  }
  return Frame(std::move(reply));
}

Result<Frame> DecodePublicKeyReply(FieldReader& in) {
  PublicKeyReply reply{};
  TRY_ASSIGN(reply.ticket, in.Integer<Ticket>());
  TRY_ASSIGN(reply.error, ReadOptionalError(in));
  if (!reply.error) {
    TRY_ASSIGN(reply.spki, in.Octets(x509::kSpkiDerBytesMax));
  }
  return Frame(std::move(reply));
}

Result<Frame> DecodeWorkerState(FieldReader& in) {
  WorkerState state;
  TRY_ASSIGN(state.down, ReadOptionalError(in));
  return Frame(std::move(state));
}

Result<Frame> DecodeFields(FrameType type, FieldReader& in) {
  switch (type) {
    case FrameType::kSignRequest:
      return DecodeSignRequest(in);
    case FrameType::kPublicKeyRequest:
      return DecodePublicKeyRequest(in);
    case FrameType::kSignReply:
      return DecodeSignReply(in);
    case FrameType::kPublicKeyReply:
      return DecodePublicKeyReply(in);
    case FrameType::kWorkerState:
      return DecodeWorkerState(in);
  }
  return BadFrame("an unknown type of frame");
}

}  // namespace

Bytes EncodeFrame(const Frame& frame) {
  return std::visit([](const auto& fields) { return Encode(fields); }, frame);
}

Result<Frame> DecodeFrame(ByteSpan body) {
  if (body.empty()) return BadFrame("an empty frame");
  FieldReader in(body.subspan(1));
  TRY_ASSIGN(Frame frame, DecodeFields(static_cast<FrameType>(body[0]), in));
  TRY(in.ExpectEnd());
  return frame;
}

void FrameReader::Append(ByteSpan bytes) {
  // What was read is dropped only here, so that many small frames cost one move together.
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(start_));
  start_ = 0;
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

Result<std::optional<Frame>> FrameReader::Next() {
  ByteSpan rest = ByteSpan(buffer_).subspan(start_);
  if (rest.size() < kLengthBytes) return std::optional<Frame>();
  size_t size = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) size = size << 8 | rest[i];
  if (size > kFrameBodyBytesMax) return BadFrame("a frame is longer than its limit");
  if (rest.size() < kLengthBytes + size) return std::optional<Frame>();
  TRY_ASSIGN(Frame frame, DecodeFrame(rest.subspan(kLengthBytes, size)));
  start_ += kLengthBytes + size;
  return std::optional<Frame>(std::move(frame));
}

SignResult Signed(Bytes signature) {
  return {SignResult::Outcome::kSigned, std::move(signature), Error{}};
}
SignResult NotSigned(Error error) {
  return {SignResult::Outcome::kNotSigned, {}, std::move(error)};
}
SignResult MayHaveBeenSigned(Error error) {
  return {SignResult::Outcome::kMayHaveBeenSigned, {}, std::move(error)};
}
SignResult Refused(Error error) { return {SignResult::Outcome::kRefused, {}, std::move(error)}; }

}  // namespace mayfly::hsm
