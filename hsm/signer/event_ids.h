// What an epoll event is about.
#pragma once

#include <cstdint>

namespace mayfly::hsm {

constexpr uint64_t kListenerId = 0;
constexpr uint64_t kSignalsId = 1;
constexpr uint64_t kFirstWorker = 2;
constexpr uint64_t kFirstClient = 1000;  // never given twice

}  // namespace mayfly::hsm
