#include "telemetry/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace mayfly::telemetry {
namespace {

TEST(Metrics, AreTextInTheFormatOfPrometheus) {
  Metrics metrics;
  metrics.MakeCounter("mayfly_things_total", "Things.", {{"kind", "a \"b\"\\\n"}}).Add(2);
  metrics.MakeGauge("mayfly_level", "A level.").Set(1.5);
  EXPECT_EQ(metrics.Text(),
            "# HELP mayfly_things_total Things.\n"
            "# TYPE mayfly_things_total counter\n"
            "mayfly_things_total{kind=\"a \\\"b\\\"\\\\\\n\"} 2\n"
            "# HELP mayfly_level A level.\n"
            "# TYPE mayfly_level gauge\n"
            "mayfly_level 1.5\n");
}

TEST(Metrics, HistogramsAreSecondsInBuckets) {
  Metrics metrics;
  const Histogram histogram = metrics.MakeHistogram("mayfly_wait_seconds", "A wait.");
  histogram.Observe(0.003);
  histogram.Observe(100);
  const std::string text = metrics.Text();
  for (const char* line :
       {"# TYPE mayfly_wait_seconds histogram\n", "mayfly_wait_seconds_bucket{le=\"0.0025\"} 0\n",
        "mayfly_wait_seconds_bucket{le=\"0.005\"} 1\n", "mayfly_wait_seconds_bucket{le=\"30\"} 1\n",
        "mayfly_wait_seconds_bucket{le=\"+Inf\"} 2\n", "mayfly_wait_seconds_count 2\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(Metrics, TheSameNameAndLabelsAreOneCounter) {
  Metrics metrics;
  metrics.MakeCounter("mayfly_things_total", "Things.", {{"kind", "a"}}).Add();
  metrics.MakeCounter("mayfly_things_total", "Things.", {{"kind", "a"}}).Add();
  EXPECT_NE(metrics.Text().find("mayfly_things_total{kind=\"a\"} 2\n"), std::string::npos);
}

TEST(Metrics, WhatIsTrueNowIsAskedAtEachText) {
  Metrics metrics;
  const Gauge gauge = metrics.MakeGauge("mayfly_level", "A level.");
  int level = 0;
  metrics.BeforeText([&] { gauge.Set(++level); });
  EXPECT_NE(metrics.Text().find("mayfly_level 1\n"), std::string::npos);
  EXPECT_NE(metrics.Text().find("mayfly_level 2\n"), std::string::npos);
}

TEST(LabelledCounters, CountBeyondTheLimitAsOther) {
  Metrics metrics;
  LabelledCounters counters(metrics, "mayfly_refusals_total", "Refusals.", "rule", 2);
  for (const char* rule : {"a", "b", "c", "a", "d"}) counters.Add(rule);
  const std::string text = metrics.Text();
  EXPECT_NE(text.find("{rule=\"a\"} 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("{rule=\"b\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("{rule=\"other\"} 2\n"), std::string::npos);
  EXPECT_EQ(text.find("\"c\""), std::string::npos);
}

TEST(LabelledCounters, LoseNothingAmongThreads) {
  Metrics metrics;
  LabelledCounters counters(metrics, "mayfly_refusals_total", "Refusals.", "rule", 8);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) counters.Add(std::to_string(j % 8));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_NE(metrics.Text().find("{rule=\"7\"} 500\n"), std::string::npos) << metrics.Text();
}

}  // namespace
}  // namespace mayfly::telemetry
