// The certificates that this server shows itself: its listeners' and the one for PostgreSQL. It
// issues and renews them, also while it serves; who reads the files takes up the newest.
#pragma once

#include <vector>

#include "local_certificate.h"
#include "wiring.h"

namespace mayfly {

class OwnCertificates {
 public:
  // Those that the configuration names.
  explicit OwnCertificates(Wiring& wiring);

  // Issues what is not there, or has a third of its life left, or less. Errors: those of LifeLeftIn
  // and IssueLocalCertificate.
  Status Renew();
  // The same, and cheap before that, so that lives of seconds are possible. What fails is logged,
  // and tried again after a while.
  void RenewIfDue();

  // kShuttingDown "serve.certificate-expired" where one of a listener's is outside its validity.
  Status Trouble() const;

  // The newest of each that can be read, with its file.
  struct Found {
    std::filesystem::path file;
    x509::Certificate certificate;
  };
  std::vector<Found> Read() const;

 private:
  struct Own {
    LocalCertificate wanted;
    bool is_listeners;
    TimePoint due{};  // not before
  };
  Status Renew(Own& own);

  Wiring& wiring_;
  std::vector<Own> all_;
};

}  // namespace mayfly
