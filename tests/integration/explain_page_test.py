"""What docs/POLICY.md shows of `mayfly explain` is what it prints.

MAYFLY_REWRITE_PAGES=1 puts into the page what is printed now.
"""

import os
import re
import shlex

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from harness.authority import ROOT
from harness.csr import make_csr, new_key

PAGE = ROOT / "docs/POLICY.md"
HEADING = "## Ask why\n"
CASES = 10


def request_files(folder):
    """The requests that the page names: a small key, a common name alone, a name too many."""
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "web.internal")])
    requests = {
        "small.csr": make_csr("web.internal", key=small),
        "cn.csr": x509.CertificateSigningRequestBuilder().subject_name(subject).sign(
            new_key(), hashes.SHA256()).public_bytes(serialization.Encoding.DER),
        "two.csr": make_csr("web.internal", "intern.example"),
    }
    for name, der in requests.items():
        (folder / name).write_bytes(der)
    return requests


def examples(text):
    """(where its output begins, where it ends, command, output) of each, in the page's order."""
    begin = text.index(HEADING)
    end = text.index("\n## ", begin)
    found = []
    # Up to the next command, or to what is not indented.
    for match in re.finditer(r"^    \$ mayfly explain (.*)\n((?:(?!    \$ )    .*\n|\n(?!\S))*)",
                             text[:end], re.MULTILINE):
        if match.start() > begin:
            found.append((match.start(2), match.end(2), match[1], match[2]))
    return found


def normal(output):
    """Without what differs from run to run."""
    output = re.sub(r"policy version \d+", "policy version 1", output)
    return re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?", "TIME", output)


def indented(output):
    return "".join(f"    {line}\n" if line else "\n" for line in output.rstrip("\n").split("\n"))


def explained(ca, command, requests, folder):
    """What it prints for an example's arguments."""
    words = [str(folder / word) if word in requests else word for word in shlex.split(command)]
    done = ca.cli("explain", *words, check=False)
    assert done.returncode == 3 and done.stdout, f"{command}: {done.returncode} {done.stderr}"
    return indented(normal(done.stdout))


def test_the_page_shows_what_is_printed(ca, tmp_path):
    requests = request_files(tmp_path)
    page = PAGE.read_text(encoding="utf-8")
    shown = examples(page)
    assert len(shown) == CASES, [command for _, _, command, _ in shown]
    wrong = []
    for begin, end, command, output in reversed(shown):
        printed = explained(ca, command, requests, tmp_path)
        if output.rstrip("\n") != printed.rstrip("\n"):
            wrong.append(f"$ mayfly explain {command}\n{printed}")
            tail = output[len(output.rstrip("\n")):]
            page = page[:begin] + printed.rstrip("\n") + tail + page[end:]
    if wrong and os.environ.get("MAYFLY_REWRITE_PAGES"):
        PAGE.write_text(page, encoding="utf-8")
        return
    assert not wrong, "docs/POLICY.md shows otherwise; now it is\n" + "\n".join(reversed(wrong))
