"""Issuing CAs with a key of each type, and an OCSP key of the same: OpenSSL and GnuTLS take what they
sign. At the end of the module both judge, strictly, every certificate in the ledger."""

import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from harness import api, gnutls
from harness.csr import make_csr
from harness.issuing_ca import add_issuers, signed_by
from harness.ocsp import openssl_ocsp

SIGNATURES = {"p384": "ecdsa-with-SHA384", "ed25519": "ED25519",
              "rsa3072": "sha256WithRSAEncryption"}


@pytest.fixture(scope="module", name="policy")
def policy_of_a_ca_with_an_issuer_of_each_type(module_authority):
    add_issuers(module_authority, {f"issuing-{key_type}": key_type for key_type in SIGNATURES})
    operator = api.operator(module_authority)
    before = operator.policy(wait_for_ready=True).policy_text
    yield before
    operator.apply_policy(before)
    operator.close()


def pem_file(folder, name, der):
    """A certificate as a file."""
    file = folder / f"{name}.pem"
    file.write_bytes(x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize("key_type", SIGNATURES)
def test_what_a_key_of_this_type_signs_is_taken(own_ca, own_operator, policy, key_type, tmp_path):
    own_operator.apply_policy(signed_by(policy, f"issuing-{key_type}"))
    issued = own_operator.issue(make_csr(f"{key_type}.internal"))
    leaf = pem_file(tmp_path, "leaf", issued.certificate.certificate_der)
    issuer = pem_file(tmp_path, "issuer", issued.issuer_chain_der[0])
    text = subprocess.run(["openssl", "x509", "-noout", "-text", "-in", leaf], capture_output=True,
                          text=True, timeout=30, check=True).stdout
    assert f"Signature Algorithm: {SIGNATURES[key_type]}\n" in text
    own_ca.run("openssl", "verify", "-x509_strict", "-CAfile", own_ca.root_file, "-untrusted", issuer,
               leaf)
    assert openssl_ocsp(own_ca, "-cert", leaf, issuer=issuer) == "good"
    assert gnutls.ocsp_status(own_ca, leaf, issuer=issuer) == "good"
    own_operator.revoke(issued.certificate.serial_number, reason=5)
    assert openssl_ocsp(own_ca, "-cert", leaf, issuer=issuer) == "revoked"
