#!/usr/bin/env python3
"""Makes tests/fuzz/corpus, the seeds of the fuzzers, anew: from the golden files, from the examples
in docs/, and with the openssl program. Inputs that a fuzzer found (finding-*) stay.

Keys and signatures are new in each run; seeds need their structure only.
"""
import base64
import hashlib
import json
import pathlib
import re
import struct
import subprocess
import tempfile

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests/fuzz/corpus"
GOLDEN = ROOT / "tests/golden"


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True,
                          **options).stdout


def golden(pattern):
    return {path.name: path.read_bytes() for path in sorted(GOLDEN.glob(pattern))}


def pem(label, der):
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n".encode()


def der_of_pem(data):
    return base64.b64decode(b"".join(data.split(b"-----")[2].split()))


def certificates():
    found = golden("x509/*.crt")
    found |= {name: der_of_pem(data) for name, data in golden("ocsp/*.pem").items()}
    return found


REQUEST_SEED_BYTES_MAX = 2000


def certification_requests():
    """Those of the unit tests, and of the corpus of bad requests one a rule, with its twin."""
    found = golden("x509/*.csr") | golden("csr/clients/*-pss.csr") | golden("csr/clients/*-ec.csr")
    rules = set()
    for line in (GOLDEN / "csr/corpus.jsonl").read_text().splitlines():
        entry = json.loads(line)
        request, twin = base64.b64decode(entry["csr"]), base64.b64decode(entry["twin"])
        if entry["rule"] not in rules and len(request) <= REQUEST_SEED_BYTES_MAX:
            rules.add(entry["rule"])
            found[entry["rule"]] = request
            if twin not in found.values():
                found[entry["rule"] + ".twin"] = twin
    return {name: der for name, der in found.items() if len(der) <= REQUEST_SEED_BYTES_MAX}


def ocsp_requests():
    return golden("ocsp/*.der")


def ocsp_responses():
    """Answers of the openssl program: good, revoked, unknown, with a nonce, and none at all."""
    folder = GOLDEN / "ocsp"
    made = {"try-later": bytes.fromhex("30030a0103")}
    with tempfile.TemporaryDirectory() as place:
        index = pathlib.Path(place) / "index.txt"
        serial = "210190A1B2C3D4000102030405060708090A0B0C"
        for status, line in {
            "good": f"V\t491231235959Z\t\t{serial}\tunknown\t/CN=leaf\n",
            "revoked": f"R\t491231235959Z\t260101000000Z,keyCompromise\t{serial}\tunknown\t/CN=leaf\n",
            "unknown": "",
        }.items():
            index.write_text(line)
            out = pathlib.Path(place) / "answer"
            for asked in ("sha1", "sha256", "nonce"):
                openssl("ocsp", "-index", index, "-CA", folder / "delegate.pem", "-rsigner",
                        folder / "delegate.pem", "-rkey", folder / "delegate.key", "-ndays", 7,
                        "-reqin", folder / f"{asked}.der", "-respout", out)
                made[f"{status}-{asked}"] = out.read_bytes()
    return made


def get_paths():
    seeds = {}
    for name, der in ocsp_requests().items():
        plain = base64.b64encode(der)
        escaped = b"".join(b"%%%02X" % c if c in b"+/=" else bytes([c]) for c in plain)
        seeds |= {name: plain, f"{name}.escaped": escaped}
    seeds["all-escaped"] = b"".join(b"%%%02x" % c for c in base64.b64encode(seeds["sha1.der"]))
    return seeds


def toml_examples(page):
    text = (ROOT / "docs" / page).read_text()
    return {f"example-{number}": block.encode()
            for number, block in enumerate(re.findall(r"```toml\n(.*?)```", text, re.DOTALL))}


