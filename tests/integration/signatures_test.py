"""No signature without a record: the check that ends every CA of these tests notices one."""

import hashlib

import pytest
from harness import signatures
from harness.csr import make_csr
from harness.ledger import query

TBS, CANARY = b"a TBSCertificate", b"a canary"
PURPOSES = {"issuing": {"certificate", "crl"}, "root": {"ca-certificate"}, "ocsp": {"ocsp"}}


def signed(label, data, at):
    return {"call": "C_Sign", "label": label, "data": data, "time_us": at * 1e6}


@pytest.mark.parametrize("label,data,at,why", [
    ("issuing", hashlib.sha256(TBS).hexdigest(), 11, None),
    ("issuing", hashlib.sha384(TBS).hexdigest(), 11, None),
    ("issuing", TBS.hex(), 11, None),
    ("issuing", hashlib.sha256(TBS).hexdigest(), 9, "recorded later"),
    ("issuing", hashlib.sha256(b"another").hexdigest(), 11, "no record wants"),
    ("root", hashlib.sha256(TBS).hexdigest(), 11, "signed a certificate"),
    ("ocsp", hashlib.sha256(TBS).hexdigest(), 11, "signed a certificate"),
    ("ocsp", hashlib.sha256(b"a response").hexdigest(), 11, None),
    ("ocsp", hashlib.sha256(CANARY).hexdigest(), 11, None),
    ("issuing", hashlib.sha256(CANARY).hexdigest(), 11, None),
    ("issuing", CANARY.hex(), 11, None),
    ("issuing", hashlib.sha256(CANARY).hexdigest(), 9, "recorded later"),
    ("issuing", hashlib.sha384(CANARY).hexdigest(), 11, None),
])
def test_what_the_check_says(label, data, at, why):
    wrong = signatures.unaccounted([signed(label, data, at)], [(TBS, 10, "certificate")],
                                   [(hashlib.sha256(CANARY).digest(), 10)], PURPOSES)
    assert bool(wrong) == bool(why)
    assert not why or why in wrong[0]


def test_every_signature_of_a_ca_has_its_record(ca, operator):
    operator.issue(make_csr("web.internal"))
    record, records = ca.shim.record(), query(ca, signatures.RECORDS)
    labels = {line["label"] for line in record if line["call"] in signatures.SIGN_CALLS}
    assert {"root", "issuing", "audit"} <= labels
    canaries, purposes = query(ca, signatures.CANARIES), signatures.purposes_of(ca)
    assert not signatures.unaccounted(record, records, canaries, purposes)
    certificates = [row for row in records if row[2] == "certificate"]
    assert signatures.unaccounted(record, certificates[:-1], canaries, purposes)
