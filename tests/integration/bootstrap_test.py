"""First contact: a machine that knows the root's fingerprint and nothing else; and coming back after
the certificate's end."""

import contextlib
import hashlib
import os
import socket
import ssl
import threading
import time

import grpc
import pytest
from cryptography import x509

from harness import api
from harness.authority import wait_for
from harness.csr import make_csr, new_key

Code = grpc.StatusCode
POLICY = """
[profile.graceful]
lifetime = "1h"
backdate = "1s"
renewal_grace = "1h"
key_usage = ["digital-signature"]
extended_key_usage = ["client-auth"]
names = ["dns"]

[profile.strict]
lifetime = "1h"
backdate = "1s"
key_usage = ["digital-signature"]
extended_key_usage = ["client-auth"]
names = ["dns"]

[[rule]]
name = "grace"
principals = ["spiffe://mayfly.internal/operator"]
profiles = ["graceful", "strict"]
dns = ["*.grace.internal"]
"""


@pytest.fixture(scope="module", name="operator")
def operator_with_policy(module_authority):
    with api.operator_with_policy(module_authority, POLICY) as operator:
        yield operator


def fingerprint_of(authority):
    root = x509.load_pem_x509_certificate(authority.root_file.read_bytes())
    return hashlib.sha256(root.public_bytes(api.serialization.Encoding.DER)).hexdigest()


class Machine:
    """One with a home folder of its own and no settings."""

    def __init__(self, authority, folder):
        self.authority, self.folder = authority, folder
        self.contexts = folder / ".config/mayfly/contexts"

    def mayfly(self, *arguments, check=True):
        environment = self.authority.environment
        self.authority.environment = dict(environment, HOME=str(self.folder))
        self.authority.environment.pop("XDG_CONFIG_HOME", None)
        try:
            return self.authority.run(self.authority.programs / "mayfly", *arguments, check=check)
        finally:
            self.authority.environment = environment

    def bootstrap(self, *arguments, fingerprint=None, port=None, check=True):
        return self.mayfly(
            "bootstrap", "--server", f"localhost:{self.authority.port('grpc')}",
            "--enrolment-server", f"localhost:{port or self.authority.port('enrolment')}",
            "--fingerprint", fingerprint or fingerprint_of(self.authority), *arguments, check=check)


@pytest.fixture(name="machine")
def bare_machine(module_authority, tmp_path):
    return Machine(module_authority, tmp_path)


def test_a_fingerprint_makes_a_context(machine):
    machine.bootstrap()
    roots = (machine.contexts / "default.roots.pem").read_bytes()
    assert roots == machine.authority.root_file.read_bytes()
    shown = machine.mayfly("context", "show").stdout
    assert f"localhost:{machine.authority.port('grpc')}" in shown and "default" in shown


def test_with_a_token_it_enrols_in_the_same_command(machine, operator, own_ca):
    done = own_ca.cli("token", "create", "boot.internal", "--profile", "workload", "--out",
                      machine.folder / "token")
    assert fingerprint_of(own_ca) in done.stderr and "mayfly_enrol_" not in done.stdout + done.stderr
    assert (machine.folder / "token").stat().st_mode & 0o777 == 0o600
    machine.bootstrap("--token-file", machine.folder / "token", "--profile", "workload", "--out",
                      machine.folder, "boot.internal")
    listed = machine.mayfly("list", "-o", "name").stdout
    assert listed.startswith("issuers/issuing-1/certificates/")
    machine.mayfly("renew", machine.folder / "boot.internal.crt")
    machine.mayfly("list")


def test_fingerprints_come_as_openssl_prints_them(machine):
    plain = fingerprint_of(machine.authority).upper()
    machine.bootstrap(fingerprint=":".join(plain[i:i + 2] for i in range(0, 64, 2)))


def test_another_fingerprint_is_no_ca(machine):
    done = machine.bootstrap(fingerprint="ab" * 32, check=False)
    said = " ".join(done.stderr.split())
    assert done.returncode == 3 and "[bootstrap.fingerprint]" in said
    assert fingerprint_of(machine.authority) in said
    assert not machine.contexts.exists() or not list(machine.contexts.iterdir())


@pytest.mark.parametrize("fingerprint", ("", "ab" * 31, "zz" * 32))
def test_what_is_no_fingerprint_is_refused(machine, fingerprint):
    done = machine.bootstrap(fingerprint=fingerprint or "x", check=False)
    assert done.returncode == 2 and "[cli.fingerprint]" in done.stderr


