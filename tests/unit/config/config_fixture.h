// What the tests of configuration files share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tests/fakes/temporary_folder.h"

namespace mayfly::config {

// "LINE rule" of every finding; the file's name is cut.
template <class T>
std::vector<std::string> FindingsOf(const Result<T>& result) {
  std::vector<std::string> findings;
  if (result) return findings;
  for (const Violation& violation : result.error().violations) {
    size_t colon = violation.field.rfind(':');
    findings.push_back(violation.field.substr(colon + 1) + " " + violation.rule);
  }
  return findings;
}

// Replaces the one place where `from` stands.
inline std::string With(std::string text, std::string_view from, std::string_view to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  EXPECT_EQ(text.find(from, at + 1), std::string::npos) << "twice: " << from;
  return text.replace(at, from.size(), to);
}

inline std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The first ```toml block of a page of docs/.
inline std::string ExampleIn(const std::string& page) {
  std::string text = ReadText(std::filesystem::path(MAYFLY_SOURCE_DIR) / "docs" / page);
  constexpr std::string_view kOpening = "```toml\n";
  size_t start = text.find(kOpening) + kOpening.size();
  return text.substr(start, text.find("```", start) - start);
}

// The ```toml block of a guide that begins so.
inline std::string GuideExample(const std::string& guide, const std::string& beginning) {
  const std::string text =
      ReadText(std::filesystem::path(MAYFLY_SOURCE_DIR) / "docs/guides" / guide);
  const std::string opening = "```toml\n" + beginning;
  const size_t start = text.find(opening);
  EXPECT_NE(start, std::string::npos) << guide;
  const size_t body = start + std::string_view("```toml\n").size();
  return text.substr(body, text.find("```", body) - body);
}

class TemporaryFolder : public fakes::TemporaryFolder {
 public:
  std::filesystem::path Write(const std::string& name, std::string_view text) const {
    std::ofstream(path() / name) << text;
    return path() / name;
  }
};

}  // namespace mayfly::config
