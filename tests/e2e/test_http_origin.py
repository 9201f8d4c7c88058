"""Trust through the running daemon: the host of a post by DNS, the signature of a mail by its key."""
import gzip
import json
import smtplib
import threading

import pytest

import dkim_mails as mails
from daemon import Daemon, ask, free_port
from dns_server import NameServer, quote

# Loopback has many addresses: each is another client.
HERE, LIAR, SILENT, NAMELESS = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return mails.Key(tmp_path_factory.mktemp("keys"), "rsa")


@pytest.fixture(scope="module")
def names(key):
    server = NameServer([
        "1.0.0.127.in-addr.arpa. PTR mx1.out.example.net.", f"mx1.out.example.net. A {HERE}",
        "2.0.0.127.in-addr.arpa. PTR mx1.out.example.net.", "3.0.0.127.in-addr.arpa. PTR slow.out.example.net.",
        f"s1._domainkey.example.net. TXT {quote(key.record())}"], broken=["broken.example"])
    yield server
    server.stop()


@pytest.fixture
def daemon(tlsrptd, migrated, names, tmp_path):
    tmp_path.chmod(0o755)
    daemon = Daemon(tlsrptd, tmp_path, uri=migrated.uri, domains=["example.org"], more=f"""
https_sender "example.net" {{ hosts = {{"*.out.example.net"}} }}
resolver {{ forwarders = {{"{names.forwarder}"}} }}
lmtp {{ listen = {{"127.0.0.1:{free_port()}"}} }}
""")
    with daemon:
        yield daemon


def post(daemon, folder, name, peer, sender="example.net"):
    path = folder / f"{name}.json.gz"
    path.write_bytes(gzip.compress(json.dumps(mails.report(sender, report_id=name)).encode()))
    answer = daemon.post(path, "--interface", peer, url=daemon.url.replace("localhost", "127.0.0.1"))
    assert answer.status == 201, answer
    return answer


def trust_of(tlsrpt, daemon):
    return {row["report_id"]: row["trust"] for row in ask(tlsrpt, daemon, "reports", "--since", "7d")}


def test_tier_by_origin(tlsrpt, daemon, tmp_path):
    post(daemon, tmp_path, "listed", HERE)
    post(daemon, tmp_path, "not-listed", HERE, sender="example.com")
    post(daemon, tmp_path, "liar", LIAR)
    post(daemon, tmp_path, "nameless", NAMELESS)
    assert trust_of(tlsrpt, daemon) == {"listed": "verified", "not-listed": "unverified", "liar": "unverified",
                                        "nameless": "unverified"}


def test_a_silent_name_server_holds_up_nobody_else(tlsrpt, daemon, tmp_path):
    """Posts whose origin cannot be told wait side by side, while another is answered; then all are kept."""
    waiting = [threading.Thread(target=post, args=(daemon, tmp_path, f"silent{i}", SILENT)) for i in range(8)]
    for thread in waiting:
        thread.start()
    post(daemon, tmp_path, "quick", HERE)
    for thread in waiting:
        thread.join()
    found = trust_of(tlsrpt, daemon)
    assert found.pop("quick") == "verified"
    assert found == {f"silent{i}": "unverified" for i in range(8)}


def lmtp_port(daemon):
    text = daemon.conf.read_text().split("lmtp {", 1)[1]
    return int(text.split("127.0.0.1:", 1)[1].split('"', 1)[0])


def send(daemon, message):
    """The reply to a mail by LMTP, None for 250."""
    with smtplib.LMTP("127.0.0.1", lmtp_port(daemon)) as client:
        try:
            client.sendmail("tls@example.net", ["tlsrpt@example.org"], message)
        except smtplib.SMTPDataError as error:
            return error.smtp_code
        except smtplib.SMTPRecipientsRefused as error:
            return next(iter(error.recipients.values()))[0]
    return None


def test_signature_by_its_key(tlsrpt, daemon, key):
    assert send(daemon, mails.received(mails.sign(mails.mail(), key))) is None
    assert send(daemon, mails.received(mails.mail(content=mails.report(report_id="unsigned")))) is None
    found = {(row["status"], row["trust"], row["reason"]) for row in ask(tlsrpt, daemon, "reports", "--since", "7d")}
    assert {(status, trust) for status, trust, _ in found if status == "accepted"} == {("accepted", "verified")}
    assert "not signed" in {reason for status, _, reason in found if status == "ignored"}


def test_dns_trouble_is_deferred_while_the_mail_is_young(tlsrpt, daemon, key):
    message = mails.sign(mails.mail("broken.example"), key, domain="broken.example")
    assert send(daemon, mails.received(message)) == 451
    assert ask(tlsrpt, daemon, "reports", "--since", "7d") == []
    assert send(daemon, mails.received(message, hours_ago=7)) is None
    (row,) = ask(tlsrpt, daemon, "reports", "--since", "7d", "--status", "ignored")
    assert row["reason"].endswith("(DNS)")
