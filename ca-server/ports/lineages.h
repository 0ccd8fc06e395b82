// Port: which generation of a lineage is in use. Implemented by store/ledger.h (PostgreSQL) and
// tests/fakes/memory_ledger.h; tests/contract/ledger_contract.h is the suite for both.
#pragma once

#include <optional>

#include "base/task.h"
#include "policy/principal.h"
#include "ports/ledger.h"

namespace mayfly {

// That a generation of a lineage is in use: its holder was heard of under it, or acknowledged it.
// The first certificate of a generation that is used stands for it, for ever; older generations are
// superseded by it.
enum class UseKind : uint8_t { kUsed = 1, kAcknowledged = 2 };
struct LineageUse {
  Uuid lineage;
  uint32_t generation;
  CertificateKey certificate;
  UseKind kind;
};

class Lineages {
 public:
  virtual ~Lineages() = default;

  // Durable on return: which certificate stands for the generation.
  virtual Task<Result<CertificateKey>> NoteUse(LineageUse use, BootTime deadline) = 0;

  // What supersedes a certificate at this place: the one that stands for the newest generation in
  // use, where that is a later one. To decide by, not to give away: it may not be durable yet.
  virtual Task<Result<std::optional<CertificateKey>>> FindSuccessor(policy::LineagePlace place,
                                                                    BootTime deadline) = 0;
};

// What whoever acts with a superseded certificate is told, except by renewing it: kPolicyDenied
// "renewal.superseded". A channel that outlived a renewal is no copied key.
Error SupersededPeer(const CertificateKey& standing);

}  // namespace mayfly
