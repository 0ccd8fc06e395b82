// mayfly-reference FOLDER: writes the man pages and the completion scripts; run by the build.
#include <cstdio>
#include <fstream>

#include "clients/cli/reference.h"

namespace {

bool Write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (file) return true;
  std::perror(path.c_str());
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: mayfly-reference FOLDER\n", stderr);
    return 2;
  }
  const std::string folder = std::string(argv[1]) + "/";
  bool good = true;
  for (const auto& page : mayfly::cli::ManPages()) good &= Write(folder + page.file, page.roff);
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = mayfly::cli::CompletionScript(shell);
    good = good && script && Write(folder + "mayfly." + shell, *script);
  }
  return good ? 0 : 1;
}
