// What people and scripts read. Data goes to stdout, all else to stderr; lines fit 80 columns
// unless a name or a path is longer.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "mayfly/ca/v1/certificate_authority.pb.h"

namespace mayfly::cli {

constexpr size_t kColumns = 80;

// "2026-03-01 12:00:00 UTC"
std::string TimeText(int64_t unix_seconds);
// "6 days 23 h", "42 min", "30 s"
std::string SpanText(Seconds span);

// Aligned "label  value" lines of a certificate.
std::string CertificateText(const ca::v1::Certificate& certificate, TimePoint now);
std::string TrustBundleText(const ca::v1::TrustBundle& bundle);

// What failed, why with its rule, every finding, and what to do next.
std::string ErrorText(std::string_view what, const Error& error);

// Field names as in the proto; one object, indented, with a newline at its end.
std::string Json(const google::protobuf::Message& message);

// "key-compromise" <-> REVOCATION_REASON_KEY_COMPROMISE.
// Error: kInvalidArgument "cli.reason" with the ones there are.
Result<ca::v1::RevocationReason> ParseReason(std::string_view text);
std::string ReasonText(ca::v1::RevocationReason reason);

// Words broken into lines of kColumns, each after the first led by `indent` spaces.
std::string Wrap(std::string_view text, size_t indent);

}  // namespace mayfly::cli
