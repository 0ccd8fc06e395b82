"""Requests for names that can never be issued: each kind of GeneralName, malformed or forbidden."""

from parts import NULL, Case, dns, explicit, implicit, oid, request, sequence, subject_attribute, tlv, utf8, with_names

LABEL, PLAIN = "a" * 63, request()


def email(name):
    return implicit(1, name if isinstance(name, bytes) else name.encode())


def uri(name):
    return implicit(6, name if isinstance(name, bytes) else name.encode())


def ip(octets):
    return implicit(7, octets)


DNS = {
    "empty": "", "a dot": ".", "a dot at its end": "web.internal.", "a dot before it": ".web.internal",
    "an empty label": "web..internal", "* alone": "*", "* before one label": "*.internal",
    "* and a dot": "*.", "* inside a label": "w*b.web.internal", "* at a label's end": "web*.internal",
    "* before other characters": "*web.web.internal", "* in the second label": "web.*.internal",
    "two *": "*.*.internal", "**": "**.web.internal", "* as the last label": "web.*",
    "underscore": "_acme.web.internal", "a space": "web internal", "a space before it": " web.internal",
    "a space after it": "web.internal ", "a tab": "web\t.internal", "a newline": "web.internal\n",
    "another name after a newline": "web.internal\nDNS:api.internal",
    "another name after a comma": "web.internal,DNS:api.internal",
    "NUL inside": "web.internal\0.example", "NUL after it": "web.internal\0",
    "a hyphen before a label": "-web.internal", "a hyphen after a label": "web-.internal",
    "a label of 64": "a" + LABEL + ".internal", "254 characters": ".".join([LABEL] * 4)[:-10] + ".internal",
    "UTF-8": "bücher.internal", "Latin-1": b"b\xfccher.internal", "an ideographic dot": "web\u3002internal",
    "a Cyrillic letter": "w\u0435b.internal", "a zero-width space": "we\u200bb.internal",
    "xn-- and nothing": "xn--.internal", "xn-- and a delimiter alone": "xn---.internal",
    "xn-- of ASCII only": "xn--web-.internal", "xn-- cut off": "xn--b.internal",
    "xn-- that overflows": "xn--99999999999.internal", "xn-- of a surrogate": "xn--ib9b.internal",
    "xn-- of a control character": "xn--a.internal", "xn-- with one among letters": "xn--a-2ba.internal",
    "an IPv4 address": "10.1.2.3", "an IPv4 address of two parts": "127.1",
    "an IPv4 address as a number": "2130706433", "an IPv4 address in hex": "0x7f000001",
    "a last label that is hex": "web.0x1f", "an IPv6 address": "fd00::1",
    "a port": "web.internal:443", "a URL": "https://web.internal", "a path": "web.internal/a",
    "a percent escape": "web%2einternal", "an @": "ops@web.internal", "a quote": "\"web.internal\"",
    "DEL": "web\x7f.internal", "a backslash": "web\\.internal", "a semicolon": "web;internal",
    "a section of OpenSSL's": "@san",
}
DNS_TWINS = {
    "* before one label": "*.web.internal", "254 characters": ".".join([LABEL] * 4)[:-11] + ".internal",
    "a label of 64": LABEL + ".internal", "UTF-8": "xn--bcher-kva.internal",
    "underscore": "WEB.InterNal", "a last label that is hex": "web.internal",
    "xn-- that overflows": "XN--BCHER-KVA.internal", "xn-- with one among letters": "xn--a-4ba.internal",
}
URI = {
    "empty": "",
    "a word": "web",
    "a path": "/ns/a",
    "no scheme": "://mayfly.internal/a",
    "no authority": "https:///a",
    "no trust domain": "spiffe:///ns/a",
    "no authority and no path": "https://",
    "a URN": "urn:uuid:1",
    "javascript": "javascript:alert(1)",
    "mailto": "mailto:ops@web.internal",
    "file": "file:/etc/passwd",
    "a scheme that begins with a digit": "1https://web.internal/",
    "a scheme with _": "ht_tps://web.internal/",
    "a user": "https://ops@web.internal/",
    "a user and a password": "https://ops:x@web.internal/",
    "a space": "https://web.internal/a b",
    "a newline": "https://web.internal/\n",
    "NUL": "https://web.internal\0.example/",
    "UTF-8": "https://bücher.internal/",
    "a percent sign alone": "https://web.internal/%",
    "a percent escape of one digit": "https://web.internal/%2",
    "a percent escape of no digits": "https://web.internal/%zz",
    "a backslash": "https:\\\\web.internal\\",
    "<>": "https://web.internal/<a>",
    "a quote": "https://web.internal/\"",
    "a pipe": "https://web.internal/|",
    "a caret": "https://web.internal/^",
    "2049 octets": "https://web.internal/" + "a" * 2028,
}
SPIFFE = {
    "a port": "spiffe://mayfly.internal:443/ns/a",
    "a query": "spiffe://mayfly.internal/ns/a?x=1",
    "a fragment": "spiffe://mayfly.internal/ns/a#x",
    "a percent escape": "spiffe://mayfly.internal/ns/%61",
    "a slash at its end": "spiffe://mayfly.internal/ns/",
    "an empty segment": "spiffe://mayfly.internal/ns//a",
    "a segment .": "spiffe://mayfly.internal/ns/./a",
    "a segment ..": "spiffe://mayfly.internal/ns/../a",
    "a slash alone": "spiffe://mayfly.internal/",
    "a * in its path": "spiffe://mayfly.internal/ns/*",
    "a : in its path": "spiffe://mayfly.internal/ns/a:b",
    "a ~ in its path": "spiffe://mayfly.internal/~a",
    "an @ in its path": "spiffe://mayfly.internal/a@b",
    "a * for a trust domain": "spiffe://*/ns/a",
    "a ~ in its trust domain": "spiffe://a~b/ns/a",
    "a trust domain of 256": "spiffe://" + "a" * 256 + "/ns/a",
    "an IPv6 address for a trust domain": "spiffe://[fd00::1]/ns/a",
}
EMAIL = { "empty": "",
    "no @": "ops.web.internal",
    "two @": "ops@web@web.internal",
    "nothing before @": "@web.internal",
    "nothing after @": "ops@",
    "a quoted local part": "\"ops\"@web.internal",
    "a space": "o ps@web.internal",
    "a dot before it": ".ops@web.internal",
    "a dot before @": "ops.@web.internal",
    "two dots": "o..ps@web.internal",
    "a local part of 65": "a" * 65 + "@web.internal",
    "255 characters": "a@" + ".".join([LABEL] * 4)[:-11] + ".internal",
    "an address for a domain": "ops@[10.1.2.3]",
    "a wildcard for a domain": "ops@*.web.internal",
    "a dot after its domain": "ops@web.internal.",
    "underscore in its domain": "ops@web_a.internal",
    "UTF-8": "bücher@web.internal",
    "NUL": "ops@web.internal\0.example",
    "a header after a newline": "ops@web.internal\r\nBcc: a@b.internal",
    "a display name": "Ops <ops@web.internal>",
    "a comma": "ops,web@web.internal",
    "a number for a domain": "ops@10.1.2.3",
}
OTHER_KINDS = {
    "otherName": tlv(0xA0, oid("1.3.6.1.4.1.311.20.2.3"), explicit(0, utf8(b"ops@web.internal"))),
    "x400Address": tlv(0xA3, sequence()), "ediPartyName": tlv(0xA5, explicit(1, utf8(b"web.internal"))),
    "directoryName": tlv(0xA4, subject_attribute(utf8(b"web.internal"))),
    "registeredID": implicit(8, b"\x2a\x03\x04"), "[9], which is none": implicit(9, b"web.internal"),
    "IA5String without [2]": tlv(0x16, b"web.internal"), "dNSName tagged twice": explicit(2, tlv(0x16, b"web.internal")),
    "an application tag": tlv(0x42, b"web.internal"), "NULL": NULL,
    "iPAddress that is constructed": tlv(0xA7, b"\x0a\1\2\3"),
}
MAPPED = bytes(10) + b"\xff\xff\x0a\1\2\3"
IP = {"a network and its mask": b"\x0a\0\0\0\xff\0\0\0", "a text": b"10.1.2.3",
      "an IPv6 network and its mask": bytes(32), "an IPv4 address mapped into IPv6": MAPPED}


