"""The audit log: whatever was altered up to the last checkpoint is found without the CA, nothing is
released without a checkpoint, and Go's own implementations take what it signs."""

import contextlib
import copy
import json
import random
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

import grpc
import pytest

from harness import api, go, ledger, ocsp
from harness.authority import wait_for
from harness.csr import make_csr
from harness.dump import Dump, pg_dump, without_tables

Code = grpc.StatusCode
AGE_MAX_SECONDS = 5
HEALING_SECONDS_MAX = 15
SEED = 20261127
POINTS = ("closed", "grown", "committed", "flushed", "signed", "published")
KINDS = {"event": "mayfly.event", "revocation": "mayfly.revocation",
         "outcome": "mayfly_partitions.outcome", "record": "mayfly_partitions.issuance"}


def verify(authority, folder, dump=None, *options):
    """`mayfly audit verify` of a copy of the log: its exit status, and what it found."""
    arguments = ["--dump", dump] if dump else []
    done = authority.run(authority.programs / "mayfly", "audit", "verify", folder, *arguments,
                         "-o", "json", *options, check=False)
    assert done.returncode in (0, 1), done.stderr
    said = json.loads(done.stdout)
    assert said["verified"] == (done.returncode == 0)
    return said


def export(authority, folder):
    """A copy of the log, through the API."""
    authority.cli("audit", "export", folder)
    return folder


class Evidence:
    """A log with everything in it, and a dump of the database that it is of."""

    def __init__(self, ca, folder):
        self.ca = ca
        with contextlib.closing(api.operator(ca)) as operator:
            serials = [operator.issue(make_csr(f"h{i}.internal"), request_id=api.make_request_id())
                       .certificate.serial_number for i in range(40)]
            for serial in serials[::4]:
                operator.revoke(serial, reason=5)
            for _ in range(5):  # denials
                with pytest.raises(api.Refused):
                    operator.issue(make_csr("www.example.com"))
            for _ in range(3):  # intents, which revoking abandons
                with ca.failpoint("issuance.signed", "error"), pytest.raises(api.Refused):
                    operator.issue(make_csr("intent.internal"))
            for serial, in ledger.query(ca, "SELECT encode(serial, 'hex') FROM issuance LEFT JOIN outcome "
                                            "USING (serial, issuer_id) WHERE kind IS NULL"):
                operator.revoke(serial, reason=5)
            operator.apply_policy(operator.policy().policy_text + "\n# audited\n")
        self.log = export(ca, folder / "log")
        self.file = folder / "ledger.sql"
        self.text = pg_dump(ca)
        self.file.write_text(self.text)

    def write(self, dump, name):
        path = self.file.with_name(name)
        path.write_text(dump.text())
        return path


@pytest.fixture(scope="module")
def evidence(module_authority, tmp_path_factory):
    """See Evidence."""
    return Evidence(module_authority, tmp_path_factory.mktemp("evidence"))


def test_what_was_not_altered_verifies(evidence):
    said = verify(evidence.ca, evidence.log, evidence.file)
    assert said["findings"] == [], said
    assert said["size"] == said["entries"] == said["compared"] > 60
    assert said["dropped"] == 0 and said["later"] == 0
    # The CA's own folder too, and without a database.
    assert verify(evidence.ca, evidence.ca.home / "audit")["verified"]
    kinds = {entry["kind"] for entry in json.loads(evidence.ca.cli(
        "audit", "list", "--limit", "0", "-o", "json").stdout)["entries"]}
    assert kinds == {"issued", "abandoned", "revoked", "event"}


