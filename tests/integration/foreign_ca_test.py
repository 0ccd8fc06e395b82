"""Callers with certificates of foreign CAs over real TLS: who is let in, as whom, and who is not."""

import os
import time
import types
import urllib.request

import grpc
import pytest

from harness import api, foreign
from harness.csr import make_csr, new_key

Code = grpc.StatusCode
HANDSHAKE = (Code.UNAVAILABLE, "")
API = "URI:spiffe://partner.example/ns/prod/sa/api"
API_ID = "foreign:partner:spiffe://partner.example/ns/prod/sa/api"
RULES = """
[[rule]]
name = "partners"
principals = ["foreign:partner:spiffe://partner.example/ns/{namespace}/sa/{account}"]
profiles = ["server"]
dns = ["{account}.{namespace}.partner.internal"]

[[rule]]
name = "machines"
principals = ["foreign:machines:dns:host-1.machines.example"]
profiles = ["server"]
dns = ["host-1.internal"]

[[rule]]
name = "listed"
principals = ["foreign:listed:*"]
profiles = ["server"]
dns = ["listed.internal"]

[[rule]]
name = "ours-of-the-same-name"
principals = ["spiffe://partner.example/ns/prod/sa/api"]
profiles = ["server"]
dns = ["ours.internal"]

[[rule]]
name = "operator-enrols-it"
principals = ["spiffe://mayfly.internal/operator"]
profiles = ["client"]
uri = ["spiffe://partner.example/ns/prod/sa/api"]
"""


@pytest.fixture(scope="module", name="world")
def ca_that_trusts_others(module_authority, tmp_path_factory):
    """The module's CA; `partner`, `machines` and `listed` are foreign and trusted, `unknown` is not."""
    folder, ca = tmp_path_factory.mktemp("foreign"), module_authority
    world = types.SimpleNamespace(ca=ca, crls=folder / "crls.pem")
    for name in ("partner", "machines", "listed", "unknown"):
        root = foreign.Issuer(folder, f"{name} root")
        setattr(world, name, foreign.Issuer(folder, f"{name} issuing", root))
    spiffe = ('id = "spiffe"', 'trust_domain = "partner.example"')
    with open(ca.home / "policy.toml", "a", encoding="utf-8") as policy:
        policy.write(RULES)
    ca.configure(
        foreign.section("partner", world.partner.above.file, *spiffe)
        + foreign.section("machines", world.machines.above.file, 'id = "dns"')
        + foreign.section("listed", world.listed.above.file, 'id = "dns"',
                          f'crls = "{world.crls}"'))
    return world


def issue(client, name, **options):
    return client.issue(make_csr(name), profile="server", **options)


def refusal(client, name="api.prod.partner.internal"):
    with pytest.raises(api.Refused) as refused:
        issue(client, name)
    return refused.value.code, refused.value.rule


def refused_leaf(world, leaf, **options):
    with leaf.client(world.ca, **options) as client:
        return refusal(client)


def test_a_holder_gets_what_a_rule_grants_to_its_id_and_nothing_else(world):
    with world.partner.leaf(API).client(world.ca) as client:
        issued = issue(client, "api.prod.partner.internal")
        assert issued.certificate.principal == API_ID
        for name in ("db.prod.partner.internal", "api.test.partner.internal", "host-1.internal",
                     "ours.internal", "web.internal"):
            assert refusal(client, name) == (Code.PERMISSION_DENIED, "policy.name"), name
        with pytest.raises(api.Refused) as refused:
            client.issue(make_csr(API), profile="client")
        assert refused.value.rule == "policy.principal", "its own name is not granted by itself"
        assert client.trust_bundle().name == "trustBundles/mayfly.internal"
    with world.partner.leaf("URI:spiffe://partner.example/elsewhere").client(world.ca) as client:
        assert refusal(client) == (Code.PERMISSION_DENIED, "policy.principal")


def test_a_machine_goes_by_its_only_dns_name(world):
    with world.machines.leaf("DNS:host-1.machines.example").client(world.ca) as client:
        issued = issue(client, "host-1.internal")
        assert issued.certificate.principal == "foreign:machines:dns:host-1.machines.example"
        assert refusal(client) == (Code.PERMISSION_DENIED, "policy.name")
    two = world.machines.leaf("DNS:host-1.machines.example,DNS:host-2.machines.example")
    for leaf in (two, world.machines.leaf("DNS:*.machines.example"), world.machines.leaf(API)):
        assert refused_leaf(world, leaf) == (Code.UNAUTHENTICATED, "peer.holder")


def test_the_next_certificate_of_the_same_holder_is_the_same_principal(world):
    request_id, csr = api.make_request_id(), make_csr("api.prod.partner.internal")
    with world.partner.leaf(API).client(world.ca) as first:
        issued = first.issue(csr, profile="server", request_id=request_id)
    with world.partner.leaf(API).client(world.ca) as second:
        again = second.issue(csr, profile="server", request_id=request_id)
        assert again.certificate.certificate_der == issued.certificate.certificate_der
        serial = issued.certificate.serial_number
        assert second.get(serial).serial_number == serial
    other = world.partner.leaf("URI:spiffe://partner.example/ns/prod/sa/db")
    with other.client(world.ca) as client:
        with pytest.raises(api.Refused) as refused:
            client.get(serial)
        assert refused.value.rule == "certificate.not-found"


def test_the_same_names_of_another_ca_prove_nobody(world):
    assert refused_leaf(world, world.unknown.leaf(API)) == HANDSHAKE
    assert refused_leaf(world, world.machines.leaf(API)) == (Code.UNAUTHENTICATED, "peer.holder")


