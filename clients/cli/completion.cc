// `mayfly completion`: a shell script made from the command tree, so that it knows every verb and
// option there is. Names of contexts are asked of the program itself.
#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/bytes.h"
#include "clients/cli/command_tree.h"
#include "clients/cli/reference.h"
#include "config/near_miss.h"

namespace mayfly::cli {
namespace {

constexpr char kAskContexts[] = "mayfly context list -o name 2>/dev/null";

// What may follow: an option's value, or a verb's next word.
struct Values {
  enum class Kind : uint8_t { kNone, kWords, kFiles, kFolders, kContexts } kind;
  std::string words;  // separated by blanks
};

Values ValuesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  if (type == kFileType) return {Values::Kind::kFiles, ""};
  if (type == kFolderType) return {Values::Kind::kFolders, ""};
  if (type == kContextType) return {Values::Kind::kContexts, ""};
  if (type.find('|') == std::string::npos) return {Values::Kind::kNone, ""};
  std::string words = type;
  std::ranges::replace(words, '|', ' ');
  return {Values::Kind::kWords, words};
}

std::vector<const CLI::App*> VerbsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// "issue inspect": what can be said next in this place.
std::string WordsOf(const CLI::App& app) {
  std::string words;
  for (const CLI::App* verb : VerbsOf(app)) words += verb->get_name() + " ";
  for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
    for (const CLI::Option* option : level->get_options()) {
      if (level != &app && (option->check_lname("help") || option->check_lname("version"))) {
        continue;
      }
      for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
    }
  }
  if (!words.empty()) words.pop_back();
  return words;
}

// A flag takes none.
bool TakesValue(const CLI::Option& option) { return option.get_items_expected_min() > 0; }

std::vector<const CLI::Option*> ValueOptions(const CLI::App& app) {
  std::vector<const CLI::Option*> options;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_lnames().empty() && TakesValue(*option)) options.push_back(option);
  }
  return options;
}

const CLI::Option* PositionalOf(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) return option;
  }
  return nullptr;
}

// In bash and zsh: sets what is expected, `kind` and `replies`.
std::string Expected(const Values& values) {
  switch (values.kind) {
    case Values::Kind::kWords:
      return "replies='" + values.words + "'";
    case Values::Kind::kFiles:
      return "kind=files";
    case Values::Kind::kFolders:
      return "kind=folders";
    case Values::Kind::kContexts:
      return "replies=$(" + std::string(kAskContexts) + ")";
    case Values::Kind::kNone:
      break;
  }
  return "replies=''";
}

// "-o|--output"; each after `before`.
std::string Names(const CLI::Option& option, const std::string& before = "") {
  std::string names;
  for (const std::string& name : option.get_snames()) names += before + "-" + name + "|";
  for (const std::string& name : option.get_lnames()) names += before + "--" + name + "|";
  names.pop_back();
  return names;
}

void AppendVerbCases(const CLI::App& app, std::string& out) {
  const std::string path = VerbPath(app);
  out += "    '" + path + "') replies='" + WordsOf(app) + "'";
  if (const CLI::Option* positional = PositionalOf(app)) {
    out += "; [[ $word == -* ]] || " + Expected(ValuesOf(*positional));
  }
  out += " ;;\n";
  for (const CLI::App* verb : VerbsOf(app)) AppendVerbCases(*verb, out);
}

// The program's own options may follow every verb.
void AppendOptionCases(const CLI::App& app, std::string& out) {
  const std::string path = VerbPath(app);
  for (const CLI::Option* option : ValueOptions(app)) {
    out += "    " + Names(*option, (path.empty() ? "*" : "'" + path + "'") + ":") + ") " +
           Expected(ValuesOf(*option)) + "; return ;;\n";
  }
  for (const CLI::App* verb : VerbsOf(app)) AppendOptionCases(*verb, out);
}

// Of the whole tree.
void AppendValueNames(const CLI::App& app, std::string& out) {
  for (const CLI::Option* option : ValueOptions(app)) out += Names(*option) + "|";
  for (const CLI::App* verb : VerbsOf(app)) AppendValueNames(*verb, out);
}

void AppendPaths(const CLI::App& app, std::string& out) {
  for (const CLI::App* verb : VerbsOf(app)) {
    out += (out.empty() ? "'" : "|'") + VerbPath(*verb) + "'";
    AppendPaths(*verb, out);
  }
}

// What both shells run: of COMP_WORDS and COMP_CWORD it makes `word`, what of it is to be
// completed; `lead`, what stands before that; `kind`, files, folders or words; `replies`, those
// words.
std::string ExpectFunction(const CLI::App& app) {
  std::string options, names, verbs, paths;
  AppendOptionCases(app, options);
  AppendValueNames(app, names);
  AppendVerbCases(app, verbs);
  AppendPaths(app, paths);
  return R"(_mayfly_expect() {
  local previous='' valued='' verb='' longer i
  word=${COMP_WORDS[COMP_CWORD]} lead='' kind=words replies=''
  ((COMP_CWORD == 0)) || previous=${COMP_WORDS[COMP_CWORD-1]}
  # --option=value: one word in zsh, three in bash (COMP_WORDBREAKS).
  if [[ $word == --*'='* ]]; then
    valued=1 previous=${word%%=*} lead=${word%%=*}= word=${word#*=}
  elif [[ $word == '=' ]]; then
    valued=1 word=''
  elif [[ $previous == '=' ]]; then
    valued=1 previous=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i-1]} in
    )" + names +
         R"('=') continue ;;  # a value
    esac
    longer=${verb:+$verb }${COMP_WORDS[i]}
    case $longer in
    )" + paths +
         R"() verb=$longer ;;
    esac
  done
  case $verb:$previous in
)" + options +
         R"(  esac
  [[ -z $valued ]] || return 0  # a flag has none
  case $verb in
)" + verbs +
         R"(  esac
}
)";
}

