#include "tlog/tile.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "naive_tree.h"
#include "tlog/entry_bundle.h"
#include "tlog/proof.h"
#include "tlog/tile_builder.h"

namespace mayfly::tlog {
namespace {

TEST(Tile, PathsOfTheSpecification) {
  const std::pair<TileId, const char*> tiles[] = {
      {{0, 0, 256}, "tile/0/000"},
      {{0, 1234067, 256}, "tile/0/x001/x234/067"},
      {{1, 273, 17}, "tile/1/273.p/17"},
      {{7, 1000, 255}, "tile/7/x001/000.p/255"},
      {{0, kTileIndexMax, 1}, "tile/0/x036/x028/x797/x018/x963/967.p/1"},
  };
  for (const auto& [id, path] : tiles) {
    EXPECT_EQ(id.Path(), path);
    auto parsed = ParseTilePath(path);
    ASSERT_TRUE(parsed) << path;
    EXPECT_EQ(std::get<TileId>(*parsed), id);
  }
  const std::pair<BundleId, const char*> bundles[] = {
      {{0, 256}, "tile/entries/000"},
      {{1234067, 256}, "tile/entries/x001/x234/067"},
      {{999, 3}, "tile/entries/999.p/3"},
  };
  for (const auto& [id, path] : bundles) {
    EXPECT_EQ(id.Path(), path);
    auto parsed = ParseTilePath(path);
    ASSERT_TRUE(parsed) << path;
    EXPECT_EQ(std::get<BundleId>(*parsed), id);
  }
}

TEST(Tile, OtherPathsAreRefused) {
  for (const char* path : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "tile/0/0",
                           "tile/0/00",
                           "tile/0/0000",
                           "tile/0/1234",
                           "tile/0/x000/000",
                           "tile/0/x001",
                           "tile/0/001/234",
                           "tile/0/x001/x234",
                           "tile/00/000",
                           "tile/8/000",
                           "tile/-1/000",
                           "tile/256/000",
                           "/tile/0/000",
                           "tile/0/000/",
                           "tile/0/000.p",
                           "tile/0/000.p/",
                           "tile/0/000.p/0",
                           "tile/0/000.p/256",
                           "tile/0/000.p/017",
                           "tile/0/000.p/1/",
                           "tile/0/000.p/1.p/1",
                           "tile/0//000",
                           "tile/0/ 00",
                           "tile/0/../000",
                           "tile/entries",
                           "tile/entries/",
                           "tile/entries/x",
                           "tile/Entries/000",
                           "tile/entries/000.p/65537",
                           "tile/0/x036/x028/x797/x018/x963/968",
                           "tile/0/x999/x999/x999/x999/x999/x999/x999/999"}) {
    EXPECT_EQ(RuleOf(ParseTilePath(path)), "tlog.path") << path;
  }
}

std::vector<std::string> Paths(const std::vector<TileId>& tiles) {
  std::vector<std::string> paths;
  for (const TileId& tile : tiles) paths.push_back(tile.Path());
  return paths;
}

using Strings = std::vector<std::string>;

TEST(Tile, PartialTilesOfTheSpecification) {
  EXPECT_EQ(Paths(PartialTiles(0)), Strings());
  EXPECT_EQ(Paths(PartialTiles(1)), Strings({"tile/0/000.p/1"}));
  EXPECT_EQ(Paths(PartialTiles(256)), Strings({"tile/1/000.p/1"}));
  EXPECT_EQ(Paths(PartialTiles(70000)),
            Strings({"tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"}));
  EXPECT_EQ(PartialTiles(kTreeSizeMax).size(), size_t{kTileLevelMax} + 1);
  EXPECT_EQ(TileWidth(0, 272, 70000), 256);
  EXPECT_EQ(TileWidth(0, 273, 70000), 112);
  EXPECT_EQ(TileWidth(0, 274, 70000), 0);
  EXPECT_EQ(TileWidth(3, 0, 70000), 0);
}

// What a log has written so far.
struct Files {
  std::map<std::string, Bytes> by_path;
  TileSet tiles;
  void Add(const std::vector<Tile>& written) {
    for (const Tile& tile : written) {
      EXPECT_TRUE(by_path.emplace(tile.id.Path(), tile.bytes).second) << "twice " << tile.id.Path();
      EXPECT_TRUE(tiles.Add(tile.id, tile.bytes));
    }
  }
};

// The hashes of a tile by its definition: MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) *
// 256**l])
Bytes NaiveTile(const TileId& id, const Hashes& leaves) {
  Bytes bytes;
  const size_t span = size_t{1} << (kTileHeight * id.level);
  for (size_t i = 0; i < id.width; ++i) {
    const size_t begin = (id.index * kTileWidth + i) * span;
    const Hash256 hash = NaiveRoot(Slice(leaves, begin, begin + span));
    bytes.insert(bytes.end(), hash.begin(), hash.end());
  }
  return bytes;
}

constexpr size_t kSpecificationSize = 70000;

TEST(TileBuilder, ATreeOf70000LeavesInAppendsOfManySizes) {
  const Hashes leaves = SomeLeaves(kSpecificationSize);
  Files files;
  TileBuilder builder;
  std::set<std::string> partial_wanted;
  for (size_t size = 0, step = 1; size < leaves.size(); step = step * 3 + 1) {
    const size_t next = std::min(size + step, leaves.size());
    files.Add(builder.Append(std::span(leaves).subspan(size, next - size)));
    size = next;
    ASSERT_EQ(builder.Head().size, size);
    for (const TileId& id : PartialTiles(size)) {
      ASSERT_TRUE(files.by_path.contains(id.Path())) << id.Path() << " at " << size;
      partial_wanted.insert(id.Path());
    }
    auto resumed = TileBuilder::Resume(builder.Head(), files.tiles);
    ASSERT_TRUE(resumed) << resumed.error().rule;
    ASSERT_EQ(resumed->edge().hashes(), builder.edge().hashes());
    builder = *resumed;
  }
  EXPECT_EQ(builder.Head().root, NaiveRoot(leaves));
  size_t full = 0;
  for (const auto& [path, bytes] : files.by_path) {
    const TileId id = std::get<TileId>(*ParseTilePath(path));
    ASSERT_EQ(bytes, NaiveTile(id, leaves)) << path;
    if (id.width < kTileWidth) {
      EXPECT_EQ(partial_wanted.count(path), 1u) << "not asked for: " << path;
    } else {
      ++full;
    }
  }
  EXPECT_EQ(full, 273u + 1u);
}

TEST(TileBuilder, ProofsAcrossLevelsNeedTheTilesTheySayTheyNeed) {
  const Hashes leaves = SomeLeaves(kSpecificationSize);
  TileBuilder builder;
  std::map<std::string, Bytes> files;
  for (const Tile& tile : builder.Append(leaves)) files[tile.id.Path()] = tile.bytes;
  const auto fetch = [&](const Result<std::vector<TileId>>& ids) {
    TileSet tiles;
    for (const TileId& id : *ids) EXPECT_TRUE(tiles.Add(id, files.at(id.Path()))) << id.Path();
    return tiles;
  };
  const TreeHead tree = builder.Head();
  for (size_t index : {0, 1, 255, 256, 65535, 65536, 69887, 69888, 69999}) {
    const auto tiles = fetch(TilesForInclusion(index, tree.size));
    auto proof = ProveInclusion(index, tree.size, tiles);
    ASSERT_TRUE(proof) << proof.error().message;
    EXPECT_TRUE(VerifyInclusion(tree, {index, leaves[index]}, *proof)) << index;
  }
  for (size_t old_size : {1, 255, 256, 257, 4096, 65535, 65536, 65537, 69888, 69999, 70000}) {
    const auto tiles = fetch(TilesForConsistency(old_size, tree.size));
    auto proof = ProveConsistency(old_size, tree.size, tiles);
    ASSERT_TRUE(proof) << proof.error().message;
    const TreeHead old_tree{old_size, NaiveRoot(Slice(leaves, 0, old_size))};
    EXPECT_TRUE(VerifyConsistency(old_tree, tree, *proof)) << old_size;
  }
}

TEST(TileBuilder, GivesOnlyWhatIsNew) {
  TileBuilder builder;
  const Hashes leaves = SomeLeaves(258);
  EXPECT_TRUE(builder.Append({}).empty());
  const auto paths = [](const std::vector<Tile>& tiles) {
    Strings out;
    for (const Tile& tile : tiles) out.push_back(tile.id.Path());
    return out;
  };
  const std::span<const Hash256> all(leaves);
  EXPECT_EQ(paths(builder.Append(all.first(255))), Strings({"tile/0/000.p/255"}));
  EXPECT_EQ(paths(builder.Append(all.subspan(255, 1))), Strings({"tile/0/000", "tile/1/000.p/1"}));
  // Level 1 stays as it was.
  EXPECT_EQ(paths(builder.Append(all.subspan(256, 1))), Strings({"tile/0/001.p/1"}));
  EXPECT_TRUE(builder.Append({}).empty());
}

TEST(TileBuilder, DoesNotResumeOnOtherTiles) {
  const Hashes leaves = SomeLeaves(300);
  TileBuilder builder;
  std::vector<Tile> written = builder.Append(leaves);
  TileSet all;
  for (const Tile& tile : written) EXPECT_TRUE(all.Add(tile.id, tile.bytes));
  EXPECT_EQ(RuleOf(TileBuilder::Resume({299, builder.Head().root}, all)), "tlog.root");
  EXPECT_EQ(RuleOf(TileBuilder::Resume(builder.Head(), TileSet())), "tlog.tile-missing");
  EXPECT_EQ(RuleOf(TileBuilder::Resume({600, builder.Head().root}, all)), "tlog.tile-missing");
  for (Tile& tile : written) {
    if (tile.id.width == kTileWidth) continue;  // only partial ones are needed
    TileSet tiles;
    for (const Tile& other : written) {
      Bytes bytes = other.bytes;
      if (other.id == tile.id) bytes.back() ^= 1;
      EXPECT_TRUE(tiles.Add(other.id, bytes));
    }
    EXPECT_EQ(RuleOf(TileBuilder::Resume(builder.Head(), tiles)), "tlog.root") << tile.id.Path();
  }
}

TEST(TileSet, TakesWholeTilesOnly) {
  TileSet tiles;
  EXPECT_EQ(RuleOf(tiles.Add({0, 0, 2}, Bytes(63))), "tlog.tile-size");
  EXPECT_EQ(RuleOf(tiles.Add({0, 0, 2}, Bytes(65))), "tlog.tile-size");
  EXPECT_EQ(RuleOf(tiles.Add({0, 0, 0}, Bytes())), "tlog.tile-size");
  EXPECT_EQ(RuleOf(tiles.Add({0, 0, 257}, Bytes(257 * 32))), "tlog.tile-size");
  EXPECT_TRUE(tiles.Add({0, 0, 2}, Bytes(64)));
  EXPECT_TRUE(tiles.Hash({1, 0}, 2));
  EXPECT_EQ(RuleOf(tiles.Hash({0, 2}, 3)), "tlog.tile-missing");
  // A narrower tile that comes later takes nothing away.
  EXPECT_TRUE(tiles.Add({0, 0, 1}, Bytes(32)));
  EXPECT_TRUE(tiles.Hash({1, 0}, 2));
}

TEST(Bundle, WhatIsAppendedIsReadBack) {
  std::vector<Bytes> entries;
  for (size_t i = 0; i < 600; ++i) entries.push_back(Bytes(i % 7, static_cast<uint8_t>(i)));
  BundleBuilder builder;
  std::map<std::string, Bytes> files;
  for (size_t size = 0, step = 1; size < entries.size(); step += 50) {
    const size_t next = std::min(size + step, entries.size());
    auto written = builder.Append(std::span(entries).subspan(size, next - size));
    ASSERT_TRUE(written);
    for (const Bundle& bundle : *written) {
      EXPECT_TRUE(files.emplace(bundle.id.Path(), bundle.bytes).second);
      auto read = ParseBundle(bundle.bytes, bundle.id.width);
      ASSERT_TRUE(read);
      for (size_t i = 0; i < read->size(); ++i) {
        EXPECT_TRUE(Equal((*read)[i], entries[bundle.id.index * kTileWidth + i]));
      }
    }
    size = next;
    const auto partial = PartialBundle(size);
    auto resumed = BundleBuilder::Resume(size, partial ? files.at(partial->Path()) : Bytes());
    ASSERT_TRUE(resumed);
    builder = *resumed;
  }
  for (const char* path : {"tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"}) {
    EXPECT_TRUE(files.contains(path)) << path;
  }
  EXPECT_EQ(builder.size(), 600u);
  EXPECT_TRUE(builder.Append({})->empty());
}

TEST(Bundle, EntryAtItsLimitAndOnePast) {
  BundleBuilder builder;
  auto written = builder.Append(std::vector<Bytes>{Bytes(kEntryBytesMax, 7)});
  ASSERT_TRUE(written);
  EXPECT_EQ(ToHex(ByteSpan(written->front().bytes).first(3)), "ffff07");
  const std::vector<Bytes> one_too_large = {Bytes(1), Bytes(kEntryBytesMax + 1)};
  EXPECT_EQ(RuleOf(builder.Append(one_too_large)), "tlog.entry-size");
  EXPECT_EQ(builder.size(), 1u);
}

TEST(Bundle, OthersAreRefused) {
  const auto rule = [](std::string_view hex, uint16_t width) {
    return RuleOf(ParseBundle(*FromHex(hex), width));
  };
  EXPECT_EQ(rule("0000", 1), "");
  EXPECT_EQ(rule("00020102", 1), "");
  EXPECT_EQ(rule("", 0), "");
  EXPECT_EQ(rule("", 1), "tlog.bundle");
  EXPECT_EQ(rule("00", 1), "tlog.bundle");
  EXPECT_EQ(rule("000201", 1), "tlog.bundle");
  EXPECT_EQ(rule("0002010203", 1), "tlog.bundle");
  EXPECT_EQ(rule("00000000", 1), "tlog.bundle");
  EXPECT_EQ(RuleOf(BundleBuilder::Resume(256, Bytes(1))), "tlog.bundle");
  EXPECT_EQ(RuleOf(BundleBuilder::Resume(257, {})), "tlog.bundle");
  EXPECT_EQ(RuleOf(BundleBuilder::Resume(kTreeSizeMax + 1, {})), "tlog.tree-size");
}

}  // namespace
}  // namespace mayfly::tlog
