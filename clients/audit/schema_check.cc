#include "clients/audit/schema_check.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <optional>
#include <sstream>
#include <string_view>

#include "schema/dump.h"

namespace mayfly::audit_reader {
namespace {

constexpr char kRule[] = "ledger.schema";
constexpr size_t kShownMax = 120;  // octets of a statement in a finding

bool IsOfName(char octet) { return isalnum(static_cast<unsigned char>(octet)) || octet == '_'; }

bool StartsWithAny(std::string_view text, std::initializer_list<std::string_view> starts) {
  return std::ranges::any_of(starts,
                             [&](std::string_view start) { return text.starts_with(start); });
}

// "issuance_c1_20261127", "request_20261127": the name of a partition that `text` begins with.
struct PartitionName {
  std::string_view parent, name;
};
std::optional<PartitionName> PartitionAtStart(std::string_view text) {
  constexpr size_t kDayDigits = 8;
  for (const std::string_view parent : {"issuance", "outcome", "request"}) {
    if (!text.starts_with(parent)) continue;
    std::string_view rest = text.substr(parent.size());
    if (parent != "request") {
      const bool has_class =
          rest.size() >= 3 && rest.starts_with("_c") && rest[2] >= '1' && rest[2] <= '3';
      if (!has_class) return std::nullopt;
      rest.remove_prefix(3);
    }
    if (!rest.starts_with('_')) return std::nullopt;
    const size_t digits = std::min(rest.find_first_not_of("0123456789", 1), rest.size()) - 1;
    if (digits != kDayDigits) return std::nullopt;
    return PartitionName{parent, text.substr(0, text.size() - rest.size() + 1 + kDayDigits)};
  }
  return std::nullopt;
}

std::optional<PartitionName> FindPartition(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (i > 0 && IsOfName(text[i - 1])) continue;
    if (const auto found = PartitionAtStart(text.substr(i))) return found;
  }
  return std::nullopt;
}

std::string Replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string replaced;
  for (size_t at = 0; (at = text.find(from)) != text.npos; text.remove_prefix(at + from.size())) {
    replaced.append(text.substr(0, at)).append(to);
  }
  return replaced.append(text);
}

// PostgreSQL 18 names them: "serial bytea CONSTRAINT issuance_serial_not_null NOT NULL".
std::string WithoutNamesOfNotNull(std::string_view text) {
  constexpr std::string_view kConstraint = " CONSTRAINT ", kNotNull = " NOT NULL";
  std::string kept;
  for (size_t at = 0; (at = text.find(kConstraint)) != text.npos;) {
    size_t end = at + kConstraint.size();
    while (end < text.size() && IsOfName(text[end])) ++end;
    kept += text.substr(0, text.substr(end).starts_with(kNotNull) ? at : end);
    text.remove_prefix(end);
  }
  return kept.append(text);
}

// A statement as it is compared. Of a partition: with its table's name and a star for its own, and
// without its bounds, which are looked at elsewhere.
struct Form {
  std::string parent, partition;  // "": of none
  std::string text;
};
Form FormOf(const SqlStatement& statement) {
  constexpr std::string_view kAttach = " ATTACH PARTITION ";
  const bool is_bound = statement.code.starts_with("ALTER TABLE ONLY mayfly.") &&
                        statement.code.find(kAttach) != statement.code.npos;
  Form form{.parent = {},
            .partition = {},
            .text = WithoutNamesOfNotNull(is_bound ? statement.code : statement.text)};
  if (statement.code.find("mayfly_partitions.") == statement.code.npos) return form;
  if (const auto found = FindPartition(form.text)) {
    form.parent = found->parent;
    form.partition = found->name;
    form.text = Replaced(form.text, form.partition, form.parent + "*");
  }
  return form;
}

bool IsOwnership(const SqlStatement& statement) {
  constexpr std::string_view kOwner = " OWNER TO ";
  const size_t at = statement.code.rfind(kOwner);
  return statement.code.starts_with("ALTER ") && at != statement.code.npos &&
         statement.code.find(' ', at + kOwner.size()) == statement.code.npos;
}

// What makes no object: settings of the session, rows, numbers given, comments, owners.
bool IsBesideTheSchema(const SqlStatement& statement) {
  return StartsWithAny(statement.code,
                       {"SET ", "RESET ", "COPY ", "COMMENT ON ", "SELECT pg_catalog.set_config(",
                        "SELECT pg_catalog.setval("}) ||
         IsOwnership(statement);
}

// The statements of the schema in the form in which they are compared: by the table whose
// partitions all have them, "" for those of none.
using Forms = std::map<std::string, std::set<std::string>>;
Forms MakeExpected() {
  Forms forms;
  std::istringstream in{std::string(schema::Dump())};
  SqlStatements statements(in);
  while (true) {
    const auto statement = statements.Next();
    if (!statement || !*statement) return forms;
    if (IsBesideTheSchema(**statement)) continue;
    Form form = FormOf(**statement);
    forms[form.parent].insert(std::move(form.text));
  }
}
const Forms& Expected() {
  static const Forms forms = MakeExpected();
  return forms;
}

