#include "rpc/page_token.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

namespace mayfly::rpc {
namespace {

// Base64 of nonce, ciphertext and tag, AES-256-GCM. Random nonces of 96 bits are good for 2^32
// tokens (NIST SP 800-38D 8.3), a thousand a second for 49 days: a forged token would give a place
// in a list that the caller is checked for anyway.
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;
constexpr size_t kNumberBytes = 8;
constexpr size_t kUuidBytes = 16;
constexpr size_t kCertificatePlaceBytes = 2 * kNumberBytes + x509::kSerialOctetsMax;
constexpr size_t kEventPlaceBytes = 2 * kNumberBytes;
constexpr size_t kProposalPlaceBytes = kNumberBytes + kUuidBytes;

struct CipherFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, CipherFree>;

// Of calls that fail only when memory is out.
void Require(bool worked) {
  if (!worked) std::abort();
}

enum class Direction : int { kOpen = 0, kSeal = 1 };

Cipher MakeCipher(const Hash256& key, ByteSpan nonce, std::string_view list, Direction direction) {
  Cipher cipher(EVP_CIPHER_CTX_new());
  Require(cipher != nullptr);
  Require(EVP_CipherInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data(),
                            static_cast<int>(direction)) == 1);
  int size = 0;
  Require(EVP_CipherUpdate(cipher.get(), nullptr, &size, AsBytes(list).data(),
                           static_cast<int>(list.size())) == 1);
  return cipher;
}

void PutNumber(Bytes& out, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(number >> shift));
}

uint64_t GetNumber(ByteSpan octets) {
  uint64_t number = 0;
  for (size_t i = 0; i < kNumberBytes; ++i) number = number << 8 | octets[i];
  return number;
}

Bytes Encode(const IndexPosition& position) {
  Bytes plain;
  PutNumber(plain, static_cast<uint64_t>(position.not_after.time_since_epoch().count()));
  PutNumber(plain, static_cast<uint64_t>(position.key.issuer));
  const ByteSpan serial = position.key.serial.octets();
  plain.insert(plain.end(), serial.begin(), serial.end());
  plain.resize(kCertificatePlaceBytes);  // the ledger's serials have 20 octets
  return plain;
}

Error BadToken() {
  return Fail(ErrorCode::kInvalidArgument, "list.page-token",
              "page_token is not a next_page_token of this list; begin again without one, and keep "
              "what else the request says as it was");
}

Result<IndexPosition> Decode(ByteSpan plain) {
  auto serial = x509::SerialNumber::FromIntegerContents(plain.subspan(2 * kNumberBytes));
  if (!serial) return BadToken();
  const auto not_after = static_cast<int64_t>(GetNumber(plain));
  const auto issuer = static_cast<int32_t>(GetNumber(plain.subspan(kNumberBytes)));
  return IndexPosition{TimePoint(std::chrono::microseconds(not_after)),
                       {*std::move(serial), IssuerId{issuer}}};
}

}  // namespace

std::string PageTokens::SealOctets(ByteSpan plain, std::string_view list) const {
  Bytes token(kNonceBytes + plain.size() + kTagBytes);
  const std::span nonce(token.data(), kNonceBytes);
  random_.Fill(nonce);
  const Cipher cipher = MakeCipher(key_, nonce, list, Direction::kSeal);
  int size = 0;
  Require(EVP_CipherUpdate(cipher.get(), token.data() + kNonceBytes, &size, plain.data(),
                           static_cast<int>(plain.size())) == 1);
  uint8_t* tag = token.data() + kNonceBytes + plain.size();
  Require(EVP_CipherFinal_ex(cipher.get(), tag, &size) == 1);
  Require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, tag) == 1);
  return ToBase64(token);
}

Result<Bytes> PageTokens::OpenOctets(std::string_view token, std::string_view list,
                                     size_t size) const {
  auto sealed = FromBase64(token);
  if (!sealed || sealed->size() != kNonceBytes + size + kTagBytes) return BadToken();
  const Cipher cipher =
      MakeCipher(key_, ByteSpan(*sealed).first(kNonceBytes), list, Direction::kOpen);
  Bytes plain(size);
  int opened = 0;
  Require(EVP_CipherUpdate(cipher.get(), plain.data(), &opened, sealed->data() + kNonceBytes,
                           static_cast<int>(size)) == 1);
  Require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes,
                              sealed->data() + kNonceBytes + size) == 1);
  std::array<uint8_t, kTagBytes> rest;
  if (EVP_CipherFinal_ex(cipher.get(), rest.data(), &opened) != 1) return BadToken();
  return plain;
}

std::string PageTokens::Seal(const IndexPosition& position, std::string_view list) const {
  return SealOctets(Encode(position), list);
}

Result<IndexPosition> PageTokens::Open(std::string_view token, std::string_view list) const {
  TRY_ASSIGN(const Bytes plain, OpenOctets(token, list, kCertificatePlaceBytes));
  return Decode(plain);
}

std::string PageTokens::Seal(const EventPosition& position, std::string_view list) const {
  Bytes plain;
  PutNumber(plain, static_cast<uint64_t>(position.at.time_since_epoch().count()));
  PutNumber(plain, static_cast<uint64_t>(position.id));
  return SealOctets(plain, list);
}

Result<EventPosition> PageTokens::OpenEvents(std::string_view token, std::string_view list) const {
  TRY_ASSIGN(const Bytes plain, OpenOctets(token, list, kEventPlaceBytes));
  const auto at = static_cast<int64_t>(GetNumber(plain));
  const auto id = static_cast<int64_t>(GetNumber(ByteSpan(plain).subspan(kNumberBytes)));
  return EventPosition{TimePoint(std::chrono::microseconds(at)), id};
}

std::string PageTokens::Seal(const ProposalPosition& position, std::string_view list) const {
  Bytes plain;
  PutNumber(plain, static_cast<uint64_t>(position.created_at.time_since_epoch().count()));
  const ByteSpan id = position.id.octets();
  plain.insert(plain.end(), id.begin(), id.end());
  return SealOctets(plain, list);
}

Result<ProposalPosition> PageTokens::OpenProposals(std::string_view token,
                                                   std::string_view list) const {
  TRY_ASSIGN(const Bytes plain, OpenOctets(token, list, kProposalPlaceBytes));
  const auto created_at = static_cast<int64_t>(GetNumber(plain));
  std::array<uint8_t, kUuidBytes> id{};
  std::ranges::copy(ByteSpan(plain).subspan(kNumberBytes), id.begin());
  return ProposalPosition{TimePoint(std::chrono::microseconds(created_at)), Uuid::FromOctets(id)};
}

}  // namespace mayfly::rpc
