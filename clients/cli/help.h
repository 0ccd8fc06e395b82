// What help and man pages say of each verb: one line, and what follows its options.
#pragma once

namespace mayfly::cli {

struct HelpText {
  const char* about;
  const char* footer;
};

namespace help {
extern const HelpText kProgram;
extern const HelpText kIssue, kExplain, kInspect, kVerify, kRenew;
extern const HelpText kNeedsRenewal, kList, kStatus, kAlerts, kRevoke;
extern const HelpText kToken, kTokenCreate, kTokenList, kTokenRevoke, kBootstrap;
extern const HelpText kPolicy, kPolicyShow, kPolicyApply, kPolicyPropose, kPolicyDiff, kPolicyTest;
extern const HelpText kProposal, kProposalList, kProposalShow, kProposalApprove, kProposalWithdraw;
extern const HelpText kAudit, kAuditList, kAuditFollow, kAuditProve, kAuditExport, kAuditVerify;
extern const HelpText kTrust, kTrustShow, kTrustInstall, kTrustUninstall;
extern const HelpText kContext, kContextList, kContextShow, kContextUse, kContextAdd,
    kContextRemove;
extern const HelpText kCompletion;
}  // namespace help

}  // namespace mayfly::cli
