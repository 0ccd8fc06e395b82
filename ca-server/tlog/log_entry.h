// What the log's entries say, and their one encoding (docs/AUDIT.md, Format).
//
// Deterministic: an entry has one encoding, and DecodeLogEntry takes nothing else. The leaf of the
// tree is LeafHash of the encoding. Every column of the ledger's rows is in it, so whoever has them
// can make it again, and finds out when any was changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "tlog/entry_bundle.h"
#include "x509/serial_number.h"
#include "x509/tbs_certificate.h"

namespace mayfly::tlog {

constexpr uint8_t kLogEntryVersion = 1;
// Of a record with claims, which stand after its principal.
constexpr uint8_t kLogEntryVersionWithClaims = 2;

constexpr size_t kNameBytesMax = 255;  // of an issuer, a profile, a kind of event
constexpr size_t kPrincipalBytesMax = 4096;
constexpr size_t kClaimsBytesMax = 10240;
constexpr size_t kSignatureBytesMax = 8192;
constexpr size_t kDetailBytesMax = size_t{48} * 1024;

// A certificate as it was recorded before anything signed it.
struct Record {
  uint64_t tick = 0;   // the ledger's, in which it was recorded
  std::string issuer;  // its name
  x509::SerialNumber serial;
  Bytes tbs;  // 1 .. x509::kTbsDerBytesMax octets
  Uuid lineage;
  uint32_t generation = 0;
  std::optional<x509::SerialNumber> parent;
  std::string profile;
  std::string principal;
  std::string claims;  // "namespace=prod serviceaccount=api"; mostly empty
  std::optional<Uuid> request_id;
  uint64_t policy_version = 0;
  uint64_t decision = 0;
  TimePoint not_after{};
  TimePoint renew_from{};
  TimePoint renew_until{};
  TimePoint recorded_at{};
  friend bool operator==(const Record&, const Record&) = default;
};

// When and under what a record's outcome was decided.
struct Decided {
  uint64_t policy_version = 0;
  uint64_t decision = 0;
  TimePoint decided_at{};
  friend bool operator==(const Decided&, const Decided&) = default;
};

struct IssuedCertificate {
  Record record;
  Decided decided;
  Bytes signature;  // 1 .. kSignatureBytesMax octets
  friend bool operator==(const IssuedCertificate&, const IssuedCertificate&) = default;
};

// With its record too: a token may have signed what was abandoned, and then it is evidence.
struct Abandonment {
  Record record;
  Decided decided;
  friend bool operator==(const Abandonment&, const Abandonment&) = default;
};

struct RevokedCertificate {
  uint64_t number = 0;  // commit order
  std::string issuer;
  x509::SerialNumber serial;
  uint8_t reason = 0;  // CRLReason (RFC 5280 5.3.1): 0, 1, 2, 3, 4, 5 or 9; there is no hold
  TimePoint revoked_at{};
  TimePoint not_after{};  // of the certificate
  std::string principal;
  friend bool operator==(const RevokedCertificate&, const RevokedCertificate&) = default;
};

struct AdminEvent {
  uint64_t number = 0;  // the ledger's id of it
  std::string kind;     // "policy.activated"
  std::string principal;
  std::string detail;  // JSON, as the ledger prints it
  TimePoint at{};
  friend bool operator==(const AdminEvent&, const AdminEvent&) = default;
};

struct LogEntry {
  uint64_t tick = 0;  // the ledger's, which closed with this entry in it
  std::variant<IssuedCertificate, Abandonment, RevokedCertificate, AdminEvent> body;
  friend bool operator==(const LogEntry&, const LogEntry&) = default;
};

// At most kEntryBytesMax octets. Errors: kInvalidArgument "log-entry.size" (a field is empty, which
// it may not be, or over its limit), "log-entry.text" (not UTF-8), "log-entry.reason".
Result<Bytes> EncodeLogEntry(const LogEntry& entry);

// Errors: as above, and kInvalidArgument "log-entry.version", "log-entry.kind", "log-entry.format"
// (cut short, or something left over), "log-entry.presence", "serial.*".
Result<LogEntry> DecodeLogEntry(ByteSpan encoding);

}  // namespace mayfly::tlog
