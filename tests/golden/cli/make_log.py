#!/usr/bin/env python3
"""Makes audit-log, a log by docs/AUDIT.md with the certificate web.internal.crt in it, and ledger.sql and
altered.sql, the rows of dumps of the database that it is of (the tests have the schema's statements): with python3-cryptography, and nothing of
Mayfly's. Run it in this folder; then remake.sh for what is printed of them.
"""
import base64
import datetime
import hashlib
import pathlib
import struct

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

ORIGIN = "mayfly.internal/audit"
FOLDER = pathlib.Path("audit-log")
ISSUED, ABANDONED, REVOKED, EVENT = 1, 2, 3, 4
LINEAGE = "01994f0a-1b2c-7000-8000-000000000001"
ABANDONED_SERIAL = bytes.fromhex("21019c0b1d8900112233445566778899aabbccdd")
# The one inside of it must be the row's; the rest of a TBSCertificate is not looked at.
ABANDONED_TBS = bytes.fromhex("301ba0030201020214") + ABANDONED_SERIAL
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

ROWS = """COPY mayfly.control (one, decision, tick, page_key) FROM stdin;
t\t9\t10\t\\\\\\\\x00
\\\\.
COPY mayfly.event (id, kind, principal, detail, tick, at) FROM stdin;
{events}\\\\.
COPY mayfly.issuer (id, name) FROM stdin;
1\tissuing-1
\\\\.
COPY mayfly.revocation (number, serial, issuer_id, reason, revoked_at, not_after, principal, tick) FROM stdin;
{revocations}\\\\.
COPY mayfly_partitions.issuance_c1_20260301 (serial, issuer_id, generation, decision, policy_version, tick, not_after, renew_from, renew_until, recorded_at, lineage, request_id, parent_serial, profile, principal, tbs, claims) FROM stdin;
{records}\\\\.
COPY mayfly_partitions.outcome_c1_20260301 (serial, issuer_id, kind, decision, policy_version, tick, decided_at, signature) FROM stdin;
{outcomes}\\\\.
""".replace("\\\\", "\\")

def time_text(micros):
    return (EPOCH + datetime.timedelta(microseconds=micros)).strftime("%Y-%m-%d %H:%M:%S.%f+00")


def octets(value):
    return struct.pack(">H", len(value)) + value


def text(value):
    return octets(value.encode())


def bytea(value):
    return "\\\\x" + value.hex()


class Ledger:
    """Entries of the log, and the rows that they are of."""

    def __init__(self, certificate, start):
        self.start, self.certificate = start, certificate
        self.not_after = int((certificate.not_valid_after.replace(tzinfo=EPOCH.tzinfo) - EPOCH)
                             .total_seconds()) * 1_000_000
        self.entries = []
        self.rows = {"events": "", "revocations": "", "records": "", "outcomes": ""}

    def at(self, tick):
        return self.start + tick * 1_000_000

    def add(self, kind, tick, body, version=1):
        self.entries.append(struct.pack(">BBQ", version, kind, tick) + body)

    def event(self, number, tick, kind, principal, detail):
        self.add(EVENT, tick, struct.pack(">Q", number) + text(kind) + text(principal) + text(detail)
                 + struct.pack(">q", self.at(tick)))
        self.rows["events"] += f"{number}\t{kind}\t{principal}\t{detail}\t{tick}\t{time_text(self.at(tick))}\n"

    def outcome(self, tick, serial, tbs, signature, claims=""):
        now, kind = self.at(tick), ISSUED if signature else ABANDONED
        principal = "spiffe://example.internal/operator"
        lineage = bytes.fromhex(LINEAGE.replace("-", ""))
        record = (struct.pack(">Q", tick) + text("issuing-1") + octets(serial) + octets(tbs) + lineage
                  + struct.pack(">I", 0) + b"\0" + text("server") + text(principal) + (text(claims) if claims else b"") + b"\0"
                  + struct.pack(">QQqqqq", 4, 9, self.not_after, now, now, now))
        self.add(kind, tick, record + struct.pack(">QQq", 4, 9, now)
                 + (octets(signature) if signature else b""), version=2 if claims else 1)
        when = time_text(now)
        self.rows["records"] += "\t".join((
            bytea(serial), "1", "0", "9", "4", str(tick), time_text(self.not_after), when, when, when,
            LINEAGE, "\\N", "\\N", "server", principal, bytea(tbs), claims)) + "\n"
        self.rows["outcomes"] += "\t".join((
            bytea(serial), "1", str(kind), "9", "4", str(tick), when,
            bytea(signature) if signature else "\\N")) + "\n"

    def revocation(self, number, tick, serial, reason):
        principal = "spiffe://example.internal/operator"
        self.add(REVOKED, tick, struct.pack(">Q", number) + text("issuing-1") + octets(serial)
                 + struct.pack(">Bqq", reason, self.at(tick), self.not_after) + text(principal))
        self.rows["revocations"] += "\t".join((
            str(number), bytea(serial), "1", str(reason), time_text(self.at(tick)),
            time_text(self.not_after), principal, str(tick))) + "\n"


def root_of(hashes):
    """RFC 9162 2.1.1, word for word."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while 2 * split < len(hashes):
        split *= 2
    return hashlib.sha256(b"\1" + root_of(hashes[:split]) + root_of(hashes[split:])).digest()


def write(name, content):
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write_log(entries):
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + public).digest()[:4]
    leaves = [hashlib.sha256(b"\0" + entry).digest() for entry in entries]
    body = f"{ORIGIN}\n{len(entries)}\n{base64.b64encode(root_of(leaves)).decode()}\n"
    signature = base64.b64encode(key_id + key.sign(body.encode())).decode()
    write("checkpoint", f"{body}\n— {ORIGIN} {signature}\n".encode())
    key_text = base64.b64encode(b"\x01" + public).decode()
    write("verifier-key", f"{ORIGIN}+{key_id.hex()}+{key_text}\n".encode())
    write(f"tile/0/000.p/{len(entries)}", b"".join(leaves))
    write(f"tile/entries/000.p/{len(entries)}", b"".join(octets(entry) for entry in entries))


def main():
    certificate = x509.load_pem_x509_certificate(pathlib.Path("web.internal.crt").read_bytes())
    serial = certificate.serial_number.to_bytes(20, "big")
    ledger = Ledger(certificate, 1_772_366_400_000_000)
    ledger.event(1, 2, "policy.activated", "local:0", '{"version": 4}')
    ledger.outcome(5, serial, certificate.tbs_certificate_bytes, certificate.signature)
    ledger.outcome(5, ABANDONED_SERIAL, ABANDONED_TBS, b"", "namespace=prod")
    ledger.revocation(1, 5, ABANDONED_SERIAL, 4)
    ledger.event(2, 9, "denial", "spiffe://example.internal/web", '{"profile": "server"}')
    write_log(ledger.entries)
    dump = ROWS.format(**ledger.rows)
    pathlib.Path("ledger.sql").write_text(dump)
    altered = dump.replace("\tdenial\tspiffe://example.internal/web", "\tdenial\tspiffe://example.internal/api")
    pathlib.Path("altered.sql").write_text(altered.replace(ledger.rows["revocations"], ""))


if __name__ == "__main__":
    main()
