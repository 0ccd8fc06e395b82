#include "identity/revocation_file.h"

namespace mayfly::identity {
namespace {

Result<x509::RevocationLists> Parse(const std::string& text) {
  if (text.size() > kRevocationFileBytesMax) {
    return Fail(ErrorCode::kInvalidArgument, "crl.size",
                "over " + std::to_string(kRevocationFileBytesMax) + " bytes");
  }
  return x509::RevocationLists::FromPemOrDer(AsBytes(text));
}

}  // namespace

std::shared_ptr<const x509::RevocationLists> RevocationFile::Current() {
  std::lock_guard lock(mutex_);
  Read();
  return lists_;
}

void RevocationFile::Read() {
  const auto text = file_.ReadIfChanged();
  if (!text) {
    if (!std::exchange(is_away_, true)) observer_(text.error());
    return;
  }
  is_away_ = false;
  if (!*text) return;
  // Also what is wrong is looked at once: whoever writes it will write again.
  file_.Accept();
  auto lists = Parse(**text);
  if (!lists) return observer_(lists.error());
  lists_ = std::make_shared<const x509::RevocationLists>(*std::move(lists));
  observer_(Ok());
}

}  // namespace mayfly::identity
