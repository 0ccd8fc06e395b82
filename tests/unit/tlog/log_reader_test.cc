#include "tlog/log_reader.h"

#include <gtest/gtest.h>

#include <map>

#include "naive_tree.h"
#include "tlog/tile_builder.h"
#include "tlog/tlog_proof.h"

namespace mayfly::tlog {
namespace {

constexpr int64_t kStart_ms = 1'760'000'000'000;

TimePoint At(int64_t seconds) { return TimePoint(Milliseconds(kStart_ms) + Seconds(seconds)); }

x509::SerialNumber SerialAt(int64_t seconds, uint8_t last) {
  Bytes octets(20, 0);
  octets[0] = 0x21;
  const auto ms = static_cast<uint64_t>(kStart_ms + seconds * 1000);
  for (size_t i = 0; i < 6; ++i) octets[1 + i] = static_cast<uint8_t>(ms >> (8 * (5 - i)));
  octets[19] = last;
  return *x509::SerialNumber::FromIntegerContents(octets);
}

// One entry a second; every tenth is a certificate whose serial number is some seconds older.
LogEntry EntryOf(uint64_t index) {
  const auto second = static_cast<int64_t>(index);
  if (index % 10 != 5) return {index, AdminEvent{index, "e", "", "{}", At(second)}};
  Record record{.issuer = "issuing-1",
                .serial = SerialAt(second - 3, 7),
                .tbs = {0x30, 0x00},
                .lineage = Uuid::FromOctets({}),
                .profile = "server"};
  return {index, IssuedCertificate{record, {1, 1, At(second)}, {1}}};
}

class LogReaderTest : public testing::Test {
 protected:
  void GrowTo(uint64_t size) {
    std::vector<Bytes> entries;
    std::vector<Hash256> leaves;
    for (uint64_t i = bundles_.size(); i < size; ++i) {
      entries.push_back(*EncodeLogEntry(EntryOf(i)));
      leaves.push_back(LeafHash(entries.back()));
    }
    const auto bundles = *bundles_.Append(entries);
    for (const Bundle& bundle : bundles) files_[bundle.id.Path()] = bundle.bytes;
    for (const Tile& tile : tiles_.Append(leaves)) files_[tile.id.Path()] = tile.bytes;
  }
  LogReader Reader() {
    return LogReader(tiles_.Head(), [this](const std::string& name) -> Result<Bytes> {
      ++fetched_;
      const auto found = files_.find(name);
      if (found != files_.end()) return found->second;
      return Fail(ErrorCode::kNotFound, "tlog.file", name);
    });
  }
  TileBuilder tiles_;
  BundleBuilder bundles_;
  std::map<std::string, Bytes> files_;
  int fetched_ = 0;
};

TEST_F(LogReaderTest, EntriesByTheirIndex) {
  GrowTo(600);
  LogReader reader = Reader();
  for (uint64_t index : {0, 255, 256, 511, 512, 599}) {
    EXPECT_EQ(*reader.Entry(index), *EncodeLogEntry(EntryOf(index))) << index;
  }
  EXPECT_EQ(RuleOf(reader.Entry(600)), "tlog.range");
}

TEST_F(LogReaderTest, ProofsAreVerified) {
  GrowTo(300);
  const TreeHead older = tiles_.Head();
  GrowTo(600);
  LogReader reader = Reader();
  for (uint64_t index : {0, 299, 300, 599}) EXPECT_TRUE(reader.ProveInclusion(index)) << index;
  EXPECT_TRUE(reader.ProveConsistency(older));
  EXPECT_TRUE(reader.ProveConsistency({0, EmptyRoot()}));
  EXPECT_EQ(RuleOf(reader.ProveConsistency({300, Hash256{1}})), "tlog.consistency");
  EXPECT_EQ(RuleOf(reader.ProveInclusion(600)), "tlog.range");
  files_["tile/entries/000"][30] ^= 1;
  EXPECT_EQ(RuleOf(Reader().ProveInclusion(0)), "tlog.inclusion");
}

TEST_F(LogReaderTest, WhatWasPartialIsReadFromTheFullFile) {
  GrowTo(300);
  const TreeHead older = tiles_.Head();
  GrowTo(600);
  std::erase_if(files_,
                [](const auto& file) { return file.first.find(".p/44") != std::string::npos; });
  LogReader reader(older, [this](const std::string& name) -> Result<Bytes> {
    const auto found = files_.find(name);
    if (found != files_.end()) return found->second;
    return Fail(ErrorCode::kNotFound, "tlog.file", name);
  });
  EXPECT_TRUE(reader.ProveInclusion(299));
  EXPECT_EQ(*reader.Entry(299), *EncodeLogEntry(EntryOf(299)));
}

Result<std::optional<uint64_t>> Find(LogReader reader, const std::string& issuer,
                                     const x509::SerialNumber& serial) {
  return reader.FindIssued(
      serial, [&](const IssuedCertificate& issued) { return issued.record.issuer == issuer; });
}

TEST_F(LogReaderTest, FindsCertificatesByTheTimeInTheirSerialNumber) {
  GrowTo(5000);
  for (uint64_t index : {5, 255, 2005, 4995}) {
    fetched_ = 0;
    const auto serial = SerialAt(static_cast<int64_t>(index) - 3, 7);
    EXPECT_EQ(*Find(Reader(), "issuing-1", serial), index);
    EXPECT_LT(fetched_, 10) << "of 20 bundles";
    EXPECT_EQ(*Find(Reader(), "issuing-2", serial), std::nullopt);
  }
  EXPECT_EQ(*Find(Reader(), "issuing-1", SerialAt(2002, 8)), std::nullopt);
  EXPECT_EQ(*Find(Reader(), "issuing-1", SerialAt(9999, 7)), std::nullopt);
  EXPECT_EQ(*Find(Reader(), "issuing-1", SerialAt(-9999, 7)), std::nullopt);
}

TEST_F(LogReaderTest, AnEmptyLogHasNothing) {
  EXPECT_EQ(*Find(Reader(), "issuing-1", SerialAt(0, 7)), std::nullopt);
  EXPECT_EQ(RuleOf(Reader().Entry(0)), "tlog.range");
}

constexpr char kProof[] =
    "c2sp.org/tlog-proof@v1\n"
    "index 73894\n"
    "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    "\n"
    "log\n1\nroot\n\n"
    "\xe2\x80\x94 log c2ln\n";

TEST(TlogProof, HasTheFormatOfC2sp) {
  const TlogProof proof{73894, {Hash256{1}, Hash256{2}}, "log\n1\nroot\n\n\xe2\x80\x94 log c2ln\n"};
  EXPECT_EQ(WriteTlogProof(proof), kProof);
  EXPECT_EQ(*ParseTlogProof(kProof), proof);
  const TlogProof alone{0, {}, "x"};
  EXPECT_EQ(*ParseTlogProof(WriteTlogProof(alone)), alone);
}

TEST(TlogProof, OthersAreRefused) {
  const auto with = [](std::string_view from, std::string_view to) {
    std::string text = kProof;
    text.replace(text.find(from), from.size(), to);
    return RuleOf(ParseTlogProof(text));
  };
  EXPECT_EQ(with("@v1", "@v2"), "tlog-proof.format");
  EXPECT_EQ(with("index 73894", "index 073894"), "tlog-proof.format");
  EXPECT_EQ(with("index 73894", "index -1"), "tlog-proof.format");
  EXPECT_EQ(with("index 73894", "index 9223372036854775807"), "tlog-proof.format");
  EXPECT_EQ(with("index 73894", "extra AA=="), "tlog-proof.format");
  EXPECT_EQ(with("AQAA", "AQA"), "tlog-proof.format");
  EXPECT_EQ(RuleOf(ParseTlogProof("c2sp.org/tlog-proof@v1\nindex 1\n")), "tlog-proof.format");
  EXPECT_EQ(RuleOf(ParseTlogProof("")), "tlog-proof.format");
  TlogProof proof{1, Proof(kProofHashesMax), "x"};
  EXPECT_TRUE(ParseTlogProof(WriteTlogProof(proof)));
  proof.hashes.push_back({});
  EXPECT_EQ(RuleOf(ParseTlogProof(WriteTlogProof(proof))), "tlog-proof.format");
}

}  // namespace
}  // namespace mayfly::tlog
