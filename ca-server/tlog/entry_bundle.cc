#include "tlog/entry_bundle.h"

#include <utility>

namespace mayfly::tlog {
namespace {

constexpr size_t kLengthBytes = 2;

Error BadBundle(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, "tlog.bundle", std::move(message));
}

void AppendEntry(Bytes& bundle, ByteSpan entry) {
  bundle.push_back(static_cast<uint8_t>(entry.size() >> 8));
  bundle.push_back(static_cast<uint8_t>(entry.size()));
  bundle.insert(bundle.end(), entry.begin(), entry.end());
}

}  // namespace

Result<std::vector<ByteSpan>> ParseBundle(ByteSpan bundle, uint16_t width) {
  std::vector<ByteSpan> entries;
  while (entries.size() < width) {
    if (bundle.size() < kLengthBytes) return BadBundle("the bundle ends before its last entry");
    const size_t size = size_t{bundle[0]} << 8 | bundle[1];
    bundle = bundle.subspan(kLengthBytes);
    if (bundle.size() < size) return BadBundle("the bundle ends within an entry");
    entries.push_back(bundle.first(size));
    bundle = bundle.subspan(size);
  }
  if (!bundle.empty()) return BadBundle("the bundle has something left over");
  return entries;
}

std::optional<BundleId> PartialBundle(uint64_t size) {
  const auto width = static_cast<uint16_t>(size % kTileWidth);
  if (width == 0) return std::nullopt;
  return BundleId{size / kTileWidth, width};
}

Result<BundleBuilder> BundleBuilder::Resume(uint64_t size, ByteSpan partial) {
  if (size > kTreeSizeMax) {
    return Fail(ErrorCode::kInvalidArgument, "tlog.tree-size", "a tree cannot be as large");
  }
  TRY(ParseBundle(partial, static_cast<uint16_t>(size % kTileWidth)));
  BundleBuilder builder;
  builder.size_ = size;
  builder.partial_ = ToBytes(partial);
  return builder;
}

Result<std::vector<Bundle>> BundleBuilder::Append(std::span<const Bytes> entries) {
  for (const Bytes& entry : entries) {
    if (entry.size() <= kEntryBytesMax) continue;
    return Fail(ErrorCode::kInvalidArgument, "tlog.entry-size",
                "an entry of " + std::to_string(entry.size()) + " octets");
  }
  std::vector<Bundle> bundles;
  for (const Bytes& entry : entries) {
    AppendEntry(partial_, entry);
    if (++size_ % kTileWidth != 0) continue;
    bundles.push_back({{size_ / kTileWidth - 1, kTileWidth}, std::exchange(partial_, {})});
  }
  const auto partial = PartialBundle(size_);
  if (partial && !entries.empty()) bundles.push_back({*partial, partial_});
  return bundles;
}

}  // namespace mayfly::tlog
