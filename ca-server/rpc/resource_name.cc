#include "rpc/resource_name.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "x509/spiffe_id.h"

namespace mayfly::rpc {
namespace {

constexpr std::string_view kIssuers = "issuers/";
constexpr std::string_view kCertificates = "/certificates/";
constexpr std::string_view kTrustBundles = "trustBundles/";
constexpr std::string_view kEnrolmentTokens = "enrolmentTokens/";
constexpr std::string_view kProposals = "proposals/";

bool IsIssuerName(std::string_view text) {
  return !text.empty() && text.size() <= kIssuerNameBytesMax &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

Status CheckSize(std::string_view text) {
  if (text.size() <= kResourceNameBytesMax) return Ok();
  return Fail(ErrorCode::kInvalidArgument, "name.size",
              "a resource name has at most " + std::to_string(kResourceNameBytesMax) + " bytes");
}

// {collection}{id}, the id a UUID in lower case.
std::optional<Uuid> IdAfter(std::string_view collection, std::string_view text) {
  if (!text.starts_with(collection)) return std::nullopt;
  const std::string_view id = text.substr(collection.size());
  const auto parsed = Uuid::Parse(id);
  if (!parsed || parsed->ToString() != id) return std::nullopt;
  return *parsed;
}

Error BadCertificateName(std::string_view text) {
  return Fail(ErrorCode::kInvalidArgument, "name.certificate",
              "\"" + Escape(text) +
                  "\" is not issuers/{issuer}/certificates/{serial}, the serial in lower-case "
                  "hex, two digits an octet, or \"-\" for any issuer");
}

}  // namespace

Result<CertificateName> CertificateName::Parse(std::string_view text) {
  TRY(CheckSize(text));
  const size_t middle = text.find(kCertificates);
  if (!text.starts_with(kIssuers) || middle == std::string_view::npos || middle < kIssuers.size()) {
    return BadCertificateName(text);
  }
  const std::string_view issuer = text.substr(kIssuers.size(), middle - kIssuers.size());
  const std::string_view hex = text.substr(middle + kCertificates.size());
  auto serial = x509::SerialNumber::FromHex(hex);
  // FromHex takes the spellings of other programs too: upper case, or without a leading zero octet.
  if (!IsIssuerName(issuer) || !serial || serial->Hex() != hex) return BadCertificateName(text);
  return CertificateName{std::string(issuer), *std::move(serial)};
}

std::string CertificateName::ToString() const {
  return std::string(kIssuers) + issuer + std::string(kCertificates) + serial.Hex();
}

Result<std::string> ParseIssuerName(std::string_view text) {
  TRY(CheckSize(text));
  if (text.starts_with(kIssuers)) {
    const std::string_view issuer = text.substr(kIssuers.size());
    if (IsIssuerName(issuer)) return std::string(issuer);
  }
  return Fail(ErrorCode::kInvalidArgument, "name.issuer",
              "\"" + Escape(text) + "\" is not issuers/{issuer}, or issuers/- for all");
}

Result<std::string> ParseTrustBundleName(std::string_view text) {
  TRY(CheckSize(text));
  if (text.starts_with(kTrustBundles)) {
    const std::string_view domain = text.substr(kTrustBundles.size());
    if (domain == "-" || x509::IsTrustDomain(domain)) return std::string(domain);
  }
  return Fail(ErrorCode::kInvalidArgument, "name.trust-bundle",
              "\"" + Escape(text) +
                  "\" is not trustBundles/{trust_domain}, or trustBundles/- for the server's own");
}

std::string EnrolmentTokenName(const Uuid& id) {
  return std::string(kEnrolmentTokens) + id.ToString();
}

Result<Uuid> ParseEnrolmentTokenName(std::string_view text) {
  TRY(CheckSize(text));
  if (const auto id = IdAfter(kEnrolmentTokens, text)) return *id;
  return Fail(ErrorCode::kInvalidArgument, "name.enrolment-token",
              "\"" + Escape(text) + "\" is not enrolmentTokens/{id}, the id a UUID in lower case");
}

std::string ProposalName(const Uuid& id) { return std::string(kProposals) + id.ToString(); }

Result<Uuid> ParseProposalName(std::string_view text) {
  TRY(CheckSize(text));
  if (const auto id = IdAfter(kProposals, text)) return *id;
  return Fail(ErrorCode::kInvalidArgument, "name.proposal",
              "\"" + Escape(text) + "\" is not proposals/{id}, the id a UUID in lower case");
}

std::string TrustBundleName(std::string_view trust_domain) {
  return std::string(kTrustBundles) + std::string(trust_domain);
}

}  // namespace mayfly::rpc
