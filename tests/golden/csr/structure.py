"""Requests that are not DER, or not of the structure of RFC 2986."""

from parts import (BASIC_CONSTRAINTS, COMMON_NAME, ELEMENTS, EXTENDED_KEY_USAGE, EXTENSION_REQUEST,
                   KEY_USAGE, NULL, SAN, WEB, Case, attribute, bit_string, dns, explicit,
                   extension, extension_request, info_of, integer, length, octet_string, oid, request,
                   san, sequence, set_of, spoilt_request, tlv, utf8, with_extensions)

EVERY = spoilt_request({})  # the twin of what is spoilt in it
PLAIN = request()
TRUE = b"\x01\x01\xff"


def minimal_plus_one(tag, body):
    size = len(body).to_bytes(max(1, (len(body).bit_length() + 7) // 8), "big")
    if len(body) >= 0x80:
        size = b"\0" + size
    return bytes([tag, 0x80 | len(size)]) + size + body


# What is wrong -> how it is written, the rule, and the rule where an element has another one.
ENCODINGS = {
    "a length that is not minimal": (minimal_plus_one, "der.length", {}),
    "an indefinite length": (lambda tag, body: bytes([tag, 0x80]) + body + b"\0\0", "der.length", {}),
    "a length of five octets":
        (lambda tag, body: bytes([tag, 0x85]) + len(body).to_bytes(5, "big") + body, "der.length", {}),
    "a length of 2 GiB":
        (lambda tag, body: bytes([tag, 0x84, 0x7F, 0xFF, 0xFF, 0xFF]) + body, "der.truncated", {}),
    "constructed where it is primitive, or the reverse":
        (lambda tag, body: tlv(tag ^ 0x20, body), "der.tag",
         {"atv value": "name.structure", "curve": "key.algorithm", "attributes": "csr.attributes",
          "san name": "name.kind"}),
    "a tag of the high-number form":
        (lambda tag, body: bytes([tag | 0x1F, tag & 0x1F]) + length(len(body)) + body, "der.tag",
         {"curve": "key.algorithm", "attributes": "csr.attributes"}),
}

WITH_MORE_INSIDE = {
    "request": "der.trailing", "info": "der.trailing", "subject": "der.tag", "rdn": "der.set-order",
    "atv": "der.trailing", "key": "der.trailing", "key algorithm": "der.trailing",
    "attributes": "der.set-order", "attribute": "der.trailing", "attribute values": "der.set-order",
    "extensions": "der.tag", "extension": "der.trailing", "san": "name.kind",
    "signature algorithm": "signature.algorithm",
}


def encodings():
    for what, (write, rule, others) in ENCODINGS.items():
        for element in ELEMENTS:
            yield Case(f"{element}: {what}", others.get(element, rule),
                       spoilt_request({element: write}), EVERY)
    for element, rule in WITH_MORE_INSIDE.items():
        yield Case(f"{element}: a NULL more at its end", rule,
                   spoilt_request({element: lambda tag, body: tlv(tag, body, NULL)}), EVERY)
    for what, contents in {"an empty OID": b"", "an OID cut off inside an arc": b"\x55\x9d",
                           "a padded arc": b"\x55\x80\x1d", "an OID of 65 octets": b"\x55" * 65}.items():
        for element in ("atv type", "key type", "attribute type", "extension id", "signature type"):
            yield Case(f"{element}: {what}", "der.oid",
                       spoilt_request({element: lambda tag, body, put=contents: tlv(tag, put)}), EVERY)
    for what, octets in {"01": b"\x01", "7f": b"\x7f", "empty": b"", "two octets": b"\xff\xff"}.items():
        yield Case(f"critical: a BOOLEAN that is {what}", "der.boolean",
                   spoilt_request({"critical": lambda tag, body, put=octets: tlv(tag, put)}), EVERY)
    yield Case("critical: FALSE, its DEFAULT, encoded", "der.default",
               spoilt_request({"critical": lambda tag, body: tlv(tag, b"\0")}), EVERY)


def segmented(tag, body):
    half = len(body) // 2
    return tlv(tag | 0x20, tlv(tag, body[:half]), tlv(tag, body[half:]))


def strings():
    for element, rule in {"atv value": "name.structure", "extension value": "der.tag",
                          "signature": "der.tag", "key bits": "der.tag"}.items():
        yield Case(f"{element}: a string in segments (BER)", rule, spoilt_request({element: segmented}),
                   EVERY)
    for element, zeros in {"signature": "csr.signature-encoding", "key bits": "der.bit-string"}.items():
        def spoil(change, name=element):
            return spoilt_request({name: lambda tag, body: tlv(tag, change(body))})
        yield Case(f"{element}: padding bits that are set", "der.bit-string",
                   spoil(lambda body: b"\x03" + body[1:-1] + b"\xff"), EVERY)
        yield Case(f"{element}: not of whole octets", zeros,
                   spoil(lambda body: b"\x03" + body[1:-1] + b"\xf8"), EVERY)
        yield Case(f"{element}: eight unused bits", "der.bit-string",
                   spoil(lambda body: b"\x08" + body[1:]), EVERY)
        yield Case(f"{element}: no octet that counts unused bits", "der.bit-string",
                   spoil(lambda body: b""), EVERY)
        yield Case(f"{element}: unused bits of nothing", "der.bit-string",
                   spoil(lambda body: b"\x01"), EVERY)
    yield Case("signature: empty", "csr.signature-encoding",
               spoilt_request({"signature": lambda tag, body: tlv(tag, b"\0")}), EVERY)


def wholes():
    pem = b"-----BEGIN CERTIFICATE REQUEST-----\nMA==\n-----END CERTIFICATE REQUEST-----\n"
    for what, rule, csr in (
            ("two requests in a row", "der.trailing", PLAIN + PLAIN),
            ("a zero octet after it", "der.trailing", PLAIN + b"\0"),
            ("a newline after it", "der.trailing", PLAIN + b"\n"),
            ("PEM where DER belongs", "der.tag", pem),
            ("cut off in the middle", "der.truncated", PLAIN[:len(PLAIN) // 2]),
            ("cut off before its last octet", "der.truncated", PLAIN[:-1]),
            ("one octet", "der.truncated", b"\x30"),
            ("an empty SEQUENCE", "der.truncated", sequence()),
            ("a SEQUENCE nested 4000 times", "der.truncated", nested(4000)),
            ("inside another SEQUENCE", "der.truncated", sequence(PLAIN)),
            ("the info alone", "der.tag", info_of())):
        yield Case(what, rule, csr, PLAIN)


def nested(depth):
    out = b""
    for _ in range(depth):
        out = sequence(out)
    return out


def versions():
    for what, rule, version in (
            ("1", "csr.version", integer(1)), ("2", "csr.version", integer(2)),
            ("-1", "csr.version", integer(-1)), ("256", "csr.version", integer(256)),
            ("of 100 octets", "csr.version", integer(1 << 800)),
            ("zero with a zero before it", "der.integer", b"\x02\x02\0\0"),
            ("-1 with ff before it", "der.integer", b"\x02\x02\xff\xff"),
            ("an empty INTEGER", "der.integer", b"\x02\0"), ("absent", "der.tag", b""),
            ("NULL", "der.tag", NULL), ("ENUMERATED", "der.tag", b"\x0a\x01\0"),
            ("explicitly tagged", "der.tag", explicit(0, integer(0)))):
        yield Case(f"a version that is {what}", rule, request(version=version), PLAIN)


def rdn(*pairs):
    return set_of(*(sequence(oid(kind), value) for kind, value in pairs))


def subject_of(value):
    return sequence(rdn((COMMON_NAME, value)))


def subject_of_size(size):
    """A Name of this many octets."""
    def of(padding):
        return sequence(*[rdn(("2.5.4.11", utf8(b"x" * 1000)))] * \
                        3, rdn(("2.5.4.11", utf8(b"x" * padding))))
    return of(500 + size - len(of(500)))


STRINGS = {
    "UTF8String with an overlong form": (0x0C, b"a\xc0\xae"),
    "UTF8String with a surrogate": (0x0C, b"\xed\xa0\x80"),
    "UTF8String above U+10FFFF": (0x0C, b"\xf4\x90\x80\x80"),
    "UTF8String cut off": (0x0C, b"a\xe2\x82"),
    "UTF8String of Latin-1": (0x0C, b"b\xfccher"),
    "UTF8String without characters": (0x0C, b""),
    "PrintableString with *": (0x13, b"*.internal"),
    "PrintableString with @": (0x13, b"ops@internal"),
    "PrintableString with _": (0x13, b"a_b"),
    "PrintableString with NUL": (0x13, b"a\0b"),
    "PrintableString without characters": (0x13, b""),
    "IA5String with a high bit": (0x16, b"a\x80"),
    "IA5String without characters": (0x16, b""),
    "BMPString of odd length": (0x1E, b"\0a\0"),
    "BMPString with a surrogate": (0x1E, b"\xd8\0\xdc\0"),
    "UniversalString of three octets": (0x1C, b"\0\0a"),
    "UniversalString above U+10FFFF": (0x1C, b"\0\x11\0\0"),
    "TeletexString without characters": (0x14, b""),
}


def subjects():
    twin = request(subject=subject_of(utf8(b"web.internal")))
    for what, (tag, contents) in STRINGS.items():
        yield Case(f"subject: {what}", "der.string", request(subject=subject_of(tlv(tag, contents))),
                   twin)
    for what, value in {"INTEGER": integer(5), "BIT STRING": bit_string(b"abc"),
                        "OCTET STRING": octet_string(b"abc"), "NULL": NULL, "OID": oid("1.2.3"),
                        "SEQUENCE": sequence(utf8(b"a")), "NumericString": tlv(0x12, b"123"),
                        "VisibleString": tlv(0x1A, b"abc"), "GeneralString": tlv(0x1B, b"abc"),
                        "UTCTime": tlv(0x17, b"260101000000Z")}.items():
        yield Case(f"subject: a value that is {what}", "name.structure",
                   request(subject=subject_of(value)), twin)
    atv, other = (COMMON_NAME, utf8(b"web.internal")), ("2.5.4.10", utf8(b"a"))
    for what, rule, subject in (
            ("a relative name that is empty", "name.structure", sequence(set_of())),
            ("one type twice in a relative name", "name.structure",
             sequence(rdn((COMMON_NAME, utf8(b"a")), (COMMON_NAME, utf8(b"b"))))),
            ("a relative name out of order", "der.set-order", sequence(rdn(atv, other))),
            ("a type without a value", "der.truncated", sequence(set_of(sequence(oid(COMMON_NAME))))),
            ("a value without a type", "der.tag", sequence(set_of(sequence(utf8(b"a"))))),
            ("absent", "der.tag", b""), ("a SET", "der.tag", set_of()),
            ("a string", "der.tag", utf8(b"CN=web.internal"))):
        yield Case(f"subject: {what}", rule, request(subject=subject), twin)
    yield Case("subject: 4097 octets", "name.size", request(subject=subject_of_size(4097)),
               request(subject=subject_of_size(4096)))


CHALLENGE, UNSTRUCTURED, MICROSOFT = ("1.2.840.113549.1.9.7", "1.2.840.113549.1.9.2",
                                      "1.3.6.1.4.1.311.2.1.14")
ASKS = extension_request(WEB)


def with_attributes(*attributes):
    return request(attributes=[ASKS, *attributes])


def numbered(count):
    return [attribute(f"1.2.{number}", NULL) for number in range(count)]


def padded(size):
    """A request of this many octets. ECDSA's signatures are not of one length, but one of the wanted
    length comes up soon."""
    def of(padding):
        return with_attributes(attribute("1.2.3", octet_string(bytes(padding))))
    padding = 10000 + size - len(of(10000))
    while len(made := of(padding)) != size:
        pass
    return made


def attributes():
    password = attribute(CHALLENGE, utf8(b"secret"))
    twin = with_attributes(password)
    two_values = attribute(EXTENSION_REQUEST, sequence(WEB), sequence(san(dns("xeb.internal"))))
    for what, rule, csr in (
            ("absent", "csr.attributes", request(rest=b"")),
            ("tagged [1]", "csr.attributes", request(rest=explicit(1, ASKS))),
            ("a universal SET", "csr.attributes", request(rest=set_of(ASKS))),
            ("there twice", "der.trailing", request(rest=explicit(0, ASKS) * 2)),
            ("out of order", "der.set-order",
             request(rest=explicit(0, *sorted([ASKS, password], reverse=True)))),
            ("the same twice", "csr.attributes", with_attributes(password, password)),
            ("one type twice", "csr.attributes",
             with_attributes(password, attribute(CHALLENGE, utf8(b"another")))),
            ("two extension requests", "csr.attributes",
             with_attributes(extension_request(san(dns("api.internal"))))),
            ("extensions in Microsoft's form too", "csr.attributes",
             with_attributes(attribute(MICROSOFT, sequence(san(dns("api.internal")))))),
            ("extensions in Microsoft's form alone", "csr.attributes",
             request(attributes=[attribute(MICROSOFT, sequence(WEB))])),
            ("an extension request of two values", "csr.attributes", request(attributes=[two_values])),
            ("an extension request of no value", "csr.attributes",
             request(attributes=[attribute(EXTENSION_REQUEST)])),
            ("an attribute of no value", "csr.attributes", with_attributes(attribute("1.2.3"))),
            ("an attribute without a SET", "der.truncated", with_attributes(sequence(oid("1.2.3")))),
            ("an attribute whose value is in no SET", "der.tag",
             with_attributes(sequence(oid("1.2.3"), NULL))),
            ("values out of order", "der.set-order",
             with_attributes(attribute("1.2.3", integer(2), integer(1)))),
            ("nine of them", "csr.attributes", with_attributes(*numbered(8))),
            ("an extension request that is NULL", "der.tag",
             request(attributes=[attribute(EXTENSION_REQUEST, NULL)])),
            ("an extension request inside an OCTET STRING", "der.tag",
             request(attributes=[attribute(EXTENSION_REQUEST, octet_string(sequence(WEB)))]))):
        yield Case(f"attributes: {what}", rule, csr, twin)
    for what, rule, value in (
            ("an unknown one with a BOOLEAN of 01", "der.boolean", b"\x01\x01\x01"),
            ("an unknown one with a padded INTEGER", "der.integer", b"\x02\x02\0\x01"),
            ("an unknown one with a NULL of one octet", "der.null", b"\x05\x01\0"),
            ("an unknown one with a constructed string", "der.tag", tlv(0x24, octet_string(b"a"))),
            ("an unknown one with bad UTF-8", "der.string", tlv(0x0C, b"\xff")),
            ("an unknown one with tag zero", "der.tag", b"\0\0")):
        yield Case(f"attributes: {what}", rule, with_attributes(attribute("1.2.3", value)),
                   with_attributes(attribute("1.2.3", NULL)))
    for name, kind in (("challengePassword", CHALLENGE), ("unstructuredName", UNSTRUCTURED)):
        for what, rule, value in (
                ("an INTEGER", "csr.attributes", integer(1)),
                ("an OCTET STRING", "csr.attributes", octet_string(b"secret")),
                ("a SEQUENCE", "csr.attributes", sequence(utf8(b"secret"))),
                ("NULL", "csr.attributes", NULL),
                ("empty", "der.string", utf8()),
                ("bad UTF-8", "der.string", utf8(b"\xc0\x80")),
                ("of 256 characters", "csr.attributes", utf8(b"x" * 256))):
            yield Case(f"attributes: a {name} that is {what}", rule,
                       with_attributes(attribute(kind, value)),
                       with_attributes(attribute(kind, utf8(b"x" * 255))))
    yield Case("attributes: two challenge passwords in one", "csr.attributes",
               with_attributes(attribute(CHALLENGE, utf8(b"a"), utf8(b"b"))), twin)


def extensions():
    twin = with_extensions(extension(BASIC_CONSTRAINTS, sequence(TRUE)),
                           extension(KEY_USAGE, bit_string(b"\x06", 1)),
                           extension("1.2.3.4", NULL, TRUE))
    other = extension("1.2.3", NULL)
    for what, rule, csr in (
            ("none at all", "csr.extensions", request(attributes=[extension_request()])),
            ("subjectAltName twice", "csr.extensions", with_extensions(san(dns("api.internal")))),
            ("subjectAltName twice, the same", "csr.extensions", with_extensions(WEB)),
            ("an unknown one twice", "csr.extensions", with_extensions(other, other)),
            ("one without a value", "der.truncated", with_extensions(sequence(oid("1.2.3")))),
            ("one whose value is in no OCTET STRING", "der.tag",
             with_extensions(sequence(oid("1.2.3"), NULL))),
            ("critical after the value", "der.trailing",
             with_extensions(sequence(oid("1.2.3"), octet_string(NULL), TRUE))),
            ("critical twice", "der.tag",
             with_extensions(sequence(oid("1.2.3"), TRUE, TRUE, octet_string(NULL)))),
            ("33 of them", "csr.extensions",
             with_extensions(*(extension(f"1.2.{n}", NULL) for n in range(32))))):
        yield Case(f"extensions: {what}", rule, csr, twin)
    for name, kind, values in (
            ("basicConstraints", BASIC_CONSTRAINTS, {
                "NULL": ("der.tag", NULL), "empty": ("der.truncated", b""),
                "cA FALSE encoded": ("der.default", sequence(b"\x01\x01\0")),
                "cA 01": ("der.boolean", sequence(b"\x01\x01\x01")),
                "a path length without cA": ("csr.extensions", sequence(integer(0))),
                "a negative path length": ("der.integer", sequence(TRUE, integer(-1))),
                "a NULL more": ("der.trailing", sequence(TRUE, integer(0), NULL)),
                "two of them": ("der.trailing", sequence(TRUE) * 2)}),
            ("keyUsage", KEY_USAGE, {
                "no bit": ("csr.extensions", bit_string(b"")),
                "zeros at its end": ("der.bit-string", bit_string(b"\x06\0")),
                "an unknown bit": ("csr.extensions", bit_string(b"\x80\x40", 6)),
                "an OCTET STRING": ("der.tag", octet_string(b"\x06")),
                "data after it": ("der.trailing", bit_string(b"\x80", 7) + NULL)}),
            ("extKeyUsage", EXTENDED_KEY_USAGE, {
                "no purpose": ("csr.extensions", sequence()),
                "a string for a purpose": ("der.tag", sequence(utf8(b"serverAuth"))),
                "an OID without a SEQUENCE": ("der.tag", oid("1.3.6.1.5.5.7.3.1")),
                "data after it": ("der.trailing", sequence(oid("1.3.6.1.5.5.7.3.1")) + NULL)})):
        for what, (rule, value) in values.items():
            yield Case(f"{name}: {what}", rule, with_extensions(extension(kind, value)), twin)
    for what, rule, value in (
            ("no name", "san.empty", sequence()), ("nothing", "der.truncated", b""),
            ("NULL", "der.tag", NULL), ("a SET", "der.tag", set_of(dns("web.internal"))),
            ("a name in no SEQUENCE", "der.tag", dns("web.internal")),
            ("data after it", "der.trailing", sequence(dns("web.internal")) + NULL),
            ("two lists", "der.trailing", sequence(dns("web.internal")) * 2),
            ("a list in a list", "name.kind", sequence(sequence(dns("web.internal")))),
            ("text", "der.tag", b"DNS:web.internal")):
        yield Case(f"subjectAltName: {what}", rule,
                   request(attributes=[extension_request(extension(SAN, value))]), PLAIN)


def of_values(count):
    return attribute("1.2.3", *(octet_string(bytes([n])) for n in range(count)))


def of_organizations(count):
    return sequence(*[set_of(sequence(oid("2.5.4.10"), utf8(b"o")))] * count)


def asks_for_usages(count):
    return extension("2.5.29.37", sequence(*(oid(f"1.2.3.{n}") for n in range(count))))


def sizes():
    yield Case("a request of 16385 octets", "csr.size", padded(16385), padded(16384))
    yield Case("an unknown attribute of 64 KiB", "csr.size",
               with_attributes(attribute("1.2.3", octet_string(bytes(65536)))), PLAIN)
    yield Case("nine attributes", "csr.attributes", request(attributes=[ASKS, *numbered(8)]),
               request(attributes=[ASKS, *numbered(7)]))
    yield Case("an attribute of nine values", "csr.attributes", with_attributes(of_values(9)),
               with_attributes(of_values(8)))
    yield Case("a subject of 65 attributes", "name.structure", request(subject=of_organizations(65)),
               request(subject=of_organizations(64)))
    yield Case("33 extended key usages", "csr.extensions", with_extensions(asks_for_usages(33)),
               with_extensions(asks_for_usages(32)))
    yield Case("33 extensions", "csr.extensions",
               with_extensions(*(extension(f"1.2.{n}", NULL) for n in range(32))),
               with_extensions(*(extension(f"1.2.{n}", NULL) for n in range(31))))
    yield Case("an OID of 65 octets", "der.oid",
               with_extensions(sequence(tlv(0x06, b"\x55" * 65), octet_string(NULL))),
               with_extensions(sequence(tlv(0x06, b"\x55" * 64), octet_string(NULL))))


CLASSES = {"encoding": (encodings, strings, wholes), "version": (versions,), "subject": (subjects,),
           "attributes": (attributes,), "extensions": (extensions,), "size": (sizes,)}
