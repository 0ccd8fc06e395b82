// What the log said of what a test did.
#pragma once

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "telemetry/log.h"

namespace mayfly {

inline const bool kIsLogging = (telemetry::StartLogging("test"), true);

// The lines, without their times.
template <class Write>
std::vector<std::string> Lines(Write write) {
  testing::internal::CaptureStderr();
  write();
  std::istringstream text(testing::internal::GetCapturedStderr());
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    lines.push_back(line.substr(line.find("test: ") + 6));
  }
  return lines;
}

}  // namespace mayfly
