#include "clients/cli/render.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <ctime>

#include "base/bytes.h"
#include "clients/cli/exit_code.h"
#include "x509/certificate.h"

namespace mayfly::cli {
namespace {

namespace v1 = ::mayfly::ca::v1;
constexpr std::string_view kReasonPrefix = "REVOCATION_REASON_";
constexpr std::string_view kStatePrefix = "STATE_";
constexpr size_t kLabelColumns = 14;

std::string Kebab(std::string_view upper_snake) {
  std::string out;
  for (const unsigned char c : upper_snake) {
    out += c == '_' ? '-' : static_cast<char>(std::tolower(c));
  }
  return out;
}

std::string Line(std::string_view label, const std::string& value) {
  std::string line(label);
  line.resize(std::max(kLabelColumns, line.size() + 1), ' ');
  return line + value + "\n";
}

std::string FromNow(int64_t when, TimePoint now) {
  const Seconds span = Seconds(when) - std::chrono::floor<Seconds>(now.time_since_epoch());
  if (span == Seconds(0)) return " (now)";
  if (span > Seconds(0)) return " (in " + SpanText(span) + ")";
  return " (" + SpanText(-span) + " ago)";
}

std::string StateText(const v1::Certificate& certificate) {
  const std::string& name = v1::Certificate::State_Name(certificate.state());
  if (name.empty()) return "unknown to this program";
  return Kebab(std::string_view(name).substr(kStatePrefix.size()));
}

std::string_view WhatNext(const Error& error) {
  if (error.rule == "client.unreachable") {
    return "Is the server running and its address right? Does --trust hold its root? Was your "
           "client certificate issued by this CA, and is it still valid? A server that refuses a "
           "client certificate ends the connection without saying why.";
  }
  if (error.rule == "client.certificate-expired") {
    return "Ask an operator for a new certificate, or renew it on the CA's machine.";
  }
  if (error.rule == "ledger.lease-outstanding") {
    return "The revocation is durable. Run the command again to wait until every OCSP responder "
           "has applied it.";
  }
  if (error.rule == "file.exists") return "Choose another --out, or use --force to replace it.";
  switch (ExitCodeOf(error)) {
    case ExitCode::kUsage:
      return "See mayfly --help.";
    case ExitCode::kDenied:
      return "Ask for what the policy grants you, or ask the operator of the CA to change it.";
    case ExitCode::kUnavailable:
      return "Try again; --timeout waits longer.";
    default:
      return "";
  }
}

}  // namespace

std::string TimeText(int64_t unix_seconds) {
  const auto time = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

std::string SpanText(Seconds span) {
  const int64_t s = span.count();
  const auto two = [](int64_t a, const char* unit, int64_t b, const char* smaller) {
    std::string out = std::to_string(a) + unit;
    if (b != 0) out += " " + std::to_string(b) + smaller;
    return out;
  };
  if (s >= 2 * 86400) return two(s / 86400, " days", s % 86400 / 3600, " h");
  if (s >= 3600) return two(s / 3600, " h", s % 3600 / 60, " min");
  if (s >= 60) return two(s / 60, " min", s % 60, " s");
  return std::to_string(s) + " s";
}

std::string CertificateText(const v1::Certificate& certificate, TimePoint now) {
  const auto time = [&](const google::protobuf::Timestamp& when) {
    return TimeText(when.seconds()) + FromNow(when.seconds(), now);
  };
  std::string out = Line("serial", certificate.serial_number());
  out += Line("state", StateText(certificate));
  if (certificate.has_revocation()) {
    out += Line("revoked", time(certificate.revocation().revoke_time()) + ", " +
                               ReasonText(certificate.revocation().reason()));
  }
  for (const std::string& name : certificate.subject_alt_names()) {
    out += Line("name", Escape(name, 2100));
  }
  out += Line("profile", Escape(certificate.profile()));
  out += Line("asked by", Escape(certificate.principal(), 2100));
  out += Line("not before", TimeText(certificate.not_before_time().seconds()));
  out += Line("not after", time(certificate.not_after_time()));
  if (certificate.state() == v1::Certificate::STATE_ACTIVE) {
    out += Line("renew from", time(certificate.renewal_window().start_time()));
  }
  out += Line("resource", Escape(certificate.name()));
  out += Line("lineage", Escape(certificate.lineage()) + ", generation " +
                             std::to_string(certificate.generation()));
  return out;
}

std::string TrustBundleText(const v1::TrustBundle& bundle) {
  std::string out;
  for (const std::string& der : bundle.root_certificates_der()) {
    out += x509::ToPem("CERTIFICATE", AsBytes(der));
  }
  return out;
}

std::string ErrorText(std::string_view what, const Error& error) {
  std::string text = std::string(what) + ": " + error.message;
  if (!error.rule.empty()) text += " [" + error.rule + "]";
  std::string out = "mayfly: " + Wrap(text, 2) + "\n";
  for (const Violation& finding : error.violations) {
    std::string line = "- ";
    if (!finding.field.empty()) line += finding.field + ": ";
    line += finding.message;
    if (!finding.rule.empty()) line += " [" + finding.rule + "]";
    out += "  " + Wrap(line, 4) + "\n";
  }
  if (const std::string_view next = WhatNext(error); !next.empty()) {
    out += "  " + Wrap(next, 2) + "\n";
  }
  return out;
}

std::string Json(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string out;
  if (!google::protobuf::util::MessageToJsonString(message, &out, options).ok()) return "{}\n";
  if (!out.ends_with('\n')) out += '\n';
  return out;
}

Result<v1::RevocationReason> ParseReason(std::string_view text) {
  std::string all;
  const auto* reasons = v1::RevocationReason_descriptor();
  for (int i = 0; i < reasons->value_count(); ++i) {
    const std::string name = Kebab(reasons->value(i)->name().substr(kReasonPrefix.size()));
    if (name == text) return static_cast<v1::RevocationReason>(reasons->value(i)->number());
    all += (i == 0 ? "" : ", ") + name;
  }
  return Fail(ErrorCode::kInvalidArgument, "cli.reason",
              "\"" + Escape(text) + "\" is no reason; there are " + all);
}

std::string ReasonText(v1::RevocationReason reason) {
  const std::string& name = v1::RevocationReason_Name(reason);
  return name.empty() ? "for a reason unknown to this program"
                      : Kebab(std::string_view(name).substr(kReasonPrefix.size()));
}

std::string Wrap(std::string_view text, size_t indent) {
  // The first line begins after a lead of up to as many columns as "mayfly: ".
  constexpr size_t kLeadColumns = 8;
  std::string out;
  size_t column = kLeadColumns;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool first = out.empty();
    if (!first && column + 1 + word.size() > kColumns) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

}  // namespace mayfly::cli
