"""Requests of Python's cryptography; run by make.sh."""

import ipaddress
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

KEYS = {"ec": (ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()),
        "rsa": (rsa.generate_private_key(65537, 2048), hashes.SHA256()),
        "ed25519": (ed25519.Ed25519PrivateKey.generate(), None)}

for name, (key, digest) in KEYS.items():
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "web.internal")])
    names = x509.SubjectAlternativeName([x509.DNSName("web.internal"),
                                         x509.IPAddress(ipaddress.ip_address("10.1.2.3"))])
    request = (x509.CertificateSigningRequestBuilder().subject_name(subject)
               .add_extension(names, critical=False).sign(key, digest))
    pathlib.Path(f"python-{name}.csr").write_bytes(
        request.public_bytes(serialization.Encoding.DER))
