"""A real OpenID provider, the npm package oidc-provider: its tokens, its keys, their rotation."""

import base64
import contextlib
import json
import shutil
import ssl
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

from bearer_test import FETCH_INTERVAL, POD, RULE, Code, ask, refusal
from harness import api
from harness import issuer as issuers
from harness.authority import ROOT
from harness.issuer import SUBJECT, Key, Verifier
from tokens_test import OK, assert_refuses_bad_tokens, bad_tokens, discovers, verify_tokens  # noqa: F401

pytestmark = pytest.mark.tier("full")  # it comes from a registry

PACKAGE = "oidc-provider@9.13.3"


@pytest.fixture(scope="module", name="modules")
def provider_package(tmp_path_factory):
    if not shutil.which("npm"):
        pytest.skip("there is no npm to fetch the provider with")
    folder = tmp_path_factory.mktemp("npm")
    subprocess.run(["npm", "install", "--silent", "--no-save", "--ignore-scripts", "--prefix",
                    folder, PACKAGE], check=True, timeout=300)
    return folder


class Provider:
    """The provider as a process of its own."""

    def __init__(self, modules, certificate, private):
        script = ROOT / "tests/integration/harness/oidc_provider.mjs"
        self.trust = ssl.create_default_context(cafile=certificate)
        self.process = subprocess.Popen(["node", script, modules, certificate, private], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.issuer = None

    def sign_with(self, *keys):
        self.process.stdin.write(json.dumps([key.private_jwk() for key in keys]) + "\n")
        self.process.stdin.flush()
        self.issuer = next(line.split()[1] for line in self.process.stdout
                           if line.startswith("issuer "))

    def token(self):
        """As its client gets one."""
        form = urllib.parse.urlencode({"grant_type": "client_credentials",
                                       "scope": "certificates"}).encode()
        client = f"{urllib.parse.quote(SUBJECT, safe='')}:secret"
        request = urllib.request.Request(f"{self.issuer}/token", form, {
            "Authorization": "Basic " + base64.b64encode(client.encode()).decode()})
        with urllib.request.urlopen(request, context=self.trust, timeout=20) as answer:
            return json.load(answer)["access_token"]

    def stop(self):
        self.process.stdin.close()
        self.process.wait(20)


@pytest.fixture(name="provider")
def running_provider(modules, tmp_path):
    provider = Provider(modules, *issuers.make_certificate(tmp_path, "issuer"))
    yield provider
    provider.stop()


def test_its_tokens_prove_an_identity_also_after_a_rotation(provider, program, tmp_path):
    first, second = Key("k1"), Key("k2", "ES256")
    provider.sign_with(first)
    verifier = Verifier(program, tmp_path, provider.issuer, *discovers(tmp_path))
    old = provider.token()
    assert verifier.ask(old) == OK
    assert_refuses_bad_tokens(verifier, first, provider.issuer)
    provider.sign_with(second, first)  # signs with the new one, publishes both
    assert verifier.ask(provider.token()) == OK
    assert verifier.ask(old) == OK
    assert verifier.stop() == 0


def test_the_server_takes_its_tokens_also_after_a_rotation(provider, own_ca, tmp_path):
    first, second = Key("k1"), Key("k2", "ES256")
    provider.sign_with(first)
    with open(own_ca.home / "policy.toml", "a", encoding="utf-8") as policy:
        policy.write(RULE)
    own_ca.configure(issuers.section(provider.issuer, *discovers(tmp_path)))
    old = provider.token()
    with contextlib.closing(api.stranger(own_ca, old)) as pod:
        assert ask(pod).certificate.principal == POD
    time.sleep(FETCH_INTERVAL)
    provider.sign_with(second, first)  # signs with the new one, publishes both
    for token in (provider.token(), old):
        with contextlib.closing(api.stranger(own_ca, token)) as pod:
            assert ask(pod).certificate.principal == POD
    time.sleep(FETCH_INTERVAL)  # an unknown key is asked for
    for what, (token, rule) in bad_tokens(first, provider.issuer).items():
        if what != "64 KiB":
            with contextlib.closing(api.stranger(own_ca, token)) as pod:
                assert refusal(pod) == (Code.UNAUTHENTICATED, rule), what
