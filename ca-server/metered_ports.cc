#include "metered_ports.h"

namespace mayfly {
namespace {

double SecondsSince(const Clock& clock, BootTime started) {
  return std::chrono::duration<double>(clock.BootNow() - started).count();
}

constexpr std::array kOutcomeNames = {"signed", "not-signed", "may-have-been-signed", "refused"};

bool IsDatabaseError(ErrorCode code) {
  return code == ErrorCode::kStoreUnavailable || code == ErrorCode::kCommitInDoubt ||
         code == ErrorCode::kDeadlineExceeded || code == ErrorCode::kOverloaded ||
         code == ErrorCode::kInternal;
}

}  // namespace

MeteredSigner::MeteredSigner(Signer& metered, telemetry::Metrics& metrics, const Clock& clock)
    : metered_(metered), clock_(clock) {
  for (size_t i = 1; i < kPurposes; ++i) {
    const std::string purpose(SignPurposeName(static_cast<SignPurpose>(i)));
    const auto result = [&](size_t outcome) {
      return metrics.MakeCounter("mayfly_signer_results_total", "Answers of the signer.",
                                 {{"purpose", purpose}, {"outcome", kOutcomeNames[outcome]}});
    };
    purposes_[i] =
        Purpose{metrics.MakeHistogram("mayfly_signer_duration_seconds",
                                      "From the job to its answer.", {{"purpose", purpose}}),
                {result(0), result(1), result(2), result(3)}};
  }
}

Task<SignResult> MeteredSigner::Sign(SignJob job) {
  const auto& purpose = purposes_.at(static_cast<size_t>(job.purpose));
  const BootTime started = clock_.BootNow();
  auto result = co_await metered_.Sign(std::move(job));
  purpose->duration.Observe(SecondsSince(clock_, started));
  purpose->results.at(static_cast<size_t>(result.outcome)).Add();
  co_return result;
}

Task<Result<x509::SubjectPublicKeyInfo>> MeteredSigner::PublicKey(std::string uri,
                                                                  BootTime deadline) {
  return metered_.PublicKey(std::move(uri), deadline);
}

MeteredLedger::Operation MeteredLedger::MakeOperation(telemetry::Metrics& metrics,
                                                      const char* name) {
  return {
      metrics.MakeHistogram("mayfly_ledger_duration_seconds",
                            "From the question to the database's answer.", {{"operation", name}}),
      metrics.MakeCounter("mayfly_ledger_errors_total",
                          "Questions that the database did not answer.", {{"operation", name}})};
}

MeteredLedger::MeteredLedger(Ledger& ledger, Lineages& lineages, telemetry::Metrics& metrics,
                             const Clock& clock)
    : ledger_(ledger),
      lineages_(lineages),
      clock_(clock),
      record_(MakeOperation(metrics, "record")),
      settle_(MakeOperation(metrics, "settle")),
      find_request_(MakeOperation(metrics, "find-request")),
      find_certificate_(MakeOperation(metrics, "find-certificate")),
      revoke_(MakeOperation(metrics, "revoke")),
      load_basis_(MakeOperation(metrics, "load-basis")),
      activate_(MakeOperation(metrics, "activate-policy")),
      add_block_(MakeOperation(metrics, "add-block")),
      note_use_(MakeOperation(metrics, "note-use")),
      find_successor_(MakeOperation(metrics, "find-successor")) {}

template <class T>
Task<Result<T>> MeteredLedger::Measured(Operation& operation, Task<Result<T>> task) {
  const BootTime started = clock_.BootNow();
  auto result = co_await task;
  operation.duration.Observe(SecondsSince(clock_, started));
  if (!result && IsDatabaseError(result.error().code)) operation.errors.Add();
  co_return result;
}

Task<Result<RecordedTbs>> MeteredLedger::Record(RecordEntry entry, BootTime deadline) {
  return Measured(record_, ledger_.Record(std::move(entry), deadline));
}
Task<Result<Outcome>> MeteredLedger::Settle(SettleEntry entry, BootTime deadline) {
  return Measured(settle_, ledger_.Settle(std::move(entry), deadline));
}
Task<Result<std::optional<PriorAttempt>>> MeteredLedger::FindRequest(RequestKey key,
                                                                     BootTime deadline) {
  return Measured(find_request_, ledger_.FindRequest(std::move(key), deadline));
}
Task<Result<std::optional<CertificateRecord>>> MeteredLedger::FindCertificate(CertificateKey key,
                                                                              Reading reading,
                                                                              BootTime deadline) {
  return Measured(find_certificate_, ledger_.FindCertificate(std::move(key), reading, deadline));
}
Task<Result<RevokeReceipt>> MeteredLedger::Revoke(RevokeEntry entry, BootTime deadline) {
  return Measured(revoke_, ledger_.Revoke(std::move(entry), deadline));
}
Task<Result<StoredBasis>> MeteredLedger::LoadBasis(BootTime deadline) {
  return Measured(load_basis_, ledger_.LoadBasis(deadline));
}
Task<Result<uint64_t>> MeteredLedger::ActivatePolicy(PolicyEntry entry, BootTime deadline) {
  return Measured(activate_, ledger_.ActivatePolicy(std::move(entry), deadline));
}
Task<Result<uint64_t>> MeteredLedger::AddBlock(BlockEntry entry, BootTime deadline) {
  return Measured(add_block_, ledger_.AddBlock(std::move(entry), deadline));
}
Task<Result<CertificateKey>> MeteredLedger::NoteUse(LineageUse use, BootTime deadline) {
  return Measured(note_use_, lineages_.NoteUse(std::move(use), deadline));
}
Task<Result<std::optional<CertificateKey>>> MeteredLedger::FindSuccessor(policy::LineagePlace place,
                                                                         BootTime deadline) {
  return Measured(find_successor_, lineages_.FindSuccessor(place, deadline));
}

}  // namespace mayfly
