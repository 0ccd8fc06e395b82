"""Bad input: the documented code and rule, and no new record."""

import datetime
import os

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from harness import api, ledger
from harness.csr import flip_signature_bit, make_csr, new_key, openssl_csr

Code = grpc.StatusCode


def assert_refused(ca, client, code, rule, csr, **arguments):
    """Refused with this code for this reason, and nothing recorded."""
    before = ledger.count_records(ca)
    with pytest.raises(api.Refused) as refused:
        client.issue(csr, **arguments)
    assert refused.value.code == code, refused.value
    if rule:
        assert any(found == rule or found.startswith(rule + ".") for found in refused.value.rules), (
            f"{rule} not among {sorted(refused.value.rules)}: {refused.value}")
    assert ledger.count_records(ca) == before
    return refused.value


def test_the_valid_twin_is_issued(ca, operator):
    # Everything below differs from this one in one thing only.
    before = ledger.count_records(ca)
    operator.issue(make_csr("web.internal"))
    assert ledger.count_records(ca) == before + 1


def test_one_flipped_signature_bit(ca, operator):
    assert_refused(ca, operator, Code.INVALID_ARGUMENT, "csr.signature",
                   flip_signature_bit(make_csr("web.internal")))


def test_rsa_1024(ca, operator):
    key = rsa.generate_private_key(65537, 1024)
    assert_refused(ca, operator, Code.INVALID_ARGUMENT, "key", make_csr("web.internal", key=key))


def test_explicit_ec_parameters(ca, operator, tmp_path):
    csr = openssl_csr(tmp_path, ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt",
                                 "ec_param_enc:explicit"])
    assert_refused(ca, operator, Code.INVALID_ARGUMENT, "key", csr)


def test_an_unlisted_curve(ca, operator, tmp_path):
    csr = openssl_csr(tmp_path, ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"])
    assert_refused(ca, operator, Code.INVALID_ARGUMENT, "key", csr)


def test_ca_true_and_other_extensions_never_reach_the_certificate(ca, operator):
    asked = [
        (x509.BasicConstraints(ca=True, path_length=3), True),
        (x509.KeyUsage(True, True, True, True, False, True, True, False, False), True),
        (x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.OCSP_SIGNING]), False),
        (x509.OCSPNoCheck(), False),
    ]
    issued = operator.issue(make_csr("web.internal", extensions=asked)).certificate
    leaf = x509.load_der_x509_certificate(issued.certificate_der).extensions
    try:
        assert not leaf.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        pass  # absent means cA FALSE
    usage = leaf.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature and not usage.key_cert_sign and not usage.crl_sign
    extended = leaf.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(extended) == [x509.ExtendedKeyUsageOID.SERVER_AUTH]
    with pytest.raises(x509.ExtensionNotFound):
        leaf.get_extension_for_class(x509.OCSPNoCheck)


DNS, URI = "not-ours.example", "URI:spiffe://elsewhere.example/web"


@pytest.mark.parametrize("profile, good, bad", [
    ("server", "web.internal", DNS),
    ("client", "web.internal", URI),
])
def test_a_name_that_is_not_granted(ca, operator, profile, good, bad):
    named = bad if ":" in bad else f"DNS:{bad}"
    cases = {
        "in the request": (make_csr(good), [named]),
        "hidden in the CSR": (make_csr(good, bad), []),
        "in the CSR alone": (make_csr(bad), []),
        "in both": (make_csr(bad), [named]),
    }
    for where, (csr, names) in cases.items():
        refused = assert_refused(ca, operator, Code.PERMISSION_DENIED, "policy", csr, profile=profile,
                                 names=names)
        assert any(bad.removeprefix("URI:spiffe:") in rule for rule in refused.rules), where


def test_a_megabyte_of_random_bytes(ca, operator):
    assert_refused(ca, operator, Code.INVALID_ARGUMENT, "csr.size", os.urandom(1 << 20))


def test_more_than_a_message_may_hold(ca, operator):
    assert_refused(ca, operator, Code.RESOURCE_EXHAUSTED, None, os.urandom(2 << 20))


