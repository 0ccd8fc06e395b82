"""Requests whose signature does not prove the key, or is of an algorithm that is not taken."""

import dataclasses
import hashlib

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from keys import ED25519_TWIN, ORDER, RSA_TWIN, TWIN, encoded, hand_made
from parts import (
    ECDSA,
    ED25519,
    ED25519_KEY,
    ED25519_SIGNER,
    HASHES,
    MGF1,
    NULL,
    P256_KEY,
    P256_SIGNER,
    PKCS1,
    PSS,
    RSA,
    RSA_KEY,
    RSA_SIGNER,
    SIGNERS,
    Case,
    Signer,
    assemble,
    digest,
    ec_signer,
    ecdsa_algorithm,
    ed25519_algorithm,
    explicit,
    extension_request,
    dns,
    info_of,
    integer,
    oid,
    pkcs1_algorithm,
    request,
    rsa_signer,
    san,
    sequence,
     split)

SIGNATURE = "csr.signature"
ALGORITHM = "signature.algorithm"
L25519 = 2**252 + 27742317777372353535851937790883648493  # the order of Ed25519's base point


def flipped(at):
    def spoil(signature):
        index = at if at >= 0 else len(signature) + at
        return signature[:index] + bytes([signature[index] ^ 1]) + signature[index + 1:]
    return spoil


def every_type():
    strangers = {"p256": ec_signer(ec.generate_private_key(ec.SECP256R1())),
                 "p384": ec_signer(ec.generate_private_key(ec.SECP384R1()), "sha384"),
                 "p521": ec_signer(ec.generate_private_key(ec.SECP521R1()), "sha512"),
                 "ed25519": Signer(b"", b"", ed25519.Ed25519PrivateKey.generate().sign),
                 "rsa": rsa_signer(rsa.generate_private_key(65537, 2048))}
    for name, signer in SIGNERS.items():
        twin = request(signer)
        other_info = info_of(signer, attributes=[extension_request(san(dns("api.internal")))])
        for what, csr in {
                "a bit flipped at its end": request(signer, signature=flipped(-1)),
                "a bit flipped in its middle": request(signer, signature=flipped(30)),
                "a bit flipped at its start": request(signer, signature=flipped(0)),
                "cut off": request(signer, signature=lambda s: s[:-1]),
                "an octet longer": request(signer, signature=lambda s: s + b"\0"),
                "a zero before it": request(signer, signature=lambda s: b"\0" + s),
                "all zeros": request(signer, signature=lambda s: bytes(len(s))),
                "by another key": request(dataclasses.replace(signer, sign=strangers[name].sign)),
                "of a request for another name":
                    request(signer, signature=lambda s, of=signer, over=other_info: of.sign(over)),
        }.items():
            yield Case(f"{name}: {what}", SIGNATURE, csr, twin)


