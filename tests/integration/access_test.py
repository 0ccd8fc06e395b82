"""Who may call what: every method, by every role, with every kind of credential, as the proto says."""

import contextlib
import dataclasses
import datetime
import json
import time

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from harness import api, foreign, issuer
from harness.csr import make_csr, new_key

ROLES = ("requester", "enroller", "auditor", "operator", "admin")
DECLARED = api.declarations()
Code = grpc.StatusCode
ADMINS = 'admins = ["spiffe://mayfly.internal/operator"'

RULE = """
[profile.graceful]
lifetime = "1h"
backdate = "1s"
renewal_grace = "1d"
key_usage = ["digital-signature"]
extended_key_usage = ["client-auth"]
names = ["dns"]

[[rule]]
name = "access"
principals = ["spiffe://mayfly.internal/ns/access/sa/{name}", "jwt:access:*", "foreign:access:*"]
profiles = ["server"]
dns = ["access.internal"]

[[rule]]
name = "graceful"
principals = ["spiffe://mayfly.internal/operator"]
profiles = ["graceful"]
dns = ["graceful.internal"]
"""
ISSUER = "https://issuer.access.internal"


def id_of(role):
    return f"spiffe://mayfly.internal/ns/access/sa/{role}"


def all_ids_of(role):
    """The principals who have this role, as the policy lists them."""
    return f'"{id_of(role)}", "jwt:access:{role}", "foreign:access:{foreign_uri(role)}"'


def foreign_uri(role):
    return f"spiffe://access.example/{role}"


def policy_with_roles(base):
    """The quickstart's policy, with one principal a role; all of them may ask for one name."""
    assert ADMINS in base
    lists = "".join(f"{role}s = [{all_ids_of(role)}]\n"
                    for role in ("operator", "auditor", "enroller"))
    admins = f'{ADMINS}, {all_ids_of("admin")}'
    return base.replace(ADMINS, lists + admins) + RULE


def der_to_pem(der):
    return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)


def enrol(ca, operator, role):
    """A client with a certificate of this CA, and the serial number of that."""
    key = new_key()
    issued = operator.issue(make_csr("URI:" + id_of(role), key=key), profile="client")
    chain = der_to_pem(issued.certificate.certificate_der) + ca.chain_file.read_bytes()
    return api.Client(ca, chain, api.key_pem(key)), issued.certificate.serial_number


def unknown(ca, role):
    """A client whose certificate says the same and is of a CA that nobody knows."""
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
    return api.Client(ca, certificate.public_bytes(serialization.Encoding.PEM), api.key_pem(key))


@dataclasses.dataclass
class Caller:
    """Who calls, and the serial number of a certificate that they may see."""
    role: str
    client: api.Client
    serial: str


class World:
    """The module's CA with a policy that gives every role to somebody, and these callers."""

    def __init__(self, ca, operator):
        self.ca, self.operator = ca, operator
        self.key = issuer.Key("k1")
        (ca.home / "jwks.json").write_text(json.dumps({"keys": [self.key.jwk()]}))
        self.foreign_ca = foreign.Issuer(ca.home, "access root")
        ca.configure(
            issuer.section(ISSUER, 'jwks_file = "jwks.json"', name="access",
                           claims="claim = [\"claim\"]")
            + foreign.section("access", self.foreign_ca.file, 'id = "spiffe"',
                              'trust_domain = "access.example"'))
        self.policy_text = policy_with_roles(operator.policy().policy_text)
        operator.apply_policy(self.policy_text)
        self.callers = {role: Caller(role, *enrol(ca, operator, role)) for role in ROLES}
        self.clients = {role: caller.client for role, caller in self.callers.items()}
        self.serials = {role: caller.serial for role, caller in self.callers.items()}
        self.unknown = {role: unknown(ca, role) for role in ROLES}
        self.by_foreign = {role: self.foreign_caller(role) for role in ROLES}
        self.by_jwt = {role: self.jwt_caller(role) for role in ROLES}
        self.nobody = api.Client(ca)
        self.stranger = api.stranger(ca)
        self.old_key = new_key()
        self.expired = operator.issue(make_csr("graceful.internal", key=self.old_key),
                                      profile="graceful", lifetime=4)
        time.sleep(4)

    def close(self):
        others = (caller.client for caller in (*self.by_jwt.values(), *self.by_foreign.values()))
        for client in (*self.clients.values(), *self.unknown.values(), *others, self.nobody,
                       self.stranger):
            client.close()

    def jwt_caller(self, role):
        """A caller whose JWT the policy gives this role."""
        token = self.key.token(issuer.claims_of(ISSUER, sub=role))
        client = api.stranger(self.ca, token)
        issued = client.issue(make_csr("access.internal"))
        return Caller(role, client, issued.certificate.serial_number)

    def foreign_caller(self, role):
        """A caller whose foreign CA's certificate the policy gives this role."""
        leaf = self.foreign_ca.leaf("URI:" + foreign_uri(role))
        client = api.Client(self.ca, leaf.chain, leaf.key)
        issued = client.issue(make_csr("access.internal"))
        return Caller(role, client, issued.certificate.serial_number)

    def token_caller(self, maker):
        """The holder of a fresh enrolment token, which this role made."""
        made = self.clients[maker].create_token("access.internal")
        return Caller("requester", api.stranger(self.ca, made.token), None)

    def revocable_token(self, role):
        """The name of a token that this role may revoke, if it may revoke any."""
        maker = self.clients[role] if role in ("enroller", "admin") else self.operator
        return maker.create_token("access.internal").enrolment_token.name

    def proposal(self, role=None):
        """A proposal that nobody with a role here made, unless the role may withdraw only its own."""
        proposer = self.clients["operator"] if role == "operator" else self.operator
        return proposer.call("CreateProposal", revocation_of(self))

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


