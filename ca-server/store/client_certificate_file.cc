#include "store/client_certificate_file.h"

#include <libpq-fe.h>

#include <string_view>

namespace mayfly::store {
namespace {

std::string CertificateIn(const std::string& keywords) {
  PQconninfoOption* parsed = PQconninfoParse(keywords.c_str(), nullptr);
  std::string path;
  for (PQconninfoOption* option = parsed; option && option->keyword; ++option) {
    if (std::string_view(option->keyword) == "sslcert" && option->val) path = option->val;
  }
  PQconninfoFree(parsed);
  return path;
}

}  // namespace

ClientCertificateFile ClientCertificateFile::NamedIn(const std::string& keywords) {
  ClientCertificateFile file;
  file.path_ = CertificateIn(keywords);
  file.made_with_ = file.Now();
  return file;
}

std::optional<FileVersion> ClientCertificateFile::Now() const {
  struct stat status{};
  if (path_.empty() || stat(path_.c_str(), &status) != 0) return std::nullopt;
  return FileVersion::Of(status);
}

bool ClientCertificateFile::WasReplaced() const {
  if (path_.empty()) return false;
  const auto now = Now();
  return now && now != made_with_;
}

}  // namespace mayfly::store
