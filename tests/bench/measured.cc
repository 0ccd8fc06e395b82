#include "tests/bench/measured.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mayfly::bench {
namespace {

constexpr size_t kNameColumns = 34;

std::string ValueText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return fmt::format("{:.1f}", value.get<double>());
  return value.dump();
}

void AppendRows(const Json& object, size_t indent, std::string& out) {
  for (const auto& [name, value] : object.items()) {
    std::string label(indent, ' ');
    label += name;
    std::replace(label.begin(), label.end(), '_', ' ');
    if (value.is_object()) {
      out += label + "\n";
      AppendRows(value, indent + 2, out);
    } else {
      out += fmt::format("{:<{}} {:>12}\n", label, kNameColumns, ValueText(value));
    }
  }
}

}  // namespace

void Latencies::Merge(const Latencies& other) {
  values_.insert(values_.end(), other.values_.begin(), other.values_.end());
}

double Latencies::Percentile(double share) const {
  if (values_.empty()) return 0;
  std::vector<int64_t> sorted = values_;
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  const auto nth =
      sorted.begin() + static_cast<long>(std::clamp<size_t>(rank, 1, sorted.size())) - 1;
  std::nth_element(sorted.begin(), nth, sorted.end());
  return static_cast<double>(*nth) / 1e6;
}

Json PercentilesOf(const Latencies& latencies) {
  return {{"p50", latencies.Percentile(0.5)},
          {"p99", latencies.Percentile(0.99)},
          {"p999", latencies.Percentile(0.999)},
          {"max", latencies.Percentile(1)}};
}

std::string ReportText(const Json& report) {
  std::string out;
  AppendRows(report, 0, out);
  return out;
}

}  // namespace mayfly::bench
