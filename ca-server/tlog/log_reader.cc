#include "tlog/log_reader.h"

#include <algorithm>

namespace mayfly::tlog {
namespace {

// A certificate is decided after its serial number was made, whose time may be 30 s off the
// database's clock; that clock may step back a little.
constexpr Seconds kTimeSlack{120};

struct TimeOf {
  TimePoint operator()(const IssuedCertificate& issued) const { return issued.decided.decided_at; }
  TimePoint operator()(const Abandonment& abandoned) const { return abandoned.decided.decided_at; }
  TimePoint operator()(const RevokedCertificate& revoked) const { return revoked.revoked_at; }
  TimePoint operator()(const AdminEvent& event) const { return event.at; }
};

// The octets of the first `width` entries.
Result<Bytes> FirstEntries(const Bytes& bundle, uint16_t width) {
  TRY_ASSIGN(const auto entries, ParseBundle(bundle, kTileWidth));
  const uint8_t* end = entries[width - 1].data() + entries[width - 1].size();
  return Bytes(bundle.data(), end);
}

Error NoSuchEntry() {
  return Fail(ErrorCode::kInvalidArgument, "tlog.range", "the log has no such entry");
}

}  // namespace

TimePoint TimeOfEntry(const LogEntry& entry) { return std::visit(TimeOf{}, entry.body); }

Result<Bytes> FetchTile(const FetchFile& fetch, const TileId& id) {
  auto tile = fetch(id.Path());
  if (tile || id.width == kTileWidth || tile.error().code != ErrorCode::kNotFound) return tile;
  TRY_ASSIGN(Bytes full, fetch(TileId{id.level, id.index}.Path()));
  full.resize(std::min(full.size(), id.width * sizeof(Hash256)));
  return full;
}

Result<Bytes> FetchBundle(const FetchFile& fetch, const BundleId& id) {
  auto bundle = fetch(id.Path());
  if (bundle || id.width == kTileWidth || bundle.error().code != ErrorCode::kNotFound) {
    return bundle;
  }
  TRY_ASSIGN(const Bytes full, fetch(BundleId{id.index}.Path()));
  return FirstEntries(full, id.width);
}

Result<const std::vector<Bytes>*> LogReader::BundleAt(uint64_t index) {
  if (bundle_index_ == index) return &bundle_;
  const uint16_t width = TileWidth(0, index, tree_.size);
  if (width == 0) return NoSuchEntry();
  TRY_ASSIGN(const Bytes octets, FetchBundle(fetch_, {index, width}));
  TRY_ASSIGN(const auto entries, ParseBundle(octets, width));
  bundle_.clear();
  for (ByteSpan entry : entries) bundle_.push_back(ToBytes(entry));
  bundle_index_ = index;
  return &bundle_;
}

Result<Bytes> LogReader::Entry(uint64_t index) {
  if (index >= tree_.size) return NoSuchEntry();
  TRY_ASSIGN(const auto* bundle, BundleAt(index / kTileWidth));
  return (*bundle)[index % kTileWidth];
}

Result<TileSet> LogReader::Fetch(const std::vector<TileId>& tiles) {
  TileSet set;
  for (const TileId& id : tiles) {
    TRY_ASSIGN(const Bytes tile, FetchTile(fetch_, id));
    TRY(set.Add(id, tile));
  }
  return set;
}

Result<Proof> LogReader::ProveInclusion(uint64_t index) {
  TRY_ASSIGN(const Bytes entry, Entry(index));
  TRY_ASSIGN(const auto needed, TilesForInclusion(index, tree_.size));
  TRY_ASSIGN(const TileSet tiles, Fetch(needed));
  TRY_ASSIGN(Proof proof, tlog::ProveInclusion(index, tree_.size, tiles));
  TRY(VerifyInclusion(tree_, {index, LeafHash(entry)}, proof));
  return proof;
}

Result<Proof> LogReader::ProofForHolderOf(uint64_t older_size) {
  TRY_ASSIGN(const auto needed, TilesForConsistency(older_size, tree_.size));
  TRY_ASSIGN(const TileSet tiles, Fetch(needed));
  return tlog::ProveConsistency(older_size, tree_.size, tiles);
}

Result<Proof> LogReader::ProveConsistency(const TreeHead& older) {
  TRY_ASSIGN(Proof proof, ProofForHolderOf(older.size));
  TRY(VerifyConsistency(older, tree_, proof));
  return proof;
}

Result<TimePoint> LogReader::TimeAt(uint64_t index) {
  TRY_ASSIGN(const Bytes octets, Entry(index));
  TRY_ASSIGN(const LogEntry entry, DecodeLogEntry(octets));
  return TimeOfEntry(entry);
}

// The first bundle whose first entry is not older.
Result<uint64_t> LogReader::FirstBundleFrom(TimePoint time) {
  uint64_t low = 0;
  uint64_t high = (tree_.size + kTileWidth - 1) / kTileWidth;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    TRY_ASSIGN(const TimePoint at, TimeAt(middle * kTileWidth));
    if (at < time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Result<std::optional<uint64_t>> LogReader::FindIssued(const x509::SerialNumber& serial,
                                                      const IsIt& is_it) {
  const TimePoint made = serial.issued_at().value_or(TimePoint{});
  TRY_ASSIGN(const uint64_t from, FirstBundleFrom(made - kTimeSlack));
  // What is looked for may still be in the bundle before.
  for (uint64_t index = (from == 0 ? 0 : from - 1) * kTileWidth; index < tree_.size; ++index) {
    TRY_ASSIGN(const Bytes octets, Entry(index));
    TRY_ASSIGN(const LogEntry entry, DecodeLogEntry(octets));
    const auto* issued = std::get_if<IssuedCertificate>(&entry.body);
    if (issued && issued->record.serial == serial && is_it(*issued)) {
      return std::optional(index);
    }
  }
  return std::optional<uint64_t>();
}

}  // namespace mayfly::tlog
