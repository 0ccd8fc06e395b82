// When each certificate should be renewed, so that the signing to come is spread evenly: the server
// knows what it has told others, a client does not. Of the slots that a certificate's life offers,
// the one with the fewest planned renewals is taken.
//
// Usually a renewal lies between 2/3 and 5/6 of the life. Where all of that is fuller than an
// earlier slot (a thousand pods that started in one second), it is the earlier one: from 1/2 on,
// and for a lineage's first certificate, which is what starts in herds, from 1/6 on. So a herd has
// dissolved after its second life (tests/unit/issuance/renewal_planner_test.cc).
//
// Each replica plans what it issues, from what it remembers; a sum of flat plans is flat.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>

#include "base/clock.h"
#include "policy/certificate_template.h"
#include "x509/validity.h"

namespace mayfly::issuance {

enum class LineageAge : uint8_t { kFirst, kLater };

class RenewalPlanner {
 public:
  // `random` must outlive it.
  explicit RenewalPlanner(RandomSource& random) : random_(random) {}

  // A slot of the life, never one that began before `now` unless there is no other.
  policy::RenewalWindow Plan(const x509::Validity& validity, LineageAge age, TimePoint now);

 private:
  // Planned renewals by slot; a slot's number is its beginning in units of the width.
  using Plans = std::map<int64_t, uint32_t>;
  struct Span {
    int64_t first, last;
  };
  struct Choice {
    int64_t slot;
    uint32_t planned;
  };
  class Dice {
   public:
    explicit Dice(RandomSource& random);
    int64_t RollIn(Span span);

   private:
    uint64_t state_ = 0;
  };
  Choice LeastPlanned(const Plans& plans, Span span);

  RandomSource& random_;
  std::mutex mutex_;
  std::array<Plans, 3> plans_;  // by width
};

}  // namespace mayfly::issuance
