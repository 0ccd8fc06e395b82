"""OCSP as the openssl program asks and judges it."""

import re
import subprocess


def openssl_ocsp(authority, *which, digest="sha1", nonce=True, issuer=None):
    """Status of one certificate: good, revoked, unknown, or an error status such as trylater.

    `which` names it for openssl: "-cert", FILE or "-serial", NUMBER. Without a nonce the answer may
    be one that was made before (RFC 9654). `issuer` is a file, where it is not the first issuing CA.
    """
    done = subprocess.run(
        ["openssl", "ocsp", "-CAfile", str(authority.root_file), "-verify_other",
         str(authority.chain_file), "-issuer", str(issuer or authority.chain_file), f"-{digest}",
         *map(str, which), "-nonce" if nonce else "-no_nonce", "-url", f"http://127.0.0.1:{authority.port('http')}/ocsp"],
        capture_output=True, text=True, timeout=30, check=False)
    said = done.stdout + done.stderr
    error = re.search(r"Responder Error: (\w+)", said)
    if error:
        return error[1].lower()
    assert "Response verify OK" in said, said
    return re.search(r": (good|revoked|unknown)$", said, re.MULTILINE)[1]


def status_of_serial(authority, serial, digest="sha1", nonce=True):
    """Status of a serial given in hex."""
    return openssl_ocsp(authority, "-serial", f"0x{serial}", digest=digest, nonce=nonce)
