"""./quickstart as a newcomer meets it: the walk, again, after a crash, after lapsed credentials."""

import datetime
import os
import signal
import subprocess
import time
import urllib.request

import pytest
from cryptography import x509

from harness.authority import ROOT, wait_for

# A second run does nothing but look and walk; sanitized programs start slowly.
SECOND_RUN_SECONDS_MAX = 20

# Where their credentials are, the profile and the name.
OPERATORS = ("operator/tls.crt", "operator/tls.key"), "client", "URI:spiffe://mayfly.internal/operator"
SERVERS = ("server/tls.pem", "server/tls.pem"), "server", "DNS:localhost"
WALK = (
    "key and CSR for web.internal made here",
    "seven-day certificate issued over gRPC",
    "chain verified by openssl",
    "OCSP asked by openssl: good",
    "revoked with the CLI",
    "OCSP asked by openssl: revoked",
)

# mayfly-ca, but just before it first serves, another process takes its port and calls itself ready.
ROBBED_SERVER = """#!/usr/bin/python3
import http.server, os, pathlib, sys
thief = pathlib.Path({thief!r})
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
if sys.argv[1] == "serve" and not thief.exists():
    server = http.server.HTTPServer(("127.0.0.1", {port}), Ready)
    pid = os.fork()
    if pid == 0:
        server.serve_forever()
    thief.write_text(str(pid))
os.execv({program!r}, sys.argv)
"""


@pytest.fixture(scope="module")
def place(make_authority):
    """A CA that ./quickstart has not made yet."""
    return make_authority("walk")


@pytest.fixture(scope="module")
def first_run(place):
    """What the very first ./quickstart printed."""
    return place.quickstart().stdout


def assert_walked(output):
    """All lines of the walk, in their order."""
    positions = [output.find(line) for line in WALK]
    assert -1 not in positions and positions == sorted(positions), output
    assert "Five things to try next" in output


def certificate_in(path):
    """The first certificate of a PEM file."""
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_first_run_walks(first_run, place):
    assert_walked(first_run)
    assert "./quickstart stop" in first_run and "./quickstart reset" in first_run
    leaf = certificate_in(place.home / "walk/web.crt")
    days = (leaf.not_valid_after - leaf.not_valid_before).total_seconds() + 1
    assert days == 7 * 86400  # notAfter is inclusive (RFC 5280 4.1.2.5)


def test_second_run_takes_seconds_and_makes_nothing_again(first_run, place):
    before = {name: (place.home / name).read_bytes()
              for name in ("ca/root.pem", "ca/chain.pem", "operator/tls.crt", "server/tls.pem")}
    server = place.pid("server")
    began = time.monotonic()
    again = place.quickstart().stdout
    assert time.monotonic() - began < SECOND_RUN_SECONDS_MAX
    assert_walked(again)
    assert "ceremony" not in again and "generate" not in again
    assert {name: (place.home / name).read_bytes() for name in before} == before
    assert place.pid("server") == server


def test_continues_after_everything_was_killed(first_run, place):
    signer_workers = place.workers()
    for part in ("server", "signer", "database"):
        place.kill(part)
    for worker in signer_workers:
        place.wait_gone(worker)  # they die with their supervisor
    assert_walked(place.quickstart().stdout)


def test_continues_where_pid_files_name_strangers(first_run, place):
    place.stop()
    (place.sockets / "server.pid").write_text("1\n")
    (place.sockets / "signer.pid").write_text(f"{os.getpid()}\n")
    place.start()
    os.kill(place.pid("server"), 0)
    assert place.pid("server") != 1 and place.pid("signer") != os.getpid()


