"""CA, OCSP and audit keys: made in the token, never out of it."""

import pathlib
import re

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

KEYS = ("root", "issuing", "ocsp", "audit")
P256_SCALAR_BYTES = 32


def pkcs11_tool(ca, *arguments):
    return ca.run("pkcs11-tool", "--module", ca.shim.module, "--token-label", "mayfly", "--login", "--pin",
                  (ca.home / "softhsm/pin").read_text().strip(), *arguments)


def public_numbers(public_key):
    return public_key.public_numbers() if isinstance(public_key, ec.EllipticCurvePublicKey) else None


@pytest.fixture
def token_keys(ca):
    """The public halves of the token's keys by name."""
    found = {}
    for name in KEYS:
        done = ca.run(ca.programs / "mayfly-signer", "public-key", "--config",
                      ca.home / "ceremony-signer.toml", "--uri", f"pkcs11:token=mayfly;object={name}")
        found[name] = serialization.load_pem_public_key(done.stdout.encode())
    return found


def test_private_keys_are_sensitive_and_never_extractable(ca):
    listed = pkcs11_tool(ca, "--list-objects", "--type", "privkey").stdout
    objects = re.split(r"(?=Private Key Object)", listed)[1:]
    labels = {re.search(r"label:\s+(\S+)", text)[1]: text for text in objects}
    assert set(labels) == set(KEYS)
    for text in labels.values():
        access = re.search(r"Access:\s+(.*)", text)[1]
        for attribute in ("sensitive", "always sensitive", "never extractable", "local"):
            assert attribute in re.split(r",\s*", access), text
        assert re.search(r"Usage:\s+sign\s*$", text, re.MULTILINE), text


def test_workers_have_no_network_and_gain_no_privileges(ca):
    for pid in ca.workers():
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        assert re.search(r"^Seccomp:\t2$", status, re.MULTILINE)
        assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)


def private_keys_within(content):
    """Every EC or other private key found anywhere in a file's content."""
    for block in re.findall(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----",
                            content, re.DOTALL):
        yield serialization.load_pem_private_key(block, None)
    # RFC 5915: ECPrivateKey begins with version 1 and the scalar as an OCTET STRING. The same octets
    # stand inside PKCS#8, so this finds DER of both kinds at any place of a file.
    for match in re.finditer(rb"\x02\x01\x01\x04\x20", content):
        scalar = content[match.end():match.end() + P256_SCALAR_BYTES]
        if len(scalar) == P256_SCALAR_BYTES and int.from_bytes(scalar, "big"):
            try:
                yield ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())
            except ValueError:
                pass  # not below the group's order, so not a key


def files_outside_the_token(ca):
    for folder in (ca.home, ca.sockets):
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_relative_to(ca.home / "softhsm/tokens"):
                yield path


def test_no_file_outside_the_token_holds_one_of_its_keys(ca, token_keys, operator):
    secret = {public_numbers(key): name for name, key in token_keys.items()}
    seen = 0
    for path in files_outside_the_token(ca):
        for key in private_keys_within(path.read_bytes()):
            seen += 1
            assert public_numbers(key.public_key()) not in secret, path
    assert seen >= 2, "the operator's and the server's own keys should have been found"


def test_the_search_finds_a_key_in_any_form():
    key = ec.generate_private_key(ec.SECP256R1())
    for encoding, form in ((serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8),
                           (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8),
                           (serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL)):
        content = b"before" + key.private_bytes(encoding, form, serialization.NoEncryption()) + b"after"
        found = [public_numbers(k.public_key()) for k in private_keys_within(content)]
        assert public_numbers(key.public_key()) in found


def test_the_running_signer_does_not_serve_the_root_key(ca):
    assert "object=root" not in (ca.home / "signer.toml").read_text()
    command_line = open(f"/proc/{ca.pid('signer')}/cmdline", "rb").read().decode().split("\0")
    assert str(ca.home / "signer.toml") in command_line


def test_secrets_are_readable_by_their_owner_only(ca):
    for name in ("softhsm/pin", "softhsm/so-pin", "operator/tls.key", "server/tls.pem"):
        assert (ca.home / name).stat().st_mode & 0o077 == 0, name
    pin = (ca.home / "softhsm/pin").read_text().strip()
    for log in (ca.home / "logs").glob("*.log"):
        assert pin not in log.read_text(), log
