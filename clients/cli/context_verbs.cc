// `mayfly context ...`: which CA is asked, and as whom.
#include <algorithm>

#include "clients/cli/contexts.h"
#include "clients/cli/render.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;
constexpr size_t kServer = static_cast<size_t>(Setting::kServer);

constexpr char kUnreadable[] = "(not readable)";

// One that cannot be read is told, and hides no other.
std::string ServerOf(const Invocation& invocation, const std::string& name) {
  const auto context = FindContext(name, invocation.surroundings);
  if (context) return context->settings[kServer];
  Report(invocation, "the context " + name, context.error());
  return kUnreadable;
}

Result<Answer> ListAnswer(const Invocation& invocation) {
  TRY_ASSIGN(const auto current, CurrentContext(invocation.global, invocation.surroundings));
  std::vector<std::vector<Cell>> rows;
  Json contexts = Json::array();
  Answer answer;
  for (const std::string& name : ContextNames(invocation.surroundings)) {
    TRY_ASSIGN(const fs::path path, FindContextFile(name, invocation.surroundings));
    const std::string server = ServerOf(invocation, name);
    const bool is_current = current == name;
    const std::string file = path.string();
    rows.push_back({{is_current ? "*" : ""}, name, server, file});
    contexts.push_back(
        {{"name", name}, {"server", server}, {"current", is_current}, {"file", file}});
    answer.names.push_back(name);
  }
  answer.table = Table({{"CURRENT", 2}, {"NAME"}, {"SERVER"}, {"FILE", 1, 20}}, rows,
                       invocation.console.terminal);
  answer.document = {{"contexts", contexts}};
  answer.lines = contexts;
  return answer;
}

// Paths are what one looks for here, so nothing is cut.
std::string SettingLine(std::string_view key, const std::string& value) {
  constexpr size_t kKeyColumns = 18;
  std::string line(key);
  line.resize(kKeyColumns, ' ');
  return line + value + "\n";
}

// The settings in force, each with who says so.
Result<Answer> ShowAnswer(const Invocation& invocation) {
  TRY_ASSIGN(const Values values, FindSettings(invocation.global, invocation.surroundings));
  TRY_ASSIGN(const auto current, CurrentContext(invocation.global, invocation.surroundings));
  std::string text = SettingLine("context", current.value_or("(none)"));
  Json document = {{"context", current.value_or("")}};
  for (size_t i = 0; i < kSettings; ++i) {
    const std::string key = NamesOf(static_cast<Setting>(i)).key;
    const bool there = !values[i].text.empty();
    text += SettingLine(key, there ? values[i].text : "(not set)");
    if (there) text += SettingLine("", "  from " + values[i].origin);
    document[key] = {{"value", values[i].text}, {"from", values[i].origin}};
  }
  return Answer{.table = std::move(text), .document = std::move(document)};
}

// Something nearer may say otherwise, and silence would make people search.
void WarnIfOutranked(const Invocation& invocation, const std::string& name) {
  // What this command was told with options is about the context, not about what comes next.
  GlobalOptions next;
  next.config_file = invocation.global.config_file;
  const auto values = FindSettings(next, invocation.surroundings);
  const auto context = FindContext(name, invocation.surroundings);
  if (!values || !context) return;
  const std::string& origin = (*values)[kServer].origin;
  if (origin == context->file.string()) return;
  Note(invocation, "Here it is outranked by " + origin + ", which says server = " +
                       (*values)[kServer].text + ". For one command: --context " + name);
}

// Reads the files as the client will: a context that cannot work is better refused now.
Status CheckSettings(const Invocation& invocation, const NamedContext& context) {
  const SettingTexts& texts = context.settings;
  TRY(client::Client::Connect({.server = At(texts, Setting::kServer),
                               .trust = At(texts, Setting::kTrust),
                               .certificate = At(texts, Setting::kCertificate),
                               .private_key = At(texts, Setting::kPrivateKey),
                               .token_file = At(texts, Setting::kTokenFile)},
                              {invocation.clock, invocation.random}));
  return Ok();
}

