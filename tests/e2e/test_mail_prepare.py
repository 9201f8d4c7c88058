"""A mail's way from its bytes to what shall be kept: hints, several reports, quarantine, our own
server's word, dates. The signatures themselves are the matter of test_dkim_matrix."""
import email.utils
import json
import time

import pytest

import dkim_mails as mails
from dkim_mails import attachment, mail, received, report, sign
from dns_server import NameServer, quote

OURS = "mx.example.org"


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return mails.Key(tmp_path_factory.mktemp("keys"), "rsa")


@pytest.fixture(scope="module")
def names(key):
    server = NameServer([f"s1._domainkey.{domain}. TXT {quote(key.record())}"
                         for domain in ("example.net", "second.example")], broken=["broken.example"])
    yield server
    server.stop()


@pytest.fixture(scope="module")
def drivers(build, names, tmp_path_factory):
    folder = tmp_path_factory.mktemp("conf")
    base = f'domains = {{"example.org"}}\nresolver {{ forwarders = {{"{names.forwarder}"}} }}\n'
    opened = {}
    for name, mail_section in (("own", "max_message_bytes = 65536"), ("trusting", f'trusted_authserv_id = "{OURS}"')):
        path = folder / f"{name}.conf"
        path.write_text(base + f"mail {{ {mail_section} }}\n")
        opened[name] = mails.Driver(build, "prepare", path)
    yield opened
    for driver in opened.values():
        assert driver.close() == 0


def ask(drivers, message, vouched=False, driver="own", now=None):
    return drivers[driver].ask(message, now or int(time.time()), int(vouched))


def only(answer):
    (kept,) = answer["submissions"]
    return kept


def without_domain(content):
    content = json.loads(json.dumps(content))
    del content["policies"][0]["policy"]["policy-domain"]
    content["policies"][0]["policy"]["policy-type"] = "no-policy-found"
    return content


ALL_BUT_REPORT_FIELDS = [b"from", b"subject", b"date", b"content-type"]


def test_several_reports(drivers, key):
    parts = [attachment(report(report_id=str(i))) for i in range(3)]
    answer = ask(drivers, received(sign(mail(parts=parts), key)))
    assert [s["report_id"] for s in answer["submissions"]] == ["0", "1", "2"]
    assert {s["tier"] for s in answer["submissions"]} == {"verified"}
    assert {s["source"] for s in answer["submissions"]} == {"d=example.net"}
    assert all(s["raw_bytes"] < 1000 for s in answer["submissions"])


def test_the_broken_one_takes_the_whole_mail_to_quarantine_once(drivers, key):
    broken = {"organization-name": "x", "policies": []}
    broken["date-range"] = report()["date-range"]
    message = received(sign(mail(parts=[attachment(broken), attachment(report()), attachment(broken)]), key))
    first, second = ask(drivers, message)["submissions"]
    assert (first["status"], first["raw_bytes"], first["signer"]) == ("quarantined", len(message), "example.net")
    assert first["reason"] != "" and first["about"] == "example.org"
    assert (second["status"], second["tier"]) == ("accepted", "verified")


def test_a_part_that_says_report_and_is_none(drivers, key):
    part = "Content-Type: application/tlsrpt+gzip\r\n\r\nnothing\r\n"
    kept = only(ask(drivers, received(sign(mail(parts=[part]), key))))
    assert kept["status"] == "quarantined"


def test_more_reports_than_are_read(drivers, key):
    """The first twenty count, and the mail is kept for whoever wants the rest."""
    message = received(sign(mail(parts=[attachment(report(report_id=str(i))) for i in range(21)]), key))
    *read, whole = ask(drivers, message)["submissions"]
    assert [s["report_id"] for s in read] == [str(i) for i in range(20)]
    assert (whole["status"], whole["reason"], whole["raw_bytes"]) == \
        ("quarantined", "more parts than are looked at", len(message))
    message = received(sign(mail(parts=[attachment(report(report_id=str(i))) for i in range(20)]), key))
    assert {s["status"] for s in ask(drivers, message)["submissions"]} == {"accepted"}


