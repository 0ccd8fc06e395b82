// Asks one witness (C2SP tlog-witness) to cosign checkpoints over HTTPS.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "https_client/https_client.h"
#include "tlog/checkpoint.h"
#include "tlog/cosignature.h"
#include "tlog/log_reader.h"

namespace mayfly::audit {

struct WitnessAddress {
  std::string url;  // the submission prefix: "/add-checkpoint" is appended
  tlog::WitnessKey key;
};

// A checkpoint that is published, and its log to prove from.
struct Submission {
  const tlog::TreeHead& tree;
  const std::string& note;
  const std::string& text;  // of the note
  tlog::LogReader& reader;
};

// For one thread.
class Witness {
 public:
  Witness(WitnessAddress address, std::unique_ptr<HttpsClient> client)
      : address_(std::move(address)), client_(std::move(client)) {}

  const std::string& name() const { return address_.key.name(); }
  const tlog::WitnessKey& key() const { return address_.key; }

  // Its cosignature, verified. What it has seen before is proved to be the beginning; it says what
  // that was where this process does not know. Errors: kStoreUnavailable "https.failed",
  // "witness.refused" (it does not know the log, its key, or believe the proof); kInternal
  // "witness.ahead" (it has cosigned a larger log than this: one of the two lost something);
  // kSignatureInvalid "witness.unsigned", "cosignature.format", "signature.invalid".
  Result<tlog::NoteSignature> Cosign(const Submission& submission,
                                     const std::atomic<bool>& cancelled);

 private:
  Result<HttpsAnswer> Submit(const Submission& submission, const std::atomic<bool>& cancelled);
  Result<tlog::NoteSignature> CosignatureIn(const HttpsAnswer& answer,
                                            const std::string& text) const;

  WitnessAddress address_;
  std::unique_ptr<HttpsClient> client_;
  uint64_t seen_ = 0;  // entries of the log when it cosigned last, as far as this process knows
};

}  // namespace mayfly::audit
