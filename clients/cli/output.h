// What a verb answers, in the form that -o asks for. Data goes to stdout, all else to stderr.
#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mayfly::cli {

using Json = nlohmann::ordered_json;

enum class Format : uint8_t { kTable, kJson, kJsonl, kYaml, kName, kPem };
using Formats = std::vector<Format>;
// What every verb with data can do; `name` and `pem` need something that has a name, or is PEM.
Formats StructuredFormats();
Formats CertificateFormats();

// "json" ... Error: kInvalidArgument "cli.output": no such format, or not one of `offered`.
Result<Format> ParseFormat(std::string_view text, const Formats& offered);

// The terminal that stdout is.
struct Terminal {
  std::optional<size_t> columns;  // nothing: stdout is no terminal, so tables are not cut
  bool color = false;
};

struct Console {
  std::ostream& out;  // data
  std::ostream& err;  // all else
  Terminal terminal = {};
  // Asks on the terminal; nothing where there is none.
  std::function<std::optional<bool>(const std::string& question)> confirm;
};

struct Answer {
  std::string table;               // for people
  Json document;                   // json, yaml
  std::vector<Json> lines = {};    // jsonl: one line each; none: the document is the line
  std::vector<std::string> names;  // name: one line each
  std::string pem;
};
// The text of `answer` in this format, a newline at its end.
std::string TextOf(const Answer& answer, Format format);

// Field names as in the proto, in the proto's order.
Json ToJson(const google::protobuf::Message& message);
// Block style; strings are quoted unless no reader could take them for something else.
std::string ToYaml(const Json& document);

}  // namespace mayfly::cli
