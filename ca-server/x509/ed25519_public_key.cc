#include "x509/ed25519_public_key.h"

#include <algorithm>

#include "der/writer.h"

namespace mayfly::x509 {
namespace {

using Coordinate = Hash256;  // 32 octets, big endian

constexpr uint8_t kSignBit = 0x80;

constexpr Coordinate WithEnds(uint8_t first, uint8_t between, uint8_t last) {
  Coordinate out{};
  for (uint8_t& octet : out) octet = between;
  out.front() = first;
  out.back() = last;
  return out;
}

constexpr Coordinate kPrime = WithEnds(0x7f, 0xff, 0xed);  // 2^255 - 19
// The y coordinates of the eight points whose order divides the cofactor 8.
constexpr Coordinate kSmallOrderY[] = {
    WithEnds(0x00, 0x00, 0x00),  // order 4
    WithEnds(0x00, 0x00, 0x01),  // the neutral element
    WithEnds(0x7f, 0xff, 0xec),  // order 2
    // order 8
    {0x05, 0xfc, 0x53, 0x6d, 0x88, 0x02, 0x38, 0xb1, 0x39, 0x33, 0xc6,
     0xd3, 0x05, 0xac, 0xdf, 0xd5, 0xf0, 0x98, 0xef, 0xf2, 0x89, 0xf4,
     0xc3, 0x45, 0xb0, 0x27, 0xb2, 0xc2, 0x8f, 0x95, 0xe8, 0x26},
    {0x7a, 0x03, 0xac, 0x92, 0x77, 0xfd, 0xc7, 0x4e, 0xc6, 0xcc, 0x39,
     0x2c, 0xfa, 0x53, 0x20, 0x2a, 0x0f, 0x67, 0x10, 0x0d, 0x76, 0x0b,
     0x3c, 0xba, 0x4f, 0xd8, 0x4d, 0x3d, 0x70, 0x6a, 0x17, 0xc7},
};

}  // namespace

Status CheckEd25519Point(ByteSpan key) {
  Coordinate y;
  std::reverse_copy(key.begin(), key.end(), y.begin());
  y.front() &= static_cast<uint8_t>(~kSignBit);
  if (y >= kPrime || std::ranges::find(kSmallOrderY, y) != std::end(kSmallOrderY)) {
    return Fail(ErrorCode::kKeyRejected, "key.ed25519-weak",
                "the Ed25519 key is a point of small order, or not encoded canonically");
  }
  return Ok();
}

Result<SubjectPublicKeyInfo> Ed25519Key(ByteSpan key) {
  static const der::Oid kEd25519 = der::OidOrDie("1.3.101.112");  // RFC 8410 3
  der::Writer writer;
  writer.Sequence([&] {
    writer.Sequence([&] { writer.ObjectIdentifier(kEd25519); });
    writer.BitString(key);
  });
  return SubjectPublicKeyInfo::FromDer(writer.bytes());
}

}  // namespace mayfly::x509
