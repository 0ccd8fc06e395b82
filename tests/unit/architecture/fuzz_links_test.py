"""What parses strangers' bytes is linked without gRPC, the database and the token's library."""

import os
import pathlib
import re
import subprocess

import pytest

from source_tree import ROOT

PROGRAMS = os.environ.get("MAYFLY_BIN_DIR")
FORBIDDEN = ("grpc", "protobuf", "pqxx", "libpq", "p11", "boost", "spdlog")


def replays():
    return sorted(path.name for path in (ROOT / "tests/fuzz/corpus").iterdir())


def libraries(program):
    """The shared libraries that `program` asks for, and those that these ask for."""
    return subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout


def forbidden_in(listing):
    return [line.split()[0] for line in listing.splitlines()
            if re.search("|".join(FORBIDDEN), line.split()[0])]


@pytest.mark.skipif(not PROGRAMS, reason="MAYFLY_BIN_DIR names no build")
@pytest.mark.parametrize("name", replays())
def test_a_fuzzer_links_no_adapter(name):
    assert forbidden_in(libraries(pathlib.Path(PROGRAMS) / f"replay_{name}")) == []


@pytest.mark.skipif(not PROGRAMS, reason="MAYFLY_BIN_DIR names no build")
def test_the_link_of_an_adapter_is_seen():
    server = libraries(pathlib.Path(PROGRAMS) / "mayfly-ca")
    assert any("grpc" in name for name in forbidden_in(server))
    assert any("pqxx" in name for name in forbidden_in(server))


def test_each_fuzzer_has_a_corpus_and_each_corpus_a_fuzzer():
    text = (ROOT / "tests/fuzz/CMakeLists.txt").read_text()
    assert sorted(re.findall(r"^mayfly_fuzzer\((\w+) ", text, re.MULTILINE)) == replays()
