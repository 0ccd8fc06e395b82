"""GnuTLS agrees with OpenSSL. That it accepts every certificate of every CA of these tests is asked
where the CAs are taken down (conftest.py: make_authority)."""

import datetime
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from harness import gnutls, ledger
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


def _alter(monkeypatch, name):
    """From now on the ledger's certificates of this name come with another one."""
    real = gnutls.assemble
    other = name.replace("e", "E", 1)

    def altered(tbs, signature):
        return real(tbs.replace(name.encode(), other.encode()), signature)

    monkeypatch.setattr(gnutls, "assemble", altered)


def test_certtool_refuses_a_certificate_that_was_altered(ca, operator, monkeypatch):
    operator.issue(make_csr("web.internal"))
    _alter(monkeypatch, "web.internal")
    with pytest.raises(AssertionError, match="GnuTLS refuses"):
        gnutls.assert_verifies_everything_issued(ca)


def test_certtool_judges_one_that_has_expired_as_of_its_own_time(ca, operator, monkeypatch):
    issued = operator.issue(make_csr("brief.internal"), lifetime=1).certificate
    ends = issued.not_after_time.seconds
    while time.time() <= ends + 1:
        time.sleep(0.1)
    gnutls.assert_verifies_everything_issued(ca)
    _alter(monkeypatch, "brief.internal")
    with pytest.raises(AssertionError, match=f"GnuTLS refuses 1 of .*{issued.serial_number} at 20"):
        gnutls.assert_verifies_everything_issued(ca)


def test_certtool_takes_the_last_second_and_none_after_it(ca, operator, monkeypatch):
    """So what is judged is really the time that is said, and not today's."""
    ends = operator.issue(make_csr("brief.internal"), lifetime=1).certificate.not_after_time.seconds
    rows = ledger.query(ca, "SELECT tbs, signature, not_after AT TIME ZONE 'UTC' FROM certificate"
                            " WHERE extract(epoch FROM not_after) = %s", (ends,))
    assert rows
    for tbs, signature, not_after in rows:
        for seconds, agrees in ((0, True), (1, False)):
            row = ("00", tbs, signature, not_after + datetime.timedelta(seconds=seconds))
            with monkeypatch.context() as patch:
                patch.setattr(ledger, "query", lambda *_, row=row: [row])
                if agrees:
                    assert gnutls.assert_verifies_everything_issued(ca) == 1
                else:
                    with pytest.raises(AssertionError, match="expired"):
                        gnutls.assert_verifies_everything_issued(ca)
