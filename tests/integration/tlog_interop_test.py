"""Go's golang.org/x/mod/sumdb judges a log as Mayfly writes it: checkpoints, tiles, entry bundles and
proofs. It takes them as they are, and nothing that was altered."""

import shutil
import subprocess

import pytest

from harness import go


@pytest.fixture(scope="module")
def judge():
    """Gives what Go says of a folder: its exit status, and its words."""
    program, reason = go.build("tlog")
    if reason:
        pytest.skip(reason)

    def ask(folder):
        done = subprocess.run([program, folder], capture_output=True, text=True, timeout=60,
                              check=False)
        return done.returncode, done.stdout + done.stderr

    return ask


@pytest.fixture(scope="module")
def written(programs, tmp_path_factory):
    """A log as tests/tools/tlog_files.cc writes it."""
    folder = tmp_path_factory.mktemp("log")
    subprocess.run([programs / "tlog-files", folder], check=True, timeout=120)
    return folder


@pytest.fixture
def log(written, tmp_path):
    """A copy, to alter."""
    return shutil.copytree(written, tmp_path / "log")


def test_go_accepts_the_log(judge, written):
    status, said = judge(written)
    assert status == 0, said
    assert said == "22 checkpoints, 44 inclusions, 66 consistencies\n"


def flip(path, at):
    """Changes one bit of the octet at a place."""
    octets = bytearray(path.read_bytes())
    octets[at] ^= 1
    path.write_bytes(octets)


def another_letter(path, at):
    """Changes a letter of base64 into another one."""
    octets = bytearray(path.read_bytes())
    octets[at] = ord("A") if octets[at] != ord("A") else ord("B")
    path.write_bytes(octets)


def line_of(path, start):
    """Where in a file of proofs the line lies that begins so."""
    return path.read_bytes().index(b"\n" + start + b" ") + 1


def alter_size(log, kind):
    path = log / f"257.{kind}.checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n257\n", b"\n258\n"))


def alter_root(log, kind):
    path = log / f"257.{kind}.checkpoint"
    another_letter(path, path.read_bytes().index(b"\n257\n") + 10)


def alter_signature(log, kind):
    path = log / f"257.{kind}.checkpoint"
    another_letter(path, path.read_bytes().index(b".internal ", 20) + 30)


def swap_checkpoint(log, kind):
    """A good signature over another tree."""
    signature = (log / f"256.{kind}.checkpoint").read_bytes().split(b"\n\n")[1]
    path = log / f"257.{kind}.checkpoint"
    path.write_bytes(path.read_bytes().split(b"\n\n")[0] + b"\n\n" + signature)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
@pytest.mark.parametrize("alter", [alter_size, alter_root, alter_signature, swap_checkpoint])
def test_go_refuses_an_altered_checkpoint(judge, log, alter, kind):
    alter(log, kind)
    status, said = judge(log)
    assert status == 1 and f"checkpoint 257.{kind}.checkpoint: invalid signature" in said, said


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_go_refuses_another_key(judge, log, programs, tmp_path, kind):
    subprocess.run([programs / "tlog-files", tmp_path / "other"], check=True, timeout=120)
    shutil.copy(tmp_path / "other" / f"{kind}.key", log)
    status, said = judge(log)
    assert status == 1 and "note has no verifiable signatures" in said, said


@pytest.mark.parametrize("name, start, refusal", [
    ("inclusion", b"70000 35000", "inclusion of 35000 in 70000"),
    ("consistency", b"70000 257", "consistency of 70000 with 257"),
])
@pytest.mark.parametrize("hash_number", [0, 1, -1])
def test_go_refuses_an_altered_proof(judge, log, name, start, refusal, hash_number):
    path = log / name
    proof = path.read_bytes()
    begin = line_of(path, start)
    fields = proof[begin:proof.index(b"\n", begin)].split(b" ")
    place = 2 + hash_number if hash_number >= 0 else hash_number
    before = b" ".join(fields[:place])
    another_letter(path, begin + len(before) + 5)
    status, said = judge(log)
    assert status == 1 and refusal in said, said


def test_go_refuses_the_proof_of_another_leaf(judge, log):
    path = log / "inclusion"
    path.write_bytes(path.read_bytes().replace(b"\n70000 35000 ", b"\n70000 35001 "))
    status, said = judge(log)
    assert status == 1 and "inclusion of 35001 in 70000" in said, said


@pytest.mark.parametrize("tile", ["tile/0/273.p/112", "tile/1/000", "tile/2/000.p/1", "tile/0/017"])
def test_go_refuses_an_altered_tile(judge, log, tile):
    flip(log / tile, 20)
    status, said = judge(log)
    assert status == 1 and ("downloaded inconsistent tile" in said or "does not hold" in said), said


@pytest.mark.parametrize("bundle", ["tile/entries/000", "tile/entries/273.p/112"])
def test_go_refuses_an_altered_entry(judge, log, bundle):
    flip(log / bundle, 8)
    status, said = judge(log)
    assert status == 1 and "bundle: entries from" in said, said
