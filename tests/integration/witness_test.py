"""Witnesses cosign the audit log's checkpoints; one in Go, with Go's own proofs, judges ours."""

import contextlib
import json
import subprocess
import time

import pytest

from harness import api, go, issuer, ocsp
from harness.authority import wait_for
from harness.csr import make_csr

AGE_MAX_SECONDS = 10
HEALING_SECONDS_MAX = 15


class Witness:
    """A process of harness/tlog."""

    def __init__(self, program, ca, folder, name):
        self.program, self.folder, self.name = program, folder, name
        self.log_key = ca.home / "audit/verifier-key"
        self.certificate, self.private = issuer.make_certificate(folder, name, hosts=("localhost",))
        self.state = folder / f"{name}.state"
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "witness", f"witness.example/{self.name}", self.log_key, self.certificate,
             self.private, self.state], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port, self.key = self.process.stdout.readline().split()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stdin.close()

    def section(self):
        return (f'[[audit.witness]]\nurl = "https://localhost:{self.port}/witness"\n'
                f'key = "{self.key}"\nca_file = "{self.certificate}"\n')

    def size(self):
        return json.loads(self.state.read_text())["N"] if self.state.exists() else 0


@pytest.fixture(scope="module", name="program")
def built_program():
    program, reason = go.build("tlog")
    if reason:
        pytest.skip(reason)
    return program


def configure(ca, *witnesses, needed):
    ca.configure(f'[audit.witnesses]\nneeded = {needed}\nage_max = "{AGE_MAX_SECONDS}s"\n'
                 + "".join(witness.section() for witness in witnesses))


def cosigned(ca):
    """The sizes and signers of the newest cosigned checkpoint."""
    path = ca.home / "audit/witnessed"
    if not path.exists():
        return 0, []
    text, signatures = path.read_text().split("\n\n")
    return int(text.splitlines()[1]), [line.split()[1] for line in signatures.splitlines()]


def test_what_witnesses_cosigned_is_released(own_ca, program, tmp_path):
    one, two = (Witness(program, own_ca, tmp_path, name) for name in ("one", "two"))
    try:
        configure(own_ca, one, two, needed=2)
        with contextlib.closing(api.operator(own_ca)) as operator:
            serial = operator.issue(make_csr("web.internal"), seconds=20).certificate.serial_number
            wait_for(lambda: cosigned(own_ca)[0] >= 1 and one.size() == two.size() == cosigned(own_ca)[0],
                     15, "both to have cosigned the newest checkpoint")
            assert cosigned(own_ca)[1][1:] == ["witness.example/one", "witness.example/two"]
            # One goes: the other alone is not enough. OCSP goes on.
            two.stop()

            def closed():
                error = api.refused(lambda: operator.issue(make_csr("web.internal"), seconds=4))
                return error and error.rule == "audit.no-witness"
            wait_for(closed, AGE_MAX_SECONDS + 20, "the gate to close")
            assert ocsp.status_of_serial(own_ca, serial) == "good"
            # It comes back, elsewhere, and remembers; the log went on meanwhile.
            two.start()
            configure(own_ca, one, two, needed=2)
        with contextlib.closing(api.operator(own_ca)) as operator:
            wait_for(lambda: api.refused(lambda: operator.issue(make_csr("web.internal"), seconds=5)) is None,
                     HEALING_SECONDS_MAX, "issuing again")
        kept = own_ca.cli("audit", "export", tmp_path / "copy")
        assert kept.returncode == 0
        own_ca.cli("audit", "verify", tmp_path / "copy", "--kept", own_ca.home / "audit/witnessed")
    finally:
        one.stop()
        two.stop()


def test_a_witness_that_saw_more_is_an_alarm_and_holds_up_nothing(own_ca, program, tmp_path):
    witness = Witness(program, own_ca, tmp_path, "one")
    try:
        configure(own_ca, witness, needed=0)
        wait_for(lambda: witness.size() > 0, 15, "the witness to see the log")
        seen = json.loads(witness.state.read_text())
        witness.stop()
        witness.state.write_text(json.dumps(seen | {"N": seen["N"] + 1000}))
        witness.start()
        configure(own_ca, witness, needed=0)
        wait_for(lambda: "witness.ahead" in own_ca.log, 20, "the alarm")
        with contextlib.closing(api.operator(own_ca)) as operator:
            operator.issue(make_csr("web.internal"))
        # Another tree of that size: the proof does not hold, and the witness refuses.
        witness.stop()
        witness.state.write_text(json.dumps(seen | {"Hash": seen["Hash"][:-2] + "A="}))
        witness.start()
        configure(own_ca, witness, needed=0)
        time.sleep(1)
        wait_for(lambda: "witness.refused" in own_ca.log, 20, "the refusal")
    finally:
        witness.stop()
