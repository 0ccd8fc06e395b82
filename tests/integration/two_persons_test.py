"""Acts of two persons against a whole CA: one proposes, another approves exactly what they were shown."""

import concurrent.futures
import json

import grpc
import pytest

from harness import api, ledger
from harness.api import payload_sha256
from harness.csr import make_csr, new_key
from harness.dump import pg_dump
from harness.ocsp import status_of_serial

Code = grpc.StatusCode
FIRST = "spiffe://mayfly.internal/operator"  # ./quickstart's, who is an admin
SECOND = "spiffe://mayfly.internal/ns/two/sa/second"
THIRD = "spiffe://mayfly.internal/ns/two/sa/third"
NIGHT_SHIFT = "spiffe://mayfly.internal/ns/two/sa/night-shift"
OUTSIDER = "spiffe://mayfly.internal/ns/two/sa/outsider"
KEY_COMPROMISE = 2
SUPERSEDED = 5


def with_roles(before, admins, two_persons):
    """A policy with these admins; its own lists of people are left out."""
    rest = "\n".join(line for line in before.splitlines()
                     if not line.startswith(("admins", "operators", "two_persons")))
    return (f"admins = {json.dumps(list(admins))}\noperators = {json.dumps([NIGHT_SHIFT])}\n"
            f"two_persons = {json.dumps(list(two_persons))}\n{rest}\n")


class World:
    """A CA whose policy asks for two persons, and people."""

    def __init__(self, ca):
        self.ca = ca
        self.first = api.operator(ca)
        self.before = self.first.policy().policy_text
        self.people = {who: self.enrol(who) for who in (SECOND, THIRD, NIGHT_SHIFT, OUTSIDER)}
        self.second, self.third = self.people[SECOND], self.people[THIRD]
        self.night_shift, self.outsider = self.people[NIGHT_SHIFT], self.people[OUTSIDER]
        self.asking = with_roles(self.before, (FIRST, SECOND, THIRD), ("policy", "mass-revocation"))
        self.first.apply_policy(self.asking)

    def enrol(self, who):
        key = new_key()
        return self.client_of(
            self.first.issue(make_csr("URI:" + who, key=key), profile="client"), key)

    def client_of(self, response, key):
        """With the certificate of this answer, and its key."""
        client = api.Client(self.ca, api.chain_pem(response), api.key_pem(key))
        client.serial = response.certificate.serial_number
        return client

    def renew(self, client):
        """The next generation, used, and its key."""
        key = new_key()
        renewed = client.call("RenewCertificate", api.request(
            "RenewCertificate", csr_der=make_csr(key=key)))
        renewed = self.client_of(renewed, key)
        renewed.trust_bundle()
        return renewed, key

    def victims(self, count):
        """Names of certificates that nobody needs."""
        return [self.first.issue(make_csr("victim.internal")).certificate.name for _ in range(count)]

    def next_text(self, comment="next"):
        return f"# {comment}\n" + self.asking

    def propose_policy(self, text=None, client=None):
        policy = self.first.policy()
        return (client or self.first).call("CreateProposal", api.request("CreateProposal", policy_change={
            "policy_text": text or self.next_text(), "base_version": policy.version}))

    def propose_revocation(self, names, client=None, reason=SUPERSEDED):
        return (client or self.night_shift).call("CreateProposal", api.request(
            "CreateProposal", mass_revocation={"certificates": names, "reason": reason}))

    def show(self, proposal):
        return self.second.call("GetProposal", api.request("GetProposal", name=proposal.name))

    def reset(self):
        """The policy that asks for two persons, whatever a test has left."""
        if self.first.policy().policy_text != self.asking:
            approve(self.second, self.propose_policy(self.asking))

    def close(self):
        self.reset()
        proposal = self.propose_policy(self.before)
        approve(self.second, proposal)
        for client in (self.first, *self.people.values()):
            client.close()


@pytest.fixture(scope="module", name="world")
def world_of_two(module_authority):
    made = World(module_authority)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def same_policy(world):
    """Every test begins and ends with the policy that asks for two persons."""
    yield
    world.reset()


def approve(client, proposal, sha256=None):
    return client.call("ApproveProposal", api.request(
        "ApproveProposal", name=proposal.name, payload_sha256=sha256 or payload_sha256(proposal)))


def withdraw(client, proposal):
    return client.call("WithdrawProposal", api.request("WithdrawProposal", name=proposal.name))


