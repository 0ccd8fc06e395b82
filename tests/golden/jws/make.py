#!/usr/bin/env python3
"""Makes wycheproof.json: the vectors of Project Wycheproof for signatures by public keys.

    make.py FOLDER      a checkout of https://github.com/C2SP/wycheproof

Taken are the groups with a public key of testvectors_v1/json_web_signature_test.json, each vector with
its number, comment, token and verdict. They are Copyright Google and the project's contributors,
under the Apache License 2.0 (LICENSE beside this file).
"""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = "testvectors_v1/json_web_signature_test.json"


def groups_of(vectors):
    for group in vectors["testGroups"]:
        if "public" not in group:
            continue  # a secret: we have no algorithm for it
        yield {"comment": group["comment"], "key": group["public"],
               "tests": [{"id": test["tcId"], "comment": test["comment"], "jws": test["jws"],
                          "result": test["result"]}
                         for test in group["tests"] if isinstance(test["jws"], str)]}


def main():
    vectors = json.loads((pathlib.Path(sys.argv[1]) / SOURCE).read_text())
    made = {"source": f"C2SP/wycheproof {SOURCE}", "licence": "Apache-2.0",
            "groups": list(groups_of(vectors))}
    (HERE / "wycheproof.json").write_text(json.dumps(made, indent=0) + "\n")


if __name__ == "__main__":
    main()
