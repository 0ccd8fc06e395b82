// Contexts: named sets of settings, one file each: contexts/NAME.toml in the project's folder
// (.mayfly), the user's or the system's. Its form is that of settings.h without `context`. The one
// in use is named by `context` in a settings file.
#pragma once

#include "clients/cli/settings.h"

namespace mayfly::cli {

constexpr size_t kContextNameCharsMax = 64;

struct NamedContext {
  std::string name;
  std::filesystem::path file;
  SettingTexts settings;
};

// 1..64 of a-z A-Z 0-9 . _ -, led by a letter or digit. Error: kInvalidArgument "cli.context-name".
Status CheckContextName(const std::string& name);

// The names of all, sorted; a name that is in two folders once.
std::vector<std::string> ContextNames(const Surroundings& surroundings);
// Where the nearest of this name lies: the project's, the user's, the system's. Error:
// kInvalidArgument "cli.context", with the nearest name there is.
Result<std::filesystem::path> FindContextFile(const std::string& name,
                                              const Surroundings& surroundings);
// The same, read. Errors beside that: kConfiguration "config.*".
Result<NamedContext> FindContext(const std::string& name, const Surroundings& surroundings);

enum class Overwrite : uint8_t { kNo, kYes };
// Written to the user's folder. Errors: kConflict "context.exists"; kInvalidArgument
// "cli.context-name", "cli.home", "file.write".
Result<std::filesystem::path> WriteContext(const NamedContext& context, Overwrite overwrite,
                                           const Surroundings& surroundings);

// Where they are written, made where it is not there. Errors: kInvalidArgument "cli.home",
// "file.write".
Result<std::filesystem::path> ContextFolder(const Surroundings& surroundings);

// Sets `context` in the user's settings file, and leaves its other lines; an empty name takes it
// out. Errors: kInvalidArgument "cli.home", "file.*"; kConfiguration "config.*".
Status UseContext(const std::string& name, const Surroundings& surroundings);

}  // namespace mayfly::cli
