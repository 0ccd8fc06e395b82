"""An issuing CA with name constraints: it issues what peers accept below it, and nothing else. OpenSSL
and GnuTLS judge every certificate at the end; those with URIs only OpenSSL, for GnuTLS knows no
constraints on URIs."""

import json

import pytest

from harness import api, gnutls
from harness.csr import make_csr
from harness.issuing_ca import add_issuers

CONSTRAINTS = """
[issuer.permitted]
dns = ["internal"]
ip = ["10.0.0.0/8", "fd00::/8"]
uri = ["mayfly.internal", ".web.internal"]
email = ["x.internal", ".y.internal", "Ops@z.internal"]
[issuer.excluded]
dns = ["prod.internal", "a.b.internal"]
ip = ["10.9.0.0/16"]
uri = ["bad.web.internal"]
email = ["root@x.internal"]
"""
WITHIN = [
    "DNS:internal", "DNS:a.internal", "DNS:*.q.internal", "IP:10.1.2.3", "IP:fd00::1",
    "URI:https://mayfly.internal/a", "URI:https://mayfly.internal:8443/a",
    "URI:https://q.web.internal/", "URI:spiffe://mayfly.internal/x", "email:a@x.internal",
    "email:a@q.y.internal", "email:Ops@z.internal"]
OUTSIDE = [
    "DNS:example", "DNS:xinternal", "DNS:prod.internal", "DNS:x.prod.internal", "DNS:*.b.internal",
    "DNS:*.prod.internal", "DNS:*.a.b.internal", "IP:10.9.1.1", "IP:11.0.0.1", "IP:fe80::1",
    "URI:https://x.mayfly.internal/a", "URI:https://web.internal/", "URI:https://bad.web.internal/",
    "URI:https://10.1.2.3/", "URI:https://[fd00::1]/", "URI:spiffe://other.example/x",
    "URI:spiffe://a_b.web.internal/x", "email:a@q.x.internal", "email:a@y.internal",
    "email:ops@z.internal", "email:root@x.internal"]
HOST = "host.internal"
NO_HOSTS = ["A Service", "*.outside.example", "host.outside.example", "a_b.internal", "fd00::1"]
SUBJECTS = {"empty": 'subject = "empty"', "first": 'subject = "first-name"'} | {
    f"fixed-{i}": f'subject = "fixed"\ncommon_name = "{name}"'
    for i, name in enumerate([HOST, *NO_HOSTS])}
PROFILE = """
[profile.{name}]
issuer = "issuing-2"
lifetime = "1d"
key_usage = ["digital-signature"]
extended_key_usage = ["server-auth", "client-auth"]
names = ["dns", "ip", "uri", "email"]
{subject}
"""
FIXED_HOST, *FIXED_NO_HOSTS = [name for name in SUBJECTS if name.startswith("fixed")]


def policy():
    """Profiles of the issuing CA, and a rule that grants all the names: what refuses is the CA."""
    patterns = {}
    for name in WITHIN + OUTSIDE:
        kind, value = name.split(":", 1)
        wildcard = "wildcard:" if value.startswith("*.") else ""
        patterns.setdefault(kind.lower(), []).append(wildcard + value)
    lines = "".join(f"{kind} = {json.dumps(values)}\n" for kind, values in patterns.items())
    return "".join(PROFILE.format(name=n, subject=s) for n, s in SUBJECTS.items()) + f"""
[[rule]]
name = "constrained"
principals = ["spiffe://mayfly.internal/operator"]
profiles = {json.dumps(list(SUBJECTS))}
{lines}"""


@pytest.fixture(scope="module", name="constrained")
def client_of_the_constrained(module_authority):
    """The operator of a CA whose second issuing CA has the constraints."""
    add_issuers(module_authority, {"issuing-2": "p256"}, CONSTRAINTS)
    with api.operator_with_policy(module_authority, policy()) as client:
        yield client


@pytest.mark.parametrize("profile", ["empty", "first", FIXED_HOST])
def test_what_is_within_is_issued(constrained, profile):
    for name in WITHIN:
        assert constrained.issue(make_csr(), profile=profile, names=[name])


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_is_outside_is_refused(constrained, name):
    for names in ([name], ["DNS:a.internal", name]):
        refused = api.refused(lambda n=names: constrained.issue(make_csr(), "empty", n))
        assert refused and "policy.name-constraints" in refused.rules, refused


@pytest.mark.parametrize("profile", FIXED_NO_HOSTS)
def test_a_common_name_is_a_host_beside_no_dns_name(constrained, profile):
    assert constrained.issue(make_csr(), profile, ["DNS:a.internal", "IP:10.1.2.3"])
    for name in ("IP:10.1.2.3", "URI:https://q.web.internal/", "email:a@x.internal"):
        refused = api.refused(lambda n=name: constrained.issue(make_csr(), profile, [n]))
        assert refused and "policy.name-constraints" in refused.rules, refused


def test_its_answers_about_revocation_verify(constrained, module_authority, tmp_path):
    chain = api.chain_pem(constrained.issue(make_csr(), "empty", ["DNS:a.internal"])).decode()
    leaf, issuer = (tmp_path / name for name in ("leaf.pem", "issuer.pem"))
    for path, block in zip((leaf, issuer), chain.split(gnutls.PEM_END)):
        path.write_text(block + gnutls.PEM_END)
    assert gnutls.ocsp_status(module_authority, leaf, issuer=issuer) == "good"
