// The verbs. Each gives its exit code and has said everything there is to say.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "clients/cli/exit_code.h"
#include "clients/cli/settings.h"

namespace mayfly::cli {

struct Console {
  std::ostream& out;  // data
  std::ostream& err;  // all else
  // Asks on the terminal; nothing where there is none.
  std::function<std::optional<bool>(const std::string& question)> confirm;
};

struct Context {
  GlobalOptions global;
  Surroundings surroundings;
  const Clock& clock;
  RandomSource& random;
  Console& console;
};

struct IssueOptions {
  std::vector<std::string> names;
  std::string profile = "server";
  std::string lifetime;  // empty: the profile's default
  std::string csr_file;  // empty: key and CSR are made here
  std::string folder = ".";
  std::string certificate_out, key_out;  // empty: in `folder`, named after the first name
  std::string key_type = "ec-p256";
  bool force = false;
};
struct RevokeOptions {
  std::string target;
  std::string reason = "unspecified";
  bool yes = false;
};

ExitCode Issue(const Context& context, const IssueOptions& options);
ExitCode Show(const Context& context, const std::string& target);
ExitCode Revoke(const Context& context, const RevokeOptions& options);
ExitCode TrustBundle(const Context& context);

// Says on stderr what failed, and gives the exit code for it.
ExitCode Report(const Context& context, std::string_view what, const Error& error);
// The client that the settings describe; it says on stderr when it waits to try again.
Result<std::unique_ptr<client::Client>> Connect(const Context& context);

// A serial number in hex, a resource name, a certificate's file, or a name whose NAME.crt lies
// here -> a resource name. Errors: kInvalidArgument "cli.target"; those of reading the file.
Result<std::string> ResolveTarget(const std::string& target,
                                  const std::filesystem::path& working_folder);

}  // namespace mayfly::cli
