#include "ocsp/responder.h"

#include <algorithm>
#include <chrono>

#include "x509/extension.h"

namespace mayfly::ocsp {

// What an issuer is called in CertIDs, and who signs for it.
struct Responder::Issuer {
  explicit Issuer(const ResponderIssuer& from)
      : id(from.id),
        subject(from.subject),
        key(from.key),
        name_sha1(x509::Sha1(from.subject.der())),
        key_sha1(x509::Sha1(from.key.key_bits())),
        name_sha256(x509::Sha256(from.subject.der())),
        key_sha256(x509::Sha256(from.key.key_bits())) {}

  bool Matches(const CertId& asked) const {
    bool sha1 = asked.form == CertIdForm::kSha1 || asked.form == CertIdForm::kSha1WithNull;
    ByteSpan name = sha1 ? ByteSpan(name_sha1) : ByteSpan(name_sha256);
    ByteSpan key_hash = sha1 ? ByteSpan(key_sha1) : ByteSpan(key_sha256);
    return asked.form && Equal(asked.issuer_name_hash, name) &&
           Equal(asked.issuer_key_hash, key_hash);
  }
  std::shared_ptr<const Delegate> delegate() const {
    std::lock_guard lock(mutex);
    return current;
  }

  IssuerId id;
  x509::Name subject;
  x509::SubjectPublicKeyInfo key;
  Hash160 name_sha1, key_sha1;
  Hash256 name_sha256, key_sha256;
  mutable std::mutex mutex;
  std::shared_ptr<const Delegate> current;
};

struct Responder::Question {
  const Issuer* issuer;
  CertId cert_id;
  std::optional<Bytes> nonce;
  CertificateKey key() const { return {cert_id.serial, issuer->id}; }
  CertIdForm form() const { return cert_id.form.value(); }
};

struct Responder::Statement {
  CertStatus status;
  TimePoint this_update;
  Seconds life;
};

// One of the kLiveAnswersMax places.
class Responder::LivePlace {
 public:
  explicit LivePlace(std::atomic<size_t>& taken) : taken_(taken), number_(++taken) {}
  ~LivePlace() { --taken_; }
  LivePlace(const LivePlace&) = delete;
  bool free() const { return number_ <= kLiveAnswersMax; }

