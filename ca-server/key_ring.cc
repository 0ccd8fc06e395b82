#include "key_ring.h"

#include "issuance/event_detail.h"
#include "telemetry/log.h"

namespace mayfly {
namespace {

using signing::PlaceState;

constexpr Seconds kTendEvery{1};
constexpr char kGuard[] = "system:guard";  // the principal of events
constexpr size_t kQuarantinedLabelsMax = 200;

}  // namespace

void LogPlaceChange(const signing::PlaceChange& change) {
  const std::string& uri = change.now.uri;
  if (change.now.state == PlaceState::kInService) {
    return telemetry::LogInfo("key in service again", {{"key", change.key}, {"uri", uri}});
  }
  const Error why = change.now.why.value_or(Error{});
  if (change.now.state == PlaceState::kQuarantined) {
    return telemetry::LogFailure("key quarantined", why, {{"key", change.key}, {"uri", uri}});
  }
  telemetry::LogFailure("key out", why, {{"key", change.key}, {"uri", uri}});
}

KeyRing::KeyRing(Parts parts)
    : parts_(std::move(parts)),
      quarantined_(parts_.metrics, "mayfly_key_quarantined_total",
                   "Places that signed wrongly or hold another key.", "uri",
                   kQuarantinedLabelsMax) {
  audit_ = Add({"audit", KeyUse::kAudit, parts_.config.audit.key_uris});
}

KeyRing::~KeyRing() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

std::shared_ptr<signing::SigningKey> KeyRing::Add(signing::SigningKeyParts parts) {
  signing::SigningTools tools = parts_.tools;
  tools.tell = [this](const signing::PlaceChange& change) { Tell(change); };
  keys_.push_back(std::make_shared<signing::SigningKey>(std::move(parts), std::move(tools)));
  return keys_.back();
}

std::shared_ptr<signing::SigningKey> KeyRing::AddIssuer(const config::IssuerConfig& issuer,
                                                        x509::SubjectPublicKeyInfo certified) {
  responder_[issuer.ca.name] = Add({issuer.ca.name, KeyUse::kOcsp, issuer.ocsp_key_uris});
  return Add({issuer.ca.name, KeyUse::kIssuing, issuer.ca.key_uris, std::move(certified)});
}

// The alarm: log, counter, and an event that the audit log keeps.
void KeyRing::Tell(const signing::PlaceChange& change) {
  LogPlaceChange(change);
  if (change.now.state != PlaceState::kQuarantined) return;
  quarantined_.Add(change.now.uri);
  const std::string rule = change.now.why ? change.now.why->rule : "";
  parts_.ledger.Note(
      {"key.quarantined", kGuard, issuance::QuarantineDetail(change.key, change.now.uri, rule)});
}

Status KeyRing::Match(BootTime deadline) {
  for (const auto& key : keys_) {
    const Status matched = SyncWait(key->Match(deadline));
    if (!matched && matched.error().code == ErrorCode::kConfiguration) return matched;
    if (!matched) telemetry::LogFailure("key silent", matched.error(), {{"key", key->Text()}});
  }
  return Ok();
}

void KeyRing::Tend() {
  Measure();
  for (const auto& key : keys_) threads_.emplace_back([this, key] { TendOne(*key); });
}

// Trouble that is not a place's own is told once when it begins, and once more when it is over.
void KeyRing::TendOne(signing::SigningKey& key) {
  bool fails = false;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const Status tended = SyncWait(key.Tend());
    if (!tended && !fails) {
      telemetry::LogFailure("key not tended", tended.error(), {{"key", key.Text()}});
    }
    if (tended && fails) telemetry::LogInfo("key tended again", {{"key", key.Text()}});
    fails = !tended;
    lock.lock();
    wake_.wait_for(lock, kTendEvery, [this] { return stopping_; });
  }
}

void KeyRing::Measure() {
  struct Measured {
    std::shared_ptr<signing::SigningKey> key;
    std::vector<telemetry::Gauge> gauges;  // by place, then state
  };
  std::vector<Measured> all;
  for (const auto& key : keys_) {
    Measured measured{key, {}};
    for (const signing::PlaceStanding& place : key->Standings()) {
      for (const PlaceState state : signing::kPlaceStates) {
        measured.gauges.push_back(parts_.metrics.MakeGauge(
            "mayfly_key_places", "1: the place of the key is in this state.",
            {{"key", key->owner()},
             {"use", std::string(KeyUseName(key->use()))},
             {"uri", place.uri},
             {"state", std::string(signing::PlaceStateName(state))}}));
      }
    }
    all.push_back(std::move(measured));
  }
  parts_.metrics.BeforeText([all = std::move(all)] {
    for (const Measured& measured : all) {
      size_t gauge = 0;
      for (const signing::PlaceStanding& place : measured.key->Standings()) {
        for (const PlaceState state : signing::kPlaceStates) {
          measured.gauges[gauge++].Set(place.state == state ? 1 : 0);
        }
      }
    }
  });
}

}  // namespace mayfly