def ecdsa():
    order, zero = integer(ORDER), integer(0)

    def of(change):
        def spoil(signature):
            r, s = utils.decode_dss_signature(signature)
            return change(r, s)
        return request(signature=spoil)

    def pair(first, second, *more):
        return sequence(first, second, *more)

    high_s = of(lambda r, s: pair(integer(r), integer(max(s, ORDER - s))))
    for what, csr in {
            "r zero": of(lambda r, s: pair(zero, integer(s))),
            "s zero": of(lambda r, s: pair(integer(r), zero)),
            "both zero": of(lambda r, s: pair(zero, zero)), "both one": of(lambda r, s: pair(integer(1), integer(1))),
            "r the order": of(lambda r, s: pair(order, integer(s))),
            "s the order": of(lambda r, s: pair(integer(r), order)),
            "s and the order added": of(lambda r, s: pair(integer(r), integer(s + ORDER))),
            "r and the order added": of(lambda r, s: pair(integer(r + ORDER), integer(s))),
            "r negative": of(lambda r, s: pair(integer(-r), integer(s))),
            "s negative": of(lambda r, s: pair(integer(r), integer(-s))),
            "r less the order": of(lambda r, s: pair(integer(r - ORDER), integer(s))),
            "r and s swapped": of(lambda r, s: pair(integer(s), integer(r))),
            "r padded": of(lambda r, s: pair(b"\x02\x22\0" + r.to_bytes(33, "big"), integer(s))),
            "raw r and s": of(lambda r, s: r.to_bytes(32, "big") + s.to_bytes(32, "big")),
            "a third number": of(lambda r, s: pair(integer(r), integer(s), integer(1))),
            "s missing": of(lambda r, s: sequence(integer(r))),
            "data after it": of(lambda r, s: pair(integer(r), integer(s)) + NULL),
            "a long length": request(signature=lambda sig: b"\x30\x81" + sig[1:]),
            "an indefinite length": request(signature=lambda sig: b"\x30\x80" + sig[2:] + b"\0\0"),
            "a SET": request(signature=lambda sig: b"\x31" + sig[1:]),
            "an OCTET STRING around it": request(signature=lambda sig: b"\x04" + bytes([len(sig)]) + sig)}.items():
        yield Case(f"ECDSA: {what}", SIGNATURE, csr, high_s)


def pkcs1():
    numbers = RSA_KEY.private_numbers()
    modulus, phi = numbers.p * numbers.q, (numbers.p - 1) * (numbers.q - 1)
    info = bytes.fromhex("3031300d060960864801650304020105000420")
    without_null = bytes.fromhex("302f300b0609608648016503040201" + "0420")

    def block(start, tail_of):
        def encode(message, size):
            tail = b"\0" + tail_of(hashlib.sha256(message).digest())
            return start + b"\xff" * (size - len(start) - len(tail)) + tail
        return request(hand_made(modulus, phi, encode=encode))

    def short(message, size):
        head = b"\0\1" + b"\xff" * 8 + b"\0" + info + hashlib.sha256(message).digest()
        return head + bytes(size - len(head))

    for what, csr in {
            "short padding and data after the hash": request(hand_made(modulus, phi, encode=short)),
            "block type 2": block(b"\0\2", lambda h: info + h),
            "block type 0": block(b"\0\0", lambda h: info + h),
            "the hash without its algorithm": block(b"\0\1", lambda h: h),
            "the hash's algorithm without NULL": block(b"\0\1", lambda h: without_null + h),
            "a hash of 31 octets": block(b"\0\1", lambda h: info[:-1] + b"\x1f" + h[:-1]),
            "the modulus added to it": request(RSA_SIGNER, signature=lambda s: (
                int.from_bytes(s, "big") + modulus).to_bytes(257, "big")),
            "the encoded hash itself": request(RSA_SIGNER, signature=lambda s: encoded(b"", 256)),
    }.items():
        yield Case(f"RSA PKCS#1: {what}", SIGNATURE, csr, RSA_TWIN)


def hash_of(name, parameters=NULL):
    return sequence(oid(HASHES[name]), parameters)


LONGEST_SALT = 256 - 32 - 2  # in 2048 bits, beside SHA-256 (RFC 8017 9.1.1)


def pss_algorithm(hashed="sha256", masked=None, mask=MGF1, salt=32, trailer=b"", parameters=NULL):
    return sequence(oid(PSS), sequence(
        explicit(0, hash_of(hashed, parameters)),
        explicit(1, sequence(oid(mask), hash_of(masked or hashed, parameters))),
        explicit(2, integer(salt)), trailer))


def pss_signer(algorithm, hashed="sha256", masked=None, salt=32):
    scheme = padding.PSS(padding.MGF1(digest(masked or hashed)), salt)
    return Signer(RSA_SIGNER.spki, algorithm, lambda info: RSA_KEY.sign(info, scheme, digest(hashed)))


