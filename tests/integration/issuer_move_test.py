"""Issuance moves to another CA while it goes on: the policy says which one signs."""

import contextlib
import json
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness import api, ledger
from harness.api import payload_sha256
from harness.csr import make_csr, new_key
from harness.gnutls import PEM_END
from harness.issuing_ca import add_issuers, issuer_sections, signed_by
from harness.load import Load
from harness.ocsp import openssl_ocsp
from policy_test import Replica

FIRST = "spiffe://mayfly.internal/operator"  # ./quickstart's, who is an admin
SECOND = "spiffe://mayfly.internal/ns/move/sa/second"
LOAD_THREADS = 4
SECONDS_BEFORE, SECONDS_AFTER = 2, 3

class World:
    """A CA with two issuers, and two admins who both are needed for a policy."""

    def __init__(self, ca):
        self.ca = ca
        self.first = api.operator(ca)
        self.before_all = self.first.policy(wait_for_ready=True).policy_text
        key = new_key()
        issued = self.first.issue(make_csr("URI:" + SECOND, key=key), profile="client")
        self.second = api.Client(ca, api.chain_pem(issued), api.key_pem(key))
        rest = "\n".join(line for line in self.before_all.splitlines()
                         if not line.startswith(("admins", "two_persons")))
        self.policy = (f"admins = {json.dumps([FIRST, SECOND])}\n"
                       f'two_persons = ["policy"]\n{rest}\n')
        self.first.apply_policy(self.policy)

    def bring_into_force(self, text):
        """One proposes, the other approves; the version that is in force then."""
        before = self.first.policy()
        if before.policy_text != text:
            proposal = self.first.call("CreateProposal", api.request("CreateProposal", policy_change={
                "policy_text": text, "base_version": before.version}))
            self.second.call("ApproveProposal", api.request(
                "ApproveProposal", name=proposal.name, payload_sha256=payload_sha256(proposal)))
        return self.first.policy().version

    def close(self):
        self.bring_into_force(self.before_all)
        self.first.close()
        self.second.close()

    def issuers(self):
        """{name: certificate} of the two issuing CAs."""
        blocks = self.ca.chain_file.read_text().split(PEM_END)[:-1]
        return {name: x509.load_pem_x509_certificate((block + PEM_END).encode())
                for name, block in zip(("issuing-1", "issuing-2"), blocks)}


@pytest.fixture(scope="module", name="world")
def world_with_two_issuers(module_authority):
    add_issuers(module_authority, {"issuing-2": "p256"})
    made = World(module_authority)
    yield made
    made.close()


class Applicants(Load):
    """They ask for certificates."""

    def __init__(self, ca):
        super().__init__(LOAD_THREADS)
        self.ca = ca
        self.issued, self.failures = [], []

    def work(self, number):
        csr = make_csr("moved.internal")
        with contextlib.closing(api.operator(self.ca)) as client:
            while not self.over.is_set():
                try:
                    self.issued.append(client.issue(csr, request_id=api.make_request_id()))
                except api.Refused as refused:
                    self.failures.append(str(refused))


def assert_signed_by(response, name, issuers):
    """The certificate is that issuer's, in its name, its signature and its chain."""
    certificate = x509.load_der_x509_certificate(response.certificate.certificate_der)
    above = issuers[name]
    assert response.certificate.name.startswith(f"issuers/{name}/certificates/")
    assert certificate.issuer == above.subject
    above.public_key().verify(certificate.signature, certificate.tbs_certificate_bytes,
                              ec.ECDSA(certificate.signature_hash_algorithm))
    assert list(response.issuer_chain_der) == [above.public_bytes(serialization.Encoding.DER)]


def ocsp_of(world, response, name, folder):
    """What openssl is told of a certificate by its own issuer's responder."""
    issuer, leaf = folder / f"{name}.pem", folder / "leaf.pem"
    issuer.write_bytes(world.issuers()[name].public_bytes(serialization.Encoding.PEM))
    leaf.write_bytes(x509.load_der_x509_certificate(
        response.certificate.certificate_der).public_bytes(serialization.Encoding.PEM))
    return openssl_ocsp(world.ca, "-cert", leaf, issuer=issuer)


