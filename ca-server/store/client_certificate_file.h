// The file from which libpq takes a session's client certificate and its key ("sslcert"). Who
// renews it puts another one in its place; sessions made with the old one then make way.
#pragma once

#include <optional>
#include <string>

#include "base/file_version.h"

namespace mayfly::store {

class ClientCertificateFile {
 public:
  // That of these libpq keywords as it is now, if they name one.
  static ClientCertificateFile NamedIn(const std::string& keywords);

  // Has another one taken its place since? One that is gone or unreadable has not: it was good when
  // it was read.
  bool WasReplaced() const;

 private:
  std::optional<FileVersion> Now() const;

  std::string path_;  // empty: there is none
  std::optional<FileVersion> made_with_;
};

}  // namespace mayfly::store
