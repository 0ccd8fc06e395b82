#!/usr/bin/env python3
"""Adds up JUnit results below a folder and prints "N passed, N failed, N skipped".

GoogleTest binaries write one file each into FOLDER/<name>/, ctest one for all of them
(FOLDER/<name>.ctest.xml), pytest one a run (*.pytest.xml). What is in ctest's only counts as one: a
test binary that died before it wrote its file as a failure, a replayed corpus as what it was.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def count_cases(path):
    """Counts test cases of one JUnit file as (passed, failed, skipped)."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            # GoogleTest lists disabled tests as "notrun"; a test left out by a filter is not listed.
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def binaries(ctest_file):
    """What ctest ran, as (name, whether it failed)."""
    for case in ElementTree.parse(ctest_file).iter("testcase"):
        yield case.get("name"), case.get("status") != "run" or case.find("failure") is not None


def main():
    folder = pathlib.Path(sys.argv[1])
    totals = [0, 0, 0]
    for path in sorted(folder.rglob("*.xml")):
        if path.name.endswith(".ctest.xml"):
            continue
        totals = [a + b for a, b in zip(totals, count_cases(path))]
    for path in sorted(folder.glob("*.ctest.xml")):
        for name, failed in binaries(path):
            written = folder / path.name.removesuffix(".ctest.xml") / f"{name}.xml"
            if failed and (not written.exists() or count_cases(written)[1] == 0):
                print(f"{name} failed outside of its test cases (crash, leak or timeout)")
                totals[1] += 1
            elif not failed and not written.exists():
                totals[0] += 1
    passed, failed, skipped = totals
    if passed + failed == 0:
        print("no test ran")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
