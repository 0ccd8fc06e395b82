"""Enrolment tokens against a whole CA: one use is one certificate, whatever is lost or tried."""

import concurrent.futures
import contextlib
import time

import grpc
import pytest
from cryptography import x509

from harness import api, ledger
from harness.csr import make_csr, new_key

Code = grpc.StatusCode
MAKER = "spiffe://mayfly.internal/ns/enrol/sa/maker"
POLICY = f"""
enrollers = ["{MAKER}"]
"""
RULES = f"""
[profile.named]
lifetime = "1h"
key_usage = ["digital-signature"]
extended_key_usage = ["client-auth"]
names = ["uri"]
names_from = "principal"

[[rule]]
name = "makers"
principals = ["{MAKER}"]
profiles = ["workload", "server", "named"]
dns = ["*.enrol.internal"]
uri = ["{MAKER}"]
"""


@pytest.fixture(scope="module", name="operator")
def operator_with_policy(module_authority):
    with contextlib.closing(api.operator(module_authority)) as operator:
        before = operator.policy().policy_text
        operator.apply_policy(POLICY + before + RULES)
        yield operator
        operator.apply_policy(before)


@pytest.fixture(scope="module", name="maker")
def enroller(module_authority, operator):
    key = new_key()
    issued = operator.issue(make_csr("URI:" + MAKER, key=key), profile="client")
    with contextlib.closing(client_of(module_authority, issued, key)) as client:
        client.serial = issued.certificate.serial_number
        yield client


def client_of(authority, issued, key):
    pem = x509.load_der_x509_certificate(issued.certificate.certificate_der).public_bytes(
        api.PEM) + authority.chain_file.read_bytes()
    return api.Client(authority, pem, api.key_pem(key))


@pytest.fixture(name="holder_of")
def make_holder(module_authority):
    with contextlib.ExitStack() as clients:
        yield lambda token: clients.enter_context(
            contextlib.closing(api.stranger(module_authority, token)))


def uses_of(operator, token):
    listed = operator.call("ListEnrolmentTokens", api.request("ListEnrolmentTokens"))
    return next(each for each in listed.enrolment_tokens if each.name == token.enrolment_token.name)


def certificates_for(operator, name):
    return operator.call("ListCertificates", api.request(
        "ListCertificates", parent="issuers/-",
        filter=f'subject_alt_names : "DNS:{name}"')).certificates


def test_a_token_gives_one_certificate_with_its_names(operator, maker, holder_of):
    token = maker.create_token("a.enrol.internal", "b.enrol.internal", profile="workload")
    assert token.token.startswith("mayfly_enrol_") and len(token.token) == 77
    issued = holder_of(token.token).issue(make_csr("a.enrol.internal"), profile="workload",
                                          request_id=api.make_request_id())
    assert list(issued.certificate.subject_alt_names) == ["DNS:a.enrol.internal",
                                                          "DNS:b.enrol.internal"]
    identity = token.enrolment_token.name.removeprefix("enrolmentTokens/")
    assert issued.certificate.principal == f"enrolment:{identity}"
    assert issued.certificate.generation == 0
    assert uses_of(operator, token).use_count == 1


def test_what_it_gave_begins_a_lineage(module_authority, maker, holder_of):
    token, key = maker.create_token("line.enrol.internal", profile="workload"), new_key()
    issued = holder_of(token.token).issue(make_csr(key=key), profile="workload",
                                          request_id=api.make_request_id())
    with contextlib.closing(client_of(module_authority, issued, key)) as client:
        renewed = client.call("RenewCertificate", api.request("RenewCertificate",
                                                              csr_der=make_csr()))
    assert renewed.certificate.lineage == issued.certificate.lineage
    assert renewed.certificate.generation == 1


def test_200_at_once_get_one_certificate(operator, maker, module_authority):
    token = maker.create_token("once.enrol.internal")
    answers = at_once(module_authority, token.token, 200,
                      lambda _: (make_csr("once.enrol.internal"), api.make_request_id()))
    good = [answer for answer in answers if not isinstance(answer, api.Refused)]
    assert len(good) == 1
    assert {(a.code, a.rule) for a in answers if isinstance(a, api.Refused)} == {
        (Code.UNAUTHENTICATED, "enrolment.spent")}
    assert len(certificates_for(operator, "once.enrol.internal")) == 1
    assert uses_of(operator, token).use_count == 1


def test_200_at_once_with_one_request_id_get_the_same_certificate(operator, maker,
                                                                  module_authority):
    token = maker.create_token("same.enrol.internal")
    csr, request_id = make_csr("same.enrol.internal"), api.make_request_id()
    answers = at_once(module_authority, token.token, 200, lambda _: (csr, request_id))
    assert len({answer.certificate.certificate_der for answer in answers}) == 1
    assert len(certificates_for(operator, "same.enrol.internal")) == 1
    assert uses_of(operator, token).use_count == 1


