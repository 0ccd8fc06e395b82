// Reads closed ticks into the tables that alerts are told from, once a second, and counts the
// alerts, on a thread of its own. What goes wrong is told once, and stands in no request's way.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "store/projector.h"
#include "wiring.h"

namespace mayfly {

class ProjectionService {
 public:
  explicit ProjectionService(Wiring& wiring);
  ~ProjectionService();

 private:
  void Run();
  bool Advance();  // true: there may be more to read
  void Count();

  Wiring& wiring_;
  store::Projector projector_;
  std::map<AlertKind, telemetry::Gauge> counts_;
  bool fails_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mayfly
