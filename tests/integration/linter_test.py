"""The linter of harness/linter.py sees what is wrong. That it finds nothing in the certificates of every
CA of these tests is asked where the CAs are taken down (conftest.py: make_authority)."""

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from harness import linter
from harness.csr import make_csr, new_key


@pytest.fixture(autouse=True)
def installed():
    """Fails where the packages cannot be had; skips, visibly, where that was asked for."""
    reason = linter.why_missing()
    if reason and linter.GOES_WITHOUT:
        pytest.skip(reason)
    assert not reason, reason


def test_nothing_is_wrong_with_a_leaf_and_the_cas(ca, operator):
    leaf = operator.issue(make_csr("web.internal")).certificate.certificate_der
    above = [x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(serialization.Encoding.DER)
             for path in (ca.chain_file, ca.root_file)]
    assert linter.findings([leaf, *above]) == [[], [], []]


def test_what_is_wrong_is_found():
    """A CA without a key usage and a subject key identifier."""
    key, name = new_key(), x509.Name([x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "DE")])
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(datetime.datetime(2026, 1, 1))
            .not_valid_after(datetime.datetime(2027, 1, 1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=False)
            .sign(key, hashes.SHA256()))
    codes = {code for code, _, _ in linter.findings([made.public_bytes(serialization.Encoding.DER)])[0]}
    assert {"pkix.ca_certificate_no_ku_extension", "pkix.certificate_skid_ca_missing"} <= codes
