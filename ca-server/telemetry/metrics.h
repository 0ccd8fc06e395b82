// Metrics for Prometheus, by prometheus-cpp. Handles are made once, at the start, and counted on
// without a look-up: a counter is one atomic addition, a histogram one short lock.
//
// Label values are our own words, or bounded: never a name from outside.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace mayfly::telemetry {

using Labels = std::vector<std::pair<std::string, std::string>>;

// Handles; what made them outlives them.
class Counter {
 public:
  explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}
  void Add(double amount = 1) const;

 private:
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  explicit Gauge(prometheus::Gauge& gauge) : gauge_(&gauge) {}
  void Set(double value) const;

 private:
  prometheus::Gauge* gauge_;
};

class Histogram {
 public:
  explicit Histogram(prometheus::Histogram& histogram) : histogram_(&histogram) {}
  void Observe(double seconds) const;

 private:
  prometheus::Histogram* histogram_;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();

  // The same name and labels give the same counter. Names and units as Prometheus wants them:
  // mayfly_..._total, mayfly_..._seconds.
  Counter MakeCounter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge MakeGauge(const std::string& name, const std::string& help, const Labels& labels = {});
  // Of durations from 0.5 ms to 30 s.
  Histogram MakeHistogram(const std::string& name, const std::string& help,
                          const Labels& labels = {});

  // Called before each Text(), to set what is known only when asked. Not after the first Text().
  void BeforeText(std::function<void()> update);
  // Text format 0.0.4.
  std::string Text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Counters of one name by a label whose values come up over time. Beyond `values_max` of them a
// new one counts as "other", so that no mistake can fill the monitoring.
class LabelledCounters {
 public:
  LabelledCounters(Metrics& metrics, std::string name, std::string help, std::string label,
                   size_t values_max);
  void Add(std::string_view value);

 private:
  Counter For(std::string_view value);
  Metrics& metrics_;
  const std::string name_, help_, label_;
  const size_t values_max_;
  const Counter other_;
  std::shared_mutex mutex_;
  std::vector<std::pair<std::string, Counter>> counters_;  // a handful: looked through
};

}  // namespace mayfly::telemetry
