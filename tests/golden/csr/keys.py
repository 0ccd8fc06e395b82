"""Requests with keys and signatures that are refused."""

import hashlib
import random

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dh, dsa, ec, ed448, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric import x448, x25519

from parts import (EC, ECDSA, ED25519, ED25519_KEY, ED25519_SIGNER, HASHES, MGF1, NULL, P256, P256_KEY,
                   P256_SIGNER, P384, P384_KEY, P521_KEY, PKCS1, PSS, RSA, RSA_KEY, RSA_SIGNER, SIGNERS,
                   Case, Signer, assemble, bit_string, digest, ec_signer, ec_spki, ecdsa_algorithm,
                   ed25519_algorithm, explicit, info_of, integer, octet_string, oid, pkcs1_algorithm,
                   point_of, request, rsa_signer, rsa_spki, sequence, split, spki_of, tlv, unsigned)

TWIN = request()
RSA_TWIN = request(RSA_SIGNER)
ED25519_TWIN = request(ED25519_SIGNER)

# --- RSA by hand: for numbers that libraries refuse to make or to sign with

SMALL_PRIMES = [n for n in range(2, 760) if all(n % d for d in range(2, int(n**0.5) + 1))]
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")  # SHA-256


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


def prime_above(number):
    number |= 1
    while not is_prime(number):
        number += 2
    return number


def random_prime(bits):
    return prime_above(random.getrandbits(bits) | 3 << (bits - 2))


def encoded(info, size):
    """EMSA-PKCS1-v1_5 (RFC 8017 9.2)."""
    tail = b"\0" + DIGEST_INFO + hashlib.sha256(info).digest()
    return b"\0\1" + b"\xff" * (size - 2 - len(tail)) + tail


def hand_made(modulus, phi, exponent=65537, encode=encoded):
    """Signs with any modulus of which the totient is known."""
    size = (modulus.bit_length() + 7) // 8

    def sign(info):
        message = int.from_bytes(encode(info, size), "big")
        return pow(message, pow(exponent, -1, phi), modulus).to_bytes(size, "big")

    return Signer(rsa_spki(modulus, exponent), pkcs1_algorithm(), sign)


