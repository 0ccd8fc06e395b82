"""A second SoftHSM token for a ./quickstart, served by a mayfly-signer of its own."""

import os
import secrets
import signal
import subprocess

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness.authority import wait_for

TOKEN = "hsm-b"
SIGNER = """
module = "{module}"
pin_file = "pin-b"
socket = "{socket}"
state_directory = "signer-b-state"
workers = 2
"""
KEY = """
[[key]]
uri = "pkcs11:token={token};object={name}"
purposes = ["certificate", "crl"]
"""


class SecondToken:
    """Made in the CA's SoftHSM. With a shim before it, that one's faults are this token's alone."""

    def __init__(self, authority, keys, shim=None):
        self.authority = authority
        self.socket = authority.sockets / "signer-b.sock"
        self.log = authority.home / "logs/signer-b.log"
        self.process = None
        if shim:
            authority.environment["MAYFLY_PKCS11_SHIM"] = str(shim.folder)
        pin = secrets.token_hex(8)
        authority.run("softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--so-pin",
                      secrets.token_hex(8), "--pin", pin)
        pin_file = authority.home / "pin-b"
        pin_file.touch(0o600)
        pin_file.write_text(pin + "\n")
        module = authority.programs / "mayfly-pkcs11-shim.so" if shim else self.module()
        self.config = authority.home / "signer-b.toml"
        self.config.write_text(SIGNER.format(module=module, socket=self.socket) + "".join(
            KEY.format(token=TOKEN, name=name) for name in keys))

    def module(self):
        """The real one, as ./quickstart found it."""
        for line in (self.authority.home / "signer.toml").read_text().splitlines():
            if line.startswith("module = "):
                return line.split('"')[1]
        raise KeyError("module")

    def import_key(self, name):
        """A fresh P-256 key, into this token and into the first: a replicated pair's one key."""
        file = self.authority.home / f"{name}.key"
        file.write_bytes(ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        pins = {TOKEN: self.authority.home / "pin-b", "mayfly": self.authority.home / "softhsm/pin"}
        identifier = secrets.token_hex(8)
        for token, pin in pins.items():
            self.authority.run("softhsm2-util", "--import", file, "--token", token, "--label", name,
                               "--id", identifier, "--pin", pin.read_text().strip())
        file.unlink()

    def generate_key(self, name):
        """A key that is in this token alone."""
        self.authority.run(self.authority.programs / "mayfly-signer", "generate-key", "--config",
                           self.config, "--uri", f"pkcs11:token={TOKEN};object={name}", "--type",
                           "p256")

    def start(self):
        """Starts its signer."""
        environment = dict(self.authority.environment,
                           SOFTHSM2_CONF=str(self.authority.home / "softhsm/softhsm2.conf"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.authority.programs / "mayfly-signer", "serve", "--config", self.config],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(self.socket.exists, 20, "the second signer")

    def kill(self):
        """SIGKILL to the supervisor; its workers go with it."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def stop(self):
        """SIGTERM, where it runs."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
