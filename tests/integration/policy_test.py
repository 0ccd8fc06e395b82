"""The policy while it changes: what is acknowledged holds on every replica, whatever is in flight."""

import contextlib
import os
import signal
import subprocess
import time

import pytest

from harness import api, ledger
from harness.authority import choose_ports, wait_for
from harness.csr import make_csr
from harness.load import Load

FLIPPING_SECONDS = {"ci": 8, "full": 30, "soak": 300}
LOAD_THREADS = 6
LETTERS = ("a", "b")
EITHER = "either"


def name_of(letter):
    return f"{letter}.flip.test"


def subject_of(letter):
    return f"under policy {letter}"


def policy_for(base, letter):
    """The policy `base`, which also allows the operator one of the two names, and another one with a
    subject that tells the policies apart."""
    return base + f"""
[profile.flip]
lifetime = "1h"
key_usage = ["digital-signature"]
extended_key_usage = ["server-auth"]
names = ["dns"]
subject = "fixed"
common_name = "{subject_of(letter)}"
[[rule]]
name = "flip"
principals = ["spiffe://mayfly.internal/operator"]
profiles = ["flip"]
dns = ["{name_of(letter)}", "{name_of(EITHER)}"]
"""


class Replica:
    """A second mayfly-ca serve on the same database and signer."""

    def __init__(self, authority, without="", name="replica", waits=True):
        self.authority = authority
        self.home = authority.home / name
        self.home.mkdir()
        (self.home / "server").mkdir()
        choose_ports(self)
        text = (authority.home / "ca.toml").read_text().replace(without, "")
        for name in ("grpc", "enrolment", "http", "private"):
            text = text.replace(f'address = "127.0.0.1:{authority.port(name)}"',
                                f'address = "127.0.0.1:{self.port(name)}"')
        text = text.replace('policy = "policy.toml"', f'policy = "{authority.home}/policy.toml"')
        self.configuration = self.home / "ca.toml"
        self.configuration.write_text(text)
        with open(self.home / "server.log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [authority.programs / "mayfly-ca", "serve", "--config", self.configuration],
                env=authority.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if waits:
            wait_for(self.listens, 60, "the second replica to listen")

    def port(self, name):
        """As Authority.port."""
        lines = dict(line.split("=") for line in (self.home / "ports").read_text().splitlines())
        return int(lines[name])

    @property
    def log(self):
        """What it has said; it must be running."""
        log = (self.home / "server.log").read_text()
        assert self.process.poll() is None, log
        return log

    def listens(self):
        """Whether it says so in its log."""
        return "listening" in self.log

    def stop(self):
        """SIGTERM, and waits."""
        self.process.terminate()
        self.process.wait(timeout=40)


class Applicants(Load):
    """They ask every replica for each name."""

    def __init__(self, ca, ports):
        super().__init__(LOAD_THREADS)
        self.ca, self.ports = ca, ports
        self.issued = {letter: 0 for letter in (*LETTERS, EITHER)}
        self.refused = {}
        self.trouble = []

    def work(self, number):
        csr = make_csr()
        with contextlib.closing(api.operator(self.ca, self.ports[number % len(self.ports)])) as me:
            while not self.over.is_set():
                for letter in self.issued:
                    self._ask(me, csr, letter)

    def _ask(self, me, csr, letter):
        try:
            issued = me.issue(csr, profile="flip", names=["DNS:" + name_of(letter)],
                              request_id=api.make_request_id()).certificate
            assert list(issued.subject_alt_names) == ["DNS:" + name_of(letter)]
            self.issued[letter] += 1
        except api.Refused as refused:
            self.refused[refused.rule] = self.refused.get(refused.rule, 0) + 1
        except AssertionError as trouble:
            self.trouble.append(trouble)


def assert_no_outcome_is_stale(ca):
    """Each signed outcome committed before the version after the one that it names."""
    stale = ledger.query(ca, """
        SELECT encode(o.serial, 'hex'), o.policy_version FROM outcome o
        JOIN policy_version p ON p.version = o.policy_version + 1
        WHERE o.kind = %s AND pg_xact_commit_timestamp(o.xmin) >= pg_xact_commit_timestamp(p.xmin)
        """, (ledger.SIGNED,))
    assert not stale, f"{len(stale)} committed after the next policy did: {stale[:3]}"


def assert_every_outcome_is_its_policys(ca, letter_of):
    """Each certificate is what the versions of its record and of its outcome say, in its name and in
    its subject; how many."""
    rows = ledger.query(ca, """
        SELECT i.tbs, i.policy_version, o.policy_version FROM issuance i
        JOIN outcome o USING (serial, issuer_id) WHERE o.kind = %s""", (ledger.SIGNED,))
    seen = 0
    for tbs, recorded, decided in rows:
        for letter in LETTERS:
            marks = (name_of(letter), subject_of(letter))
            if not any(mark.encode() in bytes(tbs) for mark in marks):
                continue
            seen += 1
            assert letter_of[recorded] == letter, f"recorded under {recorded}"
            assert letter_of[decided] == letter, f"signed under {decided}"
    return seen


def flip(clients, base, seconds, load):
    """Applies the two policies in turn, as fast as they are acknowledged, for `seconds`, and on a
    busy machine until enough has happened; {version: letter}."""
    letter_of = {}
    until = time.monotonic() + seconds

    def is_enough():
        return len(letter_of) >= seconds and min(load.issued.values()) > 0

    while time.monotonic() < until or not is_enough():
        assert time.monotonic() < until + 120, f"{len(letter_of)} policies, issued {load.issued}"
        number = len(letter_of)
        letter = LETTERS[number % 2]
        answer = clients[number // 2 % len(clients)].apply_policy(policy_for(base, letter))
        assert not answer.already_in_force
        letter_of[answer.version] = letter
    return letter_of


def test_no_outcome_is_older_than_an_acknowledged_policy(own_ca, own_operator):
    replica = Replica(own_ca)
    ports = (own_ca.port("grpc"), replica.port("grpc"))
    clients = [api.operator(own_ca, port) for port in ports]
    seconds = FLIPPING_SECONDS[os.environ.get("MAYFLY_TIER", "ci")]
    try:
        base = own_operator.policy(wait_for_ready=True).policy_text
        with Applicants(own_ca, ports) as load:
            letter_of = flip(clients, base, seconds, load)
        clients[0].apply_policy(base)
    finally:
        replica.stop()
    print(f"{len(letter_of)} policies in {seconds} s; issued {load.issued}, refused {load.refused}")
    assert not load.trouble
    assert set(load.refused) <= {"policy.name", "issuance.contended", "issuance.abandoned",
                                 "profile.unknown"}  # before the first of them
    assert_no_outcome_is_stale(own_ca)
    # A call that was cut off may have been signed too, so there can be more than were received.
    assert assert_every_outcome_is_its_policys(own_ca, letter_of) >= sum(load.issued.values())


def reload(ca, told):
    """SIGHUP, and waits until the server's log says how that went."""
    before = ca.log.count(told)
    os.kill(ca.pid("server"), signal.SIGHUP)
    wait_for(lambda: ca.log.count(told) > before, 20, f"'{told}' in the log")


@pytest.fixture(name="policy_file")
def kept_policy_file(own_ca):
    """The configured policy file, as it was again at the end."""
    path = own_ca.home / "policy.toml"
    text = path.read_text()
    yield path
    path.write_text(text)
    reload(own_ca, "policy ")


def test_sighup_applies_the_policy_file(own_ca, own_operator, policy_file):
    reload(own_ca, "policy ")  # whatever the database had
    version = own_operator.policy().version
    reload(own_ca, "policy unchanged")
    assert own_operator.policy().version == version
    policy_file.write_text(policy_for(policy_file.read_text(), "a"))
    reload(own_ca, "policy applied")
    shown = own_operator.policy()
    assert shown.version == version + 1 and shown.policy_text == policy_file.read_text()
    own_operator.issue(make_csr(name_of("a")), profile="flip")


def test_a_sighup_while_the_server_still_waits_is_not_lost(own_ca, own_operator, policy_file):
    version = own_operator.policy().version
    own_ca.stop("database")
    early = Replica(own_ca, name="early", waits=False)
    try:
        wait_for(lambda: "waiting" in early.log, 20, "the replica to wait for the database")
        policy_file.write_text(policy_for(policy_file.read_text(), "b"))
        tries = early.log.count("waiting")
        early.process.send_signal(signal.SIGHUP)
        wait_for(lambda: early.log.count("waiting") > tries + 1, 30, "it to have heard and tried on")
        own_ca.start("database")
        wait_for(lambda: "policy applied" in early.log, 60, "the policy file to be applied")
        assert early.listens()
    finally:
        own_ca.start("database")
        early.stop()
    assert own_operator.policy().version == version + 1


def test_a_bad_policy_file_keeps_the_policy_in_force(own_ca, own_operator, policy_file):
    reload(own_ca, "policy ")
    before = own_operator.policy()
    good = policy_file.read_text()
    policy_file.write_text("rules = 1\n" + good)
    reload(own_ca, "policy file not applied")
    assert "policy.toml:1" in own_ca.log
    assert own_operator.policy() == before
    refused = own_ca.cli("policy", "apply", policy_file, "--yes", check=False)
    assert refused.returncode == 1
    assert f"{policy_file}:1" in refused.stderr.replace("\n", "").replace("  ", "")
    assert own_operator.policy() == before
    own_operator.issue(make_csr("web.internal"))


def test_the_command_line_applies_a_policy(own_ca, own_operator, tmp_path):
    new = tmp_path / "new.toml"
    before = own_operator.policy()
    new.write_text(policy_for(before.policy_text, "b"))
    own_ca.cli("policy", "apply", new, "--yes")
    assert own_ca.cli("policy", "show").stdout == new.read_text()
    own_operator.issue(make_csr(name_of("b")), profile="flip")
    assert "nothing changed" in own_ca.cli("policy", "apply", new, "--yes").stderr
    for version in ("1", "99"):  # nor where another version is meant, although the text is the same
        refused = own_ca.cli("policy", "apply", new, "--yes", "--if-version", version, check=False)
        assert refused.returncode == 1 and "policy.outdated" in refused.stderr
    own_operator.apply_policy(before.policy_text)
    with pytest.raises(api.Refused) as refused:
        own_operator.issue(make_csr(name_of("b")))
    assert refused.value.rule == "policy.name"