def proposal_to_revoke(serial):
    return request("CreateProposal", mass_revocation={
        "certificates": [f"issuers/-/certificates/{serial}"]})


def revocation_of(world):
    return proposal_to_revoke(world.victim())


def approval_of(proposal):
    return request("ApproveProposal", name=proposal.name,
                   payload_sha256=api.payload_sha256(proposal))


# A request of each method that goes well for everybody whom the method lets in; by World and Caller.
REQUESTS = {
    "IssueCertificate": lambda world, caller: request(
        "IssueCertificate", csr_der=make_csr("access.internal"), profile="server",
        request_id=api.make_request_id()),
    "RenewCertificate": lambda world, caller: request("RenewCertificate", csr_der=make_csr()),
    "RenewExpiredCertificate": lambda world, caller: api.renew_expired_request(
        world.expired, world.old_key, make_csr()),
    "AcknowledgeCertificate": lambda world, caller: request(
        "AcknowledgeCertificate", name=f"issuers/-/certificates/{caller.serial}"),
    "GetCertificate": lambda world, caller: request(
        "GetCertificate", name=f"issuers/-/certificates/{caller.serial}"),
    "ListCertificates": lambda world, caller: request("ListCertificates", parent="issuers/-"),
    "RevokeCertificate": lambda world, caller: request(
        "RevokeCertificate", name=f"issuers/-/certificates/{world.victim()}"),
    "BatchRevokeCertificates": lambda world, caller: request(
        "BatchRevokeCertificates",
        names=[f"issuers/-/certificates/{world.victim()}" for _ in range(2)]),
    "CreateProposal": lambda world, caller: revocation_of(world),
    "GetProposal": lambda world, caller: request("GetProposal", name=world.proposal().name),
    "ListProposals": lambda world, caller: request("ListProposals"),
    "ApproveProposal": lambda world, caller: approval_of(world.proposal()),
    "WithdrawProposal": lambda world, caller: request(
        "WithdrawProposal", name=world.proposal(caller.role).name),
    "GetTrustBundle": lambda world, caller: request("GetTrustBundle", name="trustBundles/-"),
    "ExplainIssuance": lambda world, caller: request(
        "ExplainIssuance", csr_der=make_csr("access.internal"), profile="server"),
    "ReadAuditLog": lambda world, caller: request("ReadAuditLog", path="checkpoint"),
    "ListAlerts": lambda world, caller: request("ListAlerts"),
    "ListEvents": lambda world, caller: request("ListEvents"),
    "GetPolicy": lambda world, caller: request("GetPolicy"),
    "ApplyPolicy": lambda world, caller: request("ApplyPolicy", policy_text=world.policy_text),
    "CreateEnrolmentToken": lambda world, caller: request(
        "CreateEnrolmentToken", profile="server", subject_alt_names=["DNS:access.internal"]),
    "ListEnrolmentTokens": lambda world, caller: request("ListEnrolmentTokens"),
    "RevokeEnrolmentToken": lambda world, caller: request(
        "RevokeEnrolmentToken", name=world.revocable_token(caller.role)),
}


def outcome(client, method, message):
    """Nothing where it went well, else gRPC's code and the rule."""
    try:
        client.call(method, message)
    except api.Refused as refused:
        return refused.code, refused.rule
    return None


