// TrustAnchors: the roots of another CA, and certification paths to them (RFC 5280 6.1), which
// OpenSSL builds and validates.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "x509/presented_chain.h"
#include "x509/revocation_lists.h"
#include "x509/subject_public_key_info.h"

struct x509_store_st;

namespace mayfly::x509 {

constexpr size_t kTrustAnchorsMax = 64;
// Between the leaf and its anchor.
constexpr int kPathIntermediatesMax = 4;

struct TrustAnchor {
  Bytes der;
  Bytes subject;  // the Name's DER
  Hash256 key;    // SHA-256 of the SubjectPublicKeyInfo
};

// A client's certificate whose path was found good.
struct ClientPath {
  SubjectPublicKeyInfo key;
  std::vector<std::string> uris, dns_names;  // of its subjectAltName, as they stand there
  std::vector<Hash256> issuer_keys;          // of the others on the path, the anchor's last
  TimePoint ends;                            // the earliest notAfter on it
};

class TrustAnchors {
 public:
  // Every CERTIFICATE block, each a self-signed CA certificate. Errors: kInvalidArgument "pem.*",
  // "anchors.certificate", "anchors.count".
  static Result<TrustAnchors> FromPem(std::string_view text);

  const std::vector<TrustAnchor>& list() const { return list_; }
  std::string Pem() const;

  // The path of a TLS client's certificate at that time. OpenSSL checks all of it, strictly:
  // signatures, dates, basic and name constraints, key usages, critical extensions, keys of at
  // least 112 bits of strength, and with `lists` that each certificate below the anchor is on none
  // of its issuer's; the leaf must be no CA and have clientAuth. Errors:
  //   kNotFound "path.none"               it does not lead to these anchors
  //   kUnauthenticated "peer.expired"     a certificate is outside its validity
  //   kUnauthenticated "peer.revoked"     a certificate is on its issuer's list
  //   kUnauthenticated "peer.purpose"     not a certificate for clients
  //   kUnauthenticated "peer.chain"       anything else that is wrong with the path
  //   kUnauthenticated "key.*"            the leaf's key is of no kind that we know
  //   kStoreUnavailable "peer.crl"        no current list of one of the issuers is here
  Result<ClientPath> ValidateClient(const PresentedChain& chain, TimePoint at,
                                    const RevocationLists* lists) const;

 private:
  TrustAnchors(std::vector<TrustAnchor> list, std::shared_ptr<x509_store_st> store)
      : list_(std::move(list)), store_(std::move(store)) {}
  std::vector<TrustAnchor> list_;
  std::shared_ptr<x509_store_st> store_;
};

}  // namespace mayfly::x509
