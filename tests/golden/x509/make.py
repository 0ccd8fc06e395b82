#!/usr/bin/env python3
"""Makes the requests, certificates and weak moduli of this folder with implementations that are
not Mayfly's: the openssl program, python3-cryptography, and plain arithmetic.

Run it in this folder. Keys and signatures are new in each run; the tests rely on structure only.
"""
import datetime
import ipaddress
import os
import random
import subprocess
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID as AIA
from cryptography.x509.oid import ExtendedKeyUsageOID as EKU
from cryptography.x509.oid import NameOID, ObjectIdentifier

DER = serialization.Encoding.DER


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


def openssl_request(name, key_arguments, folder, digest="-sha256", extra=()):
    key = os.path.join(folder, name + ".key")
    openssl("genpkey", *key_arguments, "-out", key)
    openssl("req", "-new", "-key", key, digest, "-outform", "DER", "-out", name + ".csr",
            "-subj", "/CN=web.internal", "-addext", "subjectAltName=DNS:web.internal", *extra)


def ec_key(curve, *options):
    arguments = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + curve]
    for option in options:
        arguments += ["-pkeyopt", option]
    return arguments


def rsa_key(bits, exponent=65537):
    return ["-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}",
            "-pkeyopt", f"rsa_keygen_pubexp:{exponent}"]


def pss_requests(folder):
    """Signed by RSASSA-PSS, by a plain RSA key; one by a key that is for PSS only."""
    def options(salt):
        return ("-sigopt", "rsa_padding_mode:pss", "-sigopt", f"rsa_pss_saltlen:{salt}")

    for digest in ("sha256", "sha384", "sha512"):
        openssl_request(f"rsa-pss-{digest}", rsa_key(2048), folder, f"-{digest}", options("digest"))
    openssl_request("rsa-pss-longest-salt", rsa_key(2048), folder, extra=options("max"))
    openssl_request("rsa-pss-key", ["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"],
                    folder, extra=options("digest"))