def test_200_at_once_with_one_request_id_and_a_certificate(operator):
    csr, request_id = make_csr("mtls.internal"), api.make_request_id()
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: patiently(operator, csr, request_id), range(200)))
    assert len({answer.certificate.certificate_der for answer in answers}) == 1
    assert len(certificates_for(operator, "mtls.internal")) == 1
    assert api.refusal(operator.issue, make_csr("mtls.internal"), request_id=request_id) == (
        Code.INVALID_ARGUMENT, "request-id.reused")


def at_once(authority, token, count, what):
    """The answers, or refusals, of so many calls with one token on ten connections."""
    with contextlib.ExitStack() as clients:
        holders = [clients.enter_context(contextlib.closing(api.stranger(authority, token)))
                   for _ in range(10)]
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            return list(pool.map(lambda n: patiently(holders[n % 10], *what(n)), range(count)))


def patiently(client, csr, request_id):
    """Comes again where it is told to, as every client does."""
    until = time.monotonic() + 60
    while True:
        try:
            return client.issue(csr, request_id=request_id)
        except api.Refused as refused:
            again = (Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED, Code.DEADLINE_EXCEEDED)
            if refused.code not in again or time.monotonic() > until:
                return refused
        time.sleep(0.3)


def test_a_spent_token_is_good_for_its_own_request_only(operator, maker, holder_of):
    token = maker.create_token("lost.enrol.internal")
    holder, csr, request_id = holder_of(token.token), make_csr(), api.make_request_id()
    issued = holder.issue(csr, request_id=request_id)
    assert holder.issue(csr, request_id=request_id) == issued
    assert api.refusal(holder.issue, make_csr(), request_id=request_id) == (
        Code.INVALID_ARGUMENT, "request-id.reused")
    assert api.refusal(holder.issue, csr, request_id=api.make_request_id()) == (
        Code.UNAUTHENTICATED, "enrolment.spent")
    operator.call("RevokeEnrolmentToken", api.request(
        "RevokeEnrolmentToken", name=token.enrolment_token.name))
    assert api.refusal(holder.issue, csr, request_id=request_id) == (
        Code.UNAUTHENTICATED, "enrolment.revoked")


def test_a_lost_reply_locks_nobody_out(own_ca, maker, holder_of):
    token = maker.create_token("crash.enrol.internal")
    holder, csr, request_id = holder_of(token.token), make_csr(), api.make_request_id()
    with own_ca.failpoint("issuance.signed", "error-always"):
        refused = api.refusal(holder.issue, csr, request_id=request_id)
    assert refused[0] == Code.UNAVAILABLE
    issued = holder.issue(csr, request_id=request_id)
    assert issued.certificate.state == 2


def test_uses_are_counted(maker, holder_of):
    token = maker.create_token("many.enrol.internal", uses=3)
    holder = holder_of(token.token)
    for _ in range(3):
        holder.issue(make_csr(), request_id=api.make_request_id())
    assert api.refusal(holder.issue, make_csr(), request_id=api.make_request_id()) == (
        Code.UNAUTHENTICATED, "enrolment.spent")


def test_an_expired_token_is_refused_and_its_request_is_not(maker, holder_of):
    used = maker.create_token("short.enrol.internal", lifetime=2)
    unused = maker.create_token("short.enrol.internal", lifetime=1)
    csr, request_id = make_csr(), api.make_request_id()
    issued = holder_of(used.token).issue(csr, request_id=request_id)
    time.sleep(2.5)
    assert holder_of(used.token).issue(csr, request_id=request_id) == issued
    for token in (used, unused):
        rule = api.refusal(holder_of(token.token).issue, make_csr(), request_id=api.make_request_id())
        assert rule[0] == Code.UNAUTHENTICATED and rule[1] in ("enrolment.expired",
                                                               "enrolment.spent")
    assert rule[1] == "enrolment.expired"


def test_nothing_but_what_it_states(maker, holder_of):
    token = maker.create_token("stated.enrol.internal", profile="workload")
    holder, request_id = holder_of(token.token), api.make_request_id()
    denied = Code.PERMISSION_DENIED
    assert api.refusal(holder.issue, make_csr(), profile="server", request_id=request_id) == (
        denied, "enrolment.profile")
    assert api.refusal(holder.issue, make_csr("other.enrol.internal"), profile="workload",
                   request_id=request_id) == (denied, "enrolment.names")
    assert api.refusal(holder.issue, make_csr(), profile="workload", names=["DNS:other.enrol.internal"],
                   request_id=request_id) == (denied, "enrolment.names")
    assert api.refusal(holder.issue, make_csr(), profile="workload") == (
        Code.INVALID_ARGUMENT, "request-id.required")
    assert api.refusal(holder.issue, make_csr(), profile="workload", lifetime=90000,
                   request_id=request_id) == (denied, "policy.lifetime")
    holder.issue(make_csr(), profile="workload", request_id=request_id)  # none of these was a use


