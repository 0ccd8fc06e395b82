"""The PKCS#11 module that breaks as told (tests/pkcs11_shim), in front of a CA's token."""

import glob
import json
import os

REAL_MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/*/softhsm/libsofthsm2.so")


class Shim:
    """A module's folder: its script and its record."""

    def __init__(self, authority):
        self.folder = authority.home.parent / f"{authority.home.name}-shim"
        self.folder.mkdir()
        real = next(file for pattern in REAL_MODULES for file in glob.glob(pattern))
        (self.folder / "module").write_text(real + "\n")

    def serve(self, authority):
        """The CA's own signer loads it, from the CA's next start on."""
        authority.environment["MAYFLY_PKCS11_SHIM"] = str(self.folder)
        authority.environment["MAYFLY_PKCS11_MODULE"] = str(
            authority.programs / "mayfly-pkcs11-shim.so")

    def play(self, script):
        """From now on, as pkcs11_shim/script.h says it."""
        temporary = self.folder / "script.new"
        temporary.write_text(script)
        os.rename(temporary, self.folder / "script")

    def record(self, call=None, since=0.0):
        """What was asked of the token, oldest first; `since` is Unix time."""
        lines = (self.folder / "record").read_text().splitlines()
        entries = [json.loads(line) for line in lines]
        return [entry for entry in entries
                if call in (None, entry["call"]) and entry["time_us"] >= since * 1e6]

    def hung(self):
        """The processes that hang, or did until they were ended."""
        return {entry["pid"] for entry in self.record() if "hang" in entry.get("fault", "")}

    def has_struck(self, fault, since):
        """Whether a fault's text was seen."""
        return any(fault in entry.get("fault", "").split(", ") for entry in self.record(since=since))