def exported(world, folder):
    """The events of the audit log, in a copy that the database agrees with."""
    world.ca.cli("audit", "export", folder / "log")
    (folder / "ledger.sql").write_text(pg_dump(world.ca))
    world.ca.cli("audit", "verify", folder / "log", "--dump", folder / "ledger.sql")
    return world.ca.cli("audit", "list", "--log", folder / "log", "--kind", "event", "--limit", "0",
                        "-o", "json").stdout


def state_of(world, proposal):
    shown = world.show(proposal)
    return shown.DESCRIPTOR.enum_types_by_name["State"].values_by_number[shown.state].name


def test_nobody_changes_the_policy_alone(world):
    needed = (Code.FAILED_PRECONDITION, "approval.needed")
    assert api.refusal(world.first.apply_policy, world.next_text()) == needed
    assert api.refusal(world.first.apply_policy, world.before) == needed  # nor switches that off
    assert world.first.apply_policy(world.asking).already_in_force


def test_the_machines_own_ways_ask_for_two_persons_too(world):
    # ./quickstart's file is another policy by now.
    refused = world.ca.ca_command("apply-policy", check=False)
    assert refused.returncode == 1, refused
    assert "approval.needed" in refused.stderr and "mayfly policy propose" in refused.stderr
    assert world.first.policy().policy_text == world.asking


def test_another_admin_approves_and_the_policy_is_in_force(world):
    before = world.first.policy().version
    proposal = world.propose_policy()
    assert world.first.policy().version == before
    approved = approve(world.second, world.show(proposal))
    assert approved.proposal.policy_version == before + 1
    assert approved.proposal.ended_by == SECOND
    assert world.first.policy().policy_text == world.next_text()
    assert state_of(world, proposal) == "STATE_EXECUTED"
    # An answer that was lost is given again; nobody else's.
    assert approve(world.second, proposal).proposal.policy_version == before + 1
    assert api.refusal(approve, world.third, proposal) == (Code.FAILED_PRECONDITION, "proposal.ended")
    assert world.first.policy().version == before + 1


def test_nobody_approves_their_own(world):
    proposal = world.propose_policy()
    same = (Code.PERMISSION_DENIED, "approval.same-person")
    assert api.refusal(approve, world.first, proposal) == same
    role = (Code.PERMISSION_DENIED, "policy.role")
    assert api.refusal(approve, world.night_shift, proposal) == role
    assert api.refusal(approve, world.outsider, proposal) == role
    assert state_of(world, proposal) == "STATE_OPEN"
    withdraw(world.first, proposal)


def test_what_is_approved_is_what_was_shown(world):
    proposal = world.propose_policy()
    another = (Code.FAILED_PRECONDITION, "approval.payload")
    assert api.refusal(approve, world.second, proposal, "00" * 32) == another
    assert api.refusal(approve, world.second, proposal, "00") == (Code.INVALID_ARGUMENT, "proposal.hash")
    shown = world.show(proposal)
    shown.policy_change.policy_text += "\n"
    assert api.refusal(approve, world.second, shown) == another
    withdraw(world.first, proposal)


def test_a_payload_cannot_be_changed(world):
    proposal = world.propose_policy()
    proposal_id = proposal.name.split("/")[1]
    for statement in ("UPDATE proposal SET policy_text = 'x'", "DELETE FROM proposal",
                      "DELETE FROM proposal_end", "UPDATE proposal_certificate SET issuer = 'x'"):
        with pytest.raises(ledger.psycopg2.errors.InsufficientPrivilege):
            ledger.query(world.ca, statement, role="mayfly_issue")
    # Its owner can; then what an approver is shown is not what the audit log says was proposed.
    ledger.query(world.ca, "UPDATE proposal SET policy_text = policy_text || '# more' WHERE id = %s",
                 (proposal_id,))
    altered = (Code.FAILED_PRECONDITION, "proposal.altered")
    assert api.refusal(approve, world.second, world.show(proposal)) == altered
    withdraw(world.first, proposal)


def test_what_was_withdrawn_or_has_expired_is_not_carried_out(world):
    before = world.first.policy().version
    proposal = world.propose_policy()
    assert api.refusal(withdraw, world.night_shift, proposal) == (Code.PERMISSION_DENIED,
                                                              "proposal.not-yours")
    withdraw(world.second, proposal)
    withdraw(world.second, proposal)
    assert api.refusal(approve, world.second, proposal) == (Code.FAILED_PRECONDITION, "proposal.ended")
    late = world.propose_policy()
    ledger.query(world.ca, "UPDATE proposal SET expires_at = now() WHERE id = %s",
                 (late.name.split("/")[1],))
    assert state_of(world, late) == "STATE_EXPIRED"
    assert api.refusal(approve, world.second, late) == (Code.FAILED_PRECONDITION, "proposal.expired")
    assert world.first.policy().version == before


