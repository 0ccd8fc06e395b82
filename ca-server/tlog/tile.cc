#include "tlog/tile.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace mayfly::tlog {
namespace {

constexpr std::string_view kTilePrefix = "tile/";
constexpr std::string_view kBundlePrefix = "entries/";
constexpr std::string_view kPartial = ".p/";
constexpr size_t kGroupDigits = 3;
constexpr uint64_t kGroupMax = 1000;

std::string ThreeDigits(uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(kGroupDigits - digits.size(), '0') + digits;
}

// 1234067 is x001/x234/067: a folder never has the name of a file.
std::string IndexPath(uint64_t index) {
  std::string folders;
  for (uint64_t rest = index / kGroupMax; rest > 0; rest /= kGroupMax) {
    folders.insert(0, "x" + ThreeDigits(rest % kGroupMax) + "/");
  }
  return folders + ThreeDigits(index % kGroupMax);
}

std::string PlacePath(uint64_t index, uint16_t width) {
  std::string path = IndexPath(index);
  if (width < kTileWidth) path += std::string(kPartial) + std::to_string(width);
  return path;
}

template <class Number>
std::optional<Number> NumberOf(std::string_view digits) {
  Number number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

Error BadPath() {
  return Fail(ErrorCode::kInvalidArgument, "tlog.path", "not the path of a tile or entry bundle");
}

// The digits of an index, with whatever stands between them: the caller compares the whole path.
Result<uint64_t> ParseIndex(std::string_view path) {
  std::string digits(path);
  std::erase_if(digits, [](char c) { return c == 'x' || c == '/'; });
  const auto index = NumberOf<uint64_t>(digits);
  if (!index || *index > kTileIndexMax) return BadPath();
  return *index;
}

Result<BundleId> ParsePlace(std::string_view path) {
  BundleId place;
  if (const size_t at = path.find(kPartial); at != std::string_view::npos) {
    const auto width = NumberOf<uint16_t>(path.substr(at + kPartial.size()));
    if (!width || *width == 0 || *width >= kTileWidth) return BadPath();
    place.width = *width;
    path = path.substr(0, at);
  }
  TRY_ASSIGN(place.index, ParseIndex(path));
  return place;
}

Result<std::variant<TileId, BundleId>> ParseAnySpelling(std::string_view path) {
  if (!path.starts_with(kTilePrefix)) return BadPath();
  path.remove_prefix(kTilePrefix.size());
  if (path.starts_with(kBundlePrefix)) {
    TRY_ASSIGN(BundleId bundle, ParsePlace(path.substr(kBundlePrefix.size())));
    return bundle;
  }
  const size_t slash = std::min(path.find('/'), path.size());
  const auto level = NumberOf<uint8_t>(path.substr(0, slash));
  if (!level || *level > kTileLevelMax) return BadPath();
  TRY_ASSIGN(BundleId place, ParsePlace(path.substr(slash)));
  return TileId{*level, place.index, place.width};
}

}  // namespace

std::string TileId::Path() const {
  return std::string(kTilePrefix) + std::to_string(level) + "/" + PlacePath(index, width);
}

std::string BundleId::Path() const {
  return std::string(kTilePrefix) + std::string(kBundlePrefix) + PlacePath(index, width);
}

Result<std::variant<TileId, BundleId>> ParseTilePath(std::string_view path) {
  TRY_ASSIGN(auto id, ParseAnySpelling(path));
  if (std::visit([](const auto& one) { return one.Path(); }, id) != path) return BadPath();
  return id;
}

uint16_t TileWidth(uint8_t level, uint64_t index, uint64_t size) {
  const uint64_t hashes = size >> (kTileHeight * level);
  if (index > hashes / kTileWidth) return 0;
  return static_cast<uint16_t>(std::min(hashes - index * kTileWidth, kTileWidth));
}

std::vector<TileId> PartialTiles(uint64_t size) {
  std::vector<TileId> tiles;
  for (uint8_t level = 0; level <= kTileLevelMax; ++level) {
    const uint64_t index = (size >> (kTileHeight * level)) / kTileWidth;
    const uint16_t width = TileWidth(level, index, size);
    if (width > 0) tiles.push_back({level, index, width});
  }
  return tiles;
}

TilePlace PlaceOf(const NodeId& node, uint64_t size) {
  const auto level = static_cast<uint8_t>(node.height / kTileHeight);
  const unsigned height_in_tile = node.height % kTileHeight;
  const uint64_t first = node.index << height_in_tile;
  const uint64_t index = first / kTileWidth;
  return {{level, index, TileWidth(level, index, size)},
          static_cast<uint16_t>(first % kTileWidth),
          static_cast<uint16_t>(1U << height_in_tile)};
}

}  // namespace mayfly::tlog
