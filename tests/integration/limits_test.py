"""Many connections, slow ones, and one principal that floods the server: nobody else is refused."""

import concurrent.futures
import contextlib
import http.client
import re
import socket
import urllib.request

import grpc
import pytest

from harness import api
from harness.authority import ROOT, wait_for
from harness.csr import make_csr, new_key

IDLE_CONNECTIONS = 1000
HTTP_CONNECTIONS = 1100  # more than a listener has
HALF_A_REQUEST = b"POST /ocsp HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n"
FLOODERS = 5  # connections of one principal: one has 128 calls at once at most
FLOOD = 600
FILES_MAX = 600  # of a server that may open few
POLICY = """
[profile.flooding]
lifetime = "1h"
key_usage = ["digital-signature"]
extended_key_usage = ["client-auth"]
names = ["dns"]

[[rule]]
name = "flooding"
principals = ["spiffe://mayfly.internal/operator", "dns:flooder.internal", "dns:modest.internal"]
profiles = ["flooding"]
dns = ["*.internal"]
"""


@pytest.fixture(scope="module", name="operator")
def operator_with_policy(module_authority):
    with api.operator_with_policy(module_authority, POLICY) as operator:
        yield operator


@contextlib.contextmanager
def clients_of(authority, operator, name, count):
    """So many connections of one principal."""
    key = new_key()
    response = operator.issue(make_csr(name, key=key), profile="flooding")
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(contextlib.closing(
            api.Client(authority, api.chain_pem(response), api.key_pem(key)))) for _ in range(count)]


@contextlib.contextmanager
def connections(port, count, first_bytes=b"", addresses=("127.0.0.1",)):
    """So many that say no more than this, from these addresses in turn."""
    with contextlib.ExitStack() as stack:
        for i in range(count):
            connection = stack.enter_context(socket.create_connection(
                ("127.0.0.1", port), timeout=10, source_address=(addresses[i % len(addresses)], 0)))
            with contextlib.suppress(ConnectionError):  # one too many
                connection.sendall(first_bytes)
        yield


def outcome(client, csr):
    try:
        client.issue(csr, profile="flooding", seconds=30)
    except api.Refused as refused:
        return refused
    return None


def test_who_floods_the_server_delays_and_is_refused_alone(module_authority, operator):
    csr = make_csr("load.internal")
    port = module_authority.port("grpc")
    hello = bytes.fromhex("1603010200010001fc0303")  # the beginning of a TLS ClientHello
    with clients_of(module_authority, operator, "flooder.internal", FLOODERS) as flooders, \
            clients_of(module_authority, operator, "modest.internal", 1) as [modest], \
            connections(port, IDLE_CONNECTIONS), connections(port, 100, hello), \
            concurrent.futures.ThreadPoolExecutor(FLOOD) as threads:
        flood = [threads.submit(outcome, flooders[i % FLOODERS], csr) for i in range(FLOOD)]
        served = [outcome(modest, csr) for _ in range(30)]
        refusals = [refused for done in flood if (refused := done.result())]
    assert served == [None] * 30
    for refused in refusals:
        assert refused.code == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert refused.rule == "rpc.principal-calls" and refused.retry_seconds is not None
    lines = [line for line in module_authority.log.splitlines()
             if "outcome=overloaded" in line]
    assert 0 < len(lines) < len(refusals) / 2, "one a second is logged"
    assert any("like_it_not_logged=" in line for line in lines) or len(lines) == 1
    assert refusals, "over its limit it is told to come back"
    assert len(refusals) < FLOOD, "within its limit it is served"


def metric(authority, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{authority.port('private')}/metrics", timeout=5) as page:
        return float(re.search(rf"^{re.escape(name)} (\S+)$", page.read().decode(), re.M).group(1))


def status_from(address, port, path):
    """Of what a client at this address gets."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(address, 0))
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status


@pytest.mark.parametrize("first_bytes", [b"", HALF_A_REQUEST])
def test_one_address_does_not_take_all_http_connections(module_authority, first_bytes):
    port = module_authority.port("http")
    refused = 'mayfly_http_connections_refused_total{reason="address"}'
    before = metric(module_authority, refused)
    with connections(port, HTTP_CONNECTIONS, first_bytes):
        assert status_from("127.0.0.9", port, "/trust-bundle.pem") == 200
        assert metric(module_authority, refused) - before > HTTP_CONNECTIONS / 2
    lines = [line for line in module_authority.log.splitlines()
             if "connection refused" in line and "protocol=http" in line]
    assert 0 < len(lines) < HTTP_CONNECTIONS / 10, "one a second is logged"


@pytest.fixture(scope="module", name="few_files")
def server_with_few_files(module_authority):
    """A CA whose server may open FILES_MAX files."""
    module_authority.stop("server")
    module_authority.run("prlimit", f"--nofile={FILES_MAX}:{FILES_MAX}", ROOT / "quickstart",
                         "start", "server")
    return module_authority


@pytest.mark.parametrize("listener", ["grpc", "enrolment"])
def test_more_connections_than_files_close_no_listener(few_files, listener):
    said = re.search("fewer connections than configured.* connections_of_each_http_listener=([0-9]+)",
                     few_files.log)
    assert int(said[1]) >= 32
    refused = 'mayfly_rpc_connections_refused_total{reason="address"}'
    before = metric(few_files, refused)
    with connections(few_files.port(listener), 3 * FILES_MAX):
        assert metric(few_files, "mayfly_rpc_connections") < FILES_MAX / 4
        wait_for(lambda: metric(few_files, refused) - before > 2 * FILES_MAX, 10, "them to be refused")
        with urllib.request.urlopen(f"http://127.0.0.1:{few_files.port('private')}/readyz", timeout=5) as ready:
            assert ready.status == 200
    wait_for(lambda: metric(few_files, "mayfly_rpc_connections") < 5, 10, "their sockets to be closed")
    for client in (api.operator(few_files), api.stranger(few_files)):
        with contextlib.closing(client):
            assert client.trust_bundle(seconds=10).root_certificates_der


@pytest.mark.parametrize("listener", ["grpc", "enrolment"])
def test_many_addresses_that_stay_in_the_handshake_keep_nobody_out(few_files, listener):
    refused = 'mayfly_rpc_connections_refused_total{reason="full"}'
    before = metric(few_files, refused)
    with connections(few_files.port(listener), 2 * FILES_MAX,
                     addresses=[f"127.0.1.{i}" for i in range(1, 9)]):
        wait_for(lambda: metric(few_files, refused) - before > FILES_MAX, 10, "them to be refused")
        for client in (api.operator(few_files), api.stranger(few_files)):
            with contextlib.closing(client):
                assert client.trust_bundle(seconds=10).root_certificates_der