def roca_prime():
    """k * M + (65537^a mod M), the form of CVE-2017-15361."""
    m = 1
    for small in SMALL_PRIMES[:126]:
        m *= small
    low = (3 << 1022) // m
    while True:
        candidate = random.randrange(low, (1 << 1024) // m) * m + pow(65537, random.getrandbits(200), m)
        if is_prime(candidate):
            return candidate


def cofactor(factor):
    """A prime that makes a modulus of 2048 bits together with a small one."""
    return prime_above((1 << 2047) // factor + random.getrandbits(2000))


def weak_rsa():
    p = random_prime(1024)
    close = prime_above(prime_above(p + 2) + 2)
    roca = roca_prime(), roca_prime()
    for what, factors in {"an even modulus": (2, random_prime(2047)),
                          "the factor 3": (3, cofactor(3)),
                          "the factor 751": (751, cofactor(751)), "close primes": (p, close),
                          "neighbouring primes": (p, prime_above(p + 2)), "the flaw ROCA": roca}.items():
        first, second = factors
        yield what, hand_made(first * second, (first - 1) * (second - 1))
    yield "a square for a modulus", hand_made(p * p, p * (p - 1))
    prime = random_prime(2048)
    yield "a prime for a modulus", hand_made(prime, prime - 1)


def rsa_keys():
    for what, signer in weak_rsa():
        yield Case(f"RSA: {what}", "key.rsa-weak", request(signer), RSA_TWIN)
    for bits in (512, 1024, 1536, 2040, 4104, 6144):
        twin = rsa.generate_private_key(65537, 4096 if bits > 4096 else 2048)
        yield Case(f"RSA: {bits} bits", "key.rsa-size",
                   request(rsa_signer(rsa.generate_private_key(65537, bits))), request(rsa_signer(twin)))
    for bits in (2047, 2049, 2052, 4095):
        p, q = random_prime(bits // 2), random_prime(bits - bits // 2)
        while (p * q).bit_length() != bits:
            q = random_prime(bits - bits // 2)
        yield Case(f"RSA: {bits} bits", "key.rsa-size", request(hand_made(p * q, (p - 1) * (q - 1))),
                   RSA_TWIN)
    numbers = RSA_KEY.private_numbers()
    phi, modulus = (numbers.p - 1) * (numbers.q - 1), numbers.p * numbers.q
    for what, exponent in {"1": 1, "3": 3, "17": 17, "257": 257, "65539": 65539, "2^32 + 15": 2**32 + 15,
                           "2^255 - 19": 2**255 - 19}.items():
        while True:
            try:
                pow(exponent, -1, phi)
                break
            except ValueError:
                p, q = random_prime(1024), random_prime(1024)
                phi, modulus = (p - 1) * (q - 1), p * q
        yield Case(f"RSA: the exponent {what}", "key.rsa-exponent",
                   request(hand_made(modulus, phi, exponent)), RSA_TWIN)
    for what, exponent in {"2": 2, "65536": 65536, "that is the modulus": modulus}.items():
        yield Case(f"RSA: an exponent of {what}", "key.rsa-exponent",
                   request(unsigned(rsa_spki(modulus, exponent))), RSA_TWIN)
    yield from rsa_encodings(modulus)


def rsa_encodings(modulus):
    def key(contents, algorithm=sequence(oid(RSA), NULL)):
        return sequence(algorithm, bit_string(contents))

    e, n, good = integer(65537), integer(modulus), sequence(integer(modulus), integer(65537))
    negative = tlv(0x02, modulus.to_bytes(256, "big"))
    for what, rule, spki in (
            ("a negative modulus", "key.encoding", key(sequence(negative, e))),
            ("a modulus of zero", "key.encoding", key(sequence(integer(0), e))),
            ("a padded modulus", "key.encoding", key(sequence(tlv(0x02, b"\0", split(n)[1]), e))),
            ("an empty modulus", "key.encoding", key(sequence(tlv(0x02), e))),
            ("an exponent of zero", "key.encoding", key(sequence(n, integer(0)))),
            ("a negative exponent", "key.encoding", key(sequence(n, integer(-65537)))),
            ("a padded exponent", "key.encoding", key(sequence(n, b"\x02\x04\0\1\0\1"))),
            ("no exponent", "key.encoding", key(sequence(n))),
            ("a third number", "key.encoding", key(sequence(n, e, integer(1)))),
            ("data after the key", "key.encoding", key(good + NULL)),
            ("nothing for a key", "key.encoding", key(b"")),
            ("no SEQUENCE", "key.encoding", key(n + e)),
            ("a long length", "key.encoding", key(b"\x30\x83\0" + good[2:])),
            ("a SubjectPublicKeyInfo inside", "key.encoding", key(key(good))),
            ("an OCTET STRING around the key", "key.encoding", key(octet_string(good))),
            ("8193 octets", "key.encoding", rsa_spki((1 << 8 * (8193 - 32)) - 1)),
            ("no parameters", "key.algorithm", key(good, sequence(oid(RSA)))),
            ("two NULLs for parameters", "key.algorithm", key(good, sequence(oid(RSA), NULL, NULL))),
            ("a curve for parameters", "key.algorithm", key(good, sequence(oid(RSA), oid(P256)))),
            ("a NULL with contents", "key.algorithm", key(good, sequence(oid(RSA), b"\5\1\0"))),
            ("id-RSASSA-PSS", "key.algorithm", key(good, sequence(oid(PSS)))),
            ("id-RSAES-OAEP", "key.algorithm", key(good, sequence(oid("1.2.840.113549.1.1.7")))),
            ("an EC point", "key.encoding", key(point_of(P256_KEY)))):
        yield Case(f"RSA: {what}", rule, request(RSA_SIGNER, spki=spki), RSA_TWIN)


# --- EC

PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
GENERATOR = bytes.fromhex("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                          "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")


def explicit_parameters(generator=GENERATOR, prime=PRIME, cofactor=integer(1)):
    """SpecifiedECDomain (SEC 1 C.2)."""
    field = sequence(oid("1.2.840.10045.1.1"), integer(prime))
    curve = sequence(octet_string((PRIME - 3).to_bytes(32, "big")), octet_string(B.to_bytes(32, "big")))
    return sequence(integer(1), field, curve, octet_string(generator), integer(ORDER), cofactor)


def number(value):
    return value.to_bytes(32, "big")


def ec_keys():
    point, public = point_of(P256_KEY), P256_KEY.public_key().public_numbers()
    forms = serialization.PublicFormat
    hybrid = bytes([6 | public.y & 1]) + point[1:]
    for what, rule, bits in (
            ("a compressed point", "key.encoding", point_of(P256_KEY, forms.CompressedPoint)),
            ("a hybrid point", "key.encoding", hybrid), ("infinity", "key.encoding", b"\0"),
            ("nothing for a point", "key.encoding", b""), ("a point without its form", "key.encoding", point[1:]),
            ("a point cut off", "key.encoding", point[:-1]), ("an octet after the point", "key.encoding", point + b"\0"),
            ("a point of an unknown form", "key.encoding", b"\x05" + point[1:]),
            ("a point inside an OCTET STRING", "key.encoding", octet_string(point)),
            ("a point of P-384", "key.encoding", point_of(P384_KEY)),
            ("a point off the curve", "key.import", point[:-1] + bytes([point[-1] ^ 1])),
            ("x and y swapped", "key.import", b"\x04" + point[33:] + point[1:33]),
            ("the point 0, 0", "key.import", b"\x04" + bytes(64)),
            ("x not below the prime", "key.import", b"\x04" + number(PRIME) + point[33:]),
            ("y not below the prime", "key.import", b"\x04" + point[1:33] + b"\xff" * 32),
            ("an RSA key", "key.encoding", sequence(integer(5), integer(3)))):
        yield Case(f"EC: {what}", rule, request(spki=ec_spki(P256, bits)), TWIN)
    for what, parameters in {
            "explicit parameters": explicit_parameters(),
            "explicit parameters with another generator": explicit_parameters(generator=point),
            "explicit parameters with a composite for its prime": explicit_parameters(prime=PRIME - 2),
            "explicit parameters without a cofactor": explicit_parameters(cofactor=b""),
            "NULL for a curve (implicitCurve)": NULL, "no curve": b"",
            "a name of a curve in text": tlv(0x0C, b"P-256")}.items():
        spki = sequence(sequence(oid(EC), parameters), bit_string(point))
        yield Case(f"EC: {what}", "key.algorithm", request(spki=spki), TWIN)
    for curve in (ec.SECP192R1, ec.SECP224R1, ec.SECP256K1, ec.BrainpoolP256R1, ec.BrainpoolP384R1):
        yield Case(f"EC: the curve {curve.name}", "key.algorithm",
                   request(ec_signer(ec.generate_private_key(curve()))), TWIN)
    yield Case("EC: two curves", "der.trailing",
               request(spki=sequence(sequence(oid(EC), oid(P256), oid(P384)), bit_string(point))), TWIN)
    for dotted, name in (("1.3.132.1.12", "id-ecDH"), ("1.3.132.1.13", "id-ecMQV")):
        spki = sequence(sequence(oid(dotted), oid(P256)), bit_string(point))
        yield Case(f"EC: {name}", "key.algorithm", request(spki=spki), TWIN)
    yield Case("EC: P-521 where the profile has no such keys", "key.type", request(SIGNERS["p521"]),
               request(SIGNERS["p384"]), "default-keys")


# --- Ed25519 and keys of other algorithms

NEUTRAL = number(1)[::-1]
P25519 = 2**255 - 19
ORDER8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
ANOTHER_ORDER8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"


def ed25519_spki(bits, *parameters):
    return sequence(sequence(oid(ED25519), *parameters), bit_string(bits))


def ed25519_keys():
    bits = split(split(split(ED25519_SIGNER.spki)[1])[2])[1][1:]
    for what, rule, spki in (
            ("31 octets", "key.encoding", ed25519_spki(bits[1:])),
            ("33 octets", "key.encoding", ed25519_spki(bits + b"\0")),
            ("nothing", "key.encoding", ed25519_spki(b"")),
            ("an OCTET STRING", "key.encoding", ed25519_spki(octet_string(bits))),
            ("NULL for parameters", "key.algorithm", ed25519_spki(bits, NULL)),
            ("a curve for parameters", "key.algorithm", ed25519_spki(bits, oid(ED25519)))):
        yield Case(f"Ed25519: {what}", rule, request(ED25519_SIGNER, spki=spki), ED25519_TWIN)
    # With the neutral element for a key, the signature (neutral element, 0) holds for anything.
    universal = NEUTRAL + bytes(32)
    for what, key in {"the neutral element": NEUTRAL, "the point of order 2": number(P25519 - 1)[::-1],
                      "a point of order 4": bytes(32), "a point of order 8": bytes.fromhex(ORDER8),
                      "another point of order 8": bytes.fromhex(ANOTHER_ORDER8),
                      "p for a coordinate": number(P25519)[::-1],
                      "p + 1 for a coordinate": number(P25519 + 1)[::-1]}.items():
        signer = Signer(ed25519_spki(key), ed25519_algorithm(), lambda info: universal)
        yield Case(f"Ed25519: {what}", "key.ed25519-weak", request(signer), ED25519_TWIN)
    off_curve = Signer(ed25519_spki(number(2)[::-1]), ed25519_algorithm(), lambda info: universal)
    yield Case("Ed25519: a point off the curve", "csr.signature", request(off_curve), ED25519_TWIN)


def other_keys():
    private = {
        "DSA": dsa.generate_private_key(2048), "X25519": x25519.X25519PrivateKey.generate(),
        "X448": x448.X448PrivateKey.generate(), "Ed448": ed448.Ed448PrivateKey.generate(),
        "DH": dh.DHParameterNumbers(FFDHE2048, 2).parameters().generate_private_key(),
    }
    for what, key in private.items():
        yield Case(f"another algorithm: {what}", "key.algorithm", request(unsigned(spki_of(key))), TWIN)
    for what, dotted, size in (("ML-DSA-44", "2.16.840.1.101.3.4.3.17", 1312),
                               ("ML-KEM-768", "2.16.840.1.101.3.4.4.2", 1184),
                               ("GOST R 34.10-2012", "1.2.643.7.1.1.1.1", 64),
                               ("an unknown one", "1.2.3.4", 32), ("one of signatures", ECDSA["sha256"], 65)):
        spki = sequence(sequence(oid(dotted)), bit_string(bytes(size)))
        yield Case(f"another algorithm: {what}", "key.algorithm", request(unsigned(spki)), TWIN)


FFDHE2048 = int(  # RFC 7919 A.1
    "FFFFFFFFFFFFFFFFADF85458A2BB4A9AAFDC5620273D3CF1D8B9C583CE2D3695A9E13641146433FBCC939DCE249B3EF9"
    "7D2FE363630C75D8F681B202AEC4617AD3DF1ED5D5FD65612433F51F5F066ED0856365553DED1AF3B557135E7F57C935"
    "984F0C70E0E68B77E2A689DAF3EFE8721DF158A136ADE73530ACCA4F483A797ABC0AB182B324FB61D108A94BB2C8E3FB"
    "B96ADAB760D7F4681D4F42A3DE394DF4AE56EDE76372BB190B07A7C8EE0A6D709E02FCE1CDF7E2ECC03404CD28342F61"
    "9172FE9CE98583FF8E4F1232EEF28183C3FE3B1B4C6FAD733BB5FCBC2EC22005C58EF1837D1683B2C6F34A26C1B2EFFA"
    "886B423861285C97FFFFFFFFFFFFFFFF", 16)

CLASSES = {"keys": (rsa_keys, ec_keys, ed25519_keys, other_keys)}
