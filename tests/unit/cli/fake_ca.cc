#include "tests/unit/cli/fake_ca.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <array>

#include "clients/cpp/certificate_facts.h"
#include "clients/cpp/files.h"
#include "tests/unit/cli/refusal.h"
#include "x509/certificate.h"
#include "x509/certification_request.h"

namespace mayfly::cli {
namespace {

namespace v1 = ca::v1;

constexpr int64_t kNow = 1'772'452'800;  // 2026-03-02 12:00:00 UTC
constexpr int64_t kDay = 86'400;
constexpr char kOthersSerial[] = "21019b00000000000000000000000000000000a5";
constexpr char kLeafSerial[] = "21019c0b1d8800112233445566778899aabbccdd";

// What the certificate of whoever calls names them; nothing where they have none.
std::string CallerOf(const grpc::ServerContext& context) {
  const auto names = context.auth_context()->FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME);
  return names.empty() ? "" : std::string(names.front().data(), names.front().size());
}

// `role`: "operator or admin", as policy/authorizer.cc says it.
grpc::Status RequireRole(const grpc::ServerContext& context, const std::string& role,
                         const std::string& list) {
  if (CallerOf(context) != "guest") return grpc::Status::OK;
  return Refusal(grpc::StatusCode::PERMISSION_DENIED, "POLICY_DENIED", "policy.role",
                 "spiffe://example.internal/guest is no " + role +
                     "; the policy in force lists them under " + list);
}

grpc::Status RequireReader(const grpc::ServerContext& context) {
  return RequireRole(context, "auditor, operator or admin", "auditors, operators or admins");
}

std::string PemOf(const std::filesystem::path& file) { return ToString(*client::ReadFile(file)); }

v1::Certificate Record(const std::string& serial, v1::Certificate::State state,
                       const std::string& name, int64_t begin, int64_t end) {
  v1::Certificate record;
  record.set_name("issuers/issuing-1/certificates/" + serial);
  record.set_serial_number(serial);
  record.set_state(state);
  record.add_subject_alt_names(name);
  record.set_profile("server");
  record.set_principal("spiffe://example.internal/operator");
  record.mutable_not_before_time()->set_seconds(begin);
  record.mutable_not_after_time()->set_seconds(end);
  record.mutable_create_time()->set_seconds(begin);
  record.mutable_renewal_window()->mutable_start_time()->set_seconds(begin + (end - begin) * 2 / 3);
  record.set_lineage("019c0b1d-0000-7000-8000-000000000001");
  record.set_policy_version(4);
  return record;
}

v1::Certificate Leaf(const std::string& der) {
  auto record = Record(kLeafSerial, v1::Certificate::STATE_ACTIVE, "DNS:web.internal",
                       kNow - kDay - kDay / 2, kNow + 5 * kDay + kDay / 2 - 1);
  record.add_subject_alt_names("DNS:www.internal");
  record.add_subject_alt_names("IP:10.0.0.7");
  record.set_certificate_der(der);
  record.set_sha256_fingerprint(client::ReadFacts(AsBytes(der))->sha256);
  return record;
}

v1::Certificate Revoked(v1::Certificate record) {
  record.set_state(v1::Certificate::STATE_REVOKED);
  record.mutable_revocation()->set_reason(v1::REVOCATION_REASON_KEY_COMPROMISE);
  record.mutable_revocation()->mutable_revoke_time()->set_seconds(kNow - 60);
  return record;
}

// Soonest expiry first.
std::vector<v1::Certificate> All(const std::string& leaf_der) {
  return {
      Record("21019b00000000000000000000000000000000a1", v1::Certificate::STATE_EXPIRED,
             "DNS:old.internal", kNow - 9 * kDay, kNow - 2 * kDay),
      Revoked(Record("21019b00000000000000000000000000000000a2", v1::Certificate::STATE_REVOKED,
                     "DNS:lost.internal", kNow - kDay, kNow + kDay)),
      Record("21019b00000000000000000000000000000000a3", v1::Certificate::STATE_ACTIVE,
             "URI:spiffe://example.internal/ns/production/sa/a-service-with-a-long-name",
             kNow - 3000, kNow + 600),
      Leaf(leaf_der),
      Record(kOthersSerial, v1::Certificate::STATE_ACTIVE, "DNS:api.internal", kNow - kDay,
             kNow + 29 * kDay),
  };
}

bool Matches(const std::string& filter, const v1::Certificate& record) {
  const size_t at = filter.find("state = ");
  if (at == std::string::npos) return true;
  const std::string name = v1::Certificate::State_Name(record.state()).substr(6);
  return filter.substr(at + 8, name.size()) == name;
}

}  // namespace

