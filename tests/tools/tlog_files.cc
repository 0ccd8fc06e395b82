// tlog-files FOLDER: writes a log as Mayfly does, for tests/integration/tlog_interop_test.py.
//
//   tile/...               every tile and entry bundle, of every size below
//   SIZE.TYPE.checkpoint   signed with a new key of that type
//   TYPE.key               its verifier key
//   inclusion              a line for each proof: size, leaf's index, leaf's hash, hashes
//   consistency            a line for each proof: new size, old size, hashes
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "tlog/checkpoint.h"
#include "tlog/entry_bundle.h"
#include "tlog/log_entry.h"
#include "tlog/proof.h"
#include "tlog/tile_builder.h"

namespace mayfly::tlog {
namespace {

constexpr uint64_t kSizes[] = {1, 2, 3, 5, 8, 255, 256, 257, 1000, 65536, 70000};
constexpr auto kOrigin = "log.mayfly.internal";

template <class T>
T OrDie(Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().rule.c_str());
  if (!result) std::exit(1);
  return *std::move(result);
}

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

NoteKey NoteKeyOf(EVP_PKEY* key) {
  Bytes der(static_cast<size_t>(i2d_PUBKEY(key, nullptr)));
  uint8_t* out = der.data();
  i2d_PUBKEY(key, &out);
  return OrDie(NoteKey::Make(kOrigin, OrDie(x509::SubjectPublicKeyInfo::FromDer(der))));
}

// As the signer gives it: of ECDSA the DER.
Bytes Sign(EVP_PKEY* key, std::string_view text) {
  const bool is_ecdsa = EVP_PKEY_get_id(key) == EVP_PKEY_EC;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free);
  const ByteSpan bytes = AsBytes(text);
  Bytes signature(256);
  size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, is_ecdsa ? EVP_sha256() : nullptr, nullptr, key) !=
          1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, bytes.data(), bytes.size()) != 1) {
    std::abort();
  }
  signature.resize(size);
  return signature;
}

class Folder {
 public:
  explicit Folder(std::filesystem::path path) : path_(std::move(path)) {}
  void Write(const std::string& name, ByteSpan bytes) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << AsText(bytes);
  }
  void Write(const std::string& name, const std::string& text) const { Write(name, AsBytes(text)); }

 private:
  std::filesystem::path path_;
};

Bytes EntryOf(uint64_t index) {
  const AdminEvent event{index, "test", "", "{\"index\":" + std::to_string(index) + "}"};
  return OrDie(EncodeLogEntry({index / 10, event}));
}

std::string HashesOf(const Proof& proof) {
  std::string text;
  for (const Hash256& hash : proof) text += " " + ToBase64(hash);
  return text + "\n";
}

class Log {
 public:
  explicit Log(const Folder& folder) : folder_(folder) {
    for (const auto& [type, key] : keys_) {
      folder_.Write(type + ".key", NoteKeyOf(key.get()).ToString() + "\n");
    }
  }

  void GrowTo(uint64_t size) {
    std::vector<Bytes> entries;
    const size_t leaves_before = leaves_.size();
    for (uint64_t i = leaves_before; i < size; ++i) {
      entries.push_back(EntryOf(i));
      leaves_.push_back(LeafHash(entries.back()));
    }
    for (const Bundle& bundle : OrDie(bundles_.Append(entries))) {
      folder_.Write(bundle.id.Path(), bundle.bytes);
    }
    for (const Tile& tile : builder_.Append(std::span(leaves_).subspan(leaves_before))) {
      folder_.Write(tile.id.Path(), tile.bytes);
      if (!tiles_.Add(tile.id, tile.bytes)) std::abort();
    }
    WriteCheckpoints();
    WriteProofs();
  }

 private:
  void WriteCheckpoints() const {
    const std::string text = OrDie(WriteCheckpoint({kOrigin, builder_.Head()}));
    for (const auto& [type, key] : keys_) {
      const NoteKey note_key = NoteKeyOf(key.get());
      const std::string note =
          OrDie(AssembleNote({text, {note_key.Signature(Sign(key.get(), text))}}));
      OrDie(OpenCheckpoint(note, kOrigin, std::span(&note_key, 1)));
      folder_.Write(std::to_string(leaves_.size()) + "." + type + ".checkpoint", note);
    }
  }
  void WriteProofs() {
    const uint64_t size = leaves_.size();
    for (uint64_t index : {uint64_t{0}, size / 3, size / 2, size - 1}) {
      inclusion_ += std::to_string(size) + " " + std::to_string(index) + " " +
                    ToBase64(leaves_[index]) + HashesOf(OrDie(ProveInclusion(index, size, tiles_)));
    }
    for (uint64_t old_size : kSizes) {
      if (old_size > size) break;
      consistency_ += std::to_string(size) + " " + std::to_string(old_size) +
                      HashesOf(OrDie(ProveConsistency(old_size, size, tiles_)));
    }
    folder_.Write("inclusion", inclusion_);
    folder_.Write("consistency", consistency_);
  }

  const Folder& folder_;
  const std::pair<std::string, Key> keys_[2] = {
      {"ed25519", Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))},
      {"ecdsa", Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"))}};
  std::vector<Hash256> leaves_;
  TileBuilder builder_;
  BundleBuilder bundles_;
  TileSet tiles_;
  std::string inclusion_;
  std::string consistency_;
};

}  // namespace
}  // namespace mayfly::tlog

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const mayfly::tlog::Folder folder(argv[1]);
  mayfly::tlog::Log log(folder);
  for (uint64_t size : mayfly::tlog::kSizes) log.GrowTo(size);
  return 0;
}