@pytest.mark.parametrize("part, named", [
    ("\r\nHello\r\n", ""),
    ("Content-Type: application/ms-tnef\r\n\r\nx\r\n", "TNEF"),
    ("Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\nx\r\n", "S/MIME"),
    ("Content-Type: message/partial; id=1; number=1; total=2\r\n\r\nx\r\n", "message/partial"),
    ("Content-Type: application/x-xz\r\nContent-Transfer-Encoding: base64\r\n\r\n/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj\r\n", "xz archive")])
def test_what_says_that_it_is_a_report_is_kept(drivers, key, part, named):
    """And what stands in the way is named."""
    kept = only(ask(drivers, received(sign(mail(parts=[part]), key))))
    assert kept["status"] == "quarantined"
    assert kept["reason"].startswith("says that it is a TLS report, but none can be read") and named in kept["reason"]


def test_no_report(drivers, key):
    message = b"From: a@example.net\r\nSubject: Hello\r\n\r\nHello\r\n"
    answer = ask(drivers, received(sign(message, key, headers=[b"from", b"subject"])))
    assert (answer["verdict"], answer["reason"], answer["submissions"]) == ("unrecognized", "no TLS report", [])


def test_not_ours(drivers, key):
    answer = ask(drivers, received(sign(mail(domain="example.com"), key)))
    assert (answer["verdict"], answer["submissions"]) == ("not-ours", [])
    assert "example.com" in answer["reason"]


