"""Includes follow the arrows of docs/ARCHITECTURE.md: never up, never sideways between adapters."""

import re

import pytest

from source_tree import ROOT, cpp_files, included, included_system

# What each module may include beside itself. The same arrows are CMake's links; this test also sees
# headers that need no linking.
_PURE = {
    "base": set(),
    "der": {"base"},
    "x509": {"base", "der"},
    "tlog": {"base", "der", "x509"},
    "policy": {"base", "der", "x509"},
    "lint": {"base", "der", "x509", "policy"},
}
_ALL_PURE = set(_PURE)
_PORTS = _ALL_PURE | {"ports"}
MAY_INCLUDE = _PURE | {
    "ports": _ALL_PURE,
    "signing": _PORTS,
    "ocsp": _PORTS | {"signing"},
    "issuance": _PORTS | {"signing"},
    "audit": _PORTS | {"signing", "https_client"},
    "https_client": {"base"},
    "telemetry": {"base"},
    "config": _ALL_PURE,
    "store": _PORTS | {"schema"},
    "net": {"base", "der", "x509"},
    "http": _PORTS | {"ocsp", "signing", "net"},
    "identity": _ALL_PURE | {"https_client"},
    "rpc": _PORTS | {"issuance", "signing", "net", "proto"},
    "hsm/client": _PORTS,
    "hsm/signer": _PORTS | {"hsm/client", "telemetry", "config"},
    "clients/cpp": _ALL_PURE | {"proto"},
    # Nothing of what writes the log: tlog and store.
    "clients/audit": {"base", "schema"},
    "clients/cli": _ALL_PURE | {"clients/cpp", "clients/audit", "config", "proto"},
    "schema": set(),
}

# Third-party headers, and the only modules that may know them.
THIRD_PARTY = {
    "pqxx/": {"store"},
    "libpq": {"store"},
    "grpc": {"rpc", "clients/cpp"},
    "google/protobuf/": {"rpc", "clients/cpp", "clients/cli"},
    "boost/": {"net", "http", "rpc"},
    "libp11.h": {"hsm/signer"},
    "p11-kit/": {"hsm/signer"},
    "toml++/": {"config"},
    "spdlog/": {"telemetry"},
    "prometheus/": {"telemetry"},
    "CLI/": {"hsm/signer", "clients/cli", "main"},
    "nlohmann/": {"clients/cli", "identity", "rpc"},
    "curl/": {"https_client"},
    "jose/": {"identity"},
    "jansson.h": {"identity"},
}


def module_of(path):
    """The module a source file belongs to; the wiring beside ca-server/main.cc is "main"."""
    parts = path.relative_to(ROOT).parts
    if parts[0] == "ca-server":
        return parts[1] if len(parts) > 2 else "main"
    if parts[0] in ("hsm", "clients"):
        return "/".join(parts[:2])
    return parts[0]


def module_of_include(name, includer):
    """The module that an include path names."""
    beside = includer.parent / name
    if "/" not in name and beside.exists():
        return module_of(beside)
    parts = name.split("/")
    if name.endswith(".pb.h") and parts[0] in ("mayfly", "google", "grpc"):
        return "proto"
    if parts[0] in ("hsm", "clients"):
        return "/".join(parts[:2])
    return parts[0]


PRODUCT = ("ca-server", "hsm", "clients", "schema")


def forbidden_includes(path):
    """What `path` includes against the arrows."""
    module = module_of(path)
    if module == "main":  # the wiring knows everything
        return []
    allowed = MAY_INCLUDE[module] | {module}
    return [n for n in included(path) if module_of_include(n, path) not in allowed]


def forbidden_third_parties(path):
    """Third-party headers that `path` includes outside of their adapter."""
    module = module_of(path)
    return [name for name in included_system(path) + included(path)
            for prefix, modules in THIRD_PARTY.items()
            if name.startswith(prefix) and not name.endswith(".pb.h") and module not in modules]


def findings(check):
    """{file: what the check found there}, only where it found something."""
    return {str(path.relative_to(ROOT)): found
            for path in cpp_files(*PRODUCT) if (found := check(path))}


def test_includes_point_down():
    assert findings(forbidden_includes) == {}


def test_third_parties_stay_in_their_adapter():
    assert findings(forbidden_third_parties) == {}


def test_every_module_has_a_rule():
    folders = {module_of(path) for path in cpp_files(*PRODUCT)} - {"main"}
    assert folders <= set(MAY_INCLUDE), f"no rule for {sorted(folders - set(MAY_INCLUDE))}"


def test_the_rule_has_no_cycle():
    def reach(module, seen=()):
        assert module not in seen, f"{' -> '.join(seen + (module,))} is a cycle"
        for other in MAY_INCLUDE.get(module, ()):
            reach(other, seen + (module,))

    for module in MAY_INCLUDE:
        reach(module)


@pytest.mark.parametrize("fragment, only_file", [
    ("system_clock::now", "ca-server/base/system.cc"),
    ("RAND_bytes", "ca-server/base/system.cc"),
    ("getrandom(", "ca-server/base/system.cc"),
])
def test_time_and_chance_enter_in_one_file(fragment, only_file):
    users = [str(p.relative_to(ROOT)) for p in cpp_files(*PRODUCT)
             if p.suffix == ".cc" and fragment in p.read_text()]
    assert set(users) <= {only_file}


def test_only_signing_asks_a_signer():
    """Whatever is signed is verified, and its place guarded: SigningKey is the only way."""
    makes_jobs = {str(p.relative_to(ROOT)) for p in cpp_files("ca-server", "clients")
                  if re.search(r"\bSignJob\b", p.read_text())}
    assert makes_jobs <= {
        "ca-server/ports/signer.h", "ca-server/signing/signing_key.h",
        "ca-server/signing/signing_key.cc", "ca-server/metered_ports.h",
        "ca-server/metered_ports.cc"}


def test_a_wrong_include_is_seen(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    wrong = tmp_path / "ca-server/issuance/issue.cc"
    wrong.parent.mkdir(parents=True)
    wrong.write_text('#include <pqxx/pqxx>\n#include "policy/policy.h"\n#include "store/ledger.h"\n')
    assert forbidden_includes(wrong) == ["store/ledger.h"]
    assert forbidden_third_parties(wrong) == ["pqxx/pqxx"]