IN_THE_HANDSHAKE = {"certificate", "foreign_certificate"}
UNSERVED = (Code.UNAUTHENTICATED, "peer.listener")
UNTAKEN = (Code.UNAUTHENTICATED, "peer.credential")


def expected(method, role, credential):
    """The cell of docs/ACCESS.md: nothing, or how the caller is refused."""
    roles, credentials = DECLARED[method]
    by_certificate = credential in IN_THE_HANDSHAKE
    on_this_listener = {each for each in credentials
                        if (each in IN_THE_HANDSHAKE) == by_certificate}
    if not on_this_listener:
        return UNSERVED
    if credential not in credentials:
        return UNTAKEN
    if credential == "none" or {role, "requester"} & roles:
        return None
    return Code.PERMISSION_DENIED, "policy.role"


def test_every_method_has_a_declaration_and_a_request():
    assert set(REQUESTS) == set(DECLARED)
    for roles, credentials in DECLARED.values():
        assert roles and roles <= set(ROLES) and credentials
    kinds = {kind for _, credentials in DECLARED.values() for kind in credentials}
    assert kinds == {"certificate", "foreign_certificate", "jwt", "enrolment_token",
                     "none"}, "teach this test the others"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("method", DECLARED)
def test_a_certificate_lets_in_whom_the_method_declares(world, method, role):
    message = REQUESTS[method](world, world.callers[role])
    assert outcome(world.clients[role], method, message) == expected(method, role, "certificate")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("method", DECLARED)
def test_a_jwt_lets_in_whom_the_method_declares(world, method, role):
    caller = world.by_jwt[role]
    assert outcome(caller.client, method, REQUESTS[method](world, caller)) == expected(
        method, role, "jwt")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("method", DECLARED)
def test_a_foreign_cas_certificate_lets_in_whom_the_method_declares(world, method, role):
    caller = world.by_foreign[role]
    assert outcome(caller.client, method, REQUESTS[method](world, caller)) == expected(
        method, role, "foreign_certificate")


@pytest.mark.parametrize("maker", ("enroller", "admin"))
@pytest.mark.parametrize("method", DECLARED)
def test_an_enrolment_token_makes_a_requester_whoever_made_it(world, method, maker):
    caller = world.token_caller(maker)
    caller.serial = world.serials[maker]
    with contextlib.closing(caller.client):
        assert outcome(caller.client, method, REQUESTS[method](world, caller)) == expected(
            method, "requester", "enrolment_token")


@pytest.mark.parametrize("method", DECLARED)
def test_who_shows_nothing_is_let_in_where_the_method_declares_it(world, method):
    message = REQUESTS[method](world, world.callers["admin"])
    assert outcome(world.stranger, method, message) == expected(method, None, "none")


@pytest.mark.parametrize("method", DECLARED)
def test_a_bad_token_is_no_better_than_nothing_and_is_refused(world, method):
    message = REQUESTS[method](world, world.callers["admin"])
    served = bool(DECLARED[method][1] - IN_THE_HANDSHAKE)
    for token, rule in (("mayfly_enrol_" + 64 * "0", "enrolment.unknown"),
                        ("nonsense", "jwt.format")):
        with contextlib.closing(api.stranger(world.ca, token)) as client:
            assert outcome(client, method, message) == (
                (Code.UNAUTHENTICATED, rule) if served else UNSERVED)


@pytest.mark.parametrize("method", DECLARED)
def test_a_token_beside_a_certificate_is_refused(world, method):
    message = REQUESTS[method](world, world.by_jwt["admin"])
    served = bool(DECLARED[method][1] & IN_THE_HANDSHAKE)
    for client in (world.clients["admin"], world.by_foreign["admin"].client):
        client.token = "nonsense"
        try:
            assert outcome(client, method, message) == (
                (Code.UNAUTHENTICATED, "peer.two-credentials") if served else UNSERVED)
        finally:
            client.token = None


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("method", DECLARED)
def test_an_unknown_cas_certificate_lets_nobody_in(world, method, role):
    message = REQUESTS[method](world, world.callers[role])
    assert outcome(world.unknown[role], method, message) == (Code.UNAVAILABLE, "")


@pytest.mark.parametrize("method", DECLARED)
def test_without_a_certificate_nobody_is_let_in(world, method):
    message = REQUESTS[method](world, world.callers["admin"])
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


