"""Who may call what: each RPC of ours says so in the proto, or nothing builds."""

import os
import pathlib
import re
import subprocess

import pytest

from source_tree import ROOT

PROGRAMS = os.environ.get("MAYFLY_BIN_DIR")
API = "mayfly/ca/v1/certificate_authority.proto"
DOCUMENT = ROOT / "docs/ACCESS.md"
CERTIFICATE = "credentials: [CREDENTIAL_CERTIFICATE]"

pytestmark = pytest.mark.skipif(not PROGRAMS, reason="MAYFLY_BIN_DIR names no build")


def table_of(tmp_path, form, folders=(ROOT / "proto",), files=(API,)):
    """What mayfly-access-table says of these files: its exit status, its output and its errors."""
    descriptors, output = tmp_path / "descriptors", tmp_path / "output"
    subprocess.run(["protoc", *(f"-I{folder}" for folder in folders), "--include_imports",
                    f"--descriptor_set_out={descriptors}", *files], check=True)
    run = subprocess.run([pathlib.Path(PROGRAMS) / "mayfly-access-table", form, descriptors, output],
                         capture_output=True, text=True, check=False)
    return run.returncode, output.read_text() if output.exists() else "", run.stderr


def service_with(tmp_path, body):
    """What it says of a service with one more method."""
    (tmp_path / "more.proto").write_text(f"""
syntax = "proto3";
package mayfly.more.v1;
import "mayfly/ca/v1/access.proto";
message GoodRequest {{}}
message MoreRequest {{}}
message Response {{}}
service MoreService {{
  rpc Good(GoodRequest) returns (Response) {{
    option (mayfly.ca.v1.access) = {{ roles: [ROLE_ADMIN] {CERTIFICATE} }};
  }}
  {body}
}}
""")
    return table_of(tmp_path, "header", (tmp_path, ROOT / "proto"), ("more.proto",))


def test_the_documented_table_is_current(tmp_path):
    status, table, errors = table_of(tmp_path, "markdown")
    assert (status, errors) == (0, "")
    told = re.search(r"^<!-- made by mayfly-access-table.*?-->\n(.*?)<!-- end -->",
                     DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    assert told and told[1] == table, f"put this into {DOCUMENT}:\n{table}"


def more(options):
    return f"rpc More(MoreRequest) returns (Response) {options}"


def declared(inner):
    return more("{ option (mayfly.ca.v1.access) = { " + inner + " }; }")


def test_a_declared_method_is_fine(tmp_path):
    status, header, errors = service_with(
        tmp_path, declared(f"roles: [ROLE_AUDITOR, ROLE_ADMIN] {CERTIFICATE}"))
    assert (status, errors) == (0, "")
    assert "1u << ROLE_AUDITOR | 1u << ROLE_ADMIN" in header
    assert "AccessOf<mayfly::more::v1::MoreRequest>" in header


@pytest.mark.parametrize("body, complaint", [
    (more(";"), "does not declare who may call it"),
    (more("{ option deprecated = true; }"), "does not declare who may call it"),
    (declared(""), "names no Role"),
    (declared(CERTIFICATE), "names no Role"),
    (declared("roles: [ROLE_ADMIN]"), "names no Credential"),
    (declared(f"roles: [ROLE_UNSPECIFIED] {CERTIFICATE}"), "names Role 0"),
    (declared(f"roles: [ROLE_ADMIN, ROLE_ADMIN] {CERTIFICATE}"), "names Role 5"),
    (declared("roles: [ROLE_ADMIN] credentials: [CREDENTIAL_UNSPECIFIED]"), "names Credential 0"),
    (declared(f"roles: [ROLE_ADMIN] {CERTIFICATE}").replace("MoreRequest", "GoodRequest"),
     "shares mayfly.more.v1.GoodRequest"),
])
def test_a_method_without_a_good_declaration_does_not_build(body, complaint, tmp_path):
    status, header, errors = service_with(tmp_path, body)
    assert status == 1 and header == ""
    assert f"error: mayfly.more.v1.MoreService/More {complaint}" in errors


def test_the_build_asks_before_it_compiles_the_api():
    """The table is made by a command of the build, whose failure is the build's."""
    text = (ROOT / "proto/CMakeLists.txt").read_text()
    assert "COMMAND mayfly-access-table header" in text
    assert "set(generated ${access_table})" in text
    assert '"mayfly/ca/v1/certificate_authority.access.pb.h"' in (
        ROOT / "ca-server/rpc/access.h").read_text()
