#!/usr/bin/env python3
"""Makes corpus.jsonl: requests with one defect each, the rule that refuses it, and a twin of each
without the defect. Every defect is signed over by the right key, wherever there is one, so that the
request reaches the rule that it aims at. Written with python3-cryptography and a DER writer of its
own (parts.py); run it in this folder. Keys and signatures are new in each run.

Each line has: id, class, what (is wrong), rule, csr and twin (base64), and profile, the keys that are
allowed: "every-key", or "default-keys", which is without P-521.
"""

import base64
import json
import re
import sys

import keys
import names
import signatures
import structure

CASES_MIN = 300


def slug(text):
    return re.sub(r"[^a-z0-9+*_.:~@-]+", "-", text.lower().replace("*", "star")).strip("-")


def entries():
    for module in (structure, names, keys, signatures):
        for of_class, makers in module.CLASSES.items():
            for case in (case for maker in makers for case in maker()):
                yield {"id": f"{of_class}/{slug(case.what)}", "class": of_class, "what": case.what,
                       "rule": case.rule, "profile": case.profile,
                       "csr": base64.b64encode(case.csr).decode(),
                       "twin": base64.b64encode(case.twin).decode()}


def main():
    made = list(entries())
    ids = [entry["id"] for entry in made]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice or len(made) < CASES_MIN:
        sys.exit(f"{len(made)} cases; ids that come twice: {twice}")
    with open("corpus.jsonl", "w", encoding="ascii") as out:
        for entry in made:
            out.write(json.dumps(entry) + "\n")


if __name__ == "__main__":
    main()