class Mutations:
    """Random alterations of one row or two, none of which leaves the ledger as it was."""

    def __init__(self, seed, last_tick):
        self.random = random.Random(seed)
        self.last_tick = last_tick
        self.actions = (self.delete, self.edit, self.duplicate, self.reorder, self.truncate, self.postpone)
        self.of_issuers = (self.delete_issuer, self.edit_issuer, self.duplicate_issuer, self.move,
                           self.move_to_duplicate, self.unname)

    def apply(self, dump):
        """Alters; gives what was done, in words."""
        if self.random.random() < 0.2:
            action = self.random.choice(self.of_issuers)
            return f"{action.__name__}: {action(dump)}"
        while True:
            kind = self.random.choice(tuple(KINDS))
            tables = dump.tables(KINDS[kind])
            action = self.random.choice(self.actions)
            said = action(kind, self.random.choice(tables)) if tables else None
            if said:
                return f"{action.__name__} {kind}: {said}"

    def delete(self, _kind, table):
        row = self.random.choice(table.rows)
        table.rows.remove(row)
        return row

    def edit(self, _kind, table):
        row = self.random.choice(table.rows)
        column = self.random.randrange(len(table.columns))
        before = row[column]
        row[column] = self.other(before)
        return f"{table.columns[column]} {before} -> {row[column]}"

    def other(self, field):
        """A field of the same form with another value."""
        if field == "\\N":
            return "\\\\x01"
        places = [i for i, c in enumerate(field) if c.isalnum() and not field.startswith("\\\\x", i - 2)]
        if not places:
            return field + "x"
        place = self.random.choice(places)
        old = field[place]
        digits = "0123456789" if old.isdigit() else "abcdef" if old in "abcdef" else "ghijk"
        return field[:place] + self.random.choice([c for c in digits if c != old]) + field[place + 1:]

    def duplicate(self, _kind, table):
        row = list(self.random.choice(table.rows))
        if self.random.random() < 0.5:  # under another key
            row[0] = self.other(row[0])
        table.rows.append(row)
        return row

    def reorder(self, _kind, table):
        """Two rows change places: one's tick, time or number is the other's."""
        if len(table.rows) < 2:
            return None
        first, second = self.random.sample(table.rows, 2)
        columns = [c for c in ("tick", "number", "id", "decided_at", "recorded_at", "at", "revoked_at")
                   if c in table.columns]
        at = table.columns.index(self.random.choice(columns))
        if first[at] == second[at]:
            return None
        first[at], second[at] = second[at], first[at]
        return f"{table.columns[at]} {first[at]} <-> {second[at]}"

    def postpone(self, _kind, table):
        """Another row, of a tick that is not closed before the end of time."""
        row = list(self.random.choice(table.rows))
        row[0], row[table.columns.index("tick")] = self.other(row[0]), str(10 ** 12)
        return table.rows.append(row) or row

    def truncate(self, _kind, table):
        """The newest rows are gone."""
        at = table.columns.index("tick")
        newest = sorted({int(row[at]) for row in table.rows})[-self.random.randint(1, 3):]
        before = len(table.rows)
        table.rows[:] = [row for row in table.rows if int(row[at]) not in newest]
        return f"{before - len(table.rows)} rows"

    # --- issuers, of which entries have the name only

    def issuers(self, dump):
        """The table, and the row of the one that has entries."""
        table = dump.tables("mayfly.issuer")[0]
        return table, next(row for row in table.rows if table.at(row, "name") == "issuing-1")

    def delete_issuer(self, dump):
        table, row = self.issuers(dump)
        table.rows.remove(row)
        return row

    def edit_issuer(self, dump):
        table, row = self.issuers(dump)
        at = table.columns.index(self.random.choice(("id", "name")))
        row[at] = self.other(row[at])
        return row

    def duplicate_issuer(self, dump):
        """Another row with the id or the name of one."""
        table, _ = self.issuers(dump)
        row = list(self.random.choice(table.rows))
        at = table.columns.index(self.random.choice(("id", "name")))
        row[at] = "77" if row[at].isdigit() else "issuing-77"
        table.rows.insert(self.random.randint(0, len(table.rows)), row)
        return row

    def move(self, dump, to=None):
        """A row of a record becomes another issuer's."""
        tables, _ = self.issuers(dump)
        prefix = self.random.choice(("mayfly.revocation", "mayfly_partitions.outcome",
                                     "mayfly_partitions.issuance", "mayfly_partitions.request"))
        table = self.random.choice(dump.tables(prefix))
        row = self.random.choice(table.rows)
        at = table.columns.index("issuer_id")
        others = {tables.at(issuer, "id") for issuer in tables.rows} - {row[at]}
        row[at] = to or self.random.choice(sorted(others | {"78"}))
        return f"{table.name} {row}"

    def move_to_duplicate(self, dump):
        table, row = self.issuers(dump)
        twin = list(row)
        twin[table.columns.index("id")] = "77"
        table.rows.append(twin)
        if self.random.random() < 0.5:
            self.unname(dump)
        return self.move(dump, "77")

    def unname(self, dump):
        """Names of issuers are no longer unique."""
        at = next(i for i, part in enumerate(dump.parts)
                  if isinstance(part, str) and "ADD CONSTRAINT issuer_name_key" in part)
        del dump.parts[at - 1:at + 1]
        return "issuer_name_key"


