"""A gRPC client of the CA without generated stubs: messages come from the .proto files as they are."""

import contextlib
import dataclasses
import functools
import hashlib
import os
import subprocess
import tempfile
import time
import uuid

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from .authority import ROOT

SERVICE = "mayfly.ca.v1.CertificateAuthorityService"
PEM = serialization.Encoding.PEM
# Methods that answer with a resource.
RESOURCES = {"GetTrustBundle": "TrustBundle", "GetCertificate": "Certificate", "GetPolicy": "Policy",
             "CreateProposal": "Proposal", "GetProposal": "Proposal", "WithdrawProposal": "Proposal"}


@functools.lru_cache(maxsize=None)
def _pool():
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(
            ["protoc", f"-I{ROOT / 'proto'}", "--include_imports", f"--descriptor_set_out={out.name}",
             "mayfly/ca/v1/certificate_authority.proto", "google/rpc/status.proto",
             "google/rpc/error_details.proto"],
            check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(open(out.name, "rb").read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool


@functools.lru_cache(maxsize=None)
def message(name):
    """The class of a message, e.g. message("mayfly.ca.v1.Certificate")."""
    descriptor = _pool().FindMessageTypeByName(name)
    if hasattr(message_factory, "GetMessageClass"):  # protobuf 4.22 and newer
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(_pool()).GetPrototype(descriptor)


def request(method, /, **fields):
    """The request of a method, e.g. request("GetPolicy")."""
    return message(f"mayfly.ca.v1.{method}Request")(**fields)


def key_pem(key):
    """A private key as a Client takes it."""
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def chain_pem(response):
    """A response's certificate and those above it, as a Client takes them."""
    ders = [response.certificate.certificate_der, *response.issuer_chain_der]
    return b"".join(x509.load_der_x509_certificate(der).public_bytes(PEM) for der in ders)


def _names(enum, numbers):
    prefix = enum.name.upper() + "_"
    return frozenset(enum.values_by_number[n].name.removeprefix(prefix).lower() for n in numbers)


@functools.lru_cache(maxsize=None)
def declarations():
    """{method: (roles, credentials)} as the proto declares them, e.g. {"admin"}, {"certificate"}."""
    access = _pool().FindExtensionByName("mayfly.ca.v1.access")
    fields = access.message_type.fields_by_name
    options = message("google.protobuf.MethodOptions")
    declared = {}
    for method in _pool().FindServiceByName(SERVICE).methods:
        said = options.FromString(method.GetOptions().SerializeToString()).Extensions[access]
        declared[method.name] = (_names(fields["roles"].enum_type, said.roles),
                                 _names(fields["credentials"].enum_type, said.credentials))
    return declared


def make_request_id(at=None):
    """A UUIDv7 (RFC 9562 5.7)."""
    milliseconds = int((time.time() if at is None else at) * 1000)
    value = bytearray(milliseconds.to_bytes(6, "big") + os.urandom(10))
    value[6] = 0x70 | value[6] & 0x0F
    value[8] = 0x80 | value[8] & 0x3F
    return str(uuid.UUID(bytes=bytes(value)))


@dataclasses.dataclass
class Refused(Exception):
    """A call that failed: gRPC's code, the rules that refused, and when to come back."""
    code: grpc.StatusCode
    text: str
    rule: str = ""
    reason: str = ""
    rules: frozenset = frozenset()
    retry_seconds: float = None

    def __str__(self):
        return f"{self.code.name} [{self.rule}] {self.text}"


def refused(call):
    """How a call is refused; nothing where it is not."""
    try:
        call()
    except Refused as error:
        return error
    return None


def refusal(act, *arguments, **options):
    """The code and the rule by which a call is refused, which it must be."""
    error = refused(lambda: act(*arguments, **options))
    assert error is not None, "it was not refused"
    return error.code, error.rule


def _read_error(error):
    refused = Refused(error.code(), error.details() or "")
    rules = set()
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        for detail in message("google.rpc.Status").FromString(value).details:
            name = detail.type_url.rsplit("/", 1)[-1]
            inner = message(name).FromString(detail.value)
            if name == "google.rpc.ErrorInfo":
                assert inner.domain == "mayfly.ca"
                refused.rule, refused.reason = inner.metadata.get("rule", ""), inner.reason
                rules.add(refused.rule)
            elif name == "google.rpc.BadRequest":
                rules.update(word for violation in inner.field_violations
                             for word in _rule_words(violation))
            elif name == "google.rpc.RetryInfo":
                refused.retry_seconds = inner.retry_delay.seconds + inner.retry_delay.nanos / 1e9
    refused.rules = frozenset(rules)
    return refused


def _rule_words(violation):
    """The rule ids that a violation's description names."""
    words = violation.description.replace("[", " ").replace("]", " ").replace(":", " ").split()
    return [word for word in words if "." in word]


class Client:
    """Calls as one principal. `certificate` and `key` are PEM bytes; None: without a certificate.
    `token` goes with every call."""

    def __init__(self, authority, certificate=None, key=None, port=None, token=None):
        self.token = token
        credentials = grpc.ssl_channel_credentials(authority.root_file.read_bytes(), key, certificate)
        # gRPC takes the least pause between attempts for the time that one attempt may last.
        self._channel = grpc.secure_channel(
            f"localhost:{port or authority.port('grpc')}", credentials,
            options=[("grpc.enable_retries", 0), ("grpc.use_local_subchannel_pool", 1),
                     ("grpc.min_reconnect_backoff_ms", 10000), ("grpc.max_reconnect_backoff_ms", 500),
                     ("grpc.initial_reconnect_backoff_ms", 100)])

    def close(self):
        """Closes the connection."""
        self._channel.close()

    def call(self, method, request, seconds=20, wait_for_ready=False):
        """One call. Raises Refused."""
        response = RESOURCES.get(method, method + "Response")
        stub = self._channel.unary_unary(
            f"/{SERVICE}/{method}", request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=message(f"mayfly.ca.v1.{response}").FromString)
        try:
            metadata = [("authorization", f"Bearer {self.token}")] if self.token else None
            return stub(request, timeout=seconds, wait_for_ready=wait_for_ready,
                        metadata=metadata)
        except grpc.RpcError as error:
            raise _read_error(error) from None

    def issue(self, csr, profile="server", names=(), lifetime=None, request_id="", **options):
        """IssueCertificate; `csr` is DER, `lifetime` seconds."""
        request = message("mayfly.ca.v1.IssueCertificateRequest")(
            csr_der=csr, profile=profile, subject_alt_names=names, request_id=request_id)
        if lifetime is not None:
            request.lifetime.seconds = lifetime
        return self.call("IssueCertificate", request, **options)

    def create_token(self, *names, profile="server", lifetime=None, uses=0, **options):
        """CreateEnrolmentToken; a bare word is a DNS name."""
        request = message("mayfly.ca.v1.CreateEnrolmentTokenRequest")(
            profile=profile, uses_max=uses,
            subject_alt_names=[name if ":" in name else f"DNS:{name}" for name in names])
        if lifetime is not None:
            request.lifetime.seconds = lifetime
        return self.call("CreateEnrolmentToken", request, **options)

    def get(self, serial, issuer="-", **options):
        """GetCertificate by serial in hex."""
        request = message("mayfly.ca.v1.GetCertificateRequest")(
            name=f"issuers/{issuer}/certificates/{serial}")
        return self.call("GetCertificate", request, **options)

    def revoke(self, serial, reason=2, issuer="-", **options):
        """RevokeCertificate; reason 2 is key compromise."""
        request = message("mayfly.ca.v1.RevokeCertificateRequest")(
            name=f"issuers/{issuer}/certificates/{serial}", reason=reason)
        return self.call("RevokeCertificate", request, **options)

    def policy(self, **options):
        """GetPolicy."""
        return self.call("GetPolicy", message("mayfly.ca.v1.GetPolicyRequest")(), **options)

    def apply_policy(self, text, **options):
        """ApplyPolicy."""
        request = message("mayfly.ca.v1.ApplyPolicyRequest")(policy_text=text)
        return self.call("ApplyPolicy", request, **options)

    def trust_bundle(self, **options):
        """GetTrustBundle of the server's own trust domain."""
        request = message("mayfly.ca.v1.GetTrustBundleRequest")(name="trustBundles/-")
        return self.call("GetTrustBundle", request, **options)


def stranger(authority, token=None):
    """A client without a certificate, on the listener that asks for none."""
    return Client(authority, port=authority.port("enrolment"), token=token)


def renew_expired_request(response, key, csr, request_id=None, lifetime=None):
    """A RenewExpiredCertificateRequest for what `response` gave, signed by its EC P-256 key."""
    request = message("mayfly.ca.v1.RenewExpiredCertificateRequest")(
        certificate_der=response.certificate.certificate_der, csr_der=csr,
        request_id=request_id or make_request_id())
    request.signature = key.sign(renewal_statement(request), ec.ECDSA(hashes.SHA256()))
    if lifetime is not None:
        request.lifetime.seconds = lifetime
    return request


def renewal_statement(request):
    """What the old key signs, as the proto says it."""
    return (b"mayfly.ca.v1.RenewExpiredCertificate\0"
            + hashlib.sha256(request.certificate_der).digest()
            + hashlib.sha256(request.csr_der).digest() + uuid.UUID(request.request_id).bytes)


def _sized(octets):
    return len(octets).to_bytes(4, "big") + octets


def payload_sha256(proposal):
    """What an approval of a proposal names, as the proto says it."""
    encoding = b"mayfly.ca.v1.Proposal\0\1"
    if proposal.WhichOneof("payload") == "policy_change":
        change = proposal.policy_change
        encoding += b"\1" + change.base_version.to_bytes(8, "big")
        encoding += _sized(change.policy_text.encode())
    else:
        revocation = proposal.mass_revocation
        encoding += b"\2" + bytes([max(revocation.reason - 1, 0)])
        encoding += len(revocation.certificates).to_bytes(8, "big")
        for name in revocation.certificates:
            _, issuer, _, serial = name.split("/")
            encoding += _sized(issuer.encode()) + _sized(bytes.fromhex(serial))
    return hashlib.sha256(encoding).hexdigest()


@contextlib.contextmanager
def operator_with_policy(authority, more):
    """The operator, while the policy has this text at its end."""
    with contextlib.closing(operator(authority)) as client:
        before = client.policy().policy_text
        client.apply_policy(before + more)
        yield client
        client.apply_policy(before)


def operator(authority, port=None):
    """A client as the operator that ./quickstart made; `port` of another replica."""
    folder = authority.home / "operator"
    return Client(authority, (folder / "tls.crt").read_bytes(), (folder / "tls.key").read_bytes(),
                  port)
