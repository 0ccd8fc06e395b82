#include "rpc/convert.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <utility>

#include "rpc/list_filter.h"
#include "rpc/resource_name.h"

namespace mayfly::rpc {
namespace {

constexpr int kNumberOfUnusedReason = 1;  // RFC 5280's 0, plus one: REVOCATION_REASON_UNSPECIFIED

Error Invalid(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

Result<x509::GeneralName> ReadName(const std::string& text) {
  if (text.size() <= kNameTextBytesMax) return x509::GeneralName::FromString(text);
  return Invalid("name.size", "a name has at most " + std::to_string(kNameTextBytesMax) + " bytes");
}

Result<Bytes> ReadCsr(const std::string& csr_der) {
  if (!csr_der.empty() && csr_der.size() <= x509::kCsrDerBytesMax) return ToBytes(AsBytes(csr_der));
  return Invalid("csr.size",
                 "csr_der has 1 to " + std::to_string(x509::kCsrDerBytesMax) + " bytes of DER");
}

template <class Request>
Result<std::optional<Seconds>> ReadLifetime(const Request& message) {
  if (!message.has_lifetime()) return std::optional<Seconds>();
  const int64_t seconds = message.lifetime().seconds();
  if (message.lifetime().nanos() != 0 || seconds < 1 || seconds > kLifetimeMax.count()) {
    return Invalid("request.lifetime", "a lifetime is whole seconds, from 1 to " +
                                           std::to_string(kLifetimeMax.count()));
  }
  return std::optional<Seconds>(Seconds(seconds));
}

Result<std::optional<Uuid>> ReadRequestId(const std::string& text) {
  if (text.empty()) return std::optional<Uuid>();
  auto id = Uuid::Parse(text);
  if (!id || !id->v7_time()) {
    return Invalid("request-id.format", "a request id is a UUID of version 7 (RFC 9562 5.7)");
  }
  return std::optional<Uuid>(*id);
}

Status CheckProfile(const std::string& profile) {
  if (!profile.empty() && profile.size() <= kProfileNameBytesMax) return Ok();
  return Invalid("request.profile", "profile has 1 to " + std::to_string(kProfileNameBytesMax) +
                                        " characters, e.g. \"server\"");
}

// What any record says, signed or not.
void SetFacts(const std::string& issuer, const RecordFacts& facts, TimePoint recorded_at,
              v1::Certificate& message) {
  message.set_name(CertificateName{issuer, facts.key.serial}.ToString());
  message.set_serial_number(facts.key.serial.Hex());
  message.set_profile(facts.profile);
  message.set_principal(facts.principal);
  for (const auto& [name, value] : facts.claims) (*message.mutable_claims())[name] = value;
  message.set_lineage(facts.lineage.lineage.ToString());
  message.set_generation(static_cast<int32_t>(facts.lineage.generation));
  message.set_policy_version(static_cast<int64_t>(facts.policy_version));
  SetTime(facts.renewal.from, *message.mutable_renewal_window()->mutable_start_time());
  SetTime(facts.renewal.until, *message.mutable_renewal_window()->mutable_end_time());
  SetTime(recorded_at, *message.mutable_create_time());
}

void SetTbs(const x509::TbsCertificate& tbs, v1::Certificate& message) {
  SetTime(tbs.fields().validity.not_before(), *message.mutable_not_before_time());
  SetTime(tbs.fields().validity.not_after(), *message.mutable_not_after_time());
  if (const auto names = tbs.names()) {
    for (const x509::GeneralName& name : *names) message.add_subject_alt_names(name.ToString());
  }
}

void SetCertificate(const x509::Certificate& certificate, v1::Certificate& message) {
  message.set_certificate_der(ToString(certificate.der()));
  message.set_sha256_fingerprint(ToHex(certificate.fingerprint()));
}

template <class Response>
void SetIssued(const issuance::IssuedCertificate& issued, Response& message) {
  v1::Certificate& certificate = *message.mutable_certificate();
  SetFacts(issued.issuer, issued.facts, issued.recorded_at, certificate);
  SetTbs(issued.certificate.tbs(), certificate);
  SetCertificate(issued.certificate, certificate);
  certificate.set_state(v1::Certificate::STATE_ACTIVE);
  for (const Bytes& der : issued.issuer_chain) message.add_issuer_chain_der(ToString(der));
  if (issued.ocsp_staple) message.set_ocsp_staple_der(ToString(*issued.ocsp_staple));
  if (!issued.inclusion) return;
  message.mutable_inclusion_proof()->set_tlog_proof(issued.inclusion->proof);
  message.mutable_inclusion_proof()->set_entry(ToString(issued.inclusion->entry));
}

v1::Certificate::State FromState(CertificateState state) {
  switch (state) {
    case CertificateState::kIntent:
      return v1::Certificate::STATE_INTENT;
    case CertificateState::kActive:
      return v1::Certificate::STATE_ACTIVE;
    case CertificateState::kExpired:
      return v1::Certificate::STATE_EXPIRED;
    case CertificateState::kRevoked:
      return v1::Certificate::STATE_REVOKED;
    case CertificateState::kAbandoned:
      return v1::Certificate::STATE_ABANDONED;
  }
  return v1::Certificate::STATE_UNSPECIFIED;
}

Result<CertificateOrder> ReadOrder(const std::string& text) {
  if (text.empty() || text == "not_after_time") return CertificateOrder::kSoonestExpiry;
  if (text == "create_time desc") return CertificateOrder::kNewest;
  return Invalid("list.order-by", "order_by is \"not_after_time\" or \"create_time desc\"");
}

}  // namespace

Result<size_t> ReadPageSize(int32_t size) {
  if (size < 0) return Invalid("list.page-size", "page_size is 0 (for 100) or more");
  if (size == 0) return size_t{kPageSizeDefault};
  return static_cast<size_t>(std::min(size, kPageSizeMax));
}

void SetTime(TimePoint time, google::protobuf::Timestamp& out) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  out.set_seconds(whole.time_since_epoch().count());
  out.set_nanos(static_cast<int32_t>(std::chrono::nanoseconds(time - whole).count()));
}

Result<x509::GeneralNames> ReadNames(const google::protobuf::RepeatedPtrField<std::string>& texts,
                                     std::string_view field) {
  if (static_cast<size_t>(texts.size()) > x509::kNamesMax) {
    return Invalid("request.names",
                   "at most " + std::to_string(x509::kNamesMax) + " " + std::string(field));
  }
  x509::GeneralNames names;
  std::vector<Violation> violations;
  for (int i = 0; i < texts.size(); ++i) {
    auto name = ReadName(texts[i]);
    if (name) {
      names.push_back(*std::move(name));
    } else {
      violations.push_back({name.error().rule, std::string(field) + "[" + std::to_string(i) + "]",
                            name.error().message});
    }
  }
  if (violations.empty()) return names;
  Error error = Invalid(violations.front().rule, violations.front().message);
  error.violations = std::move(violations);
  return error;
}

Result<issuance::IssueRequest> ToIssueRequest(const v1::IssueCertificateRequest& message,
                                              policy::Principal principal) {
  TRY_ASSIGN(auto csr_der, ReadCsr(message.csr_der()));
  TRY(CheckProfile(message.profile()));
  TRY_ASSIGN(auto names, ReadNames(message.subject_alt_names(), "subject_alt_names"));
  TRY_ASSIGN(auto lifetime, ReadLifetime(message));
  TRY_ASSIGN(auto request_id, ReadRequestId(message.request_id()));
  return issuance::IssueRequest{
      .principal = std::move(principal),
      .key = x509::CertificationRequestDer{std::move(csr_der)},
      .profile = message.profile(),
      .names = std::move(names),
      .lifetime = lifetime,
      .request_id = request_id,
  };
}

Result<issuance::RenewRequest> ToRenewRequest(const v1::RenewCertificateRequest& message,
                                              x509::Certificate current) {
  TRY_ASSIGN(auto csr_der, ReadCsr(message.csr_der()));
  TRY_ASSIGN(auto lifetime, ReadLifetime(message));
  TRY_ASSIGN(auto request_id, ReadRequestId(message.request_id()));
  return issuance::RenewRequest{std::move(current), std::move(csr_der), lifetime, request_id};
}

Result<issuance::RenewExpiredRequest> ToRenewExpiredRequest(
    const v1::RenewExpiredCertificateRequest& message) {
  auto expired = x509::Certificate::FromDer(AsBytes(message.certificate_der()));
  if (!expired) {
    return Invalid("renewal.certificate",
                   "certificate_der is not a certificate of this CA, in DER");
  }
  if (message.signature().empty() || message.signature().size() > kSignatureBytesMax) {
    return Invalid("renewal.signature-size",
                   "signature has 1 to " + std::to_string(kSignatureBytesMax) + " bytes");
  }
  TRY_ASSIGN(auto csr_der, ReadCsr(message.csr_der()));
  TRY_ASSIGN(auto lifetime, ReadLifetime(message));
  TRY_ASSIGN(auto request_id, ReadRequestId(message.request_id()));
  if (!request_id) return Invalid("request-id.required", "it is signed, so a request_id is needed");
  return issuance::RenewExpiredRequest{*std::move(expired), std::move(csr_der),
                                       ToBytes(AsBytes(message.signature())), lifetime,
                                       *request_id};
}

Result<issuance::CreateTokenRequest> ToCreateTokenRequest(
    const v1::CreateEnrolmentTokenRequest& message, policy::Principal principal) {
  TRY(CheckProfile(message.profile()));
  TRY_ASSIGN(auto names, ReadNames(message.subject_alt_names(), "subject_alt_names"));
  TRY_ASSIGN(auto lifetime, ReadLifetime(message));
  const auto uses_max = static_cast<uint32_t>(message.uses_max());  // a negative one is far above
  if (uses_max > policy::kTokenUsesMax) {
    return Invalid("enrolment.uses",
                   "uses_max is 0 (for 1) to " + std::to_string(policy::kTokenUsesMax));
  }
  return issuance::CreateTokenRequest{std::move(principal), message.profile(), std::move(names),
                                      lifetime, std::max(uses_max, 1u)};
}

void FromToken(const EnrolmentTokenRecord& token, v1::EnrolmentToken& message) {
  const policy::Enrolment& enrolment = token.enrolment;
  message.set_name(EnrolmentTokenName(enrolment.token));
  message.set_profile(enrolment.profile);
  for (const x509::GeneralName& name : enrolment.names) {
    message.add_subject_alt_names(name.ToString());
  }
  message.set_uses_max(static_cast<int32_t>(enrolment.uses_max));
  message.set_use_count(static_cast<int32_t>(token.use_count));
  message.set_principal(enrolment.enroller.id);
  SetTime(token.created_at, *message.mutable_create_time());
  SetTime(enrolment.expires, *message.mutable_expire_time());
  message.set_revoked(token.is_revoked);
}

Result<issuance::ListRequest> ToListRequest(const v1::ListCertificatesRequest& message,
                                            policy::Principal principal) {
  TRY_ASSIGN(auto issuer, ParseIssuerName(message.parent()));
  TRY_ASSIGN(auto filter, ParseListFilter(message.filter()));
  TRY_ASSIGN(auto order, ReadOrder(message.order_by()));
  TRY_ASSIGN(auto count_max, ReadPageSize(message.page_size()));
  return issuance::ListRequest{std::move(principal), std::move(issuer), std::move(filter), order,
                               std::nullopt,         count_max};
}

Result<RevocationReason> ToRevocationReason(v1::RevocationReason reason) {
  if (reason == v1::REVOCATION_REASON_UNSPECIFIED) return RevocationReason::kUnspecified;
  if (v1::RevocationReason_IsValid(reason)) return static_cast<RevocationReason>(reason - 1);
  return Invalid("revocation.reason", std::to_string(static_cast<int>(reason)) +
                                          " is not a RevocationReason; there is no hold");
}

v1::RevocationReason FromRevocationReason(RevocationReason reason) {
  const int number = static_cast<int>(reason) + 1;
  if (number == kNumberOfUnusedReason) return v1::REVOCATION_REASON_UNSPECIFIED;
  return static_cast<v1::RevocationReason>(number);
}

Result<issuance::RevokeRequest> ToRevokeRequest(const v1::RevokeCertificateRequest& message,
                                                policy::Principal principal) {
  TRY_ASSIGN(auto name, CertificateName::Parse(message.name()));
  TRY_ASSIGN(auto reason, ToRevocationReason(message.reason()));
  return issuance::RevokeRequest{.principal = std::move(principal),
                                 .issuer = std::move(name.issuer),
                                 .serial = std::move(name.serial),
                                 .reason = reason};
}

Result<EventQuery> ToEventQuery(const v1::ListEventsRequest& message) {
  TRY_ASSIGN(auto filter, ParseEventFilter(message.filter()));
  TRY_ASSIGN(auto count_max, ReadPageSize(message.page_size()));
  return EventQuery{std::move(filter), std::nullopt, count_max};
}

Status FromEvent(const ListedEvent& listed, v1::Event& message) {
  message.set_kind(listed.event.kind);
  message.set_principal(listed.event.principal);
  SetTime(listed.at, *message.mutable_create_time());
  const auto read =
      google::protobuf::util::JsonStringToMessage(listed.event.detail, message.mutable_detail());
  if (read.ok()) return Ok();
  return FailWithDetail(ErrorCode::kInternal, "ledger.event", "an event cannot be read",
                        std::string(read.message()));
}

Result<size_t> ToCountMax(const v1::ListAlertsRequest& message) {
  return ReadPageSize(message.page_size());
}

void FromAlerts(const AlertList& list, v1::ListAlertsResponse& message) {
  for (const Alert& alert : list.alerts) {
    v1::Alert& out = *message.add_alerts();
    out.set_kind(static_cast<v1::Alert::Kind>(alert.kind));
    out.set_certificate(CertificateName{alert.issuer_name, alert.certificate.serial}.ToString());
    out.set_lineage(alert.lineage.ToString());
    for (const auto& name : alert.names) out.add_subject_alt_names(name.ToString());
    out.set_principal(alert.principal);
    out.set_profile(alert.profile);
    SetTime(alert.since, *out.mutable_since_time());
    SetTime(alert.not_after, *out.mutable_not_after_time());
  }
  uint64_t total = 0;
  for (const auto& [kind, count] : list.by_kind) total += count;
  message.set_total_size(static_cast<int64_t>(total));
  message.set_ticks_behind(static_cast<int64_t>(list.ticks_behind));
}

Result<issuance::ApplyPolicyRequest> ToApplyPolicyRequest(const v1::ApplyPolicyRequest& message,
                                                          policy::Principal principal) {
  issuance::ApplyPolicyRequest request{std::move(principal), message.policy_text(), std::nullopt};
  if (!message.has_base_version()) return request;
  if (message.base_version() < 0) {
    return Invalid("policy.base-version", "base_version is 0 (no policy yet) or a version");
  }
  request.base_version = static_cast<uint64_t>(message.base_version());
  return request;
}

void FromIssued(const issuance::IssuedCertificate& issued, v1::IssueCertificateResponse& message) {
  SetIssued(issued, message);
}

void FromIssued(const issuance::IssuedCertificate& issued, v1::RenewCertificateResponse& message) {
  SetIssued(issued, message);
}

void FromIssued(const issuance::IssuedCertificate& issued,
                v1::RenewExpiredCertificateResponse& message) {
  SetIssued(issued, message);
}

Status FromShown(const issuance::ShownCertificate& shown, TimePoint now, v1::Certificate& message) {
  const CertificateRecord& record = shown.record;
  auto tbs = x509::TbsCertificate::FromDer(record.tbs);
  if (!tbs) {
    return FailWithDetail(ErrorCode::kInternal, "ledger.tbs", "a record cannot be read",
                          Describe(tbs.error(), ErrorText::kForLog));
  }
  SetFacts(shown.issuer, record.facts, record.recorded_at, message);
  SetTbs(*tbs, message);
  if (shown.certificate) SetCertificate(*shown.certificate, message);
  const TimePoint not_after = tbs->fields().validity.not_after();
  message.set_state(FromState(StateOf(record.outcome, record.revocation, not_after, now)));
  if (record.revocation) {
    message.mutable_revocation()->set_reason(FromRevocationReason(record.revocation->reason));
    SetTime(record.revocation->revoked_at, *message.mutable_revocation()->mutable_revoke_time());
  }
  return Ok();
}

Status FromRevoked(const issuance::RevokedCertificate& revoked, TimePoint now,
                   v1::RevokeCertificateResponse& message) {
  TRY(FromShown(revoked.shown, now, *message.mutable_certificate()));
  SetTime(revoked.receipt.good_answers_until, *message.mutable_good_answers_expire_time());
  message.set_already_revoked(revoked.receipt.was_revoked_before);
  return Ok();
}

void FromBundle(const issuance::TrustBundle& bundle, v1::TrustBundle& message) {
  message.set_name(TrustBundleName(bundle.trust_domain));
  for (const x509::Certificate& root : bundle.roots) {
    message.add_root_certificates_der(ToString(root.der()));
  }
  for (const x509::Certificate& issuing : bundle.issuing) {
    message.add_issuing_certificates_der(ToString(issuing.der()));
  }
  message.set_sequence_number(static_cast<int64_t>(bundle.sequence_number));
}

}  // namespace mayfly::rpc