def test_another_policy_in_between_makes_it_outdated(world):
    first, other = world.propose_policy(), world.propose_policy(world.next_text("other"))
    approve(world.second, other)
    assert state_of(world, first) == "STATE_OUTDATED"
    assert api.refusal(approve, world.second, first) == (Code.ABORTED, "policy.outdated")
    listed = world.second.call("ListProposals", api.request("ListProposals")).proposals
    assert first.name not in {each.name for each in listed}
    ended = world.second.call("ListProposals", api.request("ListProposals", with_ended=True))
    assert {first.name, other.name} <= {each.name for each in ended.proposals}
    assert all(not each.policy_change.policy_text for each in ended.proposals)


def test_concurrent_approvals_carry_it_out_once(world):
    for _ in range(3):
        world.reset()
        before = world.first.policy().version
        proposal = world.propose_policy()

        def attempt(client, what=proposal):
            try:
                return approve(client, what).proposal.ended_by
            except api.Refused as refused:
                return refused.rule

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(attempt, [world.second, world.third] * 4))
        winner = world.show(proposal).ended_by
        assert sorted(set(answers)) == sorted({winner, "proposal.ended"})
        assert answers.count(winner) == 4  # their own approval, again and again
        assert world.first.policy().version == before + 1


def test_who_is_no_admin_any_more_has_proposed_nothing(world):
    names = world.victims(2)
    proposal = world.propose_revocation(names, client=world.third)
    without = with_roles(world.before, (FIRST, SECOND), ("policy", "mass-revocation"))
    approve(world.second, world.propose_policy(without))
    gone = (Code.FAILED_PRECONDITION, "approval.proposer")
    assert api.refusal(approve, world.second, proposal) == gone
    assert api.refusal(approve, world.third, world.propose_revocation(names)) == (Code.PERMISSION_DENIED,
                                                                              "policy.role")
    world.reset()
    approve(world.second, proposal)


def test_whose_certificate_is_revoked_has_proposed_nothing(world):
    passing = world.enrol(THIRD)
    proposal = world.propose_policy(client=passing)
    world.second.revoke(passing.serial, reason=SUPERSEDED)
    gone = (Code.FAILED_PRECONDITION, "approval.proposer")
    assert api.refusal(approve, world.second, proposal) == gone
    passing.close()


def test_a_later_key_of_the_proposers_is_the_same_person(world):
    passing = world.enrol(THIRD)
    proposal = world.propose_policy(world.next_text("later key"), passing)
    renewed, key = world.renew(passing)
    other = world.client_of(world.first.issue(make_csr("URI:" + SECOND, key=key), profile="client"), key)
    same = (Code.PERMISSION_DENIED, "approval.same-person")
    assert api.refusal(approve, other, proposal) == same
    assert state_of(world, proposal) == "STATE_OPEN"
    approve(world.second, proposal)
    for client in (passing, renewed, other):
        client.close()


def test_a_superseded_certificate_neither_proposes_nor_approves(world):
    passing = world.enrol(THIRD)
    proposal = world.propose_policy()
    renewed, _ = world.renew(passing)
    superseded = (Code.PERMISSION_DENIED, "renewal.superseded")
    assert api.refusal(approve, passing, proposal) == superseded
    assert api.refusal(world.propose_policy, world.next_text("other"), passing) == superseded
    approve(renewed, proposal)
    for client in (passing, renewed):
        client.close()


def test_proposals_are_listed_a_page_at_a_time(world):
    made = [world.propose_revocation(world.victims(1)).name for _ in range(5)]
    seen, token = [], ""
    while True:
        page = world.second.call("ListProposals", api.request(
            "ListProposals", page_size=2, page_token=token))
        assert len(page.proposals) <= 2
        seen += [each.name for each in page.proposals]
        token = page.next_page_token
        if not token:
            break
        # A place is good for who was given it, and for that list.
        for client, with_ended in ((world.third, False), (world.second, True)):
            assert api.refusal(client.call, "ListProposals", api.request(
                "ListProposals", with_ended=with_ended, page_token=token)) == (
                    Code.INVALID_ARGUMENT, "list.page-token")
    assert [name for name in seen if name in made] == made[::-1]
    shown = json.loads(world.ca.cli("proposal", "list", "--limit", "0", "-o", "json").stdout)
    assert [each["name"] for each in shown["proposals"]] == seen
    short = world.ca.cli("proposal", "list", "--limit", "2", "-o", "name")
    assert short.stdout.split() == seen[:2]
    for name in made:
        world.second.call("WithdrawProposal", api.request("WithdrawProposal", name=name))


