"""The program mayfly on a real terminal, and without one. Needs no CA."""

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import termios

import pytest

from harness.authority import ROOT

GOLDEN = ROOT / "tests/golden/cli"
SECONDS_MAX = 60
ESCAPE = "\x1b"


class Program:
    """mayfly in a folder and a home of its own."""

    def __init__(self, program, place):
        self.program, self.place = program, place
        contexts = place / "config/mayfly/contexts"
        contexts.mkdir(parents=True)
        (contexts / "prod.toml").write_text(
            f'server = "ca.with-a-long-name.internal"\ntrust = "{GOLDEN}/roots.pem"\n')
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(place), "TERM": "xterm",
                            "XDG_CONFIG_HOME": str(place / "config")}

    def piped(self, *arguments):
        """stdout and stderr where neither is a terminal."""
        return subprocess.run([self.program, *map(str, arguments)], cwd=self.place,
                              env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=SECONDS_MAX, check=False)

    def on_terminal(self, columns, *arguments, answer=None, **environment):
        """All that appears on a terminal of this width, and the exit code."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        child = subprocess.Popen([self.program, *map(str, arguments)], cwd=self.place,
                                 env={**self.environment, **environment}, stdin=theirs,
                                 stdout=theirs, stderr=theirs)
        os.close(theirs)
        if answer:
            os.write(ours, answer.encode())
        seen = _read_all(ours)
        os.close(ours)
        return seen.replace("\r\n", "\n"), child.wait(SECONDS_MAX)


def _read_all(descriptor):
    seen = b""
    while select.select([descriptor], [], [], SECONDS_MAX)[0]:
        try:
            some = os.read(descriptor, 65536)
        except OSError:  # EIO: the last one who had it open is gone
            break
        if not some:
            break
        seen += some
    return seen.decode()


@pytest.fixture
def mayfly(programs, tmp_path):
    return Program(programs / "mayfly", tmp_path)


def longest_line(text):
    return max(len(line) for line in text.splitlines())


VERIFY = ("verify", GOLDEN / "expired.crt", "--roots", GOLDEN / "roots.pem")


@pytest.mark.parametrize("columns", [80, 200])
def test_tables_fit_the_terminal(mayfly, columns):
    listed, code = mayfly.on_terminal(columns, "context", "list")
    assert code == 0 and "prod" in listed and longest_line(listed) <= columns
    whole = mayfly.piped("context", "list").stdout
    assert str(mayfly.place / "config/mayfly/contexts/prod.toml") in whole
    shown, code = mayfly.on_terminal(columns, "inspect", GOLDEN / "web.internal.crt")
    assert code == 0 and longest_line(shown) <= 80 and len(shown.splitlines()) <= 8


def test_colors_are_for_terminals_that_want_them(mayfly):
    assert ESCAPE in mayfly.on_terminal(80, *VERIFY)[0]
    assert ESCAPE not in mayfly.on_terminal(80, *VERIFY, NO_COLOR="1")[0]
    assert ESCAPE not in mayfly.on_terminal(80, *VERIFY, TERM="dumb")[0]
    piped = mayfly.piped(*VERIFY)
    assert ESCAPE not in piped.stdout + piped.stderr


def test_data_goes_to_stdout_and_all_else_to_stderr(mayfly):
    piped = mayfly.piped(*VERIFY, "-o", "json")
    assert piped.returncode == 1
    assert json.loads(piped.stdout)["verified"] is False
    assert "[verify.dates]" in piped.stderr and "Try:" in piped.stderr


def test_json_has_the_protos_names(mayfly):
    record = json.loads(mayfly.piped("inspect", GOLDEN / "web.internal.crt", "--json").stdout)
    proto = (ROOT / "proto/mayfly/ca/v1/certificate_authority.proto").read_text()
    message = proto[proto.index("message Certificate {"):proto.index("message RenewalWindow {")]
    assert record["not_after_time"] == "2026-03-07T23:59:59Z"
    assert all(f" {name} = " in message for name in record), record.keys()


def test_a_question_is_asked_on_the_terminal(mayfly):
    context = mayfly.place / "config/mayfly/contexts/prod.toml"
    seen, code = mayfly.on_terminal(80, "context", "remove", "prod", answer="n\n")
    assert "[y/N]" in seen and code == 1 and context.exists()
    assert mayfly.piped("context", "remove", "prod").returncode == 2 and context.exists()
    _, code = mayfly.on_terminal(80, "context", "remove", "prod", answer="y\n")
    assert code == 0 and not context.exists()