def without_leading_zero():
    """A signature that begins with a zero, which is left out: RFC 8017 8.1.2 wants all octets."""
    signer = pss_signer(pss_algorithm())
    while True:
        csr_info = info_of(signer)
        signature = signer.sign(csr_info)
        if signature[0] == 0:
            return assemble(csr_info, dataclasses.replace(signer, sign=lambda info: signature[1:]))


def pss():
    twin = request(pss_signer(pss_algorithm()))
    absent = request(pss_signer(pss_algorithm(parameters=b"")))
    sha1 = pss_signer(sequence(oid(PSS), sequence()), "sha1", salt=20)
    for what, signer in {
            "all by default (SHA-1)": sha1,
            "no parameters": dataclasses.replace(sha1, algorithm=sequence(oid(PSS))),
            "NULL for parameters": dataclasses.replace(sha1, algorithm=sequence(oid(PSS), NULL)),
            "SHA-1 by name": pss_signer(pss_algorithm("sha1", salt=20), "sha1", salt=20),
            "SHA-1 in the mask": pss_signer(pss_algorithm(masked="sha1"), masked="sha1"),
            "another hash in the mask": pss_signer(pss_algorithm(masked="sha384"), masked="sha384"),
            "another mask function": pss_signer(pss_algorithm(mask="1.2.840.113549.1.1.9")),
            "no salt": pss_signer(pss_algorithm(salt=0), salt=0),
            "a salt of 20": pss_signer(pss_algorithm(salt=20), salt=20),
            "a salt one shorter than the hash": pss_signer(pss_algorithm(salt=31), salt=31),
            "a salt shorter than its longer hash": pss_signer(pss_algorithm("sha512"), "sha512"),
            "a salt longer than any key": pss_signer(pss_algorithm(salt=1 << 32)),
            "a negative salt": pss_signer(pss_algorithm(salt=-1)),
            "the trailer's DEFAULT encoded": pss_signer(pss_algorithm(trailer=explicit(3, integer(1)))),
            "another trailer": pss_signer(pss_algorithm(trailer=explicit(3, integer(2)))),
            "data after the parameters": pss_signer(sequence(split(pss_algorithm())[1] + NULL)),
    }.items():
        yield Case(f"RSASSA-PSS: {what}", ALGORITHM, request(signer), twin)
    for what, csr in {
            "a shorter salt than it says": request(pss_signer(pss_algorithm(), salt=20)),
            "a longer salt than it says": request(pss_signer(pss_algorithm(), salt=LONGEST_SALT)),
            "a salt one longer than it says": request(pss_signer(pss_algorithm(salt=48), salt=49)),
            "said to be the longest salt": request(pss_signer(pss_algorithm(salt=LONGEST_SALT))),
            "another hash than it says": request(pss_signer(pss_algorithm("sha384", salt=48))),
            "PKCS#1 inside": request(RSA_SIGNER, algorithm=pss_algorithm()),
            "a bit flipped": request(pss_signer(pss_algorithm()), signature=flipped(100)),
            "without its leading zero": without_leading_zero(),
            "by an EC key": request(algorithm=pss_algorithm()),
            "called PKCS#1": request(pss_signer(pkcs1_algorithm()))}.items():
        yield Case(f"RSASSA-PSS: {what}", SIGNATURE, csr, absent)
    longest = pss_signer(pss_algorithm(salt=LONGEST_SALT), salt=LONGEST_SALT)
    too_long = dataclasses.replace(longest, algorithm=pss_algorithm(salt=LONGEST_SALT + 1))
    yield Case("RSASSA-PSS: a longer salt than fits", SIGNATURE, request(too_long), request(longest))