def test_a_port_taken_in_the_last_moment_is_replaced(first_run, place, tmp_path, monkeypatch):
    place.stop()
    taken, thief = place.port("private"), tmp_path / "thief"
    for name in ("mayfly", "mayfly-signer"):
        (tmp_path / name).symlink_to(place.programs / name)
    robbed = tmp_path / "mayfly-ca"
    robbed.write_text(ROBBED_SERVER.format(thief=str(thief), port=taken,
                                           program=str(place.programs / "mayfly-ca")))
    robbed.chmod(0o755)
    monkeypatch.setitem(place.environment, "MAYFLY_BIN_DIR", str(tmp_path))
    try:
        assert_walked(place.quickstart().stdout)
        assert place.port("private") != taken
        with urllib.request.urlopen(f"http://127.0.0.1:{place.port('private')}/readyz") as ready:
            assert ready.status == 200
    finally:
        os.kill(int(thief.read_text()), signal.SIGKILL)


def test_continues_after_its_credentials_lapsed(first_run, place):
    for files, profile, name in (OPERATORS, SERVERS):
        place.ca_command("issue-local", "--profile", profile, "--name", name, "--lifetime", "4s",
                         "--cert-out", place.home / files[0], "--key-out", place.home / files[1])
    place.stop()
    lapses = certificate_in(place.home / "server/tls.pem").not_valid_after
    wait_for(lambda: datetime.datetime.utcnow() > lapses, 10, "credentials to lapse")
    assert_walked(place.quickstart().stdout)


def test_continues_after_its_credentials_lapsed_while_serving(first_run, place):
    """The walk's own call finds the server with its new certificate already."""
    for files, profile, name in (OPERATORS, SERVERS):
        place.ca_command("issue-local", "--profile", profile, "--name", name, "--lifetime", "3s",
                         "--cert-out", place.home / files[0], "--key-out", place.home / files[1])
    time.sleep(4)
    assert_walked(place.quickstart().stdout)


def test_credentials_that_cannot_serve_are_made_again(first_run, place):
    place.cli("revoke", place.home / "operator/tls.crt", "--yes")
    assert_walked(place.quickstart().stdout)
    text = (place.home / "server/tls.pem").read_text()
    certificates = text[:text.index("-----BEGIN PRIVATE KEY-----")]
    (place.home / "server/tls.pem").write_text(
        certificates + (place.home / "operator/tls.key").read_text())
    (place.home / "operator/tls.key").unlink()
    assert_walked(place.quickstart().stdout)


def test_stop_ends_every_process_and_status_says_so(first_run, place):
    place.start()
    pids = [place.pid(part) for part in ("server", "signer", "database")] + place.workers()
    assert place.quickstart("status").stdout.count("running") == 3
    place.stop()
    assert all(place.is_gone(pid) for pid in pids)
    assert place.quickstart("status").stdout.count("stopped") == 3
    place.stop()  # again changes nothing


def test_a_policy_that_cannot_be_read_is_reported_with_its_line(first_run, place):
    policy = place.home / "policy.toml"
    whole = policy.read_text()
    policy.write_text(whole + "\nnot_a_key = 1\n")
    done = place.quickstart("start", check=False)
    assert done.returncode != 0
    assert "failed: bring the policy into force" in done.stderr
    assert "not_a_key" in done.stderr and "policy.toml" in done.stderr
    policy.write_text(whole)
    place.start()


def test_help_and_unknown_commands(place):
    assert "Usage: ./quickstart" in place.quickstart("--help").stdout
    assert place.quickstart("frobnicate", check=False).returncode == 2


def test_reset_deletes_only_what_is_a_ca(place, tmp_path):
    (tmp_path / "precious").write_text("x")
    environment = dict(place.environment, MAYFLY_HOME=str(tmp_path))
    done = subprocess.run(["./quickstart", "reset"], cwd=ROOT,
                          env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and (tmp_path / "precious").exists()


def test_an_interrupted_first_run_is_continued(make_authority):
    authority = make_authority("interrupted")
    process = subprocess.Popen([str(ROOT / "quickstart"), "start"], cwd=ROOT,
                               env=authority.environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: (authority.home / "softhsm/token-is-made").exists() or process.poll() is not None,
             60, "the token to be made")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert_walked(authority.quickstart().stdout)