FakeCa::FakeCa(const rpc::TestPki& pki, const std::filesystem::path& golden) : golden_(golden) {
  const auto chain = *client::ReadCertificates(golden / "web.internal.crt");
  leaf_der_ = ToString(chain.at(0).der);
  policy_text_ = ToString(*client::ReadFile(golden / "policy.toml"));
  issuing_der_ = ToString(chain.at(1).der);
  root_der_ = ToString(client::ReadCertificates(golden / "roots.pem")->at(0).der);
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_root_certs = PemOf(pki.File("ca.crt"));
  tls_root_der_ = ToString(client::ReadCertificates(pki.File("ca.crt"))->at(0).der);
  tls.pem_key_cert_pairs = {{PemOf(pki.File("server.key")), PemOf(pki.File("server.crt"))}};
  grpc::SslServerCredentialsOptions strangers(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  strangers.pem_key_cert_pairs = tls.pem_key_cert_pairs;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls), &port_);
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(strangers), &enrolment_port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

FakeCa::~FakeCa() { server_->Shutdown(std::chrono::system_clock::time_point()); }

grpc::Status FakeCa::IssueCertificate(Context*, const v1::IssueCertificateRequest* request,
                                      v1::IssueCertificateResponse* response) {
  if (request->profile() != "server") {
    return Refusal(
        grpc::StatusCode::NOT_FOUND, "UNKNOWN_PROFILE", "profile.unknown",
        "no profile \"" + request->profile() + "\"; profiles for this principal: client, server");
  }
  const auto csr = x509::CertificationRequest::FromDer(AsBytes(request->csr_der()));
  for (const auto& name : csr->names()) {
    if (name.ValueText().ends_with(".internal")) continue;
    return Refusal(
        grpc::StatusCode::PERMISSION_DENIED, "POLICY_DENIED", "policy.name",
        "the policy does not grant it",
        {{"subject_alt_names", name.ToString() + " is not granted with profile \"server\"; granted "
                                                 "are: *.internal [policy.name]"}});
  }
  *response->mutable_certificate() = Leaf(leaf_der_);
  response->add_issuer_chain_der(issuing_der_);
  if (request->with_inclusion_proof()) {
    response->mutable_inclusion_proof()->set_tlog_proof("c2sp.org/tlog-proof@v1\n");
    response->mutable_inclusion_proof()->set_entry("entry");
  }
  return grpc::Status::OK;
}

grpc::Status FakeCa::RenewCertificate(Context*, const v1::RenewCertificateRequest*,
                                      v1::RenewCertificateResponse* response) {
  *response->mutable_certificate() = Leaf(leaf_der_);
  response->add_issuer_chain_der(issuing_der_);
  return grpc::Status::OK;
}

grpc::Status FakeCa::AcknowledgeCertificate(Context*, const v1::AcknowledgeCertificateRequest*,
                                            v1::AcknowledgeCertificateResponse*) {
  return grpc::Status::OK;
}

grpc::Status FakeCa::GetCertificate(Context*, const v1::GetCertificateRequest* request,
                                    v1::Certificate* response) {
  for (const auto& record : All(leaf_der_)) {
    if (request->name().ends_with("/" + record.serial_number())) *response = record;
  }
  if (!response->name().empty()) return grpc::Status::OK;
  return Refusal(grpc::StatusCode::NOT_FOUND, "NOT_FOUND", "certificate.not-found",
                 "no such certificate, or none that you may see");
}

