// `mayfly inspect`: what a certificate is, from a file, a TLS server, or the CA's ledger.
#include "clients/cli/render.h"
#include "clients/cli/source.h"
#include "clients/cli/verbs.h"

namespace mayfly::cli {

ExitCode Inspect(const Invocation& invocation, const InspectOptions& options) {
  const auto shown = Obtain(invocation, options.target);
  if (!shown) return Report(invocation, "cannot show the certificate", shown.error());
  const TimePoint now = invocation.clock.Now();
  Answer answer = AnswerOf(*shown, now);
  if (options.full) answer.table = FullText(*shown, now);
  Print(invocation, answer);
  return ExitCode::kOk;
}

}  // namespace mayfly::cli
