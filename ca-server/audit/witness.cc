#include "audit/witness.h"

#include <charconv>
#include <optional>

#include "base/bytes.h"

namespace mayfly::audit {
namespace {

constexpr int kOk = 200;
constexpr int kConflict = 409;
constexpr std::string_view kPath = "/add-checkpoint";

Error Refused(const std::string& name, const HttpsAnswer& answer) {
  return FailWithDetail(ErrorCode::kStoreUnavailable, "witness.refused",
                        "the witness " + name + " answers " + std::to_string(answer.status),
                        Escape(answer.body, 200));
}

Error Ahead(const std::string& name, uint64_t size) {
  return Fail(ErrorCode::kInternal, "witness.ahead",
              "the witness " + name + " has cosigned " + std::to_string(size) +
                  " entries, more than this log has: one of the two lost something");
}

// C2SP tlog-witness: the size in decimal, and a newline.
std::optional<uint64_t> SizeIn(std::string_view body) {
  while (body.ends_with('\n')) body.remove_suffix(1);
  uint64_t size = 0;
  const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), size);
  if (error != std::errc() || end != body.data() + body.size()) return std::nullopt;
  return size;
}

}  // namespace

Result<tlog::NoteSignature> Witness::Cosign(const Submission& submission,
                                            const std::atomic<bool>& cancelled) {
  const uint64_t size = submission.tree.size;
  if (seen_ > size) return Ahead(name(), seen_);
  TRY_ASSIGN(HttpsAnswer answer, Submit(submission, cancelled));
  const auto told = answer.status == kConflict ? SizeIn(answer.body) : std::nullopt;
  if (told && *told > size) return Ahead(name(), *told);
  if (told && *told != seen_) {
    seen_ = *told;
    TRY_ASSIGN(answer, Submit(submission, cancelled));
  }
  if (answer.status != kOk) return Refused(name(), answer);
  TRY_ASSIGN(tlog::NoteSignature cosignature, CosignatureIn(answer, submission.text));
  seen_ = size;
  return cosignature;
}

Result<HttpsAnswer> Witness::Submit(const Submission& submission,
                                    const std::atomic<bool>& cancelled) {
  std::string body = "old " + std::to_string(seen_) + "\n";
  if (seen_ > 0 && seen_ < submission.tree.size) {
    TRY_ASSIGN(const tlog::Proof proof, submission.reader.ProofForHolderOf(seen_));
    for (const Hash256& hash : proof) body += ToBase64(hash) + "\n";
  }
  body += "\n" + submission.note;
  return client_->Ask({address_.url + std::string(kPath), std::move(body)}, cancelled);
}

Result<tlog::NoteSignature> Witness::CosignatureIn(const HttpsAnswer& answer,
                                                   const std::string& text) const {
  TRY_ASSIGN(auto signatures, tlog::ParseSignatureLines(answer.body));
  for (tlog::NoteSignature& signature : signatures) {
    if (!key().Signed(signature)) continue;
    TRY(key().Verify(text, signature));
    return std::move(signature);
  }
  return Fail(ErrorCode::kSignatureInvalid, "witness.unsigned",
              "the witness " + name() + " answers without a signature of its key");
}

}  // namespace mayfly::audit
