#!/usr/bin/env python3
"""Makes the certificates that the golden test of the command line looks at, with
python3-cryptography. Run it in this folder; then remake.sh for what is printed of them.
"""
import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

UTC = datetime.timezone.utc
NAMES = [x509.DNSName("web.internal"), x509.DNSName("www.internal"),
         x509.IPAddress(ipaddress.ip_address("10.0.0.7"))]


def common_name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])


def time(year, month, day, seconds=0):
    return datetime.datetime(year, month, day, tzinfo=UTC) + datetime.timedelta(seconds=seconds)


def make(name, key, issuer, issuer_key, serial, begin, end, extensions):
    builder = (x509.CertificateBuilder().subject_name(common_name(name))
               .issuer_name(common_name(issuer)).public_key(key.public_key())
               .serial_number(int(serial, 16)).not_valid_before(begin).not_valid_after(end))
    authority = issuer_key.public_key()
    extensions = extensions + [
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), False)]
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def key_usage(**used):
    every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
             "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{each: used.get(each, False) for each in every})


def ca(path_length):
    return [(x509.BasicConstraints(True, path_length), True),
            (key_usage(key_cert_sign=True, crl_sign=True), True)]


def leaf():
    return [(key_usage(digital_signature=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.SubjectAlternativeName(NAMES), True)]


def write(name, *certificates):
    with open(name, "wb") as file:
        for certificate in certificates:
            file.write(certificate.public_bytes(serialization.Encoding.PEM))


root_key, issuing_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
ten_years = (time(2026, 1, 1), time(2036, 1, 1))
root = make("Example root", root_key, "Example root", root_key, "2a", *ten_years, ca(None))
issuing = make("Example issuing CA", issuing_key, "Example root", root_key, "2b", *ten_years, ca(0))
current = make("", key, "Example issuing CA", issuing_key, "21019c0b1d8800112233445566778899aabbccdd",
               time(2026, 3, 1), time(2026, 3, 8, -1), leaf())
expired = make("", key, "Example issuing CA", issuing_key, "21019b1c000000112233445566778899aabbccdd",
               time(2026, 2, 1), time(2026, 2, 8, -1), leaf())
write("roots.pem", root)
write("other-roots.pem", make("Other root", root_key, "Other root", root_key, "2c", *ten_years, ca(None)))
write("web.internal.crt", current, issuing)
write("expired.crt", expired, issuing)
with open("request.csr", "wb") as file:
    request = x509.CertificateSigningRequestBuilder().subject_name(common_name("")).add_extension(
        x509.SubjectAlternativeName(NAMES[:1]), False).sign(key, hashes.SHA256())
    file.write(request.public_bytes(serialization.Encoding.PEM))
