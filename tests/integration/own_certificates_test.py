"""The certificates of the server's listeners are renewed while it serves, and no connection ends."""

import contextlib
import http.client
import re
import socket
import ssl
import time

import pytest

from harness import api
from harness.authority import wait_for
from harness.csr import make_csr

LIFETIME = 15  # seconds; renewed when a third is left, and taken up within two


@pytest.fixture(scope="module", name="https_port")
def server_with_short_lives(module_authority):
    """Its certificates live for LIFETIME, and health is served over HTTPS beside the other."""
    ca = module_authority
    policy = (ca.home / "policy.toml").read_text()
    short, count = re.subn(r"(\[profile\.server\]\n)lifetime = \"7d\"",
                           rf'\1lifetime = "{LIFETIME}s"\nbackdate = "1s"', policy)
    assert count == 1
    (ca.home / "policy.toml").write_text(short)
    ca.start()
    ca.ca_command("apply-policy")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    ca.stop("server")
    for file in (ca.home / "server").iterdir():
        file.unlink()
    ca.configure(listener_at(port, '"DNS:localhost"'))
    return port


def listener_at(port, names):
    return (f'[[listener]]\naddress = "127.0.0.1:{port}"\nservices = ["health", "metrics"]\n'
            f'tls = "server"\ncertificate = "server/https.pem"\nnames = [{names}]\n')


class Https:
    """A connection that is kept."""

    def __init__(self, port, trust):
        self.connection = http.client.HTTPSConnection("localhost", port, timeout=5, context=trust)
        self.connection.connect()
        self.socket = self.connection.sock

    def ask(self):
        self.connection.request("GET", "/healthz")
        assert self.connection.getresponse().read() == b"alive\n"
        assert self.connection.sock is self.socket, "connected anew"

    def close(self):
        self.connection.close()


def serial_at(port, trust):
    """Of the certificate that a new connection is shown."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, \
            trust.wrap_socket(plain, server_hostname="localhost") as tls:
        return tls.getpeercert()["serialNumber"]


def peers_of(ca, method):
    return set(re.findall(rf"{method} outcome=ok.* peer=(\S+)", ca.log))


def test_several_lives_pass_under_open_connections(module_authority, https_port):
    ca = module_authority
    trust = ssl.create_default_context(cafile=ca.root_file)
    with_client = ssl.create_default_context(cafile=ca.root_file)
    with_client.load_cert_chain(ca.home / "operator/tls.crt", ca.home / "operator/tls.key")
    ports = {ca.port("grpc"): with_client, ca.port("enrolment"): trust, https_port: trust}
    serials = {port: set() for port in ports}
    before = peers_of(ca, "IssueCertificate")
    with contextlib.closing(api.operator(ca)) as client, \
            contextlib.closing(Https(https_port, trust)) as https:
        until, issued = time.monotonic() + 2.6 * LIFETIME, 0
        while time.monotonic() < until:
            client.issue(make_csr("web.internal"))
            issued += 1
            https.ask()
            for port, context in ports.items():
                serials[port].add(serial_at(port, context))
            time.sleep(0.1)
        assert len(peers_of(ca, "IssueCertificate") - before) == 1, "one connection for all calls"
    assert issued > 50
    for port, seen in serials.items():
        assert len(seen) >= 4, f"several lives at {port}"


def names_at(port, trust):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, \
            trust.wrap_socket(plain, server_hostname="localhost") as tls:
        return {name for _, name in tls.getpeercert()["subjectAltName"]}


def test_other_names_are_had_from_the_next_start_on(module_authority, https_port):
    ca = module_authority
    trust = ssl.create_default_context(cafile=ca.root_file)
    assert names_at(https_port, trust) == {"localhost"}
    ca.stop("server")
    ca.configure(listener_at(https_port, '"DNS:localhost", "DNS:ca.internal"'))
    assert names_at(https_port, trust) == {"localhost", "ca.internal"}


def test_a_file_that_was_replaced_is_made_again(module_authority, https_port):
    ca = module_authority
    trust = ssl.create_default_context(cafile=ca.root_file)
    operators = (ca.home / "operator/tls.crt").read_text() + (ca.home / "operator/tls.key").read_text()
    (ca.home / "server/https.pem").write_text(operators)
    wait_for(lambda: operators != (ca.home / "server/https.pem").read_text(), 20, "its own")
    time.sleep(2)
    assert "localhost" in names_at(https_port, trust)
