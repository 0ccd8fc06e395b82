// Identifier octets (X.690 8.1.2). Only the low-tag-number form: X.509 needs no other.
#pragma once

#include <cstdint>

namespace mayfly::der {

enum class Tag : uint8_t {
  kBoolean = 0x01,
  kInteger = 0x02,
  kBitString = 0x03,
  kOctetString = 0x04,
  kNull = 0x05,
  kOid = 0x06,
  kEnumerated = 0x0a,
  kUtf8String = 0x0c,
  kPrintableString = 0x13,
  kTeletexString = 0x14,
  kIa5String = 0x16,
  kUtcTime = 0x17,
  kGeneralizedTime = 0x18,
  kUniversalString = 0x1c,
  kBmpString = 0x1e,
  kSequence = 0x30,
  kSet = 0x31,
};

constexpr Tag ContextPrimitive(uint8_t number) { return static_cast<Tag>(0x80 | number); }
constexpr Tag ContextConstructed(uint8_t number) { return static_cast<Tag>(0xa0 | number); }

}  // namespace mayfly::der
