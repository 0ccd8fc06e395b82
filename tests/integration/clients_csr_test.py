"""Requests of the tools that people have (tests/golden/csr/clients) are issued as they are."""

import pytest
from cryptography import x509

from harness.authority import ROOT
from harness.csr import spki_of

REQUESTS = sorted((ROOT / "tests/golden/csr/clients").glob("*.csr"))
CLIENTS = {"openssl", "gnutls", "go", "python", "java", "node"}


def test_every_client_is_there():
    assert {path.name.split("-")[0] for path in REQUESTS} == CLIENTS


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_a_request_of_another_client_is_issued(operator, path):
    issued = operator.issue(path.read_bytes()).certificate
    leaf = x509.load_der_x509_certificate(issued.certificate_der)
    assert spki_of(leaf) == spki_of(x509.load_der_x509_csr(path.read_bytes()))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["web.internal"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["10.1.2.3"]