def of_kind(kind, make, rule, wrong, twin, twins=None):
    for what, name in wrong.items():
        yield Case(f"{kind}: {what}", rule, with_names(make(name)),
                   with_names(make((twins or {}).get(what, twin))))


def kinds():
    yield from of_kind("dNSName", dns, "name.dns", DNS, "web.internal", DNS_TWINS)
    yield from of_kind("URI", uri, "name.uri", URI, "https://WEB.internal/A",
                       {"2049 octets": "https://web.internal/" + "a" * 2027})
    yield from of_kind("SPIFFE ID", uri, "name.spiffe", SPIFFE, "spiffe://mayfly.internal/ns/a/sa/b",
                       {"a trust domain of 256": "spiffe://" + "a" * 255 + "/ns/a"})
    yield from of_kind("rfc822Name", email, "name.email", EMAIL, "ops@WEB.internal", {
        "a local part of 65": "a" * 64 + "@web.internal",
        "255 characters": "a@" + ".".join([LABEL] * 4)[:-12] + ".internal"})
    sizes = {f"of {size} octets": bytes(size) for size in (0, 1, 3, 5, 12, 15, 17)}
    yield from of_kind("iPAddress", ip, "name.ip", IP | sizes, b"\x0a\1\2\3",
                       {"an IPv4 address mapped into IPv6": b"\xfd" + bytes(15)})
    for what, name in OTHER_KINDS.items():
        yield Case(f"another kind: {what}", "name.kind", with_names(dns("web.internal"), name), PLAIN)


def many(count):
    return [dns(f"w{number}.internal") for number in range(count)]


def counts():
    yield Case("101 names", "san.count", with_names(*many(101)), with_names(*many(100)))
    yield Case("1000 names", "san.count", with_names(*many(1000)), with_names(*many(100)))
    yield Case("101 times one name", "san.count", with_names(*many(1) * 101), with_names(*many(1) * 100))
    for index in (0, 4, 9):
        for kind, rule, name in (("dNSName", "name.dns", dns("a_b.internal")), ("URI", "name.uri", uri("x")),
                                 ("SPIFFE ID", "name.spiffe", uri("spiffe://a//b")),
                                 ("rfc822Name", "name.email", email("x")), ("iPAddress", "name.ip", ip(b"")),
                                 ("otherName", "name.kind", OTHER_KINDS["otherName"])):
            names = many(10)
            names[index] = name
            yield Case(f"ten names, a bad {kind} at index {index}", rule, with_names(*names),
                       with_names(*many(10)))


CLASSES = {"names": (kinds, counts)}
