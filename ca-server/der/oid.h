// OBJECT IDENTIFIER (X.690 8.19), held as its DER contents.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace mayfly::der {

constexpr size_t kOidBytesMax = 64;  // contents octets; longer ones are refused

class Oid {
 public:
  // "1.2.840.10045.2.1", arcs below 2^64. For constants in the code and values of configuration.
  // Errors: kInvalidArgument "oid.format".
  static Result<Oid> FromDotted(std::string_view dotted);
  // Contents octets without tag and length: arcs minimal, not empty, not truncated.
  static Result<Oid> FromContents(ByteSpan contents);

  ByteSpan contents() const { return contents_; }
  std::string Dotted() const;
  friend auto operator<=>(const Oid&, const Oid&) = default;

 private:
  explicit Oid(Bytes contents) : contents_(std::move(contents)) {}
  Bytes contents_;
};

// For constants: ends the process at start when the text is wrong.
Oid OidOrDie(std::string_view dotted);

}  // namespace mayfly::der
