// Page tokens (AIP-158): a place in a list, sealed. A place may be a certificate that the caller
// must not know of, so it is encrypted, and bound to the caller and the list that it came from.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "ports/event_index.h"
#include "ports/proposals.h"

namespace mayfly::rpc {

class PageTokens {
 public:
  // `random` must outlive it. Thread-safe as `random` is.
  PageTokens(const Hash256& key, RandomSource& random) : key_(key), random_(random) {}

  std::string Seal(const IndexPosition& position, std::string_view list) const;
  // Error: kInvalidArgument "list.page-token", for whatever Seal did not make with this key for
  // this list.
  Result<IndexPosition> Open(std::string_view token, std::string_view list) const;

  std::string Seal(const EventPosition& position, std::string_view list) const;
  Result<EventPosition> OpenEvents(std::string_view token, std::string_view list) const;

  std::string Seal(const ProposalPosition& position, std::string_view list) const;
  Result<ProposalPosition> OpenProposals(std::string_view token, std::string_view list) const;

 private:
  std::string SealOctets(ByteSpan plain, std::string_view list) const;
  Result<Bytes> OpenOctets(std::string_view token, std::string_view list, size_t size) const;

  const Hash256 key_;
  RandomSource& random_;
};

}  // namespace mayfly::rpc
