"""Crashes at every place of the issue path (docs/ISSUANCE.md, "When something stops half way")."""

import concurrent.futures
import contextlib

import grpc
import pytest

from harness import api, ledger, ocsp
from harness.authority import wait_for
from harness.csr import make_csr

Code = grpc.StatusCode
MAY_BE_REPEATED = (Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED)

AFTER_RECORD, AFTER_SIGNATURE, AFTER_OUTCOME = (
    "issuance.recorded", "issuance.signed", "issuance.settled")


class Application:
    """One wish for a certificate, repeated with its request id; remembers what it ever received."""

    def __init__(self, authority, name="web.internal"):
        self.authority = authority
        self.csr = make_csr(name)
        self.request_id = api.make_request_id()
        self.received = set()

    def ask(self, seconds=20):
        """Asks once, on a connection of its own. Raises api.Refused."""
        client = api.operator(self.authority)
        try:
            der = client.issue(self.csr, request_id=self.request_id, seconds=seconds,
                               wait_for_ready=True).certificate.certificate_der
        finally:
            client.close()
        self.received.add(der)
        return der

    def try_to_ask(self, seconds=20):
        """Asks once; gives the refusal, or None."""
        try:
            self.ask(seconds)
        except api.Refused as refused:
            return refused
        return None

    def ask_until_answered(self, seconds=30):
        """As a client that repeats: healing must not take longer."""
        return wait_for(lambda: self.try_to_ask(5) is None and next(iter(self.received)), seconds,
                        "an answer to a repeated request")

    def records(self):
        """(serial, outcome) of its attempts."""
        return ledger.records_of_request(self.authority, self.request_id)

    def assert_one_certificate(self):
        """At most one certificate was ever released, and the ledger holds it."""
        assert len(self.received) == 1
        ledger.assert_holds(self.authority, next(iter(self.received)))
        assert [o for _, o in self.records()].count(ledger.SIGNED) == 1


def crash_server(ca, point):
    """Asks with the server killing itself at the point, and starts it again."""
    application = Application(ca)
    server = ca.pid("server")
    with ca.failpoint(point, "kill"):
        refused = application.try_to_ask()
        ca.wait_gone(server)
    assert refused and refused.code in MAY_BE_REPEATED and not application.received
    ca.start("server")
    return application


@pytest.mark.parametrize("point", [AFTER_RECORD, AFTER_SIGNATURE])
def test_server_killed_before_the_outcome(own_ca, point):
    application = crash_server(own_ca, point)
    ((serial, outcome),) = application.records()
    assert outcome is None, "an intent: the record is there, and nothing was released"
    assert ocsp.status_of_serial(own_ca, serial) == "trylater"
    der = application.ask()
    assert application.ask() == der
    application.assert_one_certificate()
    assert application.records() == [(serial, ledger.SIGNED)], "the same record, signed now"
    assert ocsp.status_of_serial(own_ca, serial) == "good"


def test_server_killed_after_the_outcome(own_ca):
    application = crash_server(own_ca, AFTER_OUTCOME)
    ((serial, outcome),) = application.records()
    assert outcome == ledger.SIGNED
    assert application.ask() == application.ask()
    application.assert_one_certificate()
    assert ocsp.status_of_serial(own_ca, serial) == "good"


@pytest.mark.parametrize("point", [AFTER_RECORD, AFTER_SIGNATURE])
def test_an_intent_is_revocable_and_then_never_released(own_ca, point):
    application = crash_server(own_ca, point)
    ((serial, _),) = application.records()
    client = api.operator(own_ca)
    receipt = client.revoke(serial, wait_for_ready=True)
    assert receipt.certificate.certificate_der == b""
    assert ocsp.status_of_serial(own_ca, serial) == "revoked"
    refused = application.try_to_ask()
    assert refused.code == Code.FAILED_PRECONDITION and refused.rule == "request-id.revoked"
    assert not application.received
    assert application.records() == [(serial, ledger.ABANDONED)]
    client.close()


@pytest.mark.parametrize("point", [AFTER_RECORD, AFTER_SIGNATURE, AFTER_OUTCOME])
def test_database_killed(own_ca, point):
    application = Application(own_ca)
    postmaster = own_ca.pid("database")
    with own_ca.failpoint(point, f"kill-other {postmaster}"):
        refused = application.try_to_ask()
    own_ca.wait_gone(postmaster)
    # A backend outlives its postmaster by a moment and may still commit what it was sent; whatever
    # was released must be there afterwards.
    assert refused is None or refused.code in MAY_BE_REPEATED
    own_ca.start("database")
    application.ask_until_answered()
    application.assert_one_certificate()
    ((serial, _),) = application.records()
    # Until the responder has its database and its lease back it says tryLater.
    wait_for(lambda: ocsp.status_of_serial(own_ca, serial) == "good", 15, "good, after healing")


