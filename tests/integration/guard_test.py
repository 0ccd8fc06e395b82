"""Two tokens with one key: one dies or signs wrongly under load, and nobody notices but the operator."""

import json
import time
import urllib.error
import urllib.request

import grpc
import pytest

from harness import api, ledger, metrics
from harness.authority import wait_for
from harness.csr import make_csr
from harness.issuing_ca import RESPONDER_KEY, SIGNER_KEY, issuer_sections
from harness.load import IssuingLoad
from harness.second_token import TOKEN, SecondToken
from harness.shim import Shim

CLIENTS = 4
PAUSE_SECONDS = 0.05
DEADLINE_SECONDS = 10
HEALING_SECONDS_MAX = 15
SHARED = ["pkcs11:token=mayfly;object=shared", f"pkcs11:token={TOKEN};object=shared"]
SOLO = f"pkcs11:token={TOKEN};object=solo"
SIGNER_KEYS = ((SIGNER_KEY + RESPONDER_KEY).format(name="shared") + RESPONDER_KEY.format(name="solo"))


def with_issuers(policy, server, workload):
    """The policy with who signs for two of its profiles."""
    for profile, issuers in (("server", server), ("workload", workload)):
        policy = policy.replace(f"[profile.{profile}]\n",
                                f"[profile.{profile}]\nissuers = {json.dumps(issuers)}\n")
    return policy


@pytest.fixture(scope="module")
def module_authority(make_authority):
    """A CA of which one issuer's key lies in two tokens, and another's in the second alone."""
    ca = make_authority("guard")
    ca.start()
    ca.second = SecondToken(ca, ["shared", "solo"], Shim(ca, "second-shim"))
    ca.second.import_key("shared")
    ca.second.generate_key("solo")  # which signs something to see that it does
    (ca.home / "signer.more.toml").write_text(SIGNER_KEYS)
    ceremony = ca.home / "ceremony-signer.toml"
    for name in ("shared-ocsp", "solo-ocsp"):
        ca.run(ca.programs / "mayfly-signer", "generate-key", "--config", ceremony, "--uri",
               f"pkcs11:token=mayfly;object={name}", "--type", "p256")
    ca.second.start()
    sections = issuer_sections(ca, ["shared", "solo"])
    sections = sections.replace(f'key = "{SHARED[0]}"', f"key = {json.dumps(SHARED)}")
    sections = sections.replace('key = "pkcs11:token=mayfly;object=solo"\n', f'key = "{SOLO}"\n')
    policy = ca.home / "policy.toml"
    ca.policy_before = policy.read_text()
    policy.write_text(with_issuers(ca.policy_before, ["shared"], ["solo", "issuing-1"]))
    ca.chain_file.unlink()  # a ceremony is due
    ca.configure(f'[signer.sockets]\n"{TOKEN}" = "{ca.second.socket}"\n{sections}')
    yield ca
    ca.second.stop()


@pytest.fixture(name="issuing")
def clients_at_work(module_authority):
    """Clients that ask for certificates all the time."""
    with Issuing(module_authority) as load:
        wait_for(lambda: load.issued > 20, 30, "load")
        yield load
    assert not load.wrong, load.wrong


class Issuing(IssuingLoad):
    """Keeps what was refused, and counts what was not."""

    DEADLINE_SECONDS, PAUSE_SECONDS = DEADLINE_SECONDS, PAUSE_SECONDS

    def __init__(self, ca):
        self.issued, self.refused = 0, []
        super().__init__(ca, CLIENTS)

    def answered(self, number, begun, refused):
        with self.lock:
            if refused:
                self.refused.append(refused)
            else:
                self.issued += 1

    def goes_on(self, count=40):
        """Waits for so many certificates more."""
        goal = self.issued + count
        wait_for(lambda: self.issued >= goal, 30, "certificates")


def readiness(ca):
    """What /readyz says: (ready, {check: reason})."""
    url = f"http://127.0.0.1:{ca.port('private')}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            said = json.load(response)
    except urllib.error.HTTPError as error:
        said = json.load(error)
    return said["ready"], {each["name"]: each.get("reason", "") for each in said["checks"]}


def state_of(ca, uri):
    """in-service, out or quarantined, as the metrics have it."""
    for name, value in metrics.samples(ca).items():
        if name.startswith("mayfly_key_places{") and f'uri="{uri}"' in name and value == 1:
            return name.partition('state="')[2].partition('"')[0]
    return None


def is_in(ca, uri, state):
    return lambda: state_of(ca, uri) == state


def issuer_of(client, profile):
    """Who signs for the profile now."""
    response = client.issue(make_csr("web.internal"), profile=profile, seconds=DEADLINE_SECONDS)
    return response.certificate.name.split("/")[1]


def quarantine_events(ca):
    return ledger.query(ca, "SELECT detail->>'uri' FROM event WHERE kind = 'key.quarantined'")


def clear(ca, uri):
    ca.second.shim.play("")
    ca.ca_command("clear-quarantine", "--uri", uri)
    wait_for(is_in(ca, uri, "in-service"), HEALING_SECONDS_MAX, "the place's return")