def shell_documents(function):
    """The here-document that a function of the quickstart writes."""
    text = (ROOT / "ca-server/quickstart/configuration.sh").read_text()
    body = re.search(rf"^{function}\(\) {{.*?<<'?END'?[^\n]*\n(.*?)^END$", text,
                     re.DOTALL | re.MULTILINE)
    filled = re.sub(r"\$\{ports\[\w+\]\}", "7443", body[1])
    return {"quickstart": filled.encode()}


ODD_TOML = {
    "empty": b"",
    "not-toml": b"a = = 1\n",
    "types": b'trust_domain = 1\npolicy = ["x"]\nlistener = "x"\nissuer = [1, 2]\n[root]\n',
    "unknown": b'trust_domian = "x"\n[databse]\n[limits]\nin_flight_max = -1\ndrain = "1y"\n',
    "inline": b'signer = { kind = "software", key_directory = "k", '
              b'insecurely_keep_keys_in_files = true }\n',
}

NAMES = ["DNS:web.internal", "DNS:*.web.internal", "DNS:xn--bcher-kva.example", "IP:10.1.2.3",
         "IP:fd00::1", "IP:::ffff:1.2.3.4", "URI:spiffe://mayfly.internal/ns/a/sa/b",
         "URI:https://example.org:8443/a?b#c", "URI:https://[::1]/", "email:ops@example.internal",
         "DNS:1.2.3.4", "10.0.0.0/8", "wildcard:*.web.internal", "*@example.internal",
         "spiffe://mayfly.internal/ns/*/sa/*", "DNS:A.B", "DNS:" + "a" * 64 + ".b", "DNS:"]

RESOURCES = ["issuers/issuing-1/certificates/2101a1fc332bb2845136a4ba3f37106a4c38f7f0",
             "issuers/-/certificates/01", "issuers/a/certificates/", "issuers//certificates/01",
             "trustBundles/mayfly.internal", "trustBundles/-", "trustBundles/"]


def text(*fields):
    return b"".join(struct.pack(">I", len(f)) + f for f in fields)


def signer_frames():
    """Bodies by hsm/client/wire.cc: a type octet, then the fields."""
    ids = bytes(range(16))
    uri, key_hash, message = b"pkcs11:token=mayfly;object=issuing", bytes(32), b"to be signed"
    error = b"\x0e" + text(b"signer.away", b"the token is away", b"CKR") + bytes(4)
    ticket = struct.pack(">Q", 7)
    return {
        "sign": b"\x01" + ticket + ids + b"\x01\x00" + key_hash + bytes(4) + text(uri, message),
        "public-key": b"\x02" + ticket + bytes(4) + text(uri),
        "signed": b"\x03" + ticket + b"\x00" + text(bytes(70)),
        "not-signed": b"\x03" + ticket + b"\x01" + error,
        "public-key-reply": b"\x04" + ticket + b"\x00" + text(bytes(91)),
        "no-public-key": b"\x04" + ticket + b"\x01" + error,
        "worker-down": b"\x05\x01" + error,
        "worker-ready": b"\x05\x00",
        "empty": b"",
    }


def note(body, *signatures):
    """A signed note; the signatures are of their form only."""
    lines = [f"\N{EM DASH} {name} {base64.b64encode(octets).decode()}\n" for name, octets in signatures]
    return f"{body}\n{''.join(lines)}".encode()


