"""A small DER writer that can also write what is not DER, keys that sign, and a request whose every
element can be spoilt before it is signed."""

import dataclasses
import functools

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

# --- DER


def length(size):
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def tlv(tag, *contents):
    body = b"".join(contents)
    return bytes([tag]) + length(len(body)) + body


sequence = functools.partial(tlv, 0x30)
set_of = functools.partial(tlv, 0x31)
octet_string = functools.partial(tlv, 0x04)
utf8 = functools.partial(tlv, 0x0C)
NULL = b"\x05\x00"


def explicit(number, *contents):
    return tlv(0xA0 | number, *contents)


def implicit(number, contents):
    return tlv(0x80 | number, contents)


def bit_string(octets, unused=0):
    return tlv(0x03, bytes([unused]), octets)


def integer(value):
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def base128(arc):
    out = [arc & 0x7F]
    while arc := arc >> 7:
        out.insert(0, 0x80 | arc & 0x7F)
    return bytes(out)


def oid(dotted):
    first, second, *rest = map(int, dotted.split("."))
    return tlv(0x06, base128(40 * first + second), *map(base128, rest))


def split(der):
    """The tag, the contents, and what follows the first element."""
    first, at = der[1], 2
    if first >= 0x80:
        at += first & 0x7F
        first = int.from_bytes(der[2:at], "big")
    return der[0], der[at:at + first], der[at + first:]


# --- algorithms

ECDSA = {"sha256": "1.2.840.10045.4.3.2", "sha384": "1.2.840.10045.4.3.3",
         "sha512": "1.2.840.10045.4.3.4", "sha1": "1.2.840.10045.4.1",
         "sha224": "1.2.840.10045.4.3.1"}
PKCS1 = {"sha256": "1.2.840.113549.1.1.11", "sha384": "1.2.840.113549.1.1.12",
         "sha512": "1.2.840.113549.1.1.13", "sha1": "1.2.840.113549.1.1.5",
         "sha224": "1.2.840.113549.1.1.14", "md5": "1.2.840.113549.1.1.4"}
HASHES = {"sha256": "2.16.840.1.101.3.4.2.1", "sha384": "2.16.840.1.101.3.4.2.2",
          "sha512": "2.16.840.1.101.3.4.2.3", "sha1": "1.3.14.3.2.26"}
PSS, MGF1 = "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.8"
ED25519 = "1.3.101.112"
RSA = "1.2.840.113549.1.1.1"
EC = "1.2.840.10045.2.1"
P256, P384, P521 = "1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"


def digest(name):
    return getattr(hashes, name.upper())()


def ecdsa_algorithm(name="sha256"):
    return sequence(oid(ECDSA[name]))


def pkcs1_algorithm(name="sha256"):
    return sequence(oid(PKCS1[name]), NULL)


def ed25519_algorithm():
    return sequence(oid(ED25519))


# --- keys


def spki_of(key):
    return key.public_key().public_bytes(serialization.Encoding.DER,
                                         serialization.PublicFormat.SubjectPublicKeyInfo)


def ec_spki(curve, point):
    return sequence(sequence(oid(EC), oid(curve)), bit_string(point))


def rsa_spki(modulus, exponent=65537):
    return sequence(sequence(oid(RSA), NULL),
                    bit_string(sequence(integer(modulus), integer(exponent))))


def point_of(key, form=serialization.PublicFormat.UncompressedPoint):
    return key.public_key().public_bytes(serialization.Encoding.X962, form)


@dataclasses.dataclass
class Signer:
    """A public key, and how its private half signs a request."""
    spki: bytes
    algorithm: bytes
    sign: callable


def ec_signer(key, name="sha256"):
    return Signer(spki_of(key), ecdsa_algorithm(name),
                  lambda info: key.sign(info, ec.ECDSA(digest(name))))


def rsa_signer(key, name="sha256"):
    return Signer(spki_of(key), pkcs1_algorithm(name),
                  lambda info: key.sign(info, padding.PKCS1v15(), digest(name)))


def ed25519_signer(key):
    return Signer(spki_of(key), ed25519_algorithm(), key.sign)


def unsigned(spki):
    """For keys that cannot sign: what follows must be refused for the key alone."""
    return Signer(spki, ecdsa_algorithm(), lambda info: P256_SIGNER.sign(info))


P256_KEY = ec.generate_private_key(ec.SECP256R1())
P384_KEY = ec.generate_private_key(ec.SECP384R1())
P521_KEY = ec.generate_private_key(ec.SECP521R1())
ED25519_KEY = ed25519.Ed25519PrivateKey.generate()
RSA_KEY = rsa.generate_private_key(65537, 2048)
P256_SIGNER = ec_signer(P256_KEY)
RSA_SIGNER = rsa_signer(RSA_KEY)
ED25519_SIGNER = ed25519_signer(ED25519_KEY)
SIGNERS = {"p256": P256_SIGNER, "p384": ec_signer(P384_KEY, "sha384"),
           "p521": ec_signer(P521_KEY, "sha512"), "ed25519": ED25519_SIGNER, "rsa": RSA_SIGNER}

