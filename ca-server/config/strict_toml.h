// Strict TOML: an unknown key is an error with its line, and every error is reported at once.
//
//   TRY_ASSIGN(Document document, Document::Load(path));
//   Section root = document.root();
//   std::string domain = root.String("trust_domain");         // required
//   Seconds life = root.DurationOr("life", Seconds(3600));     // "90m", "24h", "7d"
//   for (Section listener : root.Sections("listener")) ...     // [[listener]]
//   TRY(document.Finish());                                     // unknown keys, and all else
//
// Getters of a missing or mistyped key note the error and return an empty value, so reading goes
// on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace mayfly::config {

constexpr size_t kFileBytesMax = 1 << 20;
constexpr size_t kDurationCharsMax = 12;
constexpr int64_t kDurationDaysMax = 36500;  // a hundred years

// "90s", "90m", "24h", "30d"; whole numbers, one unit. Rule "config.duration".
Result<Seconds> ParseDuration(std::string_view text);

class Section {
 public:
  bool Has(std::string_view key) const;
  std::vector<std::string> Keys() const;  // all that are there
  std::string String(std::string_view key);
  std::string StringOr(std::string_view key, std::string_view otherwise);
  std::optional<std::string> OptionalString(std::string_view key);
  std::vector<std::string> Strings(std::string_view key);          // required, not empty
  std::vector<std::string> StringsOrNone(std::string_view key);    // absent: empty
  std::vector<std::string> StringOrStrings(std::string_view key);  // required, not empty
  int64_t IntegerOr(std::string_view key, int64_t otherwise, int64_t min, int64_t max);
  bool BooleanOr(std::string_view key, bool otherwise);
  Seconds Duration(std::string_view key);
  Seconds DurationOr(std::string_view key, Seconds otherwise);
  Section Sub(std::string_view key);  // [key], required
  std::optional<Section> OptionalSub(std::string_view key);
  Section SubOrEmpty(std::string_view key);             // absent: without any key
  std::vector<Section> Sections(std::string_view key);  // [[key]], absent: empty
  // Every [key.NAME] below [key]: name and section, in file order.
  std::vector<std::pair<std::string, Section>> NamedSections(std::string_view key);
  // A finding of the caller's own about `key` (its line is added).
  void Complain(std::string_view key, std::string rule, std::string message);

 private:
  friend class Document;
  struct State;
  std::shared_ptr<State> state_;
};

class Document {
 public:
  // Errors: kConfiguration "config.file" (cannot be read, too large), "config.syntax" with its
  // line.
  static Result<Document> Load(const std::filesystem::path& path);
  static Result<Document> Parse(std::string_view text, std::string source_name);
  Section root();
  // kConfiguration with one violation for each finding: field "FILE:LINE", rule
  // "config.unknown-key", "config.missing", "config.type", "config.range", or the caller's.
  Status Finish();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace mayfly::config
