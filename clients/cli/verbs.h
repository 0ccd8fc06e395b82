// The verbs. Each gives its exit code and has said everything there is to say.
#pragma once

#include <string>
#include <vector>

#include "clients/cli/audit_log.h"
#include "clients/cli/invocation.h"
#include "clients/cli/wish.h"

namespace mayfly::cli {

struct IssueOptions : WishOptions {
  std::string folder = ".";
  std::string certificate_out, key_out;  // empty: in `folder`, named after the first name
  std::string proof_out;                 // empty: no proof of the audit log is waited for
  bool force = false;
};
struct ExplainOptions : WishOptions {
  std::string as;                      // a principal's id; empty: oneself
  std::vector<std::string> as_claims;  // NAME=VALUE
  std::vector<std::string> as_names;   // beside the one that is the id
};
struct InspectOptions {
  std::string target;
  bool full = false;
};
struct VerifyOptions {
  std::string target;
  std::string roots;  // empty: those that the CA is verified with
  std::vector<std::string> names;
  bool online = false;  // ask the CA where it stands
};
struct RenewalOptions {
  std::string file;
  std::string expires_within;  // empty: from two thirds of its life on
};
struct RenewOptions {
  std::string file;
  std::string key_file;  // empty: beside the certificate, .key
  std::string lifetime;  // empty: the profile's
  std::string key_type;  // empty: the current key's kind
};
struct ListOptions {
  std::string state = "active";
  std::string expires_within, filter;
  int limit = 100;
};
struct AlertsOptions {
  int limit = 100;
};
struct RevokeOptions {
  std::vector<std::string> targets;
  std::string reason = "unspecified";
  bool propose = false;  // another admin approves it
  bool yes = false;
};
struct ProposalListOptions {
  bool all = false;  // those too that are not open any more
  int limit = 100;
};
struct ProposalOptions {
  std::string id;
  bool yes = false;
};
struct PolicyProposeOptions {
  std::string file;
};
struct TokenOptions {
  std::vector<std::string> names;
  std::string profile = "workload";
  std::string lifetime;  // empty: the CA's
  int uses = 1;
  std::string out;  // empty: it is printed
  bool force = false;
};
struct TokenRevokeOptions {
  std::string id;
  bool yes = false;
};
struct BootstrapOptions : IssueOptions {
  std::string fingerprint;
  std::string context = "default";
};
struct TrustOptions {
  std::string file;  // empty: the CA's roots
  bool yes = false;
};
struct ContextOptions {
  std::string name;
  bool use = false, force = false, yes = false;
};
struct PolicyApplyOptions {
  std::string file;
  std::string if_version;  // empty: whatever is in force
  bool yes = false;
};
constexpr int kPolicyDiffDaysMax = 3660;
struct PolicyDiffOptions {
  std::string file;
  int days = 7;
};
struct PolicyTestOptions {
  std::string cases, policy;
};
struct AuditListOptions {
  LogOptions log;
  std::string kind;  // empty: all
  int limit = 50;
};
struct AuditFollowOptions {
  LogOptions log;
  int64_t from = -1;  // index; negative: what comes from now on
  int limit = 0;      // 0: for ever
};
struct AuditProveOptions {
  LogOptions log;
  std::string target;
  std::string out;  // empty: stdout
  bool force = false;
};
struct AuditExportOptions {
  LogOptions log;
  std::string folder;
};
struct AuditVerifyOptions {
  std::string folder, dump, verifier_key;
  std::string as_of;  // empty: now
  std::vector<std::string> kept;
};
struct CompletionOptions {
  std::string shell;
};

ExitCode Issue(const Invocation& invocation, const IssueOptions& options);
ExitCode Explain(const Invocation& invocation, const ExplainOptions& options);
ExitCode Inspect(const Invocation& invocation, const InspectOptions& options);
ExitCode Verify(const Invocation& invocation, const VerifyOptions& options);
ExitCode Renew(const Invocation& invocation, const RenewOptions& options);
ExitCode NeedsRenewal(const Invocation& invocation, const RenewalOptions& options);
ExitCode List(const Invocation& invocation, const ListOptions& options);
ExitCode ShowStatus(const Invocation& invocation);
ExitCode ListAlerts(const Invocation& invocation, const AlertsOptions& options);
ExitCode Revoke(const Invocation& invocation, const RevokeOptions& options);

ExitCode ProposalList(const Invocation& invocation, const ProposalListOptions& options);
ExitCode ProposalShow(const Invocation& invocation, const ProposalOptions& options);
ExitCode ProposalApprove(const Invocation& invocation, const ProposalOptions& options);
ExitCode ProposalWithdraw(const Invocation& invocation, const ProposalOptions& options);

ExitCode TokenCreate(const Invocation& invocation, const TokenOptions& options);
ExitCode TokenList(const Invocation& invocation);
ExitCode TokenRevoke(const Invocation& invocation, const TokenRevokeOptions& options);
ExitCode Bootstrap(const Invocation& invocation, const BootstrapOptions& options);

ExitCode PolicyShow(const Invocation& invocation);
ExitCode PolicyApply(const Invocation& invocation, const PolicyApplyOptions& options);
ExitCode PolicyPropose(const Invocation& invocation, const PolicyProposeOptions& options);
ExitCode PolicyDiff(const Invocation& invocation, const PolicyDiffOptions& options);
ExitCode PolicyTest(const Invocation& invocation, const PolicyTestOptions& options);

ExitCode AuditList(const Invocation& invocation, const AuditListOptions& options);
ExitCode AuditFollow(const Invocation& invocation, const AuditFollowOptions& options);
ExitCode AuditProve(const Invocation& invocation, const AuditProveOptions& options);
ExitCode AuditExport(const Invocation& invocation, const AuditExportOptions& options);
ExitCode AuditVerify(const Invocation& invocation, const AuditVerifyOptions& options);

ExitCode TrustShow(const Invocation& invocation);
ExitCode TrustInstall(const Invocation& invocation, const TrustOptions& options);
ExitCode TrustUninstall(const Invocation& invocation, const TrustOptions& options);

ExitCode ContextList(const Invocation& invocation);
ExitCode ContextShow(const Invocation& invocation);
ExitCode ContextUse(const Invocation& invocation, const ContextOptions& options);
ExitCode ContextAdd(const Invocation& invocation, const ContextOptions& options);
ExitCode ContextRemove(const Invocation& invocation, const ContextOptions& options);

ExitCode Completion(const Invocation& invocation, const CompletionOptions& options);

}  // namespace mayfly::cli
