// What a user points at: a file, a server's address, a serial number.
#pragma once

#include <filesystem>
#include <string>
#include <variant>

#include "base/result.h"

namespace mayfly::cli {

struct FileTarget {
  std::filesystem::path path;
};
struct UrlTarget {
  std::string url;  // https://...
};
struct RecordTarget {
  std::string name;  // issuers/{issuer}/certificates/{serial}
};
using Target = std::variant<FileTarget, UrlTarget, RecordTarget>;

// A file that exists, https://..., a resource name, a serial number in hex, or a name whose
// NAME.crt lies in the working folder. Errors: kInvalidArgument "cli.target", with the nearest
// certificate file there; kNotFound "file.missing" for what can only be a file.
Result<Target> ReadTarget(const std::string& text, const std::filesystem::path& working_folder);

// The same as a resource name: a file's certificate is named by its serial number.
// Errors: those of ReadTarget and of reading the file; kInvalidArgument "cli.target" for an URL.
Result<std::string> ResourceNameOf(const std::string& text,
                                   const std::filesystem::path& working_folder);

}  // namespace mayfly::cli
