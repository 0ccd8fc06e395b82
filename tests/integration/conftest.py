"""Fixtures: whole CAs. `ca` is shared by tests that break nothing, `own_ca` is one a module."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

# The harness's helpers explain their failed assertions as tests do.
pytest.register_assert_rewrite("harness.authority", "harness.gnutls", "harness.ledger",
                               "harness.linter", "harness.ocsp", "harness.secrets",
                               "harness.signatures")

from harness import api, gnutls, linter, secrets, signatures  # noqa: E402
from harness.authority import ROOT, Authority, choose_ports  # noqa: E402
from harness.shim import Shim  # noqa: E402

TIERS = ("ci", "full", "soak")


def pytest_configure(config):
    """Declares the marker that keeps longer tests out of CI."""
    config.addinivalue_line("markers", "tier(name): runs in this tier of ./run-tests and above")


def pytest_collection_modifyitems(items):
    """Skips, visibly, what belongs to a longer tier."""
    tier = TIERS.index(os.environ.get("MAYFLY_TIER", "ci"))
    for item in items:
        marker = item.get_closest_marker("tier")
        if marker and TIERS.index(marker.args[0]) > tier:
            item.add_marker(pytest.mark.skip(reason=f"runs with ./run-tests --{marker.args[0]}"))


@pytest.fixture(scope="session")
def programs():
    """The folder of the programs under test."""
    folder = pathlib.Path(os.environ.get("MAYFLY_BIN_DIR", ROOT / "build/test/bin")).resolve()
    for name in ("mayfly", "mayfly-ca", "mayfly-signer"):
        assert (folder / name).exists(), f"{folder / name} is not built"
    return folder


@pytest.fixture(scope="session")
def made():
    """All CAs that were made."""
    return []


@pytest.fixture(scope="session")
def make_authority(programs, tmp_path_factory, made):
    """Makes CAs that are deleted at the end of the session, after GnuTLS and a linter have judged
    every certificate that they issued."""

    def make(name):
        authority = Authority(tmp_path_factory.mktemp(name) / "home", programs)
        choose_ports(authority)
        authority.shim = Shim(authority)
        authority.shim.serve(authority)
        authority.shims = [authority.shim]
        authority.is_shared = False
        made.append(authority)
        return authority

    yield make
    refusals = [refusal for authority in made if (refusal := _judge_and_destroy(authority))]
    assert not refusals, "\n".join(refusals)


def _judge_and_destroy(authority):
    """What GnuTLS and the linter have against the certificates of a CA that ever ran, where its
    secrets are that they should not be, and what its token signed that no record wanted."""
    try:
        authority.clear_failpoints()
        if authority.root_file.exists() and authority.chain_file.exists():
            authority.start("database")
            gnutls.assert_verifies_everything_issued(authority)
            gnutls.assert_openssl_verifies_everything_issued(authority)
            linter.assert_finds_nothing_in_what_was_issued(authority)
            secrets.assert_nowhere(authority)
            signatures.assert_all_recorded(authority)
    except AssertionError as refusal:
        return f"{authority.home.parent.name}: {refusal}"
    finally:
        authority.destroy()
    return None


def pytest_terminal_summary(terminalreporter):
    if linter.NOT_JUDGED:
        terminalreporter.write_line(
            f"WARNING: the certificates of {len(linter.NOT_JUDGED)} CAs were not linted: "
            f"{linter.why_missing()}", yellow=True)


def _log_on_failure(authority):
    for log in sorted((authority.home / "logs").glob("*.log")):
        print(f"--- the end of {log.name}\n" + "\n".join(log.read_text().splitlines()[-40:]))


@pytest.fixture(scope="session")
def shared_authority(make_authority):
    """A running CA for tests that leave it as it was."""
    authority = make_authority("shared")
    authority.is_shared = True
    authority.start()
    return authority


@pytest.fixture(scope="module", autouse=True)
def _stop_what_the_module_started(made):
    """A CA of a module's own needs memory and processors until it is judged."""
    before = len(made)
    yield
    for authority in made[before:]:
        if not authority.is_shared:
            authority.quickstart("stop", check=False)


@pytest.fixture(scope="module")
def module_authority(make_authority, request):
    """A running CA of the module's own, which its tests may harm and must heal."""
    authority = make_authority(request.module.__name__.rsplit(".", 1)[-1])
    authority.start()
    return authority


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item):
    """Lets fixtures know whether their test failed."""
    outcome = yield
    if outcome.get_result().failed:
        item.failed = True


def _watched(authority, request):
    yield authority
    authority.clear_failpoints()
    if getattr(request.node, "failed", False):
        _log_on_failure(authority)
        authority.start()  # one failure is not the next test's


@pytest.fixture
def ca(shared_authority, request):
    """The shared CA; its logs are shown when the test fails."""
    yield from _watched(shared_authority, request)


@pytest.fixture
def own_ca(module_authority, request):
    """The module's CA; its failpoints are disarmed after each test."""
    yield from _watched(module_authority, request)


@pytest.fixture
def operator(ca):
    """A client of the shared CA."""
    client = api.operator(ca)
    yield client
    client.close()


@pytest.fixture
def own_operator(own_ca):
    """A client of the module's CA."""
    client = api.operator(own_ca)
    yield client
    client.close()
