"""The planted defects. Each is one text of one file, what stands there instead, and the test that
must turn red: a binary and a GoogleTest filter, or COMPILER where the types forbid it.
"""

import collections

from error_paths import ROOT, woven

# `switch`: which of the defects that the replacement holds is meant; nothing where it holds one.
Mutation = collections.namedtuple("Mutation", "name file text replacement binary filter switch",
                                  defaults=[None])

COMPILER = "(the compiler)"

ISSUE = "ca-server/issuance/issue.cc"
ISSUER = "ca-server/issuance/issuer.cc"
APPLICATION = "ca-server/issuance/application.cc"
AUTHORITY = "ca-server/issuance/certificate_authority.cc"
BASIS = "ca-server/issuance/basis_cache.cc"
LINT = "ca-server/lint/lint.cc"
AUTHORIZER = "ca-server/policy/authorizer.cc"
TEMPLATE = "ca-server/policy/certificate_template.cc"
PROVEN_KEY = "ca-server/x509/proven_key.cc"
SIGNATURE = "ca-server/x509/signature.cc"
TBS = "ca-server/x509/tbs_certificate.cc"
BATCH = "ca-server/store/ledger_batch.cc"
WRITER = "ca-server/store/ledger_writer.cc"
PEER = "ca-server/rpc/peer.cc"
CONVERT = "ca-server/rpc/convert.cc"
ACCESS = "ca-server/rpc/access.cc"
SERVICE = "ca-server/rpc/service.cc"
TURNS = "ca-server/rpc/turns.cc"
API = "proto/mayfly/ca/v1/certificate_authority.proto"
ACCESS_TABLE = "proto/access/access_table.cc"
EXPLAIN = "ca-server/issuance/explain.cc"
POLICY_ADMIN = "ca-server/issuance/policy_admin.cc"
PROPOSALS = "ca-server/issuance/proposals.cc"
MASS_REVOCATION = "ca-server/issuance/mass_revocation.cc"
PROPOSAL_STORE = "ca-server/store/proposals.cc"
POLICY_FILE = "ca-server/config/policy_file.cc"
PROFILE_SECTION = "ca-server/config/profile_section.cc"
NAME_PATTERN = "ca-server/policy/name_pattern.cc"
PLACEHOLDER = "ca-server/policy/placeholder.cc"
PATTERN_INDEX = "ca-server/policy/pattern_index.cc"
PRINCIPAL_PATTERN = "ca-server/policy/principal_pattern.cc"
LINT_CATALOG = "ca-server/policy/lint_catalog.cc"
NAME_CONSTRAINTS = "ca-server/x509/name_constraints.cc"
ANCHORS = "ca-server/x509/trust_anchors.cc"
FOREIGN_CAS = "ca-server/identity/foreign_cas.cc"
SEQUENCER = "ca-server/audit/sequencer.cc"
KEEPER = "ca-server/audit/checkpoint_keeper.cc"
WITNESS = "ca-server/audit/witness.cc"
WITNESSES = "ca-server/audit/witnesses.cc"
VERIFIER = "clients/audit/verify.cc"


def issuance(name, file, text, replacement, tests="*"):
    return Mutation(name, file, text, replacement, "unit_issuance", tests)


def lint(name, text, replacement, tests):
    return Mutation(name, LINT, text, replacement, "unit_lint", tests)


def policy(name, file, text, replacement, tests):
    return Mutation(name, file, text, replacement, "unit_policy", tests)


def rpc(name, file, text, replacement, tests):
    return Mutation(name, file, text, replacement, "unit_rpc", tests)


def x509(name, file, text, replacement, tests):
    return Mutation(name, file, text, replacement, "unit_x509", tests)


def identity(name, file, text, replacement, tests):
    return Mutation(name, file, text, replacement, "unit_identity", tests)


def audit(name, file, text, replacement, tests="*"):
    return Mutation(name, file, text, replacement, "unit_audit", tests)


def verifier(name, text, replacement):
    return Mutation(name, VERIFIER, text, replacement, "unit_audit_reader", "*")


def ledger(name, file, text, replacement, tests):
    return Mutation(name, file, text, replacement, "contract_ledger", f"*{tests}*")


def error_paths(file, binary):
    """Every refusal of a file, broken; any test of the module may notice."""
    text = (ROOT / file).read_text()
    name = file.rsplit("/", 1)[-1]
    planted, found = woven(file)
    return [Mutation(f"{name}:{line} {what}", file, text, planted, binary, "*", switch)
            for switch, line, what in found]


POLICY_FILES = ["authorizer", "certificate_template", "foreign_principal", "lint_catalog",
                "name_pattern", "pattern_index", "placeholder", "principal", "principal_pattern",
                "principal_text", "token_issuer"]
AUTHORISATION_FILES = ["basis_cache", "certificate_authority", "policy_admin", "explain",
                       "application", "issue", "renew", "enrolment", "proposals",
                       "mass_revocation"]

