"""What a certificate is good for that was renewed and used in its place, or whose lineage is blocked; and
what instances of one name see of each other."""

import contextlib

import grpc
import pytest

from harness import api
from harness.authority import wait_for
from harness.csr import make_csr, new_key

Code = grpc.StatusCode
DECLARED = api.declarations()
ADMINS = 'admins = ["spiffe://mayfly.internal/operator"'
ADMIN = "spiffe://mayfly.internal/ns/acting/sa/admin"
POD = "spiffe://mayfly.internal/ns/acting/sa/pod"
POLICY = f"""
[profile.acting]
lifetime = "1h"
key_usage = ["digital-signature"]
extended_key_usage = ["server-auth", "client-auth"]
names = ["uri"]
on_copied_key = "lock"

[[rule]]
name = "acting"
principals = ["spiffe://mayfly.internal/operator", "{ADMIN}", "{POD}"]
profiles = ["acting"]
uri = ["{ADMIN}", "{POD}"]
"""
SUPERSEDED = (Code.PERMISSION_DENIED, "renewal.superseded")
BLOCKED = (Code.PERMISSION_DENIED, "policy.blocked")


class Holder:
    """Who holds a certificate, over one channel for good."""

    def __init__(self, ca, response, key):
        self.ca, self.certificate = ca, response.certificate
        self.serial = response.certificate.serial_number
        self.client = api.Client(ca, api.chain_pem(response), api.key_pem(key))

    def renew(self):
        """The next generation, not heard of yet."""
        key = new_key()
        return Holder(self.ca, self.client.call("RenewCertificate", api.request(
            "RenewCertificate", csr_der=make_csr(key=key))), key)

    def ask(self, name):
        """Another first certificate for this name."""
        key = new_key()
        return Holder(self.ca, self.client.issue(
            make_csr("URI:" + name, key=key), profile="acting"), key)

    def listed(self):
        """The serial numbers that it lists."""
        return {each.serial_number for each in self.client.call(
            "ListCertificates", api.request("ListCertificates", parent="issuers/-")).certificates}


@pytest.fixture(scope="module", name="operator")
def operator_with_admins(module_authority):
    with contextlib.closing(api.operator(module_authority)) as operator:
        before = operator.policy().policy_text
        assert ADMINS in before
        operator.apply_policy(before.replace(ADMINS, f'{ADMINS}, "{ADMIN}"') + POLICY)
        yield operator
        operator.apply_policy(before)


@pytest.fixture(name="enrol")
def make_enrol(module_authority, operator):
    with contextlib.ExitStack() as stack:
        def enrol(name):
            key = new_key()
            response = operator.issue(make_csr("URI:" + name, key=key), profile="acting")
            holder = Holder(module_authority, response, key)
            stack.callback(holder.client.close)
            return holder
        yield enrol


def requests_for_a_role(operator):
    """A request of every method that not all requesters may call, which an admin's certificate opens."""
    victim = operator.issue(make_csr("victim.internal")).certificate.name
    proposal = operator.call("CreateProposal", api.request(
        "CreateProposal", mass_revocation={"certificates": [victim], "reason": 5}))
    token = operator.create_token("victim.internal").enrolment_token.name
    made = {
        "ApplyPolicy": {"policy_text": operator.policy().policy_text},
        "RevokeCertificate": {"name": victim},
        "BatchRevokeCertificates": {"names": [victim]},
        "CreateEnrolmentToken": {"profile": "server", "subject_alt_names": ["DNS:victim.internal"]},
        "RevokeEnrolmentToken": {"name": token},
        "CreateProposal": {"mass_revocation": {"certificates": [victim], "reason": 5}},
        "GetProposal": {"name": proposal.name},
        "ApproveProposal": {"name": proposal.name, "payload_sha256": api.payload_sha256(proposal)},
        "WithdrawProposal": {"name": proposal.name},
        "ReadAuditLog": {"path": "checkpoint"},
    }
    for method in ("ListEnrolmentTokens", "GetPolicy", "ListProposals", "ListEvents", "ListAlerts"):
        made[method] = {}
    assert set(made) == {method for method, (roles, _) in DECLARED.items() if "requester" not in roles}
    return {method: api.request(method, **fields) for method, fields in made.items()}, victim


