// Certificates that were found in the ledger once, with their lineage. What is kept never changes
// (the first outcome wins); revocation is not kept here and is asked at every use.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "policy/principal.h"
#include "ports/ledger.h"

namespace mayfly::issuance {

constexpr size_t kPeersMax = 65536;

struct KnownPeer {
  CertificateKey key;
  policy::Principal principal;
  std::string profile;
  LineageStep lineage;
};

class PeerCache {
 public:
  std::optional<KnownPeer> Find(const Hash256& fingerprint) const;
  void Put(const Hash256& fingerprint, KnownPeer peer);  // the oldest goes when it is full

 private:
  mutable std::mutex mutex_;
  std::map<Hash256, KnownPeer> peers_;
  std::deque<Hash256> order_;
};

}  // namespace mayfly::issuance
