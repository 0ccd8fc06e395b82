"""Formatting, sizes and the syntax of scripts."""

import re
import shutil
import subprocess

import pytest

from source_tree import ROOT, cpp_files, shell_scripts

FORMATTER = "clang-format-19"  # its output differs between versions, so only this one counts
FILE_LINES_MAX = 600


def test_clang_format():
    if not shutil.which(FORMATTER):
        pytest.skip(f"{FORMATTER} is not installed")
    files = [str(path) for path in cpp_files()]
    run = subprocess.run([FORMATTER, "--dry-run", "-Werror", "--style=file", *files], cwd=ROOT,
                         capture_output=True, text=True, check=False)
    wrong = sorted(set(re.findall(r"^(\S+?):\d+:", run.stderr, re.MULTILINE)))
    assert run.returncode == 0, f"run {FORMATTER} -i on: {' '.join(wrong)}"


def test_no_file_does_two_things():
    long = {str(p.relative_to(ROOT)): n for p in cpp_files()
            if (n := len(p.read_text().splitlines())) > FILE_LINES_MAX}
    assert not long, f"over {FILE_LINES_MAX} lines: {long}"


def test_scripts_exist():
    names = {path.name for path in shell_scripts()}
    assert {"quickstart", "run-tests", "run"} <= names


@pytest.mark.parametrize("script", shell_scripts(), ids=lambda p: str(p.relative_to(ROOT)))
def test_script_syntax(script):
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_shellcheck():
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    run = subprocess.run(["shellcheck", *map(str, shell_scripts())], capture_output=True,
                         text=True, check=False)
    assert run.returncode == 0, run.stdout
