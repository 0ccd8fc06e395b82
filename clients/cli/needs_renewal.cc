// `mayfly needs-renewal`: for cron and systemd, so its exit codes are those that other tools have.
#include "clients/cli/error_text.h"
#include "clients/cli/render.h"
#include "clients/cli/verbs.h"
#include "config/strict_toml.h"

namespace mayfly::cli {
namespace {

constexpr ExitCode kRenewNow = ExitCode::kOk;
constexpr ExitCode kNotYet = static_cast<ExitCode>(1);
constexpr ExitCode kNoSuchFile = static_cast<ExitCode>(2);

Result<TimePoint> RenewalTime(const RenewalOptions& options,
                              const client::CertificateFacts& certificate) {
  if (options.expires_within.empty()) return RenewFrom(certificate);
  const auto span = config::ParseDuration(options.expires_within);
  if (span) return certificate.not_after - *span;
  return Usage("cli.expires-within", "--expires-within \"" + Escape(options.expires_within, 40) +
                                         "\" is not like 90m, 24h or 30d");
}

Answer AnswerOf(const std::string& file, TimePoint from, bool due, TimePoint now) {
  return {.table = Line(due ? "renew now" : "not yet", file) +
                   Line("renew from", TimeText(from) + ", " + FromNow(from, now)),
          .document = {{"file", file}, {"needs_renewal", due}, {"renew_from", Rfc3339(from)}}};
}

ExitCode Refuse(const Invocation& invocation, const Error& error) {
  const bool missing = error.rule == "file.missing";
  Report(invocation, "cannot say whether to renew", error);
  return missing ? kNoSuchFile : ExitCode::kOther;
}

}  // namespace

ExitCode NeedsRenewal(const Invocation& invocation, const RenewalOptions& options) {
  const auto certificates =
      client::ReadCertificates(invocation.surroundings.working_folder / options.file);
  if (!certificates) return Refuse(invocation, certificates.error());
  const auto from = RenewalTime(options, certificates->front());
  if (!from) return Refuse(invocation, from.error());
  const TimePoint now = invocation.clock.Now();
  Print(invocation, AnswerOf(options.file, *from, now >= *from, now));
  return now >= *from ? kRenewNow : kNotYet;
}

}  // namespace mayfly::cli
