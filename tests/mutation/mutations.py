"""All planted defects: those written by hand, by subject, and every refusal of some files, broken."""

import audit_log
import guard
import issue_path
import policy_rules
import who_may_ask
from error_paths import ROOT, woven
from planting import Mutation

POLICY_FILES = ["authorizer", "authorizer_roles", "certificate_template", "foreign_principal", "lint_catalog",
                "name_pattern", "pattern_index", "placeholder", "principal", "principal_pattern",
                "principal_text", "token_issuer"]
AUTHORISATION_FILES = ["basis_cache", "certificate_authority", "policy_admin", "explain",
                       "application", "issue", "renew", "enrolment", "proposals",
                       "mass_revocation"]


def error_paths(file, binary):
    """Every refusal of a file, broken; any test of the module may notice."""
    text = (ROOT / file).read_text()
    name = file.rsplit("/", 1)[-1]
    planted, found = woven(file)
    return [Mutation(f"{name}:{line} {what}", file, text, planted, binary, "*", switch)
            for switch, line, what in found]


MUTATIONS = (issue_path.MUTATIONS + audit_log.MUTATIONS + who_may_ask.MUTATIONS +
             policy_rules.MUTATIONS + guard.MUTATIONS)
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
