"""Signing what was not linted, recording what was not granted: each must not compile.

Each attempt below has a twin that does compile, so that an attempt fails for its own reason and not
for a missing include.
"""

import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]

PRELUDE = """
#include <utility>
#include "issuance/issuer.h"
using namespace mayfly;
"""

CASES = {
    "a record from bare bytes": (
        "RecordedTbs Make(Bytes tbs, RecordFacts facts) { return RecordedTbs(tbs, facts); }",
        "RecordedTbs Make(RecordedTbs recorded) { return recorded; }",
    ),
    "a record by way of somebody who is no ledger": (
        "struct Forger { RecordedTbs Make(Bytes tbs, RecordFacts facts)"
        " { return Ledger::MakeRecorded(tbs, facts); } };",
        "struct Store : Ledger { RecordedTbs Make(Bytes tbs, RecordFacts facts)"
        " { return MakeRecorded(tbs, facts); } };",
    ),
    "signing bytes": (
        "auto Sign(const issuance::Issuer& issuer, Bytes tbs, BootTime end)"
        " { return issuer.Sign(tbs, end, signing::Patience::kEachPlaceOnce); }",
        "auto Sign(const issuance::Issuer& issuer, const RecordedTbs& tbs, BootTime end)"
        " { return issuer.Sign(tbs, end, signing::Patience::kEachPlaceOnce); }",
    ),
    "signing what was linted but not recorded": (
        "auto Sign(const issuance::Issuer& issuer, const lint::LintedTbs& tbs, BootTime end)"
        " { return issuer.Sign(tbs, end, signing::Patience::kEachPlaceOnce); }",
        "auto Sign(const issuance::Issuer& issuer, const RecordedTbs& tbs, BootTime end)"
        " { return issuer.Sign(tbs, end, signing::Patience::kEachPlaceOnce); }",
    ),
    "a canary without a record": (
        "RecordedCanary Make(Bytes message) { return RecordedCanary(message); }",
        "Bytes Read(const RecordedCanary& canary) { return canary.message(); }",
    ),
    "a linted TBS without lint": (
        "lint::LintedTbs Make(x509::TbsCertificate tbs) { return lint::LintedTbs(std::move(tbs)); }",
        "Result<lint::LintedTbs> Make(x509::TbsCertificate tbs, const lint::LintContext& context)"
        " { return lint::Lint(std::move(tbs), context); }",
    ),
    "a linted TBS used twice": (
        "lint::LintedTbs Copy(const lint::LintedTbs& tbs) { return tbs; }",
        "lint::LintedTbs Move(lint::LintedTbs&& tbs) { return std::move(tbs); }",
    ),
    "recording what was not linted": (
        "RecordEntry Fill(x509::TbsCertificate tbs)"
        " { return RecordEntry{.tbs = std::move(tbs), .issuer = IssuerId{1}}; }",
        "lint::LintedTbs& Tbs(RecordEntry& entry) { return entry.tbs; }",
    ),
    "a grant out of nothing": (
        "policy::IssuanceGrant Make() { return policy::IssuanceGrant(); }",
        "policy::IssuanceGrant Copy(const policy::IssuanceGrant& grant) { return grant; }",
    ),
    "a proven key without a proof": (
        "x509::ProvenKey Make(x509::SubjectPublicKeyInfo key) { return x509::ProvenKey(key); }",
        "x509::ProvenKey Copy(const x509::ProvenKey& key) { return key; }",
    ),
}


COMPILER = ["g++", "-std=c++20", "-I", ROOT / "ca-server", "-I", ROOT]


@pytest.fixture(scope="module", name="folder")
def precompiled_prelude(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attempts")
    (folder / "prelude.h").write_text(PRELUDE)
    subprocess.run([*COMPILER, "-x", "c++-header", folder / "prelude.h"], check=True)
    return folder


def compiles(folder, body):
    source = folder / "attempt.cc"
    source.write_text(f'#include "prelude.h"\n{body}\n')
    return subprocess.run(
        [*COMPILER, "-fsyntax-only", source], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", CASES)
def test_does_not_compile(name, folder):
    attempt, twin = CASES[name]
    allowed = compiles(folder, twin)
    assert allowed.returncode == 0, allowed.stderr
    assert compiles(folder, attempt).returncode != 0, f"{name} compiles"