MUTATIONS = [
    # The order of the hops: what the types carry.
    Mutation("hop 8 left out: recording what was not linted", ISSUE,
             "  return linted;\n",
             "  return tbs;\n", COMPILER, "unit_issuance"),
    Mutation("hop 9 after hop 10: signing what was not recorded", ISSUE,
             "co_await Conclude(application, std::move(recorded), deadline)",
             "co_await Conclude(application, std::move(draft.tbs), deadline)", COMPILER,
             "unit_issuance"),
    Mutation("hop 5 left out: a template for a key that was not proved", ISSUE,
             "policy::MakeTemplate(grant, key, issuer.identity(), now)",
             "policy::MakeTemplate(grant, key.spki(), issuer.identity(), now)", COMPILER,
             "unit_issuance"),

    # Hops 3 to 9.
    issuance("the profile's key rules skipped", ISSUE,
             "application.prove(grant.profile().key_rules));  // 5",
             "application.prove(x509::KeyRules{}));  // 5"),
    issuance("the names inside the CSR not judged", APPLICATION,
             "  std::ranges::copy(key.names, std::back_inserter(names));\n", ""),
    issuance("the CSR no part of the request's body", APPLICATION,
             "  AppendSized(body, x509::KeyProofOctets(request.key));\n", ""),
    issuance("the names no part of the request's body", APPLICATION,
             "    AppendSized(body, AsBytes(name.ToString()));\n", ""),
    issuance("the request id not recorded", ISSUE,
             "    entry.request = RequestAttempt{*application.request, application.body_hash, attempt};\n",
             ""),
    issuance("a denial not noted", ISSUE,
             "  if (Denied(error.code) || is_misuse) NoteDenial(", "  if (false) NoteDenial("),
    issuance("a denial said under yesterday's policy", ISSUE,
             "      again = again || parts_.basis.Current()->decision > decision;\n",
             "      (void)decision;\n"),

    # Requests that come again.
    issuance("the request body's hash not compared", ISSUE,
             "if (prior.body_hash != application.body_hash) {", "if (false) {"),
    issuance("a revoked certificate released again", ISSUE,
             "  if (prior.revocation) {", "  if (false) {"),
    issuance("an intent signed without being decided again", ISSUE,
             "if (grant && StillServes(application, *grant, prior.record)) {", "if (true) {"),
    issuance("an abandoned attempt's number used again", ISSUE,
             "static_cast<uint16_t>(prior.attempt + 1)", "static_cast<uint16_t>(prior.attempt)"),
    issuance("an intent signed late in its life", ISSUE,
             "      now - recorded > validity.lifetime() / kStaleIntentDivisor) {", "      false) {"),
    issuance("an intent's bytes not linted under today's profile", ISSUE,
             "  TRY(lint::Lint(std::move(tbs), {grant, key, issuer->identity(), recorded}));\n",
             "  (void)lint::Lint(std::move(tbs), {grant, key, issuer->identity(), recorded});\n"),
    issuance("an intent's key not judged by today's rules", ISSUE,
             "TRY_ASSIGN(auto proven, application.prove(grant.profile().key_rules));",
             "TRY_ASSIGN(auto proven, application.prove(x509::KeyRules{}));"),

    # Hops 10 to 12.
    issuance("the signature not verified", ISSUER,
             "      CO_TRY(x509::VerifySignature(order.public_key, algorithm, order.message, "
             "result.signature));\n", ""),
    issuance("another job at each try", ISSUER, "    SignJob job{id,",
             "    SignJob job{Uuid::MakeV7(tools.clock.Now(), tools.random),"),
    issuance("a refused job tried until the deadline", ISSUER,
             "result.outcome == SignResult::Outcome::kRefused || next_try >= deadline",
             "next_try >= deadline"),
    issuance("the own signature released, not the one that stands", ISSUE,
             "        co_return Release(record, *standing);\n",
             "        (void)standing;\n        co_return Release(record, SignedOutcome{signature});\n"),
    issuance("an abandoned certificate released", ISSUE,
             '      co_return Fail(ErrorCode::kConflict, "issuance.abandoned", "abandoned meanwhile");\n',
             "      co_return Release(record, SignedOutcome{signature});\n"),
    issuance("the outcome's error ignored", ISSUE,
             "    if (outcome.error().code != ErrorCode::kDecisionStale) co_return "
             "std::move(outcome).error();\n",
             "    if (outcome.error().code != ErrorCode::kDecisionStale) co_return "
             "Release(record, SignedOutcome{signature});\n"),
    issuance("a stale grant settled", ISSUE,
             "    if (!grant || !StillServes(application, *grant, record)) {\n      CO_TRY_ASSIGN",
             "    if (!grant) {\n      CO_TRY_ASSIGN"),
    # No defect to plant: a signature that won against the abandonment, withheld there. Only who has the
    # request id can be first with one, and the same request finds it again.
    issuance("an older decision taken for today's", BASIS,
             "if (stored.decision <= known->decision) co_return Ok();", "co_return Ok();"),

    # No checkpoint, no release.
    issuance("recorded without a checkpoint", ISSUE,
             "  CO_TRY(parts_.gate.MayRelease());\n  std::optional<PriorAttempt>",
             "  std::optional<PriorAttempt>", "ReleaseGateTest.*"),
    issuance("released without a checkpoint", ISSUE,
             "  TRY(parts_.gate.MayRelease());\n  const Issuer* signed_by",
             "  const Issuer* signed_by", "ReleaseGateTest.*"),
    issuance("a revocation acknowledged uncovered", AUTHORITY,
             "  CO_TRY(co_await parts_.gate.WaitForCheckpoint(deadline));\n", "", "ReleaseGateTest.*"),
    issuance("a policy acknowledged uncovered", POLICY_ADMIN,
             "  CO_TRY(co_await parts_.gate.WaitForCheckpoint(deadline));\n", "", "ReleaseGateTest.*"),
    audit("a cosignature taken unverified", WITNESS,
          "    TRY(key().Verify(text, signature));\n", "", "WitnessTest.*"),
    audit("a witness that saw more passed over", WITNESS,
          "  if (told && *told > size) return Ahead(name(), *told);\n", "", "WitnessTest.*"),
    audit("fewer witnesses than are needed taken", WITNESSES,
          "  if (cosignatures.size() < parts_.needed) return;\n",
          "  if (cosignatures.empty()) return;\n", "WitnessesTest.*"),
    audit("released on an old cosignature", WITNESSES,
          "if (covered_ && parts_.clock.BootNow() - *covered_ <= *parts_.age_max) return Ok();",
          "if (covered_) return Ok();", "WitnessesTest.*"),
    audit("released without a look at witnesses", KEEPER,
          "  if (parts_.also_needed) TRY(parts_.also_needed());\n", ""),
    audit("signed before it was committed", SEQUENCER,
          "  if (tree.size() > committed.tree.size) TRY(parts_.log.Commit({tree.Head(), closed}));\n", ""),
    audit("a ledger that forgot followed", SEQUENCER,
          "  if (committed.tree.size < tree.size()) return LedgerLost(tree.size());\n", ""),
    audit("an altered ledger followed", SEQUENCER,
          "  if (tree.Head() != committed.tree) return Inconsistent(committed.tree.size);\n", ""),
    audit("the storage not tried where nothing is new", SEQUENCER,
          "  TRY(parts_.storage.Write(kCheckpointFile, AsBytes(next.note)));\n",
          "  if (next.note != published_.note) TRY(parts_.storage.Write(kCheckpointFile, AsBytes(next.note)));\n"),
    audit("a checkpoint as young as its round's end", KEEPER,
          "    covered_ = begun;\n", "    covered_ = parts_.clock.BootNow() + Seconds(3600);\n"),
    verifier("rows that are not in the log passed over", "      for (const DerivedEntry* row : left) Extra(*row);\n",
             "      (void)left;\n"),
    verifier("altered rows passed over", "      if (row->leaf != entry.leaf) {\n", "      if (false) {\n"),
    Mutation("a partition cut in two believed", "clients/audit/ledger_rows.cc",
             "      if (IsWholeSpan(range)) continue;\n", "      continue;\n", "unit_audit_reader", "*"),
    Mutation("a record outside of all partitions believed", "clients/audit/ledger_rows.cc",
             "    if (!rows_.HasPartitionFor(key.first)) {\n", "    if (false) {\n",
             "unit_audit_reader", "*"),
    verifier("unexpired partitions dropped", "    if (entry.header.not_after < now_) return;\n", "    return;\n"),

    # Who asks, sees and revokes.
    issuance("a revoked peer let in", AUTHORITY,
             "  if (revoked.value_or(false)) co_return RevokedPeer();\n",
             "  if (revoked.value_or(false)) revoked = false;\n"),
    issuance("a peer's bytes not compared with the record", AUTHORITY,
             "if (!shown.certificate || !Equal(shown.certificate->der(), peer.der())) co_return "
             "UnknownPeer();", "if (!shown.certificate) co_return UnknownPeer();"),
    issuance("an expired peer let in", AUTHORITY,
             "  if (!peer.tbs().fields().validity.Covers(parts_.clock.Now())) {",
             "  if (false) {"),
    issuance("anybody sees every certificate", AUTHORITY,
             "  if (!sees) co_return NoSuchCertificate();\n", ""),
    issuance("anybody lists every certificate", AUTHORITY,
             "  if (!sees_all) query", "  if (!sees_all && false) query"),
    issuance("anybody sees the renewals of others of their name", "ca-server/ports/certificate_index.cc",
             "(is_first && ", "((is_first || true) && ", "Superseded.*"),
    issuance("anybody asks about anybody", EXPLAIN,
             "    CO_TRY(co_await RequireRole(std::move(asking), policy::kReadersOfAll, deadline));\n",
             "", "Explain.*"),
    issuance("roles of a policy that was replaced", POLICY_ADMIN,
             "  if (!is_everybodys) CO_TRY(co_await parts_.basis.Refresh(deadline));\n", "",
             "PolicyAdmin.*"),
    issuance("an act with a superseded certificate", POLICY_ADMIN,
             "  if (!successor) co_return Ok();\n", "  if (true) co_return Ok();\n", "Superseded.*"),
    issuance("a denied role not noted", POLICY_ADMIN,
             'if (!allowed) NoteDenial(principal.id, {}, allowed.error());', "", "PolicyAdmin.*"),
    Mutation("a handler reached around the declaration", SERVICE,
             "co_await Admit(parts.use_cases, v1::AccessOf<Request>::kAccess,\n"
             "                                 std::move(principal), deadline));",
             "Result<Caller>(Caller(std::move(principal))));", COMPILER, "unit_rpc"),
    rpc("a method without a certificate's credential served to certificates", ACCESS,
        "callers == Callers::kWithCertificate ? takes_certificate : takes_others",
        "takes_certificate || takes_others", "RequireServed.*:Server.NoHandler*"),
    rpc("a token beside a certificate not looked at", "ca-server/rpc/identification.cc",
        ");\n    if (first != last) co_return TwoCredentials();\n", ");\n", "*TwoCredentials*"),
    rpc("a token beside a foreign certificate not looked at",
        "ca-server/rpc/identification.cc",
        "      if (first != last) co_return TwoCredentials();\n", "", "ForeignCallers.*"),
    issuance("a policy applied by one person", POLICY_ADMIN,
             "  if (!was_in_force && NeedsTwoPersons(before)) co_return PolicyNeedsApproval();\n", "",
             "TwoPersons.*"),
    issuance("a policy that came between and was not asked", POLICY_ADMIN,
             "request.base_version.value_or(before.policy_version)", "request.base_version",
             "TwoPersons.*"),
    issuance("many revoked by one person", MASS_REVOCATION,
             "    if (AsksForTwo(*basis, found.size())) co_return RevocationNeedsApproval();\n", "",
             "TwoPersons.*"),
    issuance("one person as both", PROPOSALS,
             "if (IsSamePerson(proposal.proposer, approver)) ", "if (false) ", "TwoPersons.*"),
    issuance("something else than what was shown approved", PROPOSALS,
             "if (payload == approved) return Ok();", "return Ok();", "TwoPersons.*"),
    issuance("an altered payload approved", PROPOSALS,
             "if (payload != proposal.payload_sha256) {", "if (false) {", "TwoPersons.*"),
    issuance("a proposer who lost the role", PROPOSALS,
             "!authorizer.RequireRole(proposal.proposer, needed)", "false", "TwoPersons.*"),
    policy("a role of somebody who is blocked", AUTHORIZER,
           "  TRY(decision.Verdict());\n  return RequireListed(", "  return RequireListed(", "Roles.*"),
    Mutation("carried out under a control number that has risen", PROPOSAL_STORE,
             "  if (start.decision != approval.decision) return DecisionStale();\n", "",
             "contract_proposals", "*ControlNumber*"),
    Mutation("approved with a key of the proposer's other generations", PROPOSAL_STORE,
             "  if (is_same) return SamePerson(proposal->proposer);\n", "  (void)is_same;\n",
             "contract_proposals", "*AnyGeneration*"),
    Mutation("approved with a key that its proposer has renewed to and not used",
             "ca-server/store/same_holder.cc",
             "HasHeldOneOf(session, a, keys_of_b)", "false",
             "contract_proposals", "*NobodyHasUsed*"),
    Mutation("approved with a superseded certificate", PROPOSAL_STORE,
             "    return SupersededPeer(*successor);\n", "", "contract_proposals", "*Superseded*"),
    ledger("another certificate asked for with a superseded one", "ca-server/store/lineage_uses.cc",
           "  if (entry.asker) return", "  if (false) return", "Superseded*"),
    Mutation("others of their name list renewals", "ca-server/store/certificate_walk.cc",
             ".generation = 0", ".generation >= 0", "contract_certificate_index", "*HoldersFind*"),
    Mutation("proposed by who was revoked meanwhile", PROPOSAL_STORE,
             "  if (!IsStanding(session, proposal->proposer)) return ProposerGone();\n", "",
             "contract_proposals", "*Revoked*"),
    Mutation("a spent token spent again", "ca-server/store/token_uses.cc",
             "} else if (used.size() >= token.uses_max) {", "} else if (false) {",
             "contract_enrolment_tokens", "*Spent*"),
    Mutation("an expired token spent", "ca-server/store/token_uses.cc",
             "if (token.expires <= now) {", "if (false) {",
             "contract_enrolment_tokens", "*Expires*"),
    Mutation("a request that lost the race for a use recorded", "ca-server/store/token_uses.cc",
             "if (!taken.contains(wanted)) lost.insert(wanted);", "", "contract_enrolment_tokens",
             "*Replicas*"),
    policy("a token whose maker lost the role", "ca-server/policy/authorizer.cc",
           "if (!may_enrol) Deny(", "if (false) Deny(", "*Enrolment*"),
    issuance("a late renewal that the old key did not sign", "ca-server/issuance/renew.cc",
             "if (!x509::VerifyRenewalStatement(expired, request.csr_der, request.request_id,\n"
             "                                    request.signature)) {",
             "if (false) {", "LateRenewal.*"),
    issuance("a late renewal without grace", "ca-server/issuance/renew.cc",
             "if (grant && late && *late > grant->profile().renewal_grace) {", "if (false) {",
             "LateRenewal.*"),
    issuance("a token for more than it states", "ca-server/issuance/enrolment.cc",
             "  TRY(RequireAmong(application.names, enrolment->names, OtherNames()));\n", "",
             "Enrolment.*"),
    rpc("a place in one list of proposals good for the other", "ca-server/rpc/proposal_calls.cc",
        '(request.with_ended() ? "all" : "open")', '"open"', "Server.ListsProposals*"),
    rpc("who is not alone has as many at work", TURNS,
        "OthersAsk(principal) ? limits_.principal_at_work_shared_max", "false ? size_t{0}",
        "SharedTurnsTest.*"),
    rpc("somebody counts for themselves", TURNS,
        "principal == latest_ ? others_asked_ : latest_asked_", "latest_asked_", "SharedTurnsTest.*"),
    rpc("others are forgotten when the same one asks again", TURNS,
        "  if (principal != latest_) {\n", "  if (true) {\n", "SharedTurnsTest.*"),
    rpc("who has asked once asks for ever", TURNS,
        "return asked && clock_.BootNow() - *asked < kPrincipalAsks;",
        "return asked && kPrincipalAsks > Seconds(0);", "SharedTurnsTest.*"),
    rpc("the declared roles not looked at", ACCESS,
        "  CO_TRY(co_await use_cases.RequireRole(std::move(asking), needed, deadline));\n",
        "  (void)needed;\n", "Admit.*"),
    rpc("the declared credentials not looked at", ACCESS,
        "  CO_TRY(RequireCredential(access, principal));\n", "  (void)RequireCredential;\n",
        "Admit.*"),
    rpc("anybody revokes", API,
        "returns (RevokeCertificateResponse) {\n    option (mayfly.ca.v1.access) = {\n"
        "      roles: [ROLE_OPERATOR, ROLE_ADMIN]",
        "returns (RevokeCertificateResponse) {\n    option (mayfly.ca.v1.access) = {\n"
        "      roles: [ROLE_REQUESTER]", "Declarations.*"),
    rpc("an operator taken for an admin", ACCESS,
        "      return {policy::Role::kAdmin};", "      return {policy::Role::kOperator};", "Admit.*"),
    rpc("another method's declaration", ACCESS_TABLE, "kAccessTable[\" << i << \"]",
        "kAccessTable[\" << 0 * i << \"]", "Declarations.*"),
    rpc("a server's certificate makes a caller", PEER,
        "  TRY(RequireClientAuth(*certificate));\n", "", "Peer.*"),
    rpc("a CSR of any size read", CONVERT,
        "if (!csr_der.empty() && csr_der.size() <= x509::kCsrDerBytesMax) return",
        "if (!csr_der.empty()) return", "ToIssueRequest.*"),

    # Foreign CAs.
    identity("a foreign CA says who is in any trust domain", FOREIGN_CAS,
             " && id->trust_domain == rules.trust_domain", "", "Foreign.*"),
    identity("a certificate of ours taken for a foreign one", FOREIGN_CAS,
             "  if (own_.subjects.Contains(chain.issuer())) return std::nullopt;\n", "",
             "Foreign.*"),
    x509("a name of ours in other octets taken for another's", "ca-server/x509/name_set.cc",
         "X509_NAME_cmp(name.get(), wanted.get()) == 0", "false", "NamesOfOurs.*"),
    identity("a path through a CA of ours", FOREIGN_CAS,
             "return own_.keys.contains(key); }", "return own_.keys.contains(key) && false; }",
             "Foreign.*"),
    identity("any key of a foreign leaf", FOREIGN_CAS,
             "  TRY(CheckKey(path.key, own_.keys));\n", "  (void)CheckKey;\n", "Foreign.*"),
    identity("the first of two foreign CAs counts", FOREIGN_CAS,
             "    if (found) return Refused(", "    if (found) return found;\n    if (false) return Refused(",
             "Foreign.*"),
    identity("a foreign CA's certificate or no client's makes a caller", ANCHORS,
             "  TRY(CheckLeaf(chain.leaf_.get()));\n", "  (void)CheckLeaf;\n", "Foreign.*"),
    identity("a foreign path of any time", ANCHORS,
             "  X509_VERIFY_PARAM_set_time(rules, std::chrono::system_clock::to_time_t(at));\n",
             "  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_NO_CHECK_TIME);\n  (void)at;\n",
             "Foreign.*"),
    identity("a foreign path without its revocation lists", ANCHORS,
             "  if (checks_lists) flags |=", "  if (checks_lists && false) flags |=", "Lists.*"),
    identity("revocation lists that were never there", FOREIGN_CAS,
             "  if (ca.lists && !lists) {", "  if (false) {", "Lists.*"),
    policy("a foreign holder by a rule for another source", PRINCIPAL_PATTERN,
           "  if (source_ != SourceOf(principal.proof)) return std::nullopt;\n",
           "  (void)SourceOf;\n", "ForeignPrincipal.*"),

    # The database's client certificate.
    Mutation("a replaced client certificate not seen", "ca-server/store/client_certificate_file.cc",
             "  return now && now != made_with_;\n", "  return false;\n", "unit_store",
             "ClientCertificate.*"),

    # Lint.
    lint("lint's verdict ignored", "  TRY(VerdictOf(findings.all()));\n",
         "  (void)VerdictOf(findings.all());\n", "Lint*"),
    lint("a CA's certificate passes", "  CheckNotCa(fields, findings);\n", "", "LintNotCa.*"),
    lint("other names than granted pass", "names && *names == granted", "names.has_value()",
         "LintNames.*"),
    lint("another key passes", "  CheckKey(fields, context, findings);\n", "", "LintKey.*"),
    lint("a longer life than granted passes", "validity.lifetime() <= lifetime", "true",
         "LintValidity.*"),
    lint("another issuer's name passes", "  CheckIssuer(fields, context.issuer, findings);\n", "",
         "LintIssuer.*"),
    lint("a subject of the request's passes", "  CheckSubject(fields, context, findings);\n", "",
         "LintSubject.*"),

    # Policy.
    policy("blocks not looked at", AUTHORIZER,
           "  decision.CheckLifetime(profile);\n  decision.CheckBlocks(issuer);\n",
           "  decision.CheckLifetime(profile);\n", "Authorizer.*"),
    policy("names not looked at", AUTHORIZER, "  decision.CheckNames(profile);\n", "",
           "Authorizer.*"),
    policy("any lifetime granted", AUTHORIZER, "lifetime <= profile.lifetime_max", "true",
           "Authorizer.*"),
    policy("the responder's profile for asking", AUTHORIZER,
           " ||\n      wish.profile == kResponderProfileName) {", ") {", "Authorizer.*"),
    policy("anybody an operator", AUTHORIZER, "  if (MatchAny(policy.operators, principal)) roles |=",
           "  roles |=", "Roles.*"),
    policy("anybody an admin", AUTHORIZER, "  if (MatchAny(policy.admins, principal)) {", "  {",
           "Roles.*"),
    policy("roles not looked at", AUTHORIZER,
           "  if (RolesOf(principal).HasAnyOf(needed)) return Ok();", "  return Ok();", "Roles.*"),
    policy("somebody without an id a requester", AUTHORIZER,
           "  if (principal.id.empty()) return {};\n", "", "Roles.*"),
    Mutation("a policy without admins", POLICY_FILE, "is == PolicyText::kProposed) CheckAdmins", "false) CheckAdmins", "unit_config", "PolicyFile.*"),

    policy("denied names not looked at", AUTHORIZER, "  if (IsDenied(parts)) return;\n", "",
           "Authorizer.*"),
    policy("a denial without names passed over", AUTHORIZER,
           "    if (!candidate.rule->names.empty()) continue;\n", "    continue;\n", "Authorizer.*"),
    policy("a denial about every profile only", AUTHORIZER,
           "  return rule.profiles.contains(profile) ||\n", "  return\n", "Authorizer.*"),
    policy("a principal by places for everybody", PRINCIPAL_PATTERN,
           "      if (wanted[i] != given[i]) return std::nullopt;\n", "", "Authorizer.*"),
    policy("a claim of another value overwritten", PRINCIPAL_PATTERN,
           "if (!is_new && claim->second != given[i]) return std::nullopt;", "(void)is_new;",
           "Authorizer.*"),
    policy("a requester without an id is everybody", PRINCIPAL_PATTERN,
           "  if (principal.id.empty()) return std::nullopt;\n", "", "Authorizer.*"),
    policy("a place filled by anything", NAME_PATTERN,
           "  return claim != claims->end() && claim->second == given;\n",
           "  return claim != claims->end();\n", "Authorizer.*"),
    policy("a claim that is no plain segment fits", NAME_PATTERN,
           "  if (!name.is_plain[at]) return false;\n", "", "Authorizer.*"),
    policy("wildcard names escape denials", NAME_PATTERN,
           "  if (WalkMatches(name, &claims)) return true;\n",
           "  return WalkMatches(name, &claims);\n", "NamePattern.*"),
    policy("names as reflection read the request", AUTHORIZER,
           "reflects ? principal.names : wish.names", "wish.names", "Authorizer.*"),
    policy("name constraints not looked at", TEMPLATE,
           "  TRY(CheckNameConstraints(grant, issuer));\n", "", "CertificateTemplate.*"),
    policy("truncated beyond the issuer", TEMPLATE, "return Span{truncated, true};",
           "return Span{validity, true};", "CertificateTemplate.*"),
    policy("what would outlive its issuer always truncated", TEMPLATE,
           "if (at_end == AtIssuerEnd::kTruncate && now <= issuer.not_after()) {",
           "if (now <= issuer.not_after()) {", "CertificateTemplate.*"),
    policy("must-staple beside noRevAvail", TEMPLATE,
           "return {.no_rev_avail = true};\n  return", "return {.no_rev_avail = true, .must_staple = "
           "profile.must_staple};\n  return", "CertificateTemplate.*"),
    Mutation("fixed lints switched off", LINT_CATALOG,
             "if (rule == nullptr || rule->is_fixed) return Severity::kError;",
             "if (rule == nullptr) return Severity::kError;", "unit_lint", "LintSeverity.*"),
    lint("names outside of the constraints pass", "  CheckNameConstraints(read, context, findings);\n",
         "", "LintNameConstraints.*"),
    lint("extensions not the profile's pass", "  CheckExtensions(read, context, findings);\n", "",
         "Lint*"),
    lint("own extensions of other bytes pass", "  CheckCustom(fields, profile, findings);\n", "",
         "LintCustomExtension.*"),
    lint("revocation signs not looked at", "  CheckRevocation(fields, context, findings);\n", "",
         "LintRevocation.*"),
    lint("SPIFFE's rules not looked at", "  CheckSpiffe(read, findings);\n", "", "LintSpiffe.*"),
    lint("usages that contradict pass", "  CheckCoherence(fields, findings);\n", "",
         "LintUsageCoherence.*"),
    x509("excluded names permitted", NAME_CONSTRAINTS,
         "  if (std::ranges::any_of(excluded, holds)) return false;\n", "", "NameConstraints.*"),
    x509("wildcards over excluded names permitted", NAME_CONSTRAINTS,
         "[&](const auto& subtree) { return Covers(name, subtree); })) {",
         "[&](const auto&) { return false; })) {", "NameConstraints.*"),
    policy("a requester's blocked key not looked at", AUTHORIZER, "  if (principal_.key_hash) {",
           "  if (false) {", "Authorizer.*"),
    issuance("a compromised key left in use", MASS_REVOCATION,
             "  if (reason == RevocationReason::kKeyCompromise) {", "  if (false) {"),
    issuance("keys not claimed for their identity", ISSUE,
             "  if (grant.profile().key_reuse == policy::KeyReuse::kRefuse) {", "  if (false) {"),
    ledger("a key claimed by another identity recorded", BATCH,
           "holder->second != claim.identity) {", "false) {", "AClaimedKeyIsOneIdentitys"),
    issuance("keys of this CA accepted", APPLICATION, "    rules.own_ca_keys = own;\n",
             "    (void)own;\n"),
    issuance("warnings of lint not noted", ISSUE, "!draft.warnings().empty()) {",
             "false) {"),

    # Keys and signatures.
    x509("key rules not looked at", PROVEN_KEY,
         "  TRY(CheckKeyRules(spki, rules));\n  auto verified", "  auto verified", "ProvenKey.*"),
    x509("possession of the key not proved", PROVEN_KEY,
         "  TRY(std::move(verified));\n  return ProvenKey(spki);", "  return ProvenKey(spki);",
         "ProvenKey.*"),
    x509("every signature good", SIGNATURE,
         "if (!Verifies(imported.get(), algorithm, message, signature)) {", "if (false) {",
         "ProvenKey.*:Certificate.*"),
    x509("signatures of another kind of key", SIGNATURE,
         "if (!GoTogether(key.type(), algorithm)) {", "if (false) {", "ProvenKey.*:Certificate.*"),

    # The ledger, on PostgreSQL.
    issuance("the claims of a token not recorded", APPLICATION,
             "  application.claims = request.principal.claims;\n", "", "IssuanceTest.*"),
    policy("claims that fit no place written", PLACEHOLDER,
           "    if (!IsPlainSegment(value)) continue;\n", "", "Claims.*"),
    policy("claims read in any order", PLACEHOLDER,
           "    const bool is_in_order = claims.empty() || claims.rbegin()->first < name;\n",
           "    const bool is_in_order = true;\n", "Claims.*"),
    Mutation("an event with claims read", "ca-server/tlog/log_entry.cc",
             "  return has_record && version == kLogEntryVersionWithClaims;\n",
             "  return version == kLogEntryVersionWithClaims;\n", "unit_tlog", "LogEntry.*"),
    ledger("the control number not checked for a record", BATCH,
           "  if (entry.decision != start.decision) return Stale();\n", "",
           "RefusesWhatWasDecidedBefore"),
    ledger("the control number not checked for an outcome", BATCH,
           "    if (is_signature && item->entry.decision != start.decision) item->answer = Stale();\n",
           "    (void)is_signature;\n", "RefusesWhatWasDecidedBefore"),
    ledger("a lost race answered with the loser's outcome", BATCH,
           "if (!item->answer && inserted.erase(KeyText(item->entry.key))) {",
           "if (!item->answer) {", "FirstOutcomeWins"),
    ledger("a second attempt beside a living one", BATCH,
           '"WHERE t.attempt = 1 OR EXISTS', '"WHERE true OR EXISTS',
           "NextAttemptOnlyAfterAnAbandonedOne"),
    ledger("a commit in doubt taken for written", BATCH,
           "    if (recorded.contains(KeyText(KeyOf(*item)))) {", "    if (true) {",
           "CommitFailedAndDidNotPersist"),
    ledger("no barrier before what was found", WRITER,
           "  if (!effect.found) return;\n", "  return;\n", "WhatIsFoundIsReleasedAfterAWrite"),
]

