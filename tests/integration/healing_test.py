"""Database and token vanish and come back: clear refusals meanwhile, and healing without a restart."""

import concurrent.futures
import os
import signal
import time

import grpc
import pytest

from harness import api, ledger, ocsp
from harness.authority import wait_for
from harness.csr import make_csr

Code = grpc.StatusCode
LEASE_SECONDS = 10
HEALING_SECONDS_MAX = 15


def works(client):
    """Whether a certificate is issued now."""
    try:
        return client.issue(make_csr("web.internal"), seconds=5)
    except api.Refused as refused:
        print(f"{time.strftime('%H:%M:%S')} {refused}")  # shown when the test fails
        return None


def test_database_stopped_while_serving(own_ca, own_operator):
    def status(serial, nonce=True):
        return ocsp.status_of_serial(own_ca, serial, nonce=nonce)

    good = own_operator.issue(make_csr("web.internal")).certificate.serial_number
    revoked = own_operator.issue(make_csr("web.internal")).certificate.serial_number
    own_operator.revoke(revoked)
    assert (status(good), status(revoked)) == ("good", "revoked")
    server = own_ca.pid("server")

    stopping = time.monotonic()
    own_ca.stop("database")
    answer = status(good)
    if time.monotonic() - stopping < LEASE_SECONDS / 2:
        assert answer == "good", "within the lease memory answers, signed anew for the nonce"
        assert status(good, nonce=False) == "good"
    with pytest.raises(api.Refused) as refused:
        own_operator.issue(make_csr("web.internal"), seconds=10)
    assert refused.value.code == Code.UNAVAILABLE and refused.value.retry_seconds is not None
    wait_for(lambda: status(good) == "trylater", LEASE_SECONDS + 5, "good to end with the lease")
    assert status(revoked) == "revoked", "for ever"

    own_ca.start("database")
    wait_for(lambda: works(own_operator), HEALING_SECONDS_MAX, "issuing after the database's return")
    wait_for(lambda: status(good) == "good", HEALING_SECONDS_MAX, "OCSP after the database's return")
    assert status(revoked) == "revoked"
    assert own_ca.pid("server") == server and not own_ca.is_gone(server), "without a restart"


def test_a_second_server_on_the_same_state_is_refused(own_ca):
    refused = own_ca.ca_command("serve", check=False)
    assert refused.returncode == 2, refused.stderr
    assert "another mayfly-ca serves" in refused.stderr + refused.stdout


def test_a_killed_worker_is_replaced(own_ca, own_operator):
    before = own_ca.workers()
    assert before
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    wait_for(lambda: works(own_operator), HEALING_SECONDS_MAX, "issuing after the workers' death")
    assert not set(own_ca.workers()) & set(before)


def assert_answered_in_time(client, seconds):
    """A request in flight ends by its deadline, refused so that it may be repeated, or issued."""
    began = time.monotonic()
    try:
        client.issue(make_csr("web.internal"), seconds=seconds)
    except api.Refused as refused:
        assert refused.code in (Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED), refused
    assert time.monotonic() - began < seconds + 1


def test_a_worker_killed_inside_a_call(own_ca, own_operator):
    with own_ca.failpoint("signer.worker.before-sign", "kill"):
        assert_answered_in_time(own_operator, 5)
    wait_for(lambda: works(own_operator), HEALING_SECONDS_MAX, "issuing after a worker's death")


def test_a_worker_hung_inside_a_call(own_ca, own_operator):
    before = set(own_ca.workers())
    with own_ca.failpoint("signer.worker.before-sign", "pause"):
        assert_answered_in_time(own_operator, 5)
        wait_for(lambda: before - set(own_ca.workers()), 10, "the hung worker's replacement")
    wait_for(lambda: works(own_operator), HEALING_SECONDS_MAX, "issuing after a hung worker")


def test_the_signer_process_killed_and_started_again(own_ca, own_operator):
    own_ca.kill("signer")
    with pytest.raises(api.Refused) as refused:
        own_operator.issue(make_csr("web.internal"), seconds=5)
    assert refused.value.code in (Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED)
    own_ca.start("signer")
    wait_for(lambda: works(own_operator), HEALING_SECONDS_MAX, "issuing after the signer's return")


def test_sigterm_finishes_what_is_in_flight(own_ca, own_operator):
    server = own_ca.pid("server")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with own_ca.failpoint("issuance.signed", "pause"):
            recorded = ledger.count_records(own_ca)
            answer = pool.submit(own_operator.issue, make_csr("web.internal"))
            wait_for(lambda: ledger.count_records(own_ca) > recorded, 10, "the record")
            os.kill(server, signal.SIGTERM)
            time.sleep(1)
            assert not own_ca.is_gone(server)
        ledger.assert_holds(own_ca, answer.result().certificate.certificate_der)
    own_ca.wait_gone(server, 35)
    own_ca.start("server")
    client = api.operator(own_ca)
    wait_for(lambda: works(client), HEALING_SECONDS_MAX, "issuing after a restart")
    client.close()
