"""Threads that do something again and again while a test looks at what comes of it."""

import re
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from harness import api
from harness.csr import make_csr


class Load:
    """`with` it: `work(number)` of a subclass runs in so many threads, until `over` is set."""

    def __init__(self, threads):
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(n,)) for n in range(threads)]

    def work(self, number):
        raise NotImplementedError

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(60)


class IssuingLoad(Load):
    """Clients that ask for certificates all the time, with pauses. Each answer goes to
    `answered(number, begun, refused)`; `wrong` has what no issuing CA of ours signed."""

    DEADLINE_SECONDS, PAUSE_SECONDS = 10, 0.05

    def __init__(self, authority, threads):
        self.authority = authority
        pems = re.findall(r"-----BEGIN.*?-----END CERTIFICATE-----", authority.chain_file.read_text(),
                          re.DOTALL)
        issuers = [x509.load_pem_x509_certificate(pem.encode()) for pem in pems]
        self.issuers = {each.subject: each.public_key() for each in issuers}
        self.csr = make_csr("web.internal")
        self.lock = threading.Lock()
        self.wrong = []  # what must never be
        super().__init__(threads)

    def answered(self, number, begun, refused):
        raise NotImplementedError

    def work(self, number):
        client = api.operator(self.authority)
        while not self.over.is_set():
            begun = time.time()
            self.answered(number, begun, self.ask(client))
            time.sleep(self.PAUSE_SECONDS)
        client.close()

    def ask(self, client):
        try:
            response = client.issue(self.csr, seconds=self.DEADLINE_SECONDS)
        except api.Refused as refused:
            return refused
        self.verify(x509.load_der_x509_certificate(response.certificate.certificate_der))
        return None

    def verify(self, certificate):
        try:
            self.issuers[certificate.issuer].verify(
                certificate.signature, certificate.tbs_certificate_bytes,
                ec.ECDSA(certificate.signature_hash_algorithm))
        except Exception as error:  # of whatever kind
            self.wrong.append(f"{certificate.serial_number:x}: {error!r}")
