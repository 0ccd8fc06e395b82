"""Whatever the token does under load: full service again within seconds and without a restart."""

import re
import time

import pytest

from harness.authority import wait_for
from harness.load import IssuingLoad

CLIENTS = 4
PAUSE_SECONDS = 0.2  # of a client between requests: every certificate is judged in the end
DEADLINE_SECONDS = 5
STRIKE_SECONDS_MAX = 15
HEALING_SECONDS_MAX = 10
PATIENCE_SECONDS = 1  # of a client beyond its deadline
REFUSED_SECONDS = 4  # in which a wrong PIN would be sent several times

# Ends one worker, so that another starts into the fault that follows.
RESPAWN = "C_Sign 1 CKR_SESSION_CLOSED\n"

# What makes a token sign wrongly is guard_test.py's: a key that did so waits for an operator.
# The script (pkcs11_shim/script.h), and for how many seconds it goes on after its last line has struck.
QUICK = [
    ("C_Sign 5 CKR_DEVICE_ERROR", 0),
    ("* 20+ removed", 3),
    (RESPAWN + "C_OpenSession 1 hang", 0),
    (RESPAWN + "C_Login 1 CKR_DEVICE_ERROR", 0),
]
FULL = [
    ("C_Sign 5 CKR_DEVICE_ERROR after", 0),
    ("C_Sign 1+ CKR_GENERAL_ERROR", 2),
    ("C_SignInit 1+ CKR_SESSION_HANDLE_INVALID", 2),
    ("C_SignInit 5 CKR_KEY_HANDLE_INVALID", 0),
    ("C_SignInit 5 CKR_USER_NOT_LOGGED_IN", 0),
    ("C_SignInit 5 CKR_OPERATION_ACTIVE", 0),
    ("C_Sign 5 hang", 0),
    ("C_Sign 1+ delay 300", 2),
    ("C_Sign 5 length 63", 0),
    ("C_Sign 5 length 100000", 0),
    (RESPAWN + "C_OpenSession 1+ dies 1", 4),
    (RESPAWN + "C_Initialize 1+ CKR_GENERAL_ERROR", 3),
    (RESPAWN + "C_Initialize 1 hang", 0),
    (RESPAWN + "C_GetSlotList 1+ CKR_DEVICE_ERROR", 2),
    (RESPAWN + "C_GetTokenInfo 1+ CKR_TOKEN_NOT_RECOGNIZED", 2),
    (RESPAWN + "C_OpenSession 1+ CKR_SESSION_COUNT", 2),
    (RESPAWN + "C_OpenSession 2 CKR_DEVICE_MEMORY", 0),
    (RESPAWN + "C_Login 1 CKR_TOKEN_NOT_PRESENT", 0),
    (RESPAWN + "C_Login 1 delay 3000", 0),
    (RESPAWN + "C_FindObjects 1+ CKR_FUNCTION_FAILED", 2),
    (RESPAWN + "C_GetAttributeValue 1 hang", 0),
    (RESPAWN + "C_Finalize 1 hang", 0),
]


@pytest.fixture(scope="module")
def module_authority(make_authority):
    """A CA whose signer has the shim before its token."""
    authority = make_authority("token-faults")
    authority.start()
    return authority


@pytest.fixture(scope="module")
def issuing(module_authority):
    """Clients that ask for certificates all the time."""
    with Issuing(module_authority) as load:
        yield load


class Issuing(IssuingLoad):
    """Keeps how each request ended."""

    DEADLINE_SECONDS, PAUSE_SECONDS = DEADLINE_SECONDS, PAUSE_SECONDS

    def __init__(self, authority):
        self.ended = []  # (client, when begun, when ended, Refused or None)
        super().__init__(authority, CLIENTS)

    def answered(self, number, begun, refused):
        with self.lock:
            self.ended.append((number, begun, time.time(), refused))

    def since(self, moment):
        """What ended since then."""
        with self.lock:
            return [each for each in self.ended if each[2] >= moment]

    def is_well(self, since):
        """Whether every client's last three requests, all begun since then, gave certificates."""
        answers = {number: [] for number in range(CLIENTS)}
        for number, begun, _, refused in self.since(since):
            if begun >= since:
                answers[number].append(refused)
        return all(len(each) >= 3 and not any(each[-3:]) for each in answers.values())


