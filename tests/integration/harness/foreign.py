"""CAs that are not ours, made with the openssl program: roots, intermediates, leaves, CRLs."""

import contextlib
import datetime
import subprocess

from . import api

CA_EXTENSIONS = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign",
                 "subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid")
LEAF_EXTENSIONS = ("basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature",
                   "subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid")
CLIENTS = ("extendedKeyUsage=clientAuth",)
CONFIGURATION = """
[ca]
default_ca = here
[here]
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
crlnumber = {folder}/crlnumber
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
default_days = 1
default_crl_days = 1
unique_subject = no
policy = anything
crl_extensions = crl
[anything]
commonName = optional
[crl]
authorityKeyIdentifier = keyid
"""


def openssl(*words):
    """Runs openssl."""
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"openssl {words}\n{done.stderr}"


def _time(seconds):
    at = datetime.datetime.utcnow() + datetime.timedelta(seconds=seconds)
    return at.strftime("%y%m%d%H%M%SZ")


class Issuer:
    """A CA in a folder of its own, self-signed or below another one."""

    def __init__(self, folder, name, above=None, extensions=CA_EXTENSIONS):
        self.folder, self.above = folder / name.replace(" ", "-"), above
        self.folder.mkdir()
        for file, text in (("index.txt", ""), ("serial", "1000"), ("crlnumber", "01"),
                           ("openssl.cnf", CONFIGURATION.format(folder=self.folder))):
            (self.folder / file).write_text(text)
        self.file = self.folder / "ca.pem"
        if above is None:
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", 2, "-subj", f"/CN={name}", "-keyout", self.folder / "ca.key",
                    "-out", self.file, "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        else:
            above.sign(name, self.folder / "ca.key", self.file, extensions)

    def sign(self, name, key, out, extensions, seconds=86400):
        """A new key and its certificate of this issuer."""
        request, settings = out.with_suffix(".csr"), out.with_suffix(".ext")
        settings.write_text("\n".join(extensions))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                f"/CN={name}", "-keyout", key, "-out", request)
        openssl("ca", "-batch", "-notext", "-config", self.folder / "openssl.cnf", "-in", request,
                "-out", out, "-extfile", settings, "-startdate", _time(-60), "-enddate",
                _time(seconds))

    def path(self):
        """The certificates from here up to, not including, the root, PEM."""
        return b"" if self.above is None else self.file.read_bytes() + self.above.path()

    def leaf(self, names, extensions=LEAF_EXTENSIONS + CLIENTS, seconds=86400):
        """A leaf for these names, in openssl's words; "" for none."""
        return Leaf(self, names, extensions, seconds)

    def crl(self, *revoked):
        """The CRL in PEM, now with these leaves."""
        for leaf in revoked:
            openssl("ca", "-config", self.folder / "openssl.cnf", "-revoke", leaf.file)
        out = self.folder / "crl.pem"
        openssl("ca", "-config", self.folder / "openssl.cnf", "-gencrl", "-out", out)
        return out.read_text()


class Leaf:
    """A client's certificate and its key."""

    made = 0

    def __init__(self, issuer, names, extensions, seconds):
        Leaf.made += 1
        self.file = issuer.folder / f"leaf-{Leaf.made}.pem"
        key = self.file.with_suffix(".key")
        san = (f"subjectAltName={names}",) if names else ()
        issuer.sign(f"leaf {Leaf.made}", key, self.file, (*extensions, *san), seconds)
        self.chain, self.key = self.file.read_bytes() + issuer.path(), key.read_bytes()

    def client(self, authority, with_path=True):
        """Calls with it; without the intermediates where they are left out."""
        chain = self.chain if with_path else self.file.read_bytes()
        return contextlib.closing(api.Client(authority, chain, self.key))


def section(name, roots, *lines):
    """A [[foreign_ca]] of the configuration."""
    return "\n".join(["", "[[foreign_ca]]", f'name = "{name}"', f'roots = "{roots}"', *lines, ""])