@contextlib.contextmanager
def outcomes_fail_for(ca, request_id):
    """A trigger in the real database: the outcome of one request cannot be inserted."""
    ledger.query(ca, f"""
        CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF EXISTS (SELECT 1 FROM mayfly.request q
                     WHERE q.serial = NEW.serial AND q.request_id = '{request_id}') THEN
            RAISE EXCEPTION 'no outcome today';
          END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER fault BEFORE INSERT ON outcome FOR EACH ROW EXECUTE FUNCTION fault()""")
    try:
        yield
    finally:
        ledger.query(ca, "DROP TRIGGER fault ON outcome; DROP FUNCTION fault()")


def test_an_outcome_that_cannot_be_inserted_harms_only_its_own_request(own_ca):
    victim = Application(own_ca)
    others = [Application(own_ca, f"w{i}.internal") for i in range(10)]
    with outcomes_fail_for(own_ca, victim.request_id):
        with concurrent.futures.ThreadPoolExecutor(len(others) + 1) as pool:
            refused = pool.submit(victim.try_to_ask)
            answers = [pool.submit(other.ask) for other in others]
        assert refused.result() and refused.result().code in MAY_BE_REPEATED + (Code.INTERNAL,)
        assert all(answer.result() for answer in answers), "other requests go on"
        assert not victim.received
        ((serial, outcome),) = victim.records()
        assert outcome is None and ocsp.status_of_serial(own_ca, serial) == "trylater"
    victim.ask()
    for application in [victim, *others]:
        application.assert_one_certificate()


@contextlib.contextmanager
def paused_before_the_outcome(ca, application):
    """Inside: the record of `application` is committed and its outcome is not. Gives the future
    answer (a refusal or None) and the record's serial."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with ca.failpoint(AFTER_SIGNATURE, "pause"):
            answer = pool.submit(application.try_to_ask, 30)
            records = wait_for(application.records, 10, "the record")
            yield answer, records[0][0]


def test_an_outcome_after_the_abandonment_is_not_released(own_ca):
    application = Application(own_ca)
    with paused_before_the_outcome(own_ca, application) as (answer, serial):
        ledger.query(own_ca, """
            INSERT INTO outcome (serial, issuer_id, kind, decision, policy_version, tick)
            SELECT serial, issuer_id, 2, decision, policy_version, tick FROM issuance
            WHERE serial = decode(%s, 'hex')""", (serial,))
    assert answer.result() is None, "the request goes on with another attempt"
    first, second = application.records()
    assert first == (serial, ledger.ABANDONED) and second[1] == ledger.SIGNED
    application.assert_one_certificate()
    assert ocsp.status_of_serial(own_ca, serial) in ("unknown", "trylater")


def test_an_outcome_after_the_revocation_of_its_intent_is_not_released(own_ca, own_operator):
    application = Application(own_ca)
    with paused_before_the_outcome(own_ca, application) as (answer, serial):
        own_operator.revoke(serial)
    assert answer.result() is not None and not application.received
    assert application.records()[0] == (serial, ledger.ABANDONED)
    assert ocsp.status_of_serial(own_ca, serial) == "revoked"


@contextlib.contextmanager
def policy(ca, edit):
    """The policy file changed by `edit`; afterwards as before, and in force again."""
    file = ca.home / "policy.toml"
    before = file.read_text()
    file.write_text(edit(before))
    assert file.read_text() != before
    try:
        yield
    finally:
        file.write_text(before)
        ca.ca_command("apply-policy")


def test_a_policy_activated_before_the_outcome_that_no_longer_allows_it(own_ca):
    application = Application(own_ca)
    with policy(own_ca, lambda text: text.replace('dns = ["*.internal"]', 'dns = ["*.elsewhere"]')):
        with paused_before_the_outcome(own_ca, application) as (answer, serial):
            own_ca.ca_command("apply-policy")
        assert answer.result().code == Code.PERMISSION_DENIED
        assert application.records() == [(serial, ledger.ABANDONED)] and not application.received
    # The policy is as before: the next attempt, as soon as the server has read it (within seconds).
    application.ask_until_answered(5)
    application.assert_one_certificate()


def test_a_policy_activated_before_the_outcome_that_still_allows_it(own_ca):
    application = Application(own_ca)
    with policy(own_ca, lambda text: text + "# another version\n"):
        with paused_before_the_outcome(own_ca, application) as (answer, serial):
            own_ca.ca_command("apply-policy")
        assert answer.result() is None
        assert application.records() == [(serial, ledger.SIGNED)]
        ((recorded, decided),) = ledger.query(own_ca, """
            SELECT i.policy_version, o.policy_version FROM issuance i
            JOIN outcome o USING (serial, issuer_id) WHERE serial = decode(%s, 'hex')""", (serial,))
        assert decided > recorded, "decided again, under the new version"
    application.assert_one_certificate()
