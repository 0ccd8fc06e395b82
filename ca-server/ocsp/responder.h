// Responder: OCSP answers of this replica. What may be said is decision.h's, when it may be said
// is memory.h's; here they meet the signer.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/task.h"
#include "ocsp/decision.h"
#include "ocsp/memory.h"
#include "ocsp/request.h"
#include "ocsp/response.h"
#include "ports/status_source.h"
#include "signing/signing_key.h"
#include "x509/certificate.h"
#include "x509/digest.h"

namespace mayfly::ocsp {

constexpr size_t kLiveAnswersMax = 256;  // under way at once; more are tryLater
// Nobody shall keep an `unknown`: the serial may be about to be issued.
constexpr Seconds kUnknownAnswerLife{300};

struct ResponderIssuer {
  IssuerId id;
  x509::Name subject;
  x509::SubjectPublicKeyInfo key;
};

struct ResponderSettings {
  Seconds answer_life{3600};  // nextUpdate - thisUpdate
  Milliseconds request_deadline{3000};
};

struct ResponderParts {
  std::vector<ResponderIssuer> issuers;
  const Clock& clock;
  StatusSource& source;
  ResponderMemory& memory;
  ResponderSettings settings;
};

// The key that signs for an issuer, and its certificate.
struct Delegate {
  x509::Certificate certificate;
  std::shared_ptr<signing::SigningKey> key;  // which the certificate names
};

struct Answer {
  Bytes der;                        // an OCSPResponse, always
  std::optional<CacheFacts> cache;  // nothing: must not be kept (errors, `unknown`)
  AnswerKind kind;
  bool from_memory = false;  // signed before, for somebody else
};

class Responder {
 public:
  // What the parts refer to outlives it.
  explicit Responder(ResponderParts parts);
  ~Responder();

  // Total: every input gets an OCSPResponse, by the request deadline.
  Task<Answer> Respond(Bytes request_der);
  // An answer to staple, `good` or `revoked`, asked with a SHA-1 CertID since that is what TLS
  // clients compare with. Nothing where there is none by the deadline.
  Task<std::optional<Bytes>> Staple(CertificateKey key, BootTime deadline);

  // From now on this key signs. Errors: kNotFound "ocsp.issuer"; kInvalidArgument "ocsp.delegate"
  // (not issued by that issuer, not its key, no OCSPSigning); kSignatureInvalid.
  Status SetDelegate(IssuerId issuer, Delegate delegate);
  // For readiness: a delegate that is valid now for every issuer. Error kSignerUnavailable
  // "ocsp.no-delegate".
  Status Ready() const;

 private:
  struct Issuer;
  struct Question;
  struct Statement;
  class LivePlace;

  Task<Result<Answer>> Answered(OcspRequest request);
  Task<Result<Answer>> AnswerQuestion(Question question, BootTime deadline);
  Task<Result<Answer>> AnswerLive(Question question, BootTime deadline);
  std::optional<LedgerStatus> Remembered(const CertificateKey& key) const;
  Task<Result<Decision>> DecideFor(const Question& question, BootTime deadline);
  Task<Result<Answer>> SayGood(const Question& question, DecidedGood good, BootTime deadline);
  Task<Result<Answer>> SayRevoked(const Question& question, Revocation revocation,
                                  BootTime deadline);
  Task<Result<Answer>> SayUnknown(const Question& question, DecidedUnknown unknown,
                                  BootTime deadline);
  Task<Result<Answer>> Sign(const Question& question, Statement statement, BootTime deadline);

  Result<Question> Recognize(const OcspRequest& request) const;
  const Issuer* FindIssuer(IssuerId id) const;
  std::optional<Answer> FromCache(const Question& question) const;
  CachedAnswer ToCached(const Answer& answer, BootTime as_of) const;

  ResponderParts parts_;
  std::vector<std::unique_ptr<Issuer>> issuers_;
  std::atomic<size_t> live_ = 0;
};

}  // namespace mayfly::ocsp