def test_no_context_is_replaced_by_accident(machine):
    machine.bootstrap()
    done = machine.bootstrap(check=False)
    assert done.returncode == 1 and "[context.exists]" in done.stderr
    machine.bootstrap("--force")


def test_who_passes_on_the_roots_is_not_believed(machine, operator, tmp_path):
    """Somebody in between has the true roots, and a certificate of their own making."""
    from harness import issuer
    certificate, key = issuer.make_certificate(tmp_path, "between")
    token = operator.create_token("between.internal", profile="workload").token
    (tmp_path / "token").write_text(token)
    with Between(machine.authority, certificate, key) as between:
        done = machine.bootstrap("--token-file", tmp_path / "token", "--profile", "workload",
                                 "--out", tmp_path, "between.internal", port=between.port,
                                 check=False)
        assert done.returncode != 0
        assert token.encode() not in between.heard
        assert between.heard  # the roots were asked for, and came
    assert not (tmp_path / "between.internal.crt").exists()


class Between:
    """Ends TLS as somebody else, and passes on what is inside."""

    def __init__(self, authority, certificate, key):
        self.authority, self.heard = authority, b""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.context.set_alpn_protocols(["h2"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError):
            near = self.context.wrap_socket(connection, server_side=True)
            trust = ssl.create_default_context(cafile=self.authority.root_file)
            trust.set_alpn_protocols(["h2"])
            far = trust.wrap_socket(
                socket.create_connection(("localhost", self.authority.port("enrolment"))),
                server_hostname="localhost")
            threading.Thread(target=self.copy, args=(far, near), daemon=True).start()
            self.copy(near, far, self.hear)

    def hear(self, data):
        self.heard += data

    @staticmethod
    def copy(source, target, tell=lambda data: None):
        with contextlib.suppress(OSError, ValueError):
            while data := source.recv(65536):
                tell(data)
                target.sendall(data)


def test_the_listener_asks_for_no_certificate_and_takes_no_old_tls(module_authority):
    context = ssl.create_default_context(cafile=module_authority.root_file)
    address = ("localhost", module_authority.port("enrolment"))
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(["h2"])
        with socket.create_connection(address) as raw:
            with context.wrap_socket(raw, server_hostname="localhost") as connection:
                assert connection.selected_alpn_protocol() == "h2"
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(address) as raw, pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(raw, server_hostname="localhost")


def test_a_handshake_that_does_not_come_is_ended(module_authority):
    with socket.create_connection(("localhost", module_authority.port("enrolment"))) as raw:
        raw.settimeout(20)
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while raw.recv(4096):
                pass
        assert 3 < time.monotonic() - began < 12


def test_a_message_has_64_kib(module_authority):
    with contextlib.closing(api.stranger(module_authority)) as client:
        with pytest.raises(api.Refused) as refused:
            client.issue(b"x" * 70_000)
    assert (refused.value.code, refused.value.rule) == (Code.RESOURCE_EXHAUSTED, "")


# --- after the end

class Expired:
    """The holder of a certificate that has expired."""

    def __init__(self, authority, operator, name, profile="graceful"):
        self.authority, self.key = authority, new_key()
        self.response = operator.issue(make_csr(name, key=self.key), profile=profile, lifetime=4)
        self.serial = self.response.certificate.serial_number
        until = self.response.certificate.not_after_time.seconds + 1.2
        time.sleep(max(0, until - time.time()))

    def renew(self, csr=None, key=None, **fields):
        request = api.renew_expired_request(self.response, key or self.key, csr or make_csr(),
                                            fields.pop("request_id", None))
        for name, value in fields.items():
            setattr(request, name, value)
        with contextlib.closing(api.stranger(self.authority)) as client:
            return client.call("RenewExpiredCertificate", request)


def test_within_the_grace_the_old_key_renews(own_ca, operator):
    expired = Expired(own_ca, operator, "a.grace.internal")
    csr, request_id = make_csr(), api.make_request_id()
    renewed = expired.renew(csr, request_id=request_id)
    assert renewed.certificate.lineage == expired.response.certificate.lineage
    assert renewed.certificate.generation == 1
    assert list(renewed.certificate.subject_alt_names) == ["DNS:a.grace.internal"]
    assert expired.renew(csr, request_id=request_id).certificate == renewed.certificate
    assert api.refusal(expired.renew, make_csr("b.grace.internal")) == (
        Code.PERMISSION_DENIED, "renewal.names")
    assert api.refusal(expired.renew, make_csr(key=expired.key)) == (
        Code.INVALID_ARGUMENT, "renewal.same-key")


def test_only_the_old_key_over_this_very_request(own_ca, operator):
    expired = Expired(own_ca, operator, "b.grace.internal")
    denied = (Code.UNAUTHENTICATED, "renewal.signature")
    assert api.refusal(expired.renew, key=new_key()) == denied
    assert api.refusal(expired.renew, csr_der=make_csr()) == denied
    assert api.refusal(expired.renew, signature=b"x") == denied
    other = operator.issue(make_csr("b.grace.internal"), profile="graceful")
    assert api.refusal(expired.renew, certificate_der=other.certificate.certificate_der) == denied
    request_id = api.make_request_id()
    request = api.renew_expired_request(expired.response, expired.key, make_csr())
    request.request_id = request_id
    with contextlib.closing(api.stranger(own_ca)) as client:
        assert api.refusal(client.call, "RenewExpiredCertificate", request) == denied
        request.request_id = ""
        assert api.refusal(client.call, "RenewExpiredCertificate", request) == (
            Code.INVALID_ARGUMENT, "request-id.required")
        request.request_id, request.certificate_der = request_id, b"x"
        assert api.refusal(client.call, "RenewExpiredCertificate", request) == (
            Code.INVALID_ARGUMENT, "renewal.certificate")


def test_no_grace_no_renewal(own_ca, operator):
    strict = Expired(own_ca, operator, "c.grace.internal", profile="strict")
    assert api.refusal(strict.renew) == (Code.PERMISSION_DENIED, "renewal.grace")
    expired = Expired(own_ca, operator, "c.grace.internal")
    text = operator.policy().policy_text
    operator.apply_policy(text.replace('renewal_grace = "1h"', 'renewal_grace = "1s"'))
    try:
        time.sleep(1.2)
        assert api.refusal(expired.renew) == (Code.PERMISSION_DENIED, "renewal.grace")
    finally:
        operator.apply_policy(text)
    expired.renew()


def test_what_has_not_expired_renews_the_usual_way(own_ca, operator):
    current = Expired.__new__(Expired)
    current.authority, current.key = own_ca, new_key()
    current.response = operator.issue(make_csr("d.grace.internal", key=current.key),
                                      profile="graceful")
    assert api.refusal(current.renew) == (Code.PERMISSION_DENIED, "renewal.not-expired")


def test_revocations_and_generations_hold_after_the_end_too(own_ca, operator):
    expired = Expired(own_ca, operator, "e.grace.internal")
    key = new_key()
    renewed = expired.renew(make_csr(key=key))
    pem = x509.load_der_x509_certificate(renewed.certificate.certificate_der).public_bytes(api.PEM)
    with contextlib.closing(api.Client(own_ca, pem + own_ca.chain_file.read_bytes(),
                                       api.key_pem(key))) as client:
        client.trust_bundle()  # the new one is in use
    assert api.refusal(expired.renew) == (Code.PERMISSION_DENIED, "renewal.superseded")
    wait_for(lambda: operator.call("ListEvents", api.request(
        "ListEvents", filter="kind = lineage.copied-key")).events, 10, "the event")
    revoked = Expired(own_ca, operator, "f.grace.internal")
    operator.revoke(revoked.serial, reason=5)
    assert api.refusal(revoked.renew) == (Code.UNAUTHENTICATED, "peer.revoked")


def test_the_command_line_renews_after_the_end(own_ca, operator, tmp_path):
    expired = Expired(own_ca, operator, "g.grace.internal")
    der = expired.response.certificate.certificate_der
    pem = x509.load_der_x509_certificate(der).public_bytes(api.PEM)
    (tmp_path / "g.crt").write_bytes(pem + own_ca.chain_file.read_bytes())
    (tmp_path / "g.key").write_bytes(api.key_pem(expired.key))
    os.chmod(tmp_path / "g.key", 0o600)
    own_ca.cli("renew", tmp_path / "g.crt")
    renewed = x509.load_pem_x509_certificate((tmp_path / "g.crt").read_bytes())
    assert renewed.public_bytes(api.serialization.Encoding.DER) != der
    own_ca.cli("renew", tmp_path / "g.crt")  # by itself again