def events(operator, kind, principal):
    return operator.call("ListEvents", api.request(
        "ListEvents", filter=f'kind = {kind} AND principal = "{principal}"')).events


def rules_denied(operator, principal):
    return [rule for event in events(operator, "denial", principal) for rule in event.detail["rules"]]


def test_a_superseded_certificate_is_a_requesters_and_issues_nothing(operator, enrol):
    old = enrol(ADMIN)
    new = old.renew()
    old.client.policy()  # nobody has used the next one
    new.client.policy()
    requests, victim = requests_for_a_role(operator)
    for method, message in requests.items():
        refused = api.refused(lambda method=method, message=message: old.client.call(method, message))
        assert refused and (refused.code, refused.rule) == SUPERSEDED, method
        assert new.serial in refused.text and "reconnect" in refused.text, method
    assert not operator.get(victim.split("/")[-1]).HasField("revocation")
    assert api.refusal(old.ask, ADMIN) == SUPERSEDED
    explained = old.client.call("ExplainIssuance", api.request(
        "ExplainIssuance", csr_der=make_csr("URI:" + ADMIN), profile="acting"))
    assert [finding.rule for finding in explained.findings] == ["renewal.superseded"]
    # What is its own it sees; everything it would see as an admin.
    assert old.client.get(new.serial).generation == 1
    assert api.refusal(old.client.get, victim.split("/")[-1]) == SUPERSEDED
    assert api.refusal(old.listed) == SUPERSEDED
    wait_for(lambda: rules_denied(operator, ADMIN).count("renewal.superseded") == len(requests) + 3, 10,
             "each refusal to be an event")
    assert not events(operator, "lineage.copied-key", ADMIN)
    # The successor may do all that, and the lineage goes on.
    new.client.policy()
    assert new.ask(ADMIN).certificate.generation == 0
    new.renew()


def test_a_repeat_with_a_superseded_certificate_gives_what_it_gave(enrol):
    old = enrol(POD)
    request = api.request("IssueCertificate", csr_der=make_csr("URI:" + POD), profile="acting",
                          request_id=api.make_request_id())
    issued = old.client.call("IssueCertificate", request).certificate
    old.renew().client.trust_bundle()
    again = old.client.call("IssueCertificate", request).certificate
    assert again.certificate_der == issued.certificate_der
    request.request_id = api.make_request_id()
    assert api.refusal(old.client.call, "IssueCertificate", request) == SUPERSEDED


def test_a_locked_lineage_has_no_role(operator, enrol):
    owner = enrol(ADMIN)
    thief = owner.renew()
    thief.client.policy()
    assert api.refusal(owner.renew) == SUPERSEDED  # and locks it
    requests, victim = requests_for_a_role(operator)
    requests["ListCertificates"] = api.request("ListCertificates", parent="issuers/-")
    requests["GetCertificate"] = api.request(
        "GetCertificate", name=f"issuers/-/certificates/{thief.serial}")
    requests["IssueCertificate"] = api.request(
        "IssueCertificate", csr_der=make_csr("URI:" + ADMIN), profile="acting")
    for method, message in requests.items():
        assert api.refusal(thief.client.call, method, message) == BLOCKED, method
    assert api.refusal(thief.renew) == BLOCKED
    assert not operator.get(victim.split("/")[-1]).HasField("revocation")
    wait_for(lambda: rules_denied(operator, ADMIN).count("policy.blocked") >= len(requests), 10,
             "each refusal to be an event")
    enrol(ADMIN).client.policy()  # another lineage of the name


def test_instances_of_one_name_do_not_see_each_others_renewals(enrol):
    one, other = enrol(POD), enrol(POD)
    renewed = other.renew()
    renewed.client.trust_bundle()
    asked_for = one.ask(POD)
    of_asked_for = asked_for.renew()
    hidden = (Code.NOT_FOUND, "certificate.not-found")
    for unseen in (other, renewed, of_asked_for):
        assert api.refusal(one.client.get, unseen.serial) == hidden
    assert {one.serial, asked_for.serial} <= one.listed()
    assert not {other.serial, renewed.serial, of_asked_for.serial} & one.listed()
    assert {other.serial, renewed.serial} <= renewed.listed()
    assert one.serial not in renewed.listed()
    assert {asked_for.serial, of_asked_for.serial} <= asked_for.listed()
