// What a measurement gives, and how it is told: as text for people, as JSON for programs.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace mayfly::bench {

using Nanoseconds = std::chrono::nanoseconds;
using Json = nlohmann::ordered_json;

// Every latency, kept: percentiles are exact.
class Latencies {
 public:
  void Add(Nanoseconds latency) { values_.push_back(latency.count()); }
  void Merge(const Latencies& other);
  size_t count() const { return values_.size(); }
  // `share` of 1: 0.99 is p99. Milliseconds; 0 where there is none.
  double Percentile(double share) const;

 private:
  std::vector<int64_t> values_;
};

// p50, p99, p99.9 and the largest, in milliseconds.
Json PercentilesOf(const Latencies& latencies);

// Two columns, a row for each member; objects inside are indented.
std::string ReportText(const Json& report);

}  // namespace mayfly::bench
