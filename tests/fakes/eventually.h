// Waits for what another thread does.
#pragma once

#include <chrono>
#include <thread>

namespace mayfly::fakes {

// Whether it comes true within five seconds or so.
template <class Condition>
bool Eventually(Condition condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

}  // namespace mayfly::fakes
