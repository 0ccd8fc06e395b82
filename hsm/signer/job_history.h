// Which jobs were in a worker's hands when it died or hung.
#pragma once

#include <deque>
#include <map>

#include "base/uuid.h"

namespace mayfly::hsm {

constexpr int kKillsMax = 2;                 // a job that ended so many workers gets no other
constexpr size_t kRememberedJobsMax = 4096;  // the oldest are forgotten

class JobHistory {
 public:
  void NoteKill(const Uuid& job) {
    if (kills_[job]++ > 0) return;
    order_.push_back(job);
    if (order_.size() > kRememberedJobsMax) {
      kills_.erase(order_.front());
      order_.pop_front();
    }
  }
  bool IsBarred(const Uuid& job) const {
    auto found = kills_.find(job);
    return found != kills_.end() && found->second >= kKillsMax;
  }
  size_t size() const { return kills_.size(); }

 private:
  std::map<Uuid, int> kills_;
  std::deque<Uuid> order_;
};

}  // namespace mayfly::hsm
