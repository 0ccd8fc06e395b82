"""Renewal against a whole CA: generations, copied keys, the command line."""

import contextlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from harness import api, ledger
from harness.authority import wait_for
from harness.csr import make_csr, new_key

POLICY = """
[profile.renewing]
lifetime = "1h"
key_usage = ["digital-signature"]
extended_key_usage = ["server-auth", "client-auth"]
names = ["dns"]

[[rule]]
name = "renewing"
principals = ["spiffe://mayfly.internal/operator"]
profiles = ["renewing"]
dns = ["*.renewing.internal"]
"""


class Holder:
    """Who holds a certificate, and its key."""

    def __init__(self, ca, response, key):
        self.ca, self.response, self.key = ca, response, key
        self.certificate = response.certificate

    def client(self):
        return contextlib.closing(api.Client(self.ca, api.chain_pem(self.response), api.key_pem(self.key)))

    def renew(self, key=None):
        key = key or new_key()
        request = api.message("mayfly.ca.v1.RenewCertificateRequest")(csr_der=make_csr(key=key))
        with self.client() as client:
            return Holder(self.ca, client.call("RenewCertificate", request), key)

    def use(self):
        request = api.message("mayfly.ca.v1.GetTrustBundleRequest")(name="trustBundles/-")
        with self.client() as client:
            client.call("GetTrustBundle", request)


@pytest.fixture(scope="module", name="operator")
def operator_with_policy(module_authority):
    with api.operator_with_policy(module_authority, POLICY) as operator:
        yield operator


@pytest.fixture(name="enrol")
def make_enrol(module_authority, operator):
    def enrol(name):
        key = new_key()
        request = api.message("mayfly.ca.v1.IssueCertificateRequest")(
            csr_der=make_csr(name, key=key), profile="renewing")
        return Holder(module_authority, operator.call("IssueCertificate", request), key)
    return enrol


def refused(act):
    with pytest.raises(api.Refused) as refusal:
        act()
    return refusal.value.rule


def copied_keys(operator, principal):
    """The events that tell of it, once there is one: they are written beside the answer."""
    request = api.message("mayfly.ca.v1.ListEventsRequest")(
        filter=f'kind = lineage.copied-key AND principal = "{principal}"')
    return wait_for(lambda: operator.call("ListEvents", request).events, 10,
                    f"a copied key of {principal} to be told")


def test_a_renewal_is_the_next_generation_and_goes_on(enrol):
    first = enrol("a.renewing.internal")
    second = first.renew()
    third = second.renew()
    assert [each.certificate.generation for each in (first, second, third)] == [0, 1, 2]
    assert len({each.certificate.lineage for each in (first, second, third)}) == 1
    assert list(third.certificate.subject_alt_names) == ["DNS:a.renewing.internal"]
    third.use()


def test_a_lost_answer_locks_nobody_out_and_a_copied_key_is_told(enrol, operator):
    first = enrol("b.renewing.internal")
    first.renew()  # lost
    second = first.renew()
    second.use()
    assert refused(first.renew) == "renewal.superseded"
    told = copied_keys(operator, "dns:b.renewing.internal")
    assert [event.detail["serial"] for event in told] == [first.certificate.serial_number]
    second.renew()


def alerts(operator):
    request = api.message("mayfly.ca.v1.ListAlertsRequest")()
    return operator.call("ListAlerts", request).alerts


# Of fifty with one name, the one whose key was copied and the one that stops renewing are told apart
# from the others.
def test_fifty_of_one_name_are_fifty_lineages(module_authority, enrol, operator):
    pods = [enrol("pod.renewing.internal") for _ in range(50)]
    assert len({pod.certificate.lineage for pod in pods}) == 50
    silent, copied = pods[3], pods[7]
    thief = copied.renew()
    thief.use()
    renewed = [pod.renew() for pod in pods if pod not in (silent, copied)]
    assert len(renewed) == 48
    assert refused(copied.renew) == "renewal.superseded"
    lineages = ",".join(f"'{pod.certificate.lineage}'" for pod in pods)
    projected = f"SELECT count(*) FROM lineage_state WHERE lineage IN ({lineages}) AND generation = 1"
    wait_for(lambda: ledger.query(module_authority, projected)[0][0] == 49, 20, "the projection")
    # As if the time to renew their first certificates had passed.
    ledger.query(module_authority, f"""UPDATE lineage_state SET renew_until = now() - interval '1 s'
        WHERE lineage IN ({lineages}) AND generation = 0""")
    kinds = api.message("mayfly.ca.v1.Alert").Kind
    expected = {(silent.certificate.lineage, kinds.Value("KIND_RENEWAL_OVERDUE")),
                (copied.certificate.lineage, kinds.Value("KIND_KEY_COPIED"))}

    def told():
        return {(alert.lineage, alert.kind) for alert in alerts(operator)
                if "DNS:pod.renewing.internal" in alert.subject_alt_names}

    wait_for(lambda: told() == expected, 20, f"exactly these alerts: {expected}, not {told()}")
    assert {alert.certificate.split("/")[-1] for alert in alerts(operator)
            if alert.lineage == silent.certificate.lineage} == {silent.certificate.serial_number}


def test_one_key_under_two_identities_is_told(operator):
    key = new_key()
    for name in ("one.renewing.internal", "two.renewing.internal"):
        operator.call("IssueCertificate", api.message("mayfly.ca.v1.IssueCertificateRequest")(
            csr_der=make_csr(name, key=key), profile="renewing"))
    shared = api.message("mayfly.ca.v1.Alert").Kind.Value("KIND_KEY_SHARED")
    wait_for(lambda: {tuple(alert.subject_alt_names) for alert in alerts(operator)
                      if alert.kind == shared} ==
             {("DNS:one.renewing.internal",), ("DNS:two.renewing.internal",)}, 20,
             "the shared key to be told")


def test_a_copied_key_is_an_event(enrol, operator):
    pod = enrol("c.renewing.internal")
    thief = pod.renew()
    thief.use()
    assert refused(pod.renew) == "renewal.superseded"
    lineages = {event.detail["lineage"] for event in copied_keys(operator, "dns:c.renewing.internal")}
    assert lineages == {pod.certificate.lineage}


def test_the_same_key_and_other_names_are_refused(enrol):
    first = enrol("c.renewing.internal")
    assert refused(lambda: first.renew(first.key)) == "renewal.same-key"
    request = api.message("mayfly.ca.v1.RenewCertificateRequest")(
        csr_der=make_csr("d.renewing.internal"))
    with first.client() as client:
        assert refused(lambda: client.call("RenewCertificate", request)) == "renewal.names"


def test_the_command_line_renews_in_place(enrol, module_authority, tmp_path):
    first = enrol("e.renewing.internal")
    (tmp_path / "e.crt").write_bytes(api.chain_pem(first.response))
    (tmp_path / "e.key").write_bytes(api.key_pem(first.key))
    (tmp_path / "e.key").chmod(0o640)  # as it was, but never for all
    before = (tmp_path / "e.key").read_bytes()
    module_authority.cli("renew", tmp_path / "e.crt")
    assert (tmp_path / "e.key").read_bytes() != before
    assert (tmp_path / "e.key").stat().st_mode & 0o777 == 0o640
    certificate = x509.load_pem_x509_certificate((tmp_path / "e.crt").read_bytes())
    key = serialization.load_pem_private_key((tmp_path / "e.key").read_bytes(), None)
    assert certificate.public_key().public_numbers() == key.public_key().public_numbers()
    assert refused(first.renew) == "renewal.superseded"  # the command said that it arrived
