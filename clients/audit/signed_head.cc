#include "clients/audit/signed_head.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <vector>

#include "clients/audit/hash_tree.h"

namespace mayfly::audit_reader {
namespace {

constexpr std::string_view kDash = "\xe2\x80\x94 ";  // U+2014 and a space begin a signature line
constexpr uint8_t kEd25519 = 1;
constexpr uint8_t kEcdsa = 2;
constexpr size_t kIdBytes = 4;
constexpr size_t kNoteBytesMax = size_t{256} * 1024;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using PublicKey = std::unique_ptr<EVP_PKEY, FreeKey>;

struct VerifierKey {
  std::string name;
  Bytes id;
  uint8_t type = 0;
  PublicKey key;
};

Error BadKey(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, "audit.verifier-key", std::move(message));
}

Error BadHead(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, "audit.checkpoint", std::move(message));
}

PublicKey ReadKey(uint8_t type, ByteSpan octets) {
  if (type == kEd25519) {
    return PublicKey(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets.data(), octets.size()));
  }
  const unsigned char* at = octets.data();
  PublicKey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(octets.size())));
  const bool is_ec = key && EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC;
  const bool is_all = at == octets.data() + octets.size();
  return is_ec && is_all && EVP_PKEY_get_bits(key.get()) == 256 ? std::move(key) : nullptr;
}

Bytes IdOf(const std::string& name, uint8_t type, ByteSpan octets) {
  Bytes input;
  if (type == kEd25519) {
    input.assign(name.begin(), name.end());
    input.insert(input.end(), {'\n', type});
  }
  input.insert(input.end(), octets.begin(), octets.end());
  const Hash256 hash = Sha256(input);
  return {hash.begin(), hash.begin() + kIdBytes};
}

Result<VerifierKey> ParseKey(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  const size_t first = text.find('+');
  const size_t second = first == text.npos ? text.npos : text.find('+', first + 1);
  if (second == text.npos) return BadKey("a verifier key is NAME+ID+KEY");
  VerifierKey key{.name = std::string(text.substr(0, first))};
  const auto id = FromHex(text.substr(first + 1, second - first - 1));
  const auto octets = FromBase64(text.substr(second + 1));
  if (!id || !octets || octets->size() < 2) return BadKey("its id is hex, its key base64");
  key.type = octets->front();
  key.id = *id;
  if (key.type != kEd25519 && key.type != kEcdsa) return BadKey("it is of an unknown type");
  const ByteSpan raw = ByteSpan(*octets).subspan(1);
  key.key = ReadKey(key.type, raw);
  if (!key.key) return BadKey("its key is none of Ed25519 or P-256");
  if (IdOf(key.name, key.type, raw) != key.id) return BadKey("its id is another key's");
  return key;
}

bool Verifies(const VerifierKey& key, std::string_view text, ByteSpan signature) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  const EVP_MD* digest = key.type == kEcdsa ? EVP_sha256() : nullptr;
  const ByteSpan message = AsBytes(text);
  return EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key.key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

// The signature of a line that is this key's.
Bytes SignatureBy(const VerifierKey& key, std::string_view line) {
  const std::string start = std::string(kDash) + key.name + " ";
  if (!line.starts_with(start)) return {};
  const auto octets = FromBase64(line.substr(start.size()));
  if (!octets || octets->size() <= kIdBytes) return {};
  if (!std::equal(key.id.begin(), key.id.end(), octets->begin())) return {};
  return {octets->begin() + kIdBytes, octets->end()};
}

// C2SP signed-note: each line is a signature's, and ends. So many at most, as Go's reader has it.
bool AreSignatureLines(std::string_view lines) {
  constexpr size_t kLinesMax = 100;
  size_t count = 0;
  for (size_t end = lines.find('\n'); end != lines.npos; end = lines.find('\n')) {
    const std::string_view line = lines.substr(0, end);
    const size_t space = line.rfind(' ');
    if (!line.starts_with(kDash) || space == line.npos || space <= std::string_view(kDash).size() ||
        ++count > kLinesMax) {
      return false;
    }
    const auto octets = FromBase64(line.substr(space + 1));
    if (!octets || octets->size() <= kIdBytes) return false;
    lines.remove_prefix(end + 1);
  }
  return count > 0 && lines.empty();
}

bool IsSignedBy(const VerifierKey& key, std::string_view text, std::string_view lines) {
  for (size_t end = lines.find('\n'); end != lines.npos; end = lines.find('\n')) {
    const Bytes signature = SignatureBy(key, lines.substr(0, end));
    if (!signature.empty() && Verifies(key, text, signature)) return true;
    lines.remove_prefix(end + 1);
  }
  return false;
}

Result<SignedHead> ParseHead(std::string_view text) {
  std::vector<std::string_view> lines;
  for (size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  if (lines.size() != 3 || !text.empty()) {
    return BadHead("it has not the three lines of a checkpoint");
  }
  SignedHead head{.origin = std::string(lines[0])};
  const std::string_view size = lines[1];
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), head.size);
  const auto root = FromBase64(lines[2]);
  if (error != std::errc() || end != size.data() + size.size() || !root ||
      root->size() != head.root.size()) {
    return BadHead("its size or root cannot be read");
  }
  std::copy(root->begin(), root->end(), head.root.begin());
  return head;
}

}  // namespace

Result<SignedHead> OpenSignedHead(std::string_view note, std::string_view key_text) {
  TRY_ASSIGN(const VerifierKey key, ParseKey(key_text));
  const size_t split = note.rfind("\n\n");
  if (split == note.npos) return BadHead("it is not a signed note");
  if (note.size() > kNoteBytesMax || !AreSignatureLines(note.substr(split + 2))) {
    return BadHead("what follows its text is not signatures");
  }
  const std::string_view text = note.substr(0, split + 1);
  if (!IsSignedBy(key, text, note.substr(split + 2))) {
    return BadHead("it is not signed by the key " + key.name + "+" + ToHex(key.id));
  }
  TRY_ASSIGN(SignedHead head, ParseHead(text));
  if (head.origin != key.name) return BadHead("it is of another log, " + Escape(head.origin));
  return head;
}

}  // namespace mayfly::audit_reader
