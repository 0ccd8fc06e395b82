"""CSRs, good and bad, made by an implementation that is not ours."""

import ipaddress
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def new_key():
    """A P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def general_name(text):
    """"DNS:a", "URI:spiffe://..", "IP:10.0.0.1" -> GeneralName; a bare word is a DNS name."""
    kind, colon, value = text.partition(":")
    if colon and kind == "URI":
        return x509.UniformResourceIdentifier(value)
    if colon and kind == "IP":
        return x509.IPAddress(ipaddress.ip_address(value))
    return x509.DNSName(value if colon else text)


def make_csr(*names, key=None, extensions=()):
    """A CSR, DER, with an empty subject and the names as its subjectAltName."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    if names:
        san = x509.SubjectAlternativeName([general_name(name) for name in names])
        builder = builder.add_extension(san, critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    request = builder.sign(key or new_key(), hashes.SHA256())
    return request.public_bytes(serialization.Encoding.DER)


def spki_of(certified):
    """The public key of a request or certificate, DER."""
    return certified.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def flip_signature_bit(csr):
    """The last octet is inside the signature's last INTEGER."""
    return csr[:-1] + bytes([csr[-1] ^ 1])


def openssl_csr(folder, genpkey, name="web.internal"):
    """A CSR for keys that only openssl makes: `genpkey` are the arguments of openssl genpkey."""
    key, out = folder / "odd.key", folder / "odd.csr"
    subprocess.run(["openssl", "genpkey", *genpkey, "-out", str(key)], check=True,
                   capture_output=True)
    subprocess.run(["openssl", "req", "-new", "-key", str(key), "-subj", "/", "-addext",
                    f"subjectAltName=DNS:{name}", "-outform", "DER", "-out", str(out)], check=True,
                   capture_output=True)
    return out.read_bytes()