def in_full_service(authority, issuing, since):
    """Every client is served, by two workers that are logged in and of which none hangs."""
    workers = set(authority.workers())
    return (len(workers) == 2 and workers <= ready_workers(authority)
            and not workers & authority.shim.hung() and issuing.is_well(since))


def ready_workers(authority):
    """The process ids of all that ever logged in."""
    log = (authority.home / "logs/signer.log").read_text()
    return {int(pid) for pid in re.findall(r"worker\.ready .*worker_pid=(\d+)", log)}


def play(authority, issuing, script, seconds):
    """One script, from its first strike until service is full again."""
    shim, begun = authority.shim, time.time()
    last_fault = script.splitlines()[-1].split(maxsplit=2)[2]
    shim.play(script)
    wait_for(lambda: shim.has_struck(last_fault, begun), STRIKE_SECONDS_MAX, "a strike")
    time.sleep(seconds)
    shim.play("")
    over = time.time()
    wait_for(lambda: in_full_service(authority, issuing, over), HEALING_SECONDS_MAX, "full service")
    print(f"healed in {time.time() - over:.1f} s: {script!r}")
    return begun


def assert_nothing_bad(authority, issuing, since):
    """What holds whatever the token does."""
    assert not issuing.wrong, issuing.wrong
    for _, begun, ended, refused in issuing.since(since):
        assert ended - begun < DEADLINE_SECONDS + PATIENCE_SECONDS, refused
    logins = [entry["pid"] for entry in authority.shim.record("C_Login")]
    assert len(logins) == len(set(logins)), "a process logs in once"


def name_of(script):
    return script.replace("\n", ";").replace(" ", "_")


SCRIPTS = [pytest.param(*each, id=name_of(each[0])) for each in QUICK] + [
    pytest.param(*each, id=name_of(each[0]), marks=pytest.mark.tier("full")) for each in FULL]


@pytest.mark.parametrize("script, seconds", SCRIPTS)
def test_fault_heals(own_ca, issuing, script, seconds):
    supervisor, server = own_ca.pid("signer"), own_ca.pid("server")
    begun = play(own_ca, issuing, script, seconds)
    assert_nothing_bad(own_ca, issuing, begun)
    assert (own_ca.pid("signer"), own_ca.pid("server")) == (supervisor, server)
    refused = [each for *_, each in issuing.since(begun) if each]
    print(f"{len(issuing.since(begun))} requests, {len(refused)} refused: "
          f"{sorted({str(each) for each in refused})}")


def test_refused_pin_is_not_sent_again(own_ca, issuing):
    begun = time.time()
    own_ca.shim.play(RESPAWN + "C_Login 1 CKR_PIN_INCORRECT")
    wait_for(lambda: own_ca.shim.has_struck("CKR_PIN_INCORRECT", begun), STRIKE_SECONDS_MAX,
             "a strike")
    time.sleep(REFUSED_SECONDS)
    assert len(own_ca.shim.record("C_Login", begun)) == 1
    assert issuing.is_well(begun + 1), "the other worker serves"
    own_ca.run(own_ca.programs / "mayfly-signer", "clear-pin", "--config",
               own_ca.home / "signer.toml")
    cleared = time.time()
    wait_for(lambda: in_full_service(own_ca, issuing, cleared), HEALING_SECONDS_MAX, "full service")
    assert len(own_ca.shim.record("C_Login", begun)) == 2
    assert_nothing_bad(own_ca, issuing, begun)
