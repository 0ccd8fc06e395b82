"""Programs in Go: other implementations that judge ours. Modules come from Go's proxy and are pinned
by the hashes of go.sum; what is fetched and built lies in build/go."""

import functools
import os
import pathlib
import shutil
import subprocess

from harness.authority import ROOT

HERE = pathlib.Path(__file__).parent
FOLDER = ROOT / "build/go"
BUILD_SECONDS_MAX = 600  # Go's standard library too, the first time


@functools.lru_cache(maxsize=None)
def build(name):
    """Builds harness/NAME. Gives the program, or nothing, and what stands in the way."""
    if not shutil.which("go"):
        return None, "go is not installed"
    program = FOLDER / "bin" / name
    environment = os.environ | {"GOPATH": str(FOLDER), "GOCACHE": str(FOLDER / "cache"),
                                "GOFLAGS": "-mod=readonly -modcacherw", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    for command in (["go", "mod", "download"], ["go", "build", "-o", program, "."]):
        done = subprocess.run(command, cwd=HERE / name, env=environment, capture_output=True,
                              text=True, timeout=BUILD_SECONDS_MAX, check=False)
        if done.returncode:
            said = (done.stdout + done.stderr).strip().splitlines()
            # What does not compile is a defect; what cannot be fetched is the machine's.
            assert command[1] == "mod", said
            return None, f"Go's modules cannot be fetched: {said[-1] if said else done.returncode}"
    return program, None