def test_both_places_sign_and_every_place_has_canaries(own_ca, issuing):
    issuing.goes_on()
    for uri in (*SHARED, SOLO):
        assert state_of(own_ca, uri) == "in-service"
    assert len(own_ca.second.shim.record("C_Sign")) > 10, "the second token has its share"
    rows = ledger.query(own_ca, "SELECT purpose, count(*) FROM canary GROUP BY 1 ORDER BY 1")
    assert [purpose for purpose, _ in rows] == [1, 2, 3]
    issuing_keys = 4  # two places of shared, solo, issuing-1
    assert dict(rows)[1] >= issuing_keys


def test_a_token_that_is_killed_under_load_costs_no_request(own_ca, issuing):
    own_ca.second.kill()
    killed = time.time()
    wait_for(is_in(own_ca, SHARED[1], "out"), HEALING_SECONDS_MAX, "the second place to be out")
    issuing.goes_on()
    ready, reasons = readiness(own_ca)
    assert ready and "out" in reasons[f"issuing key of shared at {SHARED[1]}"]
    own_ca.second.start()
    wait_for(is_in(own_ca, SHARED[1], "in-service"), HEALING_SECONDS_MAX, "its return")
    issuing.goes_on()
    print(f"back after {time.time() - killed:.1f} s")
    assert not issuing.refused, issuing.refused


def test_a_wrong_signature_never_leaves_and_quarantines_its_place(own_ca, issuing):
    own_ca.second.shim.play("C_Sign 5 flip\n")
    wait_for(is_in(own_ca, SHARED[1], "quarantined"), HEALING_SECONDS_MAX, "quarantine")
    issuing.goes_on()
    assert not issuing.refused, issuing.refused
    wait_for(lambda: (SHARED[1],) in quarantine_events(own_ca), 10, "the event")
    assert "key quarantined" in own_ca.log and "signer.wrong-signature" in own_ca.log
    ready, reasons = readiness(own_ca)
    assert ready and "quarantined" in reasons[f"issuing key of shared at {SHARED[1]}"]
    abandoned = ledger.query(own_ca, "SELECT count(*) FROM outcome WHERE kind = 2")[0][0]
    assert abandoned >= 1


def test_quarantine_outlives_a_restart_until_it_is_cleared(own_ca):
    own_ca.second.shim.play("")
    own_ca.stop("server")
    own_ca.start("server")
    assert state_of(own_ca, SHARED[1]) == "quarantined"
    listed = own_ca.ca_command("quarantine").stdout
    assert SHARED[1] in listed and "signer.wrong-signature" in listed
    clear(own_ca, SHARED[1])
    assert "no key is quarantined" in own_ca.ca_command("quarantine").stdout
    again = own_ca.ca_command("clear-quarantine", "--uri", SHARED[1], check=False)
    assert again.returncode != 0 and "key.not-quarantined" in again.stderr


@pytest.mark.parametrize("script", [
    pytest.param("C_SignInit 5 renumber 1000\n", marks=pytest.mark.tier("full")),
    pytest.param("C_Sign 5 length 63\n", marks=pytest.mark.tier("full")),
    pytest.param("C_Sign 5 length 100000\n", marks=pytest.mark.tier("full")),
    pytest.param("C_SignInit 5 CKR_KEY_HANDLE_INVALID\n", marks=pytest.mark.tier("full")),
])
def test_whatever_the_second_token_does_the_first_goes_on(own_ca, issuing, script):
    begun = time.time()
    own_ca.second.shim.play(script)
    fault = script.split(maxsplit=2)[2].strip()
    wait_for(lambda: own_ca.second.shim.has_struck(fault, begun), HEALING_SECONDS_MAX, "a strike")
    issuing.goes_on()
    assert not issuing.refused, issuing.refused
    for uri in (SHARED[1], SOLO):
        if state_of(own_ca, uri) == "quarantined":
            clear(own_ca, uri)
        wait_for(is_in(own_ca, uri, "in-service"), HEALING_SECONDS_MAX, "full service")


def test_a_pool_goes_on_with_the_next_issuer_and_back(own_ca, own_operator):
    assert issuer_of(own_operator, "workload") == "solo"
    own_ca.second.kill()
    assert issuer_of(own_operator, "workload") == "issuing-1"
    assert readiness(own_ca)[0], "each profile has an issuer that signs"
    own_ca.second.start()
    wait_for(lambda: issuer_of(own_operator, "workload") == "solo", HEALING_SECONDS_MAX, "its return")


def test_with_nowhere_else_to_go_the_refusal_is_clear(own_ca, own_operator):
    own_operator.apply_policy(with_issuers(own_ca.policy_before, ["shared"], ["solo"]))
    own_ca.second.shim.play("C_Sign 1+ flip\n")
    clear_refusal = (grpc.StatusCode.UNAVAILABLE, "signer.quarantined")
    for _ in range(2):
        begun = time.monotonic()
        assert api.refusal(own_operator.issue, make_csr("web.internal"), profile="workload",
                           seconds=DEADLINE_SECONDS) == clear_refusal
        assert time.monotonic() - begun < 4
    ready, reasons = readiness(own_ca)
    assert not ready and "solo" in reasons["signer"]
    clear(own_ca, SOLO)
    assert issuer_of(own_operator, "workload") == "solo"
    wait_for(lambda: readiness(own_ca)[0], 10, "readiness")
