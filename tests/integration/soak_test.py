"""Hours of random faults under load: what clients received is in the ledger, and it heals by itself."""

import concurrent.futures
import os
import random
import threading
import time

import pytest

from harness import api, ledger, ocsp
from harness.authority import wait_for
from harness.csr import make_csr

CLIENTS = 8
HEALING_SECONDS_MAX = 60
POINTS = ("issuance.recorded", "issuance.signed", "issuance.settled")


class Applicants:
    """Clients that want one certificate after the other, each repeated with its request id."""

    def __init__(self, authority):
        self.authority = authority
        self.received = {}  # request id -> every DER received for it
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def run(self):
        """One client's life."""
        client = api.operator(self.authority)
        while not self._stopping.is_set():
            csr, request_id = make_csr("web.internal"), api.make_request_id()
            for _ in range(2 + random.randrange(2)):  # asked again, also when it was answered
                self._ask(client, csr, request_id)
        client.close()

    def _ask(self, client, csr, request_id):
        while not self._stopping.is_set():
            try:
                der = client.issue(csr, request_id=request_id, seconds=10).certificate.certificate_der
            except api.Refused:
                time.sleep(0.2)
                continue
            with self._lock:
                self.received.setdefault(request_id, set()).add(der)
            return

    def stop(self):
        """Lets every client finish."""
        self._stopping.set()

    def assert_invariants(self):
        """One certificate a request id, and each in the ledger with its bytes."""
        with self._lock:
            received = dict(self.received)
        assert all(len(ders) == 1 for ders in received.values())
        for ders in received.values():
            for der in ders:
                ledger.assert_holds(self.authority, der)
        return len(received)


def fault_server_at(ca, chance):
    server = ca.pid("server")
    with ca.failpoint(chance.choice(POINTS), "kill"):
        ca.wait_gone(server, 30)
    ca.start("server")


def fault_database_at(ca, chance):
    postmaster = ca.pid("database")
    with ca.failpoint(chance.choice(POINTS), f"kill-other {postmaster}"):
        ca.wait_gone(postmaster, 30)
    ca.start("database")


def fault_database_stopped(ca, chance):
    ca.stop("database")
    time.sleep(chance.uniform(0, 15))
    ca.start("database")


def fault_worker(ca, chance):
    workers = ca.workers()
    if workers:
        os.kill(chance.choice(workers), 9)


def fault_signer(ca, _):
    ca.kill("signer")
    ca.start("signer")


FAULTS = (fault_server_at, fault_database_at, fault_database_stopped, fault_worker, fault_signer)


@pytest.mark.tier("soak")
def test_random_faults_under_load(own_ca):
    seed = os.environ.get("MAYFLY_SEED", str(random.randrange(1 << 32)))
    minutes = float(os.environ.get("MAYFLY_SOAK_MINUTES", "60"))
    print(f"MAYFLY_SEED={seed} MAYFLY_SOAK_MINUTES={minutes} repeats the order of faults")
    chance = random.Random(seed)
    applicants = Applicants(own_ca)
    until = time.monotonic() + minutes * 60
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(applicants.run) for _ in range(CLIENTS)]
        try:
            while time.monotonic() < until:
                chance.choice(FAULTS)(own_ca, chance)
                before = len(applicants.received)
                wait_for(lambda: len(applicants.received) > before, HEALING_SECONDS_MAX, "healing")
                applicants.assert_invariants()
        finally:
            applicants.stop()
    for client in clients:
        client.result()
    assert applicants.assert_invariants() > 0
    newest = ledger.query(own_ca, """
        SELECT encode(serial, 'hex') FROM issuance LEFT JOIN outcome o USING (serial, issuer_id)
        WHERE o.kind IS NULL LIMIT 20""")
    for (serial,) in newest:
        assert ocsp.status_of_serial(own_ca, serial) != "good"