grpc::Status FakeCa::ListCertificates(Context*, const v1::ListCertificatesRequest* request,
                                      v1::ListCertificatesResponse* response) {
  if (request->filter().find("colour") != std::string::npos) {
    return Refusal(grpc::StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT", "list.filter",
                   "\"colour\" cannot be filtered by");
  }
  constexpr int kPage = 2;
  int skip = request->page_token().empty() ? 0 : std::stoi(request->page_token());
  const int begin = skip;
  for (const auto& record : All(leaf_der_)) {
    if (!Matches(request->filter(), record) || skip-- > 0) continue;
    if (response->certificates_size() == std::min(kPage, request->page_size())) {
      response->set_next_page_token(std::to_string(begin + response->certificates_size()));
      break;
    }
    *response->add_certificates() = record;
  }
  return grpc::Status::OK;
}

grpc::Status FakeCa::RevokeCertificate(Context* context,
                                       const v1::RevokeCertificateRequest* request,
                                       v1::RevokeCertificateResponse* response) {
  v1::GetCertificateRequest get;
  get.set_name(request->name());
  v1::Certificate record;
  if (const auto status = GetCertificate(context, &get, &record); !status.ok()) return status;
  if (record.serial_number() == kOthersSerial) {
    return Refusal(grpc::StatusCode::PERMISSION_DENIED, "POLICY_DENIED", "policy.role",
                   "spiffe://example.internal/auditor is no operator or admin; the policy in force "
                   "lists them under operators or admins");
  }
  response->set_already_revoked(record.has_revocation());
  *response->mutable_certificate() = Revoked(std::move(record));
  response->mutable_good_answers_expire_time()->set_seconds(kNow + 3600);
  return grpc::Status::OK;
}

