#include "clients/cli/output.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/bytes.h"
#include "config/near_miss.h"

namespace mayfly::cli {
namespace {

constexpr std::array<std::pair<Format, const char*>, 6> kFormats = {{
    {Format::kTable, "table"},
    {Format::kJson, "json"},
    {Format::kJsonl, "jsonl"},
    {Format::kYaml, "yaml"},
    {Format::kName, "name"},
    {Format::kPem, "pem"},
}};

// ASCII only, so that no text from outside drives the terminal.
std::string Dump(const Json& json, int indent) {
  return json.dump(indent, ' ', true, Json::error_handler_t::replace);
}

// Words that no YAML reader, 1.1 or 1.2, takes for a number, a date, a truth value or syntax.
bool IsPlainYaml(std::string_view text) {
  constexpr std::string_view kWords[] = {"y",   "n",    "yes",   "no",  "on",
                                         "off", "true", "false", "null"};
  const bool plain = !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) != 0 &&
                     std::ranges::all_of(text, [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '.' || c == '/' || c == '-' || c == '_';
                     });
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return plain && std::ranges::find(kWords, lower) == std::end(kWords);
}

std::string YamlScalar(const Json& value) {
  if (value.is_string() && IsPlainYaml(value.get_ref<const std::string&>())) {
    return value.get<std::string>();
  }
  return Dump(value, -1);  // JSON's scalars, and its empty object and list, are YAML's
}

void AppendYaml(const Json& value, size_t depth, std::string& out);

// "key: scalar", or "key:" and its children below. `lead` is what stands before the key.
void AppendPair(const std::string& lead, const std::string& key, const Json& value, size_t depth,
                std::string& out) {
  out += lead + YamlScalar(key) + ":";
  if (!value.is_structured() || value.empty()) {
    out += " " + YamlScalar(value) + "\n";
    return;
  }
  out += "\n";
  AppendYaml(value, depth + 1, out);
}

void AppendItem(const Json& item, size_t depth, std::string& out) {
  const std::string indent(2 * depth, ' ');
  if (!item.is_object() || item.empty()) {
    out += indent + "- " + YamlScalar(item) + "\n";
    return;
  }
  std::string lead = indent + "- ";
  for (const auto& [key, value] : item.items()) {
    AppendPair(lead, key, value, depth + 1, out);
    lead = indent + "  ";
  }
}

void AppendYaml(const Json& value, size_t depth, std::string& out) {
  if (value.is_array()) {
    for (const Json& item : value) AppendItem(item, depth, out);
    return;
  }
  for (const auto& [key, child] : value.items()) {
    AppendPair(std::string(2 * depth, ' '), key, child, depth, out);
  }
}

std::string JsonLines(const Answer& answer) {
  if (answer.lines.empty() && !answer.document.is_array()) return Dump(answer.document, -1) + "\n";
  std::string out;
  for (const Json& line : answer.lines) out += Dump(line, -1) + "\n";
  return out;
}

std::string Lines(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += Escape(text, 4096) + "\n";
  return out;
}

}  // namespace

Formats StructuredFormats() {
  return {Format::kTable, Format::kJson, Format::kJsonl, Format::kYaml};
}
Formats CertificateFormats() {
  return {Format::kTable, Format::kJson, Format::kJsonl,
          Format::kYaml,  Format::kName, Format::kPem};
}

Result<Format> ParseFormat(std::string_view text, const Formats& offered) {
  std::vector<std::string> names;
  std::string all;
  for (const auto& [format, name] : kFormats) {
    if (std::ranges::find(offered, format) == offered.end()) continue;
    if (text == name) return format;
    names.emplace_back(name);
    all += (all.empty() ? "" : ", ") + std::string(name);
  }
  if (all.empty()) all = "none, since it prints no data";
  return Fail(ErrorCode::kInvalidArgument, "cli.output",
              "\"" + Escape(text, 40) + "\" is no output format of this verb" +
                  config::DidYouMean(text, names) + "; it has " + all);
}

std::string TextOf(const Answer& answer, Format format) {
  switch (format) {
    case Format::kJson:
      return Dump(answer.document, 1) + "\n";
    case Format::kJsonl:
      return JsonLines(answer);
    case Format::kYaml:
      return ToYaml(answer.document);
    case Format::kName:
      return Lines(answer.names);
    case Format::kPem:
      return answer.pem;
    case Format::kTable:
      break;
  }
  return answer.table;
}

Json ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) return {};
  return Json::parse(text, nullptr, false);
}

std::string ToYaml(const Json& document) {
  if (!document.is_structured() || document.empty()) return YamlScalar(document) + "\n";
  std::string out;
  AppendYaml(document, 0, out);
  return out;
}

}  // namespace mayfly::cli