def mutate_and_verify(evidence, count, seed):
    """Every one of so many mutations must be found."""
    last_tick = json.loads(evidence.ca.run(
        evidence.ca.programs / "mayfly", "audit", "list", "--log", evidence.log, "--limit", "1",
        "-o", "json").stdout)["entries"][0]["tick"]
    whole = Dump(evidence.text)
    mutations = Mutations(seed, last_tick)
    missed, done = [], 0
    while done < count:
        dump = copy.deepcopy(whole)
        said = mutations.apply(dump)
        path = evidence.write(dump, "mutated.sql")
        result = evidence.ca.run(evidence.ca.programs / "mayfly", "audit", "verify", evidence.log,
                                 "--dump", path, "-o", "json", check=False)
        done += 1
        # A row that no longer reads is refused as a whole (2).
        if result.returncode == 0:
            missed.append(said)
    assert not missed, f"seed {seed}: {len(missed)} of {count} not found: {missed[:10]}"


def test_mutations_are_found(evidence):
    mutate_and_verify(evidence, 60, SEED)


@pytest.mark.tier("full")
def test_a_thousand_mutations_are_found(evidence):
    mutate_and_verify(evidence, 1000, SEED + 1)


# In the database itself, as its owner can: (what, statement).
NEWEST = "(SELECT serial FROM outcome ORDER BY serial DESC LIMIT 1)"
TAMPERING = (
    ("an event deleted", "DELETE FROM event WHERE id = (SELECT min(id) FROM event)"),
    ("a revocation edited", "UPDATE revocation SET reason = 9 WHERE number = 1"),
    ("a revocation deleted", "DELETE FROM revocation WHERE number = 2"),
    ("a principal edited", f"UPDATE issuance SET principal = 'dns:other' WHERE serial = {NEWEST}"),
    ("claims invented", f"UPDATE issuance SET claims = 'namespace=prod' WHERE serial = {NEWEST}"),
    ("a signature edited", "UPDATE outcome SET signature = '\\x00' WHERE kind = 1 AND serial = (SELECT serial FROM outcome WHERE kind = 1 ORDER BY serial LIMIT 1)"),
    ("an outcome moved", f"UPDATE outcome SET tick = tick - 1 WHERE serial = {NEWEST}"),
    ("an outcome postponed", f"UPDATE outcome SET tick = 1000000 WHERE serial = {NEWEST}"),
    ("an event invented",
     "INSERT INTO event (kind, principal, detail, tick) VALUES ('block.added', 'a', '{}', 2)"),
    ("an event of a tick to come",
     "INSERT INTO event (kind, principal, detail, tick) VALUES ('block.added', 'a', '{}', 1000000000000)"),
    ("a record deleted", f"DELETE FROM issuance WHERE serial = {NEWEST}"),
    ("the issuer renamed", "UPDATE issuer SET name = 'other' WHERE name = 'issuing-1'"),
)


