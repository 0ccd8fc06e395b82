// Signed notes (C2SP signed-note): a text, an empty line, and a line for each signature,
// "— KEY-NAME BASE64(key id || signature)".
//
// Nothing here signs: the text is what a key of the token signs (Signer, purpose audit), and
// AssembleNote puts the signature under it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "x509/subject_public_key_info.h"

namespace mayfly::tlog {

constexpr size_t kNoteBytesMax = size_t{256} * 1024;
constexpr size_t kNoteSignaturesMax = 64;        // witnesses' too; C2SP: at least 16
constexpr size_t kNoteSignatureBytesMax = 8192;  // ML-DSA-87 has 4627
constexpr size_t kKeyNameBytesMax = 255;

struct NoteSignature {
  std::string key_name;
  uint32_t key_id = 0;
  Bytes signature;
  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

struct SignedNote {
  std::string text;  // what was signed, its last newline included
  std::vector<NoteSignature> signatures;
};

// A key that a note may be verified with. Ed25519 (signature type 0x01, over the text), or ECDSA on
// P-256 with SHA-256 (0x02, DER Ecdsa-Sig-Value; what transparency-dev and Sigstore have).
class NoteKey {
 public:
  // Errors: kInvalidArgument "note.key-name" (empty, over kKeyNameBytesMax, or with a space, "+" or
  // a control character); kKeyRejected "note.key-type", "key.ed25519-weak".
  static Result<NoteKey> Make(std::string name, x509::SubjectPublicKeyInfo key);
  // A verifier key as other programs have it: "NAME+KEY-ID+BASE64(type || key)". Errors: as above,
  // and kInvalidArgument "note.verifier-key", kBadDer "der.*".
  static Result<NoteKey> Parse(std::string_view text);

  std::string ToString() const;  // what Parse takes
  const std::string& name() const { return name_; }
  uint32_t id() const { return id_; }
  const x509::SubjectPublicKeyInfo& key() const { return key_; }

  // The signature line's fields for a signature that this key made over a note's text.
  NoteSignature Signature(Bytes signature) const { return {name_, id_, std::move(signature)}; }

 private:
  NoteKey(std::string name, uint32_t id, x509::SubjectPublicKeyInfo key)
      : name_(std::move(name)), id_(id), key_(std::move(key)) {}
  std::string name_;
  uint32_t id_;
  x509::SubjectPublicKeyInfo key_;
};

// The parts of a verifier key's text, "NAME+KEY-ID+BASE64(type || key)", whatever its type. Error:
// kInvalidArgument "note.verifier-key", "note.key-name".
struct VerifierKeyParts {
  std::string name;
  std::string key_id;  // hex
  Bytes typed_key;     // not empty
};
Result<VerifierKeyParts> SplitVerifierKey(std::string_view text);
// The first 4 octets of SHA-256(name || 0x0A || typed key): of all types but ECDSA.
uint32_t UsualKeyId(std::string_view name, ByteSpan typed_key);
// "0a1b2c3d"
std::string KeyIdText(uint32_t id);

// Errors: kInvalidArgument "note.text" (no newline at its end, not UTF-8, a control character),
// "note.signatures" (none, or over kNoteSignaturesMax), "note.key-name", "note.signature-size",
// "note.size".
Result<std::string> AssembleNote(const SignedNote& note);

// What AssembleNote makes and nothing else; nothing is verified. Errors: as AssembleNote, and
// kInvalidArgument "note.format", "base64.*".
Result<SignedNote> ParseNote(std::string_view note);

// The lines of signatures alone, at least one; what follows a note's empty line. Errors: as above.
Result<std::vector<NoteSignature>> ParseSignatureLines(std::string_view lines);

// Ok where at least one signature is of one of the keys, and every signature of one of them
// verifies. Signatures of other keys are passed over. Errors: kSignatureInvalid
// "note.unsigned" (of none of the keys), "signature.invalid".
Status VerifyNote(const SignedNote& note, std::span<const NoteKey> keys);

}  // namespace mayfly::tlog
