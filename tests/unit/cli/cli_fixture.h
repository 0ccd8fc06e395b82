// A folder of its own with a work folder and a home, and the command line run inside.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "base/system.h"
#include "clients/cli/app.h"

namespace mayfly::cli {

// 2026-03-02 12:00:00 UTC, but for what measures spans.
class FixedClock final : public Clock {
 public:
  TimePoint Now() const override { return TimePoint(Seconds(1'772'452'800)); }
  BootTime BootNow() const override { return SystemClock().BootNow(); }
};

class Sandbox {
 public:
  Sandbox() {
    std::string pattern = "/tmp/mayfly-cli-XXXXXX";  // a fixed length: tables depend on it
    folder_ = mkdtemp(pattern.data());
    for (const char* name : {"work", "home", "etc", "anchors"}) {
      std::filesystem::create_directories(folder_ / name);
    }
    before_ = std::filesystem::current_path();
    std::filesystem::current_path(folder_ / "work");
  }
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  ~Sandbox() {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(folder_);
  }

  const std::filesystem::path& folder() const { return folder_; }
  Surroundings Around() const {
    return {.working_folder = folder_ / "work",
            .user_folder = folder_ / "home",
            .system_folder = folder_ / "etc",
            .anchor_folder = folder_ / "anchors",
            .anchor_program = anchor_program,
            .variables = variables};
  }
  std::filesystem::path Write(const std::filesystem::path& path, const std::string& text) const {
    std::filesystem::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
    return folder_ / path;
  }
  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "mayfly");
    std::vector<const char*> argv;
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    out_.str("");
    err_.str("");
    Console console{out_, err_, terminal, [this](const std::string& question) {
                      if (answer) err_ << question << "\n";
                      return answer;
                    }};
    return cli::Run(static_cast<int>(argv.size()), argv.data(),
                    {Around(), clock_, random_, console});
  }
  std::string out() const { return out_.str(); }
  std::string err() const { return err_.str(); }

  Terminal terminal;
  std::filesystem::path anchor_program = "/usr/bin/true";
  std::optional<bool> answer;  // to questions; nothing: there is no terminal to ask on
  std::map<std::string, std::string, std::less<>> variables;

 private:
  std::filesystem::path folder_, before_;
  FixedClock clock_;
  SystemRandom random_;
  std::ostringstream out_, err_;
};

}  // namespace mayfly::cli
