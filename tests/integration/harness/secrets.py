"""Where no secret of a CA may be: its log files, database, metrics, audit log and states, and what
/proc says of its processes. The secrets are those of the CA itself: made at random, so that finding
one is no accident."""

import base64
import pathlib
import re

from cryptography.hazmat.primitives import serialization

from harness.dump import pg_dump

# Whoever has one of these may ask for a certificate: no test's may be anywhere either.
BEARERS = re.compile(rb"mayfly_enrol_[0-9a-f]{16}|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}")
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----",
                         re.DOTALL)
FOLDERS = ("logs", "audit", "state", "signer-state", "postgres/log", "ca")


def pins_of(authority):
    """The token's PINs."""
    return {name: (authority.home / "softhsm" / name).read_bytes().strip()
            for name in ("pin", "so-pin") if (authority.home / "softhsm" / name).exists()}


def private_keys_of(authority):
    """What is secret in each private key that the CA keeps in a file."""
    found = {}
    for folder in ("server", "operator", "state"):
        for file in sorted((authority.home / folder).glob("**/*")):
            for text in PRIVATE_KEY.findall(file.read_bytes() if file.is_file() else b""):
                key = serialization.load_pem_private_key(text, password=None)
                numbers = key.private_numbers()
                secret = getattr(numbers, "private_value", getattr(numbers, "d", None))
                octets = secret.to_bytes((secret.bit_length() + 7) // 8)
                found[f"{folder}/{file.name}"] = octets
    return found


def forms_of(secret):
    """As somebody might write it down."""
    return {secret, secret.hex().encode(), secret.hex().upper().encode(),
            base64.b64encode(secret).rstrip(b"="), base64.urlsafe_b64encode(secret).rstrip(b"=")}


def is_alive(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").exists()


def processes_of(authority):
    """Those that run: the server, the signer and its workers."""
    pids = {}
    for part in ("server", "signer"):
        if (authority.sockets / f"{part}.pid").exists() and is_alive(authority.pid(part)):
            pids[part] = authority.pid(part)
    if "signer" in pids:
        pids.update({f"worker {pid}": pid for pid in authority.workers()})
    return pids


def places_of(authority):
    """Name -> content of every place where no secret may be."""
    places = {"a dump of the database": pg_dump(authority).encode()}
    for folder in FOLDERS:
        for file in sorted((authority.home / folder).glob("**/*")):
            # The server's own keys are secrets' own places.
            if file.is_file() and not PRIVATE_KEY.search(content := file.read_bytes()):
                places[str(file.relative_to(authority.home))] = content
    for name, pid in processes_of(authority).items():
        for entry in ("cmdline", "environ", "status", "maps", "comm"):
            try:
                places[f"/proc of the {name}: {entry}"] = pathlib.Path(f"/proc/{pid}/{entry}").read_bytes()
            except OSError:  # it has ended meanwhile
                continue
    return places


def leaks_in(places, secrets):
    """Which secrets are where: "what in where"."""
    found = [f"a bearer's credential in {name}" for name, content in places.items()
             if BEARERS.search(content)]
    for what, secret in secrets.items():
        forms = forms_of(secret)
        found += [f"{what} in {name}" for name, content in places.items()
                  if any(form in content for form in forms)]
    return found


def core_dumps_of(authority):
    """Files that the kernel wrote of a process that died."""
    return [str(file) for file in authority.home.glob("**/core*")
            if re.fullmatch(r"core(\.\d+)?", file.name)]


def assert_nowhere(authority):
    """No PIN, bearer's credential or private key of the CA is anywhere but in its own file."""
    secrets = pins_of(authority) | private_keys_of(authority)
    assert len(secrets) > 2, "there are a PIN, the security officer's and some private keys"
    leaks = leaks_in(places_of(authority), secrets) + core_dumps_of(authority)
    assert not leaks, "secrets: " + "; ".join(leaks)
    for name, pid in processes_of(authority).items():
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"Max core file size +0 +0 ", limits), f"the {name} may dump core"
