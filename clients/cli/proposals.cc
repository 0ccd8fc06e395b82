#include "clients/cli/proposals.h"

#include "base/uuid.h"
#include "clients/cli/line_diff.h"
#include "clients/cli/render.h"
#include "clients/cli/resource_id.h"

namespace mayfly::cli {
namespace {

namespace v1 = ::mayfly::ca::v1;

constexpr std::string_view kIssuers = "issuers/";
constexpr std::string_view kCertificates = "/certificates/";
constexpr size_t kNamesColumns = 200;
constexpr size_t kPrincipalBytesMax = 512;

// issuers/{issuer}/certificates/{serial}
Result<policy::NamedCertificate> CertificateOf(std::string_view name) {
  const size_t middle = name.find(kCertificates);
  if (name.starts_with(kIssuers) && middle != std::string_view::npos && middle >= kIssuers.size()) {
    const std::string_view hex = name.substr(middle + kCertificates.size());
    auto serial = x509::SerialNumber::FromHex(hex);
    if (serial && serial->Hex() == hex) {
      return policy::NamedCertificate{
          std::string(name.substr(kIssuers.size(), middle - kIssuers.size())), *std::move(serial)};
    }
  }
  return Fail(ErrorCode::kInternal, "client.proposal",
              "the server's proposal names a certificate in no known way: " + Escape(name));
}

Result<policy::ProposalPayload> RevocationOf(const v1::MassRevocation& message) {
  // The API's numbers are CRLReason's, plus one (RFC 5280 5.3.1); 0 is unspecified.
  const int reason = message.reason() == 0 ? 0 : message.reason() - 1;
  policy::MassRevocation revocation{{}, static_cast<x509::RevocationReason>(reason)};
  for (const std::string& name : message.certificates()) {
    TRY_ASSIGN(auto certificate, CertificateOf(name));
    revocation.certificates.push_back(std::move(certificate));
  }
  return policy::ProposalPayload(std::move(revocation));
}

std::string Count(size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string Who(const std::string& principal) { return Escape(principal, kPrincipalBytesMax); }

std::string When(const google::protobuf::Timestamp& time, TimePoint now) {
  return TimeText(TimeOf(time)) + ", " + FromNow(TimeOf(time), now);
}

}  // namespace

Result<policy::ProposalPayload> PayloadOf(const v1::Proposal& proposal) {
  if (proposal.has_policy_change()) {
    const v1::PolicyChange& change = proposal.policy_change();
    return policy::ProposalPayload(
        policy::PolicyChange{change.policy_text(), static_cast<uint64_t>(change.base_version())});
  }
  if (proposal.has_mass_revocation()) return RevocationOf(proposal.mass_revocation());
  return Fail(ErrorCode::kInternal, "client.unimplemented",
              "the server is newer than this program, which does not know such proposals");
}

std::string PayloadText(const v1::Proposal& proposal) {
  if (proposal.has_policy_change()) {
    return "policy, against version " + std::to_string(proposal.policy_change().base_version());
  }
  if (!proposal.has_mass_revocation()) return "unknown to this program";
  const v1::MassRevocation& revocation = proposal.mass_revocation();
  return "revocation of " +
         Count(static_cast<size_t>(revocation.certificate_count()), "certificate") + " (" +
         ReasonText(revocation.reason()) + ")";
}

std::string PolicyChangeText(const v1::Policy& in_force, const std::string& text) {
  const LineDiff diff = DiffLines(in_force.policy_text(), text);
  return "Against version " + std::to_string(in_force.version()) + ", which is in force, " +
         std::to_string(diff.removed) + " lines go and " + std::to_string(diff.added) + " come:\n" +
         diff.text;
}

Result<std::string> CertificatesText(client::Client& client,
                                     const std::vector<std::string>& names) {
  std::string lines = Count(names.size(), "certificate") + ":\n";
  for (const std::string& name : names) {
    TRY_ASSIGN(v1::Certificate record, client.Get(name));
    TRY_ASSIGN(const Shown shown, ShownRecord(std::move(record)));
    lines += "  " + shown.facts.serial + "  " + NamesText(shown.facts.names, kNamesColumns) + ", " +
             StateText(shown.record->state()) + "\n";
  }
  return lines;
}

void Tell(const Invocation& invocation, const std::string& lines) {
  invocation.console.err << lines;
}

std::string StateText(v1::Proposal::State state) {
  switch (state) {
    case v1::Proposal::STATE_OPEN:
      return "open";
    case v1::Proposal::STATE_EXECUTED:
      return "executed";
    case v1::Proposal::STATE_WITHDRAWN:
      return "withdrawn";
    case v1::Proposal::STATE_EXPIRED:
      return "expired";
    case v1::Proposal::STATE_OUTDATED:
      return "outdated";
    default:
      return "unknown to this program";
  }
}

Answer AnswerOf(const v1::Proposal& proposal, TimePoint now) {
  Answer answer;
  answer.document = ToJson(proposal);
  answer.names = {proposal.name()};
  answer.table = Line("id", IdOf(kProposalKind, proposal.name())) +
                 Line("what", PayloadText(proposal)) + Line("state", StateText(proposal.state())) +
                 Line("proposed by", Who(proposal.proposer())) +
                 Line("proposed", When(proposal.create_time(), now)) +
                 Line("expires", When(proposal.expire_time(), now));
  if (const auto payload = PayloadOf(proposal)) {
    answer.table += Line("sha256", ToHex(policy::PayloadHash(*payload)));
  }
  if (proposal.has_end_time()) {
    answer.table +=
        Line("ended by", Who(proposal.ended_by())) + Line("ended", When(proposal.end_time(), now));
  }
  return answer;
}

ExitCode PrintProposed(const Invocation& invocation, const v1::Proposal& proposal) {
  Print(invocation, AnswerOf(proposal, invocation.clock.Now()));
  Note(invocation, "Nothing has changed yet. Another admin approves it:");
  Tell(invocation, "  mayfly proposal approve " + IdOf(kProposalKind, proposal.name()) + "\n");
  return ExitCode::kOk;
}

}  // namespace mayfly::cli
