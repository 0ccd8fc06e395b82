// Entry bundles (C2SP tlog-tiles): up to 256 entries, each after its length as a big-endian uint16.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tlog/tile.h"

namespace mayfly::tlog {

constexpr size_t kEntryBytesMax = 65535;

struct Bundle {
  BundleId id;
  Bytes bytes;
};

// The entries of a bundle of this width, which point into it. Errors: kInvalidArgument
// "tlog.bundle" (more or fewer entries, or one cut short).
Result<std::vector<ByteSpan>> ParseBundle(ByteSpan bundle, uint16_t width);

// The partial bundle of a log; nothing where its size is a multiple of 256.
std::optional<BundleId> PartialBundle(uint64_t size);

// Appends entries to a log and gives the bundles that this makes new; a value, like TileBuilder.
class BundleBuilder {
 public:
  BundleBuilder() = default;  // of the empty log
  // `partial` is PartialBundle(size), or empty. Errors: kInvalidArgument "tlog.tree-size",
  // "tlog.bundle". That the entries are the log's is not looked at: their leaves' hashes say so.
  static Result<BundleBuilder> Resume(uint64_t size, ByteSpan partial);

  // Full bundles first; the last one may be partial. Errors: kInvalidArgument "tlog.entry-size"
  // (over kEntryBytesMax; then nothing was appended).
  Result<std::vector<Bundle>> Append(std::span<const Bytes> entries);

  uint64_t size() const { return size_; }

 private:
  uint64_t size_ = 0;
  Bytes partial_;
};

}  // namespace mayfly::tlog
