"""Renewal against a whole CA: generations, copied keys, the command line."""

import contextlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from harness import api
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


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def chain_pem(response):
    ders = [response.certificate.certificate_der, *response.issuer_chain_der]
    return b"".join(x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)
                    for der in ders)


class Holder:
    """Who holds a certificate, and its key."""

    def __init__(self, ca, response, key):
        self.ca, self.response, self.key = ca, response, key
        self.certificate = response.certificate

    def client(self):
        return contextlib.closing(api.Client(self.ca, chain_pem(self.response), key_pem(self.key)))

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
    with contextlib.closing(api.operator(module_authority)) as operator:
        before = operator.policy().policy_text
        operator.apply_policy(before + POLICY)
        yield operator
        operator.apply_policy(before)


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


def events(operator, kind):
    request = api.message("mayfly.ca.v1.ListEventsRequest")(filter=f"kind = {kind}")
    return operator.call("ListEvents", request).events


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
    told = [event for event in events(operator, "lineage.copied-key")
            if event.detail["serial"] == first.certificate.serial_number]
    assert len(told) == 1 and told[0].principal == "dns:b.renewing.internal"
    second.renew()


# Of fifty with one name, the one whose key was copied is told apart from the others.
def test_fifty_of_one_name_are_fifty_lineages(enrol, operator):
    pods = [enrol("pod.renewing.internal") for _ in range(50)]
    assert len({pod.certificate.lineage for pod in pods}) == 50
    thief = pods[7].renew()
    thief.use()
    renewed = [pod.renew() for number, pod in enumerate(pods) if number != 7]
    assert len(renewed) == 49
    assert refused(pods[7].renew) == "renewal.superseded"
    def told():  # soon, not at once
        return {event.detail["lineage"] for event in events(operator, "lineage.copied-key")
                if event.principal == "dns:pod.renewing.internal"}
    wait_for(told, 10, "the event")
    assert told() == {pods[7].certificate.lineage}


def test_the_same_key_and_other_names_are_refused(enrol):
    first = enrol("c.renewing.internal")
    assert refused(lambda: first.renew(first.key)) == "renewal.same-key"
    request = api.message("mayfly.ca.v1.RenewCertificateRequest")(
        csr_der=make_csr("d.renewing.internal"))
    with first.client() as client:
        assert refused(lambda: client.call("RenewCertificate", request)) == "renewal.names"


def test_the_command_line_renews_in_place(enrol, module_authority, tmp_path):
    first = enrol("e.renewing.internal")
    (tmp_path / "e.crt").write_bytes(chain_pem(first.response))
    (tmp_path / "e.key").write_bytes(key_pem(first.key))
    before = (tmp_path / "e.key").read_bytes()
    module_authority.cli("renew", tmp_path / "e.crt")
    assert (tmp_path / "e.key").read_bytes() != before
    assert (tmp_path / "e.key").stat().st_mode & 0o777 == 0o600
    certificate = x509.load_pem_x509_certificate((tmp_path / "e.crt").read_bytes())
    key = serialization.load_pem_private_key((tmp_path / "e.key").read_bytes(), None)
    assert certificate.public_key().public_numbers() == key.public_key().public_numbers()
    assert refused(first.renew) == "renewal.superseded"  # the command said that it arrived