@pytest.mark.parametrize("names", ["URI:spiffe://mayfly.internal/operator",
                                   "URI:spiffe://mayfly.internal/ns/prod/sa/api",
                                   "URI:spiffe://other.example/api", f"{API},{API}2", "",
                                   "DNS:api.partner.example"])
def test_names_that_are_not_the_cas_to_give_prove_nobody(world, names):
    assert refused_leaf(world, world.partner.leaf(names)) == (Code.UNAUTHENTICATED, "peer.holder")


def test_our_own_certificate_with_the_same_name_is_somebody_else(world):
    key = new_key()
    operator = api.operator(world.ca)
    issued = operator.issue(make_csr(API, key=key), profile="client")
    operator.close()
    ours = api.Client(world.ca, api.chain_pem(issued), api.key_pem(key))
    with world.partner.leaf(API).client(world.ca) as theirs:
        got = issue(ours, "ours.internal").certificate
        assert got.principal == "spiffe://partner.example/ns/prod/sa/api"
        assert refusal(ours) == (Code.PERMISSION_DENIED, "policy.name")
        assert refusal(theirs, "ours.internal") == (Code.PERMISSION_DENIED, "policy.name")
        for serial in (got.serial_number, issued.certificate.serial_number):
            with pytest.raises(api.Refused) as refused:
                theirs.get(serial)
            assert refused.value.rule == "certificate.not-found"
    ours.close()


def test_a_certificate_that_ends_while_its_channel_is_open_is_refused_at_the_next_call(world):
    with world.partner.leaf(API, seconds=6).client(world.ca) as client:
        issue(client, "api.prod.partner.internal")
        time.sleep(6.5)
        assert refusal(client) == (Code.UNAUTHENTICATED, "peer.expired")
    assert refused_leaf(world, world.partner.leaf(API, seconds=-10)) == HANDSHAKE


def test_only_certificates_for_clients_count(world):
    leaf = world.partner.leaf
    assert refused_leaf(world, leaf(API, foreign.LEAF_EXTENSIONS)) == (
        Code.UNAUTHENTICATED, "peer.purpose")
    assert refused_leaf(world, leaf(API, (*foreign.LEAF_EXTENSIONS,
                                          "extendedKeyUsage=serverAuth"))) == HANDSHAKE
    is_ca = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,digitalSignature,keyCertSign",
             "subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid", *foreign.CLIENTS)
    assert refused_leaf(world, leaf(API, is_ca)) == (Code.UNAUTHENTICATED, "peer.purpose")


def test_name_constraints_of_an_intermediate_hold(world, tmp_path):
    constrained = foreign.Issuer(
        tmp_path, "constrained", world.partner.above,
        (*foreign.CA_EXTENSIONS, "nameConstraints=critical,permitted;URI:other.example"))
    assert refused_leaf(world, constrained.leaf(API)) == HANDSHAKE
    free = foreign.Issuer(
        tmp_path, "free", world.partner.above,
        (*foreign.CA_EXTENSIONS, "nameConstraints=critical,permitted;URI:partner.example"))
    with free.leaf(API).client(world.ca) as client:
        issue(client, "api.prod.partner.internal")


def refused_handshakes(ca):
    with urllib.request.urlopen(f"http://127.0.0.1:{ca.port('private')}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines
               if "handshake" in line and 'reason="certificate-refused"' in line)


def test_without_its_intermediate_a_leaf_leads_nowhere_and_is_counted(world):
    before = refused_handshakes(world.ca)
    assert refused_leaf(world, world.partner.leaf(API), with_path=False) == HANDSHAKE
    assert refused_handshakes(world.ca) > before


def put(file, text):
    new = file.with_suffix(".new")
    new.write_text(text)
    os.rename(new, file)


def test_a_crl_revokes_at_the_next_call(world):
    leaf, other = (world.listed.leaf(f"DNS:host-{n}.listed.example") for n in (1, 2))
    with leaf.client(world.ca) as client, other.client(world.ca) as stays:
        assert refusal(client, "listed.internal") == (Code.UNAVAILABLE, "peer.crl")
        put(world.crls, world.listed.above.crl() + world.listed.crl())
        issue(client, "listed.internal")
        put(world.crls, world.listed.above.crl() + world.listed.crl(leaf))
        assert refusal(client, "listed.internal") == (Code.UNAUTHENTICATED, "peer.revoked")
        issue(stays, "listed.internal")
        put(world.crls, world.listed.crl())
        assert refusal(stays, "listed.internal") == (Code.UNAVAILABLE, "peer.crl")


def test_every_mistake_is_told_with_its_line(world, tmp_path):
    good = (world.ca.home / "ca.toml").read_text()
    start = len(good.splitlines()) + 1
    wrong = tmp_path / "ca.toml"
    wrong.write_text(good.replace('policy = "policy.toml"',
                                  f'policy = "{world.ca.home}/policy.toml"')
                     + foreign.section("partner", world.ca.root_file, 'id = "spiffe"',
                                       'trust_domain = "mayfly.internal"')
                     + foreign.section("more", tmp_path / "missing.pem", 'id = "uri"'))
    done = world.ca.run(world.ca.programs / "mayfly-ca", "--check-config", "--config", wrong,
                        check=False)
    assert done.returncode == 2
    told = [(line.split(": ", 1)[0].rsplit(":", 1)[1], line.rsplit("[", 1)[1].rstrip("]"))
            for line in done.stderr.splitlines() if line.startswith(str(wrong))]
    assert set(told) == {(str(start + 2), "config.duplicate"), (str(start + 3), "config.own-root"),
                         (str(start + 5), "config.own-trust-domain"),
                         (str(start + 9), "config.roots"), (str(start + 10), "config.word")}
