"""Issuing, showing and revoking over gRPC, judged by openssl and by the database."""

import concurrent.futures
import json
import subprocess

import psycopg2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from harness import api, ledger, ocsp
from harness.csr import make_csr

CLIENTS = 100


def write_pem(folder, certificate_der, name="leaf"):
    path = folder / f"{name}.crt"
    path.write_bytes(x509.load_der_x509_certificate(certificate_der)
                     .public_bytes(serialization.Encoding.PEM))
    return path


def assert_verifies(ca, *paths):
    done = subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", ca.root_file, "-untrusted",
                           ca.chain_file, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("profile, names", [
    ("server", ("web.internal", "IP:10.1.2.3")),
    ("client", ("URI:spiffe://mayfly.internal/ns/default/sa/web",)),
    ("workload", ("URI:spiffe://mayfly.internal/ns/default/sa/web",)),
])
def test_every_profile_verifies_strictly(ca, operator, tmp_path, profile, names):
    issued = operator.issue(make_csr(*names), profile=profile).certificate
    leaf = write_pem(tmp_path, issued.certificate_der)
    assert_verifies(ca, leaf)
    assert ocsp.openssl_ocsp(ca, "-cert", leaf, digest="sha1") == "good"
    assert ocsp.openssl_ocsp(ca, "-cert", leaf, digest="sha256") == "good"
    ledger.assert_holds(ca, issued.certificate_der)


def test_names_of_request_and_csr_are_one_set(ca, operator):
    issued = operator.issue(make_csr("a.internal"), names=["DNS:b.internal", "DNS:a.internal"])
    assert sorted(issued.certificate.subject_alt_names) == ["DNS:a.internal", "DNS:b.internal"]


def test_show_and_revoke(ca, operator):
    issued = operator.issue(make_csr("web.internal")).certificate
    shown = operator.get(issued.serial_number)
    assert shown.certificate_der == issued.certificate_der and shown.state == 2  # ACTIVE
    receipt = operator.revoke(issued.serial_number)
    assert receipt.certificate.state == 4 and not receipt.already_revoked  # REVOKED
    assert ocsp.status_of_serial(ca, issued.serial_number) == "revoked"
    assert ocsp.status_of_serial(ca, issued.serial_number, "sha256") == "revoked"
    again = operator.revoke(issued.serial_number, reason=5)
    assert again.already_revoked
    assert again.certificate.revocation == receipt.certificate.revocation  # the first one stands


def test_revocation_kills_answers_that_were_cached(ca, operator):
    serial = operator.issue(make_csr("web.internal")).certificate.serial_number
    for digest in ("sha1", "sha256"):
        assert ocsp.status_of_serial(ca, serial, digest) == "good"
    operator.revoke(serial)
    for digest in ("sha1", "sha256"):
        assert ocsp.status_of_serial(ca, serial, digest) == "revoked"


def test_a_serial_never_issued_is_not_good(ca, operator):
    serial = operator.issue(make_csr("web.internal")).certificate.serial_number
    stranger = serial[:-2] + f"{int(serial[-2:], 16) ^ 1:02x}"
    assert ocsp.status_of_serial(ca, stranger) in ("unknown", "trylater")


def test_trust_bundle(ca, operator):
    bundle = operator.trust_bundle()
    root = x509.load_pem_x509_certificate(ca.root_file.read_bytes())
    assert list(bundle.root_certificates_der) == [root.public_bytes(serialization.Encoding.DER)]
    assert bundle.name == "trustBundles/mayfly.internal"


def test_a_hundred_clients_at_once(ca, tmp_path):
    """Everything received is in the ledger, serials are unique, all chains verify."""
    def one(number):
        client = api.operator(ca)
        try:
            return client.issue(make_csr(f"w{number}.internal"), seconds=60, wait_for_ready=True,
                                request_id=api.make_request_id()).certificate.certificate_der
        finally:
            client.close()

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        received = list(pool.map(one, range(CLIENTS)))
    assert len({x509.load_der_x509_certificate(der).serial_number for der in received}) == CLIENTS
    for der in received:
        ledger.assert_holds(ca, der)
    assert_verifies(ca, *(write_pem(tmp_path, der, str(i)) for i, der in enumerate(received)))


def test_one_request_id_many_times_at_once_is_one_certificate(ca, operator):
    csr, request_id = make_csr("web.internal"), api.make_request_id()

    def one(_):
        return operator.issue(csr, request_id=request_id, seconds=60,
                              wait_for_ready=True).certificate.certificate_der

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        received = set(pool.map(one, range(20)))
    assert len(received) == 1
    ledger.assert_holds(ca, received.pop())
    signed = [o for _, o in ledger.records_of_request(ca, request_id) if o == ledger.SIGNED]
    assert len(signed) == 1


@pytest.mark.parametrize("table", ["issuance", "outcome", "request", "revocation", "event", "block",
                                   "policy_version", "token_use", "lineage_use"])
def test_the_issuing_role_cannot_change_the_past(ca, table):
    for statement in (f"UPDATE {table} SET tick = tick", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ledger.query(ca, statement, role="mayfly_issue")


def test_no_partition_is_open_to_the_issuing_role_either(ca):
    partitions = ledger.query(ca, "SELECT tablename FROM pg_tables WHERE schemaname = 'mayfly_partitions'")
    assert partitions
    for (name,) in partitions:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ledger.query(ca, f'DELETE FROM mayfly_partitions."{name}"', role="mayfly_issue")


def test_the_cli_issues_inspects_and_revokes(ca, tmp_path):
    ca.cli("issue", "cli.internal", "--profile", "server", "--lifetime", "1d", "--out", tmp_path)
    leaf = tmp_path / "cli.internal.crt"
    assert (tmp_path / "cli.internal.key").stat().st_mode & 0o077 == 0
    assert_verifies(ca, leaf)
    shown = json.loads(ca.cli("--json", "inspect", leaf).stdout)
    serial = shown["serial_number"]
    assert shown["subject_alt_names"] == ["DNS:cli.internal"]
    ca.cli("revoke", serial, "--reason", "superseded", "--yes")
    assert ocsp.status_of_serial(ca, serial) == "revoked"
    again = ca.cli("issue", "cli.internal", "--profile", "server", "--out", tmp_path, check=False)
    assert again.returncode != 0, "existing files are not written over without --force"
    denied = ca.cli("issue", "not-ours.example", "--profile", "server", "--out", tmp_path, check=False)
    assert denied.returncode == 3 and "policy." in denied.stderr
