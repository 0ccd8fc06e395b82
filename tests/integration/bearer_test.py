"""JWTs over the running server: who they prove, and how each that is bad is refused."""

import contextlib
import json
import os
import time

import grpc
import pytest

from harness import api, issuer
from harness.csr import make_csr
from harness.issuer import Key, claims_of
from tokens_test import bad_tokens

Code = grpc.StatusCode
RULE = """
[[rule]]
name = "pods"
principals = ["jwt:cluster:*"]
profiles = ["workload"]
uri = ["spiffe://mayfly.internal/ns/{namespace}/sa/{serviceaccount}"]
dns = ["{serviceaccount}.{namespace}.svc.internal"]
"""
POD = "jwt:cluster:system:serviceaccount:prod:api"
FETCH_INTERVAL = 5.2  # no two fetches of an issuer's keys are nearer, and a little


@pytest.fixture(scope="module", name="keys")
def two_keys():
    return Key("k1"), Key("k2", "ES256")


@pytest.fixture(scope="module", name="server")
def issuer_server(module_authority, keys, tmp_path_factory):
    """An issuer that answers over HTTPS, and a CA that trusts it."""
    folder = tmp_path_factory.mktemp("issuer")
    server = issuer.Server(*issuer.make_certificate(folder, "issuer"))
    server.publish(keys[0])
    with open(module_authority.home / "policy.toml", "a", encoding="utf-8") as policy:
        policy.write(RULE)
    module_authority.configure(issuer.section(server.address, "discovery = true",
                                              f'ca_file = "{folder}/issuer.pem"'))
    yield server
    server.stop()


@pytest.fixture(name="holder_of")
def make_holder(module_authority):
    with contextlib.ExitStack() as clients:
        yield lambda token: clients.enter_context(
            contextlib.closing(api.stranger(module_authority, token)))


def ask(client, name="api.prod.svc.internal"):
    return client.issue(make_csr(name), profile="workload")


def refusal(client, name="api.prod.svc.internal"):
    with pytest.raises(api.Refused) as refused:
        ask(client, name)
    return refused.value.code, refused.value.rule


def test_a_pod_gets_its_own_names_and_no_others(holder_of, server, keys):
    pod = holder_of(keys[0].token(claims_of(server.address)))
    issued = ask(pod)
    assert issued.certificate.principal == POD
    assert ask(pod, "URI:spiffe://mayfly.internal/ns/prod/sa/api").certificate.principal == POD
    for name in ("db.prod.svc.internal", "api.test.svc.internal",
                 "URI:spiffe://mayfly.internal/ns/prod/sa/db"):
        assert refusal(pod, name) == (Code.PERMISSION_DENIED, "policy.name")
    serial = issued.certificate.serial_number
    assert pod.get(serial).serial_number == serial
    other = holder_of(keys[0].token(claims_of(server.address, sub="system:serviceaccount:prod:db")))
    with pytest.raises(api.Refused) as refused:
        other.get(serial)
    assert refused.value.rule == "certificate.not-found"


def test_each_bad_token_is_refused_for_its_own_reason(holder_of, server, keys):
    ask(holder_of(keys[0].token(claims_of(server.address))))
    time.sleep(FETCH_INTERVAL)  # so that an unknown key may be asked for
    tokens = bad_tokens(keys[0], server.address)
    huge = tokens.pop("64 KiB")
    said = {what: refusal(holder_of(token)) for what, (token, _) in tokens.items()}
    assert said == {what: (Code.UNAUTHENTICATED, rule) for what, (_, rule) in tokens.items()}
    # gRPC reads no more metadata than a token may have, and says so itself.
    assert len(huge[0]) > 64 * 1024
    assert refusal(holder_of(huge[0])) == (Code.RESOURCE_EXHAUSTED, "")
    large = keys[0].token(claims_of(server.address) | {"pad": "x" * 6400})
    assert 8192 < len(large) < 10000
    assert refusal(holder_of(large)) == (Code.UNAUTHENTICATED, "jwt.size")


