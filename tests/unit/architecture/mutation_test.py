"""Every planted defect of tests/mutation can still be planted; ./run-tests --full plants them."""

import subprocess
import sys

from source_tree import ROOT


def test_every_mutation_applies():
    run = subprocess.run([sys.executable, ROOT / "tests/mutation/run", "--check"],
                         capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{run.stdout}mend it in tests/mutation"
