// Principal: who asks, and how that was proved.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/uuid.h"
#include "policy/placeholder.h"
#include "x509/general_name.h"
#include "x509/serial_number.h"

namespace mayfly::policy {

enum class ProofOfIdentity : uint8_t {
  kCertificate,         // mutual TLS with a certificate of this CA, found in the ledger
  kEnrolmentToken,      // a token that an enroller made: enrolment:<id>
  kJwt,                 // a bearer token of a configured issuer: jwt:<issuer>:<subject>
  kForeignCertificate,  // mutual TLS with a certificate of a foreign CA: foreign:<ca>:<holder>
  kLocal,               // a process on the CA's own machine: local:<uid>
  kSystem,              // the server itself, for its OCSP responder
  kNobody,              // nothing was shown; the id is empty, and so are the roles
};

struct Enrolment;  // policy/enrolment.h

// Where a certificate stands among those of one holder; each renewal is a generation.
struct LineagePlace {
  Uuid lineage;
  uint32_t generation;  // 0 at enrolment
};

struct Principal {
  ProofOfIdentity proof;
  // For rules, records and logs: "spiffe://trust/path", "dns:web.internal",
  // "jwt:cluster:system:serviceaccount:prod:api", "enrolment:<uuid>", "local:0", "system:ocsp",
  // "foreign:partner:spiffe://partner.example/api".
  std::string id;
  // What request ids are scoped to: "lineage:<uuid>" or the id, never a single certificate.
  std::string request_scope;
  x509::GeneralNames names;  // of the certificate; empty for the other proofs
  Claims claims{};           // what the adapter proved beside the id, for places in patterns
  std::optional<Hash256> key_hash{};        // SHA-256 of the SPKI that the requester proved to hold
  TimePoint proof_ends = TimePoint::max();  // of the certificate or the token
  std::shared_ptr<const Enrolment> enrolment{};  // of kEnrolmentToken: what the token stands for
  std::optional<x509::SerialNumber> serial{};    // of kCertificate: the certificate's
  std::optional<LineagePlace> place{};           // of kCertificate: the certificate's
};

constexpr std::string_view kSpiffeScheme = "spiffe://";
constexpr std::string_view kTrustDomainClaim = "trust_domain";

// The principal's claims, and kTrustDomainClaim where the id is a SPIFFE ID.
Claims ClaimsOf(const Principal& principal);

// The id of a certificate's holder: its only URI, else its first DNS name, else its first name.
std::string PrincipalIdOf(const x509::GeneralNames& names);

// What an adapter proved beside identity, with this very request. Over gRPC nothing is.
struct Evidence {
  // Whose control the requester has shown, as an ACME challenge does (RFC 8555 8); a wildcard name
  // stands for itself alone.
  x509::GeneralNames controlled{};
};

}  // namespace mayfly::policy