def test_two_persons_move_issuance_while_it_goes_on(world, tmp_path):
    issuers = world.issuers()
    version_before = world.bring_into_force(signed_by(world.policy, "issuing-1"))
    with Applicants(world.ca) as load:
        time.sleep(SECONDS_BEFORE)
        version_after = world.bring_into_force(signed_by(world.policy, "issuing-2"))
        after = world.first.issue(make_csr("after.internal"))  # acknowledged: nothing else from now on
        time.sleep(SECONDS_AFTER)
    assert not load.failures, load.failures[:3]
    assert_signed_by(after, "issuing-2", issuers)
    by_name = {name: [each for each in load.issued
                      if each.certificate.name.startswith(f"issuers/{name}/")] for name in issuers}
    assert min(map(len, by_name.values())) > 10, {name: len(each) for name, each in by_name.items()}
    for name, responses in by_name.items():
        for response in responses:
            assert_signed_by(response, name, issuers)
    assert_each_is_its_policys(world, {version_before: "issuing-1", version_after: "issuing-2"})
    # OCSP answers for both; the one before is revocable all the same.
    old, new = by_name["issuing-1"][0], by_name["issuing-2"][0]
    assert ocsp_of(world, old, "issuing-1", tmp_path) == "good"
    assert ocsp_of(world, new, "issuing-2", tmp_path) == "good"
    world.first.revoke(old.certificate.serial_number, reason=5)
    assert ocsp_of(world, old, "issuing-1", tmp_path) == "revoked"


def assert_each_is_its_policys(world, issuer_of):
    """What is in the ledger is signed by whom the versions of its record and its outcome name."""
    rows = ledger.query(world.ca, """
        SELECT i.policy_version, o.policy_version, n.name, i.profile FROM issuance i
        JOIN outcome o USING (serial, issuer_id) JOIN issuer n ON n.id = i.issuer_id
        WHERE o.kind = %s AND i.policy_version = ANY(%s)""",
                        (ledger.SIGNED, list(issuer_of)))
    assert rows
    for recorded, decided, name, profile in rows:
        if profile == "ocsp-responder":
            continue
        assert issuer_of[recorded] == name, f"recorded under {recorded}"
        assert issuer_of.get(decided, name) == name, f"signed under {decided}"


def test_a_renewal_of_an_old_one_comes_from_the_new_ca(world):
    issuers = world.issuers()
    world.bring_into_force(signed_by(world.policy, "issuing-1"))
    key, request_id = new_key(), api.make_request_id()
    csr = make_csr("renewed.internal", key=key)
    old = world.first.issue(csr, profile="client", request_id=request_id)
    assert_signed_by(old, "issuing-1", issuers)
    world.bring_into_force(signed_by(world.policy, "issuing-2"))
    again = world.first.issue(csr, profile="client", request_id=request_id)
    assert again.certificate.certificate_der == old.certificate.certificate_der
    holder = api.Client(world.ca, api.chain_pem(old), api.key_pem(key))
    next_key = new_key()
    with contextlib.closing(holder):
        renewed = holder.call("RenewCertificate", api.request(
            "RenewCertificate", csr_der=make_csr(key=next_key),
            request_id=api.make_request_id()))
    assert_signed_by(renewed, "issuing-2", issuers)
    # Peers of both are known, and so is the next renewal.
    with contextlib.closing(api.Client(world.ca, api.chain_pem(renewed),
                                       api.key_pem(next_key))) as holder:
        holder.call("RenewCertificate", api.request(
            "RenewCertificate", csr_der=make_csr(), request_id=api.make_request_id()))
    listed = world.ca.cli("list", "--limit", "0", "-o", "name").stdout.split()
    assert {old.certificate.name, renewed.certificate.name} <= set(listed)


def test_a_policy_names_issuers_that_there_are(world):
    text = signed_by(world.policy, "issuing-3")
    proposal = api.request("CreateProposal", policy_change={
        "policy_text": text, "base_version": world.first.policy().version})
    refused = api.refused(lambda: world.first.call("CreateProposal", proposal))
    assert refused and "policy.issuer-unknown" in refused.rules | {refused.rule}, refused
    path = world.ca.home / "policy.toml"
    kept = path.read_text()
    try:
        path.write_text(text)
        done = world.ca.ca_command("apply-policy", check=False)
        assert done.returncode != 0 and "policy.issuer-unknown" in done.stderr
        done = world.ca.run(world.ca.programs / "mayfly-ca", "--check-config", "--config",
                            world.ca.home / "ca.toml", check=False)
        assert done.returncode != 0 and "policy.issuer-unknown" in done.stderr
    finally:
        path.write_text(kept)


def test_a_server_without_the_issuer_refuses_that_profile_only(world):
    world.bring_into_force(world.policy.replace("[profile.client]\n",
                                                '[profile.client]\nissuer = "issuing-2"\n'))
    csr = make_csr("kept.internal")
    here = world.first.issue(csr, profile="client")
    assert_signed_by(here, "issuing-2", world.issuers())
    replica = Replica(world.ca, without=issuer_sections(world.ca, ["issuing-2"]))
    try:
        with contextlib.closing(api.operator(world.ca, replica.port("grpc"))) as there:
            there.policy(wait_for_ready=True)
            assert api.refusal(there.issue, csr, profile="client") == (
                api.grpc.StatusCode.FAILED_PRECONDITION, "policy.issuer-unknown")
            assert_signed_by(there.issue(make_csr("web.internal")), "issuing-1", world.issuers())
    finally:
        replica.stop()
