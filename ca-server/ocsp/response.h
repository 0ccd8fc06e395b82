// OCSPResponse (RFC 6960 4.2.1): written for clients, read for tests and for checking staples.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "ocsp/request.h"
#include "ports/ledger.h"
#include "x509/signature.h"

namespace mayfly::ocsp {

// OCSPResponseStatus; sigRequired is never used, since signatures of requests are ignored.
enum class ResponseStatus : uint8_t {
  kSuccessful = 0,
  kMalformedRequest = 1,
  kInternalError = 2,
  kTryLater = 3,
  kUnauthorized = 6,
};
// The one table from ErrorCode to OCSP.
ResponseStatus ResponseStatusFor(ErrorCode code);

struct GoodStatus {
  friend bool operator==(const GoodStatus&, const GoodStatus&) = default;
};
struct RevokedStatus {
  TimePoint revoked_at;
  RevocationReason reason;
  friend bool operator==(const RevokedStatus&, const RevokedStatus&) = default;
};
struct UnknownStatus {
  friend bool operator==(const UnknownStatus&, const UnknownStatus&) = default;
};
using CertStatus = std::variant<GoodStatus, RevokedStatus, UnknownStatus>;

struct ResponseData {
  Hash160 responder_key_hash;  // ResponderID byKey: SHA-1 over the responder's key bits
  TimePoint produced_at;
  CertId cert_id;  // with a form
  CertStatus status;
  TimePoint this_update;
  TimePoint next_update;
  std::optional<Bytes> nonce;
};

// The DER of ResponseData: what is signed. Times are cut to whole seconds (no fractions allowed).
Bytes WriteResponseData(const ResponseData& data);

struct SignedResponse {
  ByteSpan response_data;  // from WriteResponseData
  x509::SignatureAlgorithm algorithm;
  ByteSpan signature;
  ByteSpan responder_certificate;  // the delegated certificate, put into certs
};
Bytes WriteSuccessfulResponse(const SignedResponse& parts);

// An OCSPResponse of a status and nothing else. Not for kSuccessful.
Bytes WriteErrorResponse(ResponseStatus status);

// What an OCSPResponse of one SingleResponse says. Nothing is verified by reading.
struct ParsedResponse {
  ResponseStatus status;
  struct Basic {
    ResponseData data;
    Bytes response_data;  // the DER that the signature is over
    x509::SignatureAlgorithm algorithm;
    Bytes signature;
    std::vector<Bytes> certificates;
  };
  std::optional<Basic> basic;  // kSuccessful

  // Errors: kBadDer "der.*"; kInvalidArgument "ocsp.response".
  static Result<ParsedResponse> FromDer(ByteSpan der);
};

}  // namespace mayfly::ocsp
