"""An issuer of tokens: its keys, its tokens, its certificate, and a server that answers as told."""

import base64
import datetime
import hashlib
import hmac
import http.server
import ipaddress
import json
import ssl
import subprocess
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import NameOID

AUDIENCE = "mayfly"
SUBJECT = "system:serviceaccount:prod:api"
CLAIMS = """namespace = ["kubernetes.io", "namespace"]
serviceaccount = ["kubernetes.io", "serviceaccount", "name"]"""


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value, size=None):
    return base64url(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Key:
    """A key for RS256 or ES256."""

    def __init__(self, kid, algorithm="RS256"):
        self.kid, self.algorithm = kid, algorithm
        self.private = (rsa.generate_private_key(65537, 2048) if algorithm == "RS256"
                        else ec.generate_private_key(ec.SECP256R1()))

    def jwk(self):
        numbers = self.private.public_key().public_numbers()
        if self.algorithm == "RS256":
            members = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
        else:
            members = {"kty": "EC", "crv": "P-256", "x": _number(numbers.x, 32),
                       "y": _number(numbers.y, 32)}
        return members | {"kid": self.kid, "alg": self.algorithm, "use": "sig"}

    def private_jwk(self):
        numbers = self.private.private_numbers()
        if self.algorithm == "ES256":
            return self.jwk() | {"d": _number(numbers.private_value, 32)}
        return self.jwk() | {"d": _number(numbers.d), "p": _number(numbers.p),
                             "q": _number(numbers.q), "dp": _number(numbers.dmp1),
                             "dq": _number(numbers.dmq1), "qi": _number(numbers.iqmp)}

    def public_pem(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data):
        if self.algorithm == "RS256":
            return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        r, s = utils.decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def header(self):
        return {"alg": self.algorithm, "kid": self.kid}

    def token(self, claims, header=None, sign=None):
        """Claims are a dict, or the bytes of a payload."""
        payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
        head = json.dumps(header or self.header()).encode()
        text = f"{base64url(head)}.{base64url(payload)}"
        return f"{text}.{base64url((sign or self.sign)(text.encode()))}"

    def sign_as_hmac(self, data):
        """With the public key as the secret, which everybody has."""
        return hmac.new(self.public_pem(), data, hashlib.sha256).digest()


def claims_of(issuer, **changes):
    """As Kubernetes writes them; None takes one away."""
    now = int(time.time())
    claims = {"iss": issuer, "aud": [AUDIENCE], "sub": SUBJECT, "iat": now, "nbf": now,
              "exp": now + 600, "kubernetes.io": {"namespace": "prod",
                                                  "serviceaccount": {"name": "api"}}}
    claims |= changes
    return {name: value for name, value in claims.items() if value is not None}


def make_certificate(folder, name, hosts=("localhost",)):
    """Its own CA: folder/NAME.pem and folder/NAME.key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.utcnow()
    names = [x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
             for host in hosts]
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(True, None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(key, hashes.SHA256()))
    certificate, private = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    return certificate, private


class Server:
    """HTTPS on localhost. `pages` is {path: body, or a function of the request's handler}."""

    def __init__(self, certificate, private):
        self.pages, self.asked = {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Answers from `pages`."""

            def do_GET(self):  # noqa: N802, the library's name
                outer.asked.append(self.path)
                page = outer.pages.get(self.path)
                if callable(page):
                    page(self)
                else:
                    self.answer(200 if page is not None else 404, page or b"")

            def answer(self, status, body=b"", **headers):
                self.send_response(status)
                for name, value in ({"Content-Length": len(body)} | headers).items():
                    self.send_header(name.replace("_", "-"), str(value))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Nothing: the test says what it wants to see."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, private)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.address = f"https://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def publish(self, *keys, issuer=None, jwks_uri=None):
        self.pages["/.well-known/openid-configuration"] = json.dumps(
            {"issuer": issuer or self.address,
             "jwks_uri": jwks_uri or f"{self.address}/keys"}).encode()
        self.pages["/keys"] = json.dumps({"keys": [key.jwk() for key in keys]}).encode()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def section(issuer, *lines, name="cluster", algorithms='["RS256", "ES256"]', claims=CLAIMS):
    """An [[oidc_issuer]] of the configuration."""
    return "\n".join([
        "", "[[oidc_issuer]]", f'name = "{name}"', f'issuer = "{issuer}"',
        f'audience = "{AUDIENCE}"', f"algorithms = {algorithms}", *lines,
        "[oidc_issuer.claims]", claims, ""])


class Verifier:
    """verify_tokens with one [[oidc_issuer]]."""

    def __init__(self, program, folder, issuer, *lines, algorithms='["RS256", "ES256"]'):
        configuration = folder / "verifier.toml"
        configuration.write_text(section(issuer, *lines, algorithms=algorithms))
        self.log = open(folder / "verifier.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen([program, configuration, "--quick"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log)

    def ask(self, token):
        self.process.stdin.write(token + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def told(self):
        """What fetches said so far."""
        self.log.seek(0)
        return self.log.read()

    def stop(self):
        self.process.stdin.close()
        status = self.process.wait(20)
        self.log.close()
        return status
