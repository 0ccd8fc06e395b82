"""No secret leaves its file: the search that ends every CA of these tests finds what is planted."""

import urllib.request

import pytest
from harness import secrets

PLANTED = {"pin": b"0f1e2d3c4b5a69788796a5b4c3d2e1f0", "key": bytes(range(32))}


@pytest.mark.parametrize("content,found", [
    (b"PIN=0f1e2d3c4b5a69788796a5b4c3d2e1f0\n", ["pin in a log"]),
    (b"\\x3066316532643363346235613639373838373936613562346333643265316630", ["pin in a log"]),
    (b"\x00" + bytes(range(32)) + b"\x00", ["key in a log"]),
    (b"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", ["key in a log"]),
    (b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", ["key in a log"]),
    (b"token mayfly_enrol_00112233445566778899aabb", ["a bearer's credential in a log"]),
    (b"Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ3ZWIifQ.c2lnbmF0dXJl", ["a bearer's credential in a log"]),
    (b"nothing of the kind: mayfly_enrol_, eyJ", []),
])
def test_a_planted_secret_is_found(content, found):
    assert secrets.leaks_in({"a log": content}, PLANTED) == found


def test_a_running_ca_keeps_its_secrets(ca):
    with urllib.request.urlopen(f"http://127.0.0.1:{ca.port('private')}/metrics", timeout=10) as page:
        metrics = page.read()
    known = secrets.pins_of(ca) | secrets.private_keys_of(ca)
    assert {"pin", "so-pin"} < known.keys()
    assert not secrets.leaks_in({"the metrics": metrics}, known)
    assert {"server", "signer"} < secrets.processes_of(ca).keys()
    assert {"logs/server.log", "/proc of the signer: environ"} < secrets.places_of(ca).keys()
    secrets.assert_nowhere(ca)
