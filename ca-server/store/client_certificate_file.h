// The file from which libpq takes a session's client certificate and its key ("sslcert"). Who
// renews it puts another one in its place; sessions made with the old one then make way.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>

namespace mayfly::store {

class ClientCertificateFile {
 public:
  // That of these libpq keywords as it is now, if they name one.
  static ClientCertificateFile NamedIn(const std::string& keywords);

  // Has another one taken its place since? One that is gone or unreadable has not: it was good when
  // it was read.
  bool WasReplaced() const;

 private:
  struct Version {
    dev_t device;
    ino_t inode;
    off_t size;
    int64_t changed_ns;
    friend bool operator==(const Version&, const Version&) = default;
  };
  std::optional<Version> Now() const;

  std::string path_;  // empty: there is none
  std::optional<Version> made_with_;
};

}  // namespace mayfly::store
