"""The repository as the tests of this folder see it."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
CODE_FOLDERS = ("ca-server", "hsm", "clients", "schema", "proto", "tests")


def cpp_files(*folders):
    """Every C++ source and header below the given folders (all code folders by default)."""
    for folder in folders or CODE_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".cc", ".h") and path.is_file():
                yield path


def shell_scripts():
    """Every shell script that git knows, or would add."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    for name in listed:
        path = ROOT / name
        if path.suffix == ".sh" or (path.is_file() and _first_line_is_shell(path)):
            yield path


def _first_line_is_shell(path):
    with path.open("rb") as file:
        return re.match(rb"#!.*\b(ba)?sh\b", file.readline(200)) is not None


def included(path):
    """The files that `path` includes in quotes, as written."""
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.MULTILINE)


def included_system(path):
    """The headers that `path` includes in angle brackets."""
    return re.findall(r"^\s*#\s*include\s+<([^>]+)>", path.read_text(), re.MULTILINE)