def test_the_owner_of_the_database_is_found_out(evidence, tmp_path):
    for what, statement in TAMPERING:
        with contextlib.closing(ledger.connect(evidence.ca)) as connection:
            connection.autocommit = False
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")  # as pg_dump
                cursor.execute(statement)
                assert cursor.rowcount == 1, what
                # What others cannot see yet is dumped row by row.
                said = verify(evidence.ca, evidence.log, dump_of(cursor, evidence, tmp_path))
            connection.rollback()
        assert not said["verified"], what
    assert verify(evidence.ca, evidence.log, evidence.file)["verified"]


def dump_of(cursor, evidence, folder):
    """The dump, with the rows of its tables as this transaction sees them."""
    dump = Dump(evidence.text)
    cursor.execute("SET LOCAL timezone = 'UTC'")
    for table in dump.tables("mayfly"):
        path = folder / "rows"
        with open(path, "w", encoding="utf-8") as out:
            cursor.copy_expert(f"COPY {table.name} ({', '.join(table.columns)}) TO STDOUT", out)
        table.rows = [line.split("\t") for line in path.read_text().splitlines()]
    return evidence.write(dump, "seen.sql")


# What the database's owner can put beside the rows: (statement, what undoes it).
SCHEMAS = (
    ("CREATE TABLE public.rc () INHERITS (mayfly.revocation)", "DROP TABLE public.rc"),
    ("ALTER TABLE revocation ENABLE ROW LEVEL SECURITY",
     "ALTER TABLE revocation DISABLE ROW LEVEL SECURITY"),
    ("CREATE POLICY p ON revocation USING (number <> 1)", "DROP POLICY p ON revocation"),
    ("CREATE RULE r AS ON INSERT TO event DO INSTEAD NOTHING", "DROP RULE r ON event"),
    ("CREATE TRIGGER t BEFORE UPDATE ON event FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
     "DROP TRIGGER t ON event"),
    ("ALTER TABLE issuer DROP CONSTRAINT issuer_name_key",
     "ALTER TABLE issuer ADD CONSTRAINT issuer_name_key UNIQUE (name)"),
    ("ALTER TABLE event ALTER at SET DEFAULT '2026-01-01'",
     "ALTER TABLE event ALTER at SET DEFAULT clock_timestamp()"),
    ("ALTER FUNCTION is_standing(bytea) RESET ALL",
     "ALTER FUNCTION is_standing(bytea) SET search_path = mayfly, pg_catalog, pg_temp"),
    ("GRANT DELETE ON revocation TO mayfly_issue", "REVOKE DELETE ON revocation FROM mayfly_issue"),
    ("GRANT EXECUTE ON FUNCTION close_tick() TO PUBLIC",
     "REVOKE EXECUTE ON FUNCTION close_tick() FROM PUBLIC"),
)


def test_another_schema_is_found(evidence, tmp_path):
    def run_and_verify(statement):
        ledger.query(evidence.ca, statement)
        path = tmp_path / "ledger.sql"
        path.write_text(pg_dump(evidence.ca))
        return verify(evidence.ca, evidence.log, path)

    for change, undo in SCHEMAS:
        assert {f["rule"] for f in run_and_verify(change)["findings"]} == {"ledger.schema"}, change
        ledger.query(evidence.ca, undo)
    view = run_and_verify(f"CREATE VIEW public.v AS SELECT '{'x' * 2 ** 20}' AS a")
    assert [f["rule"] for f in view["findings"]] == ["ledger.schema"], "longer than is read"
    ledger.query(evidence.ca, "DROP VIEW public.v")
    assert run_and_verify("CREATE TABLE public.notes (a integer)")["verified"], "somebody else's"
    ledger.query(evidence.ca, "DROP TABLE public.notes")


