#include "config/strict_toml.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "base/bytes.h"
#include "config/near_miss.h"

namespace mayfly::config::internal {
struct ParserStumbled {};
[[noreturn]] static void Stumble() { throw ParserStumbled(); }
}  // namespace mayfly::config::internal

// A malformed file breaks what toml++ 3.3 takes for granted: the header "[[[a]]]" ends the process
// in its assert, and with NDEBUG is undefined behaviour. Here its assertions throw in every build.
#undef NDEBUG
#define TOML_ASSERT(expression) \
  (static_cast<bool>(expression) ? void() : mayfly::config::internal::Stumble())
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace mayfly::config {
namespace internal {

struct Finding {
  uint32_t line;
  std::string rule, message;
};

// One file, and what has been asked of it.
struct TomlFile {
  std::string source_name;
  toml::table root;
  const toml::table nothing;  // stands in for sections that may be absent
  // For each table that was opened, the keys that were asked for, present or not.
  std::map<const toml::table*, std::set<std::string, std::less<>>> asked;
  // Values with a finding already, that were read as something else: what follows is no news.
  std::set<const toml::node*> unreadable;
  std::vector<Finding> findings;

  void Note(uint32_t line, std::string rule, std::string message) {
    findings.push_back({line, std::move(rule), std::move(message)});
  }
};

}  // namespace internal

using internal::Finding;
using internal::TomlFile;

struct Document::Impl : TomlFile {};

// A section of a file. `table` is null where the section is missing, which has been noted: its
// getters then say no more.
struct Section::State {
  std::shared_ptr<TomlFile> file;
  const toml::table* table;
  std::string path;  // "listener", "profile.server"; empty for the root
  uint32_t line;

  static Section Open(std::shared_ptr<TomlFile> file, const toml::table* table, std::string path,
                      uint32_t line) {
    if (table != nullptr) file->asked[table];
    Section section;
    section.state_ = std::make_shared<State>(State{std::move(file), table, std::move(path), line});
    return section;
  }
  Section OpenChild(std::string_view key, const toml::table& child) const {
    return Open(file, &child, Path(key), child.source().begin.line);
  }
  Section Nothing(std::string_view key) const { return Open(file, nullptr, Path(key), line); }

  std::string Path(std::string_view key) const {
    return path.empty() ? std::string(key) : path + "." + std::string(key);
  }
  std::string Where() const { return path.empty() ? "" : " in [" + Escape(path) + "]"; }

  const toml::node* Ask(std::string_view key) {
    if (table == nullptr) return nullptr;
    file->asked[table].emplace(key);
    return table->get(key);
  }
  const toml::node* Require(std::string_view key, std::string_view what) {
    const toml::node* node = Ask(key);
    if (node == nullptr && table != nullptr) {
      file->Note(line, "config.missing",
                 "\"" + std::string(key) + "\" is required" + Where() + ": " + std::string(what));
    }
    return node;
  }
  void WrongType(const toml::node& node, std::string_view key, std::string_view what) {
    file->Note(node.source().begin.line, "config.type",
               "\"" + std::string(key) + "\" must be " + std::string(what));
  }
  std::optional<std::string> Text(const toml::node& node, std::string_view key);
  std::string NonEmptyText(const toml::node& node, std::string_view key);
  std::vector<std::string> Texts(const toml::node& node, std::string_view key);
  Seconds ReadDuration(const toml::node& node, std::string_view key, Seconds otherwise);
};

namespace {

constexpr std::string_view kAText = "a text in double quotes";
constexpr std::string_view kTexts = "a list of texts, like [\"a\", \"b\"]";
constexpr std::string_view kADuration = "a duration, like \"90s\", \"15m\", \"24h\" or \"30d\"";

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::optional<int64_t> SecondsPerUnit(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 60 * 60;
    case 'd':
      return 24 * 60 * 60;
    default:
      return std::nullopt;
  }
}

Error BadFile(std::string rule, const std::string& field, const std::string& message) {
  Error error = Fail(ErrorCode::kConfiguration, rule, message);
  error.violations.push_back({std::move(rule), field, message});
  return error;
}

std::string Field(const std::string& source_name, uint32_t line) {
  return source_name + ":" + std::to_string(line);
}

// Nothing where the parser stumbles over the text instead of refusing it.
std::optional<toml::parse_result> ParseToml(std::string_view text, const std::string& source_name) {
  try {
    return toml::parse(text, source_name);
  } catch (const internal::ParserStumbled&) {
    return std::nullopt;
  }
}

// The line at which the parser stumbles: the last one of the shortest beginning that it cannot
// take.
uint32_t LineOfStumble(std::string_view text, const std::string& source_name) {
  std::vector<size_t> line_ends;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n') line_ends.push_back(at + 1);
  }
  line_ends.push_back(text.size());
  auto first = std::partition_point(line_ends.begin(), line_ends.end(), [&](size_t end) {
    return ParseToml(text.substr(0, end), source_name).has_value();
  });
  return static_cast<uint32_t>(first - line_ends.begin()) + 1;
}

}  // namespace

