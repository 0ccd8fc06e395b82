#include "tlog/signed_note.h"

#include <algorithm>

#include "der/character_string.h"
#include "x509/digest.h"
#include "x509/ed25519_public_key.h"
#include "x509/signature.h"

namespace mayfly::tlog {
namespace {

using x509::KeyType;
using x509::SubjectPublicKeyInfo;

constexpr std::string_view kSignaturesMark = "\n\n";
constexpr std::string_view kLineMark = "\u2014 ";
constexpr size_t kKeyIdBytes = 4;

enum class SignatureType : uint8_t { kEd25519 = 0x01, kEcdsa = 0x02 };

// Unicode's White_Space beyond ASCII.
constexpr std::string_view kWideSpaces[] = {"\u0085", "\u00a0", "\u1680", "\u2000", "\u2001",
                                            "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
                                            "\u2007", "\u2008", "\u2009", "\u200a", "\u2028",
                                            "\u2029", "\u202f", "\u205f", "\u3000"};

Error BadNote(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

bool IsControl(char c) { return static_cast<uint8_t>(c) < 0x20; }

Status CheckKeyName(std::string_view name) {
  const bool has_space = std::any_of(std::begin(kWideSpaces), std::end(kWideSpaces), [&](auto s) {
    return name.find(s) != std::string_view::npos;
  });
  const bool has_mark = std::any_of(name.begin(), name.end(),
                                    [](char c) { return IsControl(c) || c == ' ' || c == '+'; });
  if (name.empty() || name.size() > kKeyNameBytesMax || has_space || has_mark ||
      !der::Utf8Length(name)) {
    return BadNote("note.key-name", "a key's name has 1 to " + std::to_string(kKeyNameBytesMax) +
                                        " octets, and neither spaces nor \"+\"");
  }
  return Ok();
}

Status CheckText(std::string_view text) {
  const bool has_control =
      std::any_of(text.begin(), text.end(), [](char c) { return IsControl(c) && c != '\n'; });
  if (!text.ends_with('\n') || has_control || !der::Utf8Length(text)) {
    return BadNote("note.text", "a note is UTF-8 without control characters and ends in a newline");
  }
  return Ok();
}

Status CheckCount(size_t signatures) {
  if (signatures == 0 || signatures > kNoteSignaturesMax) {
    return BadNote("note.signatures",
                   "a note has 1 to " + std::to_string(kNoteSignaturesMax) + " signatures");
  }
  return Ok();
}

Status CheckSignature(const NoteSignature& signature) {
  TRY(CheckKeyName(signature.key_name));
  if (signature.signature.empty() || signature.signature.size() > kNoteSignatureBytesMax) {
    return BadNote("note.signature-size",
                   "a signature has 1 to " + std::to_string(kNoteSignatureBytesMax) + " octets");
  }
  return Ok();
}

Status CheckSize(size_t bytes) {
  if (bytes > kNoteBytesMax) {
    return BadNote("note.size", "a note has " + std::to_string(kNoteBytesMax) + " octets at most");
  }
  return Ok();
}

Bytes KeyIdOctets(uint32_t id) {
  return {static_cast<uint8_t>(id >> 24), static_cast<uint8_t>(id >> 16),
          static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id)};
}

uint32_t KeyIdFrom(ByteSpan octets) {
  return uint32_t{octets[0]} << 24 | uint32_t{octets[1]} << 16 | uint32_t{octets[2]} << 8 |
         octets[3];
}

SignatureType TypeOf(const SubjectPublicKeyInfo& key) {
  return key.type() == KeyType::kEd25519 ? SignatureType::kEd25519 : SignatureType::kEcdsa;
}

// The type, then an Ed25519 key's 32 octets, or the whole SubjectPublicKeyInfo of an ECDSA key.
Bytes TypedKey(const SubjectPublicKeyInfo& key) {
  const SignatureType type = TypeOf(key);
  Bytes out{static_cast<uint8_t>(type)};
  const ByteSpan octets = type == SignatureType::kEd25519 ? key.key_bits() : key.der();
  out.insert(out.end(), octets.begin(), octets.end());
  return out;
}

// An ECDSA key's id is the hash of the key alone: it began in Sigstore so, and C2SP has kept it.
uint32_t KeyIdOf(std::string_view name, const SubjectPublicKeyInfo& key) {
  if (TypeOf(key) == SignatureType::kEcdsa) return KeyIdFrom(x509::Sha256(key.der()));
  return UsualKeyId(name, TypedKey(key));
}

Result<SubjectPublicKeyInfo> KeyFromTyped(ByteSpan typed_key) {
  const ByteSpan key = typed_key.subspan(1);
  if (typed_key[0] == static_cast<uint8_t>(SignatureType::kEcdsa)) {
    return SubjectPublicKeyInfo::FromDer(key);
  }
  if (typed_key[0] != static_cast<uint8_t>(SignatureType::kEd25519) ||
      key.size() != x509::kEd25519KeyBytes) {
    return BadNote("note.verifier-key", "neither an Ed25519 nor an ECDSA key");
  }
  return x509::Ed25519Key(key);
}

// "— NAME BASE64", without its newline.
Result<NoteSignature> ParseLine(std::string_view line) {
  if (!line.starts_with(kLineMark)) {
    return BadNote("note.format", "a signature's line begins with an em dash and a space");
  }
  line.remove_prefix(kLineMark.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) {
    return BadNote("note.format", "a signature's line has a key's name and a signature");
  }
  TRY_ASSIGN(Bytes octets, FromBase64(line.substr(space + 1)));
  if (octets.size() < kKeyIdBytes) {
    return BadNote("note.format", "a signature begins with the key's id");
  }
  NoteSignature signature{std::string(line.substr(0, space)), KeyIdFrom(octets),
                          ToBytes(ByteSpan(octets).subspan(kKeyIdBytes))};
  TRY(CheckSignature(signature));
  return signature;
}

std::string LineOf(const NoteSignature& signature) {
  Bytes octets = KeyIdOctets(signature.key_id);
  octets.insert(octets.end(), signature.signature.begin(), signature.signature.end());
  return std::string(kLineMark) + signature.key_name + " " + ToBase64(octets) + "\n";
}

Status Verify(std::string_view text, const NoteKey& key, ByteSpan signature) {
  const auto algorithm = TypeOf(key.key()) == SignatureType::kEd25519
                             ? x509::SignatureAlgorithm::kEd25519
                             : x509::SignatureAlgorithm::kEcdsaSha256;
  return x509::VerifySignature(key.key(), algorithm, AsBytes(text), signature);
}

}  // namespace

Result<NoteKey> NoteKey::Make(std::string name, SubjectPublicKeyInfo key) {
  TRY(CheckKeyName(name));
  if (key.type() == KeyType::kEd25519) {
    TRY(x509::CheckEd25519Point(key.key_bits()));
  } else if (key.type() != KeyType::kEcP256) {
    return Fail(ErrorCode::kKeyRejected, "note.key-type",
                "notes are signed with Ed25519 or ECDSA on P-256, not with " +
                    std::string(KeyTypeName(key.type())));
  }
  const uint32_t id = KeyIdOf(name, key);
  return NoteKey(std::move(name), id, std::move(key));
}

Result<VerifierKeyParts> SplitVerifierKey(std::string_view text) {
  const size_t first = text.find('+');
  const size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) {
    return BadNote("note.verifier-key", "a verifier key is NAME+KEY-ID+KEY");
  }
  TRY_ASSIGN(Bytes typed_key, FromBase64(text.substr(second + 1)));
  if (typed_key.empty()) return BadNote("note.verifier-key", "there is no key");
  VerifierKeyParts parts{std::string(text.substr(0, first)),
                         std::string(text.substr(first + 1, second - first - 1)),
                         std::move(typed_key)};
  TRY(CheckKeyName(parts.name));
  return parts;
}