def test_an_issuer_of_two_rows_is_found_and_not_served(own_ca, own_operator, tmp_path):
    """A revocation that is moved to a second row of its issuer is one of another issuer to OCSP."""
    serial = own_operator.issue(make_csr("web.internal")).certificate.serial_number
    own_operator.revoke(serial)
    ledger.query(own_ca, "ALTER TABLE issuer DROP CONSTRAINT issuer_name_key")
    ledger.query(own_ca, """
        INSERT INTO issuer (id, name, subject, spki, spki_hash) OVERRIDING SYSTEM VALUE
        SELECT 77, name, set_byte(subject, length(subject) - 1, 88), spki, sha256(spki_hash)
          FROM issuer WHERE name = 'issuing-1'""")
    ledger.query(own_ca, "UPDATE revocation SET issuer_id = 77 WHERE serial = decode(%s, 'hex')", (serial,))
    try:
        log = export(own_ca, tmp_path / "log")
        (tmp_path / "ledger.sql").write_text(pg_dump(own_ca))
        found = verify(own_ca, log, tmp_path / "ledger.sql")["findings"]
        assert {f["rule"] for f in found} == {"ledger.schema", "ledger.issuer", "ledger.row"}, found
        own_ca.stop("server")
        refused = own_ca.ca_command("serve", check=False)
        assert refused.returncode == 2 and "issuer.twice" in refused.stderr, refused
    finally:
        ledger.query(own_ca, "UPDATE revocation SET issuer_id = (SELECT min(id) FROM issuer WHERE "
                             "name = 'issuing-1') WHERE issuer_id = 77")
        ledger.query(own_ca, "DELETE FROM issuer WHERE id = 77")
        ledger.query(own_ca, "ALTER TABLE issuer ADD CONSTRAINT issuer_name_key UNIQUE (name)")
        own_ca.start()
    assert ocsp.status_of_serial(own_ca, serial) == "revoked"


def test_dropped_partitions_leave_the_rest_verifiable(evidence):
    """As the dump is after retention: class 1 of today is gone, with its definition."""
    dump = Dump(evidence.text)
    name = next(table.name for table in dump.tables(KINDS["record"] + "_c1"))
    suffix = name.rsplit("issuance", 1)[-1]
    count = sum(len(t.rows) for t in dump.tables(f"mayfly_partitions.outcome{suffix}"))
    dump = Dump(without_tables(evidence.text, [f"issuance{suffix}", f"outcome{suffix}"]))
    path = evidence.write(dump, "dropped.sql")
    later = verify(evidence.ca, evidence.log, path, "--as-of", "2126-01-01T00:00:00Z")
    assert later["findings"] == [] and later["dropped"] == count and later["compared"] > 0, later
    early = verify(evidence.ca, evidence.log, path)
    assert {f["rule"] for f in early["findings"]} == {"ledger.dropped-early"}
    # What is left is still held to the log.
    dump.tables("mayfly.event")[0].rows.pop()
    altered = verify(evidence.ca, evidence.log, evidence.write(dump, "dropped-and-altered.sql"),
                     "--as-of", "2126-01-01T00:00:00Z")
    assert {f["rule"] for f in altered["findings"]} == {"ledger.missing"}


