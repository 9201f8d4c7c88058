"""Every kind of signature and key, and the attacks on them: the tier and the reason of each mail.

Mails are signed by dkimpy, keys are served by nsd, and the daemon's own road looks at them
(mail_prepare, with the real resolver)."""
import json
import time

import dkim
import pytest

import dkim_mails as mails
from dkim_mails import attachment, mail, received, report, sign
from dns_server import NameServer, quote

R, S = b"relaxed", b"simple"
EVIL_PART = attachment(report(report_id="evil"))


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return {"rsa": mails.Key(folder, "rsa"), "weak": mails.Key(folder, "weak", 1024),
            "tiny": mails.Key(folder, "tiny", 512), "ed": mails.Key(folder, "ed", 0),
            "other": mails.Key(folder, "other"), "big": mails.Key(folder, "big", 4096)}


# selector -> (key, tags)
TAGGED = {"s1": "", "star": "s=*; ", "tlsrpt": "s=tlsrpt; ", "upper": "s=TLSRPT; ", "both": "s=tlsrpt:email; ",
          "spaced": "s=email : tlsrpt ; ", "unknowntoo": "s=foo:*; ", "email": "s=email; ", "foo": "s=foo; ",
          "test": "t=y; ", "strict": "t=s; ", "sha1": "h=sha1; ", "notes": "n=a note; x=unknown; "}


def zone(keys):
    rsa = keys["rsa"]
    texts = {f"{name}._domainkey.example.net": [rsa.record(tags)] for name, tags in TAGGED.items()}
    texts.update({
        "weak._domainkey.example.net": [keys["weak"].record()], "tiny._domainkey.example.net": [keys["tiny"].record()],
        "big._domainkey.example.net": [keys["big"].record()], "ed._domainkey.example.net": [keys["ed"].record()],
        "bare._domainkey.example.net": [rsa.record(bare=True)],
        "plain._domainkey.example.net": [rsa.record().replace("v=DKIM1; k=rsa; ", "")],
        "revoked._domainkey.example.net": ["v=DKIM1; p="],
        "version._domainkey.example.net": [rsa.record().replace("DKIM1", "DKIM2")],
        "kind._domainkey.example.net": [keys["ed"].record()],
        "garbage._domainkey.example.net": ["v=DKIM1; p=AAAAAAAA"],
        "spf._domainkey.example.net": ["v=spf1 -all"],
        "beside._domainkey.example.net": ["v=spf1 -all", rsa.record()],
        "two._domainkey.example.net": [rsa.record(), keys["other"].record()],
        "huge._domainkey.example.net": [rsa.record() + "; n=" + "x" * 64000],
        "many._domainkey.example.net": [f"v=x{i}" for i in range(100)],
        "s1._domainkey.evil.example": [keys["other"].record()],
        "s1._domainkey.mail.example.net": [rsa.record()],
        "s1._domainkey.example.com": [rsa.record()],
        "s1._domainkey.github.io": [keys["other"].record()],
    })
    lines = [f"{name}. TXT {quote(text)}" for name, list_ in texts.items() for text in list_]
    return lines + ["alias._domainkey.example.net. CNAME s1._domainkey.example.net.",
                    "loop._domainkey.example.net. CNAME pool._domainkey.example.net.",
                    "pool._domainkey.example.net. CNAME loop._domainkey.example.net.",
                    "nodata._domainkey.example.net. A 192.0.2.1"]


@pytest.fixture(scope="module")
def names(keys):
    server = NameServer(zone(keys), broken=["broken.example"])
    yield server
    server.stop()


@pytest.fixture(scope="module")
def settings(names, tmp_path_factory):
    path = tmp_path_factory.mktemp("conf") / "tlsrpt.conf"
    path.write_text(f'domains = {{"example.org"}}\nresolver {{ forwarders = {{"{names.forwarder}"}} }}\n')
    return path


@pytest.fixture(scope="module")
def driver(build, settings):
    driver = mails.Driver(build, "prepare", settings)
    yield driver
    assert driver.close() == 0


def with_field(message, name, value):
    """Replaces the value of a field of the header."""
    head, body = message.split(b"\r\n\r\n", 1)
    lines = head.split(b"\r\n")
    at = next(i for i, line in enumerate(lines) if line.lower().startswith(name.lower() + b":"))
    lines[at] = name + b": " + value
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def unfold_tag(message, old, new):
    assert old in message
    return message.replace(old, new, 1)