# Every method that names a certificate or what others made, with another's; by World and serial number.
OTHERS = {
    "GetCertificate": lambda world, serial: request(
        "GetCertificate", name=f"issuers/-/certificates/{serial}"),
    "AcknowledgeCertificate": lambda world, serial: request(
        "AcknowledgeCertificate", name=f"issuers/-/certificates/{serial}"),
    "RevokeCertificate": lambda world, serial: request(
        "RevokeCertificate", name=f"issuers/-/certificates/{serial}"),
    "BatchRevokeCertificates": lambda world, serial: request(
        "BatchRevokeCertificates", names=[f"issuers/-/certificates/{serial}"]),
    "CreateProposal": lambda world, serial: proposal_to_revoke(serial),
    "GetProposal": lambda world, serial: request(
        "GetProposal", name=proposed(world, serial).name),
    "ApproveProposal": lambda world, serial: approval_of(proposed(world, serial)),
    "WithdrawProposal": lambda world, serial: request(
        "WithdrawProposal", name=proposed(world, serial).name),
    "RevokeEnrolmentToken": lambda world, serial: request(
        "RevokeEnrolmentToken", name=world.revocable_token("enroller")),
}
# The others: they name nothing that somebody has.
OF_NOBODY = {
    "IssueCertificate",         # names: the policy's rules, in policy_test
    "RenewCertificate",         # the caller's own; other names below
    "RenewExpiredCertificate",  # below
    "ListCertificates",         # below
    "ExplainIssuance",          # about others: above
    "GetTrustBundle", "ReadAuditLog", "ListAlerts", "ListEvents", "ListProposals", "GetPolicy",
    "ApplyPolicy", "CreateEnrolmentToken", "ListEnrolmentTokens",
}


def test_every_method_names_what_others_have_or_does_not():
    assert set(OTHERS) | OF_NOBODY == set(DECLARED), "say which it is"
    assert not set(OTHERS) & OF_NOBODY


def proposed(world, serial):
    return world.operator.call("CreateProposal", proposal_to_revoke(serial))


@pytest.mark.parametrize("kind", ("certificate", "foreign_certificate", "jwt"))
def test_who_holds_one_certificate_has_no_say_over_another(world, kind):
    callers = {"certificate": world.callers, "foreign_certificate": world.by_foreign,
               "jwt": world.by_jwt}
    caller = callers[kind]["requester"]
    victim = world.serials["enroller"]
    for method, make in OTHERS.items():
        code, rule = outcome(caller.client, method, make(world, victim))
        assert (code, rule) in ((Code.NOT_FOUND, "certificate.not-found"),
                                (Code.PERMISSION_DENIED, "policy.role"), UNSERVED,
                                UNTAKEN), method
    listed = caller.client.call("ListCertificates", request(
        "ListCertificates", parent="issuers/-",
        filter=f'subject_alt_names : "URI:{id_of("enroller")}"')).certificates
    assert not listed
    if kind == "certificate":
        named = make_csr("URI:" + id_of("enroller"))
        assert outcome(caller.client, "RenewCertificate", request(
            "RenewCertificate", csr_der=named)) == (Code.PERMISSION_DENIED, "renewal.names")
    # Nor over one that has expired, without its key.
    assert outcome(world.stranger, "RenewExpiredCertificate", api.renew_expired_request(
        world.expired, new_key(), make_csr())) == (Code.UNAUTHENTICATED, "renewal.signature")
    assert world.operator.get(victim).state == 2


def test_a_certificate_revoked_while_its_channel_is_open_is_refused_at_the_next_call(world):
    client, serial = enrol(world.ca, world.operator, "requester")
    with contextlib.closing(client):
        client.trust_bundle()
        world.operator.revoke(serial, reason=5)
        for method in DECLARED:
            message = REQUESTS[method](world, world.callers["requester"])
            refused = outcome(client, method, message)
            assert refused == ((Code.UNAUTHENTICATED, "peer.revoked")
                               if "certificate" in DECLARED[method][1] else UNSERVED), method


# --- the lists of the policy

def test_a_role_ends_with_the_policy_that_gave_it(world):
    auditor = world.clients["auditor"]
    auditor.policy()
    lists = f'auditors = [{all_ids_of("auditor")}]\n'
    assert lists in world.policy_text
    world.operator.apply_policy(world.policy_text.replace(lists, ""))
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
    (tmp_path / "me.key").write_bytes(api.key_pem(key))
    (tmp_path / "me.key").chmod(0o600)
    done = world.ca.cli("revoke", world.victim(), "--yes", "--cert", tmp_path / "me.crt", "--key",
                        tmp_path / "me.key", check=False)
    text = " ".join(done.stderr.split())
    assert done.returncode != 0 and "[policy.role]" in text
    assert "is no operator or admin" in text and "operators or admins" in text
