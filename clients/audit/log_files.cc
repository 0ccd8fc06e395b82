#include "clients/audit/log_files.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "clients/audit/hash_tree.h"

namespace mayfly::audit_reader {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kWidth = 256;

std::optional<Bytes> ReadWhole(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

// A full file stands in for its partial ones.
std::optional<Bytes> ReadTile(const fs::path& folder, const std::string& level, uint64_t index,
                              uint64_t width) {
  const fs::path place = folder / "tile" / level;
  auto octets = ReadWhole(place / TileName(index, width));
  return octets || width == kWidth ? octets : ReadWhole(place / TileName(index, kWidth));
}

uint64_t WidthAt(uint64_t index, uint64_t size) { return std::min(kWidth, size - index * kWidth); }

// The first `count` entries of a bundle; nothing where it is not of such a form.
std::optional<std::vector<ByteSpan>> EntriesOf(ByteSpan bundle, uint64_t count) {
  std::vector<ByteSpan> entries;
  while (entries.size() < count) {
    if (bundle.size() < 2) return std::nullopt;
    const size_t size = size_t{bundle[0]} * 256 + bundle[1];
    if (bundle.size() < 2 + size) return std::nullopt;
    entries.push_back(bundle.subspan(2, size));
    bundle = bundle.subspan(2 + size);
  }
  return entries;
}

class Reading {
 public:
  Reading(const fs::path& folder, const SignedHead& head, const std::vector<uint64_t>& sizes)
      : folder_(folder), head_(head), sizes_(sizes) {}

  ReadLog Read() {
    std::vector<Hash256> leaves;
    NoteRoot();
    for (uint64_t index = 0; index * kWidth < head_.size; ++index) {
      if (!ReadBundle(index, leaves)) return std::move(log_);
    }
    if (tree_.Root() != head_.root) {
      Find("log.root", "the entries are not those that the checkpoint was signed of");
    }
    CheckTiles(std::move(leaves));
    return std::move(log_);
  }

 private:
  void Find(std::string rule, std::string text) {
    log_.findings.push_back({std::move(rule), std::move(text)});
  }

  void NoteRoot() {
    if (std::ranges::find(sizes_, tree_.size()) == sizes_.end()) return;
    log_.roots[tree_.size()] = tree_.Root();
  }

  bool ReadBundle(uint64_t index, std::vector<Hash256>& leaves) {
    const uint64_t width = WidthAt(index, head_.size);
    const std::string name = "tile/entries/" + TileName(index, width);
    const auto octets = ReadTile(folder_, "entries", index, width);
    const auto entries = octets ? EntriesOf(*octets, width) : std::nullopt;
    if (!entries) {
      Find("log.bundle", name + (octets ? " is damaged" : " is missing"));
      return false;
    }
    for (ByteSpan entry : *entries) {
      auto header = ReadHeader(entry);
      if (!header) {
        Find("log.entry", "entry " + std::to_string(tree_.size()) + " cannot be read");
        return false;
      }
      leaves.push_back(HashLeaf(entry));
      tree_.Add(leaves.back());
      log_.entries.push_back({*std::move(header), leaves.back()});
      NoteRoot();
    }
    return true;
  }

  // A tile of level 0 has the hashes of leaves, one of level L the roots of tiles of level L - 1.
  void CheckTiles(std::vector<Hash256> hashes) {
    for (int level = 0; !hashes.empty(); ++level) {
      std::vector<Hash256> roots;
      for (uint64_t index = 0; index * kWidth < hashes.size(); ++index) {
        const uint64_t width = WidthAt(index, hashes.size());
        Bytes expected;
        HashTree tree;
        for (uint64_t i = index * kWidth; i < index * kWidth + width; ++i) {
          expected.insert(expected.end(), hashes[i].begin(), hashes[i].end());
          tree.Add(hashes[i]);
        }
        CheckTile(level, index, width, expected);
        if (width == kWidth) roots.push_back(tree.Root());
      }
      hashes = std::move(roots);
    }
  }

  void CheckTile(int level, uint64_t index, uint64_t width, const Bytes& expected) {
    const std::string name = "tile/" + std::to_string(level) + "/" + TileName(index, width);
    const auto tile = ReadTile(folder_, std::to_string(level), index, width);
    if (!tile) return Find("log.tile", name + " is missing");
    const bool is_it = tile->size() >= expected.size() &&
                       std::equal(expected.begin(), expected.end(), tile->begin());
    if (!is_it) Find("log.tile", name + " has other hashes than the entries");
  }

  const fs::path& folder_;
  const SignedHead& head_;
  const std::vector<uint64_t>& sizes_;
  HashTree tree_;
  ReadLog log_;
};

}  // namespace

std::string TileName(uint64_t index, uint64_t width) {
  const auto three_digits = [](uint64_t number) {
    const std::string digits = std::to_string(number);
    return std::string(3 - digits.size(), '0') + digits;
  };
  std::string name = three_digits(index % 1000);
  for (uint64_t rest = index / 1000; rest > 0; rest /= 1000) {
    name.insert(0, "x" + three_digits(rest % 1000) + "/");
  }
  return width < kWidth ? name + ".p/" + std::to_string(width) : name;
}

ReadLog ReadLogFiles(const fs::path& folder, const SignedHead& head,
                     const std::vector<uint64_t>& sizes) {
  return Reading(folder, head, sizes).Read();
}

}  // namespace mayfly::audit_reader