 private:
  std::atomic<size_t>& taken_;
  size_t number_;
};

namespace {

AnswerKind KindOf(ResponseStatus error) {
  switch (error) {
    case ResponseStatus::kMalformedRequest:
      return AnswerKind::kMalformedRequest;
    case ResponseStatus::kTryLater:
      return AnswerKind::kTryLater;
    case ResponseStatus::kUnauthorized:
      return AnswerKind::kUnauthorized;
    case ResponseStatus::kSuccessful:  // no error
    case ResponseStatus::kInternalError:
      return AnswerKind::kInternalError;
  }
  return AnswerKind::kInternalError;
}

AnswerKind KindOf(const CertStatus& status) {
  if (std::holds_alternative<GoodStatus>(status)) return AnswerKind::kGood;
  if (std::holds_alternative<RevokedStatus>(status)) return AnswerKind::kRevoked;
  return AnswerKind::kUnknown;
}

Answer ErrorAnswer(ResponseStatus status) {
  return {WriteErrorResponse(status), std::nullopt, KindOf(status)};
}

Error NoLease() {
  return Fail(ErrorCode::kStoreUnavailable, "ocsp.no-lease",
              "the status cannot be told for certain just now");
}

Error NoDelegate() {
  return Fail(ErrorCode::kSignerUnavailable, "ocsp.no-delegate",
              "there is no valid responder certificate for this issuer");
}

bool HasOcspSigning(const x509::Certificate& certificate) {
  const x509::Extension* usage =
      x509::Find(certificate.tbs().fields().extensions, x509::oid::ExtendedKeyUsage());
  if (!usage) return false;
  Result<std::vector<der::Oid>> purposes = x509::ReadExtendedKeyUsage(usage->value);
  return purposes &&
         std::find(purposes->begin(), purposes->end(), x509::oid::OcspSigning()) != purposes->end();
}

bool IsOf(const x509::SubjectPublicKeyInfo& certified, const signing::SigningKey& key) {
  const auto known = key.Known();
  return known && known->hash() == certified.hash();
}

}  // namespace

Responder::Responder(ResponderParts parts) : parts_(std::move(parts)) {
  for (const ResponderIssuer& issuer : parts_.issuers) {
    issuers_.push_back(std::make_unique<Issuer>(issuer));
  }
}

Responder::~Responder() = default;

const Responder::Issuer* Responder::FindIssuer(IssuerId id) const {
  for (const auto& issuer : issuers_) {
    if (issuer->id == id) return issuer.get();
  }
  return nullptr;
}

Status Responder::SetDelegate(IssuerId id, Delegate delegate) {
  auto issuer = std::find_if(issuers_.begin(), issuers_.end(),
                             [id](const auto& candidate) { return candidate->id == id; });
  if (issuer == issuers_.end()) {
    return Fail(ErrorCode::kNotFound, "ocsp.issuer", "the responder does not know this issuer");
  }
  const x509::TbsFields& fields = delegate.certificate.tbs().fields();
  if (!(fields.issuer == (*issuer)->subject) || !IsOf(fields.public_key, *delegate.key) ||
      !HasOcspSigning(delegate.certificate)) {
    return Fail(ErrorCode::kInvalidArgument, "ocsp.delegate",
                "a responder's certificate is issued by the issuer that it answers for, for the "
                "responder's key, with the extended key usage OCSPSigning (RFC 6960 4.2.2.2)");
  }
  TRY(delegate.certificate.VerifySignedBy((*issuer)->key));
  std::lock_guard lock((*issuer)->mutex);
  (*issuer)->current = std::make_shared<const Delegate>(std::move(delegate));
  return Ok();
}

Status Responder::Ready() const {
  for (const auto& issuer : issuers_) {
    std::shared_ptr<const Delegate> delegate = issuer->delegate();
    if (!delegate) return NoDelegate();
    if (!delegate->certificate.tbs().fields().validity.Covers(parts_.clock.Now())) {
      return NoDelegate();
    }
  }
  return Ok();
}

Task<Answer> Responder::Respond(Bytes request_der) {
  Result<OcspRequest> request = OcspRequest::FromDer(request_der);
  if (!request) co_return ErrorAnswer(ResponseStatus::kMalformedRequest);
  OcspRequest asked = *std::move(request);
  Task<Result<Answer>> answering = Answered(std::move(asked));
  Result<Answer> answer = co_await answering;
  if (!answer) co_return ErrorAnswer(ResponseStatusFor(answer.error().code));
  co_return *std::move(answer);
}

Task<std::optional<Bytes>> Responder::Staple(CertificateKey key, BootTime deadline) {
  const Issuer* issuer = FindIssuer(key.issuer);
  if (!issuer) co_return std::optional<Bytes>();
  CertId cert_id{CertIdForm::kSha1WithNull, ToBytes(issuer->name_sha1), ToBytes(issuer->key_sha1),
                 key.serial};
  Question question{issuer, std::move(cert_id), std::nullopt};
  Task<Result<Answer>> answering = AnswerQuestion(std::move(question), deadline);
  Result<Answer> answer = co_await answering;
  if (!answer || !answer->cache) co_return std::optional<Bytes>();
  co_return std::optional<Bytes>(std::move(answer->der));
}

Result<Responder::Question> Responder::Recognize(const OcspRequest& request) const {
  for (const auto& issuer : issuers_) {
    if (issuer->Matches(request.cert_id())) {
      return Question{issuer.get(), request.cert_id(), request.echoed_nonce()};
    }
  }
  return Fail(ErrorCode::kNotFound, "ocsp.issuer", "not an issuer of this responder");
}

Task<Result<Answer>> Responder::Answered(OcspRequest request) {
  CO_TRY_ASSIGN(Question question, Recognize(request));
  BootTime deadline = parts_.clock.BootNow() + parts_.settings.request_deadline;
  Task<Result<Answer>> answering = AnswerQuestion(std::move(question), deadline);
  Result<Answer> answer = co_await answering;
  co_return answer;
}

// A nonce is worth a signature of its own, but not the answer: where none can be made, one without
// the nonce is given (RFC 9654 allows it, clients warn).
Task<Result<Answer>> Responder::AnswerQuestion(Question question, BootTime deadline) {
  if (!question.nonce) {
    std::optional<Answer> cached = FromCache(question);
    if (cached) co_return *std::move(cached);
  }
  Question asked = question;
  Task<Result<Answer>> live = AnswerLive(std::move(asked), deadline);
  Result<Answer> answer = co_await live;
  if (answer || !question.nonce) co_return answer;
  std::optional<Answer> cached = FromCache(question);
  if (cached) co_return *std::move(cached);
  co_return answer;
}

std::optional<Answer> Responder::FromCache(const Question& question) const {
  std::optional<CachedAnswer> cached = parts_.memory.Find(question.key(), question.form());
  if (!cached) return std::nullopt;
  return Answer{std::move(cached->der), cached->facts, cached->kind, true};
}

Task<Result<Answer>> Responder::AnswerLive(Question question, BootTime deadline) {
  LivePlace place(live_);
  if (!place.free()) {
    co_return Fail(ErrorCode::kOverloaded, "ocsp.busy", "too many answers are being signed");
  }
  Task<Result<Decision>> deciding = DecideFor(question, deadline);
  Result<Decision> decision = co_await deciding;
  if (!decision) co_return std::move(decision).error();
  if (const auto* revoked = std::get_if<DecidedRevoked>(&*decision)) {
    Task<Result<Answer>> saying = SayRevoked(question, revoked->revocation, deadline);
    Result<Answer> answer = co_await saying;
    co_return answer;
  }
  if (const auto* good = std::get_if<DecidedGood>(&*decision)) {
    Task<Result<Answer>> saying = SayGood(question, *good, deadline);
    Result<Answer> answer = co_await saying;
    co_return answer;
  }
  if (const auto* unknown = std::get_if<DecidedUnknown>(&*decision)) {
    Task<Result<Answer>> saying = SayUnknown(question, *unknown, deadline);
    Result<Answer> answer = co_await saying;
    co_return answer;
  }
  if (std::holds_alternative<DecidedUnauthorized>(*decision)) {
    co_return Fail(ErrorCode::kNotFound, "ocsp.expired", "the certificate expired long ago");
  }
  co_return NoLease();
}

// What the memory says of a certificate that the ledger once said was issued.
std::optional<LedgerStatus> Responder::Remembered(const CertificateKey& key) const {
  std::optional<TimePoint> not_after = parts_.memory.IssuedUntil(key);
  if (!not_after || !parts_.memory.LeaseHolds()) return std::nullopt;
  return LedgerStatus{LedgerStatus::Standing::kIssued, std::nullopt, parts_.clock.Now(),
                      *not_after};
}

// A revocation in memory needs no database, nor under a lease does a certificate asked for before.
Task<Result<Decision>> Responder::DecideFor(const Question& question, BootTime deadline) {
  CertificateKey key = question.key();
  std::optional<LedgerStatus> ledger = Remembered(key);
  std::optional<Error> failure;
  if (!ledger && !parts_.memory.RevocationOf(key)) {
    Task<Result<LedgerStatus>> looking = parts_.source.Lookup(key, deadline);
    Result<LedgerStatus> found = co_await looking;
    if (found)
      ledger = *std::move(found);
    else
      failure = std::move(found).error();
  }
  if (ledger && ledger->revocation) parts_.memory.Remember(*ledger->revocation);
  if (ledger && ledger->standing == LedgerStatus::Standing::kIssued) {
    parts_.memory.RememberIssued(key, ledger->not_after);
  }
  Knowledge knowledge{.serial = key.serial,
                      .remembered = parts_.memory.RevocationOf(key),
                      .lease = parts_.memory.LeaseHolds() ? Lease::kHeld : Lease::kNone,
                      .ledger = ledger};
  Decision decision = Decide(knowledge);
  if (failure && std::holds_alternative<DecidedTryLater>(decision)) co_return *std::move(failure);
  co_return decision;
}

Task<Result<Answer>> Responder::SayGood(const Question& question, DecidedGood good,
                                        BootTime deadline) {
  BootTime as_of = parts_.clock.BootNow();
  CertificateKey key = question.key();
  std::optional<GoodSigning> signing = parts_.memory.BeginGood(key, deadline);
  std::optional<Answer> answer;
  if (signing) {
    Statement statement{GoodStatus{}, good.as_of, parts_.settings.answer_life};
    Task<Result<Answer>> making = Sign(question, std::move(statement), signing->deadline());
    Result<Answer> made = co_await making;
    if (!made) co_return std::move(made).error();
    std::optional<CachedAnswer> cached;
    if (!question.nonce && good.as_of <= good.not_after) cached = ToCached(*made, as_of);
    if (signing->Release(question.form(), std::move(cached))) answer = *std::move(made);
  }
  if (answer) co_return *std::move(answer);
  // Revoked while it was signed, or never to be asked for: the memory knows better now.
  signing.reset();
  std::optional<Revocation> revocation = parts_.memory.RevocationOf(key);
  if (!revocation) co_return NoLease();
  Task<Result<Answer>> saying = SayRevoked(question, *revocation, deadline);
  Result<Answer> revoked = co_await saying;
  co_return revoked;
}

Task<Result<Answer>> Responder::SayRevoked(const Question& question, Revocation revocation,
                                           BootTime deadline) {
  BootTime as_of = parts_.clock.BootNow();
  // Said a moment after it happened, by two clocks: never "revoked" from before its own time.
  TimePoint this_update = std::max(parts_.clock.Now(), revocation.revoked_at);
  Statement statement{RevokedStatus{revocation.revoked_at, revocation.reason}, this_update,
                      parts_.settings.answer_life};
  Task<Result<Answer>> making = Sign(question, std::move(statement), deadline);
  Result<Answer> made = co_await making;
  if (made && !question.nonce) {
    parts_.memory.CacheRevoked(revocation.key, question.form(), ToCached(*made, as_of));
  }
  co_return made;
}

Task<Result<Answer>> Responder::SayUnknown(const Question& question, DecidedUnknown unknown,
                                           BootTime deadline) {
  Seconds life = std::min(kUnknownAnswerLife, parts_.settings.answer_life);
  Statement statement{UnknownStatus{}, unknown.as_of, life};
  Task<Result<Answer>> making = Sign(question, std::move(statement), deadline);
  Result<Answer> made = co_await making;
  if (made) made->cache.reset();
  co_return made;
}

Task<Result<Answer>> Responder::Sign(const Question& question, Statement statement,
                                     BootTime deadline) {
  std::shared_ptr<const Delegate> delegate = question.issuer->delegate();
  if (!delegate) co_return NoDelegate();
  const x509::TbsFields& fields = delegate->certificate.tbs().fields();
  if (!fields.validity.Covers(parts_.clock.Now())) co_return NoDelegate();
  TimePoint this_update = std::chrono::floor<Seconds>(statement.this_update);
  // No answer outlives the certificate that vouches for it.
  TimePoint next_update =
      std::min<TimePoint>(this_update + statement.life, fields.validity.not_after());
  if (next_update <= this_update) co_return NoDelegate();
  ResponseData data{.responder_key_hash = fields.public_key.key_identifier(),
                    .produced_at = parts_.clock.Now(),
                    .cert_id = question.cert_id,
                    .status = statement.status,
                    .this_update = this_update,
                    .next_update = next_update,
                    .nonce = question.nonce};
  Bytes message = WriteResponseData(data);
  CO_TRY_ASSIGN(const Bytes signature,
                co_await delegate->key->Sign(SignPurpose::kOcsp, message, deadline,
                                             signing::Patience::kEachPlaceOnce));
  Bytes der =
      WriteSuccessfulResponse({message, *x509::SignatureAlgorithmFor(fields.public_key.type()),
                               signature, delegate->certificate.der()});
  co_return Answer{std::move(der), CacheFacts{this_update, next_update}, KindOf(statement.status)};
}

CachedAnswer Responder::ToCached(const Answer& answer, BootTime as_of) const {
  const CacheFacts& facts = answer.cache.value();
  return {answer.der, facts, as_of + (facts.next_update - facts.this_update) / 2, answer.kind};
}

}  // namespace mayfly::ocsp
