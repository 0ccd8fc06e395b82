#include "clients/audit/dump.h"

#include <charconv>
#include <chrono>
#include <fstream>
#include <string_view>

namespace mayfly::audit_reader {
namespace {

constexpr std::string_view kSchema = "mayfly.";
constexpr std::string_view kPartitions = "mayfly_partitions.";

Error BadDump(const std::string& message) {
  return Fail(ErrorCode::kInvalidArgument, "audit.dump", message);
}

template <class Number>
std::optional<Number> NumberOf(std::string_view digits) {
  Number number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// COPY's text format: a backslash and a letter for what would end a field or a row.
std::string Unescape(std::string_view field) {
  std::string text;
  for (size_t i = 0; i < field.size(); ++i) {
    if (field[i] != '\\' || i + 1 == field.size()) {
      text += field[i];
      continue;
    }
    constexpr std::string_view kLetters = "bfnrtv", kMeant = "\b\f\n\r\t\v";
    const char letter = field[++i];
    const size_t at = kLetters.find(letter);
    text += at == kLetters.npos ? letter : kMeant[at];
  }
  return text;
}

std::vector<std::optional<std::string>> FieldsOf(std::string_view line) {
  std::vector<std::optional<std::string>> fields;
  while (true) {
    const size_t tab = line.find('\t');
    const std::string_view field = line.substr(0, tab);
    if (field == "\\N") {
      fields.emplace_back();
    } else {
      fields.emplace_back(Unescape(field));
    }
    if (tab == line.npos) return fields;
    line.remove_prefix(tab + 1);
  }
}

// "COPY mayfly.event (id, kind) FROM stdin"
struct CopyHeader {
  std::string table;  // with its schema
  std::map<std::string, size_t> columns;
};
std::optional<CopyHeader> ParseCopy(std::string_view text) {
  constexpr std::string_view kStart = "COPY ", kEnd = " FROM stdin";
  if (!text.starts_with(kStart) || !text.ends_with(kEnd)) return std::nullopt;
  text = text.substr(kStart.size(), text.size() - kStart.size() - kEnd.size());
  const size_t open = std::min(text.find(" ("), text.size());  // a table may have no columns
  CopyHeader header{.table = std::string(text.substr(0, open)), .columns = {}};
  std::string_view names = text.substr(std::min(open + 2, text.size()));
  if (names.ends_with(')')) names.remove_suffix(1);
  while (!names.empty()) {
    const size_t comma = names.find(", ");
    header.columns.emplace(names.substr(0, comma), header.columns.size());
    names.remove_prefix(comma == names.npos ? names.size() : comma + 2);
  }
  return header;
}

// "ALTER TABLE ONLY mayfly.issuance ATTACH PARTITION mayfly_partitions.x FOR VALUES FROM ('\x21')
// TO ('\x22')"
struct Attachment {
  std::string parent, partition;
  SerialRange range;
};
std::optional<std::string_view> Between(std::string_view& text, std::string_view start,
                                        std::string_view end) {
  const size_t at = text.find(start);
  if (at == text.npos) return std::nullopt;
  text.remove_prefix(at + start.size());
  const size_t until = text.find(end);
  if (until == text.npos) return std::nullopt;
  const std::string_view found = text.substr(0, until);
  text.remove_prefix(until);
  return found;
}
std::optional<Attachment> ParseAttachment(std::string_view line) {
  if (!line.starts_with("ALTER TABLE ONLY mayfly.")) return std::nullopt;
  const auto parent = Between(line, kSchema, " ");
  const auto partition = Between(line, "ATTACH PARTITION mayfly_partitions.", " ");
  const auto from = Between(line, "FROM ('\\x", "'");
  const auto to = Between(line, "TO ('\\x", "'");
  if (!parent || !partition) return std::nullopt;
  Attachment attachment{std::string(*parent), std::string(*partition), {}};
  const auto first = FromHex(from.value_or(""));
  const auto end = FromHex(to.value_or(""));
  if (first && end) attachment.range = {*first, *end};
  return attachment;
}

class Reader {
 public:
  explicit Reader(const DumpReading& reading) : reading_(reading) {}

  Status Read(std::istream& in) {
    SqlStatements statements(in);
    while (true) {
      TRY_ASSIGN(const auto statement, statements.Next());
      if (!statement) break;
      reading_.on_statement(*statement);
      if (const auto header = ParseCopy(statement->text)) {
        TRY(ReadRows(in, *header));
      } else if (auto attachment = ParseAttachment(statement->text)) {
        Attach(std::move(*attachment));
      }
    }
    if (!has_partitions_)
      return BadDump("it does not say which partitions there are: dump the schema too");
    if (!has_rows_) return BadDump("it has no rows as COPY writes them: leave --inserts out");
    return Ok();
  }
  std::vector<SerialRange> TakeRanges() { return std::move(ranges_); }

 private:
  void Attach(Attachment attachment) {
    has_partitions_ = true;
    if (attachment.parent == "issuance") ranges_.push_back(std::move(attachment.range));
    parents_[std::move(attachment.partition)] = std::move(attachment.parent);
  }

  // Empty: not one of Mayfly's tables.
  std::string TableOf(const std::string& name) const {
    if (name.starts_with(kSchema)) return name.substr(kSchema.size());
    if (!name.starts_with(kPartitions)) return "";
    const auto parent = parents_.find(name.substr(kPartitions.size()));
    return parent == parents_.end() ? "" : parent->second;
  }

  Status ReadRows(std::istream& in, const CopyHeader& header) {
    const std::string table = TableOf(header.table);
    const bool is_wanted = reading_.tables.contains(table);
    has_rows_ = has_rows_ || !table.empty();
    std::string line;
    std::getline(in, line);  // what is left of the statement's
    while (std::getline(in, line)) {
      if (line == "\\.") return Ok();
      if (!is_wanted) continue;
      const auto fields = FieldsOf(line);
      if (fields.size() != header.columns.size()) return BadDump("a row of " + table + " is cut");
      const DumpRow row(header.columns, fields);
      reading_.on_row(table, row);
      if (!row.is_good()) return BadDump("a row of " + table + " cannot be read");
    }
    return BadDump("it ends within the rows of " + header.table);
  }

  const DumpReading& reading_;
  bool has_partitions_ = false;
  bool has_rows_ = false;  // of any of Mayfly's tables
  std::vector<SerialRange> ranges_;
  std::map<std::string, std::string> parents_;
};

}  // namespace

const std::optional<std::string>& DumpRow::Field(const std::string& column) const {
  static const std::optional<std::string> kNone;
  const auto found = columns_.find(column);
  if (found != columns_.end()) return fields_[found->second];
  is_good_ = false;
  return kNone;
}

bool DumpRow::IsNull(const std::string& column) const { return !Field(column); }

const std::string& DumpRow::Text(const std::string& column) const {
  static const std::string kEmpty;
  const auto& field = Field(column);
  is_good_ = is_good_ && field;
  return field ? *field : kEmpty;
}

uint64_t DumpRow::Number(const std::string& column) const {
  const auto number = NumberOf<int64_t>(Text(column));
  is_good_ = is_good_ && number;
  return static_cast<uint64_t>(number.value_or(0));
}

Bytes DumpRow::Octets(const std::string& column) const {
  std::string_view text = Text(column);
  const bool is_hex = text.starts_with("\\x");
  if (is_hex) text.remove_prefix(2);
  auto octets = FromHex(text);
  is_good_ = is_good_ && is_hex && octets;
  return octets ? *std::move(octets) : Bytes();
}

Bytes DumpRow::Uuid(const std::string& column) const {
  std::string text = Text(column);
  std::erase(text, '-');
  auto octets = FromHex(text);
  is_good_ = is_good_ && octets && octets->size() == 16;
  return octets ? *std::move(octets) : Bytes();
}

int64_t DumpRow::Micros(const std::string& column) const {
  const auto time = ParseTimestamp(Text(column));
  is_good_ = is_good_ && time;
  return time.value_or(0);
}

std::optional<int64_t> ParseTimestamp(std::string_view text) {
  // YYYY-MM-DD HH:MM:SS[.ffffff](+|-)HH[:MM[:SS]]
  constexpr size_t kFixed = 19;
  if (text.size() < kFixed || text[4] != '-' || text[7] != '-' || text[10] != ' ' ||
      text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const auto year = NumberOf<int>(text.substr(0, 4));
  const auto month = NumberOf<unsigned>(text.substr(5, 2));
  const auto day = NumberOf<unsigned>(text.substr(8, 2));
  const auto hour = NumberOf<int>(text.substr(11, 2));
  const auto minute = NumberOf<int>(text.substr(14, 2));
  const auto second = NumberOf<int>(text.substr(17, 2));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  text.remove_prefix(kFixed);
  std::string fraction = "0";
  if (text.starts_with('.')) {
    const size_t end = std::min(text.find_first_of("+-"), text.size());
    fraction = text.substr(1, end - 1);
    text.remove_prefix(end);
  }
  if (fraction.size() > 6 || text.empty() || (text[0] != '+' && text[0] != '-')) {
    return std::nullopt;
  }
  fraction.resize(6, '0');
  const int sign = text[0] == '-' ? -1 : 1;
  int offset_s = 0;
  for (int unit = 3600; text.size() >= 3 && unit > 0; unit /= 60) {
    const auto part = NumberOf<int>(text.substr(1, 2));
    if (!part) return std::nullopt;
    offset_s += *part * unit;
    text.remove_prefix(3);
  }
  const auto micros = NumberOf<int64_t>(fraction);
  if (!text.empty() || !micros) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                         std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds = days * 86400 + *hour * 3600 + *minute * 60 + *second - sign * offset_s;
  return seconds * 1'000'000 + *micros;
}

Result<std::vector<SerialRange>> ReadDump(std::istream& in, const DumpReading& reading) {
  Reader reader(reading);
  TRY(reader.Read(in));
  return reader.TakeRanges();
}

Result<std::vector<SerialRange>> ReadDump(const std::filesystem::path& path,
                                          const DumpReading& reading) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return BadDump("cannot read " + path.string());
  auto ranges = ReadDump(in, reading);
  if (!ranges) return BadDump(path.string() + ": " + ranges.error().message);
  return ranges;
}

}  // namespace mayfly::audit_reader
