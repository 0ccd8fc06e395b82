// The program `mayfly`.
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "base/system.h"
#include "clients/cli/app.h"

namespace {

std::optional<bool> AskOnTerminal(const std::string& question) {
  if (isatty(STDIN_FILENO) == 0 || isatty(STDERR_FILENO) == 0) return std::nullopt;
  std::cerr << question << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

// https://no-color.org: any value but an empty one.
mayfly::cli::Terminal StdoutTerminal() {
  constexpr size_t kColumnsDefault = 80;
  if (isatty(STDOUT_FILENO) == 0) return {};
  winsize size{};
  const bool told = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  const char* kind = std::getenv("TERM");
  const bool dumb = kind == nullptr || std::string_view(kind) == "dumb";
  return {.columns = told ? size.ws_col : kColumnsDefault, .color = !dumb && !IsSet("NO_COLOR")};
}

}  // namespace

int main(int argc, char** argv) {
  // Our own messages say what failed; gRPC's log lines beside them would only confuse.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  // Names are resolved as every other program on this machine does it (nsswitch, hosts), not by
  // gRPC's own resolver.
  setenv("GRPC_DNS_RESOLVER", "native", 0);
  signal(SIGPIPE, SIG_IGN);
  const mayfly::SystemClock clock;
  mayfly::SystemRandom random;
  mayfly::cli::Console console{std::cout, std::cerr, StdoutTerminal(), AskOnTerminal};
  const int code =
      mayfly::cli::Run(argc, argv, {mayfly::cli::RealSurroundings(), clock, random, console});
  // A full disk or a closed pipe is a failure, not silence.
  std::cout.flush();
  return code == 0 && !std::cout ? 1 : code;
}
