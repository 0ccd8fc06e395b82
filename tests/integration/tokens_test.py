"""Tokens of issuers that answer over HTTPS: as they should, wrongly, late, or not at all."""

import json
import os
import pathlib
import time

import pytest

from harness import issuer as issuers
from harness.authority import ROOT
from harness.issuer import Key, Server, Verifier, claims_of

OK = "ok jwt:cluster:system:serviceaccount:prod:api namespace=prod serviceaccount=api"
AWAY = "unavailable jwt.keys-unavailable"


@pytest.fixture(scope="module", name="program")
def verify_tokens():
    folder = pathlib.Path(os.environ.get("MAYFLY_BIN_DIR", ROOT / "build/test/bin"))
    assert (folder / "verify_tokens").exists(), "verify_tokens is not built"
    return folder / "verify_tokens"


@pytest.fixture(scope="module", name="keys")
def two_keys():
    return Key("k1"), Key("k2", "ES256")


@pytest.fixture(name="server")
def issuer_server(tmp_path, keys):
    server = Server(*issuers.make_certificate(tmp_path, "issuer"))
    server.publish(keys[0])
    yield server
    server.stop()


@pytest.fixture(name="verifier_for")
def make_verifier(program, tmp_path):
    running = []

    def make(issuer, *lines, **options):
        running.append(Verifier(program, tmp_path, issuer, *lines, **options))
        return running[-1]

    yield make
    assert [verifier.stop() for verifier in running] == [0] * len(running)


def discovers(tmp_path, name="issuer"):
    return "discovery = true", f'ca_file = "{tmp_path / name}.pem"'


def test_discovery_finds_the_keys(server, verifier_for, keys, tmp_path):
    verifier = verifier_for(server.address, *discovers(tmp_path))
    assert verifier.ask(keys[0].token(claims_of(server.address))) == OK
    assert server.asked == ["/.well-known/openid-configuration", "/keys"]


def test_a_rotated_key_works_at_the_first_request(server, verifier_for, keys, tmp_path):
    verifier = verifier_for(server.address, *discovers(tmp_path))
    old, new = (key.token(claims_of(server.address)) for key in keys)
    assert verifier.ask(old) == OK
    server.publish(keys[1])
    time.sleep(0.2)  # the interval between two fetches
    assert verifier.ask(new) == OK
    time.sleep(0.2)
    assert verifier.ask(old) == "refused jwt.key-unknown"


def test_keys_outlive_their_issuer(server, verifier_for, keys, tmp_path):
    verifier = verifier_for(server.address, *discovers(tmp_path))
    good = keys[0].token(claims_of(server.address))
    assert verifier.ask(good) == OK
    server.pages.clear()
    time.sleep(0.2)
    assert verifier.ask(keys[1].token(claims_of(server.address))) == AWAY
    assert verifier.ask(good) == OK


def test_a_file_of_keys_is_read_again(verifier_for, keys, tmp_path):
    def publish(*published):
        (tmp_path / "new").write_text(json.dumps({"keys": [key.jwk() for key in published]}))
        os.rename(tmp_path / "new", tmp_path / "jwks.json")

    publish(keys[0])
    name = "kubernetes/serviceaccount"
    verifier = verifier_for(name, 'jwks_file = "jwks.json"')
    assert verifier.ask(keys[0].token(claims_of(name))) == OK
    publish(*keys)
    time.sleep(0.2)
    assert verifier.ask(keys[1].token(claims_of(name))) == OK


def test_a_url_of_keys_needs_no_discovery(server, verifier_for, keys, tmp_path):
    verifier = verifier_for("https://not.asked.example", f'jwks_url = "{server.address}/keys"',
                            discovers(tmp_path)[1])
    assert verifier.ask(keys[0].token(claims_of("https://not.asked.example"))) == OK
    assert server.asked == ["/keys"]


def test_only_the_named_authority_vouches_for_the_issuer(server, verifier_for, keys, tmp_path):
    issuers.make_certificate(tmp_path, "other")
    token = keys[0].token(claims_of(server.address))
    other = verifier_for(server.address, *discovers(tmp_path, "other"))
    assert other.ask(token) == AWAY
    assert "jwks.https" in other.told()
    system = verifier_for(server.address, "discovery = true")
    assert system.ask(token) == AWAY
    assert server.asked == []