def resign(message, key, **tags):
    """Signs with extra tags in the signature, as dkimpy's sign() cannot."""
    original = dkim.DKIM.gen_header

    def changed(self, fields, include, canon, domain, *rest):
        fields[-1:-1] = [(name.encode(), value.encode()) for name, value in tags.items()]
        return original(self, fields, include, canon, domain, *rest)

    dkim.DKIM.gen_header = changed
    try:
        return sign(message, key)
    finally:
        dkim.DKIM.gen_header = original


NO_TYPE = [b"from", b"subject", b"date", b"tls-report-domain", b"tls-report-submitter"]
CASES = {}


def case(status, tier, reason):
    def keep(make):
        CASES[make.__name__] = (make, status, tier, reason)
        return make
    return keep


def add(name, make, status, tier, reason):
    make.__name__ = name
    case(status, tier, reason)(make)


SIGNED = "signed by example.net"
for head in (R, S):
    for body in (R, S):
        for kind, selector in (("rsa", "s1"), ("ed", "ed")):
            add(f"{kind}_{head.decode()}_{body.decode()}",
                lambda k, h=head, b=body, n=kind, s=selector: sign(mail(), k[n], selector=s, canon=(h, b)),
                "accepted", "verified", SIGNED)
for selector in ("star", "tlsrpt", "upper", "both", "spaced", "unknowntoo", "strict", "notes", "bare", "plain",
                 "alias", "beside"):
    add(f"key_{selector}", lambda k, s=selector: sign(mail(), k["rsa"], selector=s), "accepted", "verified", SIGNED)
for selector, reason in (
        ("foo", "key is for another service (s=)"), ("sha1", "key does not allow sha256 (h=)"), ("revoked", "key is revoked"),
        ("version", "key is of an unknown version"), ("kind", "key is of another type than a="),
        ("garbage", "key cannot be read"), ("spf", "key is of an unknown version"),
        ("two", "several keys under one name"), ("huge", "key record is too big"),
        ("many", "key record is too big"), ("nodata", "no key in DNS"), ("absent", "no key in DNS")):
    add(f"key_{selector}", lambda k, s=selector: sign(mail(), k["rsa"], selector=s), "ignored", None,
        f"no valid signature: example.net: {reason}")
add("key_test", lambda k: sign(mail(), k["rsa"], selector="test"), "accepted", "verified",
    SIGNED + "; key is in test mode (t=y)")
add("key_test_of_somebody_else", lambda k: sign(mail(), k["other"], selector="test"), "ignored", None,
    "no valid signature: example.net: signature does not match")
add("key_email", lambda k: sign(mail(), k["rsa"], selector="email"), "accepted", "verified",
    SIGNED + "; key is for email only")
add("key_1024", lambda k: sign(mail(), k["weak"], selector="weak"), "accepted", "verified",
    SIGNED + "; key has less than 2048 bits")
add("key_4096", lambda k: sign(mail(), k["big"], selector="big"), "accepted", "verified", SIGNED)
add("key_512", lambda k: sign(mail(), k["tiny"], selector="tiny"), "ignored", None,
    "no valid signature: example.net: key has less than 1024 bits (RFC 8301)")
add("key_of_somebody_else", lambda k: sign(mail(), k["other"]), "ignored", None,
    "no valid signature: example.net: signature does not match")


@case("ignored", None, "not signed")
def unsigned(k):
    return mail()


@case("accepted", "unverified", "signed by evil.example, neither the submitter nor the From domain")
def signed_by_another(k):
    return sign(mail(), k["other"], domain="evil.example")


@case("accepted", "unverified", "signed by evil.example, which is not the submitter")
def another_with_its_own_from(k):
    return sign(mail().replace(b"<tls@example.net>", b"<tls@evil.example>"), k["other"], domain="evil.example")


@case("accepted", "unverified", "signed by example.net, which is not the From domain")
def from_is_not_the_signer(k):
    return sign(mail().replace(b"<tls@example.net>", b"<tls@evil.example>"), k["rsa"])


@case("accepted", "verified", "signed by mail.example.net")
def signed_by_a_subdomain(k):
    return sign(mail(), k["rsa"], domain="mail.example.net")


@case("accepted", "unverified", "signed by github.io, neither the submitter nor the From domain")
def signed_by_a_public_suffix(k):
    return sign(mail("victim.github.io"), k["other"], domain="github.io")


@case("accepted", "verified", SIGNED)
def good_below_a_bad_one(k):
    return sign(sign(mail(), k["rsa"]), k["rsa"], selector="absent")


