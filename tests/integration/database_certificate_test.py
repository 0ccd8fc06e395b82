"""The server's client certificate for PostgreSQL: made at the first start, renewed while serving."""

import contextlib
import os
import socket
import subprocess
import time

import pytest

from harness import api
from harness.authority import ROOT, wait_for
from harness.csr import make_csr

LIFETIME = 9  # seconds; renewed when a third is left
ROLES = ("mayfly_issue", "mayfly_respond", "mayfly_project", "mayfly_maintain", "mayfly_read",
         "mayfly_audit")
POLICY = f"""
[profile.database]
lifetime = "{LIFETIME}s"
backdate = "1s"
key_usage = ["digital-signature"]
extended_key_usage = ["client-auth"]
names = ["dns"]
subject = "first-name"

[[rule]]
name = "database-client"
principals = ["local:*"]
profiles = ["database"]
dns = ["ca.database.internal"]
"""


class Database:
    """The CA's PostgreSQL, with TLS on a port of 127.0.0.1 beside its Unix socket."""

    def __init__(self, authority):
        self.authority, self.data = authority, authority.home / "postgres/data"
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]

    def run(self, command, **options):
        """A shell command with the functions of ./quickstart's postgres.sh."""
        script = (f"set -eu; home={self.authority.home}; sockets={self.authority.sockets}; "
                  f"source {ROOT}/ca-server/quickstart/postgres.sh; {command}")
        return subprocess.run(["bash", "-c", script], check=True, text=True, capture_output=True,
                              **options).stdout

    def query(self, sql):
        """As the superuser, over the Unix socket."""
        return self.run('query postgres mayfly "$SQL"',
                        env=dict(os.environ, SQL=sql, PGPORT=str(self.port)))

    def write(self, name, content, append=False):
        """A file of the cluster."""
        path, owner = self.data / name, self.data.stat()
        with open(path, "ab" if append else "wb") as file:
            file.write(content)
        os.chown(path, owner.st_uid, owner.st_gid)
        path.chmod(0o600)

    def let_in(self, method):
        """How the server's roles come in over TCP, from the next connection on."""
        self.write("pg_hba.conf", "local all all peer map=mayfly\n"
                   f"hostssl mayfly all 127.0.0.1/32 {method}\n".encode())
        self.run('as_database_user "$(pg_programs)/pg_ctl" reload -D "$home/postgres/data" -s')

    def start_tls(self, certificate, key):
        """Restarts it with this certificate."""
        self.write("server.crt", certificate)
        self.write("server.key", key)
        self.write("root.crt", self.authority.root_file.read_bytes())
        self.write("postgresql.conf", b"\nssl = on\nssl_ca_file = 'root.crt'\n"
                   b"password_encryption = 'scram-sha-256'\n", append=True)
        self.write("pg_ident.conf", "".join(
            f'database "ca.database.internal" {role}\n' for role in ROLES).encode(), append=True)
        self.run('as_database_user "$(pg_programs)/pg_ctl" restart -D "$home/postgres/data" -w -s '
                 '-m fast -l "$home/postgres/log" -o "-c listen_addresses=127.0.0.1 '
                 f'-c port={self.port} -k $sockets/database" </dev/null >/dev/null 2>&1')

    def stop(self):
        """Stops it, so that ./quickstart can start it as before."""
        self.run('as_database_user "$(pg_programs)/pg_ctl" stop -D "$home/postgres/data" -m fast '
                 '-w -s')

    def sessions(self):
        """{(role, serial of the client certificate or "")} of the sessions over TLS."""
        rows = self.query("SELECT usename, coalesce(client_serial::text, '') FROM pg_stat_ssl "
                          "JOIN pg_stat_activity USING (pid) WHERE ssl")
        return {tuple(row.split("|")) for row in rows.split()}


