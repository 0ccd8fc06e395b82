#include "telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>

namespace mayfly::telemetry {
namespace {

// An issuance takes a few milliseconds, a deadline is 30 s at most.
const prometheus::Histogram::BucketBoundaries kSecondsBounds = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

std::map<std::string, std::string> MapOf(const Labels& labels) {
  return {labels.begin(), labels.end()};
}

}  // namespace

void Counter::Add(double amount) const { counter_->Increment(amount); }
void Gauge::Set(double value) const { gauge_->Set(value); }
void Histogram::Observe(double seconds) const { histogram_->Observe(seconds); }

struct Metrics::Impl {
  prometheus::Registry registry;
  std::vector<std::function<void()>> updates;
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter Metrics::MakeCounter(const std::string& name, const std::string& help,
                             const Labels& labels) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry);
  return Counter(family.Add(MapOf(labels)));
}

Gauge Metrics::MakeGauge(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry);
  return Gauge(family.Add(MapOf(labels)));
}

Histogram Metrics::MakeHistogram(const std::string& name, const std::string& help,
                                 const Labels& labels) {
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry);
  return Histogram(family.Add(MapOf(labels), kSecondsBounds));
}

void Metrics::BeforeText(std::function<void()> update) {
  impl_->updates.push_back(std::move(update));
}

std::string Metrics::Text() const {
  for (const auto& update : impl_->updates) update();
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

LabelledCounters::LabelledCounters(Metrics& metrics, std::string name, std::string help,
                                   std::string label, size_t values_max)
    : metrics_(metrics),
      name_(std::move(name)),
      help_(std::move(help)),
      label_(std::move(label)),
      values_max_(values_max),
      other_(metrics.MakeCounter(name_, help_, {{label_, "other"}})) {}

void LabelledCounters::Add(std::string_view value) { For(value).Add(); }

Counter LabelledCounters::For(std::string_view value) {
  const auto find = [&]() -> const Counter* {
    for (const auto& [known, counter] : counters_) {
      if (known == value) return &counter;
    }
    return nullptr;
  };
  {
    std::shared_lock lock(mutex_);
    if (const Counter* known = find()) return *known;
  }
  std::unique_lock lock(mutex_);
  if (const Counter* known = find()) return *known;
  if (counters_.size() >= values_max_) return other_;
  const Counter made = metrics_.MakeCounter(name_, help_, {{label_, std::string(value)}});
  counters_.emplace_back(value, made);
  return made;
}

}  // namespace mayfly::telemetry
