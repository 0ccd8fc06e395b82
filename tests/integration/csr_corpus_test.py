"""The corpus of tests/golden/csr against a running CA: each defect is refused by its rule, quickly,
without a record and without a signature, and each twin without the defect is issued."""

import base64
import json
import statistics
import time

import pytest
from cryptography import x509

from harness import api, ledger
from harness.authority import ROOT
from harness.csr import spki_of
from harness.metrics import certificate_jobs

CORPUS = [json.loads(line) for line in
          (ROOT / "tests/golden/csr/corpus.jsonl").read_text(encoding="ascii").splitlines()]
DECISION_SECONDS_MAX = 0.2
KEYS = {"every-key": ["ec-p256", "ec-p384", "ec-p521", "ed25519", "rsa"],
        "default-keys": ["ec-p256", "ec-p384", "ed25519", "rsa"]}
GRANTED = {"dns": x509.DNSName, "ip": x509.IPAddress, "uri": x509.UniformResourceIdentifier,
           "email": x509.RFC822Name}

PROFILE = """
[profile.{name}]
lifetime = "7d"
key_usage = ["digital-signature"]
extended_key_usage = ["{purpose}-auth"]
names = {names}
keys = {keys}
"""
RULE = """
[[rule]]
name = "{name}"
principals = ["{principal}"]
profiles = {profiles}
"""


def request_of(entry, which):
    """The DER of an entry's csr or twin."""
    return base64.b64decode(entry[which])


def names_of_twins():
    """Every name of every twin, by kind: what the policy must grant."""
    found = {kind: set() for kind in GRANTED}
    found["dns"].add("web.internal")  # of all others
    for entry in (entry for entry in CORPUS if entry["class"] == "names"):
        request = x509.load_der_x509_csr(request_of(entry, "twin"))
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        for kind, of_class in GRANTED.items():
            found[kind].update(str(name).lower() for name in names.get_values_for_type(of_class))
    # A URI's path keeps its case.
    found["uri"] = {name.replace("web.internal/a", "web.internal/A") if len(name) < 30 else name
                    for name in found["uri"]}
    found["dns"] = {"wildcard:" + name if name.startswith("*") else name for name in found["dns"]}
    return {kind: sorted(names) for kind, names in found.items()}


def policy():
    """What the quickstart needs for itself, and profiles that grant what the twins ask for."""
    everything = json.dumps(list(GRANTED))
    text = 'admins = ["spiffe://mayfly.internal/operator"]\n'
    for name, keys in KEYS.items():
        text += PROFILE.format(name=name, purpose="server", names=everything, keys=json.dumps(keys))
    for name in ("server", "client"):
        text += PROFILE.format(name=name, purpose=name, names=everything, keys='["ec-p256"]')
    text += RULE.format(name="corpus", principal="spiffe://mayfly.internal/operator",
                        profiles=json.dumps(list(KEYS)))
    text += "".join(f"{kind} = {json.dumps(names)}\n" for kind, names in names_of_twins().items())
    text += RULE.format(name="this-machine", principal="local:*", profiles='["server", "client"]')
    return text + ('dns = ["localhost", "*.internal"]\nip = ["127.0.0.1"]\n'
                   'uri = ["spiffe://mayfly.internal/operator"]\n')


@pytest.fixture(scope="module")
def corpus_ca(make_authority):
    """A CA whose policy grants the names of all twins."""
    authority = make_authority("csr_corpus")
    (authority.home / "policy.toml").write_text(policy())
    authority.start()
    return authority


@pytest.fixture(scope="module")
def client(corpus_ca):
    """The operator."""
    connected = api.operator(corpus_ca)
    yield connected
    connected.close()


def refusal(client, entry):
    """The rule that refused an entry, or nothing, and the seconds that it took."""
    begun = time.monotonic()
    try:
        client.issue(request_of(entry, "csr"), profile=entry["profile"])
        rule = None
    except api.Refused as refused:
        rule = refused.rule or str(refused)
    return rule, time.monotonic() - begun


def seconds_of(client, entry, first):
    """The median of three tries; two more only where the first was slow."""
    if first < DECISION_SECONDS_MAX:
        return first
    return statistics.median([first, refusal(client, entry)[1], refusal(client, entry)[1]])


def test_each_defect_is_refused_by_its_rule_in_time_without_a_record_or_a_signature(corpus_ca, client):
    wrong, slow, slowest = [], [], 0
    before, signed_before = ledger.count_records(corpus_ca), certificate_jobs(corpus_ca)
    for entry in CORPUS:
        rule, first = refusal(client, entry)
        if rule != entry["rule"]:
            wrong.append(f"{entry['id']}: {rule} instead of {entry['rule']}")
        seconds = seconds_of(client, entry, first)
        slowest = max(slowest, seconds)
        if seconds >= DECISION_SECONDS_MAX:
            slow.append(f"{entry['id']}: {seconds:.3f} s")
    recorded = ledger.count_records(corpus_ca) - before
    signed = certificate_jobs(corpus_ca) - signed_before
    print(f"{len(CORPUS)} refused, the slowest in {1000 * slowest:.0f} ms")
    assert not wrong, "\n".join(wrong)
    assert recorded == 0, f"{recorded} records of requests that were refused"
    assert signed == 0, f"{signed} signatures for requests that were refused"
    assert not slow, "\n".join(slow)


def test_each_twin_is_issued(corpus_ca, client):
    twins = {(entry["twin"], entry["profile"]): entry for entry in CORPUS}
    before, signed_before = ledger.count_records(corpus_ca), certificate_jobs(corpus_ca)
    for (_, profile), entry in twins.items():
        twin = request_of(entry, "twin")
        try:
            issued = client.issue(twin, profile=profile).certificate.certificate_der
        except api.Refused as refused:
            pytest.fail(f"the twin of {entry['id']}: {refused}")
        assert spki_of(x509.load_der_x509_certificate(issued)) == spki_of(x509.load_der_x509_csr(twin))
    assert ledger.count_records(corpus_ca) == before + len(twins)
    assert certificate_jobs(corpus_ca) == signed_before + len(twins)  # the counter counts
