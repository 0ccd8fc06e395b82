// verify_tokens CONFIGURATION: a token a line on standard input, its verdict a line on standard
// output; for tests with real issuers. Of the configuration it reads [[oidc_issuer]] alone.
//
//   ok jwt:cluster:system:serviceaccount:prod:api namespace=prod
//   refused jwt.expired
//   unavailable jwt.keys-unavailable
//
// What fetches say goes to standard error. With --quick a fetch may be asked for every 100 ms.
#include <cstdio>
#include <iostream>
#include <string>

#include "base/system.h"
#include "config/oidc_issuer_section.h"
#include "trusted_issuer.h"

namespace mayfly {
namespace {

using config::OidcIssuerConfig;

Result<std::vector<OidcIssuerConfig>> ReadConfiguration(const std::filesystem::path& path) {
  TRY_ASSIGN(config::Document document, config::Document::Load(path));
  config::Section root = document.root();
  auto issuers = config::ReadOidcIssuers(root, path.parent_path());
  TRY(document.Finish());
  return issuers;
}

identity::TrustedIssuer TrustLoudly(const OidcIssuerConfig& issuer, const Clock& clock,
                                    bool is_quick) {
  auto tell = [](const Result<identity::FetchedKeys>& fetched) {
    const std::string text = fetched ? std::to_string(fetched->keys->keys().size()) + " keys"
                                     : Describe(fetched.error(), ErrorText::kForLog);
    std::fprintf(stderr, "fetched: %s\n", text.c_str());
  };
  FetchLimits fetching{.https = {.time_max = Milliseconds(2000)}};
  if (is_quick) fetching.interval_min = Milliseconds(100);
  return Trust(issuer, clock, tell, fetching);
}

std::string VerdictOf(const Result<identity::VerifiedToken>& verified) {
  if (!verified) {
    const bool is_refused = verified.error().code == ErrorCode::kUnauthenticated;
    return (is_refused ? "refused " : "unavailable ") + verified.error().rule;
  }
  const policy::Principal principal = identity::PrincipalOf(*verified);
  std::string verdict = "ok " + principal.id;
  for (const auto& [name, value] : principal.claims) verdict += " " + name + "=" + value;
  return verdict;
}

int Run(const std::filesystem::path& path, bool is_quick) {
  auto issuers = ReadConfiguration(path);
  if (!issuers) {
    std::fprintf(stderr, "%s\n", Describe(issuers.error(), ErrorText::kForLog).c_str());
    return 2;
  }
  const SystemClock clock;
  Timer timer(clock);
  ThreadPool executor(2);
  std::vector<identity::TrustedIssuer> trusted;
  for (const OidcIssuerConfig& issuer : *issuers)
    trusted.push_back(TrustLoudly(issuer, clock, is_quick));
  const identity::JwtVerifier verifier(std::move(trusted), clock, timer, executor);
  for (std::string token; std::getline(std::cin, token);) {
    std::cout << VerdictOf(SyncWait(verifier.Verify(token, clock.Now()))) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace mayfly

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  return mayfly::Run(argv[1], argc > 2 && std::string_view(argv[2]) == "--quick");
}
