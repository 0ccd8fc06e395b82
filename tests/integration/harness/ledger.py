"""The database as it is, read past the server."""

import contextlib

import psycopg2
from cryptography import x509


def connect(authority, role="mayfly_owner"):
    """A connection of one role, each statement its own transaction."""
    connection = psycopg2.connect(host=str(authority.sockets / "database"), dbname="mayfly", user=role,
                                  connect_timeout=10, options="-c search_path=mayfly")
    connection.autocommit = True
    return connection


def query(authority, statement, parameters=(), role="mayfly_owner"):
    """All rows of one statement; nothing where it gives none."""
    with contextlib.closing(connect(authority, role)) as connection, connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def count_records(authority):
    """How many certificates were ever recorded."""
    return query(authority, "SELECT count(*) FROM issuance")[0][0]


SIGNED, ABANDONED = 1, 2


def records_of_request(authority, request_id):
    """(serial in hex, outcome or None) of every attempt of a request id, oldest first."""
    rows = query(authority, """
        SELECT encode(q.serial, 'hex'), o.kind FROM request q
        LEFT JOIN outcome o USING (serial, issuer_id)
        WHERE q.request_id = %s ORDER BY q.attempt""", (request_id,))
    return [(serial, outcome) for serial, outcome in rows]


def assert_holds(authority, der):
    """What a client received is in the ledger, issued, with those very bytes."""
    certificate = x509.load_der_x509_certificate(der)
    serial = certificate.serial_number.to_bytes(20, "big")
    rows = query(authority, """
        SELECT i.tbs, o.kind, o.signature FROM issuance i JOIN outcome o USING (serial, issuer_id)
        WHERE serial = %s""", (serial,))
    assert len(rows) == 1, f"{serial.hex()} was released and has {len(rows)} outcomes"
    tbs, kind, signature = rows[0]
    assert kind == SIGNED
    assert bytes(tbs) == certificate.tbs_certificate_bytes
    assert bytes(signature) == certificate.signature