Result<Seconds> ParseDuration(std::string_view text) {
  Error bad = Fail(ErrorCode::kConfiguration, "config.duration",
                   "\"" + Escape(text, 32) + "\" is not " + std::string(kADuration) + ", " +
                       std::to_string(kDurationDaysMax) + "d at most");
  if (text.size() < 2 || text.size() > kDurationCharsMax) return bad;
  std::optional<int64_t> unit = SecondsPerUnit(text.back());
  if (!unit) return bad;
  int64_t count = 0;
  for (char digit : text.substr(0, text.size() - 1)) {
    if (digit < '0' || digit > '9') return bad;
    count = count * 10 + (digit - '0');
  }
  if (count > kDurationDaysMax * 24 * 60 * 60 / *unit) return bad;
  return Seconds(count * *unit);
}

std::optional<std::string> Section::State::Text(const toml::node& node, std::string_view key) {
  std::optional<std::string> text = node.value_exact<std::string>();
  if (!text) {
    WrongType(node, key, kAText);
    return std::nullopt;
  }
  // Nothing that is configured has any: they would end a path early or forge a log line.
  if (HasControlCharacter(*text)) {
    file->Note(node.source().begin.line, "config.range",
               "\"" + std::string(key) + "\" must not hold control characters");
    return std::nullopt;
  }
  return text;
}

std::string Section::State::NonEmptyText(const toml::node& node, std::string_view key) {
  std::optional<std::string> text = Text(node, key);
  if (text && text->empty()) {
    file->Note(node.source().begin.line, "config.range",
               "\"" + std::string(key) + "\" must not be empty");
  }
  return text.value_or("");
}

