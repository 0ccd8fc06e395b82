"""A third opinion: certificates as the linter pkilint judges them. It is written in Python, comes from
PyPI, and is installed into a folder of its own, pinned by hashes."""

import base64
import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess

from harness import gnutls, ledger
from harness.authority import ROOT

HERE = pathlib.Path(__file__).parent
REQUIREMENTS = HERE / "pkilint.requirements.txt"
FOLDER = ROOT / "build/pkilint"
INSTALL_SECONDS_MAX = 300
# Set by hand where a machine has no way to the packages: then nothing is linted, and the summary says so.
GOES_WITHOUT = bool(os.environ.get("MAYFLY_WITHOUT_LINTER"))
NOT_JUDGED = []  # names of the CAs whose certificates were not linted

# What it asks for that a private CA for services does otherwise: finding -> what its message says.
EXCLUDED = {
    # RFC 5280 4.2.1.2 says SHOULD for leaves. Nobody builds a path below one, and it is 31 octets
    # in each of millions of records; the CA/Browser Forum's rules advise against it too.
    "pkix.certificate_skid_end_entity_missing": "",
    # RFC 5280 4.2.1.6 leaves wildcards to applications: RFC 9525 6.3 has them. A name of one label
    # ("localhost") is none of the public DNS, and is one by RFC 1034 3.5.
    "pkix.invalid_domain_name_syntax": r'"(\*\.[a-z0-9.-]+|[a-z0-9-]+)"$',
    # It wants a host of the public DNS; a SPIFFE ID has a trust domain, of up to 255 (SPIFFE-ID 2.1).
    "pkix.invalid_uri_syntax": r'"spiffe://',
    "pkix.uri_domain_name_too_long": "",
}


@functools.lru_cache(maxsize=None)
def why_missing():
    """Installs pkilint where it is not yet; gives what stands in the way, or nothing."""
    stamp = FOLDER / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return None
    shutil.rmtree(FOLDER, ignore_errors=True)
    for command in (["/usr/bin/python3", "-m", "venv", FOLDER],
                    [FOLDER / "bin/pip", "install", "--quiet", "--only-binary=:all:",
                     "--require-hashes", "--disable-pip-version-check", "-r", REQUIREMENTS]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False,
                                  timeout=INSTALL_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            return f"pkilint cannot be installed within {INSTALL_SECONDS_MAX} s"
        if done.returncode:
            said = (done.stdout + done.stderr).strip().splitlines()
            return f"pkilint cannot be installed: {said[-1] if said else done.returncode}"
    stamp.write_text(wanted)
    return None


def _is_excluded(finding):
    code, _, message = finding
    return code in EXCLUDED and re.search(EXCLUDED[code], message)


def findings(certificates):
    """For each certificate, DER, what pkilint has against it."""
    lines = "\n".join(base64.b64encode(der).decode() for der in certificates)
    done = subprocess.run([FOLDER / "bin/python", HERE / "run_pkilint.py"], input=lines, text=True,
                          capture_output=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    judged = [[found for found in json.loads(line) if not _is_excluded(found)]
              for line in done.stdout.splitlines()]
    assert len(judged) == len(certificates)
    return judged


def assert_finds_nothing_in_what_was_issued(authority):
    """Every certificate that this CA has issued; gives their number. A linter that is missing judges
    nothing, which is no success."""
    reason = why_missing()
    if reason and GOES_WITHOUT:
        NOT_JUDGED.append(authority.home.parent.name)
        return 0
    assert not reason, f"{reason} (MAYFLY_WITHOUT_LINTER=1 goes without)"
    rows = ledger.query(authority, "SELECT tbs, signature FROM certificate WHERE outcome = 1")
    issued = [gnutls.assemble(bytes(tbs), bytes(signature)) for tbs, signature in rows]
    wrong = {str(found): der for der, found in zip(issued, findings(issued)) if found}
    said = "\n".join(f"{found} {base64.b64encode(der).decode()}" for found, der in wrong.items())
    assert not said, f"pkilint, of {len(issued)} certificates:\n{said}"
    return len(issued)
