"""GnuTLS agrees with OpenSSL. That it accepts every certificate of every CA of these tests is asked
where the CAs are taken down (conftest.py: make_authority)."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from harness import gnutls
from harness.csr import make_csr


@pytest.mark.parametrize("nonce", ["--nonce", "--no-nonce"])
def test_ocsptool_verifies_good_and_revoked(ca, operator, tmp_path, nonce):
    issued = operator.issue(make_csr("web.internal")).certificate
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(x509.load_der_x509_certificate(issued.certificate_der)
                     .public_bytes(serialization.Encoding.PEM))
    arguments = ["--nonce"] if nonce == "--nonce" else []
    assert gnutls.ocsp_status(ca, leaf, *arguments) == "good"
    operator.revoke(issued.serial_number)
    assert gnutls.ocsp_status(ca, leaf, *arguments) == "revoked"


def test_what_the_ledger_holds_is_what_was_received(ca, operator):
    issued = operator.issue(make_csr("web.internal")).certificate
    certificate = x509.load_der_x509_certificate(issued.certificate_der)
    assert gnutls.assemble(certificate.tbs_certificate_bytes,
                           certificate.signature) == issued.certificate_der


def test_certtool_refuses_a_certificate_that_was_altered(ca, operator, monkeypatch):
    operator.issue(make_csr("web.internal"))
    real = gnutls.assemble

    def altered(tbs, signature):
        return real(tbs.replace(b"web.internal", b"wEb.internal"), signature)

    monkeypatch.setattr(gnutls, "assemble", altered)
    with pytest.raises(AssertionError, match="GnuTLS refuses"):
        gnutls.assert_verifies_everything_issued(ca)
