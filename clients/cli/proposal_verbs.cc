// `mayfly proposal ...`: what one has proposed and another approves.
#include <algorithm>
#include <limits>

#include "clients/cli/proposals.h"
#include "clients/cli/render.h"
#include "clients/cli/resource_id.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"

namespace mayfly::cli {
namespace {

namespace v1 = ::mayfly::ca::v1;

constexpr int kPageMax = 1000;  // the API's own

struct Found {
  v1::ListProposalsResponse list;
  bool more = false;  // than were asked for
};

// Pages until there are `limit` or no more.
Result<Found> Find(client::Client& client, const ProposalListOptions& options) {
  const int limit = options.limit > 0 ? options.limit : std::numeric_limits<int>::max();
  v1::ListProposalsRequest request;
  request.set_with_ended(options.all);
  Found found;
  do {
    request.set_page_size(std::min(limit - found.list.proposals_size(), kPageMax));
    TRY_ASSIGN(const v1::ListProposalsResponse page, client.Proposals(request));
    found.list.mutable_proposals()->MergeFrom(page.proposals());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && found.list.proposals_size() < limit);
  found.more = !request.page_token().empty();
  return found;
}

std::string TableOf(const v1::ListProposalsResponse& list, TimePoint now,
                    const Terminal& terminal) {
  std::vector<std::vector<Cell>> rows;
  for (const v1::Proposal& proposal : list.proposals()) {
    rows.push_back({IdOf(kProposalKind, proposal.name()), PayloadText(proposal),
                    StateText(proposal.state()), FromNow(TimeOf(proposal.expire_time()), now),
                    Escape(proposal.proposer(), 300)});
  }
  return Table({{"ID"}, {"WHAT", 0, 30}, {"STATE", 3}, {"EXPIRES", 2}, {"PROPOSED BY", 1, 30}},
               rows, terminal);
}

// Everything that it would do.
Result<std::string> EffectOf(client::Client& client, const v1::Proposal& proposal) {
  if (proposal.has_policy_change()) {
    TRY_ASSIGN(const v1::Policy in_force, client.Policy());
    return PolicyChangeText(in_force, proposal.policy_change().policy_text());
  }
  const auto& names = proposal.mass_revocation().certificates();
  return CertificatesText(client, {names.begin(), names.end()});
}

struct Seen {
  std::unique_ptr<client::Client> client;
  v1::Proposal proposal;
  Hash256 payload_sha256;  // of what is shown
  std::string effect;
};
Result<Seen> Look(const Invocation& invocation, const std::string& id) {
  TRY_ASSIGN(const std::string name, NameOf(kProposalKind, id));
  Seen seen;
  TRY_ASSIGN(seen.client, Connect(invocation));
  TRY_ASSIGN(seen.proposal, seen.client->Proposal(name));
  TRY_ASSIGN(const auto payload, PayloadOf(seen.proposal));
  seen.payload_sha256 = policy::PayloadHash(payload);
  TRY_ASSIGN(seen.effect, EffectOf(*seen.client, seen.proposal));
  return seen;
}

ExitCode PrintApproved(const Invocation& invocation, const v1::ApproveProposalResponse& approved) {
  Print(invocation, AnswerOf(approved.proposal(), invocation.clock.Now()));
  if (approved.proposal().has_policy_change()) {
    Note(invocation, "In force on every replica, as version " +
                         std::to_string(approved.proposal().policy_version()) + ".");
    return ExitCode::kOk;
  }
  Note(invocation, "Revoked, for ever.");
  Note(invocation, "OCSP answers given before may say good until " +
                       TimeText(TimeOf(approved.good_answers_expire_time())) + ".");
  return ExitCode::kOk;
}

}  // namespace

ExitCode ProposalList(const Invocation& invocation, const ProposalListOptions& options) {
  constexpr std::string_view kWhat = "cannot list the proposals";
  if (options.limit < 0) {
    return Report(invocation, kWhat, Usage("cli.limit", "--limit is 0 (all) or more"));
  }
  const auto client = Connect(invocation);
  if (!client) return Report(invocation, kWhat, client.error());
  const auto found = Find(**client, options);
  if (!found) return Report(invocation, kWhat, found.error());
  const auto& proposals = found->list.proposals();
  Answer answer;
  answer.document = ToJson(found->list);
  for (const v1::Proposal& proposal : proposals) {
    answer.lines.push_back(ToJson(proposal));
    answer.names.push_back(proposal.name());
  }
  if (!proposals.empty()) {
    answer.table = TableOf(found->list, invocation.clock.Now(), invocation.console.terminal);
  }
  Print(invocation, answer);
  if (proposals.empty()) Note(invocation, "There are none.");
  if (found->more) Note(invocation, "There may be more: --limit 0 shows all.");
  return ExitCode::kOk;
}

ExitCode ProposalShow(const Invocation& invocation, const ProposalOptions& options) {
  const auto seen = Look(invocation, options.id);
  if (!seen) return Report(invocation, "cannot show the proposal", seen.error());
  Answer answer = AnswerOf(seen->proposal, invocation.clock.Now());
  answer.table += "\n" + seen->effect;
  Print(invocation, answer);
  return ExitCode::kOk;
}

ExitCode ProposalApprove(const Invocation& invocation, const ProposalOptions& options) {
  constexpr std::string_view kWhat = "nothing was approved";
  const auto seen = Look(invocation, options.id);
  if (!seen) return Report(invocation, kWhat, seen.error());
  Tell(invocation, AnswerOf(seen->proposal, invocation.clock.Now()).table + "\n" + seen->effect);
  if (!options.yes) {
    const std::string question = seen->proposal.has_policy_change()
                                     ? "Bring this policy into force?"
                                     : "Revoke them? This is for ever.";
    if (const auto end = Confirm(invocation, question, kWhat)) return *end;
  }
  const auto approved = seen->client->Approve(seen->proposal.name(), seen->payload_sha256);
  if (!approved) return Report(invocation, kWhat, approved.error());
  return PrintApproved(invocation, *approved);
}

ExitCode ProposalWithdraw(const Invocation& invocation, const ProposalOptions& options) {
  constexpr std::string_view kWhat = "nothing was withdrawn";
  const auto name = NameOf(kProposalKind, options.id);
  if (!name) return Report(invocation, kWhat, name.error());
  if (!options.yes) {
    const auto end = Confirm(invocation, "Take the proposal " + options.id + " back?", kWhat);
    if (end) return *end;
  }
  const auto client = Connect(invocation);
  if (!client) return Report(invocation, kWhat, client.error());
  const auto withdrawn = (*client)->Withdraw(*name);
  if (!withdrawn) return Report(invocation, kWhat, withdrawn.error());
  Print(invocation, AnswerOf(*withdrawn, invocation.clock.Now()));
  return ExitCode::kOk;
}

}  // namespace mayfly::cli