# --- requests

COMMON_NAME = "2.5.4.3"
EXTENSION_REQUEST = "1.2.840.113549.1.9.14"
SAN, BASIC_CONSTRAINTS = "2.5.29.17", "2.5.29.19"
KEY_USAGE, EXTENDED_KEY_USAGE = "2.5.29.15", "2.5.29.37"


class Spoiler:
    """Puts elements together by name; those in `spoilt` are written by a function of theirs."""

    def __init__(self, spoilt):
        self.spoilt = dict(spoilt)
        self.seen = set()

    def __call__(self, name, tag, *contents):
        self.seen.add(name)
        body = b"".join(contents)
        return self.spoilt[name](tag, body) if name in self.spoilt else tlv(tag, body)


def dns(name):
    return implicit(2, name if isinstance(name, bytes) else name.encode())


def extension(dotted, value, critical=b""):
    return sequence(oid(dotted), critical, octet_string(value))


def san(*names):
    return extension(SAN, sequence(*names))


def attribute(dotted, *values):
    return sequence(oid(dotted), set_of(*values))


def extension_request(*extensions):
    return attribute(EXTENSION_REQUEST, sequence(*extensions))


def subject_attribute(value):
    """A Name of one common name."""
    return sequence(set_of(sequence(oid(COMMON_NAME), value)))


WEB = san(dns("web.internal"))


def assemble(info, signer, algorithm=None, signature=None):
    """A request around a CertificationRequestInfo; `signature` spoils the right one."""
    made = signer.sign(info)
    return sequence(info, algorithm or signer.algorithm,
                    bit_string(signature(made) if signature else made))


def info_of(signer=P256_SIGNER, version=None, subject=None, spki=None, attributes=None, rest=None):
    """CertificationRequestInfo; `attributes` are in SET order here, `rest` replaces them whole."""
    if attributes is None:
        attributes = [extension_request(WEB)]
    return sequence(version if version is not None else integer(0),
                    subject if subject is not None else sequence(), spki or signer.spki,
                    rest if rest is not None else explicit(0, *sorted(attributes)))


def request(signer=P256_SIGNER, algorithm=None, signature=None, **parts):
    return assemble(info_of(signer, **parts), signer, algorithm, signature)


def with_names(*names, signer=P256_SIGNER):
    return request(signer, attributes=[extension_request(san(*names))])


def with_extensions(*extensions):
    return request(attributes=[extension_request(WEB, *extensions)])


def spoilt_request(spoilt):
    """The request of every element: each can be written wrongly, and is then signed as it is."""
    element = Spoiler(spoilt)
    value = element("atv value", 0x0C, b"web.internal")
    subject = element("subject", 0x30, element("rdn", 0x31, element(
        "atv", 0x30, element("atv type", 0x06, split(oid(COMMON_NAME))[1]), value)))
    names = element("san", 0x30, element("san name", 0x82, b"web.internal"))
    extensions = element("extensions", 0x30, element(
        "extension", 0x30, element("extension id", 0x06, split(oid(SAN))[1]),
        element("critical", 0x01, b"\xff"), element("extension value", 0x04, names)))
    attributes = element("attributes", 0xA0, element(
        "attribute", 0x30, element("attribute type", 0x06, split(oid(EXTENSION_REQUEST))[1]),
        element("attribute values", 0x31, extensions)))
    key = element("key", 0x30, element(
        "key algorithm", 0x30, element("key type", 0x06, split(oid(EC))[1]),
        element("curve", 0x06, split(oid(P256))[1])),
        element("key bits", 0x03, b"\0", point_of(P256_KEY)))
    info = element("info", 0x30, element("version", 0x02, b"\0"), subject, key, attributes)
    whole = element("request", 0x30, info,
                    element("signature algorithm", 0x30,
                            element("signature type", 0x06, split(oid(ECDSA["sha256"]))[1])),
                    element("signature", 0x03, b"\0", P256_SIGNER.sign(info)))
    assert set(spoilt) <= element.seen, set(spoilt) - element.seen
    return whole


ELEMENTS = ("request", "info", "version", "subject", "rdn", "atv", "atv type", "atv value", "key",
            "key algorithm", "key type", "curve", "key bits", "attributes", "attribute",
            "attribute type", "attribute values", "extensions", "extension", "extension id",
            "critical", "extension value", "san", "san name", "signature algorithm",
            "signature type", "signature")


@dataclasses.dataclass
class Case:
    """One defect: `what` is wrong, the `rule` that refuses it, and a twin without the defect."""
    what: str
    rule: str
    csr: bytes
    twin: bytes
    profile: str = "every-key"
