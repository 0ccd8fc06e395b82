#include "hsm/client/wire.h"

#include <gtest/gtest.h>

#include <random>

namespace mayfly::hsm {
namespace {

const Uuid kId = Uuid::FromOctets({1, 2, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16});

Error SomeError() {
  Error error = FailWithDetail(ErrorCode::kOverloaded, "signer.overloaded", "too much", "detail");
  error.retry_after = Milliseconds(100);
  return error;
}

SignRequest SomeRequest() {
  return {
      0x0102030405060708, kId,  SignPurpose::kOcsp,        x509::SignatureAlgorithm::kEcdsaSha384,
      Hash256{9, 8, 7},   1500, "pkcs11:token=t;object=o", Bytes{0x30, 0x00}};
}

std::vector<Frame> Examples() {
  return {SomeRequest(),
          PublicKeyRequest{7, 250, "pkcs11:token=t;object=o"},
          SignReply{8, Signed(Bytes{1, 2, 3})},
          SignReply{9, MayHaveBeenSigned(SomeError())},
          PublicKeyReply{10, std::nullopt, Bytes{4, 5}},
          PublicKeyReply{11, SomeError(), {}},
          WorkerState{},
          WorkerState{SomeError()}};
}

ByteSpan BodyOf(const Bytes& frame) { return ByteSpan(frame).subspan(4); }

TEST(Wire, SignRequestHasItsOctets) {
  // A golden frame: two versions side by side must agree on it.
  EXPECT_EQ(ToHex(EncodeFrame(SomeRequest())),
            "00000060"
            "01"
            "0102030405060708"
            "0102030405067708890a0b0c0d0e0f10"
            "04"
            "01"
            "0908070000000000000000000000000000000000000000000000000000000000"
            "000005dc"
            "00000017"
            "706b637331313a746f6b656e3d743b6f626a6563743d6f"
            "00000002"
            "3000");
}

TEST(Wire, FieldsSurvive) {
  auto frame = DecodeFrame(BodyOf(EncodeFrame(SomeRequest())));
  ASSERT_TRUE(frame);
  const auto& read = std::get<SignRequest>(*frame);
  EXPECT_EQ(read.ticket, SomeRequest().ticket);
  EXPECT_EQ(read.id, kId);
  EXPECT_EQ(read.purpose, SignPurpose::kOcsp);
  EXPECT_EQ(read.algorithm, x509::SignatureAlgorithm::kEcdsaSha384);
  EXPECT_EQ(read.spki_hash, SomeRequest().spki_hash);
  EXPECT_EQ(read.allowed_ms, 1500u);
  EXPECT_EQ(read.uri, "pkcs11:token=t;object=o");
  EXPECT_EQ(read.message, SomeRequest().message);
}

TEST(Wire, ErrorsSurvive) {
  Bytes encoded = EncodeFrame(SignReply{9, MayHaveBeenSigned(SomeError())});
  auto frame = DecodeFrame(BodyOf(encoded));
  ASSERT_TRUE(frame);
  const auto& read = std::get<SignReply>(*frame);
  EXPECT_EQ(read.result.outcome, SignResult::Outcome::kMayHaveBeenSigned);
  EXPECT_EQ(read.result.error.code, ErrorCode::kOverloaded);
  EXPECT_EQ(read.result.error.rule, "signer.overloaded");
  EXPECT_EQ(read.result.error.message, "too much");
  EXPECT_EQ(read.result.error.detail, "detail");
  EXPECT_EQ(read.result.error.retry_after, Milliseconds(100));
}

TEST(Wire, EncodingAgainGivesTheSameOctets) {
  for (const Frame& example : Examples()) {
    Bytes encoded = EncodeFrame(example);
    auto frame = DecodeFrame(BodyOf(encoded));
    ASSERT_TRUE(frame) << ToHex(encoded);
    EXPECT_EQ(EncodeFrame(*frame), encoded);
  }
}

TEST(Wire, EveryPrefixAndEveryExtensionIsRefused) {
  for (const Frame& example : Examples()) {
    Bytes body = ToBytes(BodyOf(EncodeFrame(example)));
    for (size_t size = 0; size < body.size(); ++size) {
      auto frame = DecodeFrame(ByteSpan(body).first(size));
      ASSERT_FALSE(frame) << ToHex(body) << " cut to " << size;
      EXPECT_EQ(frame.error().rule, "signer.wire");
    }
    body.push_back(0);
    EXPECT_FALSE(DecodeFrame(body));
  }
}

// Whatever is accepted must be what would be written: no octet is ignored.
TEST(Wire, MutatedBodiesAreRefusedOrMeanWhatTheySay) {
  std::mt19937 random(20260101);
  for (const Frame& example : Examples()) {
    const Bytes good = ToBytes(BodyOf(EncodeFrame(example)));
    for (int round = 0; round < 2000; ++round) {
      Bytes body = good;
      body[random() % body.size()] ^= static_cast<uint8_t>(1 + random() % 255);
      auto frame = DecodeFrame(body);
      if (!frame) continue;
      EXPECT_EQ(ToBytes(BodyOf(EncodeFrame(*frame))), body);
    }
  }
}

TEST(Wire, UnknownEnumeratorsAreRefused) {
  Bytes body = ToBytes(BodyOf(EncodeFrame(SomeRequest())));
  constexpr size_t kPurposeAt = 1 + 8 + 16;
  for (uint8_t purpose : {0, 7, 255}) {
    body[kPurposeAt] = purpose;
    EXPECT_FALSE(DecodeFrame(body));
  }
  body[kPurposeAt] = 6;
  EXPECT_TRUE(DecodeFrame(body));
  body[kPurposeAt + 1] = 7;
  EXPECT_FALSE(DecodeFrame(body));
  for (uint8_t type : {0, 6, 255}) {
    body[0] = type;
    EXPECT_FALSE(DecodeFrame(body));
  }
}

TEST(Wire, FieldLimits) {
  SignRequest request = SomeRequest();
  request.message.resize(kSignMessageBytesMax);
  EXPECT_TRUE(DecodeFrame(BodyOf(EncodeFrame(request))));
  request.message.resize(kSignMessageBytesMax + 1);
  EXPECT_FALSE(DecodeFrame(BodyOf(EncodeFrame(request))));
  EXPECT_TRUE(DecodeFrame(BodyOf(EncodeFrame(SignReply{1, Signed(Bytes(kSignatureBytesMax))}))));
  EXPECT_FALSE(
      DecodeFrame(BodyOf(EncodeFrame(SignReply{1, Signed(Bytes(kSignatureBytesMax + 1))}))));
}

TEST(Wire, LongTextsAreCutWhenWritten) {
  Error error = Fail(ErrorCode::kInternal, "rule", std::string(kErrorTextBytesMax + 1, 'x'));
  auto frame = DecodeFrame(BodyOf(EncodeFrame(WorkerState{error})));
  ASSERT_TRUE(frame);
  EXPECT_EQ(std::get<WorkerState>(*frame).down->message.size(), kErrorTextBytesMax);
}

TEST(FrameReader, CutsAStreamThatComesOctetByOctet) {
  Bytes stream;
  for (const Frame& example : Examples()) {
    Bytes encoded = EncodeFrame(example);
    stream.insert(stream.end(), encoded.begin(), encoded.end());
  }
  FrameReader reader;
  size_t frames = 0;
  for (uint8_t octet : stream) {
    reader.Append(ByteSpan(&octet, 1));
    auto next = reader.Next();
    ASSERT_TRUE(next);
    frames += next->has_value();
  }
  EXPECT_EQ(frames, Examples().size());
  EXPECT_EQ(reader.buffered(), 0u);
}

TEST(FrameReader, LengthIsRefusedBeforeItsBodyIsAwaited) {
  auto length = [](size_t size) {
    Bytes out(4);
    for (size_t i = 0; i < 4; ++i) out[i] = static_cast<uint8_t>(size >> (24 - 8 * i));
    return out;
  };
  FrameReader at_limit, beyond;
  at_limit.Append(length(kFrameBodyBytesMax));
  EXPECT_TRUE(at_limit.Next());
  beyond.Append(length(kFrameBodyBytesMax + 1));
  EXPECT_FALSE(beyond.Next());
}

}  // namespace
}  // namespace mayfly::hsm
