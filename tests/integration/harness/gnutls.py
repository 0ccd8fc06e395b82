"""A second opinion: certificates and OCSP answers as GnuTLS judges them."""

import concurrent.futures
import datetime
import os
import pathlib
import ssl
import subprocess
import tempfile

from cryptography import x509

from harness import ledger


PEM_END = "-----END CERTIFICATE-----\n"


def _element(data, at):
    """Where the contents of the DER element at `at` begin, and where it ends."""
    first = data[at + 1]
    if first < 0x80:
        return at + 2, at + 2 + first
    start = at + 2 + (first & 0x7F)
    return start, start + int.from_bytes(data[at + 2:start], "big")


def _tagged(tag, contents):
    size = len(contents)
    octets = b"" if size < 0x80 else size.to_bytes((size.bit_length() + 7) // 8, "big")
    return tag + (bytes([0x80 | len(octets)]) + octets if octets else bytes([size])) + contents


def _sequence(contents):
    return _tagged(b"\x30", contents)


def assemble(tbs, signature):
    """A Certificate of its two parts in the ledger; the algorithm is the one inside the TBS."""
    at, _ = _element(tbs, 0)
    for _ in range(2):  # version, serialNumber
        _, at = _element(tbs, at)
    algorithm = tbs[at:_element(tbs, at)[1]]
    return _sequence(tbs + algorithm + _tagged(b"\x03", b"\x00" + signature))


def _verify_chain(folder, serial, chain, ended):
    """What GnuTLS has against a chain: now, or at the second in which it `ended`."""
    path = pathlib.Path(folder) / f"{serial}.pem"
    path.write_text(chain)
    clock = ["faketime", "-f", ended.strftime("%Y-%m-%d %H:%M:%S")] if ended else []
    done = subprocess.run([*clock, "certtool", "--verify-chain", "--infile", path],
                          capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, "TZ": "UTC"})
    said = done.stdout + done.stderr
    agreed = done.returncode == 0 and "Chain verification output: Verified." in said
    return None if agreed else f"{serial}{f' at {ended}' if ended else ''}:\n{chain}\n{said}"


def assert_openssl_verifies_everything_issued(authority):
    """Every certificate that this CA has issued, a second before its end (OpenSSL does not take the
    end itself, so certificates of one second are left out), with -x509_strict."""
    rows = ledger.query(authority, """
        SELECT encode(serial, 'hex'), tbs, signature,
               extract(epoch FROM not_after)::bigint - 1 FROM certificate WHERE outcome = 1""")
    by_time = {}
    with tempfile.TemporaryDirectory() as folder:
        for serial, tbs, signature, at in rows:
            der = assemble(bytes(tbs), bytes(signature))
            begin = x509.load_der_x509_certificate(der).not_valid_before
            if begin.replace(tzinfo=datetime.timezone.utc).timestamp() > at:
                continue
            path = pathlib.Path(folder) / f"{serial}.pem"
            path.write_text(ssl.DER_cert_to_PEM_cert(der))
            by_time.setdefault(at, []).append(path)
        for at, paths in by_time.items():
            done = subprocess.run(
                ["openssl", "verify", "-x509_strict", "-attime", str(at), "-CAfile",
                 authority.root_file, "-untrusted", authority.chain_file, *paths],
                capture_output=True, text=True, timeout=120, check=False)
            assert done.returncode == 0, f"openssl refuses: {done.stdout}{done.stderr}"
    return len(rows)


def _chains_by_issuer(authority):
    """{subject of an issuing CA: its certificate and the root's, PEM}."""
    root = authority.root_file.read_text()
    blocks = [block + PEM_END for block in authority.chain_file.read_text().split(PEM_END)[:-1]]
    return {x509.load_pem_x509_certificate(block.encode()).subject: block + root
            for block in blocks}


def _has_uris(names):
    return any(isinstance(name, x509.UniformResourceIdentifier) for name in names)


def _is_beyond_gnutls(leaf, issuer):
    """Whether it is a URI under constraints on URIs, which GnuTLS does not know and always refuses."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        bounds = issuer.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return False
    return _has_uris(names) and _has_uris((bounds.permitted_subtrees or []) +
                                          (bounds.excluded_subtrees or []))


def _chain(der, above):
    """The certificate and those above it, PEM; nothing where GnuTLS cannot judge it."""
    leaf = x509.load_der_x509_certificate(der)
    issuers = above[leaf.issuer]
    if _is_beyond_gnutls(leaf, x509.load_pem_x509_certificate(issuers.encode())):
        return None
    return ssl.DER_cert_to_PEM_cert(der) + issuers


def assert_verifies_everything_issued(authority):
    """Every certificate that this CA has issued; gives their number. Those that have expired, or
    soon will have, are judged as of their own last second (RFC 5280 4.1.2.5: notAfter is
    inclusive), by a certtool with its own clock."""
    rows = ledger.query(authority, """
        SELECT encode(serial, 'hex'), tbs, signature,
               CASE WHEN not_after < clock_timestamp() + interval '1 minute'
                    THEN not_after AT TIME ZONE 'UTC' END
        FROM certificate WHERE outcome = 1""")
    assert rows, "nothing was issued"
    above = _chains_by_issuer(authority)
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        chains = [(serial, chain, ended) for serial, tbs, signature, ended in rows
                  if (chain := _chain(assemble(bytes(tbs), bytes(signature)), above))]
        verdicts = pool.map(lambda judged: _verify_chain(folder, *judged), chains)
        refused = [verdict for verdict in verdicts if verdict]
    assert not refused, f"GnuTLS refuses {len(refused)} of {len(rows)}; the first is " + refused[0]
    return len(rows)


def ocsp_status(authority, leaf, *arguments, issuer=None):
    """What ocsptool says of a certificate file after it has verified the answer: good, revoked.
    `issuer` is a file, where it is not the only issuing CA."""
    issuer = issuer or authority.chain_file
    done = subprocess.run(
        ["ocsptool", f"--ask=http://127.0.0.1:{authority.port('http')}/ocsp", "--load-cert", leaf,
         "--load-issuer", issuer, "--load-trust", issuer, *arguments],
        capture_output=True, text=True, timeout=60, check=False)
    said = done.stdout + done.stderr
    assert "Verifying OCSP Response: Success." in said, said
    return next(line.split(":")[1].strip() for line in said.splitlines()
                if line.strip().startswith("Certificate Status:"))
