// Cosignatures (C2SP tlog-cosignature): what a witness says of a checkpoint, and when it said so. A
// witness signs only what continues what it signed before, so nobody can be shown another log.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "tlog/signed_note.h"

namespace mayfly::tlog {

constexpr uint8_t kCosignatureType = 0x04;  // Ed25519, of version 1

class WitnessKey {
 public:
  // A verifier key of type 0x04. Errors: kInvalidArgument "note.verifier-key", "note.key-name",
  // "base64.*"; kKeyRejected "key.ed25519-weak".
  static Result<WitnessKey> Parse(std::string_view text);

  const std::string& name() const { return name_; }
  // Is this signature, by its name and id, said to be by this key?
  bool Signed(const NoteSignature& signature) const {
    return signature.key_name == name_ && signature.key_id == id_;
  }
  // When the witness saw the checkpoint of this text. Errors: kSignatureInvalid
  // "cosignature.format" (not a time of 8 octets and 64 of a signature), "signature.invalid".
  Result<TimePoint> Verify(std::string_view checkpoint_text, const NoteSignature& signature) const;

 private:
  WitnessKey(std::string name, uint32_t id, x509::SubjectPublicKeyInfo key)
      : name_(std::move(name)), id_(id), key_(std::move(key)) {}
  std::string name_;
  uint32_t id_;
  x509::SubjectPublicKeyInfo key_;
};

}  // namespace mayfly::tlog
