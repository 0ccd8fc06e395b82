// Reads a log's files: entries by their index, proofs, and where a certificate's entry is.
//
// Nothing that is fetched is believed before a root says so: Entry and ProveInclusion check against
// the tree. For one thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tlog/entry_bundle.h"
#include "tlog/log_entry.h"
#include "tlog/proof.h"

namespace mayfly::tlog {

// A file of the log by its name ("tile/0/000"). Error: kNotFound "tlog.file" (there is none).
using FetchFile = std::function<Result<Bytes>(const std::string& name)>;

// A file of this place, cut down from the full one where the partial one is gone. Errors: those of
// `fetch`, and kInvalidArgument "tlog.tile-size", "tlog.bundle".
Result<Bytes> FetchTile(const FetchFile& fetch, const TileId& id);
Result<Bytes> FetchBundle(const FetchFile& fetch, const BundleId& id);

class LogReader {
 public:
  LogReader(TreeHead tree, FetchFile fetch) : tree_(tree), fetch_(std::move(fetch)) {}

  const TreeHead& tree() const { return tree_; }

  // Octets of an entry of the bundle files. Errors: kInvalidArgument "tlog.range", those of
  // FetchBundle.
  Result<Bytes> Entry(uint64_t index);

  // That the tree has Entry(index) there, verified. Errors: as VerifyInclusion's, and those of
  // `fetch`.
  Result<Proof> ProveInclusion(uint64_t index);

  // That this tree begins with the older one, verified. Errors: as VerifyConsistency's, and those
  // of `fetch`.
  Result<Proof> ProveConsistency(const TreeHead& older);

  // The same for somebody who has that tree's root and verifies. Errors: those of `fetch`, and
  // kInvalidArgument "tlog.range".
  Result<Proof> ProofForHolderOf(uint64_t older_size);

  // The index of what was issued with this serial number, of which `is_it` holds; nothing where it
  // is not in the log. Looks from the serial number's own time on. Errors: those of Entry and
  // DecodeLogEntry.
  using IsIt = std::function<bool(const IssuedCertificate&)>;
  Result<std::optional<uint64_t>> FindIssued(const x509::SerialNumber& serial, const IsIt& is_it);

 private:
  Result<const std::vector<Bytes>*> BundleAt(uint64_t index);
  Result<TimePoint> TimeAt(uint64_t index);
  Result<uint64_t> FirstBundleFrom(TimePoint time);
  Result<TileSet> Fetch(const std::vector<TileId>& tiles);

  const TreeHead tree_;
  const FetchFile fetch_;
  std::optional<uint64_t> bundle_index_;  // of bundle_
  std::vector<Bytes> bundle_;
};

// When what an entry tells was decided, or happened.
TimePoint TimeOfEntry(const LogEntry& entry);

}  // namespace mayfly::tlog