// From the options alone: what the environment and the files say is another context's.
Result<NamedContext> ContextOf(const Invocation& invocation, const std::string& name) {
  TRY(CheckContextName(name));
  const GlobalOptions& global = invocation.global;
  NamedContext context{name,
                       {},
                       {global.server, global.trust, global.certificate, global.private_key,
                        global.token_file, global.enrolment_server}};
  Error missing = Usage("cli.context-settings", "a context needs all of its settings");
  for (size_t i = 0; i < kSettings; ++i) {
    std::string& text = context.settings[i];
    const auto setting = static_cast<Setting>(i);
    const bool is_needed =
        At(context.settings, Setting::kTokenFile).empty()
            ? setting != Setting::kTokenFile && setting != Setting::kEnrolmentServer
            : setting == Setting::kServer || setting == Setting::kTrust;
    if (text.empty() && is_needed) {
      missing.violations.push_back({"", NamesOf(setting).option, "is missing"});
    }
    const bool is_server = setting == Setting::kServer || setting == Setting::kEnrolmentServer;
    if (!is_server && !text.empty()) {
      text = (invocation.surroundings.working_folder / text).lexically_normal().string();
    }
  }
  if (!missing.violations.empty()) return missing;
  TRY(CheckSettings(invocation, context));
  return context;
}

ExitCode Use(const Invocation& invocation, const std::string& name) {
  if (const auto used = UseContext(name, invocation.surroundings); !used) {
    return Report(invocation, "the context was not changed", used.error());
  }
  Note(invocation, "Now in use: " + name);
  WarnIfOutranked(invocation, name);
  return ExitCode::kOk;
}

Status RemoveFile(const fs::path& file) {
  std::error_code error;
  if (fs::remove(file, error) && !error) return Ok();
  return Fail(ErrorCode::kInvalidArgument, "file.remove",
              "cannot delete " + file.string() + ": " + error.message());
}

Status Remove(const Invocation& invocation, const std::string& name, const fs::path& file) {
  TRY(RemoveFile(file));
  const fs::path user_file = invocation.surroundings.user_folder / kSettingsFile;
  std::error_code ignored;
  if (!fs::exists(user_file, ignored)) return Ok();
  TRY_ASSIGN(const FileSettings settings, ReadSettings(user_file));
  if (settings.context != name) return Ok();
  return UseContext("", invocation.surroundings);
}

}  // namespace

ExitCode ContextList(const Invocation& invocation) {
  const auto answer = ListAnswer(invocation);
  if (!answer) return Report(invocation, "cannot list the contexts", answer.error());
  Print(invocation, *answer);
  if (answer->names.empty()) {
    Note(invocation, "There are no contexts yet. To make one: mayfly context add --help");
  }
  return ExitCode::kOk;
}

ExitCode ContextShow(const Invocation& invocation) {
  const auto answer = ShowAnswer(invocation);
  if (!answer) return Report(invocation, "cannot show the settings", answer.error());
  Print(invocation, *answer);
  return ExitCode::kOk;
}

ExitCode ContextUse(const Invocation& invocation, const ContextOptions& options) {
  const auto context = FindContext(options.name, invocation.surroundings);
  if (!context) return Report(invocation, "the context was not changed", context.error());
  return Use(invocation, options.name);
}

ExitCode ContextAdd(const Invocation& invocation, const ContextOptions& options) {
  constexpr std::string_view kWhat = "no context was added";
  const bool is_first = ContextNames(invocation.surroundings).empty();
  const auto context = ContextOf(invocation, options.name);
  if (!context) return Report(invocation, kWhat, context.error());
  const auto file = WriteContext(*context, options.force ? Overwrite::kYes : Overwrite::kNo,
                                 invocation.surroundings);
  if (!file) return Report(invocation, kWhat, file.error());
  Note(invocation, "Written: " + file->string());
  if (options.use || is_first) return Use(invocation, options.name);
  Note(invocation, "To use it: mayfly context use " + options.name);
  return ExitCode::kOk;
}

ExitCode ContextRemove(const Invocation& invocation, const ContextOptions& options) {
  constexpr std::string_view kWhat = "no context was removed";
  const auto file = FindContextFile(options.name, invocation.surroundings);
  if (!file) return Report(invocation, kWhat, file.error());
  if (!options.yes) {
    const auto end = Confirm(invocation,
                             "Remove the context " + options.name + " (" + file->string() +
                                 ")? Keys and certificates stay.",
                             kWhat);
    if (end) return *end;
  }
  const auto removed = Remove(invocation, options.name, *file);
  if (!removed) return Report(invocation, kWhat, removed.error());
  Note(invocation, "Removed: " + file->string());
  return ExitCode::kOk;
}

}  // namespace mayfly::cli
