"""Who may call what: every method, by every role, with every kind of credential, as the proto says."""

import contextlib
import datetime

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from harness import api
from harness.csr import make_csr, new_key

ROLES = ("requester", "enroller", "auditor", "operator", "admin")
DECLARED = api.declarations()
Code = grpc.StatusCode
ADMINS = 'admins = ["spiffe://mayfly.internal/operator"'

RULE = """
[[rule]]
name = "access"
principals = ["spiffe://mayfly.internal/ns/access/sa/{name}"]
profiles = ["server"]
dns = ["access.internal"]
"""


def id_of(role):
    return f"spiffe://mayfly.internal/ns/access/sa/{role}"


def policy_with_roles(base):
    """The quickstart's policy, with one principal a role; all of them may ask for one name."""
    assert ADMINS in base
    lists = "".join(f'{role}s = ["{id_of(role)}"]\n' for role in ("operator", "auditor", "enroller"))
    return base.replace(ADMINS, f'{lists}{ADMINS}, "{id_of("admin")}"') + RULE


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def der_to_pem(der):
    return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)


def enrol(ca, operator, role):
    """A client with a certificate of this CA, and the serial number of that."""
    key = new_key()
    issued = operator.issue(make_csr("URI:" + id_of(role), key=key), profile="client")
    chain = der_to_pem(issued.certificate.certificate_der) + ca.chain_file.read_bytes()
    return api.Client(ca, chain, key_pem(key)), issued.certificate.serial_number


def foreign(ca, role):
    """A client whose certificate says the same and is of another CA."""
    ca_key, key = new_key(), new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Another CA")])
    now = datetime.datetime.utcnow()
    certificate = (
        x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(id_of(role))]),
                       critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(ca_key, hashes.SHA256()))
    return api.Client(ca, certificate.public_bytes(serialization.Encoding.PEM), key_pem(key))


class World:
    """The module's CA with a policy that gives every role to somebody, and these callers."""

    def __init__(self, ca, operator):
        self.ca, self.operator = ca, operator
        self.policy_text = policy_with_roles(operator.policy().policy_text)
        operator.apply_policy(self.policy_text)
        enrolled = {role: enrol(ca, operator, role) for role in ROLES}
        self.clients = {role: client for role, (client, _) in enrolled.items()}
        self.serials = {role: serial for role, (_, serial) in enrolled.items()}
        self.foreign = {role: foreign(ca, role) for role in ROLES}
        self.nobody = api.Client(ca)

    def close(self):
        for client in (*self.clients.values(), *self.foreign.values(), self.nobody):
            client.close()

    def victim(self):
        """The serial number of a certificate that nobody needs."""
        return self.operator.issue(make_csr("victim.internal")).certificate.serial_number


@pytest.fixture(scope="module")
def world(module_authority):
    """See World; the policy is as before afterwards."""
    with contextlib.closing(api.operator(module_authority)) as operator:
        before = operator.policy().policy_text
        made = World(module_authority, operator)
        yield made
        made.close()
        operator.apply_policy(before)


def request(method, /, **fields):
    return api.message(f"mayfly.ca.v1.{method}Request")(**fields)


# A request of each method that goes well for everybody whom the method lets in; by World and role.
REQUESTS = {
    "IssueCertificate": lambda world, role: request(
        "IssueCertificate", csr_der=make_csr("access.internal"), profile="server"),
    "RenewCertificate": lambda world, role: request("RenewCertificate", csr_der=make_csr()),
    "AcknowledgeCertificate": lambda world, role: request(
        "AcknowledgeCertificate", name=f"issuers/-/certificates/{world.serials[role]}"),
    "GetCertificate": lambda world, role: request(
        "GetCertificate", name=f"issuers/-/certificates/{world.serials[role]}"),
    "ListCertificates": lambda world, role: request("ListCertificates", parent="issuers/-"),
    "RevokeCertificate": lambda world, role: request(
        "RevokeCertificate", name=f"issuers/-/certificates/{world.victim()}"),
    "GetTrustBundle": lambda world, role: request("GetTrustBundle", name="trustBundles/-"),
    "ExplainIssuance": lambda world, role: request(
        "ExplainIssuance", csr_der=make_csr("access.internal"), profile="server"),
    "ReadAuditLog": lambda world, role: request("ReadAuditLog", path="checkpoint"),
    "ListEvents": lambda world, role: request("ListEvents"),
    "GetPolicy": lambda world, role: request("GetPolicy"),
    "ApplyPolicy": lambda world, role: request("ApplyPolicy", policy_text=world.policy_text),
}


def outcome(client, method, message):
    """Nothing where it went well, else gRPC's code and the rule."""
    try:
        client.call(method, message)
    except api.Refused as refused:
        return refused.code, refused.rule
    return None


def expected(method, role):
    roles, credentials = DECLARED[method]
    assert credentials == {"certificate"}, "teach this test the other kinds"
    return None if {role, "requester"} & roles else (Code.PERMISSION_DENIED, "policy.role")


