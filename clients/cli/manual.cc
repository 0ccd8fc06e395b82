// Man pages (man(7)), made from the command tree.
#include <CLI/CLI.hpp>
#include <algorithm>

#include "clients/cli/command_tree.h"
#include "clients/cli/reference.h"

namespace mayfly::cli {
namespace {

// Text that roff would take for its own is escaped.
std::string Roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    line_start = c == '\n';
  }
  return out;
}

std::string Upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string PageName(const CLI::App& app) {
  std::string name = "mayfly " + VerbPath(app);
  if (name.back() == ' ') name.pop_back();
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::vector<const CLI::App*> VerbsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::string OptionLine(const CLI::Option& option) {
  std::string names;
  for (const std::string& name : option.get_snames()) names += ", \\-" + name;
  for (const std::string& name : option.get_lnames()) names += ", \\-\\-" + Roff(name);
  if (names.empty()) return Roff(option.get_type_name());
  const bool has_value = option.get_type_size() > 0;
  return names.substr(2) + (has_value ? " " + Roff(option.get_type_name()) : "");
}

std::string OptionText(const CLI::Option& option) {
  std::string text = ".TP\n.B " + OptionLine(option) + "\n" + Roff(option.get_description());
  if (!option.get_default_str().empty())
    text += " (default " + Roff(option.get_default_str()) + ")";
  return text + "\n";
}

std::string Synopsis(const CLI::App& app) {
  std::string text = ".SH SYNOPSIS\n.B mayfly";
  if (const std::string path = VerbPath(app); !path.empty()) text += " " + Roff(path);
  text += "\n";
  if (!VerbsOf(app).empty()) text += ".I VERB\n";
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) continue;
    const std::string name = Roff(Upper(option->get_name()));
    const bool many = option->get_expected_max() > 1;
    text += (option->get_required() ? name : "[" + name + "]") + (many ? "..." : "") + "\n";
  }
  return text + "[options]\n";
}

std::string OptionsSection(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* option : app.get_options()) text += OptionText(*option);
  return text.empty() ? "" : ".SH OPTIONS\n" + text;
}

std::string VerbsSection(const CLI::App& app) {
  std::string text;
  for (const CLI::App* verb : VerbsOf(app)) {
    text += ".TP\n.BR " + Roff(PageName(*verb)) + " (1)\n" + Roff(verb->get_description()) + "\n";
  }
  return text.empty() ? "" : ".SH VERBS\n" + text;
}

// The footer is laid out already; filling would spoil its examples.
std::string FooterSection(const CLI::App& app) {
  const std::string footer = app.get_footer();
  if (footer.empty()) return "";
  return ".SH NOTES\n.nf\n" + Roff(footer.substr(footer.find_first_not_of('\n'))) + ".fi\n";
}

std::string SeeAlso(const CLI::App& app) {
  if (app.get_parent() == nullptr) return "";
  return ".SH SEE ALSO\n.BR " + Roff(PageName(*app.get_parent())) + " (1)\n" +
         (app.get_parent()->get_parent() == nullptr
              ? "has the options and exit codes of all verbs.\n"
              : "");
}

ManPage PageOf(const CLI::App& app) {
  const std::string name = PageName(app);
  std::string roff =
      ".TH " + Roff(Upper(name)) + " 1 \"\" \"mayfly " MAYFLY_VERSION "\" \"Mayfly\"\n";
  roff += ".SH NAME\n" + Roff(name) + " \\- " + Roff(app.get_description()) + "\n";
  roff +=
      Synopsis(app) + VerbsSection(app) + OptionsSection(app) + FooterSection(app) + SeeAlso(app);
  return {name + ".1", roff};
}

void AppendPages(const CLI::App& app, std::vector<ManPage>& pages) {
  pages.push_back(PageOf(app));
  for (const CLI::App* verb : VerbsOf(app)) AppendPages(*verb, pages);
}

}  // namespace

std::vector<ManPage> ManPages() {
  Choice unused;
  const auto app = MakeCommandTree(unused);
  std::vector<ManPage> pages;
  AppendPages(*app, pages);
  return pages;
}

}  // namespace mayfly::cli