uint32_t UsualKeyId(std::string_view name, ByteSpan typed_key) {
  const std::string input = std::string(name) + "\n" + ToString(typed_key);
  return KeyIdFrom(x509::Sha256(AsBytes(input)));
}

std::string KeyIdText(uint32_t id) { return ToHex(KeyIdOctets(id)); }

Result<NoteKey> NoteKey::Parse(std::string_view text) {
  TRY_ASSIGN(VerifierKeyParts parts, SplitVerifierKey(text));
  TRY_ASSIGN(SubjectPublicKeyInfo spki, KeyFromTyped(parts.typed_key));
  TRY_ASSIGN(NoteKey key, Make(std::move(parts.name), std::move(spki)));
  if (key.ToString() != text) {
    return BadNote("note.verifier-key", "the key's id is not the one of this name and key");
  }
  return key;
}

std::string NoteKey::ToString() const {
  return name_ + "+" + KeyIdText(id_) + "+" + ToBase64(TypedKey(key_));
}

Result<std::string> AssembleNote(const SignedNote& note) {
  TRY(CheckText(note.text));
  TRY(CheckCount(note.signatures.size()));
  std::string out = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) {
    TRY(CheckSignature(signature));
    out += LineOf(signature);
  }
  TRY(CheckSize(out.size()));
  return out;
}

Result<SignedNote> ParseNote(std::string_view note) {
  TRY(CheckSize(note.size()));
  TRY(CheckText(note));
  // The last empty line: a text may have some of its own.
  const size_t mark = note.rfind(kSignaturesMark);
  if (mark == std::string_view::npos) return BadNote("note.format", "no empty line");
  SignedNote parsed{.text = std::string(note.substr(0, mark + 1)), .signatures = {}};
  TRY_ASSIGN(parsed.signatures, ParseSignatureLines(note.substr(mark + kSignaturesMark.size())));
  return parsed;
}

Result<std::vector<NoteSignature>> ParseSignatureLines(std::string_view lines) {
  TRY(CheckCount(static_cast<size_t>(std::count(lines.begin(), lines.end(), '\n'))));
  std::vector<NoteSignature> signatures;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    TRY_ASSIGN(NoteSignature signature, ParseLine(lines.substr(0, end)));
    signatures.push_back(std::move(signature));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return signatures;
}

Status VerifyNote(const SignedNote& note, std::span<const NoteKey> keys) {
  bool is_signed = false;
  for (const NoteSignature& signature : note.signatures) {
    for (const NoteKey& key : keys) {
      if (key.name() != signature.key_name || key.id() != signature.key_id) continue;
      TRY(Verify(note.text, key, signature.signature));
      is_signed = true;
    }
  }
  if (!is_signed) {
    return Fail(ErrorCode::kSignatureInvalid, "note.unsigned",
                "the note has no signature of a known key");
  }
  return Ok();
}

}  // namespace mayfly::tlog
