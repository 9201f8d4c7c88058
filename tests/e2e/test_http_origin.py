"""Trust through the running daemon: the host of a post by DNS, the signature of a mail by its key."""
import datetime
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
OWN, CUSTOMER, FORGER, SHARED, OTHER = "127.0.0.5", "127.0.0.6", "127.0.0.7", "127.0.0.8", "127.0.0.9"


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return mails.Key(tmp_path_factory.mktemp("keys"), "rsa")


@pytest.fixture(scope="module")
def names(key):
    server = NameServer([
        "1.0.0.127.in-addr.arpa. PTR mx1.out.example.net.", f"mx1.out.example.net. A {HERE}",
        "5.0.0.127.in-addr.arpa. PTR mx.sender.example.", f"mx.sender.example. A {OWN}",
        "6.0.0.127.in-addr.arpa. PTR 127-0-0-6.pool.provider.example.", f"127-0-0-6.pool.provider.example. A {CUSTOMER}",
        "7.0.0.127.in-addr.arpa. PTR mx.sender.example.",  # whose address is another
        "8.0.0.127.in-addr.arpa. PTR alice.github.io.", f"alice.github.io. A {SHARED}",
        "9.0.0.127.in-addr.arpa. PTR mx.other.example.", f"mx.other.example. A {OTHER}",
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



def test_a_host_of_the_senders_own_is_confirmed_and_no_other(tlsrpt, daemon, tmp_path):
    post(daemon, tmp_path, "own", OWN, sender="sender.example")
    post(daemon, tmp_path, "below", OWN, sender="tls.sender.example")
    post(daemon, tmp_path, "in-anothers-name", OTHER, sender="sender.example")
    post(daemon, tmp_path, "customer", CUSTOMER, sender="provider.example")
    post(daemon, tmp_path, "forged-ptr", FORGER, sender="sender.example")
    post(daemon, tmp_path, "shared-suffix", SHARED, sender="github.io")
    post(daemon, tmp_path, "shared-neighbour", SHARED, sender="bob.github.io")
    post(daemon, tmp_path, "suffix", OWN, sender="example")
    found = trust_of(tlsrpt, daemon)
    assert {name for name, trust in found.items() if trust == "confirmed"} == {"own", "below"}
    assert {found[name] for name in found if name not in ("own", "below")} == {"unverified"}


def test_the_tier_can_be_turned_off(tlsrptd, tlsrpt, migrated, names, tmp_path):
    tmp_path.chmod(0o755)
    with Daemon(tlsrptd, tmp_path, uri=migrated.uri, domains=["example.org"], https="confirm = off",
                more=f'resolver {{ forwarders = {{"{names.forwarder}"}} }}') as daemon:
        post(daemon, tmp_path, "own", OWN, sender="sender.example")
        assert trust_of(tlsrpt, daemon) == {"own": "unverified"}


def test_a_site_of_https_alone_gets_its_findings(tlsrpt, daemon, tmp_path):
    """Reports of tlsrpt-reporter, from a host that no https_sender lists: 24 good days, then none gets through."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    for back in range(28, 0, -1):
        content = mails.report("sender.example", report_id=f"day{back}", day=today - datetime.timedelta(back))
        if back <= 4:
            entry = content["policies"][0]
            entry["summary"] = {"total-successful-session-count": 0, "total-failure-session-count": 50}
            entry["failure-details"] = [{"result-type": "certificate-expired", "failed-session-count": 50,
                                         "receiving-mx-hostname": "mx.example.org"}]
        else:
            content["policies"][0]["summary"]["total-successful-session-count"] = 50
        path = tmp_path / f"day{back}.json"
        path.write_text(json.dumps(content))
        answer = daemon.post(path, "--interface", OWN, url=daemon.url.replace("localhost", "127.0.0.1"))
        assert answer.status == 201, answer
    assert set(trust_of(tlsrpt, daemon).values()) == {"confirmed"}
    findings = ask(tlsrpt, daemon, "findings")
    (found,) = [row for row in findings if row["kind"] == "certificate-expired"]
    assert found["policy_domains"] == ["example.org"] and found["severity"] in ("critical", "warning"), findings


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