def test_nobody_gives_what_they_could_not_have(maker):
    assert api.refusal(maker.create_token, "web.internal") == (Code.PERMISSION_DENIED, "policy.name")
    assert api.refusal(maker.create_token, "a.enrol.internal", profile="client") == (
        Code.PERMISSION_DENIED, "policy.principal")
    assert api.refusal(maker.create_token, "a.enrol.internal", profile="none") == (
        Code.NOT_FOUND, "profile.unknown")
    assert api.refusal(maker.create_token, "URI:" + MAKER, profile="named") == (
        Code.PERMISSION_DENIED, "policy.names-from")
    assert api.refusal(maker.create_token, "a.enrol.internal", lifetime=3601) == (
        Code.INVALID_ARGUMENT, "enrolment.lifetime")
    assert api.refusal(maker.create_token, "a.enrol.internal", uses=1001) == (
        Code.INVALID_ARGUMENT, "enrolment.uses")
    assert api.refusal(maker.create_token) == (Code.PERMISSION_DENIED, "policy.no-names")


@pytest.mark.parametrize("lose", ("role", "rule"))
def test_a_token_ends_with_what_its_maker_may(operator, maker, holder_of, lose):
    token = maker.create_token("withdrawn.enrol.internal")
    before = operator.policy().policy_text
    operator.apply_policy(before.replace(POLICY, "") if lose == "role"
                          else before.replace("*.enrol.internal", "x.enrol.internal"))
    try:
        holder = holder_of(token.token)
        code, rule = api.refusal(holder.issue, make_csr(), request_id=api.make_request_id())
        assert (code, rule) == (Code.PERMISSION_DENIED,
                                "policy.role" if lose == "role" else "policy.name")
    finally:
        operator.apply_policy(before)
    holder.issue(make_csr(), request_id=api.make_request_id())


def test_a_token_ends_with_its_makers_key(module_authority, operator, holder_of):
    key = new_key()
    issued = operator.issue(make_csr("URI:" + MAKER, key=key), profile="client")
    with contextlib.closing(client_of(module_authority, issued, key)) as other:
        token = other.create_token("stolen.enrol.internal")
    operator.revoke(issued.certificate.serial_number)  # for key compromise
    assert api.refusal(holder_of(token.token).issue, make_csr(),
                   request_id=api.make_request_id()) == (Code.PERMISSION_DENIED, "policy.blocked")


def test_a_revoked_token_gives_nothing(operator, maker, holder_of):
    token = maker.create_token("revoked.enrol.internal")
    name = api.request("RevokeEnrolmentToken", name=token.enrolment_token.name)
    maker.call("RevokeEnrolmentToken", name)
    maker.call("RevokeEnrolmentToken", name)
    assert api.refusal(holder_of(token.token).issue, make_csr(),
                   request_id=api.make_request_id()) == (Code.UNAUTHENTICATED, "enrolment.revoked")
    assert uses_of(operator, token).revoked


def test_enrollers_see_and_revoke_their_own(operator, maker):
    theirs = operator.create_token("web.internal")
    mine = maker.create_token("mine.enrol.internal")
    listed = [token.name for token in maker.call(
        "ListEnrolmentTokens", api.request("ListEnrolmentTokens")).enrolment_tokens]
    assert mine.enrolment_token.name == listed[0] and theirs.enrolment_token.name not in listed
    assert api.refusal(maker.call, "RevokeEnrolmentToken", api.request(
        "RevokeEnrolmentToken", name=theirs.enrolment_token.name)) == (
            Code.NOT_FOUND, "enrolment.not-found")


def test_the_secret_is_nowhere(own_ca, operator, maker, holder_of):
    token = maker.create_token("secret.enrol.internal")
    holder_of(token.token).issue(make_csr(), request_id=api.make_request_id())
    secret = token.token.removeprefix("mayfly_enrol_")
    tables = [name for name, in ledger.query(
        own_ca, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'mayfly'")]
    assert "enrolment_token" in tables
    rows = str([ledger.query(own_ca, f"SELECT t::text FROM mayfly.{name} t") for name in tables])
    for form in (secret, secret.encode().hex()):
        assert form not in rows and form not in own_ca.log
    events = operator.call("ListEvents", api.request("ListEvents")).events
    assert secret not in str(events)
    assert any(event.kind == "enrolment-token.created" and event.principal == MAKER
               for event in events)