constexpr char kBash[] = R"(_mayfly() {
  local word lead kind replies
  _mayfly_expect
  if [[ $kind == words ]]; then
    COMPREPLY=($(compgen -P "$lead" -W "$replies" -- "$word"))
    return
  fi
  # Only here: a verb of which there is a folder too gets no slash.
  compopt -o filenames 2>/dev/null
  local IFS=$'\n'
  case $kind in
    files) COMPREPLY=($(compgen -P "$lead" -f -- "$word")) ;;
    folders) COMPREPLY=($(compgen -P "$lead" -d -- "$word")) ;;
  esac
}
complete -F _mayfly mayfly
)";

// An autoloaded file is the body of _mayfly until it has run once: then it completes at once, so
// that the first TAB of a session is not lost.
constexpr char kZsh[] = R"(_mayfly() {
  local word lead kind replies COMP_CWORD=$((CURRENT - 1))
  local -a COMP_WORDS=("${words[@]}")
  emulate ksh -c _mayfly_expect
  [[ -z $lead ]] || compset -P 1 '*='
  case $kind in
    files) _files ;;
    folders) _files -/ ;;
    words) compadd -- ${=replies} ;;
  esac
}
if [[ $funcstack[1] == _mayfly ]]; then
  _mayfly "$@"
else
  compdef _mayfly mayfly
fi
)";

std::string FishValues(const Values& values) {
  switch (values.kind) {
    case Values::Kind::kWords:
      return " -x -a '" + values.words + "'";
    case Values::Kind::kFiles:
      return " -r -F";
    case Values::Kind::kFolders:
      return " -x -a '(__fish_complete_directories)'";
    case Values::Kind::kContexts:
      return " -x -a '(" + std::string(kAskContexts) + ")'";
    case Values::Kind::kNone:
      break;
  }
  return " -x";
}

std::string FishQuoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

// True in the place where this verb's words and options may stand.
std::string FishCondition(const CLI::App& app) {
  std::string condition;
  for (const CLI::App* level = &app; level->get_parent() != nullptr; level = level->get_parent()) {
    condition = "__fish_seen_subcommand_from " + level->get_name() +
                (condition.empty() ? "" : "; and " + condition);
  }
  return condition;
}

void AppendFish(const CLI::App& app, std::string& out) {
  const std::string here = FishCondition(app);
  std::string verbs;
  for (const CLI::App* verb : VerbsOf(app)) verbs += " " + verb->get_name();
  for (const CLI::App* verb : VerbsOf(app)) {
    out += "complete -c mayfly -f -n " +
           FishQuoted((here.empty() ? "" : here + "; and ") + "not __fish_seen_subcommand_from" +
                      verbs) +
           " -a " + verb->get_name() + " -d " + FishQuoted(verb->get_description()) + "\n";
  }
  for (const CLI::Option* option : app.get_options()) {
    out += "complete -c mayfly" + (here.empty() ? "" : " -n " + FishQuoted(here));
    if (option->get_positional()) {
      out += FishValues(ValuesOf(*option)) + "\n";
      continue;
    }
    for (const std::string& name : option->get_snames()) out += " -s " + name;
    for (const std::string& name : option->get_lnames()) out += " -l " + name;
    if (TakesValue(*option)) out += FishValues(ValuesOf(*option));
    out += " -d " + FishQuoted(option->get_description()) + "\n";
  }
  for (const CLI::App* verb : VerbsOf(app)) AppendFish(*verb, out);
}

}  // namespace

Result<std::string> CompletionScript(const std::string& shell) {
  Choice unused;
  const auto app = MakeCommandTree(unused);
  const std::string head = "# Completion of mayfly for " + shell + ", made by mayfly completion.\n";
  if (shell == "bash") return head + ExpectFunction(*app) + kBash;
  if (shell == "zsh") return "#compdef mayfly\n" + head + ExpectFunction(*app) + kZsh;
  if (shell == "fish") {
    std::string script = head + "complete -c mayfly -f\n";
    AppendFish(*app, script);
    return script;
  }
  return Usage("cli.shell", "\"" + Escape(shell, 40) + "\" is no shell that is known here" +
                                config::DidYouMean(shell, {"bash", "zsh", "fish"}) +
                                "; there are bash, zsh, fish");
}

ExitCode Completion(const Invocation& invocation, const CompletionOptions& options) {
  const auto script = CompletionScript(options.shell);
  if (!script) return Report(invocation, "no completion was written", script.error());
  invocation.console.out << *script;
  return ExitCode::kOk;
}

}  // namespace mayfly::cli