@pytest.mark.parametrize("size", [0, 1, 1000, 16 * 1024, 16 * 1024 + 1, 60_000])
def test_random_bytes_of_sizes_that_fit_a_message(ca, operator, size):
    assert_refused(ca, operator, Code.INVALID_ARGUMENT, None, os.urandom(size))


def test_an_unknown_profile(ca, operator):
    assert_refused(ca, operator, Code.NOT_FOUND, "profile.unknown", make_csr("web.internal"),
                   profile="no-such-profile")


def test_a_lifetime_beyond_the_profile(ca, operator):
    assert_refused(ca, operator, Code.PERMISSION_DENIED, "policy", make_csr("web.internal"),
                   lifetime=31 * 86400)


def test_a_request_id_with_another_body(ca, operator):
    request_id = api.make_request_id()
    operator.issue(make_csr("web.internal"), request_id=request_id)
    assert_refused(ca, operator, Code.INVALID_ARGUMENT, "request-id.reused", make_csr("web.internal"),
                   request_id=request_id)


@pytest.mark.parametrize("request_id", ["x", "00000000-0000-4000-8000-000000000000"])
def test_a_request_id_that_is_no_uuid_v7(ca, operator, request_id):
    assert_refused(ca, operator, Code.INVALID_ARGUMENT, "request-id", make_csr("web.internal"),
                   request_id=request_id)


def test_a_request_id_of_another_day(ca, operator):
    assert_refused(ca, operator, Code.INVALID_ARGUMENT, "request-id", make_csr("web.internal"),
                   request_id=api.make_request_id(at=1.7e9))


def self_signed():
    """A certificate and key that this CA knows nothing of, with the operator's own name."""
    key, name = new_key(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "operator")])
    operator_name = x509.UniformResourceIdentifier("spiffe://mayfly.internal/operator")
    mine = x509.load_der_x509_csr(make_csr("web.internal", key=key))
    now = datetime.datetime.utcnow()
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
                   .public_key(mine.public_key()).serial_number(7)
                   .not_valid_before(now - datetime.timedelta(hours=1))
                   .not_valid_after(now + datetime.timedelta(hours=1))
                   .add_extension(x509.SubjectAlternativeName([operator_name]), False)
                   .sign(key, hashes.SHA256()))
    return (certificate.public_bytes(serialization.Encoding.PEM),
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                              serialization.NoEncryption()))


@pytest.mark.parametrize("credentials", [lambda: (None, None), self_signed],
                         ids=["none", "of another CA"])
def test_without_a_certificate_of_this_ca_the_handshake_fails(ca, credentials):
    client = api.Client(ca, *credentials())
    try:
        assert_refused(ca, client, Code.UNAVAILABLE, None, make_csr("web.internal"), seconds=5)
    finally:
        client.close()


def test_a_certificate_without_a_grant_may_not_issue_or_revoke(ca, operator):
    key = new_key()
    mine = operator.issue(make_csr("URI:spiffe://mayfly.internal/ns/a/sa/b", key=key),
                          profile="client").certificate
    pem = x509.load_der_x509_certificate(mine.certificate_der).public_bytes(serialization.Encoding.PEM)
    chain = ca.chain_file.read_bytes()
    client = api.Client(ca, pem + chain, key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    try:
        assert_refused(ca, client, Code.PERMISSION_DENIED, "policy", make_csr("web.internal"))
        with pytest.raises(api.Refused) as refused:
            client.revoke(mine.serial_number)
        assert refused.value.code == Code.PERMISSION_DENIED
        assert client.get(mine.serial_number).serial_number == mine.serial_number
        other = operator.issue(make_csr("web.internal")).certificate.serial_number
        with pytest.raises(api.Refused) as hidden:
            client.get(other)
        assert hidden.value.code == Code.NOT_FOUND
        # Once revoked it proves nothing any more.
        operator.revoke(mine.serial_number)
        with pytest.raises(api.Refused) as revoked:
            client.get(mine.serial_number)
        assert revoked.value.code == Code.UNAUTHENTICATED
    finally:
        client.close()