@case("accepted", "verified", SIGNED)
def aligned_below_others(k):
    message = sign(mail(), k["rsa"])
    for _ in range(5):
        message = sign(message, k["other"], domain="evil.example")
    return message


@case("accepted", "verified", SIGNED)
def five_hundred_signatures(k):
    line = b"DKIM-Signature: v=1; a=rsa-sha256; d=n%d.example; s=s; h=From; b=AAAA; bh=" + b"A" * 43 + b"=\r\n"
    return b"".join(line % i for i in range(500)) + sign(mail(), k["rsa"])


@case("ignored", None, "no valid signature: example.net: body was changed (bh=)")
def five_hundred_forged_signatures(k):
    line = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=s1; h=From; b=AAAA; bh=" + b"A" * 43 + b"=\r\n"
    return b"".join(line for i in range(500)) + mail()


@case("ignored", None, "no valid signature: example.net: more than one From")
def second_from_on_top(k):
    return b"From: Eve <eve@evil.example>\r\n" + sign(mail(), k["rsa"])


@case("ignored", None, "no valid signature: example.net: more than one From")
def second_from_below(k):
    return sign(mail(), k["rsa"]).replace(b"MIME-Version", b"From: eve@evil.example\r\nMIME-Version", 1)


@case("ignored", None, "no valid signature: example.net: more than one Content-Type")
def second_content_type(k):
    return b'Content-Type: multipart/mixed; boundary="evil"\r\n' + sign(mail(), k["rsa"])


@case("ignored", None, "no valid signature: example.net: more than one TLS-Report-Domain")
def second_report_domain(k):
    return b"TLS-Report-Domain: other.example\r\n" + sign(mail(), k["rsa"])


@case("ignored", None, "no valid signature: example.net: more than one Subject")
def second_subject(k):
    return b"Subject: x\r\n" + sign(mail(), k["rsa"])


@case("ignored", None, "no valid signature: example.net: l= leaves a part of the body unsigned (RFC 8460 section 3)")
def length_with_a_part_appended(k):
    message = sign(mail(), k["rsa"], length=True)
    return message.replace(b"--=_b--\r\n", b"--=_b\r\n" + EVIL_PART.encode() + b"\r\n--=_b--\r\n")


@case("ignored", None, "no valid signature: example.net: l= leaves a part of the body unsigned (RFC 8460 section 3)")
def length_of_the_whole(k):
    return sign(mail(), k["rsa"], length=True)


@case("ignored", None, "no valid signature: example.net: body was changed (bh=)")
def part_appended(k):
    return sign(mail(), k["rsa"]).replace(b"--=_b--\r\n", b"--=_b\r\n" + EVIL_PART.encode() + b"\r\n--=_b--\r\n")


def hidden(boundary):
    """A mail of which a signed text shows another boundary's parts."""
    inner = f"--{boundary}\r\n{EVIL_PART}\r\n--{boundary}--\r\n"
    return mail(parts=["Content-Type: text/plain\r\n\r\nquoted:\r\n" + inner, attachment(report())])


@case("accepted", "verified", SIGNED + "; not signed: content-type")
def content_type_not_signed(k):
    return sign(mail(), k["rsa"], headers=NO_TYPE)


@case("accepted", "verified", SIGNED + "; not signed: content-transfer-encoding")
def encoding_not_signed(k):
    """As several mailers write: an encoding for the whole, which says nothing in a multipart, and a preamble."""
    return sign(mail(preamble="This is a multi-part message in MIME format.\r\n",
                     extra="Content-Transfer-Encoding: binary\r\n"), k["rsa"])


@case("ignored", None, "no valid signature: example.net: Content-Transfer-Encoding is not signed")
def encoding_added_to_free_what_a_string_quotes(k):
    """A true report quotes a policy as its owner wrote it; read in another encoding it would say anything."""
    said = 'x=22],=22policy-domain=22:=22evil.example=22},"'
    content = json.dumps(report()).replace("version: STSv1", said.replace('"', "=22"))
    head = mail().split(b"Content-Type:", 1)[0]
    message = sign(head + b"Content-Type: application/tlsrpt+json\r\n\r\n" + content.encode() + b"\r\n", k["rsa"])
    return b"Content-Transfer-Encoding: quoted-printable\r\n" + message


NO_PROOF = ("no valid signature: example.net: Content-Type is not signed and the body does not prove its "
            "boundary")


