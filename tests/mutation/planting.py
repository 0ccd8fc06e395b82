"""A planted defect is one text of one file, what stands there instead, and the test that must turn
red: a binary and a GoogleTest filter, or COMPILER where the types forbid it.
"""

import collections

# `switch`: which of the defects that the replacement holds is meant; nothing where it holds one.
Mutation = collections.namedtuple("Mutation", "name file text replacement binary filter switch",
                                  defaults=[None])

COMPILER = "(the compiler)"

ISSUE = "ca-server/issuance/issue.cc"
APPLICATION = "ca-server/issuance/application.cc"
AUTHORITY = "ca-server/issuance/certificate_authority.cc"
BASIS = "ca-server/issuance/basis_cache.cc"
LINT = "ca-server/lint/lint.cc"
AUTHORIZER = "ca-server/policy/authorizer.cc"
AUTHORIZER_ROLES = "ca-server/policy/authorizer_roles.cc"
SIGNING_KEY = "ca-server/signing/signing_key.cc"
KEY_PLACES = "ca-server/signing/key_places.cc"
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
SCHEMA_CHECK = "clients/audit/schema_check.cc"
CONNECTIONS = "ca-server/rpc/connections.cc"
TLS_CONTEXT = "ca-server/http/tls_context.cc"
HTTP_SERVER = "ca-server/http/server.cc"


def issuance(name, file, text, replacement, tests="*"):
    return Mutation(name, file, text, replacement, "unit_issuance", tests)


def signing(name, file, text, replacement, tests="*"):
    return Mutation(name, file, text, replacement, "unit_signing", tests)


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
