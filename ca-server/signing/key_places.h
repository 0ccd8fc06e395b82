// The places of one key: which of them sign now, which is asked next, which must not be.
//
//   in service    asked in turn
//   out           failed: asked only while no place is in service, or by a canary, whose success
//                 puts it back
//   quarantined   signed wrongly, or holds another key: not asked until an operator clears it
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace mayfly::signing {

constexpr size_t kPlacesMax = 8;
constexpr int kFailuresInARowMax = 3;  // then it is out
// How long a place is out before a canary looks again: doubled with each that fails.
constexpr Milliseconds kOutMin{1000}, kOutMax{8000};

enum class PlaceState : uint8_t { kInService, kOut, kQuarantined };
inline constexpr std::array kPlaceStates = {PlaceState::kInService, PlaceState::kOut,
                                            PlaceState::kQuarantined};
std::string_view PlaceStateName(PlaceState state);  // "in-service" ...

struct PlaceStanding {
  std::string uri;
  PlaceState state;
  std::optional<Error> why;  // not in service
};

// Any thread.
class KeyPlaces {
 public:
  explicit KeyPlaces(const std::vector<std::string>& uris);

  size_t size() const { return uris_.size(); }
  const std::string& uri(size_t place) const { return uris_[place]; }

  // Which to ask next: in turn, rather another than `but`. Where none is in service, the one that
  // has been left alone for longest. Nothing: all are quarantined.
  std::optional<size_t> Next(std::optional<size_t> but = std::nullopt);

  // What came of asking. Whether that changed its state. What is quarantined stays so.
  bool Succeeded(size_t place);
  bool Failed(size_t place, const Error& error, BootTime now);   // one of many jobs
  bool TakeOut(size_t place, const Error& error, BootTime now);  // a question that harms nobody
  bool SetApart(size_t place, const Error& error);               // quarantine
  bool LetBack(size_t place, BootTime now);                      // from quarantine, to out

  // Whether a place that is out has been so for long enough to be looked at.
  bool MayReturn(size_t place, BootTime now) const;

  PlaceState Best() const;  // of the one that stands best
  PlaceStanding StandingOf(size_t place) const;
  std::vector<PlaceStanding> Standings() const;

 private:
  struct Place {
    PlaceState state = PlaceState::kInService;
    std::optional<Error> why{};
    int failures_in_a_row = 0;
    Milliseconds pause = kOutMin;  // the next one
    BootTime back_at{};            // kOut: a canary may look from then on
    uint64_t asked = 0;            // when last, in turns
  };
  std::optional<size_t> Oldest(PlaceState state, std::optional<size_t> but) const;
  bool GoOut(Place& place, const Error& error, BootTime now);

  const std::vector<std::string> uris_;
  mutable std::mutex mutex_;
  std::vector<Place> places_;
  uint64_t turn_ = 0;
};

}  // namespace mayfly::signing
