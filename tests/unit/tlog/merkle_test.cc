#include <gtest/gtest.h>

#include "naive_tree.h"
#include "tlog/proof.h"
#include "tlog/right_edge.h"
#include "tlog/tile_builder.h"

namespace mayfly::tlog {
namespace {

Hash256 FromText(std::string_view hex) {
  const Bytes octets = *FromHex(hex);
  Hash256 hash;
  std::copy(octets.begin(), octets.end(), hash.begin());
  return hash;
}

// The entries that the tests of Certificate Transparency's own implementations use, and their
// trees.
const char* const kEntries[] = {"",
                                "00",
                                "10",
                                "2021",
                                "3031",
                                "40414243",
                                "5051525354555657",
                                "606162636465666768696a6b6c6d6e6f"};
const char* const kRoots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                              "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                              "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                              "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                              "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                              "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                              "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                              "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

Hashes KnownLeaves() {
  Hashes leaves;
  for (const char* entry : kEntries) leaves.push_back(LeafHash(*FromHex(entry)));
  return leaves;
}

// All tiles of a log of these leaves.
TileSet TilesOf(const Hashes& leaves) {
  TileSet tiles;
  TileBuilder builder;
  for (const Tile& tile : builder.Append(leaves)) EXPECT_TRUE(tiles.Add(tile.id, tile.bytes));
  return tiles;
}

TEST(Merkle, KnownRoots) {
  EXPECT_EQ(ToHex(EmptyRoot()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  RightEdge edge;
  EXPECT_EQ(edge.Head(), (TreeHead{0, EmptyRoot()}));
  size_t size = 0;
  for (const Hash256& leaf : KnownLeaves()) {
    edge.Append(leaf);
    EXPECT_EQ(ToHex(edge.Head().root), kRoots[size]) << size;
    EXPECT_EQ(edge.size(), ++size);
  }
}

struct KnownProof {
  uint64_t first;  // leaf or old size
  uint64_t size;
  std::vector<std::string> hashes;
};

std::vector<std::string> Texts(const Proof& proof) {
  std::vector<std::string> texts;
  for (const Hash256& hash : proof) texts.push_back(ToHex(hash));
  return texts;
}

constexpr auto kLeaf1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
constexpr auto kLeaf4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
constexpr auto kLeaves2And3 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
constexpr auto kLeaves4And5 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
constexpr auto kLeaves6And7 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
constexpr auto kLeaves4To7 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";

TEST(Merkle, KnownInclusionProofs) {
  const Hashes leaves = KnownLeaves();
  const KnownProof known[] = {
      {0, 1, {}},
      {0, 8, {kLeaf1, kLeaves2And3, kLeaves4To7}},
      {5, 8, {kLeaf4, kLeaves6And7, kRoots[3]}},
      {2, 3, {kRoots[1]}},
      {1, 5, {kRoots[0], kLeaves2And3, kLeaf4}},
  };
  for (const KnownProof& one : known) {
    auto proof = ProveInclusion(one.first, one.size, TilesOf(Slice(leaves, 0, one.size)));
    ASSERT_TRUE(proof);
    EXPECT_EQ(Texts(*proof), one.hashes) << one.first << " of " << one.size;
    EXPECT_TRUE(VerifyInclusion({one.size, FromText(kRoots[one.size - 1])},
                                {one.first, leaves[one.first]}, *proof));
  }
}

TEST(Merkle, KnownConsistencyProofs) {
  const TileSet tiles = TilesOf(KnownLeaves());
  const KnownProof known[] = {
      {1, 1, {}},
      {1, 8, {kLeaf1, kLeaves2And3, kLeaves4To7}},
      {6, 8, {kLeaves4And5, kLeaves6And7, kRoots[3]}},
      {2, 5, {kLeaves2And3, kLeaf4}},
  };
  for (const KnownProof& one : known) {
    auto proof = ProveConsistency(one.first, one.size, tiles);
    ASSERT_TRUE(proof);
    EXPECT_EQ(Texts(*proof), one.hashes) << one.first << " of " << one.size;
    EXPECT_TRUE(VerifyConsistency({one.first, FromText(kRoots[one.first - 1])},
                                  {one.size, FromText(kRoots[one.size - 1])}, *proof));
  }
}

constexpr size_t kSizesMax = 70;

// Every way in which one proof can be a little wrong.
std::vector<Proof> Damaged(const Proof& proof) {
  std::vector<Proof> damaged;
  for (size_t i = 0; i < proof.size(); ++i) {
    damaged.push_back(proof);
    damaged.back()[i][i % 32] ^= 1;
    damaged.push_back(proof);
    damaged.back().erase(damaged.back().begin() + static_cast<ptrdiff_t>(i));
    if (i > 0) {
      damaged.push_back(proof);
      std::swap(damaged.back()[i - 1], damaged.back()[i]);
    }
  }
  damaged.push_back(proof);
  damaged.back().push_back(EmptyRoot());
  return damaged;
}

TEST(Merkle, EveryInclusionProofOfSmallTrees) {
  const Hashes leaves = SomeLeaves(kSizesMax);
  for (size_t size = 1; size <= kSizesMax; ++size) {
    const Hashes here = Slice(leaves, 0, size);
    const TileSet tiles = TilesOf(here);
    const TreeHead tree{size, NaiveRoot(here)};
    for (size_t index = 0; index < size; ++index) {
      auto proof = ProveInclusion(index, size, tiles);
      ASSERT_TRUE(proof);
      ASSERT_EQ(*proof, NaivePath(index, here)) << index << " of " << size;
      ASSERT_TRUE(VerifyInclusion(tree, {index, leaves[index]}, *proof));
      for (const Proof& damaged : Damaged(*proof)) {
        ASSERT_EQ(RuleOf(VerifyInclusion(tree, {index, leaves[index]}, damaged)), "tlog.inclusion");
      }
      if (size == 1) continue;
      const size_t other = (index + 1) % size;
      ASSERT_FALSE(VerifyInclusion(tree, {other, leaves[index]}, *proof));
      ASSERT_FALSE(VerifyInclusion(tree, {index, leaves[other]}, *proof));
    }
  }
}

TEST(Merkle, EveryConsistencyProofOfSmallTrees) {
  const Hashes leaves = SomeLeaves(kSizesMax);
  const TileSet tiles = TilesOf(leaves);
  std::vector<TreeHead> heads;
  for (size_t size = 0; size <= kSizesMax; ++size) {
    heads.push_back({size, NaiveRoot(Slice(leaves, 0, size))});
  }
  for (size_t size = 1; size <= kSizesMax; ++size) {
    for (size_t old_size = 1; old_size <= size; ++old_size) {
      // Tiles of a later tree do for an earlier one.
      auto proof = ProveConsistency(old_size, size, tiles);
      ASSERT_TRUE(proof);
      ASSERT_EQ(*proof, NaiveSubproof(old_size, Slice(leaves, 0, size), true))
          << old_size << " of " << size;
      ASSERT_TRUE(VerifyConsistency(heads[old_size], heads[size], *proof));
      for (const Proof& damaged : Damaged(*proof)) {
        ASSERT_EQ(RuleOf(VerifyConsistency(heads[old_size], heads[size], damaged)),
                  "tlog.consistency");
      }
      TreeHead other = heads[old_size];
      other.root[0] ^= 1;
      ASSERT_FALSE(VerifyConsistency(other, heads[size], *proof));
      other = heads[size];
      other.root[31] ^= 1;
      ASSERT_FALSE(VerifyConsistency(heads[old_size], other, *proof));
    }
  }
}

TEST(Merkle, EveryTreeBeginsWithTheEmptyOne) {
  const TreeHead empty{0, EmptyRoot()}, tree{3, FromText(kRoots[2])};
  EXPECT_TRUE(ProveConsistency(0, 3, TileSet())->empty());
  EXPECT_TRUE(TilesForConsistency(0, 3)->empty());
  EXPECT_TRUE(VerifyConsistency(empty, tree, {}));
  EXPECT_TRUE(VerifyConsistency(empty, empty, {}));
  EXPECT_FALSE(VerifyConsistency(empty, tree, {tree.root}));
  EXPECT_FALSE(VerifyConsistency({0, tree.root}, tree, {}));
  EXPECT_FALSE(VerifyConsistency(tree, tree, {tree.root}));
  EXPECT_FALSE(VerifyConsistency(tree, {3, EmptyRoot()}, {}));
}

TEST(Merkle, WhatTheTreeDoesNotHave) {
  const TreeHead tree{3, FromText(kRoots[2])};
  EXPECT_EQ(RuleOf(ProveInclusion(3, 3, TileSet())), "tlog.range");
  EXPECT_EQ(RuleOf(TilesForInclusion(0, 0)), "tlog.range");
  EXPECT_EQ(RuleOf(VerifyInclusion(tree, {3, {}}, {})), "tlog.range");
  EXPECT_EQ(RuleOf(ProveConsistency(4, 3, TileSet())), "tlog.range");
  EXPECT_EQ(RuleOf(VerifyConsistency({4, {}}, tree, {})), "tlog.range");
  EXPECT_EQ(RuleOf(ProveInclusion(2, 3, TileSet())), "tlog.tile-missing");
}

TEST(Merkle, SizeAtItsLimitAndOnePast) {
  EXPECT_TRUE(TilesForInclusion(kTreeSizeMax - 1, kTreeSizeMax));
  EXPECT_EQ(RuleOf(TilesForInclusion(kTreeSizeMax - 1, kTreeSizeMax + 1)), "tlog.tree-size");
  EXPECT_TRUE(TilesForConsistency(kTreeSizeMax / 3, kTreeSizeMax));
  EXPECT_EQ(RuleOf(TilesForConsistency(1, kTreeSizeMax + 1)), "tlog.tree-size");
  EXPECT_TRUE(RightEdge::Resume(kTreeSizeMax, Hashes(63)));
  EXPECT_EQ(RuleOf(RightEdge::Resume(kTreeSizeMax + 1, Hashes(1))), "tlog.tree-size");
  // The verifier's loops end, however long a proof is.
  EXPECT_FALSE(VerifyInclusion({kTreeSizeMax, {}}, {0, {}}, Proof(64)));
  EXPECT_FALSE(VerifyConsistency({1, {}}, {kTreeSizeMax, {}}, Proof(1000)));
}

TEST(RightEdge, ResumesWhereItWas) {
  const Hashes leaves = SomeLeaves(kSizesMax);
  RightEdge edge;
  for (size_t size = 0; size < kSizesMax; ++size) {
    auto resumed = RightEdge::Resume(size, edge.hashes());
    ASSERT_TRUE(resumed);
    EXPECT_EQ(EdgeNodes(size).size(), edge.hashes().size());
    edge = *resumed;
    edge.Append(leaves[size]);
    EXPECT_EQ(edge.Head().root, NaiveRoot(Slice(leaves, 0, size + 1))) << size;
  }
  EXPECT_EQ(RuleOf(RightEdge::Resume(5, Hashes(3))), "tlog.edge");
  EXPECT_EQ(RuleOf(RightEdge::Resume(5, Hashes(1))), "tlog.edge");
}

}  // namespace
}  // namespace mayfly::tlog