def checkpoints():
    ed25519 = ("log.mayfly.internal", bytes(range(68)))
    ecdsa = ("log.mayfly.internal", bytes(4) + bytes.fromhex("3006020101020101"))
    witness = ("witness.example/w", bytes(76))
    root = base64.b64encode(bytes(range(32))).decode()
    body = f"log.mayfly.internal\n70000\n{root}\n"
    key = base64.b64encode(b"\x01" + bytes(range(32))).decode()
    return {
        "ed25519": note(body, ed25519),
        "ecdsa": note(body, ecdsa),
        "witnessed": note(body, ed25519, witness, witness),
        "extended": note(body + "Timestamp: 1\n", ed25519),
        "empty-tree": note(f"o\n0\n{root}\n", ed25519),
        "largest": note(f"o\n{2 ** 63 - 1}\n{root}\n", ed25519),
        "spaces": note(f"log - 2605736670972794746\n1\n{root}\n", ed25519),
        "text": note("text\n\nof lines\n\n", ed25519),
        "body": body.encode(),
        "unsigned": note(body),
        "key": f"log+00000000+{key}".encode(),
        "go-key": b"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    }


def signed_heads():
    """A verifier key and a checkpoint that it signed: by `cryptography`, in the forms of C2SP."""
    body = f"log.mayfly.internal\n7\n{base64.b64encode(bytes(32)).decode()}\n"

    def seed(key_type, public, key_id, signature):
        key = f"log.mayfly.internal+{key_id.hex()}+{base64.b64encode(bytes([key_type]) + public).decode()}\n"
        line = base64.b64encode(key_id + signature).decode()
        return f"{key}{body}\n\u2014 log.mayfly.internal {line}\n".encode()

    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    spki = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    edwards = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = edwards.public_key().public_bytes(*raw)
    edwards_id = hashlib.sha256(b"log.mayfly.internal\n\x01" + public).digest()[:4]
    curve = ec.derive_private_key(7, ec.SECP256R1())
    point = curve.public_key().public_bytes(*spki)
    curve_id = hashlib.sha256(point).digest()[:4]
    return {
        "ed25519": seed(1, public, edwards_id, edwards.sign(body.encode())),
        "ecdsa": seed(2, point, curve_id, curve.sign(body.encode(), ec.ECDSA(hashes.SHA256()))),
        "another-id": seed(1, public, bytes(4), edwards.sign(body.encode())),
        "no-note": b"log.mayfly.internal+00000000+AQ==\n",
    }


def tlog_proofs():
    """As C2SP tlog-proof has them."""
    hash_line = base64.b64encode(bytes(32)).decode() + "\n"
    proof = f"c2sp.org/tlog-proof@v1\nindex 7\n{hash_line * 3}\nlog\n8\n{hash_line}\n\u2014 log AAAA\n"
    return {
        "three": proof.encode(),
        "alone": b"c2sp.org/tlog-proof@v1\nindex 0\n\nlog\n",
        "extra": proof.replace("index", "extra AA==\nindex").encode(),
        "zeros": proof.replace("index 7", "index 07").encode(),
        "cut": proof[:60].encode(),
    }


DUMP = """--
ALTER TABLE ONLY mayfly.issuance ATTACH PARTITION mayfly_partitions.a FOR VALUES FROM ('\\x21') TO ('\\x22');
COPY mayfly.event (id, kind, principal, detail, tick, at) FROM stdin;
1\tdenial\ta\\tb\t{"n": 1}\t7\t2026-11-27 17:16:42.5+01
2\t\\N\t\t\t8\tinfinity
\\.
COPY mayfly_partitions.a (serial, lineage) FROM stdin;
\\\\x2101\t01994f0a-1b2c-7000-8000-000000000001
\\.
"""


STATEMENTS = r"""\restrict x
-- Name: a; Type: FUNCTION
SET row_security = off;
CREATE FUNCTION public.f(a text) RETURNS text LANGUAGE sql AS $_$ SELECT $1 || ';$$' $_$;
CREATE RULE r AS ON INSERT TO mayfly.event DO INSTEAD (SELECT 1; SELECT E'\';');
CREATE TABLE mayfly.issuer (
    id integer CONSTRAINT issuer_id_not_null NOT NULL
);
ALTER TABLE mayfly.issuer OWNER TO "a;""b";
CREATE TABLE mayfly_partitions.request_20261127 (
    scope text DEFAULT 'it''s; COPY'::text NOT NULL
);
ALTER TABLE ONLY mayfly_partitions.request_20261127
    ADD CONSTRAINT request_20261127_pkey PRIMARY KEY (request_id, scope, attempt);
ALTER TABLE ONLY mayfly.request ATTACH PARTITION mayfly_partitions.request_20261127 FOR VALUES FROM ('01') TO ('02');
COPY public.none  FROM stdin;

\.
GRANT SELECT ON TABLE mayfly.issuer TO PUBLIC;
\unrestrict x
"""


def dumps():
    """In pg_dump's plain format."""
    return {"statements": (STATEMENTS + DUMP).encode(),
            "in-quotes": STATEMENTS[:STATEMENTS.index("$_$;")].encode(),
            "rows": DUMP.encode(), "no-end": DUMP[:-4].encode(),
            "no-partition": DUMP.split("\n", 2)[2].encode(),
            "columns": DUMP.replace(", tick", "").encode()}


def field(octets):
    return struct.pack(">H", len(octets)) + octets


def log_entries():
    """By docs/AUDIT.md, Format."""
    def entry(kind, body, version=1):
        return struct.pack(">BBQ", version, kind, 7) + body

    serial = field(bytes.fromhex("2101994f0a1b2ca0a1a2a3a4a5a6a7a8a9aaabac"))
    numbers = struct.pack(">QQq", 3, 4, 1_760_000_000_000_000)

    def record(parent=b"\0", request_id=b"\0", claims=b""):
        return (struct.pack(">Q", 6) + field(b"issuing-1") + serial + field(b"\x30\x00") + bytes(range(16))
                + struct.pack(">I", 2) + parent + field(b"server")
                + field(b"spiffe://mayfly.internal/web") + claims + request_id + numbers + bytes(24))

    revoked = struct.pack(">Q", 1) + field(b"issuing-1") + serial
    return {
        "issued": entry(1, record() + numbers + field(bytes(70))),
        "renewed": entry(1, record(b"\1" + serial, b"\1" + bytes(16)) + numbers + field(bytes(70))),
        "with-claims": entry(1, record(claims=field(b"namespace=prod")) + numbers + field(bytes(70)), version=2),
        "abandoned": entry(2, record() + numbers),
        "revoked": entry(3, revoked + b"\1" + bytes(16) + field(b"operator:ada")),
        "event": entry(4, struct.pack(">Q", 5) + field(b"policy.activated") + field(b"") + field(b"{}") + bytes(8)),
        "hold": entry(3, revoked + b"\6" + bytes(16) + field(b"")),
        "unknown-kind": entry(5, b""),
        "next-version": entry(4, b"", version=2),
        "cut-short": entry(1, record()),
        "empty": b"",
    }


TILE_PATHS = ["tile/0/000", "tile/0/x001/x234/067", "tile/1/273.p/17", "tile/7/x001/000.p/255",
              "tile/0/x036/x028/x797/x018/x963/967.p/1", "tile/entries/000",
              "tile/entries/x001/x234/067", "tile/entries/999.p/3", "tile/0/0", "tile/0/x000/000",
              "tile/8/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/", "checkpoint"]


def numbered(texts):
    return {f"{number:02}": entry.encode() for number, entry in enumerate(texts)}


def der_seeds():
    elements = ["0101ff", "020100", "0202ff00", "0a0105", "0500", "06032a0304", "0307048090",
                "030205e0", "04020102", "170d3439313233313233353935395a",
                "180f32303530303130313030303030305a", "3003020101", "a0030101ff", "3080", "0281",
                "0481" + "80" + "00" * 128]
    return ({f"element-{n:02}": bytes.fromhex(e) for n, e in enumerate(elements)}
            | {name: data for name, data in certificates().items() if "every" in name}
            | {name: data for name, data in golden("x509/p256.csr").items()}
            | golden("ocsp/sha1.der"))


def pems():
    return {"request": pem("CERTIFICATE REQUEST", golden("x509/p256.csr")["p256.csr"]),
            "new-request": b"\n " + pem("NEW CERTIFICATE REQUEST",
                                        golden("x509/ed25519.csr")["ed25519.csr"]),
            "two": pem("CERTIFICATE REQUEST", b"\x30\x00") * 2,
            "leaf.pem": golden("ocsp/leaf.pem")["leaf.pem"],
            "der": golden("x509/p256.csr")["p256.csr"]}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def number(value, size=None):
    return base64url(value.to_bytes(size or (value.bit_length() + 7) // 8, "big")).decode()


def token_keys():
    """{algorithm: (JWK, how it signs)}"""
    p256, ed = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
    big = rsa.generate_private_key(65537, 2048)
    point, modulus = p256.public_key().public_numbers(), big.public_key().public_numbers()

    def by_p256(data):
        r, s = utils.decode_dss_signature(p256.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return {
        "ES256": ({"kty": "EC", "crv": "P-256", "x": number(point.x, 32), "y": number(point.y, 32)},
                  by_p256),
        "RS256": ({"kty": "RSA", "n": number(modulus.n), "e": "AQAB"},
                  lambda data: big.sign(data, padding.PKCS1v15(), hashes.SHA256())),
        "EdDSA": ({"kty": "OKP", "crv": "Ed25519",
                   "x": base64url(ed.public_key().public_bytes(
                       serialization.Encoding.Raw, serialization.PublicFormat.Raw)).decode()}, ed.sign),
    }


def tokens():
    """By tests/properties/jwt.cc: a set of keys, a line's end, a token."""
    claims = {"iss": "https://issuer.example", "aud": ["mayfly"], "exp": 1800000600,
              "iat": 1800000000, "sub": "system:serviceaccount:prod:api",
              "kubernetes.io": {"namespace": "prod", "serviceaccount": {"name": "api"}}}
    seeds = {}
    for algorithm, (jwk, sign) in token_keys().items():
        for name, header, payload in (
                ("good", {"alg": algorithm, "kid": "k"}, claims),
                ("typed", {"typ": "JWT", "alg": algorithm}, claims),
                ("expired", {"alg": algorithm, "kid": "k"}, claims | {"exp": 1.5}),
                ("none", {"alg": "none"}, claims), ("crit", {"alg": algorithm, "crit": []}, claims)):
            body = b".".join(base64url(json.dumps(part).encode()) for part in (header, payload))
            keys = json.dumps({"keys": [jwk | {"kid": "k", "use": "sig"}]}).encode()
            seeds[f"{algorithm}-{name}"] = keys + b"\n" + body + b"." + base64url(sign(body))
    odd = b'{"alg":"ES256","alg":"none"}', b'{"sub":"a","sub":"b","x":[[[[{"y":1e400}]]]]}'
    seeds["twice"] = b'{"keys":[]}\n' + b".".join(map(base64url, odd)) + b"."
    return seeds


SEEDS = {
    "audit_dump": dumps,
    "certificate": certificates,
    "certification_request": certification_requests,
    "checkpoint": checkpoints,
    "der": der_seeds,
    "jwt": tokens,
    "log_entry": log_entries,
    "name": lambda: numbered(NAMES),
    "ocsp_get_path": get_paths,
    "ocsp_request": ocsp_requests,
    "ocsp_response": ocsp_responses,
    "pem": pems,
    "policy_file": lambda: (toml_examples("POLICY.md") | shell_documents("write_policy")
                            | ODD_TOML),
    "resource_name": lambda: numbered(RESOURCES),
    "server_configuration": lambda: (toml_examples("CONFIGURATION.md")
                                     | shell_documents("write_ca_configuration") | ODD_TOML),
    "signed_head": signed_heads,
    "signer_frame": signer_frames,
    "tile_path": lambda: numbered(TILE_PATHS),
    "tlog_proof": tlog_proofs,
}


def main():
    for name, make in SEEDS.items():
        folder = CORPUS / name
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if not old.name.startswith("finding-"):
                old.unlink()
        for seed, data in make().items():
            (folder / seed).write_bytes(data)


if __name__ == "__main__":
    main()