std::vector<std::string> Section::State::Texts(const toml::node& node, std::string_view key) {
  std::vector<std::string> texts;
  const toml::array* array = node.as_array();
  if (array == nullptr) {
    WrongType(node, key, kTexts);
    return texts;
  }
  for (const toml::node& element : *array) {
    std::string text = NonEmptyText(element, key);
    if (!text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

Seconds Section::State::ReadDuration(const toml::node& node, std::string_view key,
                                     Seconds otherwise) {
  std::optional<std::string> text = node.value_exact<std::string>();
  if (!text) {
    WrongType(node, key, kADuration);
  } else {
    Result<Seconds> duration = ParseDuration(*text);
    if (duration) return *duration;
    file->Note(node.source().begin.line, duration.error().rule,
               "\"" + std::string(key) + "\": " + duration.error().message);
  }
  file->unreadable.insert(&node);
  return otherwise;
}

bool Section::Has(std::string_view key) const {
  return state_->table != nullptr && state_->table->contains(key);
}

std::string Section::String(std::string_view key) {
  const toml::node* node = state_->Require(key, kAText);
  return node ? state_->NonEmptyText(*node, key) : "";
}

std::string Section::StringOr(std::string_view key, std::string_view otherwise) {
  const toml::node* node = state_->Ask(key);
  return node ? state_->Text(*node, key).value_or("") : std::string(otherwise);
}

std::optional<std::string> Section::OptionalString(std::string_view key) {
  const toml::node* node = state_->Ask(key);
  if (node == nullptr) return std::nullopt;
  return state_->NonEmptyText(*node, key);
}

std::vector<std::string> Section::Strings(std::string_view key) {
  const toml::node* node = state_->Require(key, kTexts);
  if (node == nullptr) return {};
  const toml::array* array = node->as_array();
  if (array != nullptr && array->empty()) {
    state_->file->Note(node->source().begin.line, "config.range",
                       "\"" + std::string(key) + "\" must have at least one entry");
  }
  return state_->Texts(*node, key);
}

std::vector<std::string> Section::StringsOrNone(std::string_view key) {
  const toml::node* node = state_->Ask(key);
  return node ? state_->Texts(*node, key) : std::vector<std::string>();
}

int64_t Section::IntegerOr(std::string_view key, int64_t otherwise, int64_t min, int64_t max) {
  const toml::node* node = state_->Ask(key);
  if (node == nullptr) return otherwise;
  std::optional<int64_t> number = node->value_exact<int64_t>();
  if (!number) {
    state_->WrongType(*node, key, "a whole number");
    return otherwise;
  }
  if (*number < min || *number > max) {
    state_->file->Note(node->source().begin.line, "config.range",
                       "\"" + std::string(key) + "\" is " + std::to_string(*number) +
                           "; it must be from " + std::to_string(min) + " to " +
                           std::to_string(max));
    return otherwise;
  }
  return *number;
}

bool Section::BooleanOr(std::string_view key, bool otherwise) {
  const toml::node* node = state_->Ask(key);
  if (node == nullptr) return otherwise;
  std::optional<bool> value = node->value_exact<bool>();
  if (!value) state_->WrongType(*node, key, "true or false");
  return value.value_or(otherwise);
}

Seconds Section::Duration(std::string_view key) {
  const toml::node* node = state_->Require(key, kADuration);
  return node ? state_->ReadDuration(*node, key, Seconds(0)) : Seconds(0);
}

Seconds Section::DurationOr(std::string_view key, Seconds otherwise) {
  const toml::node* node = state_->Ask(key);
  return node ? state_->ReadDuration(*node, key, otherwise) : otherwise;
}

Section Section::Sub(std::string_view key) {
  std::optional<Section> section = OptionalSub(key);
  if (section) return *section;
  state_->Require(key, "a section, [" + state_->Path(key) + "]");
  return state_->Nothing(key);
}

std::optional<Section> Section::OptionalSub(std::string_view key) {
  const toml::node* node = state_->Ask(key);
  if (node == nullptr) return std::nullopt;
  if (const toml::table* table = node->as_table()) return state_->OpenChild(key, *table);
  state_->WrongType(*node, key, "a section, [" + state_->Path(key) + "]");
  return state_->Nothing(key);
}

Section Section::SubOrEmpty(std::string_view key) {
  std::optional<Section> section = OptionalSub(key);
  if (section) return *section;
  return State::Open(state_->file, &state_->file->nothing, state_->Path(key), state_->line);
}

std::vector<Section> Section::Sections(std::string_view key) {
  std::vector<Section> sections;
  const toml::node* node = state_->Ask(key);
  if (node == nullptr) return sections;
  std::string what = "a list of sections, [[" + state_->Path(key) + "]]";
  if (!node->is_array()) {
    state_->WrongType(*node, key, what);
    return sections;
  }
  for (const toml::node& element : *node->as_array()) {
    const toml::table* table = element.as_table();
    if (table == nullptr) {
      state_->WrongType(element, key, what);
    } else {
      sections.push_back(state_->OpenChild(key, *table));
    }
  }
  return sections;
}

std::vector<std::pair<std::string, Section>> Section::NamedSections(std::string_view key) {
  std::vector<std::pair<std::string, Section>> named;
  std::optional<Section> parent = OptionalSub(key);
  if (!parent || parent->state_->table == nullptr) return named;
  for (const auto& [name, unused] : *parent->state_->table) {
    std::optional<Section> section = parent->OptionalSub(name.str());
    if (section) named.emplace_back(std::string(name.str()), *std::move(section));
  }
  // The library sorts a table by key; people read the file from the top.
  std::stable_sort(named.begin(), named.end(), [](const auto& a, const auto& b) {
    return a.second.state_->line < b.second.state_->line;
  });
  return named;
}

void Section::Complain(std::string_view key, std::string rule, std::string message) {
  if (state_->table == nullptr) return;
  const toml::node* node = state_->Ask(key);
  if (state_->file->unreadable.contains(node)) return;
  uint32_t line = node ? node->source().begin.line : state_->line;
  state_->file->Note(line, std::move(rule), std::move(message));
}

namespace {

void NoteUnknownKeys(TomlFile& file, const toml::table& table, const std::string& path);

void NoteUnknownKeysBelow(TomlFile& file, const toml::node& node, const std::string& path) {
  if (const toml::table* table = node.as_table()) NoteUnknownKeys(file, *table, path);
  if (const toml::array* array = node.as_array()) {
    for (const toml::node& element : *array) {
      if (const toml::table* table = element.as_table()) NoteUnknownKeys(file, *table, path);
    }
  }
}

// A table that nobody opened is of the wrong type, which has been noted.
void NoteUnknownKeys(TomlFile& file, const toml::table& table, const std::string& path) {
  auto opened = file.asked.find(&table);
  if (opened == file.asked.end()) return;
  for (const auto& [key, node] : table) {
    std::string name(key.str());
    if (opened->second.contains(name)) {
      NoteUnknownKeysBelow(file, node, path.empty() ? name : path + "." + name);
      continue;
    }
    std::vector<std::string> known(opened->second.begin(), opened->second.end());
    file.Note(key.source().begin.line, "config.unknown-key",
              "unknown key \"" + Escape(name, 64) + "\"" +
                  (path.empty() ? "" : " in [" + Escape(path) + "]") + DidYouMean(name, known));
  }
}

}  // namespace

Result<Document> Document::Load(const std::filesystem::path& path) {
  std::string name = path.string();
  std::error_code failed;
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path, failed)) {
    return BadFile("config.file", name, "cannot read " + Escape(name));
  }
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return BadFile("config.file", name, "cannot read " + Escape(name));
  text.resize(static_cast<size_t>(file.gcount()));
  return Parse(text, name);
}

Result<Document> Document::Parse(std::string_view text, std::string source_name) {
  if (text.size() > kFileBytesMax) {
    return BadFile("config.file", source_name,
                   "larger than " + std::to_string(kFileBytesMax) + " bytes");
  }
  auto parsed = ParseToml(text, source_name);
  if (!parsed) {
    return BadFile("config.syntax", Field(source_name, LineOfStumble(text, source_name)),
                   "not TOML: a table's name is missing or misspelled");
  }
  if (!*parsed) {
    const toml::parse_error& error = parsed->error();
    return BadFile("config.syntax", Field(source_name, error.source().begin.line),
                   "not TOML: " + Escape(error.description()));
  }
  Document document;
  document.impl_ = std::make_shared<Impl>();
  document.impl_->source_name = std::move(source_name);
  document.impl_->root = std::move(*parsed).table();
  return document;
}

Section Document::root() { return Section::State::Open(impl_, &impl_->root, "", 1); }

Status Document::Finish() {
  NoteUnknownKeys(*impl_, impl_->root, "");
  if (impl_->findings.empty()) return Ok();
  std::stable_sort(impl_->findings.begin(), impl_->findings.end(),
                   [](const Finding& a, const Finding& b) { return a.line < b.line; });
  Error error = Fail(
      ErrorCode::kConfiguration, impl_->findings.front().rule,
      Escape(impl_->source_name) + " has " + std::to_string(impl_->findings.size()) + " error(s)");
  for (Finding& finding : impl_->findings) {
    error.violations.push_back({std::move(finding.rule), Field(impl_->source_name, finding.line),
                                std::move(finding.message)});
  }
  impl_->findings.clear();
  return error;
}

}  // namespace mayfly::config
