// Proposals for people: what they would do, and the hash that an approval names.
#pragma once

#include <string>
#include <vector>

#include "clients/cli/invocation.h"
#include "policy/proposal.h"

namespace mayfly::cli {

// What a proposal says, as it was received: what its hash is worked out from. Errors: kInternal
// "client.unimplemented" (of a kind that this program does not know), "client.proposal" (names that
// are none).
Result<policy::ProposalPayload> PayloadOf(const ca::v1::Proposal& proposal);

// "policy, against version 4", "revocation of 3 certificates (key-compromise)"
std::string PayloadText(const ca::v1::Proposal& proposal);

// What the text would change in the policy in force: every line of it.
std::string PolicyChangeText(const ca::v1::Policy& in_force, const std::string& text);
// A line for each certificate: its serial number, its names and where it stands.
Result<std::string> CertificatesText(client::Client& client, const std::vector<std::string>& names);

// Lines of text to stderr, as they are.
void Tell(const Invocation& invocation, const std::string& lines);

// Its summary, as the answer of the verb that proposed it; and who approves it how.
ExitCode PrintProposed(const Invocation& invocation, const ca::v1::Proposal& proposal);
Answer AnswerOf(const ca::v1::Proposal& proposal, TimePoint now);
std::string StateText(ca::v1::Proposal::State state);

}  // namespace mayfly::cli