@pytest.fixture(scope="module")
def judge():
    """What Go says of a log, and of proofs."""
    program, reason = go.build("tlog")
    if reason:
        pytest.skip(reason)

    def ask(*arguments):
        done = subprocess.run([program, "log", *map(str, arguments)], capture_output=True, text=True,
                              timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    return ask


def test_go_accepts_the_log_and_proofs_of_both_kinds(evidence, judge, tmp_path):
    key, certificate = tmp_path / "a.key", tmp_path / "a.crt"
    evidence.ca.cli("issue", "go.internal", "--cert-out", certificate, "--key-out", key)
    proof = tmp_path / "a.tlog-proof"
    wait_for(lambda: evidence.ca.cli("audit", "prove", certificate, "--out", proof, "--force",
                                     check=False).returncode == 0, 10, "the certificate in the log")
    with contextlib.closing(api.operator(evidence.ca)) as operator:
        request = api.message("mayfly.ca.v1.IssueCertificateRequest")(
            csr_der=make_csr("go.internal"), profile="server", with_inclusion_proof=True)
        replied = operator.call("IssueCertificate", request)
    (tmp_path / "reply").write_text(replied.inclusion_proof.tlog_proof)
    (tmp_path / "reply.entry").write_bytes(replied.inclusion_proof.entry)
    tbs = replied.certificate.certificate_der[4:200]
    assert tbs in replied.inclusion_proof.entry, "the entry is that certificate's"
    log = export(evidence.ca, tmp_path / "log")
    proofs = (proof, f"{proof}.entry", tmp_path / "reply", tmp_path / "reply.entry")
    status, said = judge(log, *proofs)
    assert status == 0 and said.endswith(", 2 proofs\n"), said
    altered = bytearray(replied.inclusion_proof.entry)
    altered[-1] ^= 1
    (tmp_path / "reply.entry").write_bytes(altered)
    status, said = judge(log, *proofs)
    assert status == 1 and "inclusion of reply.entry" in said, said


def test_checkpoints_that_were_kept_hold_a_rewritten_log(evidence, tmp_path):
    """Whoever has the key and writes the log anew is found out by an older checkpoint."""
    kept = tmp_path / "kept"
    shutil.copy(evidence.log / "checkpoint", kept)
    grown = export(evidence.ca, tmp_path / "grown")
    assert verify(evidence.ca, grown, None, "--kept", kept)["verified"]
    shorter = verify(evidence.ca, evidence.log, None, "--kept", grown / "checkpoint")
    assert {f["rule"] for f in shorter["findings"]} <= {"log.truncated"}
    flipped = tmp_path / "flipped"
    shutil.copytree(evidence.log, flipped)
    bundle = next((flipped / "tile/entries").rglob("*.p/*"))
    octets = bytearray(bundle.read_bytes())
    octets[40] ^= 1
    bundle.write_bytes(octets)
    assert not verify(evidence.ca, flipped)["verified"]


def is_ready(authority):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{authority.port('private')}/readyz", timeout=10):
            return True
    except urllib.error.HTTPError:
        return False


def metric(authority, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{authority.port('private')}/metrics", timeout=10) as page:
        for line in page.read().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
    return None


@contextlib.contextmanager
def storage_failpoint(authority):
    with authority.failpoint("audit.storage.full", "error-always"):
        yield


@contextlib.contextmanager
def storage_gone(authority):
    """A file where the log's folder was."""
    folder = authority.home / "audit"
    away = authority.home / "audit.away"
    folder.rename(away)
    folder.write_text("in the way")
    try:
        yield
    finally:
        folder.unlink()
        away.rename(folder)


@contextlib.contextmanager
def sequencer_stopped(authority):
    with authority.failpoint("audit.closed", "pause"):
        yield


@contextlib.contextmanager
def signer_refuses_checkpoints(authority):
    """The signer is stopped: neither checkpoints nor certificates are signed."""
    authority.stop("signer")
    try:
        yield
    finally:
        authority.start("signer")


@pytest.mark.parametrize("fault", [storage_failpoint, storage_gone, sequencer_stopped,
                                   signer_refuses_checkpoints])
def test_no_checkpoint_no_release(own_ca, own_operator, fault):
    good = own_operator.issue(make_csr("web.internal")).certificate.serial_number
    revoked = own_operator.issue(make_csr("web.internal")).certificate.serial_number
    records = ledger.count_records(own_ca)
    server = own_ca.pid("server")
    if fault is signer_refuses_checkpoints:
        records = None
    with fault(own_ca):
        def gate():
            error = api.refused(lambda: own_operator.issue(make_csr("web.internal"), seconds=4))
            return error and error.rule == "audit.no-checkpoint" and error
        # The signer's absence may be said first.
        error = wait_for(gate, AGE_MAX_SECONDS + 20, "the gate to close")
        assert error.code == Code.UNAVAILABLE and error.retry_seconds is not None
        assert api.refused(lambda: own_operator.get(good)).rule == "audit.no-checkpoint"
        count = ledger.count_records(own_ca)
        assert api.refused(lambda: own_operator.issue(make_csr("web.internal"))).rule == "audit.no-checkpoint"
        assert ledger.count_records(own_ca) == count, "nothing is recorded that could not leave"
        assert records is None or count >= records
        assert not is_ready(own_ca)
        assert metric(own_ca, "mayfly_audit_checkpoint_age_seconds") > AGE_MAX_SECONDS
        if fault is not signer_refuses_checkpoints:
            assert ocsp.status_of_serial(own_ca, good) == "good", "OCSP goes on"
            error = api.refused(lambda: own_operator.revoke(revoked, seconds=3))
            assert error.code == Code.DEADLINE_EXCEEDED, error
            wait_for(lambda: ocsp.status_of_serial(own_ca, revoked) == "revoked", 15,
                     "the revocation, which is durable, to be answered")
    wait_for(lambda: api.refused(lambda: own_operator.issue(make_csr("web.internal"), seconds=5)) is None,
             HEALING_SECONDS_MAX, "issuing again")
    wait_for(lambda: is_ready(own_ca), HEALING_SECONDS_MAX, "readiness again")
    assert own_operator.get(good).serial_number == good
    own_operator.revoke(revoked)
    assert own_ca.pid("server") == server and not own_ca.is_gone(server), "without a restart"


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_step_it_goes_on(own_ca, own_operator, point, tmp_path):
    own_operator.issue(make_csr("web.internal"))
    pid = own_ca.pid("server")
    own_ca.set_failpoint(f"audit.{point}", "kill")
    with contextlib.suppress(api.Refused):
        own_operator.issue(make_csr("web.internal"), seconds=5)
    own_ca.wait_gone(pid)
    own_ca.clear_failpoints()
    own_ca.start("server")
    with contextlib.closing(api.operator(own_ca)) as operator:  # the old connection is broken
        assert operator.issue(make_csr("web.internal"))
    time.sleep(1.5)  # a round more
    log = export(own_ca, tmp_path / "log")
    dump = tmp_path / "ledger.sql"
    dump.write_text(pg_dump(own_ca))
    said = verify(own_ca, log, dump)
    assert said["verified"], said


def test_replicas_with_folders_of_their_own_publish_one_log(own_ca, own_operator, tmp_path):
    """A second server on the same database."""
    text = (own_ca.home / "ca.toml").read_text()
    for old, new in (('directory = "audit"', f'directory = "{tmp_path}/audit"'),
                     ('state_directory = "state"', f'state_directory = "{tmp_path}/state"')):
        assert old in text
        text = text.replace(old, new)
    for name in ("grpc", "enrolment", "http", "private"):
        text = text.replace(f'address = "127.0.0.1:{own_ca.port(name)}"',
                            f'address = "127.0.0.1:{free_port()}"')
    config = own_ca.home / "replica.toml"
    config.write_text(text)
    environment = dict(own_ca.environment, SOFTHSM2_CONF=str(own_ca.home / "softhsm/softhsm2.conf"))
    with open(tmp_path / "log.txt", "w", encoding="utf-8") as log:
        replica = subprocess.Popen([own_ca.programs / "mayfly-ca", "serve", "--config", config],
                                   env=environment, stdout=log, stderr=log)
    try:
        wait_for((tmp_path / "audit/checkpoint").exists, 30, "the replica's log")
        for _ in range(20):
            own_operator.issue(make_csr("web.internal"))
            time.sleep(0.1)

        def same():
            notes = [(folder / "checkpoint").read_text().split("\n\n")[0]
                     for folder in (own_ca.home / "audit", tmp_path / "audit")]
            return notes[0] == notes[1]
        wait_for(same, 10, "the same tree in both folders")
    finally:
        replica.terminate()
        replica.wait(60)
        config.unlink()
    for folder in (own_ca.home / "audit", tmp_path / "audit"):
        assert verify(own_ca, folder)["verified"]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