namespace {

constexpr char kToken[] = "enrolmentTokens/0190a1b2-0000-7000-8000-000000000001";

v1::EnrolmentToken TokenFor(const std::string& profile, const std::string& name) {
  v1::EnrolmentToken token;
  token.set_name(kToken);
  token.set_profile(profile);
  token.add_subject_alt_names(name);
  token.set_uses_max(1);
  token.set_principal("spiffe://mayfly.internal/build/controller");
  token.mutable_create_time()->set_seconds(1'772'452'800);
  token.mutable_expire_time()->set_seconds(1'772'452'800 + 900);
  return token;
}

}  // namespace

grpc::Status FakeCa::CreateEnrolmentToken(Context*, const v1::CreateEnrolmentTokenRequest* request,
                                          v1::CreateEnrolmentTokenResponse* response) {
  if (request->uses_max() > 1000) {
    return Refusal(grpc::StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT", "enrolment.uses",
                   "uses_max is 0 (for 1) to 1000");
  }
  *response->mutable_enrolment_token() =
      TokenFor(request->profile(), request->subject_alt_names(0));
  response->set_token("mayfly_enrol_" + std::string(64, '5'));
  return grpc::Status::OK;
}

grpc::Status FakeCa::ListEnrolmentTokens(Context* context, const v1::ListEnrolmentTokensRequest*,
                                         v1::ListEnrolmentTokensResponse* response) {
  if (auto status = RequireRole(*context, "enroller, auditor, operator or admin",
                                "enrollers, auditors, operators or admins");
      !status.ok())
    return status;
  *response->add_enrolment_tokens() = TokenFor("workload", "DNS:api.internal");
  v1::EnrolmentToken& spent = *response->add_enrolment_tokens();
  spent = TokenFor("server", "DNS:web.internal");
  spent.set_use_count(1);
  v1::EnrolmentToken& revoked = *response->add_enrolment_tokens();
  revoked = TokenFor("server", "DNS:old.internal");
  revoked.set_revoked(true);
  return grpc::Status::OK;
}

grpc::Status FakeCa::RevokeEnrolmentToken(Context* context,
                                          const v1::RevokeEnrolmentTokenRequest* request,
                                          v1::RevokeEnrolmentTokenResponse*) {
  if (auto status =
          RequireRole(*context, "enroller, operator or admin", "enrollers, operators or admins");
      !status.ok())
    return status;
  if (request->name() == kToken) return grpc::Status::OK;
  return Refusal(grpc::StatusCode::NOT_FOUND, "NOT_FOUND", "enrolment.not-found",
                 "no such enrolment token, or none that you may revoke");
}

grpc::Status FakeCa::GetTrustBundle(Context* context, const v1::GetTrustBundleRequest*,
                                    v1::TrustBundle* response) {
  response->set_name("trustBundles/example.internal");
  response->add_root_certificates_der(CallerOf(*context).empty() ? tls_root_der_ : root_der_);
  response->add_issuing_certificates_der(issuing_der_);
  response->set_sequence_number(7);
  return grpc::Status::OK;
}

grpc::Status FakeCa::ExplainIssuance(Context*, const v1::ExplainIssuanceRequest* request,
                                     v1::ExplainIssuanceResponse* response) {
  using Trial = v1::RuleTrial;
  const auto csr = x509::CertificationRequest::FromDer(AsBytes(request->csr_der()));
  const auto try_rule = [&](const char* rule, Trial::Outcome outcome) {
    Trial& trial = *response->add_rule_trials();
    trial.set_rule(rule);
    trial.set_outcome(outcome);
    return &trial;
  };
  const auto find = [&](const char* rule, const std::string& message) {
    v1::Finding& finding = *response->add_findings();
    finding.set_rule(rule);
    finding.set_message(message);
    finding.set_severity(v1::Finding::SEVERITY_ERROR);
  };
  response->set_principal(request->principal().empty() ? "spiffe://example.internal/operator"
                                                       : request->principal());
  response->set_policy_version(4);
  for (const auto& name : csr->names()) response->add_subject_alt_names(name.ToString());
  if (request->profile() != "server") {
    find("profile.unknown",
         "no profile \"" + request->profile() + "\"; profiles for this principal: server");
    return grpc::Status::OK;
  }
  auto& lifetime = *response->mutable_lifetime();
  lifetime.mutable_profile_default()->set_seconds(7 * kDay);
  lifetime.mutable_profile_max()->set_seconds(30 * kDay);
  if (request->has_lifetime()) *lifetime.mutable_requested() = request->lifetime();
  if (request->lifetime().seconds() > 30 * kDay) {
    find("policy.lifetime", "40d; profile \"server\" allows 1s to 30d");
  }
  try_rule("others", Trial::OUTCOME_OTHER_PRINCIPAL);
  try_rule("clients", Trial::OUTCOME_OTHER_PROFILE);
  const std::string first = csr->names().front().ToString();
  if (first == "DNS:many.internal") {
    try_rule("web", Trial::OUTCOME_NO_NAME_LOOKED_AT);
    find("policy.name-count", "101 names; 100 at most");
  } else if (first == "DNS:none.internal") {  // a profile that names who asks
    response->clear_subject_alt_names();
    try_rule("web", Trial::OUTCOME_NO_NAME_LOOKED_AT);
    find("policy.no-names",
         "profile \"server\" names who asks (names_from = \"principal\"), and local:1000 has no "
         "names of its own");
  } else if (first.ends_with(".internal")) {
    try_rule("web", Trial::OUTCOME_GRANTS)->add_subject_alt_names(first);
    try_rule("web-again", Trial::OUTCOME_OTHER_FIRST);
  } else if (first.starts_with("URI:")) {
    try_rule("web", Trial::OUTCOME_NO_NAME_LOOKED_AT);
    find("policy.name-kind", first + ": profile \"server\" allows names of kind dns");
  } else {
    try_rule("web", Trial::OUTCOME_NO_NAME);
    find("policy.name", first + " is not granted with profile \"server\"; granted are: *.internal");
  }
  if (response->findings_size() > 0) return grpc::Status::OK;
  const auto leaf = x509::Certificate::FromDer(AsBytes(leaf_der_));
  response->set_tbs_der(ToString(leaf->tbs().der()));
  response->set_granted(true);
  lifetime.mutable_granted()->set_seconds(2 * kDay);
  lifetime.set_ends_with_issuer(first == "DNS:last.internal");
  return grpc::Status::OK;
}

grpc::Status FakeCa::GetPolicy(Context* context, const v1::GetPolicyRequest*,
                               v1::Policy* response) {
  if (auto status = RequireReader(*context); !status.ok()) return status;
  response->set_version(4);
  response->set_decision(9);
  response->set_policy_text(policy_text_);
  return grpc::Status::OK;
}

grpc::Status FakeCa::ReadAuditLog(Context* context, const v1::ReadAuditLogRequest* request,
                                  v1::ReadAuditLogResponse* response) {
  if (auto status = RequireReader(*context); !status.ok()) return status;
  const auto file = client::ReadFile(golden_ / "audit-log" / request->path());
  if (!file) {
    return Refusal(grpc::StatusCode::NOT_FOUND, "NOT_FOUND", "tlog.file",
                   "the log has no such file");
  }
  response->set_content(ToString(*file));
  return grpc::Status::OK;
}

grpc::Status FakeCa::ListEvents(Context* context, const v1::ListEventsRequest*,
                                v1::ListEventsResponse* response) {
  if (auto status = RequireReader(*context); !status.ok()) return status;
  constexpr std::string_view kTrustDomain = "spiffe://example.internal/";
  for (const auto& [name, who] :
       {std::pair("DNS:shop.example", "operator"), std::pair("DNS:api.example", "operator"),
        std::pair("DNS:web.internal", "ns/prod/sa/web")}) {
    v1::Event& event = *response->add_events();
    event.set_kind("denial");
    event.set_principal(std::string(kTrustDomain) + who);
    event.mutable_create_time()->set_seconds(kNow - kDay);
    auto& detail = *event.mutable_detail()->mutable_fields();
    detail["profile"].set_string_value("server");
    detail["names"].mutable_list_value()->add_values()->set_string_value(name);
  }
  return grpc::Status::OK;
}

grpc::Status FakeCa::ListAlerts(Context* context, const v1::ListAlertsRequest* request,
                                v1::ListAlertsResponse* response) {
  if (auto status = RequireReader(*context); !status.ok()) return status;
  for (const auto kind : {v1::Alert::KIND_RENEWAL_OVERDUE, v1::Alert::KIND_KEY_COPIED}) {
    v1::Alert& alert = *response->add_alerts();
    alert.set_kind(kind);
    alert.set_certificate("issuers/issuing-1/certificates/" + std::string(kLeafSerial));
    alert.set_lineage("019c0b1d-0000-7000-8000-000000000001");
    alert.add_subject_alt_names("DNS:web.internal");
    alert.set_principal("spiffe://example.internal/operator");
    alert.set_profile("server");
    alert.mutable_since_time()->set_seconds(kNow - 3000);
    alert.mutable_not_after_time()->set_seconds(kNow + 5 * kDay);
    if (request->page_size() == response->alerts_size()) break;
  }
  response->set_total_size(3);
  response->set_ticks_behind(90);
  return grpc::Status::OK;
}

grpc::Status FakeCa::ApplyPolicy(Context*, const v1::ApplyPolicyRequest* request,
                                 v1::ApplyPolicyResponse* response) {
  if (request->base_version() == 2) {
    return Refusal(grpc::StatusCode::FAILED_PRECONDITION, "FAILED_PRECONDITION", "approval.needed",
                   "the policy in force asks for two persons: one proposes the next (mayfly policy "
                   "propose FILE), another admin approves it (mayfly proposal approve ID)");
  }
  if (!request->policy_text().starts_with("admins")) {
    return Refusal(grpc::StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT", "policy.file",
                   "policy_text has 1 error(s)",
                   {{"policy_text:1", "unknown key \"case\" [config.unknown-key]"}});
  }
  if (request->has_base_version() && request->base_version() != 4) {
    return Refusal(
        grpc::StatusCode::ABORTED, "CONFLICT", "policy.outdated",
        "version 4 of the policy came into force meanwhile; look at it, then apply again");
  }
  response->set_already_in_force(request->policy_text() == policy_text_);
  response->set_version(response->already_in_force() ? 4 : 5);
  return grpc::Status::OK;
}

}  // namespace mayfly::cli
