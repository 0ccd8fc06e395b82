#include "signing/key_places.h"

#include <algorithm>

namespace mayfly::signing {

std::string_view PlaceStateName(PlaceState state) {
  switch (state) {
    case PlaceState::kInService:
      return "in-service";
    case PlaceState::kOut:
      return "out";
    case PlaceState::kQuarantined:
      return "quarantined";
  }
  return "unknown";
}

KeyPlaces::KeyPlaces(const std::vector<std::string>& uris) : uris_(uris), places_(uris.size()) {}

// Asked least recently: what is in service is asked in turn.
std::optional<size_t> KeyPlaces::Oldest(PlaceState state, std::optional<size_t> but) const {
  std::optional<size_t> oldest;
  for (size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].state != state || i == but) continue;
    if (!oldest || places_[i].asked < places_[*oldest].asked) oldest = i;
  }
  return oldest;
}

std::optional<size_t> KeyPlaces::Next(std::optional<size_t> but) {
  std::lock_guard lock(mutex_);
  std::optional<size_t> next = Oldest(PlaceState::kInService, but);
  if (!next) next = Oldest(PlaceState::kInService, std::nullopt);
  if (!next) next = Oldest(PlaceState::kOut, std::nullopt);
  if (next) places_[*next].asked = ++turn_;
  return next;
}

bool KeyPlaces::Succeeded(size_t index) {
  std::lock_guard lock(mutex_);
  Place& place = places_[index];
  if (place.state == PlaceState::kQuarantined) return false;
  place.failures_in_a_row = 0;
  place.pause = kOutMin;
  place.why.reset();
  return std::exchange(place.state, PlaceState::kInService) != PlaceState::kInService;
}

bool KeyPlaces::GoOut(Place& place, const Error& error, BootTime now) {
  place.why = error;
  place.back_at = now + place.pause;
  place.pause = std::min(2 * place.pause, kOutMax);
  return std::exchange(place.state, PlaceState::kOut) != PlaceState::kOut;
}

bool KeyPlaces::Failed(size_t index, const Error& error, BootTime now) {
  std::lock_guard lock(mutex_);
  Place& place = places_[index];
  // Those that were under way when it went out say nothing new.
  if (place.state != PlaceState::kInService) return false;
  if (++place.failures_in_a_row < kFailuresInARowMax) return false;
  return GoOut(place, error, now);
}

bool KeyPlaces::TakeOut(size_t index, const Error& error, BootTime now) {
  std::lock_guard lock(mutex_);
  Place& place = places_[index];
  if (place.state == PlaceState::kQuarantined) return false;
  return GoOut(place, error, now);
}

bool KeyPlaces::SetApart(size_t index, const Error& error) {
  std::lock_guard lock(mutex_);
  Place& place = places_[index];
  if (place.state == PlaceState::kQuarantined) return false;
  place.state = PlaceState::kQuarantined;
  place.why = error;
  return true;
}

bool KeyPlaces::LetBack(size_t index, BootTime now) {
  std::lock_guard lock(mutex_);
  Place& place = places_[index];
  if (place.state != PlaceState::kQuarantined) return false;
  place.state = PlaceState::kOut;
  place.failures_in_a_row = 0;
  place.pause = kOutMin;
  place.back_at = now;
  return true;
}

bool KeyPlaces::MayReturn(size_t index, BootTime now) const {
  std::lock_guard lock(mutex_);
  return places_[index].state == PlaceState::kOut && now >= places_[index].back_at;
}

PlaceState KeyPlaces::Best() const {
  std::lock_guard lock(mutex_);
  return std::ranges::min(places_, {}, &Place::state).state;
}

PlaceStanding KeyPlaces::StandingOf(size_t index) const {
  std::lock_guard lock(mutex_);
  return {uris_[index], places_[index].state, places_[index].why};
}

std::vector<PlaceStanding> KeyPlaces::Standings() const {
  std::vector<PlaceStanding> standings;
  for (size_t i = 0; i < size(); ++i) standings.push_back(StandingOf(i));
  return standings;
}

}  // namespace mayfly::signing