@case("ignored", None, NO_PROOF)
def boundary_changed_to_a_hidden_one(k):
    message = sign(hidden("evil"), k["rsa"], headers=NO_TYPE)
    return with_field(message, b"Content-Type", b'multipart/report; boundary="evil"')


@case("ignored", None, NO_PROOF)
def type_changed_to_json(k):
    return with_field(sign(mail(), k["rsa"], headers=NO_TYPE), b"Content-Type", b"application/tlsrpt+json")


@case("ignored", None, NO_PROOF)
def unsigned_type_with_preamble(k):
    return sign(mail(preamble="This is MIME.\r\n"), k["rsa"], headers=NO_TYPE)


@case("accepted", "verified", SIGNED)
def signed_type_with_preamble(k):
    return sign(mail(preamble="This is MIME.\r\n"), k["rsa"])


@case("ignored", None, "no valid signature: example.net: signature does not match")
def signed_boundary_changed(k):
    return with_field(sign(hidden("evil"), k["rsa"]), b"Content-Type", b'multipart/report; boundary="evil"')


@case("ignored", None, "no valid signature: example.net: signature does not match")
def replayed_body_with_another_subject(k):
    return with_field(sign(mail(), k["rsa"]), b"Subject", b"Report Domain: other.example")


@case("ignored", None, "no valid signature: example.net: signature does not match")
def replayed_body_with_another_from(k):
    return with_field(sign(mail(), k["rsa"]), b"From", b"eve@evil.example")


@case("ignored", None, "no valid signature: example.net: From is not signed")
def from_not_signed(k):
    message = sign(mail(), k["rsa"])
    head, body = message.split(b"\r\nFrom:", 1)
    return head.replace(b"h=from :", b"h=").replace(b": from", b"") + b"\r\nFrom:" + body


@case("accepted", "verified", SIGNED + "; not signed: tls-report-domain, tls-report-submitter")
def microsoft_signs_no_report_fields(k):
    return sign(mail(), k["rsa"], headers=[b"from", b"date", b"subject", b"message-id", b"content-type", b"mime-version"])


@case("accepted", "verified", SIGNED + "; not signed: subject")
def subject_not_signed(k):
    return sign(mail(), k["rsa"], headers=[b"from", b"content-type", b"tls-report-domain", b"tls-report-submitter"])


@case("ignored", None, "no valid signature: example.net: header has a line that is no field")
def space_before_the_colon(k):
    return b"X-Note : odd\r\n" + sign(mail(), k["rsa"])


@case("ignored", None, "no valid signature: example.net: expired (x=)")
def expired(k):
    return resign(mail(), k["rsa"], x=str(int(time.time()) - 100000)).replace(b"; t=", b"; r=")


@case("ignored", None, "no valid signature: example.net: x= is no time after t=")
def expires_before_it_is_signed(k):
    return resign(mail(), k["rsa"], x="1500000000")


@case("ignored", None, "no valid signature: example.net: t= is in the future")
def signed_in_the_future(k):
    message = sign(mail(), k["rsa"])
    at = message.index(b"; t=") + 4
    return message[:at] + b"9" + message[at + 1:]


@case("accepted", "verified", SIGNED)
def expires_tomorrow(k):
    return resign(mail(), k["rsa"], x=str(int(time.time()) + 86400))


@case("ignored", None, "no valid signature: example.net: q= does not offer dns/txt")
def another_query_method(k):
    return unfold_tag(sign(mail(), k["rsa"]), b"q=dns/txt", b"q=dns/xyz")


@case("ignored", None, "no valid signature: example.net: rsa-sha1 is not accepted (RFC 8301)")
def sha1(k):
    return unfold_tag(sign(mail(), k["rsa"]), b"a=rsa-sha256", b"a=rsa-sha1")


@case("ignored", None, "no valid signature: example.net: v= is not 1")
def version_2(k):
    return unfold_tag(sign(mail(), k["rsa"]), b"v=1", b"v=2")


@case("ignored", None, "no valid signature: a tag given twice")
def tag_twice(k):
    return unfold_tag(sign(mail(), k["rsa"]), b"v=1;", b"v=1; v=1;")


@case("accepted", "verified", "signed by mail.example.net")
def identity_below(k):
    return sign(mail(), k["rsa"], domain="mail.example.net", identity=b"tls@a.mail.example.net")


@case("ignored", None, "no valid signature: example.net: i= is below d=, which the key forbids (t=s)")
def identity_below_forbidden(k):
    return sign(mail(), k["rsa"], selector="strict", identity=b"tls@a.example.net")