def test_every_method_has_a_declaration_and_a_request():
    assert set(REQUESTS) == set(DECLARED)
    for roles, credentials in DECLARED.values():
        assert roles and roles <= set(ROLES) and credentials


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("method", DECLARED)
def test_a_certificate_lets_in_whom_the_method_declares(world, method, role):
    message = REQUESTS[method](world, role)
    assert outcome(world.clients[role], method, message) == expected(method, role)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("method", DECLARED)
def test_a_foreign_certificate_lets_nobody_in(world, method, role):
    message = REQUESTS[method](world, role)
    assert outcome(world.foreign[role], method, message) == (Code.UNAVAILABLE, "")


@pytest.mark.parametrize("method", DECLARED)
def test_without_a_certificate_nobody_is_let_in(world, method):
    message = REQUESTS[method](world, "admin")
    assert outcome(world.nobody, method, message) == (Code.UNAVAILABLE, "")


@pytest.mark.parametrize("role", ("requester", "enroller", "auditor"))
def test_a_refused_revocation_revokes_nothing(world, role):
    serial = world.victim()
    with pytest.raises(api.Refused) as refused:
        world.clients[role].revoke(serial)
    assert refused.value.rule == "policy.role"
    assert f"{id_of(role)} is no operator or admin" in refused.value.text
    assert not world.operator.get(serial).HasField("revocation")


@pytest.mark.parametrize("role", ("requester", "enroller", "auditor", "operator"))
def test_a_refused_policy_is_not_in_force(world, role):
    before = world.operator.policy()
    with pytest.raises(api.Refused) as refused:
        world.clients[role].apply_policy(world.policy_text + "# another\n")
    assert refused.value.rule == "policy.role"
    assert world.operator.policy() == before


def test_a_role_is_asked_for_before_anything_else_is_looked_at(world):
    message = request("RevokeCertificate", name="nonsense")
    assert outcome(world.clients["auditor"], "RevokeCertificate", message) == (
        Code.PERMISSION_DENIED, "policy.role")
    assert outcome(world.clients["operator"], "RevokeCertificate", message) == (
        Code.INVALID_ARGUMENT, "name.certificate")


# --- the objects that a request names

SEES_ALL = {"auditor", "operator", "admin"}


@pytest.mark.parametrize("role", ROLES)
def test_others_certificates_are_seen_by_those_who_see_all(world, role):
    serial = world.victim()
    message = request("GetCertificate", name=f"issuers/-/certificates/{serial}")
    hidden = (Code.NOT_FOUND, "certificate.not-found")
    assert outcome(world.clients[role], "GetCertificate", message) == (
        None if role in SEES_ALL else hidden)
    listed = world.clients[role].call("ListCertificates", request(
        "ListCertificates", parent="issuers/-", order_by="create_time desc")).certificates
    assert (serial in {certificate.serial_number for certificate in listed}) == (role in SEES_ALL)
    if role not in SEES_ALL:
        assert all(certificate.principal == id_of(role)
                   or certificate.serial_number == world.serials[role] for certificate in listed)


@pytest.mark.parametrize("role", ROLES)
def test_about_others_only_those_who_see_all_may_ask(world, role):
    message = request("ExplainIssuance", csr_der=make_csr("access.internal"), profile="server",
                      principal="dns:somebody.internal")
    assert outcome(world.clients[role], "ExplainIssuance", message) == (
        None if role in SEES_ALL else (Code.PERMISSION_DENIED, "policy.role"))


# --- the lists of the policy

def test_a_role_ends_with_the_policy_that_gave_it(world):
    auditor = world.clients["auditor"]
    auditor.policy()
    world.operator.apply_policy(world.policy_text.replace("auditors = ", "enrollers = ").replace(
        f'enrollers = ["{id_of("enroller")}"]\n', ""))
    try:
        with pytest.raises(api.Refused) as refused:
            auditor.policy()
        assert refused.value.rule == "policy.role"
    finally:
        world.operator.apply_policy(world.policy_text)
    auditor.policy()


def test_a_policy_without_admins_is_not_applied(world):
    before = world.operator.policy()
    with pytest.raises(api.Refused) as refused:
        world.operator.apply_policy(world.policy_text.replace("admins = ", "# admins = "))
    assert refused.value.rule == "policy.file" and "policy.admins" in refused.value.rules
    assert world.operator.policy() == before


def test_the_command_line_says_which_role_is_missing(world, tmp_path):
    key = new_key()
    issued = world.operator.issue(make_csr("URI:" + id_of("auditor"), key=key), profile="client")
    (tmp_path / "me.crt").write_bytes(der_to_pem(issued.certificate.certificate_der)
                                      + world.ca.chain_file.read_bytes())
    (tmp_path / "me.key").write_bytes(key_pem(key))
    (tmp_path / "me.key").chmod(0o600)
    done = world.ca.cli("revoke", world.victim(), "--yes", "--cert", tmp_path / "me.crt", "--key",
                        tmp_path / "me.key", check=False)
    text = " ".join(done.stderr.split())
    assert done.returncode != 0 and "[policy.role]" in text
    assert "is no operator or admin" in text and "operators or admins" in text
