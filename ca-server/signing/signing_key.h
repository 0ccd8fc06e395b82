// SigningKey: one key, in one place or in several that hold the same (a replicated pair of HSMs),
// and the only way to have anything signed.
//
// Each signature is verified in software before it is given away. A wrong one never is: its place
// is quarantined, durably, before anything else happens. Places in service are asked in turn; where
// one fails, the same job goes to another. docs/adr/0013-guard.md says why it is so.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "ports/canary_records.h"
#include "ports/quarantine.h"
#include "ports/signer.h"
#include "signing/key_places.h"
#include "x509/signature.h"
#include "x509/subject_public_key_info.h"

namespace mayfly::signing {

// One try at a place is given at most this long, so that one that hangs leaves time for another.
constexpr Milliseconds kTryMax{2000};
// Before a place is asked again.
constexpr Milliseconds kRetryPause{50};
constexpr Seconds kCanaryEvery{60};
// After a canary that could not be recorded.
constexpr Seconds kCanaryRetryPause{5};

// A place that went out, was quarantined or came back.
struct PlaceChange {
  std::string key;  // SigningKey::Text
  KeyUse use;
  PlaceStanding now;
};

// What signing needs beside the key.
struct SigningTools {
  const Clock& clock;
  RandomSource& random;
  Signer& signer;
  Timer& timer;
  Executor& executor;
  Quarantine& quarantine;
  CanaryRecords& canaries;
  std::function<void(const PlaceChange&)> tell{};  // any thread
};

struct SigningKeyParts {
  std::string owner;  // an issuer's name, or the audit log's origin
  KeyUse use;
  std::vector<std::string> uris;  // 1 to kPlacesMax, each once
  // The key that a certificate names; nothing: the one that the first place to answer holds.
  std::optional<x509::SubjectPublicKeyInfo> certified{};
};

// How long a signature is tried for.
enum class Patience : uint8_t {
  kEachPlaceOnce,
  kWhileInService,  // until no place is in service any more: somebody else could sign instead
  kUntilDeadline,
};

// A fresh challenge with its signature: proves that we hold the key and that it works.
struct CanaryProof {
  x509::SubjectPublicKeyInfo key;
  x509::SignatureAlgorithm algorithm;
  Bytes challenge;
  Bytes signature;
};

// Any thread, but for Tend. What its tools refer to outlives it.
class SigningKey {
 public:
  // Places with a note of quarantine begin in it, the others in service.
  SigningKey(SigningKeyParts parts, SigningTools tools);

  const std::string& owner() const { return parts_.owner; }
  KeyUse use() const { return parts_.use; }
  std::string Text() const;  // "issuing key of NAME"

  // The public key, where it is known by now.
  std::optional<x509::SubjectPublicKeyInfo> Known() const;
  // The public key. Errors, where no certificate names it: those of Signer::PublicKey.
  Task<Result<x509::SubjectPublicKeyInfo>> PublicKey(BootTime deadline);

  // A signature over the message, verified, tried again under one job id. Whoever asks holds the
  // message's record. Errors: kSignatureInvalid "signer.wrong-signature" (of a certificate: decide
  // about its record again; all else is signed in another place), kSignerUnavailable
  // "signer.quarantined" (in every place), the last place's.
  Task<Result<Bytes>> Sign(SignPurpose purpose, Bytes message, BootTime deadline,
                           Patience patience);

  // A canary, recorded, signed in whichever place. Errors: those of Sign and CanaryRecords.
  Task<Result<CanaryProof>> Prove(BootTime deadline);

  // At start, before anything is signed: the places hold the key. One that holds another is
  // quarantined where some place holds the right one; else the error is kConfiguration
  // "key.mismatch", which names both. A place that does not answer is out.
  Task<Status> Match(BootTime deadline);

  // Once a second, by one thread: looks at each place, at notes that an operator took away, and has
  // canaries signed: once a minute, and where a place may come back. Errors: a canary that could
  // not be recorded, or a note that could not be written.
  Task<Status> Tend();

  // In service, out or quarantined as its best place is.
  PlaceState Standing() const { return places_.Best(); }
  size_t places() const { return places_.size(); }
  PlaceStanding StandingOf(size_t place) const { return places_.StandingOf(place); }
  std::vector<PlaceStanding> Standings() const { return places_.Standings(); }
  // kSignerUnavailable "signer.key-out" or "signer.quarantined", while no place is in service.
  Status Trouble() const;

 private:
  struct Tried;  // what came of asking one place
  SignJob JobFor(SignPurpose purpose, const x509::SubjectPublicKeyInfo& key, Bytes message,
                 BootTime deadline);
  Task<Tried> Try(size_t place, const SignJob& job, const x509::SubjectPublicKeyInfo& key);
  Tried Judge(size_t place, const SignJob& job, const x509::SubjectPublicKeyInfo& key,
              SignResult result);
  void Failed(size_t place, const Error& error);
  void TakeOut(size_t place, const Error& error);
  void SetApart(size_t place, Error error, const Hash256& key);
  void Tell(size_t place) const;
  Error AllQuarantined() const;

  Task<Status> TendPlace(size_t place);
  Status HeedNote(size_t place);
  Task<bool> Look(size_t place, const x509::SubjectPublicKeyInfo& key);
  Task<Status> SignCanary(size_t place, const x509::SubjectPublicKeyInfo& key);
  CanaryEntry NewCanary(const x509::SubjectPublicKeyInfo& key);

  const SigningKeyParts parts_;
  const SigningTools tools_;
  KeyPlaces places_;
  std::vector<BootTime> canary_due_;  // Tend's
  mutable std::mutex mutex_;
  std::optional<x509::SubjectPublicKeyInfo> key_;  // guarded
  std::vector<QuarantineNote> not_noted_;          // guarded: not on the disk yet
};

}  // namespace mayfly::signing