def openssl_requests():
    with tempfile.TemporaryDirectory() as folder:
        openssl_request("rsa-2048", rsa_key(2048), folder)
        openssl_request("rsa-1024", rsa_key(1024), folder)
        openssl_request("rsa-2050", rsa_key(2050), folder)
        openssl_request("rsa-exponent-3", rsa_key(2048, 3), folder)
        openssl_request("p256", ec_key("P-256"), folder)
        openssl_request("p384", ec_key("P-384"), folder, "-sha384")
        openssl_request("p521", ec_key("P-521"), folder, "-sha512")
        openssl_request("ed25519", ["-algorithm", "ED25519"], folder)
        openssl_request("p256-sha1", ec_key("P-256"), folder, "-sha1")
        openssl_request("p256-asks-for-ca", ec_key("P-256"), folder, extra=(
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign"))
        openssl_request("secp256k1", ec_key("secp256k1"), folder)
        pss_requests(folder)
        openssl_request("p256-explicit", ec_key("P-256", "ec_param_enc:explicit"), folder)
        key = os.path.join(folder, "ca.key")
        openssl("genpkey", *ec_key("P-384"), "-out", key)
        openssl("req", "-x509", "-key", key, "-sha384", "-days", "3650", "-outform", "DER",
                "-subj", "/O=Example/CN=Example Root", "-out", "openssl-root.crt",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")


def names():
    return x509.SubjectAlternativeName([
        x509.DNSName("web.internal"),
        x509.DNSName("*.web.internal"),
        x509.UniformResourceIdentifier("spiffe://example.org/web"),
        x509.IPAddress(ipaddress.ip_address("10.1.2.3")),
        x509.IPAddress(ipaddress.ip_address("fd00::1")),
        x509.RFC822Name("web@example.org"),
    ])


def python_request():
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (x509.CertificateSigningRequestBuilder()
               .subject_name(x509.Name([]))
               .add_attribute(x509.oid.AttributeOID.CHALLENGE_PASSWORD, b"secret")
               .add_extension(names(), critical=True))
    write("python-all-names.csr", builder.sign(key, hashes.SHA256()).public_bytes(DER))
    builder = (x509.CertificateSigningRequestBuilder()
               .subject_name(x509.Name([]))
               .add_extension(x509.SubjectAlternativeName([x509.DNSName("web.internal")]),
                              critical=True))
    write("python-one-name.csr", builder.sign(key, hashes.SHA256()).public_bytes(DER))


def element(tag, *contents):
    body = b"".join(contents)
    assert len(body) < 256
    length = [len(body)] if len(body) < 128 else [0x81, len(body)]
    return bytes([tag, *length]) + body


def compressed_request():
    """No tool at hand writes a compressed point into a request, so it is put together here."""
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(serialization.Encoding.X962,
                                          serialization.PublicFormat.CompressedPoint)
    spki = element(0x30, bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107"),
                   element(0x03, b"\0", point))
    info = element(0x30, bytes.fromhex("0201003000"), spki, element(0xa0))
    signature = key.sign(info, ec.ECDSA(hashes.SHA256()))
    write("p256-compressed.csr", element(0x30, info, bytes.fromhex("300a06082a8648ce3d040302"),
                                         element(0x03, b"\0", signature)))


def python_certificate():
    """A leaf with every extension that Mayfly writes, in the order of the test."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    utc = datetime.timezone.utc
    builder = (
        x509.CertificateBuilder()
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example",
                                                   x509.name._ASN1Type.PrintableString),
                                x509.NameAttribute(NameOID.COMMON_NAME, "Example CA",
                                                   x509.name._ASN1Type.PrintableString)]))
        .subject_name(x509.Name([]))
        .serial_number(0x2101994F0A1B2C0102030405060708090A0B0C0D)
        .not_valid_before(datetime.datetime(2049, 12, 31, 23, 0, 0, tzinfo=utc))
        .not_valid_after(datetime.datetime(2050, 1, 1, 0, 59, 59, tzinfo=utc))
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(True, False, False, False, False, True, True, False, False),
                       critical=True)
        .add_extension(x509.ExtendedKeyUsage([EKU.SERVER_AUTH, EKU.CLIENT_AUTH, EKU.OCSP_SIGNING]),
                       critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(names(), critical=True)
        .add_extension(x509.AuthorityInformationAccess([
            x509.AccessDescription(AIA.OCSP, x509.UniformResourceIdentifier("http://ocsp.test/")),
            x509.AccessDescription(AIA.CA_ISSUERS,
                                   x509.UniformResourceIdentifier("http://ca.test/ca.cer"))]),
            critical=False)
        .add_extension(x509.CRLDistributionPoints([x509.DistributionPoint(
            [x509.UniformResourceIdentifier("http://crl.test/1.crl")], None, None, None)]),
            critical=False)
        .add_extension(x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.56"), b"\x05\x00"),
                       critical=False)
        .add_extension(x509.OCSPNoCheck(), critical=False))
    write("python-every-extension.crt", builder.sign(ca_key, hashes.SHA256()).public_bytes(DER))
    write("python-every-extension.issuer.spki", ca_key.public_key().public_bytes(
        DER, serialization.PublicFormat.SubjectPublicKeyInfo))


def is_prime(number):
    if any(number % small == 0 for small in SMALL_PRIMES):
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(12):
        x = pow(random.randrange(2, number - 1), odd, number)
        if x in (1, number - 1):
            continue
        if not any((x := x * x % number) == number - 1 for _ in range(twos - 1)):
            return False
    return True


SMALL_PRIMES = [n for n in range(2, 760) if all(n % d for d in range(2, int(n**0.5) + 1))]


def next_prime(number):
    number |= 1
    while not is_prime(number):
        number += 2
    return number


def prime(bits):
    return next_prime(random.getrandbits(bits) | 3 << (bits - 2))


def roca_prime():
    """k * M + (65537^a mod M), the form of CVE-2017-15361, with M the first 126 primes."""
    m = 1
    for small in SMALL_PRIMES[:126]:
        m *= small
    low = (3 << 1022) // m
    while True:
        k = random.randrange(low, (1 << 1024) // m)
        candidate = k * m + pow(65537, random.getrandbits(200), m)
        if is_prime(candidate):
            return candidate


def weak_moduli():
    p = prime(1024)
    close = p
    for _ in range(3):
        close = next_prime(close + 2)
    lines = {
        "sound": prime(1024) * prime(1024),
        "close-primes": p * close,
        "square": p * p,
        "factor-751": 751 * prime(2039),
        "factor-757": 757 * prime(2039),
        "even": 2 * prime(2047),
        "prime": prime(2048),
        "roca": roca_prime() * roca_prime(),
    }
    with open("moduli.txt", "w", encoding="ascii") as file:
        for kind, modulus in lines.items():
            file.write(f"{kind} {modulus:0{(modulus.bit_length() + 15) // 8 * 2 - 2}x}\n")


if __name__ == "__main__":
    openssl_requests()
    python_request()
    compressed_request()
    python_certificate()
    weak_moduli()
