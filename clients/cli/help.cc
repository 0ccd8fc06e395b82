#include "clients/cli/help.h"

namespace mayfly::cli::help {

const HelpText kProgram = {
    "Ask a Mayfly certificate authority for certificates, look at them, revoke them.", R"(
Examples:
  mayfly issue web.internal
      a key and a certificate for web.internal: ./web.internal.key and .crt
  mayfly issue web.internal 10.0.0.7 --lifetime 7d --out /etc/web
  mayfly inspect web.internal.crt
  mayfly inspect https://web.internal
  mayfly verify web.internal.crt --online
  mayfly revoke web.internal.crt --reason key-compromise

Which CA, whom to trust and who you are: each setting comes from the first of
  an option; the context of --context; the environment (MAYFLY_SERVER,
  MAYFLY_TRUST, MAYFLY_CERT, MAYFLY_KEY, or MAYFLY_TOKEN_FILE,
  MAYFLY_ENROLMENT_SERVER; the context of MAYFLY_CONTEXT);
  .mayfly/client.toml in this folder or one above; ~/.config/mayfly/client.toml;
  /etc/mayfly/client.toml
MAYFLY_CONFIG, MAYFLY_TIMEOUT and MAYFLY_OUTPUT stand in for the options.
`mayfly context show` says what is in force, and who says so.

Data goes to stdout, all else to stderr; NO_COLOR turns colors off. Exit codes:
  0  done                        3  denied by policy, or not authenticated
  1  failed                      4  not found
  2  wrong usage or settings     5  unavailable: try again
needs-renewal has its own: 0 renew now, 1 not yet, 2 no such file, 255 other.
)"};

const HelpText kIssue = {"Make a key, get a certificate for it", R"(
Names: a bare name is a DNS name or an IP address, scheme:// is a URI; the
prefixes DNS: IP: URI: email: say it outright. All must be granted, or nothing
is issued. The key (mode 0600) and the certificate with its chain are written
whole or not at all, and never over files that exist, unless --force.

Examples:
  mayfly issue web.internal
  mayfly issue web.internal www.internal --lifetime 24h --key-type rsa-3072
  mayfly issue spiffe://mayfly.internal/ns/prod/sa/web --profile workload
  mayfly issue --csr request.pem --cert-out web.crt
)"};

const HelpText kExplain = {"Say what would become of a request, and why", R"(
Takes what `mayfly issue` takes; nothing is issued, recorded or written. Shows
what refuses it and what would satisfy that, what each rule of the policy said,
and where the lifetime comes from. Operators and auditors may ask --as somebody
else, with what an id does not tell: --as-claim what their token says, --as-name
the other names of their certificate. Exit code 0 where it would be issued, 3
where it would be refused.

Examples:
  mayfly explain web.internal
  mayfly explain web.internal --profile client --lifetime 30d
  mayfly explain --csr request.pem --as spiffe://mayfly.internal/ns/prod/sa/web
  mayfly explain api.prod.svc.internal --as-claim namespace=prod \
      --as jwt:cluster:system:serviceaccount:prod:api
)"};

const HelpText kInspect = {"Show a certificate: of a file, a server, the CA", R"(
Files are read without asking anybody. From a server comes what it shows in a
TLS handshake; nothing is verified (see mayfly verify). A serial number is asked
of the CA, which says where the certificate stands.

Examples:
  mayfly inspect web.internal.crt
  mayfly inspect https://web.internal:8443 --full
  mayfly inspect 2101933b52f0a1c2d3e4f5061728394a5b6c7d8e -o json
  mayfly inspect https://web.internal -o pem > shown.pem
)"};

const HelpText kVerify = {"Check a certificate's chain, dates and names", R"(
The host of https://HOST is checked as a name, unless --name is given. Exit
code 0 where everything holds, else 1.

Examples:
  mayfly verify web.internal.crt --name web.internal
  mayfly verify web.internal.crt --online
  mayfly verify https://web.internal:8443 --roots roots.pem
)"};

const HelpText kRenew = {"Renew a certificate: same names, new key", R"(
FILE and its key authenticate and are replaced when the new ones have come, so
the certificate must be good for clients (clientAuth) and still valid. The old
one stays good until the new one is in use. The key is made here and never
leaves. One that has expired is renewed where its profile grants a grace period.
The new files have the owner, group and mode of the old ones. Runs for the same
FILE take turns; one that was killed between the two files is completed by the
next.

Examples:
  mayfly renew web.internal.crt
  mayfly needs-renewal web.internal.crt && mayfly renew web.internal.crt
  mayfly renew tls.crt --key-file tls.key --lifetime 24h
)"};

const HelpText kNeedsRenewal = {"Say whether it is time to renew, for scripts", R"(
Time is when two thirds of its life are over, or when less than
--expires-within is left.

Exit codes: 0 renew now, 1 not yet, 2 no such file, 255 anything else.

Examples:
  mayfly needs-renewal web.internal.crt && mayfly renew web.internal.crt
  mayfly needs-renewal web.internal.crt --expires-within 24h
)"};

const HelpText kList = {"List certificates, soonest expiry first", R"(
You see what is yours; operators and auditors see everything.

Examples:
  mayfly list
  mayfly list --expires-within 7d
  mayfly list --state revoked -o json
  mayfly list --state all --limit 0 -o name
)"};

const HelpText kStatus = {"Overview: how many there are, what expires next", R"(
Counts by state, the certificates that expire next, and the last that expired.

Examples:
  mayfly status
  mayfly status -o yaml
)"};

const HelpText kAlerts = {"List what somebody should look at", R"(
  renewal-overdue  The time to renew has passed, and nothing took the
                   certificate's place: neither a renewal nor a new certificate
                   for the same names, asked for by the same principal.
  key-copied       Two hands used one generation of a lineage: its key was
                   copied. Find out who has it, and revoke the certificate.
  key-shared       One key has certificates for two sets of names.

An alert goes when its cause does; there is nothing to acknowledge. For
auditors, operators and admins. Exit code 0 where there are alerts too: alarms
are better made of the metric mayfly_alerts.

Examples:
  mayfly alerts
  mayfly alerts -o name    the certificates that show them
)"};

const HelpText kRevoke = {"Revoke certificates, for ever", R"(
On a terminal you are asked first; elsewhere --yes is needed. Several are revoked
all together or not at all. Where the policy asks for two persons, several are
revoked by a proposal that another admin approves (--propose, then
mayfly proposal approve); a single one never needs that. Operators only.

Examples:
  mayfly revoke web.internal.crt --reason key-compromise
  mayfly revoke 2101933b52f0a1c2d3e4f5061728394a5b6c7d8e --yes
  mayfly revoke web.internal api.internal db.internal --propose
)"};

const HelpText kToken = {"Tokens with which others enrol", R"(
A token is good for one certificate with stated names and profile, and soon
expires. Who makes it vouches: it never gives what they could not have.

Examples:
  mayfly token create api.internal --profile workload
  mayfly token list
  mayfly token revoke 0190a1b2-0000-7000-8000-000000000001
)"};

const HelpText kTokenCreate = {"Make a token, which is shown once", R"(
The certificate has all of these names. The CA keeps the token's hash only. The
command that enrols with it is printed too. Enrollers and admins only.

Examples:
  mayfly token create api.internal --profile workload --out api.token
  mayfly token create spiffe://mayfly.internal/ns/prod/sa/api --lifetime 5m
  mayfly token create node.internal --profile server --uses 10
)"};

const HelpText kTokenList = {"The tokens that have not expired, newest first", R"(
Enrollers see those that they made; auditors, operators and admins all.

Examples:
  mayfly token list
  mayfly token list -o json
)"};

const HelpText kTokenRevoke = {"Revoke a token, for ever", R"(
Certificates that it gave stay good. On a terminal you are asked first;
elsewhere --yes is needed.

Examples:
  mayfly token revoke 0190a1b2-0000-7000-8000-000000000001 --yes
)"};

const HelpText kBootstrap = {"Recognize a CA by its root's fingerprint; enrol", R"(
For a machine that knows nothing yet but the SHA-256 of the root, which an admin
reads off `mayfly trust show` or `openssl x509 -fingerprint -sha256`. Makes a
context with the roots. With --token-file it also gets a certificate for the
NAMEs, with a key that is made here.

Examples:
  mayfly bootstrap --server ca.internal --fingerprint 4f2a...c9
  mayfly bootstrap --server ca.internal --fingerprint 4f2a...c9 \
      --token-file api.token --profile workload api.internal
)"};

const HelpText kPolicy = {"The CA's policy: who may have which certificate", R"(
Examples:
  mayfly policy show > policy.toml
  mayfly policy test cases.toml --policy policy.toml
  mayfly policy diff policy.toml
  mayfly policy apply policy.toml
  mayfly policy propose policy.toml
)"};

const HelpText kPolicyShow = {"Print the policy in force", R"(
Auditors and operators only.

Examples:
  mayfly policy show > policy.toml
)"};

const HelpText kPolicyApply = {"Put a policy in force, on every replica at once", R"(
On a terminal you are shown what changes and asked first; elsewhere --yes is
needed. A file with a mistake changes nothing, and every mistake is told with
its line. When it returns, nothing is issued any more that was decided under an
older policy. Nobody is overwritten: it counts against the version that you were
shown, or that --if-version says. Where the policy in force asks for two persons,
mayfly policy propose does it. Admins only.

Examples:
  mayfly policy apply policy.toml
  mayfly policy apply policy.toml --yes --if-version 7
)"};

const HelpText kPolicyPropose = {"Propose a policy, which another admin approves", R"(
Shows what would change. The proposal is for the version in force now: when
another one comes into force, it is outdated. In 7 days it expires. Needed where
the policy has two_persons = ["policy"]. Admins only.

Examples:
  mayfly policy propose policy.toml
)"};

const HelpText kProposal = {"What waits for a second person", R"(
Where the policy says two_persons, one proposes (mayfly policy propose, mayfly
revoke --propose), and an admin who is somebody else approves.

Examples:
  mayfly proposal list
  mayfly proposal show 0190a1b2-0000-7000-8000-000000000007
  mayfly proposal approve 0190a1b2-0000-7000-8000-000000000007
)"};

const HelpText kProposalList = {"The proposals that are open, newest first", R"(
For auditors, operators and admins.

Examples:
  mayfly proposal list
  mayfly proposal list --all --limit 0 -o json
)"};

const HelpText kProposalShow = {"Show a proposal, and all that it would do", R"(
A policy is shown as the lines that it changes in the one in force; -o json has
the whole text. For auditors, operators and admins.

Examples:
  mayfly proposal show 0190a1b2-0000-7000-8000-000000000007
)"};

const HelpText kProposalApprove = {"Approve a proposal: it is carried out", R"(
You are shown all that it does, and on a terminal asked; elsewhere --yes is
needed. What is approved is what was shown: its SHA-256, worked out here, goes
with the approval. Who proposed it cannot approve it. Admins only.

Examples:
  mayfly proposal approve 0190a1b2-0000-7000-8000-000000000007
)"};

const HelpText kProposalWithdraw = {"Take a proposal back", R"(
Your own; admins anybody's. On a terminal you are asked first; elsewhere --yes is
needed.

Examples:
  mayfly proposal withdraw 0190a1b2-0000-7000-8000-000000000007
)"};

const HelpText kPolicyDiff = {"Show what a new policy changes for recent requests", R"(
The certificates that were recorded in the last days, and the requests that were
denied, are decided again under the policy in force and under FILE: which would
be denied, newly allowed, get other names, live for another time, or be signed
by another issuer. Auditors and operators only.

Examples:
  mayfly policy diff policy.toml
  mayfly policy diff policy.toml --days 30 -o json
)"};

const HelpText kPolicyTest = {"Run expected decisions against a policy file", R"(
No CA is asked; the decisions are made as the CA makes them. FILE is TOML, with
a table for each case:

  [[case]]
  name = "web gets its own name"
  principal = "spiffe://mayfly.internal/ns/prod/sa/web"
  profile = "server"
  names = ["web.internal"]
  expect = "allow"
  [[case]]
  name = "web does not get the name of api"
  principal = "spiffe://mayfly.internal/ns/prod/sa/web"
  profile = "server"
  names = ["api.internal"]
  expect = "deny"
  rule = "policy.name"

lifetime and key may be asked for; rule and granted_lifetime of what is allowed
may be expected. Exit codes: 0 every case holds, 1 some do not, 2 one of the
files is wrong.

Examples:
  mayfly policy test cases.toml --policy policy.toml
  mayfly policy test cases.toml --policy policy.toml -o json
)"};

const HelpText kAudit = {"The audit log: what the CA did, provably", R"(
Every certificate that was issued, every abandonment, revocation and admin act
is an entry of a Merkle log, in C2SP's formats. Auditors and operators only;
with --log no CA is asked.

Examples:
  mayfly audit list
  mayfly audit follow
  mayfly audit prove web.internal.crt --out web.internal.tlog-proof
  mayfly audit export audit-copy
  mayfly audit verify audit-copy --dump ledger.sql
)"};

const HelpText kAuditList = {"List entries of the audit log, the newest first", R"(
Examples:
  mayfly audit list
  mayfly audit list --kind revoked --limit 0 -o json
  mayfly audit list --log audit-copy
)"};

const HelpText kAuditFollow = {"Print entries of the audit log as they come", R"(
Each checkpoint is proved to continue the one before; where it does not, the log
was rewritten, and this ends. -o jsonl is for programs.

Examples:
  mayfly audit follow
  mayfly audit follow --from 0 -o jsonl
)"};

const HelpText kAuditProve = {"Prove that a certificate is in the audit log", R"(
The proof is a C2SP tlog-proof, with the signed checkpoint; with --out FILE the
entry that it is about is FILE.entry. Other verifiers of that format take both.

Examples:
  mayfly audit prove web.internal.crt --out web.internal.tlog-proof
  mayfly audit prove web.internal.crt --log audit-copy -o json
)"};

const HelpText kAuditExport = {"Copy the audit log into a folder", R"(
What is there already is kept, after a proof that the log continues it; the copy
is verified. Keep it, or at least its file checkpoint, where nobody of the CA
can change it.

Examples:
  mayfly audit export audit-copy
)"};

const HelpText kAuditVerify = {"Verify the audit log, and a dump against it", R"(
No CA is asked. DIR is the CA's log folder, or a copy. The dump is pg_dump's
plain format of schema and data, made after the log was copied:

  pg_dump mayfly > ledger.sql

Whatever was deleted, altered, added, repeated or put in another order, up to
the checkpoint, is a finding; partitions that retention dropped are none once
all in them has expired. Exit codes: 0 none, 1 findings, 2 wrong usage, or files
that are no log or no dump.

Examples:
  mayfly audit verify audit-copy --verifier-key ca.verifier-key
  mayfly audit verify audit-copy --dump ledger.sql --kept last-year.checkpoint
)"};

const HelpText kTrust = {"The CA's roots, and this machine's trust in them", R"(
Examples:
  mayfly trust show > roots.pem
  sudo mayfly trust install roots.pem
)"};

const HelpText kTrustShow = {"Print the roots to trust, PEM", R"(
Examples:
  mayfly trust show > roots.pem
  mayfly trust show -o json
)"};

const HelpText kTrustInstall = {"Make this machine trust the roots", R"(
Debian and its kin, as root: the roots go to /usr/local/share/ca-certificates,
and update-ca-certificates reads them in. Programs with a list of their own
(browsers, Java) are not told.

Examples:
  mayfly trust show > roots.pem
  sudo mayfly trust install roots.pem
)"};

const HelpText kTrustUninstall = {"Take back what `trust install` did", R"(
On a terminal you are asked first; elsewhere --yes is needed.

Examples:
  sudo mayfly trust uninstall
)"};

const HelpText kContext = {"Name CAs and switch between them", R"(
A context is a name for a server, the roots it is verified with, and your
certificate and key. Each is a file: ~/.config/mayfly/contexts/NAME.toml.

Examples:
  mayfly context add prod --server ca.internal --trust roots.pem \
      --cert me.crt --key me.key
  mayfly context use prod
  mayfly list --context staging
)"};

const HelpText kContextList = {"The contexts there are", R"(
Examples:
  mayfly context list
  mayfly context list -o name
)"};

const HelpText kContextShow = {"The settings in force, and who says so", R"(
Examples:
  mayfly context show
  mayfly context show --context staging
)"};

const HelpText kContextUse = {"Use a context from now on", R"(
Written to ~/.config/mayfly/client.toml. Options, MAYFLY_* and a project's
.mayfly/client.toml outrank it; you are told where that is so.

Examples:
  mayfly context use prod
)"};

const HelpText kContextAdd = {"Add a context", R"(
--server, --trust, and --cert with --key, or --token-file, are needed, and are
checked.

Examples:
  mayfly context add prod --server ca.internal --trust roots.pem \
      --cert me.crt --key me.key
)"};

const HelpText kContextRemove = {"Remove a context; keys and certificates stay", R"(
On a terminal you are asked first; elsewhere --yes is needed.

Examples:
  mayfly context remove staging
)"};

const HelpText kCompletion = {"Print a script that completes mayfly's words", R"(
Examples:
  mayfly completion bash > ~/.local/share/bash-completion/completions/mayfly
  mayfly completion zsh > ~/.zfunc/_mayfly       # with fpath+=~/.zfunc
  mayfly completion fish > ~/.config/fish/completions/mayfly.fish
)"};

}  // namespace mayfly::cli::help
