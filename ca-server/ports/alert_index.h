// Port: what somebody should look at. Implemented by store/alert_index.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "base/uuid.h"
#include "ports/ledger.h"
#include "x509/general_name.h"

namespace mayfly {

enum class AlertKind : uint8_t {
  kKeyShared = 1,       // one key has valid certificates for two identities
  kKeyCopied = 2,       // two hands used one generation of a lineage
  kRenewalOverdue = 3,  // the time to renew has passed, and nothing took the certificate's place
};

struct Alert {
  AlertKind kind;
  CertificateKey certificate;  // the newest that shows it
  std::string issuer_name;
  Uuid lineage;
  x509::GeneralNames names;  // of the certificate
  std::string principal;     // who asked for it
  std::string profile;
  TimePoint since;
  TimePoint not_after;  // of the certificate
};

struct AlertList {
  std::vector<Alert> alerts;              // the longest standing first
  std::map<AlertKind, uint64_t> by_kind;  // how many there are, also where the list was cut
  uint64_t ticks_behind;  // closed ticks that have not been read yet; 0 or 1 when all is well
};

class AlertIndex {
 public:
  virtual ~AlertIndex() = default;
  // At most `count_max` of them. Errors: kOverloaded, kStoreUnavailable, kDeadlineExceeded.
  virtual Task<Result<AlertList>> Alerts(size_t count_max, BootTime deadline) = 0;
};

}  // namespace mayfly