@case("ignored", None, "no valid signature: example.net: i= is not within d=")
def identity_outside(k):
    return unfold_tag(sign(mail(), k["rsa"]), b"i=@example.net", b"i=@example.com")


@case("accepted", "unverified", "inside an attached message: example.net signed only what carries it")
def forged_report_in_a_signed_bounce(k):
    inner = mail(content=report(report_id="forged")).decode()
    return sign(mail(parts=["Content-Type: text/plain\r\n\r\nCould not deliver:\r\n",
                            "Content-Type: message/rfc822\r\n\r\n" + inner]), k["rsa"])


@case("accepted", "unverified", "in a text that does not say it is a report: example.net signed only what carries it")
def report_quoted_in_a_signed_notice(k):
    return sign(mail(parts=["Content-Type: text/plain\r\n\r\n" + json.dumps(report()) + "\r\n"]), k["rsa"])


@case("accepted", "verified", SIGNED)
def line_feeds_only(k):
    return sign(mail(), k["rsa"]).replace(b"\r\n", b"\n")


@case("ignored", None, "no valid signature: example.net: no answer from DNS for the key (DNS)")
def loop_of_aliases(k):
    return ("old", sign(mail(), k["rsa"], selector="loop"))


@case("ignored", None, "no valid signature: broken.example: no answer from DNS for the key (DNS)")
def server_failure(k):
    return ("old", sign(mail("broken.example"), k["rsa"], domain="broken.example"))


@case("try-later", None, "no answer from DNS for the key of a signature")
def server_failure_of_a_young_mail(k):
    return sign(mail("broken.example"), k["rsa"], domain="broken.example")


@case("ignored", None, "no valid signature: example.net: no answer from DNS for the key (DNS)")
def time_out(k):
    return ("old", sign(mail(), k["rsa"], selector="slow"))


@case("accepted", "verified", SIGNED)
def failure_for_a_signature_that_does_not_matter(k):
    return sign(sign(mail(), k["rsa"]), k["other"], domain="broken.example")


@pytest.mark.parametrize("name", CASES)
def test_matrix(driver, keys, name):
    make, status, tier, reason = CASES[name]
    made = make(keys)
    hours = 7 if isinstance(made, tuple) else 0
    answer = driver.ask(received(made[1] if hours else made, hours), int(time.time()), 0)
    print(answer)
    if status == "try-later":
        assert (answer["verdict"], answer["reason"], answer["submissions"]) == (status, reason, [])
        return
    (kept,) = answer["submissions"]
    assert (kept["status"], kept.get("tier")) == (status, tier)
    assert (kept["trust"] if status == "accepted" else kept["reason"]) == reason


def test_is_large_enough():
    assert len(CASES) >= 60


# It knows no list of services, our table of records above no alias and no second record.
NOT_FOR_DKIMPY = {"key_alias", "key_beside", "key_tlsrpt", "key_upper", "key_both", "key_spaced", "key_unknowntoo",
                  "five_hundred_signatures"}


def test_dkimpy_agrees_where_it_can(keys):
    """The mails that shall verify are valid for dkimpy too: the matrix does not flatter itself."""
    records = {}
    for line in zone(keys):
        name, kind, text = line.split(" ", 2)
        if kind == "TXT":
            records.setdefault(name, text.replace('" "', "").strip('"'))
    for name, (make, status, tier, _) in CASES.items():
        if tier == "verified" and name not in NOT_FOR_DKIMPY:
            message = make(keys)
            count = message.count(b"DKIM-Signature:")

            def lookup(query, timeout=5):
                return records.get(query.decode(), "").encode() or None

            assert any(try_verify(message, index, lookup) for index in range(count)), name


def try_verify(message, index, lookup):
    try:
        return dkim.DKIM(message).verify(idx=index, dnsfunc=lookup)
    except dkim.DKIMException as error:
        print(error)
        return False


def test_strict_service(build, keys, settings, tmp_path):
    """dkim_service_strict: s=email is not enough any more, tlsrpt and * are."""
    strict = tmp_path / "tlsrpt.conf"
    strict.write_text(settings.read_text() + "mail { dkim_service_strict = true }\n")
    driver = mails.Driver(build, "prepare", strict)
    wanted = {"email": "ignored", "tlsrpt": "accepted", "star": "accepted", "s1": "accepted"}
    for selector, status in wanted.items():
        answer = driver.ask(received(sign(mail(), keys["rsa"], selector=selector)), int(time.time()), 0)
        assert answer["submissions"][0]["status"] == status, selector
    assert driver.close() == 0