def test_the_certificate_must_have_the_issuers_name(server, verifier_for, keys, tmp_path):
    address = server.address.replace("localhost", "127.0.0.1")
    verifier = verifier_for(address, *discovers(tmp_path))
    assert verifier.ask(keys[0].token(claims_of(address))) == AWAY
    assert server.asked == []


WELL_KNOWN = "/.well-known/openid-configuration"


def _redirect(handler):
    handler.answer(302, Location="/elsewhere")


def _large(handler):
    handler.answer(200, b" " * (256 * 1024 + 1))


def _endless(handler):
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" " * 65536)
    except OSError:
        pass


def _slow(handler):
    time.sleep(4)
    handler.answer(200, b"{}")


def _many_headers(handler):
    handler.answer(200, b"{}", **{f"X_{n}": "x" * 1000 for n in range(80)})


def _server_error(handler):
    handler.answer(500, b'{"keys":[]}')


@pytest.mark.parametrize("page", [_redirect, _large, _endless, _slow, _many_headers, _server_error,
                                  b"", b"{", b"[]", b"\xff", b'{"keys":[]}', None],
                         ids=lambda page: getattr(page, "__name__", repr(page)))
@pytest.mark.parametrize("path", [WELL_KNOWN, "/keys"])
def test_a_bad_answer_is_no_key(server, verifier_for, keys, tmp_path, path, page):
    server.pages["/elsewhere"] = server.pages[path]
    server.pages[path] = page
    verifier = verifier_for(server.address, *discovers(tmp_path))
    assert verifier.ask(keys[0].token(claims_of(server.address))) == AWAY
    assert "/elsewhere" not in server.asked


@pytest.mark.parametrize("change", [
    {"issuer": "https://evil.example"}, {"issuer": "https://localhost"},
    {"jwks_uri": "http://localhost/keys"}, {"jwks_uri": "file:///etc/passwd"},
    {"jwks_uri": "https://user@localhost/keys"},
], ids=str)
def test_a_document_of_somebody_else_is_refused(server, verifier_for, keys, tmp_path, change):
    server.publish(keys[0], **change)
    verifier = verifier_for(server.address, *discovers(tmp_path))
    assert verifier.ask(keys[0].token(claims_of(server.address))) == AWAY
    assert "jwks.discovery" in verifier.told()
    assert "/keys" not in server.asked


def bad_tokens(key, address):
    """{what: (token, verdict)}; each is signed with the issuer's key but for what it is about."""
    good = claims_of(address)
    now = int(time.time())
    none = key.token(good, {"alg": "none", "kid": key.kid}, sign=lambda _: b"")
    twice = json.dumps(good)[:-1].encode() + b', "sub": "system:serviceaccount:prod:db"}'
    payload = good | {"pad": "x" * 48 * 1024}
    return {
        "another audience": (key.token(claims_of(address, aud=["vault"])), "jwt.audience"),
        "no audience": (key.token(claims_of(address, aud=None)), "jwt.audience"),
        "another issuer": (key.token(claims_of(address + "/")), "jwt.issuer"),
        "none": (none, "jwt.algorithm"),
        "HS256 by the public key": (
            key.token(good, {"alg": "HS256", "kid": key.kid}, key.sign_as_hmac), "jwt.algorithm"),
        "expired": (key.token(claims_of(address, exp=now - 61)), "jwt.expired"),
        "without an end": (key.token(claims_of(address, exp=None)), "jwt.claims"),
        "not yet valid": (key.token(claims_of(address, nbf=now + 120)), "jwt.not-yet-valid"),
        "a claim twice": (key.token(twice), "jwt.format"),
        "64 KiB": (key.token(payload), "jwt.size"),
        "crit": (key.token(good, key.header() | {"crit": ["exp"]}), "jwt.critical"),
        "another's signature": (key.token(good, sign=Key(key.kid).sign), "jwt.signature"),
        "an unknown key": (Key("k9").token(good), "jwt.key-unknown"),
    }


def assert_refuses_bad_tokens(verifier, key, address):
    time.sleep(0.2)  # so that an unknown key may be asked for
    said = {what: verifier.ask(token) for what, (token, _) in bad_tokens(key, address).items()}
    assert said == {what: f"refused {rule}"
                    for what, (_, rule) in bad_tokens(key, address).items()}


def test_bad_tokens_are_refused_for_their_own_reason(server, verifier_for, keys, tmp_path):
    verifier = verifier_for(server.address, *discovers(tmp_path))
    assert verifier.ask(keys[0].token(claims_of(server.address))) == OK
    assert_refuses_bad_tokens(verifier, keys[0], server.address)
