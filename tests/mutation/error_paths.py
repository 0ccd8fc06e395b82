"""Every refusal of a source file, found by its text: a mutation for each. All of a file's are planted
at once, each behind a switch of its own (the environment's MAYFLY_PLANTED), and built once.

A refusal is an `if` whose branch refuses (Deny, Fail, Complain, `return false`, the error of something
else, what a function of type Error makes ...), which is never taken; an `if` that is content and returns
before something refuses, which always is; an `else` that refuses, left out; or a TRY or CO_TRY whose
error is ignored. A TRY_ASSIGN without its error has no value to go on with: it goes on all the same, and
Result throws. That lets nothing through, but nobody sees it where no test provokes that error. What no
test can see, because another check behind it refuses the same, is listed with its reason in REDUNDANT.
"""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]

REFUSES = re.compile(r"Deny\w*\(|return false;|return std::nullopt;|Refuse\w*\(|push_back\(\{\"|"
                     r"\bComplain\(|\bNote\(|\bWrongType\(|return bad;|return [^;]*\.error\(\);")
# A function that makes an Error.
MAKES_ERROR = re.compile(r"\bError (?:\w+::)?(\w+)\(")
CALLED = re.compile(r"\b(\w+)\(")
PLACES = re.compile(r"\bif \(|\b(?:CO_)?TRY(?:_ASSIGN)?\(|\belse(?= )")
# `if (fine) return;` before a refusal: taken always.
ACCEPTS = re.compile(r"return( Ok\(\))?;|co_return Ok\(\);")
# `if (fine) continue;` or `return what_was_read;`: so too, where what follows complains.
PASSES = re.compile(r"continue;|return [^;]+;")
COMPLAINT = re.compile(r"\s*[\w.>-]*\b(Complain|Note|WrongType)\(")
DECLARES = re.compile(r"(?:const )?[\w:]+\s*[*&]?\s+(\w+)\s*=[^=]")
# Says which defect is planted while a test runs.
SWITCH = """#include <cstdlib>
inline bool Planted(int number) {
  static const char* const chosen = std::getenv("MAYFLY_PLANTED");
  return chosen != nullptr && std::atoi(chosen) == number;
}
"""
# file -> {the condition, as it stands: why breaking it changes nothing}
REDUNDANT = {
    "ca-server/policy/foreign_principal.cc": {
        "colon == std::string_view::npos": "every holder's text has a colon of its own",
    },
    "ca-server/policy/name_pattern.cc": {
        "normal.size() != parts.size()": "the normal form has as many parts",
        "HasBraces(labels[i])": "no DNS name has braces",
        "labels[i].find('*') != std::string_view::npos": "no DNS name has a star there",
        "HasBraces(segments[i])": "no URI has braces",
    },
    "ca-server/policy/principal_pattern.cc": {
        "!id.starts_with(kPrefix)": "what else could follow is no number",
        "example.find_first_of(\"{}*\") != std::string::npos": "no name has these",
        "!has_places_": "without places each segment is compared",
        "text_ != principal.id": "without places each segment is compared",
    },
    "ca-server/policy/certificate_template.cc": {
        "auto truncated, x509::Validity::For(not_before, left)": "now is in what is left",
        "der::Reader names, outer.ReadSequence()": "a Name's DER is one",
        "der::Reader set, names.ReadSet()": "a Name's DER is one",
        "der::Reader attribute, set.ReadSequence()": "a Name's DER is one",
        "der::Oid type, attribute.ReadOid()": "a Name's DER is one",
        "der::Element value, attribute.ReadAny()": "a Name's DER is one",
    },
    "ca-server/issuance/certificate_authority.cc": {
        "!signed_by": "records are looked for under the issuers that there are",
        "!again": "nothing takes away the record that was revoked",
        "auto names, peer.tbs().names()": "a certificate that we signed was linted",
    },
    "ca-server/issuance/explain.cc": {
        "const auto tbs, x509::TbsCertificate::FromDer(*out.tbs)": "it was written a moment ago",
    },
    "ca-server/issuance/issue.cc": {
        "FAILPOINT(\"issuance.signed\")": "tests/integration sets it",
        "!Equal(certificate.tbs().der(), record.tbs())": "Assemble puts those very octets there",
        "!grant": "another round denies it the same",
        "record.facts().key.issuer != issuer->id()": "lint refuses another issuer's certificate",
        "proven.spki().hash() != key.hash()": "with another key the bytes are others",
        "!issuer": "what is signed was decided for an issuer that is here",
    },
    "ca-server/x509/proven_key.cc": {
        "RsaPublicKey rsa, ReadRsaPublicKey(spki.key_bits())": "SubjectPublicKeyInfo has read it",
    },
}


