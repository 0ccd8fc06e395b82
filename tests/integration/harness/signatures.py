"""What the token was asked to sign (the shim's record) against what the database says was wanted:
every signature by the key of a CA has a record that was committed before it."""

import hashlib
import tomllib

from harness.ledger import query

# What mayfly-signer generate-key has a key sign at once, before any CA knows the key.
KEY_TEST = b"mayfly canary\n"
SHA384_BYTES = 48
SIGN_CALLS = ("C_Sign", "C_SignFinal")
# pg_xact_commit_timestamp is taken before the commit is durable; the shim's line, before the token
# is asked. Both are of this machine's clock.
RECORDS = """
    SELECT tbs, extract(epoch FROM pg_xact_commit_timestamp(xmin)), 'certificate' FROM issuance
    UNION ALL
    SELECT tbs, extract(epoch FROM pg_xact_commit_timestamp(xmin)), 'ca-certificate'
    FROM ca_certificate"""
# Of a canary its SHA-256 alone is kept.
CANARIES = "SELECT digest, extract(epoch FROM pg_xact_commit_timestamp(xmin)) FROM canary"


def purposes_of(authority):
    """Key label -> purposes, of every configuration of a signer."""
    purposes = {}
    for file in authority.home.glob("*signer*.toml"):
        for key in tomllib.loads(file.read_text()).get("key", []):
            label = key["uri"].partition("object=")[2].partition(";")[0]
            purposes.setdefault(label, set()).update(key["purposes"])
    return purposes


def forms_of(message):
    """As mechanisms take it: whole, or as a digest; hex."""
    return (message.hex(), hashlib.sha256(message).hexdigest(), hashlib.sha384(message).hexdigest())


def names_of(data):
    """The digests by which a canary that was signed so may be recorded; hex."""
    return (data, hashlib.sha256(bytes.fromhex(data)).hexdigest())


def unaccounted(record, records, canaries, purposes):
    """What is wrong with each signature: "key: why". `records`: rows of RECORDS, and so on."""
    wanted = {}
    canary_of = {bytes(digest).hex(): float(committed) for digest, committed in canaries}
    hidden = len(canaries)  # behind a digest that is not SHA-256: they can be counted only
    tests = forms_of(KEY_TEST)
    for message, committed, purpose in records:
        for form in forms_of(bytes(message)):
            wanted.setdefault(form, []).append((float(committed), purpose))
    wrong = []
    for line in record:
        if line["call"] not in SIGN_CALLS or line["data"] in tests:
            continue
        label, signed_at = line["label"], line["time_us"] / 1e6
        known = wanted.get(line["data"], [])
        canary = next((canary_of[name] for name in names_of(line["data"]) if name in canary_of), None)
        if canary is not None:
            if canary > signed_at:
                wrong.append(f"{label}: signed at {signed_at} a canary that was recorded later")
            continue
        if not known and len(line["data"]) == 2 * SHA384_BYTES and hidden > 0:
            hidden -= 1
            continue
        may = purposes.get(label, set())
        if not may & {"certificate", "ca-certificate", "crl"}:
            if known:
                wrong.append(f"{label}: signed a certificate, and is for {sorted(may)}")
        elif not known:
            wrong.append(f"{label}: signed what no record wants: {line['data']}")
        elif not any(purpose in may for _, purpose in known):
            wrong.append(f"{label}: signed a {known[0][1]}, and is for {sorted(may)}")
        elif min(committed for committed, _ in known) > signed_at:
            wrong.append(f"{label}: signed at {signed_at} what was recorded later: {known}")
    return wrong


def assert_all_recorded(authority):
    """No signature of a CA's key is without its record, and no other key signs certificates."""
    record = [line for shim in authority.shims for line in shim.record()]
    wrong = unaccounted(record, query(authority, RECORDS), query(authority, CANARIES),
                        purposes_of(authority))
    assert not wrong, f"{len(wrong)} signatures: " + "; ".join(wrong[:5])
