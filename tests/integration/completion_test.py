"""Words completed by the shells themselves. Needs no CA."""

import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

SECONDS_MAX = 60
needs_zsh = pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh")
needs_fish = pytest.mark.skipif(not shutil.which("fish"), reason="there is no fish")

# What is typed, before TAB and the end of the line; the arguments that the program then gets.
TYPED = {
    "mayfly needs": ["needs-renewal"],
    "mayfly context sh": ["context", "show"],
    "mayfly list --output ya": ["list", "--output", "yaml"],
    "mayfly list --output=ya": ["list", "--output=yaml"],
    "mayfly list --context pr": ["list", "--context", "production"],
    "mayfly list --context=pr": ["list", "--context=production"],
    "mayfly context use pr": ["context", "use", "production"],
    "mayfly inspect le": ["inspect", "leaf.crt"],
    "mayfly list --trust=le": ["list", "--trust=leaf.crt"],
    "mayfly issue --out=pl": ["issue", "--out=places/"],
    "mayfly poli": ["policy"],  # though there is a folder of this name
}


@pytest.fixture
def place(programs, tmp_path):
    """A home with a mayfly that says what it was called with, and everybody's completion."""
    for name in ("bin", "functions", ".config/fish/completions", "work/places", "work/policy"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "work/leaf.crt").touch()
    fake = tmp_path / "bin/mayfly"
    fake.write_text('#!/bin/sh\ncase "$*" in "context list -o name") echo production; exit ;; esac\n'
                    'printf "called"; printf "<%s>" "$@"; echo\n')
    fake.chmod(0o755)
    for shell, file in (("bash", "mayfly.bash"), ("zsh", "functions/_mayfly"),
                        ("fish", ".config/fish/completions/mayfly.fish")):
        script = subprocess.run([programs / "mayfly", "completion", shell], check=True,
                                capture_output=True)
        (tmp_path / file).write_bytes(script.stdout)
    (tmp_path / ".bashrc").write_text('PS1="ready> "\nsource ~/mayfly.bash\n')
    (tmp_path / ".zshrc").write_text('PROMPT="ready> "\nfpath=(~/functions $fpath)\n'
                                     'autoload -Uz compinit\ncompinit -u -D\n'
                                     'setopt no_auto_remove_slash  # at the end of the line\n')
    return tmp_path


def _surroundings(place):
    return {"HOME": str(place), "ZDOTDIR": str(place), "TERM": "xterm", "LC_ALL": "C.UTF-8",
            "PATH": f"{place / 'bin'}:{os.environ['PATH']}"}


def _read_until(descriptor, pattern):
    """What appears until the pattern has; all of it where it does not."""
    seen, ends = "", time.monotonic() + SECONDS_MAX
    while not re.search(pattern, seen) and time.monotonic() < ends:
        if select.select([descriptor], [], [], 1)[0]:
            seen += os.read(descriptor, 65536).decode(errors="replace")
    return seen


def type_into(shell, place, line):
    """The arguments that mayfly gets when this, TAB and the end of the line are the first that is
    typed into a new shell."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(shell, cwd=place / "work", env=_surroundings(place), stdin=theirs,
                          stdout=theirs, stderr=theirs, start_new_session=True) as child:
        os.close(theirs)
        try:
            _read_until(ours, "ready> ")
            os.write(ours, line.encode() + b"\t\n")
            seen = _read_until(ours, r"called.*\n")
        finally:
            child.kill()
            os.close(ours)
    called = re.search(r"called(.*)", seen)
    assert called, seen
    return re.findall("<([^>]*)>", called[1])


@pytest.mark.parametrize("line", TYPED)
def test_bash(place, line):
    assert type_into(["bash", "--noprofile", "-i"], place, line) == TYPED[line]


@needs_zsh
@pytest.mark.parametrize("line", TYPED)
def test_zsh_with_the_first_tab_of_a_session(place, line):
    assert type_into(["zsh", "--no-global-rcs", "-i"], place, line) == TYPED[line]


@needs_zsh
def test_zsh_where_the_script_is_sourced(place):
    with (place / ".zshrc").open("a") as file:
        file.write("source ~/functions/_mayfly\n")
    assert type_into(["zsh", "--no-global-rcs", "-i"], place, "mayfly needs") == ["needs-renewal"]


@needs_fish
@pytest.mark.parametrize("line", TYPED)
def test_fish(place, line):
    offered = subprocess.run(["fish", "-c", f"complete -C '{line}'"], cwd=place / "work",
                             env=_surroundings(place), capture_output=True, text=True,
                             timeout=SECONDS_MAX, check=True).stdout
    assert [word.split("\t")[0] for word in offered.splitlines()] == TYPED[line][-1:]


@needs_zsh
def test_zsh_reads_where_it_is_installed(programs):
    """Debian's zsh looks below /usr/local in one place only."""
    installing = (programs.parent / "clients/cmake_install.cmake").read_text()
    folder = re.search(r'"\${CMAKE_INSTALL_PREFIX}/(share/zsh/[^"]*)"', installing)[1]
    prefix = re.search(r'set\(CMAKE_INSTALL_PREFIX "([^"]*)"\)', installing)[1]
    searched = subprocess.run(["zsh", "-f", "-c", "print -l $fpath"], capture_output=True, text=True,
                              timeout=SECONDS_MAX, check=True).stdout.splitlines()
    if prefix not in ("/usr", "/usr/local"):
        pytest.skip(f"it is built to be installed in {prefix}")
    assert f"{prefix}/{folder}" in searched