class Server:
    """mayfly-ca serve with another [database]."""

    def __init__(self, authority, database):
        self.authority, self.log = authority, authority.home / "logs/tls.log"
        self.file = authority.home / "database.pem"
        text = (authority.home / "ca.toml").read_text()
        line = next(each for each in text.splitlines() if each.startswith("connection = "))
        self.configuration = authority.home / "tls.toml"
        self.configuration.write_text(text.replace(line, "\n".join([
            f'connection = "host=localhost hostaddr=127.0.0.1 port={database.port} dbname=mayfly"',
            'password_file = "pgpass"', f'server_roots = "{authority.root_file}"',
            f'client_certificate = "{self.file}"', 'client_names = ["DNS:ca.database.internal"]'])))
        self.process = None

    def start(self):
        environment = dict(self.authority.environment,
                           SOFTHSM2_CONF=str(self.authority.home / "softhsm/softhsm2.conf"))
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [self.authority.programs / "mayfly-ca", "serve", "--config", self.configuration],
                env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_for(self.listens, 60, "the server to listen")

    def listens(self):
        assert self.process.poll() is None, self.log.read_text()
        return "listening" in self.log.read_text()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(60) == 0


@pytest.fixture(scope="module", name="database")
def database_with_tls(module_authority):
    ca = module_authority
    with open(ca.home / "policy.toml", "a", encoding="utf-8") as policy:
        policy.write(POLICY)
    ca.start()
    ca.ca_command("apply-policy")
    folder = ca.home / "database-server"
    folder.mkdir()
    ca.ca_command("issue-local", "--profile", "server", "--name", "DNS:localhost", "--cert-out",
                  folder / "tls.crt", "--key-out", folder / "tls.key")
    ca.stop("server")
    database = Database(ca)
    database.start_tls((folder / "tls.crt").read_bytes(), (folder / "tls.key").read_bytes())
    for role in ROLES:
        database.query(f"ALTER ROLE {role} PASSWORD 'first'")
    (ca.home / "pgpass").write_text("*:*:*:*:first\n")
    (ca.home / "pgpass").chmod(0o600)
    yield database
    database.stop()
    ca.start()


@pytest.fixture(name="server")
def serve(module_authority, database):
    made = Server(module_authority, database)
    yield made
    if made.process and made.process.poll() is None:
        made.stop()


def serial_of(file):
    text = subprocess.run(["openssl", "x509", "-in", file, "-noout", "-serial"], check=True,
                          capture_output=True, text=True).stdout
    return str(int(text.strip().split("=")[1], 16))


def issue_until(client, until):
    """How many certificates; each call must go well."""
    count = 0
    while time.monotonic() < until:
        client.issue(make_csr("web.internal"))
        count += 1
        time.sleep(0.05)
    return count


def test_it_serves_on_over_several_lives_of_its_database_certificate(module_authority, database,
                                                                     server):
    # The first start: a password, since nothing has been issued to show.
    database.let_in("scram-sha-256")
    assert not server.file.exists()
    server.start()
    assert server.file.stat().st_mode & 0o777 == 0o600
    # From now on nobody comes in without a certificate.
    database.let_in("cert map=database")
    (module_authority.home / "pgpass").unlink()
    seen = set()
    with contextlib.closing(api.operator(module_authority)) as client:
        until = time.monotonic() + 4 * LIFETIME
        issued = 0
        while time.monotonic() < until:
            issued += issue_until(client, time.monotonic() + 2)
            seen.add(serial_of(server.file))
            assert seen >= {serial for _, serial in database.sessions() if serial}
    assert len(seen) >= 4, "several lives"
    assert issued > 50
    sessions = database.sessions()
    assert all(serial for _, serial in sessions), "a session without a certificate"
    assert len({role for role, _ in sessions}) >= 3
    # Pools that are in use take up the newest certificate within seconds.
    wait_for(lambda: {serial for role, serial in database.sessions() if role == "mayfly_audit"}
             == {serial_of(server.file)}, LIFETIME, "the audit log's session to have the newest")
    assert "not renewed" not in server.log.read_text()
    assert "level=error" not in server.log.read_text()


def test_it_starts_again_with_the_certificate_that_it_has(database, server):
    assert server.file.exists()
    server.start()
    server.stop()
    assert {serial for _, serial in database.sessions()} == set()


def test_after_a_lapse_a_local_command_makes_the_next(module_authority, database, server):
    ca = module_authority
    time.sleep(LIFETIME + 1)
    # Over the Unix socket, where nobody asks for a certificate.
    local = ca.home / "local.toml"
    local.write_text((ca.home / "ca.toml").read_text().replace(
        "dbname=mayfly", f"port={database.port} dbname=mayfly"))
    ca.run(ca.programs / "mayfly-ca", "issue-local", "--config", local, "--profile", "database",
           "--name", "DNS:ca.database.internal", "--cert-out", server.file, "--key-out",
           server.file)
    server.start()
