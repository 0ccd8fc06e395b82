// Proofs of inclusion as text (C2SP tlog-proof): all that a verifier needs beside the entry.
//
//   c2sp.org/tlog-proof@v1
//   index 73894
//   BASE64(HASH) ...      from the leaf up
//   (an empty line)
//   CHECKPOINT            the signed note
#pragma once

#include <string>
#include <string_view>

#include "tlog/proof.h"

namespace mayfly::tlog {

constexpr size_t kProofHashesMax = 63;

struct TlogProof {
  uint64_t index = 0;
  Proof hashes;
  std::string checkpoint;  // a signed note
  friend bool operator==(const TlogProof&, const TlogProof&) = default;
};

std::string WriteTlogProof(const TlogProof& proof);

// What WriteTlogProof makes; nothing is verified. Error: kInvalidArgument "tlog-proof.format".
Result<TlogProof> ParseTlogProof(std::string_view text);

}  // namespace mayfly::tlog
