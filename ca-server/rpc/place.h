// Place: what somebody holds in a house that is full at some number; given back when it goes.
#pragma once

#include <string>
#include <utility>

namespace mayfly::rpc {

// `House` outlives its places, makes them, and has GiveBack(who).
template <class House>
class Place {
 public:
  Place(Place&& other) noexcept
      : house_(std::exchange(other.house_, nullptr)), who_(std::move(other.who_)) {}
  Place& operator=(Place&&) = delete;
  ~Place() {
    if (house_ != nullptr) house_->GiveBack(who_);
  }

 private:
  friend House;
  Place(House& house, std::string who) : house_(&house), who_(std::move(who)) {}

  House* house_;
  std::string who_;
};

}  // namespace mayfly::rpc
