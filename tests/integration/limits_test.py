"""Many connections, slow ones, and one principal that floods the server: nobody else is refused."""

import concurrent.futures
import contextlib
import socket

import grpc
import pytest

from harness import api
from harness.csr import make_csr, new_key

IDLE_CONNECTIONS = 1000
FLOODERS = 5  # connections of one principal: one has 128 calls at once at most
FLOOD = 600
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
def connections(port, count, first_bytes=b""):
    """So many that say no more than this."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
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
