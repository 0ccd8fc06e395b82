// An application: who asks for what, and how they prove their key. Everything that a decision is
// made from, so that it can be decided again.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "issuance/certificate_authority.h"

namespace mayfly::issuance {

struct CertificateAuthority::Application {
  std::string principal;            // for events
  policy::Claims claims;            // what was proved beside it
  std::string profile;              // for events; as asked for
  x509::GeneralNames names;         // for events; the request's and the CSR's
  std::optional<Seconds> lifetime;  // for events
  // Hop 4: today's policy on this application.
  std::function<Result<policy::IssuanceGrant>(const policy::Authorizer&)> decide;
  // The same decision with what every rule said.
  std::function<policy::Explanation(const policy::Authorizer&)> explain;
  // Hop 5: key policy and proof of possession.
  std::function<Result<x509::ProvenKey>(const x509::KeyRules&)> prove;
  Hash256 key_hash{};  // of the key that is to be certified
  // Of a renewal; nothing: an enrolment, which begins a lineage.
  std::optional<LineageStep> lineage;
  std::optional<CertificateKey> renews;
  // Of the certificate that asks, where this is no renewal.
  std::optional<policy::LineagePlace> asker;
  std::optional<TokenUse> token;  // of an enrolment by token
  std::optional<RequestKey> request;
  Hash256 body_hash{};
};

// Names that are asked for must be among those that may be had; `error` says so, with a violation
// for each that is not.
Status RequireAmong(const x509::GeneralNames& asked, const x509::GeneralNames& allowed,
                    Error error);

// A repeat is known by its id, so some requests need one. Error: kInvalidArgument
// "request-id.required".
Error RequestIdRequired();

}  // namespace mayfly::issuance