def test_a_rotated_key_works_at_the_first_request(holder_of, server, keys):
    old, new = (holder_of(key.token(claims_of(server.address))) for key in keys)
    ask(old)
    server.publish(keys[1])
    try:
        time.sleep(FETCH_INTERVAL)
        ask(new)
        time.sleep(FETCH_INTERVAL)
        assert refusal(old) == (Code.UNAUTHENTICATED, "jwt.key-unknown")
    finally:
        server.publish(*keys)
        time.sleep(FETCH_INTERVAL)
    ask(old)


def test_an_issuer_that_is_away_is_waited_for_by_nobody_else(holder_of, server, keys):
    pages, server.pages = server.pages, {}
    try:
        time.sleep(FETCH_INTERVAL)
        ask(holder_of(keys[0].token(claims_of(server.address))))
        unknown = holder_of(Key("k9").token(claims_of(server.address)))
        assert refusal(unknown) == (Code.UNAVAILABLE, "jwt.keys-unavailable")
    finally:
        server.pages = pages


def test_no_token_is_in_the_log(own_ca, holder_of, server, keys):
    token = keys[0].token(claims_of(server.address))
    ask(holder_of(token))
    refusal(holder_of(token[:-4] + "AAAA"))
    for part in token.split("."):
        assert part[:40] not in own_ca.log or part == token.split(".")[0]
    assert token.split(".")[2] not in own_ca.log


def test_the_command_line_takes_a_token_file(own_ca, server, keys, tmp_path):
    (tmp_path / "token").write_text(keys[0].token(claims_of(server.address)) + "\n")
    done = own_ca.cli("issue", "api.prod.svc.internal", "--profile", "workload", "--out", tmp_path,
                      "--token-file", tmp_path / "token")
    assert POD in done.stdout + done.stderr or "api.prod.svc.internal" in done.stdout
    (tmp_path / "token").write_text(keys[0].token(claims_of(server.address, aud=["vault"])))
    done = own_ca.cli("issue", "api.prod.svc.internal", "--profile", "workload", "--out", tmp_path,
                      "--force", "--token-file", tmp_path / "token", check=False)
    assert done.returncode == 3 and "jwt.audience" in " ".join(done.stderr.split())


def test_a_file_of_keys_is_served_too(own_ca, own_operator, server, holder_of, keys, tmp_path):
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [keys[1].jwk()]}))
    before = (own_ca.home / "ca.more.toml").read_text()
    name = "kubernetes/serviceaccount"
    own_ca.configure(before + issuer.section(name, f'jwks_file = "{tmp_path}/jwks.json"',
                                             name="other"))
    try:
        token = keys[1].token(claims_of(name))
        assert refusal(holder_of(token)) == (Code.PERMISSION_DENIED, "policy.principal")
        text = own_operator.policy().policy_text
        own_operator.apply_policy(text.replace('"jwt:cluster:*"', '"jwt:other:*"'))
        assert ask(holder_of(token)).certificate.principal.startswith("jwt:other:")
        own_operator.apply_policy(text)
        (tmp_path / "new").write_text(json.dumps({"keys": [keys[0].jwk()]}))
        os.rename(tmp_path / "new", tmp_path / "jwks.json")
        time.sleep(FETCH_INTERVAL)
        assert refusal(holder_of(keys[0].token(claims_of(name)))) == (
            Code.PERMISSION_DENIED, "policy.principal")
    finally:
        own_ca.configure(before)


def test_what_a_token_proved_is_recorded_and_decided_again(module_authority, holder_of, server, keys,
                                                           tmp_path):
    pod = holder_of(keys[0].token(claims_of(server.address)))
    issued = ask(pod).certificate
    assert dict(issued.claims) == {"namespace": "prod", "serviceaccount": "api"}
    assert refusal(pod, "api.changed.prod.svc.internal")[1] == "policy.name"

    before = "{serviceaccount}.{namespace}.svc.internal"
    policy = (module_authority.home / "policy.toml").read_text()
    assert before in policy
    proposed = tmp_path / "policy.toml"
    proposed.write_text(policy.replace(before, "{serviceaccount}.changed.{namespace}.svc.internal"))
    document = json.loads(module_authority.cli("policy", "diff", proposed, "-o", "json").stdout)
    changes = {(change["change"], *change["subject_alt_names"]) for change in document["changes"]
               if change["principal"] == POD}
    assert ("denied", "DNS:api.prod.svc.internal") in changes
    assert ("allowed", "DNS:api.changed.prod.svc.internal") in changes
