"""One CA of ./quickstart in a folder of its own, and the faults that befall it."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
COMMAND_SECONDS_MAX = 300


def wait_for(condition, seconds, what):
    """Polls until `condition()` is true; gives its value."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(0.05)


class Authority:
    """Runs ./quickstart below `home`, with the programs of the test build."""

    def __init__(self, home, programs):
        self.home = pathlib.Path(home)
        self.programs = pathlib.Path(programs)
        self.failpoints = self.home.parent / f"{self.home.name}-failpoints"
        self.failpoints.mkdir(parents=True, exist_ok=True)
        self.environment = dict(
            os.environ,
            MAYFLY_HOME=str(self.home),
            MAYFLY_BIN_DIR=str(self.programs),
            MAYFLY_FAILPOINT_DIR=str(self.failpoints),
            TERM="dumb",
            # Leaks are judged by the unit and contract tests. A program that ends while gRPC's own
            # threads still run is not a leak, and looks like one.
            # What is freed is kept aside for a while, to find who still uses it: 256 MB a process.
            ASAN_OPTIONS="detect_leaks=0:quarantine_size_mb=32",
        )
        self.environment.pop("MAYFLY_CONFIG", None)

    # --- commands

    def run(self, *command, check=True, seconds=COMMAND_SECONDS_MAX):
        """Runs a program in the CA's environment; gives what subprocess.run gives."""
        environment = dict(self.environment, SOFTHSM2_CONF=str(self.home / "softhsm/softhsm2.conf"))
        done = subprocess.run([str(word) for word in command], cwd=ROOT, env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=seconds, check=False)
        assert not check or done.returncode == 0, (
            f"{' '.join(map(str, command))} -> {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def quickstart(self, *arguments, check=True):
        """./quickstart ARGUMENTS."""
        return self.run(ROOT / "quickstart", *arguments, check=check)

    def cli(self, *arguments, check=True):
        """The program mayfly as the operator."""
        return self.run(self.programs / "mayfly", "--config", self.home / "client.toml",
                        *arguments, check=check)

    def ca_command(self, name, *arguments, check=True):
        """A command of mayfly-ca with the CA's configuration."""
        return self.run(self.programs / "mayfly-ca", name, "--config", self.home / "ca.toml",
                        *arguments, check=check)

    def configure(self, text):
        """Adds to the server's configuration, and starts the CA with it."""
        (self.home / "ca.more.toml").write_text(text)
        self.start()

    def start(self, part=None):
        """Starts the CA, or one part: database, signer or server."""
        self.quickstart("start", *([part] if part else []))

    def stop(self, part=None):
        """Stops the CA, or one part."""
        self.quickstart("stop", *([part] if part else []))

    def destroy(self):
        """Stops the CA and deletes it."""
        self.clear_failpoints()
        self.quickstart("reset", check=False)
        shutil.rmtree(self.failpoints, ignore_errors=True)

    # --- where things are

    def port(self, name):
        """The port of the listener grpc, enrolment, http or private."""
        for line in (self.home / "ports").read_text().splitlines():
            key, value = line.split("=")
            if key == name:
                return int(value)
        raise KeyError(name)

    @property
    def root_file(self):
        """The root's certificate, PEM."""
        return self.home / "ca/root.pem"

    @property
    def chain_file(self):
        """The issuing CA's certificate, PEM."""
        return self.home / "ca/chain.pem"

    @property
    def sockets(self):
        """The folder of sockets and pid files."""
        return (self.home / "run").resolve()

    @property
    def log(self):
        """The server's log so far."""
        return (self.home / "logs/server.log").read_text()

    # --- processes

    def pid(self, part):
        """The process id of server, signer or database."""
        if part == "database":
            return int((self.home / "postgres/data/postmaster.pid").read_text().split("\n")[0])
        return int((self.sockets / f"{part}.pid").read_text())

    def workers(self):
        """The process ids of the signer's workers."""
        pid = self.pid("signer")
        return [int(word) for word in
                pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill(self, part):
        """SIGKILL, and waits until it is gone."""
        pid = self.pid(part)
        os.kill(pid, signal.SIGKILL)
        self.wait_gone(pid)

    @staticmethod
    def is_gone(pid):
        """Whether a process has ended (a zombie has)."""
        try:
            state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        return state in "ZX"

    def wait_gone(self, pid, seconds=20):
        """Waits until a process has ended."""
        wait_for(lambda: self.is_gone(pid), seconds, f"end of process {pid}")

    # --- failpoints (base/failpoint.h)

    def set_failpoint(self, name, action):
        """Arms a failpoint, atomically."""
        temporary = self.failpoints / f".{name}"
        temporary.write_text(action + "\n")
        temporary.rename(self.failpoints / name)

    def clear_failpoint(self, name):
        """Disarms it; what pauses there goes on."""
        with contextlib.suppress(FileNotFoundError):
            (self.failpoints / name).unlink()

    def clear_failpoints(self):
        """Disarms all."""
        for path in self.failpoints.iterdir():
            self.clear_failpoint(path.name)

    @contextlib.contextmanager
    def failpoint(self, name, action):
        """Armed inside a with block."""
        self.set_failpoint(name, action)
        try:
            yield
        finally:
            self.clear_failpoint(name)


def choose_ports(authority):
    """Gives a CA ports that are free now, so that CAs of one test run do not meet."""
    sockets = [socket.socket() for _ in range(4)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    authority.home.mkdir(parents=True, exist_ok=True)
    names = ("grpc", "enrolment", "http", "private")
    (authority.home / "ports").write_text("".join(
        f"{name}={each.getsockname()[1]}\n" for name, each in zip(names, sockets)))
    for each in sockets:
        each.close()
