#include "identity/jwks_file.h"

namespace mayfly::identity {

Result<FetchedKeys> JwksFile::Fetch(const std::atomic<bool>&) {
  TRY_ASSIGN(const auto text, file_.ReadIfChanged());
  if (text) {
    TRY_ASSIGN(JwkSet keys, JwkSet::Parse(*text));
    keys_ = std::make_shared<const JwkSet>(std::move(keys));
    file_.Accept();
  }
  return FetchedKeys{keys_, std::nullopt};
}

}  // namespace mayfly::identity