# Which CA signs.
MUTATIONS += [
    policy("the profile's issuer not read", AUTHORIZER,
           "profile.issuer.empty() ? wish.issuer : profile.issuer;", "wish.issuer;",
           "Authorizer.TheProfileSaysWhoSigns"),
    policy("the block of another issuer looked at", AUTHORIZER,
           "  decision.CheckLifetime(profile);\n  decision.CheckBlocks(issuer);\n",
           "  decision.CheckLifetime(profile);\n  decision.CheckBlocks(wish.issuer);\n",
           "Authorizer.TheProfileSaysWhoSigns"),
    issuance("another issuer signs for one that is not here", AUTHORITY,
             "    if (issuer->name() == grant.issuer()) return issuer.get();\n",
             "    if (issuer->name() == grant.issuer()) return issuer.get();\n"
             "    if (issuer == parts_.issuers.back()) return issuer.get();\n", "IssuerOfPolicy.*"),
    issuance("an older policy's missing issuer believed", ISSUE,
             " ||\n         code == ErrorCode::kFailedPrecondition;", ";", "IssuerOfPolicy.*"),
    issuance("a token for an issuer that is not here", "ca-server/issuance/enrolment.cc",
             "  CO_TRY(IssuerFor(*granted));\n", "", "IssuerOfPolicy.*"),
    issuance("the text in force good for any version", POLICY_ADMIN,
             "was_in_force && !MayHaveBrought(request.base_version, before.policy_version)", "false",
             "PolicyAdmin.*"),
    Mutation("an unknown issuer taken", POLICY_FILE,
             "if (reading.issuers != nullptr) CheckIssuer(section, profile, *reading.issuers);", "",
             "unit_config", "PolicyIssuer.*"),
    Mutation("a policy in force refused for its issuer", POLICY_FILE,
             "    if (reading.is == PolicyText::kProposed) {\n      CheckExt", "    {\n      CheckExt",
             "unit_config", "PolicyIssuer.*"),

    # Large policies.
    Mutation("any number of parts walked", POLICY_FILE,
             "  if (reading.is == PolicyText::kProposed) CheckWalk(root, policy);\n", "",
             "unit_config", "PolicyLimits.*"),
    Mutation("an extension of any length", PROFILE_SECTION,
             "value->size() <= policy::kCustomExtensionBytesMax", "true", "unit_config",
             "PolicyLimits.*"),
    Mutation("an extension that is not DER", PROFILE_SECTION, " && der::CheckAny(*element)", "",
             "unit_config", "*PolicyFile*"),
    Mutation("usages that do not go together", POLICY_FILE, "      CheckUsages(section, profile);\n",
             "", "unit_config", "PolicyFile.*"),
    Mutation("any size of extensions", POLICY_FILE, "  if (sum <= most) return;\n", "  return;\n",
             "unit_config", "PolicyLimits.*"),
    policy("what a wildcard name touches not found", PATTERN_INDEX,
           "if (asked == Asked::kTouch) keys", "if (false) keys", "PatternIndex.*"),
    policy("networks of the first length only", PATTERN_INDEX,
           "        if (bits <= value.size() * 8) keys", "        if (keys.empty()) keys",
           "PatternIndex.*"),
    policy("rules that are not about the requester", PATTERN_INDEX, "if (is_about[rule]) first",
           "first", "PatternIndex.*:Authorizer.*"),
    policy("a rule walked once for all who fit", AUTHORIZER,
           "    for (const Claims& claims : candidate.claims) {\n",
           "    for (const Claims& claims : std::vector<Claims>(candidate.claims.begin(),\n"
           "             candidate.claims.begin() + !candidate.claims.empty())) {\n", "Authorizer.*"),
]

MUTATIONS += [mutation for name in POLICY_FILES
              for mutation in error_paths(f"ca-server/policy/{name}.cc", "unit_policy")]
MUTATIONS += [mutation for name in AUTHORISATION_FILES
              for mutation in error_paths(f"ca-server/issuance/{name}.cc", "unit_issuance")]
MUTATIONS += [mutation for name in ["access", "identification", "peer"]
              for mutation in error_paths(f"ca-server/rpc/{name}.cc", "unit_rpc")]
MUTATIONS += [mutation for name in ["proven_key", "key_proof", "name_constraints"]
              for mutation in error_paths(f"ca-server/x509/{name}.cc", "unit_x509")]
MUTATIONS += [mutation for name in ["policy_file.cc", "profile_section.cc", "strict_toml.cc",
                                    "words.cc", "words.h"]
              for mutation in error_paths(f"ca-server/config/{name}", "unit_config")]
