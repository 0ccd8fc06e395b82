#include "tlog/cosignature.h"

#include "x509/ed25519_public_key.h"
#include "x509/signature.h"

namespace mayfly::tlog {
namespace {

constexpr size_t kTimeBytes = 8;
constexpr size_t kEd25519SignatureBytes = 64;
constexpr uint64_t kTimeMax_s = 253'402'300'799;  // the end of 9999

uint64_t NumberOf(ByteSpan octets) {
  uint64_t number = 0;
  for (const uint8_t octet : octets) number = number << 8 | octet;
  return number;
}

}  // namespace

Result<WitnessKey> WitnessKey::Parse(std::string_view text) {
  TRY_ASSIGN(VerifierKeyParts parts, SplitVerifierKey(text));
  const ByteSpan key = ByteSpan(parts.typed_key).subspan(1);
  if (parts.typed_key[0] != kCosignatureType || key.size() != x509::kEd25519KeyBytes) {
    return Fail(ErrorCode::kInvalidArgument, "note.verifier-key",
                "not a witness's key: of type 4, with the 32 octets of an Ed25519 key");
  }
  const uint32_t id = UsualKeyId(parts.name, parts.typed_key);
  if (KeyIdText(id) != parts.key_id) {
    return Fail(ErrorCode::kInvalidArgument, "note.verifier-key",
                "the key's id is not the one of this name and key");
  }
  TRY(x509::CheckEd25519Point(key));
  TRY_ASSIGN(x509::SubjectPublicKeyInfo spki, x509::Ed25519Key(key));
  return WitnessKey(std::move(parts.name), id, std::move(spki));
}

Result<TimePoint> WitnessKey::Verify(std::string_view checkpoint_text,
                                     const NoteSignature& signature) const {
  const ByteSpan octets = signature.signature;
  const uint64_t time_s = octets.size() < kTimeBytes ? 0 : NumberOf(octets.first(kTimeBytes));
  if (octets.size() != kTimeBytes + kEd25519SignatureBytes || time_s > kTimeMax_s) {
    return Fail(ErrorCode::kSignatureInvalid, "cosignature.format",
                "a cosignature is a time and an Ed25519 signature");
  }
  const std::string message =
      "cosignature/v1\ntime " + std::to_string(time_s) + "\n" + std::string(checkpoint_text);
  TRY(x509::VerifySignature(key_, x509::SignatureAlgorithm::kEd25519, AsBytes(message),
                            octets.subspan(kTimeBytes)));
  return TimePoint(Seconds(time_s));
}

}  // namespace mayfly::tlog