def closing(text, start, pair="()"):
    """Where the bracket that opens at `start` closes; strings and comments are passed over."""
    depth, at = 0, start
    while at < len(text):
        if text[at] == '"':
            at += 1
            while text[at] != '"':
                at += 2 if text[at] == "\\" else 1
        elif text[at] == "'" and not text[at - 1].isalnum():
            at += 1
            while text[at] != "'":
                at += 2 if text[at] == "\\" else 1
        elif text.startswith("//", at):
            at = text.index("\n", at)
        elif text[at] == pair[0]:
            depth += 1
        elif text[at] == pair[1]:
            depth -= 1
            if depth == 0:
                return at
        at += 1
    raise ValueError(f"no closing bracket after {text[start:start + 60]}")


def branch_after(text, end):
    """The statement or block that follows a condition."""
    rest = text[end + 1:]
    offset = end + 1 + len(rest) - len(rest.lstrip())
    if text[offset] == "{":
        return text[offset:closing(text, offset, "{}") + 1]
    return text[offset:text.index(";", offset) + 1]


def makers():
    """The names of all functions that make an Error."""
    return {name for pattern in ("*.h", "*.cc") for file in (ROOT / "ca-server").rglob(pattern)
            for name in MAKES_ERROR.findall(file.read_text())}


MAKERS = makers()


def refuses(branch):
    return bool(REFUSES.search(branch)) or not MAKERS.isdisjoint(CALLED.findall(branch))


def condition_edits(text, opens, closes, number):
    """What to write there, so that an `if` that refuses does not; nothing where it refuses nothing."""
    inside = text[opens + 1:closes]
    branch = branch_after(text, closes)
    after = text[text.index(branch, closes) + len(branch):]
    if refuses(branch):
        switch = f" !::Planted({number}) && ("
    elif ACCEPTS.fullmatch(branch) or (PASSES.fullmatch(branch) and COMPLAINT.match(after)):
        switch = f" ::Planted({number}) || ("
    else:
        return None
    declaration = DECLARES.match(inside)
    if declaration and ";" not in inside:  # what it declares is used in its branch
        return [(closes, closes, f";{switch}{declaration[1]})")]
    begin = opens + 1 + (inside.index(";") + 1 if declaration else 0)
    return [(begin, begin, switch), (closes, closes, ")")]


def try_edits(text, match, closes, number):
    """The same for a TRY of any kind. As in base/task.h, a co_await stands alone on the right of a
    declaration."""
    leave = "co_return" if "CO_" in match.group() else "return"
    value = f"tried_{number}"
    unless = f"); if (!{value} && !::Planted({number})) {leave} std::move({value}).error();"
    if "ASSIGN" not in match.group():
        return [(match.start(), match.end(), f"do {{ auto {value} = ("),
                (closes, closes + 1, unless + " } while (false)")]
    comma = text.index(",", match.end())
    return [(match.start(), comma + 1, f"auto {value} = ("),
            (closes, closes + 1, f"{unless} {text[match.end():comma]} = *std::move({value})")]


def edits(text, match, file, number):
    """(what stands there, [(begin, end, what to write there)]) of one refusal; nothing where none is."""
    if match.group() == "else":
        branch = branch_after(text, match.end() - 1)
        if branch.startswith("if ") or not (COMPLAINT.match(branch.lstrip("{")) or refuses(branch)):
            return None
        shown = " ".join(branch.strip("{} \n").split())
        return f"else {shown[:60]}", [(match.end(), match.end(), f" if (!::Planted({number}))")]
    opens = match.end() - 1
    closes = closing(text, opens)
    shown = " ".join(text[opens + 1:closes].split())
    if shown in REDUNDANT.get(file, {}):
        return None
    found = (try_edits(text, match, closes, number) if "TRY" in match.group()
             else condition_edits(text, opens, closes, number))
    return found and (f"{match.group()}{shown})", found)


def woven(file):
    """(the file's text with every refusal behind a switch, [(its switch, its line, what stands there)])."""
    text = (ROOT / file).read_text()
    refusals, everything = [], []
    for match in PLACES.finditer(text):
        if "//" in text[text.rfind("\n", 0, match.start()) + 1:match.start()]:
            continue
        number = len(refusals) + 1
        if found := edits(text, match, file, number):
            refusals.append((number, text.count("\n", 0, match.start()) + 1, found[0]))
            everything += found[1]
    for begin, end, written in sorted(everything, reverse=True):
        text = text[:begin] + written + text[end:]
    return SWITCH + text, refusals
