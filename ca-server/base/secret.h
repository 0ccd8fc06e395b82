// SecretBytes: a PIN, a password, a private key on its way to a file. Wiped when it goes, never
// copied by accident, and with no way to be printed.
#pragma once

#include <string.h>

#include <utility>

#include "base/bytes.h"

namespace mayfly {

class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(Bytes octets) : octets_(std::move(octets)) {}
  SecretBytes(SecretBytes&& other) noexcept : octets_(std::exchange(other.octets_, {})) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    std::swap(octets_, other.octets_);
    return *this;
  }
  ~SecretBytes() {
    if (!octets_.empty()) explicit_bzero(octets_.data(), octets_.size());
  }

  // Named so that every use stands out in a review.
  ByteSpan Reveal() const { return octets_; }
  bool empty() const { return octets_.empty(); }

 private:
  Bytes octets_;
};

}  // namespace mayfly