def ed25519_numbers():
    def s_and_order(signature):
        s = int.from_bytes(signature[32:], "little") + L25519
        return signature[:32] + s.to_bytes(32, "little")
    yield Case("Ed25519: s and the order added", SIGNATURE, request(ED25519_SIGNER, signature=s_and_order),
               ED25519_TWIN)
    yield Case("Ed25519: R and s swapped", SIGNATURE,
               request(ED25519_SIGNER, signature=lambda s: s[32:] + s[:32]), ED25519_TWIN)
    yield Case("Ed25519: of the request's SHA-512 (Ed25519ph without its context)", SIGNATURE,
               request(dataclasses.replace(ED25519_SIGNER, sign=lambda info: ED25519_KEY.sign(
                   hashlib.sha512(info).digest()))), ED25519_TWIN)


def mismatches():
    twins = {"EC": TWIN, "RSA": RSA_TWIN, "Ed25519": ED25519_TWIN}
    keys = {"EC": P256_SIGNER, "RSA": RSA_SIGNER, "Ed25519": ED25519_SIGNER}
    algorithms = {"EC": ecdsa_algorithm(), "RSA": pkcs1_algorithm(), "Ed25519": ed25519_algorithm()}
    for key, signer in keys.items():
        for name, algorithm in algorithms.items():
            if name != key:
                yield Case(f"an {key} key and an {name} signature", SIGNATURE,
                           request(signer, algorithm=algorithm), twins[key])
    for name in ("sha384", "sha512"):
        yield Case(f"ECDSA of SHA-256, called {name}", SIGNATURE, request(algorithm=ecdsa_algorithm(name)),
                   request(ec_signer(P256_KEY, name)))
        yield Case(f"RSA of SHA-256, called {name}", SIGNATURE,
                   request(RSA_SIGNER, algorithm=pkcs1_algorithm(name)), request(rsa_signer(RSA_KEY, name)))


def algorithms():
    for name in ("sha1", "sha224"):
        yield Case(f"ECDSA with {name}", ALGORITHM, request(ec_signer(P256_KEY, name)), TWIN)
        yield Case(f"RSA with {name}", ALGORITHM, request(rsa_signer(RSA_KEY, name)), RSA_TWIN)
    yield Case("RSA with md5", ALGORITHM, request(rsa_signer(RSA_KEY, "md5")), RSA_TWIN)
    for what, algorithm in {
            "ECDSA with NULL": sequence(oid(ECDSA["sha256"]), NULL),
            "ECDSA with a curve": sequence(oid(ECDSA["sha256"]), oid("1.2.840.10045.3.1.7")),
            "ECDSA with SHA3-256": sequence(oid("2.16.840.1.101.3.4.3.10")),
            "DSA with SHA-256": sequence(oid("2.16.840.1.101.3.4.3.2")),
            "the OID of EC keys": sequence(oid("1.2.840.10045.2.1")),
            "an unknown OID": sequence(oid("1.2.3.4"))}.items():
        yield Case(what, ALGORITHM, request(algorithm=algorithm), TWIN)
    for what, algorithm in {
            "RSA PKCS#1 without NULL": sequence(oid(PKCS1["sha256"])),
            "RSA PKCS#1 with an empty SEQUENCE": sequence(oid(PKCS1["sha256"]), sequence()),
            "RSA PKCS#1 with two NULLs": sequence(oid(PKCS1["sha256"]), NULL, NULL),
            "RSA with MD2": sequence(oid("1.2.840.113549.1.1.2"), NULL),
            "the OID of RSA keys": sequence(oid(RSA), NULL)}.items():
        yield Case(what, ALGORITHM, request(RSA_SIGNER, algorithm=algorithm), RSA_TWIN)
    for what, algorithm in {"Ed25519 with NULL": sequence(oid(ED25519), NULL),
                            "Ed448": sequence(oid("1.3.101.113"))}.items():
        yield Case(what, ALGORITHM, request(ED25519_SIGNER, algorithm=algorithm), ED25519_TWIN)


CLASSES = {"signature": (every_type, ecdsa, pkcs1, pss, ed25519_numbers, mismatches, algorithms)}
