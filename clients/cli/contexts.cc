#include "clients/cli/contexts.h"

#include <algorithm>
#include <set>

#include "clients/cpp/files.h"
#include "config/near_miss.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kContexts[] = "contexts";

// Most important first.
std::vector<fs::path> ContextFolders(const Surroundings& surroundings) {
  std::vector<fs::path> folders;
  if (const auto project = ProjectFolder(surroundings)) folders.push_back(*project / kContexts);
  for (const fs::path& folder : {surroundings.user_folder, surroundings.system_folder}) {
    if (!folder.empty()) folders.push_back(folder / kContexts);
  }
  return folders;
}

Error NoSuchContext(const std::string& name, const Surroundings& surroundings) {
  const auto names = ContextNames(surroundings);
  std::string all;
  for (const std::string& each : names) all += (all.empty() ? "; there are: " : ", ") + each;
  return Fail(ErrorCode::kInvalidArgument, "cli.context",
              "there is no context \"" + Escape(name, kContextNameCharsMax) + "\"" +
                  config::DidYouMean(name, names) + (names.empty() ? "; there are none" : all));
}

// A TOML basic string.
std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

Status CheckValue(const std::string& text) {
  const bool printable =
      std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (printable) return Ok();
  return Fail(ErrorCode::kInvalidArgument, "cli.context-value",
              "\"" + Escape(text) + "\" has control characters");
}

Result<fs::path> UserFolder(const Surroundings& surroundings) {
  if (surroundings.user_folder.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "cli.home", "HOME is not set");
  }
  std::error_code error;
  fs::create_directories(surroundings.user_folder / kContexts, error);
  if (!error) return surroundings.user_folder;
  return Fail(ErrorCode::kInvalidArgument, "file.write",
              "cannot make the folder " + (surroundings.user_folder / kContexts).string() + ": " +
                  error.message());
}

bool IsContextLine(std::string_view line) {
  const size_t start = std::min(line.find_first_not_of(" \t"), line.size());
  std::string_view rest = line.substr(start);
  if (!rest.starts_with("context")) return false;
  rest.remove_prefix(std::string_view("context").size());
  return rest.substr(std::min(rest.find_first_not_of(" \t"), rest.size())).starts_with('=');
}

// `text` with this line as its first, and without the one it replaces.
std::string WithContextLine(std::string_view text, const std::string& name) {
  std::string out = name.empty() ? "" : "context = " + Quoted(name) + "\n";
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (!IsContextLine(text.substr(0, end))) out += text.substr(0, end);
    text.remove_prefix(end);
  }
  return out;
}

}  // namespace

Status CheckContextName(const std::string& name) {
  const bool good = !name.empty() && name.size() <= kContextNameCharsMax &&
                    std::isalnum(static_cast<unsigned char>(name[0])) != 0 &&
                    std::ranges::all_of(name, [](unsigned char c) {
                      return c < 0x80 && (std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-');
                    });
  if (good) return Ok();
  return Fail(ErrorCode::kInvalidArgument, "cli.context-name",
              "\"" + Escape(name, kContextNameCharsMax) +
                  "\" cannot name a context; up to 64 letters, digits, \".\", \"_\" and \"-\" can");
}

std::vector<std::string> ContextNames(const Surroundings& surroundings) {
  std::set<std::string> names;
  std::error_code error;
  for (const fs::path& folder : ContextFolders(surroundings)) {
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      const fs::path file = entry->path();
      if (file.extension() == ".toml" && CheckContextName(file.stem().string())) {
        names.insert(file.stem().string());
      }
    }
  }
  return {names.begin(), names.end()};
}

Result<fs::path> FindContextFile(const std::string& name, const Surroundings& surroundings) {
  if (!CheckContextName(name)) return NoSuchContext(name, surroundings);
  std::error_code ignored;
  for (const fs::path& folder : ContextFolders(surroundings)) {
    fs::path file = folder / (name + ".toml");
    if (fs::exists(file, ignored)) return file;
  }
  return NoSuchContext(name, surroundings);
}

Result<NamedContext> FindContext(const std::string& name, const Surroundings& surroundings) {
  TRY_ASSIGN(fs::path file, FindContextFile(name, surroundings));
  TRY_ASSIGN(FileSettings settings, ReadSettings(file));
  if (settings.context.empty()) return NamedContext{name, file, std::move(settings.values)};
  return Fail(ErrorCode::kConfiguration, "config.context",
              file.string() + " is a context, and cannot name another one");
}

Result<fs::path> WriteContext(const NamedContext& context, Overwrite overwrite,
                              const Surroundings& surroundings) {
  TRY(CheckContextName(context.name));
  TRY_ASSIGN(const fs::path folder, UserFolder(surroundings));
  std::string text;
  for (size_t i = 0; i < kSettings; ++i) {
    if (context.settings[i].empty()) continue;
    TRY(CheckValue(context.settings[i]));
    text += std::string(NamesOf(static_cast<Setting>(i)).key) + " = " +
            Quoted(context.settings[i]) + "\n";
  }
  const fs::path file = folder / kContexts / (context.name + ".toml");
  const Status written = client::WriteFileAtomically(
      file, AsBytes(text), client::kPublicMode,
      overwrite == Overwrite::kYes ? client::Existing::kReplace : client::Existing::kKeep);
  if (written) return file;
  if (written.error().rule != "file.exists") return written.error();
  return Fail(ErrorCode::kConflict, "context.exists",
              "there is a context \"" + context.name + "\" already: " + file.string());
}

Result<fs::path> ContextFolder(const Surroundings& surroundings) {
  TRY_ASSIGN(const fs::path folder, UserFolder(surroundings));
  return folder / kContexts;
}

Status UseContext(const std::string& name, const Surroundings& surroundings) {
  TRY_ASSIGN(const fs::path folder, UserFolder(surroundings));
  const fs::path file = folder / kSettingsFile;
  std::string text;
  std::error_code ignored;
  if (fs::exists(file, ignored)) {
    TRY(ReadSettings(file));  // nothing is built upon a file that could not be read again
    TRY_ASSIGN(const Bytes content, client::ReadFile(file));
    text = ToString(content);
  }
  const std::string changed = WithContextLine(text, name);
  return client::WriteFileAtomically(file, AsBytes(changed), client::kPublicMode,
                                     client::Existing::kReplace);
}

}  // namespace mayfly::cli