def test_too_big(drivers, key):
    message = received(sign(mail(), key))
    answer = ask(drivers, message + b"\r\n" * ((65536 - len(message)) // 2) + b"\n" * (len(message) % 2))
    assert only(answer)["status"] == "accepted"
    answer = ask(drivers, message + b"x" * (65537 - len(message)))
    assert (answer["verdict"], answer["submissions"]) == ("too-big", [])


def test_past_a_limit_of_structure(drivers, key):
    kept = only(ask(drivers, received(sign(mail(extra="X: " + "a:" * 600 + "\r\n"), key))))
    assert (kept["status"], kept["reason"]) == \
        ("ignored", "more than 500 colons and semicolons in a header field")


def test_vouched(drivers):
    kept = only(ask(drivers, received(mail()), vouched=True))
    assert (kept["status"], kept["tier"], kept["trust"]) == ("accepted", "operator", "the operator answers for it")
    assert kept["source"] == "203.0.113.0/24"


def test_empty(drivers):
    assert only(ask(drivers, b""))["reason"] == "not signed"
    assert ask(drivers, b"", vouched=True)["verdict"] == "unrecognized"


@pytest.mark.parametrize("headers, name, domains", [
    (None, "r.json.gz", ["example.org"]),                                      # TLS-Report-Domain, signed
    (ALL_BUT_REPORT_FIELDS, "r.json.gz", None),                                # unsigned it says nothing
    (ALL_BUT_REPORT_FIELDS, "example.net!example.org!1!2.json.gz", ["example.org"]),   # the name is in the body
])
def test_missing_policy_domain(drivers, key, build, names, tmp_path, headers, name, domains):
    conf = tmp_path / "tlsrpt.conf"  # two domains, so that "the only one" does not help
    conf.write_text(f'domains = {{"example.org", "other.example"}}\nresolver {{ forwarders = {{"{names.forwarder}"}} }}\n')
    driver = mails.Driver(build, "prepare", conf)
    content = without_domain(report())
    message = sign(mail(parts=[attachment(content, name=name)]), key, headers=headers)
    kept = only(driver.ask(received(message), int(time.time()), 0))
    assert driver.close() == 0
    if domains is None:
        assert (kept["status"], kept["reason"]) == \
            ("quarantined", "policies[0].policy: no policy-domain, and nothing else says it")
    else:
        assert (kept["status"], kept["domains"]) == ("accepted", domains)
        assert "no-policy-domain" in kept["quirks"]


def test_submitter_from_a_signed_field(drivers, key):
    content = dict(report(), **{"contact-info": None, "organization-name": "Example Inc."})
    kept = only(ask(drivers, received(sign(mail(parts=[attachment(content, name="r.json.gz")]), key))))
    assert (kept["sender"], kept["tier"]) == ("example.net", "verified")
    kept = only(ask(drivers, received(sign(mail(parts=[attachment(content, name="r.json.gz")]), key,
                                           headers=ALL_BUT_REPORT_FIELDS))))
    assert kept["tier"] == "unverified"


def test_disagreements_are_noted(drivers, key):
    message = mail().replace(b"TLS-Report-Domain: example.org", b"TLS-Report-Domain: example.com")
    kept = only(ask(drivers, received(sign(message, key))))
    assert (kept["domains"], kept["tier"]) == (["example.org"], "verified")
    assert "headers-disagree" in kept["quirks"]
    message = mail().replace(b"TLS-Report-Submitter: example.net", b"TLS-Report-Submitter: example.com")
    assert "submitter-mismatch" in only(ask(drivers, received(sign(message, key))))["quirks"]
    assert not {"submitter-mismatch", "headers-disagree"} & set(
        only(ask(drivers, received(sign(mail(), key))))["quirks"])


def test_arrival_is_our_servers_date(drivers, key):
    message = received(sign(mail(), key), hours_ago=5)
    kept = only(ask(drivers, message))
    date = message.split(b"; ", 1)[1].split(b"\r\n", 1)[0].decode()
    assert kept["received"] == int(email.utils.parsedate_to_datetime(date).timestamp())


@pytest.mark.parametrize("hours_ago, verdict", [(0, "try-later"), (5.9, "try-later"), (6.1, "pending"), (9, "pending"),
                                                (-0.9, "try-later"), (-1.1, "pending")])
def test_dns_trouble_while_the_mail_is_young(drivers, key, hours_ago, verdict):
    """The date of the future is no way to stay young for ever."""
    answer = ask(drivers, received(sign(mail("broken.example"), key, domain="broken.example"), hours_ago),
                 now=int(mails.NOW.timestamp()))
    assert answer["verdict"] == verdict
    if verdict == "pending":
        assert only(answer)["reason"].endswith("(DNS)")


def test_dns_trouble_of_a_mail_without_date(drivers, key):
    message = sign(mail("broken.example"), key, domain="broken.example").replace(b"\r\nDate: ", b"\r\nX-Date: ")
    assert only(ask(drivers, message))["reason"].endswith("(DNS)")


# ---- Authentication-Results ----

def with_result(result, message, server=OURS):
    """As our server hands it over: its Received, its result, the mail."""
    head = received(b"")
    return head + f"Authentication-Results: {server}; {result}\r\n".encode() + message


def signature_of(message):
    """The first characters of b=, as a server tells them in header.b."""
    text = b"".join(message.split(b" b=", 1)[1].split(b"\r\nFrom:", 1)[0].split())
    return text[:8].decode()


def passing(message, domain="example.net"):
    return with_result(f"dkim=pass header.d={domain} header.b={signature_of(message)}", message)


def test_our_servers_word(drivers, key):
    message = sign(mail(), key, selector="gone")  # its key is not in DNS any more
    assert only(ask(drivers, passing(message)))["status"] == "ignored"
    kept = only(ask(drivers, passing(message), driver="trusting"))
    assert (kept["tier"], kept["trust"]) == ("verified", f"signed by example.net; verified by {OURS}")


REFUSED = "no valid signature: "


def oversigned(key):
    return sign(mail(), key, selector="gone")


TRUSTING = {
    "another server's word": (lambda k: with_result("dkim=pass header.d=example.net", oversigned(k), "mx.evil.example"),
                              REFUSED + "example.net: no key in DNS"),
    "below an older Received": (
        lambda k: received(received(b"") + with_result("dkim=pass header.d=example.net", oversigned(k))),
        REFUSED + "example.net: no key in DNS"),
    "fail": (lambda k: with_result("dkim=fail header.d=example.net", oversigned(k)),
             REFUSED + f"example.net: {OURS} says dkim=fail"),
    "none": (lambda k: with_result("dkim=none", mail()), REFUSED + f"{OURS} says dkim=none"),
    "no such signature": (lambda k: with_result("dkim=pass header.d=example.net header.b=AAAAAAAA", oversigned(k)),
                          REFUSED + "example.net: its result fits none of the signatures, or several"),
    "unsigned": (lambda k: with_result("dkim=pass header.d=example.net", mail()),
                 REFUSED + "example.net: its result fits none of the signatures, or several"),
    "a copy of the signature": (
        lambda k: with_result(f"dkim=pass header.d=example.net header.b={signature_of(oversigned(k))}",
                              oversigned(k).split(b"From:")[0] + oversigned(k)),
        REFUSED + "example.net: its result fits none of the signatures, or several"),
    "length": (lambda k: passing(sign(mail(), k, selector="gone", length=True)),
               REFUSED + "example.net: l= leaves a part of the body unsigned (RFC 8460 section 3)"),
    "second From": (lambda k: passing(oversigned(k)).replace(b"MIME-Version", b"From: a@b.example\r\nMIME-Version"),
                    REFUSED + "example.net: more than one From"),
    "changed boundary": (
        lambda k: passing(sign(mail(preamble="x\r\n"), k, selector="gone", headers=ALL_BUT_REPORT_FIELDS[:3])),
        REFUSED + "example.net: Content-Type is not signed and the body does not prove its boundary"),
}


@pytest.mark.parametrize("name", TRUSTING)
def test_what_our_server_did_not_look_at(drivers, key, name):
    make, reason = TRUSTING[name]
    kept = only(ask(drivers, make(key), driver="trusting"))
    assert (kept["status"], kept["reason"]) == ("ignored", reason)


def test_without_a_result_we_verify_ourselves(drivers, key):
    """A filter that was down adds no field."""
    kept = only(ask(drivers, received(sign(mail(), key)), driver="trusting"))
    assert (kept["tier"], kept["trust"]) == ("verified", "signed by example.net")
    kept = only(ask(drivers, with_result("spf=pass smtp.mailfrom=a", sign(mail(), key)), driver="trusting"))
    assert kept["tier"] == "verified"


def test_result_of_another_signer(drivers, key):
    message = sign(mail(), key, domain="second.example", selector="gone")
    kept = only(ask(drivers, passing(message, "second.example"), driver="trusting"))
    assert (kept["status"], kept["tier"], kept["signer"]) == ("accepted", "unverified", "second.example")


# ---- as senders really write ----

def google(k):
    """Content-Type is not signed, the base64 has no padding."""
    message = mail(extra="Message-ID: <1@google.com>\r\n").replace(b"=\r\n\r\n--=_b--", b"\r\n\r\n--=_b--")
    return sign(message.replace(b"==\r\n", b"\r\n"), k,
                headers=[b"from", b"to", b"subject", b"tls-report-submitter", b"tls-report-domain", b"message-id", b"date",
                         b"mime-version", b"from", b"to", b"subject", b"date"])


def microsoft(k):
    """HTML first, a folded Subject without brackets, TLS-Report-* not signed."""
    subject = b"Subject: Report Domain: example.org Submitter: example.net Report-ID: <1@example.net>"
    message = mail(parts=["Content-Type: text/html; charset=us-ascii\r\n\r\n<p>Report</p>\r\n", attachment(report())],
                   extra="Message-ID: <1@example.org>\r\n")
    assert subject in message
    message = message.replace(subject, b"Subject: Report Domain: example.org Submitter: example.net\r\n\tReport-ID: 1+")
    return sign(message, k, headers=[b"from", b"date", b"subject", b"message-id", b"content-type", b"mime-version"])


def stalwart(k):
    """No contact-info, another boundary style, a report-id without @."""
    content = dict(report(report_id="1700000000_12345"), **{"contact-info": None, "organization-name": "mail.example.net"})
    return sign(mail(content=content, boundary="17d1f7a8_ab.cd"), k, canon=(b"relaxed", b"relaxed"))


def postfix_reporter(k):
    """No policy-domain where no policy was found."""
    return sign(mail(content=without_domain(report(report_id=f"{mails.YESTERDAY}_idx1_example.org"))), k)


def as_the_body(k):
    """No multipart at all; then the type must be signed."""
    message = mail()
    head = message.split(b"Content-Type:", 1)[0]
    return sign(head + b"Content-Type: application/tlsrpt+json\r\n\r\n" + json.dumps(report()).encode() + b"\r\n", k)


@pytest.mark.parametrize("sender", [google, microsoft, stalwart, postfix_reporter, as_the_body])
def test_real_senders_are_verified(drivers, key, sender):
    kept = only(ask(drivers, received(sender(key))))
    assert (kept["status"], kept.get("tier"), kept["reason"]) == ("accepted", "verified", "")
    assert kept["domains"] == ["example.org"]
