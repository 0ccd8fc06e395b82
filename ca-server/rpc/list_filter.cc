#include "rpc/list_filter.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace mayfly::rpc {
namespace {

constexpr std::chrono::microseconds kInstant{1};

Error BadFilter(const std::string& what) {
  return Fail(ErrorCode::kInvalidArgument, "list.filter", "filter: " + what);
}

struct Condition {
  std::string field;
  std::string comparator;
  std::string value;
};

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool AtEnd() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    return at_ == text_.size();
  }
  std::string Word() {
    AtEnd();
    return Span([](char c) { return IsWordCharacter(c); });
  }
  std::string Comparator() {
    AtEnd();
    return Span([](char c) { return std::string_view("<>=!:").find(c) != std::string_view::npos; });
  }
  // A word, or anything in double quotes, in which a backslash spares the character after it.
  Result<std::string> Value() {
    if (AtEnd() || text_[at_] != '"') {
      std::string word = Word();
      if (word.empty()) return BadFilter("a value is missing " + Where());
      return word;
    }
    std::string value;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return value;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      value += text_[at_];
    }
    return BadFilter("a quote is not closed");
  }
  std::string Where() {
    return AtEnd() ? "at its end" : "at \"" + Escape(text_.substr(at_), 40) + "\"";
  }

 private:
  template <class Belongs>
  std::string Span(Belongs belongs) {
    const size_t from = at_;
    while (at_ < text_.size() && belongs(text_[at_])) ++at_;
    return std::string(text_.substr(from, at_ - from));
  }
  std::string_view text_;
  size_t at_ = 0;
};

Result<std::vector<Condition>> ReadConditions(std::string_view text) {
  Scanner scanner(text);
  std::vector<Condition> conditions;
  while (!scanner.AtEnd()) {
    if (conditions.size() == kFilterConditionsMax) {
      return BadFilter("at most " + std::to_string(kFilterConditionsMax) + " conditions");
    }
    if (!conditions.empty() && scanner.Word() != "AND") {
      return BadFilter("conditions are joined by AND " + scanner.Where());
    }
    Condition condition{scanner.Word(), {}, {}};
    condition.comparator = scanner.Comparator();
    if (condition.field.empty() || condition.comparator.empty()) {
      return BadFilter("a condition is FIELD COMPARATOR VALUE, as in state = ACTIVE; look " +
                       scanner.Where());
    }
    TRY_ASSIGN(condition.value, scanner.Value());
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

Result<CertificateState> ReadState(const std::string& value) {
  if (value == "INTENT") return CertificateState::kIntent;
  if (value == "ACTIVE") return CertificateState::kActive;
  if (value == "EXPIRED") return CertificateState::kExpired;
  if (value == "REVOKED") return CertificateState::kRevoked;
  if (value == "ABANDONED") return CertificateState::kAbandoned;
  return BadFilter("state is INTENT, ACTIVE, EXPIRED, REVOKED or ABANDONED, not \"" +
                   Escape(value, 40) + "\"");
}

template <class T>
Status SetOnce(std::optional<T>& field, const Condition& condition, Result<T> value) {
  if (condition.comparator != "=") return BadFilter(condition.field + " takes =");
  if (field) return BadFilter(condition.field + " is there twice");
  TRY_ASSIGN(field, std::move(value));
  return Ok();
}

Result<Uuid> ReadLineage(const std::string& value) {
  auto lineage = Uuid::Parse(value);
  if (!lineage) return BadFilter("lineage is a UUID");
  return *lineage;
}

Status SetName(CertificateFilter& filter, const Condition& condition) {
  if (condition.comparator != ":") return BadFilter("subject_alt_names takes \":\"");
  if (filter.name) return BadFilter("subject_alt_names is there twice");
  auto name = x509::GeneralName::FromString(condition.value);
  if (!name) {
    return BadFilter("subject_alt_names : takes one whole name, as in \"DNS:web.internal\": " +
                     name.error().message);
  }
  filter.name = *std::move(name);
  return Ok();
}

// Spans begin at an instant and end before one, so <= and > are one microsecond on.
Status Narrow(TimeSpan& span, const Condition& condition) {
  google::protobuf::Timestamp stamp;
  if (!google::protobuf::util::TimeUtil::FromString(condition.value, &stamp)) {
    return BadFilter(condition.field + " is RFC 3339, as in \"2030-01-01T00:00:00Z\", not \"" +
                     Escape(condition.value, 40) + "\"");
  }
  const TimePoint time(
      std::chrono::microseconds(google::protobuf::util::TimeUtil::TimestampToMicroseconds(stamp)));
  if (condition.comparator == "<")
    span.until = std::min(span.until, time);
  else if (condition.comparator == "<=")
    span.until = std::min(span.until, time + kInstant);
  else if (condition.comparator == ">=")
    span.from = std::max(span.from, time);
  else if (condition.comparator == ">")
    span.from = std::max(span.from, time + kInstant);
  else
    return BadFilter(condition.field + " takes <, <=, > or >=");
  return Ok();
}

Status Apply(CertificateFilter& filter, const Condition& condition) {
  const std::string& field = condition.field;
  const Result<std::string> text = condition.value;
  if (field == "state") return SetOnce(filter.state, condition, ReadState(condition.value));
  if (field == "profile") return SetOnce(filter.profile, condition, text);
  if (field == "principal") return SetOnce(filter.principal, condition, text);
  if (field == "lineage") return SetOnce(filter.lineage, condition, ReadLineage(condition.value));
  if (field == "subject_alt_names") return SetName(filter, condition);
  if (field == "not_after_time") return Narrow(filter.not_after, condition);
  if (field == "create_time") return Narrow(filter.created, condition);
  return BadFilter("\"" + Escape(field, 40) +
                   "\" is none of state, profile, principal, lineage, subject_alt_names, "
                   "not_after_time, create_time");
}

Status Apply(EventFilter& filter, const Condition& condition) {
  const std::string& field = condition.field;
  const Result<std::string> text = condition.value;
  if (field == "kind") return SetOnce(filter.kind, condition, text);
  if (field == "principal") return SetOnce(filter.principal, condition, text);
  if (field == "create_time") return Narrow(filter.at, condition);
  return BadFilter("\"" + Escape(field, 40) + "\" is none of kind, principal, create_time");
}

template <class Filter>
Result<Filter> Parse(std::string_view text) {
  if (text.size() > kFilterBytesMax) {
    return BadFilter("at most " + std::to_string(kFilterBytesMax) + " bytes");
  }
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' '; })) {
    return BadFilter("no control characters");
  }
  Filter filter;
  TRY_ASSIGN(auto conditions, ReadConditions(text));
  for (const Condition& condition : conditions) TRY(Apply(filter, condition));
  return filter;
}

}  // namespace

Result<CertificateFilter> ParseListFilter(std::string_view text) {
  return Parse<CertificateFilter>(text);
}

Result<EventFilter> ParseEventFilter(std::string_view text) { return Parse<EventFilter>(text); }

}  // namespace mayfly::rpc
