"""Lists, metrics, handshakes and configuration errors, as an operator's tools see them."""

import contextlib
import re
import socket

import pytest

from harness import api, ocsp
from harness.authority import wait_for
from harness.csr import make_csr, new_key
from harness.metrics import samples


def assert_grows(ca, sample, act):
    """`act()` makes this sample grow; a labelled one is not there before its first time."""
    before = samples(ca).get(sample, 0)
    act()
    wait_for(lambda: samples(ca).get(sample, 0) > before, 5, f"{sample} to grow beyond {before}")


def list_page(client, **fields):
    request = api.message("mayfly.ca.v1.ListCertificatesRequest")(parent="issuers/-", **fields)
    return client.call("ListCertificates", request)


def list_all(client, **fields):
    page = list_page(client, **fields)
    certificates = list(page.certificates)
    while page.next_page_token:
        page = list_page(client, page_token=page.next_page_token, **fields)
        certificates += page.certificates
    return certificates


def test_what_is_true_now(ca):
    now = samples(ca)
    for name in ("mayfly_ready", "mayfly_ocsp_lease_held", "mayfly_ocsp_delegates_valid"):
        assert now[name] == 1, name
    assert now["mayfly_policy_version"] >= 1
    expiries = [value for name, value in now.items() if name.startswith("x509_cert_not_after{")]
    assert len(expiries) == 4  # root, issuing CA, the server's own of its two listeners
    assert min(expiries) > 1_700_000_000


def test_issuing_is_counted(ca, operator):
    for sample in ('mayfly_certificates_issued_total{profile="server"}',
                   'mayfly_rpc_requests_total{method="IssueCertificate",result="ok"}',
                   'mayfly_rpc_duration_seconds_count{method="IssueCertificate"}',
                   'mayfly_signer_results_total{outcome="signed",purpose="certificate"}',
                   'mayfly_ledger_duration_seconds_count{operation="record"}',
                   'mayfly_ledger_duration_seconds_count{operation="settle"}'):
        assert_grows(ca, sample, lambda: operator.issue(make_csr("web.internal")))


def test_renewing_is_counted(ca, operator):
    key = new_key()
    response = operator.issue(make_csr("web.internal", key=key), profile="workload")
    holder = api.Client(ca, api.chain_pem(response), api.key_pem(key))

    def renew():
        holder.call("RenewCertificate", api.request("RenewCertificate", csr_der=make_csr(),
                                                    request_id=api.make_request_id()))

    with contextlib.closing(holder):
        for sample in ('mayfly_certificates_issued_total{profile="workload"}',
                       'mayfly_rpc_requests_total{method="RenewCertificate",result="ok"}'):
            assert_grows(ca, sample, renew)


def test_a_refusal_is_counted_by_its_rule(ca, operator):
    def ask():
        with pytest.raises(api.Refused):
            operator.issue(make_csr("not-ours.example"))

    assert_grows(ca, 'mayfly_rpc_refusals_total{rule="policy.name"}', ask)


def test_ocsp_answers_are_counted(ca, operator):
    serial = operator.issue(make_csr("web.internal")).certificate.serial_number
    ask = lambda: ocsp.status_of_serial(ca, serial, nonce=False)  # noqa: E731
    assert_grows(ca, 'mayfly_ocsp_answers_total{from="signed",status="good"}', ask)
    assert_grows(ca, 'mayfly_ocsp_answers_total{from="memory",status="good"}', ask)


def test_handshake_refusals_are_counted_and_logged(ca):
    def without_certificate():
        with pytest.raises(api.Refused):
            api.Client(ca).trust_bundle(seconds=2)

    def in_plain_http():
        with socket.create_connection(("127.0.0.1", ca.port("grpc")), timeout=5) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connection.recv(1)

    for reason, act in (("no-certificate", without_certificate), ("not-tls", in_plain_http)):
        assert_grows(ca, f'mayfly_handshake_refusals_total{{reason="{reason}"}}', act)
        log = (ca.home / "logs/server.log").read_text()
        assert f"handshake refused reason={reason}" in log


def test_lists_page_by_page_without_loss_or_repetition(ca, operator):
    issued = {operator.issue(make_csr(f"list-{i}.internal"), names=["DNS:list.internal"])
              .certificate.serial_number for i in range(7)}
    filter_ = 'subject_alt_names : "DNS:list.internal"'
    page = list_page(operator, filter=filter_, page_size=3)
    assert len(page.certificates) == 3 and page.next_page_token
    for order in ("not_after_time", "create_time desc"):
        listed = list_all(operator, filter=filter_, page_size=3, order_by=order)
        assert len(listed) == 7 and {c.serial_number for c in listed} == issued
        times = [c.not_after_time.ToNanoseconds() if order == "not_after_time" else
                 -int(c.serial_number[2:14], 16) for c in listed]
        assert times == sorted(times)


@pytest.mark.parametrize("fields, rule", [
    ({"page_token": "bm90IG9uZQ"}, "list.page-token"),
    ({"page_size": -1}, "list.page-size"),
    ({"filter": "colour = RED"}, "list.filter"),
    ({"order_by": "colour"}, "list.order-by"),
])
def test_lists_that_cannot_be(operator, fields, rule):
    with pytest.raises(api.Refused) as raised:
        list_page(operator, **fields)
    assert rule in raised.value.rules


def test_check_config_tells_every_error_with_its_line(ca, tmp_path):
    text = (ca.home / "ca.toml").read_text()
    text = re.sub(r"(?m)^services = .*$", 'services = ["tea"]', text, count=1)
    text = re.sub(r"(?m)^worker_threads = .*$", "worker_threads = 0", text)
    broken = tmp_path / "ca.toml"
    broken.write_text(text + "\nnot_a_key = 1\n")
    done = ca.run(ca.programs / "mayfly-ca", "--check-config", "--config", broken, check=False)
    lines = {number for number, line in enumerate(broken.read_text().splitlines(), 1)
             if "tea" in line or line.startswith(("worker_threads = 0", "not_a_key"))}
    told = {int(number) for number in re.findall(r"ca\.toml:(\d+)", done.stdout + done.stderr)}
    assert done.returncode != 0 and len(lines) == 3 and lines <= told, done.stderr


def test_check_config_tells_the_mistakes_of_both_files_in_one_form(ca, tmp_path):
    (tmp_path / "policy.toml").write_text("colour = 1\n")
    text = (ca.home / "ca.toml").read_text()
    text = re.sub(r"(?m)^policy = .*$", 'policy = "policy.toml"', text)
    for mistake in ("", "not_a_key = 1\n"):
        (tmp_path / "ca.toml").write_text(mistake + text)
        done = ca.run(ca.programs / "mayfly-ca", "--check-config", "--config",
                      tmp_path / "ca.toml", check=False)
        told = re.findall(r"(?m)^\S*/(\w+)\.toml:1: .* \[[a-z.-]+\]$", done.stderr)
        expected = {"ca", "policy"} if mistake else {"policy"}
        assert done.returncode == 2 and set(told) == expected, done.stderr