def test_several_certificates_are_revoked_by_two(world):
    names = world.victims(3)
    serials = [name.rsplit("/", 1)[1] for name in names]
    request = api.request("BatchRevokeCertificates", names=names, reason=SUPERSEDED)
    needed = (Code.FAILED_PRECONDITION, "approval.needed")
    assert api.refusal(world.night_shift.call, "BatchRevokeCertificates", request) == needed
    assert {status_of_serial(world.ca, serial) for serial in serials} == {"good"}
    proposal = world.propose_revocation(["issuers/-/certificates/" + serial for serial in serials])
    assert list(proposal.mass_revocation.certificates) == sorted(names)
    approved = approve(world.first, world.show(proposal))
    assert approved.good_answers_expire_time.seconds > 0
    assert {status_of_serial(world.ca, serial) for serial in serials} == {"revoked"}
    again = approve(world.first, proposal)
    assert again.proposal.end_time == approved.proposal.end_time


def test_one_certificate_waits_for_nobody(world):
    name = world.victims(1)[0]
    world.night_shift.call("BatchRevokeCertificates", api.request(
        "BatchRevokeCertificates", names=[name], reason=SUPERSEDED))
    assert status_of_serial(world.ca, name.rsplit("/", 1)[1]) == "revoked"
    other = world.victims(1)[0].rsplit("/", 1)[1]
    world.night_shift.revoke(other)
    assert status_of_serial(world.ca, other) == "revoked"


def test_all_or_none(world):
    alone = with_roles(world.before, (FIRST, SECOND, THIRD), ("policy",))
    approve(world.second, world.propose_policy(alone))
    names = world.victims(2)
    missing = names[0][:-4] + "0000"
    with pytest.raises(api.Refused) as refused:
        world.night_shift.call("BatchRevokeCertificates", api.request(
            "BatchRevokeCertificates", names=[*names, missing]))
    assert (refused.value.code, refused.value.rule) == (Code.NOT_FOUND, "certificate.not-found")
    assert status_of_serial(world.ca, names[0].rsplit("/", 1)[1]) == "good"
    revoked = world.night_shift.call("BatchRevokeCertificates", api.request(
        "BatchRevokeCertificates", names=names, reason=KEY_COMPROMISE))
    assert [each.name for each in revoked.revocations] == sorted(names)
    assert not any(each.already_revoked for each in revoked.revocations)
    again = world.night_shift.call("BatchRevokeCertificates", api.request(
        "BatchRevokeCertificates", names=names))
    assert all(each.already_revoked for each in again.revocations)
    assert {each.revocation.reason for each in again.revocations} == {KEY_COMPROMISE}


def test_a_policy_with_one_admin_cannot_ask_for_two(world):
    lonely = with_roles(world.before, (FIRST, "local:0"), ("policy",))
    with pytest.raises(api.Refused) as refused:
        world.propose_policy(lonely)
    assert refused.value.rule == "policy.file" and "policy.two-persons" in refused.value.rules


def test_the_audit_log_names_both_and_the_hash(world, tmp_path):
    proposal = world.propose_policy()
    approve(world.second, proposal)
    taken_back = world.propose_policy(world.next_text("taken back"))
    withdraw(world.first, taken_back)
    events = {}
    for event in world.first.call("ListEvents", api.request("ListEvents", page_size=1000)).events:
        events.setdefault(event.kind, []).append((event.principal, dict(event.detail)))
    for kind, who, what in (("proposal.created", FIRST, proposal),
                            ("proposal.approved", SECOND, proposal),
                            ("proposal.withdrawn", FIRST, taken_back)):
        details = [detail for principal, detail in events[kind]
                   if principal == who and detail["proposal"] == what.name.split("/")[1]]
        assert len(details) == 1 and details[0]["sha256"] == payload_sha256(world.show(what)), kind
        if kind != "proposal.created":
            assert details[0]["proposer"] == FIRST
    assert "proposal.approved" in exported(world, tmp_path)


def test_both_work_out_the_same_hash(world):
    for proposal in (world.propose_policy(), world.propose_revocation(world.victims(2))):
        assert proposal.payload_sha256 == payload_sha256(proposal)
        withdraw(world.second, proposal)


def test_a_thousand_names_are_the_most(world):
    names = ["issuers/-/certificates/21"] * 1001
    for method, fields in (("BatchRevokeCertificates", {"names": names}),
                           ("CreateProposal", {"mass_revocation": {"certificates": names}})):
        assert api.refusal(world.night_shift.call, method, api.request(method, **fields)) == (
            Code.INVALID_ARGUMENT, "revocation.count")