bool NamesSchema(std::string_view code, std::string_view schema) {
  constexpr std::string_view kSchema = "SCHEMA ";
  for (size_t at = 0; (at = code.find(schema, at)) != code.npos; at += schema.size()) {
    if (at > 0 && IsOfName(code[at - 1])) continue;
    const std::string_view rest = code.substr(at + schema.size());
    if (rest.starts_with('.')) return true;
    const bool is_whole = rest.empty() || !IsOfName(rest[0]);
    if (is_whole && code.substr(0, at).ends_with(kSchema)) return true;
  }
  return false;
}

// What is in other schemas is somebody else's, unless it names Mayfly's or is the whole database's.
// What belongs to an extension is in no dump, so an extension could hold anything.
bool ConcernsMayfly(std::string_view code) {
  return NamesSchema(code, "mayfly") || NamesSchema(code, "mayfly_partitions") ||
         StartsWithAny(code, {"CREATE EVENT TRIGGER ", "CREATE CAST ", "CREATE EXTENSION "});
}

// "CREATE TABLE mayfly.issuer": up to the first name in a schema of Mayfly's.
std::string ObjectOf(std::string_view form) {
  const size_t name = std::min(form.find("mayfly"), form.size());
  return std::string(form.substr(0, std::min(form.find_first_of(" (,", name), form.size())));
}

size_t SharedOctets(std::string_view a, std::string_view b) {
  return static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

// Of statements about one object, the one that is most like `form`.
std::optional<std::string_view> TakeClosest(std::vector<std::string_view>& candidates,
                                            std::string_view form) {
  const auto shared = [&](std::string_view other) { return SharedOctets(form, other); };
  const auto closest = std::ranges::max_element(candidates, {}, shared);
  if (closest == candidates.end()) return std::nullopt;
  const std::string_view found = *closest;
  candidates.erase(closest);
  return found;
}

std::string Quoted(std::string text) { return '"' + Escape(text, kShownMax) + '"'; }

// From a little before what differs.
std::string QuotedFrom(std::string_view text, size_t at) {
  constexpr size_t kBefore = 30;
  const size_t start = at > kBefore ? at - kBefore : 0;
  return Quoted((start > 0 ? ".." : "") + std::string(text.substr(start)));
}

std::string Changed(std::string_view expected, std::string_view found) {
  const size_t at = SharedOctets(expected, found);
  return Escape(ObjectOf(found), kShownMax) + " is another: expected " + QuotedFrom(expected, at) +
         ", there is " + QuotedFrom(found, at);
}

// A form as the statement of this partition.
std::string StatementOf(std::string_view form, const std::string& partition) {
  const auto name = PartitionAtStart(partition);
  return name ? Replaced(form, std::string(name->parent) + "*", partition) : std::string(form);
}

}  // namespace

void SchemaCheck::Take(const SqlStatement& statement) {
  // What its end names is not known.
  if (statement.is_cut) return cut_.push_back(Quoted(statement.text.substr(0, kShownMax)));
  if (IsBesideTheSchema(statement)) return;
  Form form = FormOf(statement);
  const std::set<std::string>& expected = Expected().at(form.parent);
  const auto found = expected.find(form.text);
  if (found != expected.end()) {
    seen_[form.partition].insert(&*found);
  } else if (ConcernsMayfly(statement.code)) {
    unexpected_.push_back({std::move(form.partition), std::move(form.text)});
  }
}

std::vector<Finding> SchemaCheck::Findings() const {
  // By partition and object.
  std::map<std::pair<std::string, std::string>, std::vector<std::string_view>> unexpected;
  for (const auto& [partition, form] : unexpected_) {
    unexpected[{partition, ObjectOf(form)}].push_back(form);
  }
  std::vector<Finding> findings;
  const auto find = [&](std::string text) { findings.push_back({kRule, std::move(text)}); };
  for (const std::string& start : cut_) {
    find("a statement is longer than " + std::to_string(kStatementOctetsMax) + " octets: " + start);
  }
  for (const auto& [partition, seen] : seen_) {
    const std::string parent(PartitionAtStart(partition).value_or(PartitionName{}).parent);
    for (const std::string& form : Expected().at(parent)) {
      if (seen.contains(&form)) continue;
      const std::string statement = StatementOf(form, partition);
      if (const auto found = TakeClosest(unexpected[{partition, ObjectOf(form)}], form)) {
        find(Changed(statement, StatementOf(*found, partition)));
      } else {
        find("the dump lacks " + Quoted(statement));
      }
    }
  }
  for (const auto& [object, forms] : unexpected) {
    for (const std::string_view form : forms) {
      find("the dump has, and the schema has not, " + Quoted(StatementOf(form, object.first)));
    }
  }
  return findings;
}

}  // namespace mayfly::audit_reader
