"""What profiles say, found in the certificates that a whole CA gives, and judged by openssl."""

import contextlib

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID, ObjectIdentifier

from harness import api
from harness.csr import make_csr
from issuing_test import assert_verifies, write_pem

PROFILES = '''
[profile.hour]
lifetime = "1h"
key_usage = ["digital-signature"]
extended_key_usage = ["server-auth"]
names = ["dns", "ip", "uri", "email"]
subject = "first-name"

[profile.long]
lifetime = "48h"
key_usage = ["digital-signature"]
extended_key_usage = ["server-auth"]
names = ["dns"]
subject = "fixed"
common_name = "A service"
organization = "Example"
must_staple = true
certificate_policies = ["1.3.6.1.4.1.99999.1"]
[[profile.long.extension]]
oid = "1.3.6.1.4.1.99999.7"
der = "0c0470726f64"

[profile.own-name]
lifetime = "1h"
key_usage = ["digital-signature"]
extended_key_usage = ["client-auth"]
names = ["uri"]
names_from = "principal"

[[rule]]
name = "profiles"
principals = ["spiffe://mayfly.internal/operator"]
profiles = ["hour", "long", "own-name"]
dns = ["*.internal", "wildcard:*.team.internal"]
uri = ["spiffe://mayfly.internal/operator"]

[[rule]]
name = "no-prod"
effect = "deny"
principals = ["*"]
dns = ["prod.internal", "prod.team.internal"]
'''


@pytest.fixture(scope="module", autouse=True)
def policy(module_authority):
    """The quickstart's policy with these profiles, in force; as it was afterwards."""
    file = module_authority.home / "policy.toml"
    whole = file.read_text()
    file.write_text(whole + PROFILES)
    with contextlib.ExitStack() as at_end:
        at_end.callback(module_authority.ca_command, "apply-policy")
        at_end.callback(file.write_text, whole)
        module_authority.ca_command("apply-policy")
        yield


def issue(ca, operator, folder, profile, *names):
    """The certificate, which openssl has judged strictly."""
    issued = operator.issue(make_csr(*names), profile=profile).certificate
    assert_verifies(ca, write_pem(folder, issued.certificate_der))
    return x509.load_der_x509_certificate(issued.certificate_der)


def oids(certificate):
    return [extension.oid for extension in certificate.extensions]


def test_a_short_life_has_no_revocation(own_ca, own_operator, tmp_path):
    certificate = issue(own_ca, own_operator, tmp_path, "hour", "web.internal")
    assert ObjectIdentifier("2.5.29.56") in oids(certificate)
    assert ExtensionOID.CRL_DISTRIBUTION_POINTS not in oids(certificate)
    access = certificate.extensions.get_extension_for_oid(ExtensionOID.AUTHORITY_INFORMATION_ACCESS)
    assert all(a.access_method != x509.oid.AuthorityInformationAccessOID.OCSP for a in access.value)
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "web.internal"
    names = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    assert not names.critical


def test_a_longer_one_says_where_to_ask_and_what_the_profile_adds(own_ca, own_operator, tmp_path):
    certificate = issue(own_ca, own_operator, tmp_path, "long", "web.internal")
    assert ObjectIdentifier("2.5.29.56") not in oids(certificate)
    assert certificate.subject.rfc4514_string() == "CN=A service,O=Example"
    assert ExtensionOID.TLS_FEATURE in oids(certificate)
    policies = certificate.extensions.get_extension_for_oid(ExtensionOID.CERTIFICATE_POLICIES).value
    assert [p.policy_identifier.dotted_string for p in policies] == ["1.3.6.1.4.1.99999.1"]
    own = certificate.extensions.get_extension_for_oid(ObjectIdentifier("1.3.6.1.4.1.99999.7"))
    assert own.value.value == b"\x0c\x04prod" and not own.critical


def test_names_as_reflection(own_ca, own_operator, tmp_path):
    certificate = issue(own_ca, own_operator, tmp_path, "own-name", "not-ours.example")
    names = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    assert [name.value for name in names] == ["spiffe://mayfly.internal/operator"]


@pytest.mark.parametrize("name", ["prod.internal", "prod.team.internal", "*.team.internal"])
def test_deny_beats_allow(own_operator, name):
    with pytest.raises(api.Refused) as refused:
        own_operator.issue(make_csr(name), profile="hour")
    assert "policy.name-denied" in refused.value.rules
