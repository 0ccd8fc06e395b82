"""The API only grows: what clients of an older build know keeps its name, number and meaning.

The comparison is the FILE rules of "buf breaking" for what the API uses, in small, since Debian has
no buf. Where npx can fetch it, ./run-tests --full asks buf itself, and for its lint too.
"""

import os
import shutil
import subprocess

import pytest
from google.protobuf import descriptor_pb2

from source_tree import ROOT

API = "mayfly/ca/v1/certificate_authority.proto"
BASELINE = ROOT / "tests/golden/proto/mayfly.binpb"
REMAKE = "tests/golden/proto/make.sh"
BUF = "@bufbuild/buf@1.75.0"


def described(folder):
    """The API below `folder` as protoc describes it."""
    made = subprocess.run(
        ["protoc", f"-I{folder}", f"-I{ROOT / 'proto'}", "--include_imports",
         "--descriptor_set_out=/dev/stdout", API], check=True, capture_output=True).stdout
    return api_of(made)


def api_of(data):
    """Our own files, not those of others that they import."""
    files = descriptor_pb2.FileDescriptorSet.FromString(data).file
    return [file for file in files if file.name.startswith("mayfly/")]


def facts_of(files):
    """{what: fact} of all that a client relies on."""
    return {what: fact for file in files for what, fact in facts_of_file(file).items()}


def facts_of_file(file):
    facts = {f"package of {file.name}": file.package}
    for extension in file.extension:
        facts[f"extension {extension.extendee} {extension.number}"] = (
            extension.name, extension.type_name)
    for message in file.message_type:
        facts |= message_facts(message, "")
    for enum in file.enum_type:
        facts |= enum_facts(enum, "")
    for service in file.service:
        for method in service.method:
            facts[f"{service.name}.{method.name}"] = (
                method.input_type, method.output_type, method.client_streaming,
                method.server_streaming)
    return facts


def message_facts(message, outer):
    name = outer + message.name
    facts = {name: "a message"}
    for field in message.field:
        oneof = (message.oneof_decl[field.oneof_index].name
                 if field.HasField("oneof_index") and not field.proto3_optional else None)
        facts[f"{name} field {field.number}"] = (
            field.name, field.json_name, field.type, field.type_name, field.label,
            field.proto3_optional, oneof)
    for inner in message.nested_type:
        facts |= message_facts(inner, f"{name}.")
    for enum in message.enum_type:
        facts |= enum_facts(enum, f"{name}.")
    return facts


def enum_facts(enum, outer):
    name = outer + enum.name
    return {name: "an enum"} | {f"{name} {value.number}": value.name for value in enum.value}


def broken(before, after):
    """What `before` has and `after` has otherwise or not at all."""
    return sorted(what for what, fact in before.items() if after.get(what) != fact)


@pytest.fixture(scope="module", name="baseline")
def read_baseline():
    return facts_of(api_of(BASELINE.read_bytes()))


def test_nothing_that_clients_know_has_changed(baseline):
    now = facts_of(described(ROOT / "proto"))
    assert not broken(baseline, now), "this breaks clients; keep it, and add beside it"
    assert not broken(now, baseline), f"new in the API: run {REMAKE}, so that it stays too"


# Each text stands in the proto; in place of its first one, the second breaks clients.
BREAKING = {
    "a field's number": ("string profile = 2 [", "string profile = 102 ["),
    "a field's name": ("string profile = 2 [", "string template = 2 ["),
    "a field's type": ("string profile = 2 [", "bytes profile = 2 ["),
    "a field's presence": ("string profile = 2 [", "optional string profile = 2 ["),
    "an enum value's name": ("REVOCATION_REASON_KEY_COMPROMISE =", "REVOCATION_REASON_KEY_LOST ="),
    "a method's name": ("rpc GetTrustBundle(", "rpc ReadTrustBundle("),
    "a method's answer": ("returns (RevokeCertificateResponse)", "returns (Certificate)"),
    "the package": ("package mayfly.ca.v1;", "package mayfly.ca.v2;"),
}


def edited(tmp_path, *edits):
    text = (ROOT / "proto" / API).read_text()
    for old, new in edits:
        assert old in text, f"{old!r} is not there"
        text = text.replace(old, new, 1)
    target = tmp_path / API
    target.parent.mkdir(parents=True)
    target.write_text(text)
    return described(tmp_path)


@pytest.mark.parametrize("what", BREAKING)
def test_a_breaking_change_is_seen(what, tmp_path, baseline):
    assert broken(baseline, facts_of(edited(tmp_path, BREAKING[what])))


def test_an_addition_breaks_nothing(tmp_path, baseline):
    opening = "message IssueCertificateRequest {"
    after = facts_of(edited(tmp_path, (opening, f"{opening}\n  string note = 900;")))
    assert broken(baseline, after) == []
    assert broken(after, baseline) == ["IssueCertificateRequest field 900"]


@pytest.mark.parametrize("arguments", [
    ("lint", "proto"), ("breaking", "proto", "--exclude-imports", "--against", str(BASELINE)),
], ids=lambda arguments: arguments[0])
def test_buf_agrees(arguments):
    if os.environ.get("MAYFLY_TIER", "ci") == "ci":
        pytest.skip("in ./run-tests --full only")
    if not shutil.which("npx"):
        pytest.skip("there is no npx to fetch buf with")
    run = subprocess.run(["npx", "--yes", BUF, *arguments], cwd=ROOT, capture_output=True,
                         text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
