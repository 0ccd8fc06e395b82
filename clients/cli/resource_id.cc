#include "clients/cli/resource_id.h"

#include "base/uuid.h"
#include "clients/cli/invocation.h"

namespace mayfly::cli {
namespace {

std::string WithoutPrefix(ResourceKind kind, const std::string& name) {
  return name.starts_with(kind.prefix) ? name.substr(kind.prefix.size()) : name;
}

}  // namespace

std::string IdOf(ResourceKind kind, const std::string& name) {
  return Escape(WithoutPrefix(kind, name));
}

Result<std::string> NameOf(ResourceKind kind, const std::string& id_or_name) {
  const auto id = Uuid::Parse(WithoutPrefix(kind, id_or_name));
  if (id) return std::string(kind.prefix) + id->ToString();
  const std::string word(kind.word);
  return Usage("cli." + word + "-id", "\"" + Escape(id_or_name, 64) + "\" is no " + word + "'s id");
}

}  // namespace mayfly::cli
