"""Run by the Python that has pkilint: lints the certificates on standard input, a line of base64 each,
by RFC 5280, and writes a line of JSON for each: its findings from WARNING up."""

import base64
import json
import multiprocessing
import sys

from pkilint import loader
from pkilint.pkix import certificate, extension, name
from pkilint.validation import ValidationFindingSeverity

PROCESSES = 2


def make_linter():
    """Everything that pkilint knows of RFC 5280 and the RFCs around it."""
    return certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS,
                                               extension.EXTENSION_MAPPINGS),
        [certificate.create_issuer_validator_container([]),
         certificate.create_validity_validator_container(),
         certificate.create_subject_validator_container([]),
         certificate.create_extensions_validator_container([]),
         certificate.create_spki_validator_container([])])


LINTER = make_linter()


def judge(line):
    """The findings about one certificate: [code, where, what]."""
    try:
        parsed = loader.load_certificate(base64.b64decode(line), "certificate")
    except ValueError as error:
        return [["cannot be read", "", str(error)]]
    return [[found.finding.code, result.node.path, found.message or ""]
            for result in LINTER.validate(parsed.root) for found in result.finding_descriptions
            if found.finding.severity <= ValidationFindingSeverity.WARNING]


if __name__ == "__main__":
    with multiprocessing.Pool(PROCESSES) as pool:
        for findings in pool.imap(judge, sys.stdin.read().split(), chunksize=16):
            print(json.dumps(findings))
