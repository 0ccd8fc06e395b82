// Signer, Ledger and Lineages with a clock and counters around them: how long each hop takes, and
// how it ends.
#pragma once

#include <array>
#include <optional>

#include "ports/ledger.h"
#include "ports/lineages.h"
#include "ports/signer.h"
#include "telemetry/metrics.h"

namespace mayfly {

// What is `metered` outlives it, and so do metrics and clock.
class MeteredSigner final : public Signer {
 public:
  MeteredSigner(Signer& metered, telemetry::Metrics& metrics, const Clock& clock);
  Task<SignResult> Sign(SignJob job) override;
  Task<Result<x509::SubjectPublicKeyInfo>> PublicKey(std::string uri, BootTime deadline) override;

 private:
  static constexpr size_t kPurposes = 7;  // SignPurpose counts from 1
  static constexpr size_t kOutcomes = 4;
  struct Purpose {
    telemetry::Histogram duration;
    std::array<telemetry::Counter, kOutcomes> results;
  };
  Signer& metered_;
  const Clock& clock_;
  std::array<std::optional<Purpose>, kPurposes> purposes_;
};

class MeteredLedger final : public Ledger, public Lineages {
 public:
  MeteredLedger(Ledger& ledger, Lineages& lineages, telemetry::Metrics& metrics,
                const Clock& clock);
  Task<Result<RecordedTbs>> Record(RecordEntry entry, BootTime deadline) override;
  Task<Result<Outcome>> Settle(SettleEntry entry, BootTime deadline) override;
  Task<Result<std::optional<PriorAttempt>>> FindRequest(RequestKey key, BootTime deadline) override;
  Task<Result<std::optional<CertificateRecord>>> FindCertificate(CertificateKey key,
                                                                 Reading reading,
                                                                 BootTime deadline) override;
  Task<Result<RevokeReceipt>> Revoke(RevokeEntry entry, BootTime deadline) override;
  Task<Result<StoredBasis>> LoadBasis(BootTime deadline) override;
  Task<Result<uint64_t>> ActivatePolicy(PolicyEntry entry, BootTime deadline) override;
  Task<Result<uint64_t>> AddBlock(BlockEntry entry, BootTime deadline) override;
  void Note(Event event) override { ledger_.Note(std::move(event)); }
  Task<Result<CertificateKey>> NoteUse(LineageUse use, BootTime deadline) override;
  Task<Result<std::optional<CertificateKey>>> FindSuccessor(policy::LineagePlace place,
                                                            BootTime deadline) override;

 private:
  // Errors of the database, not answers that a caller did not like.
  struct Operation {
    telemetry::Histogram duration;
    telemetry::Counter errors;
  };
  static Operation MakeOperation(telemetry::Metrics& metrics, const char* name);
  template <class T>
  Task<Result<T>> Measured(Operation& operation, Task<Result<T>> task);

  Ledger& ledger_;
  Lineages& lineages_;
  const Clock& clock_;
  Operation record_, settle_, find_request_, find_certificate_, revoke_, load_basis_, activate_,
      add_block_, note_use_, find_successor_;
};

}  // namespace mayfly
