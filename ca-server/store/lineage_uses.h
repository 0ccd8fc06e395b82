// Which generations of lineages are in use: what a batch of records notes and is judged by.
#pragma once

#include "store/ledger_batch.h"

namespace mayfly::store {

// A renewal uses its parent, and supersedes what came before that. Who renews from a generation
// that was superseded, or beside another certificate of it that is in use, is answered: of two
// holders of one key, one has copied it. So is who asks for another certificate with one that was
// superseded.
void UseLineages(Session& session, Batch& batch, const WriteStart& start);

// What stands for the newest generation in use, where that is later than the place's.
std::optional<CertificateKey> SuccessorOf(Session& session, const policy::LineagePlace& place);

}  // namespace mayfly::store
