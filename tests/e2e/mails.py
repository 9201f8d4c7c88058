"""Reports and the mails that carry them, for the tests of the doors."""
import base64
import datetime
import gzip
import json

UTC = datetime.timezone.utc
AUTHSERV = "mx.operator.example"
# Recent, for a collector may not make months that are long gone.
START = datetime.datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - datetime.timedelta(days=30)


def report(number=1, domain="example.org", sender="sender.example", start=START, good=10, failed=0, **extra):
    """The text of an RFC 8460 report about one day."""
    end = start + datetime.timedelta(days=1, seconds=-1)
    policy = {"policy": {"policy-type": "sts", "policy-string": ["version: STSv1", "mode: enforce"],
                         "policy-domain": domain},
              "summary": {"total-successful-session-count": good, "total-failure-session-count": failed}}
    if failed:
        policy["failure-details"] = [{"result-type": "certificate-expired", "failed-session-count": failed}]
    return json.dumps({
        "organization-name": sender, "contact-info": f"tlsrpt@{sender}", "report-id": f"id-{number}",
        "date-range": {"start-datetime": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
                       "end-datetime": end.strftime("%Y-%m-%dT%H:%M:%SZ")},
        "policies": [policy], **extra})


def date(instant):
    return instant.strftime("%a, %d %b %Y %H:%M:%S +0000")


def mail(text, sender="sender.example", domain="example.org", arrived=START + datetime.timedelta(days=1, hours=6),
         passed=None, recipient="tlsrpt@example.org"):
    """A report mail, line ends LF. `passed`: the d= that our mail server saw a good signature of."""
    body = base64.encodebytes(gzip.compress(text.encode(), mtime=0)).decode()
    auth, signature = "dkim=none", ""
    if passed:
        auth = f"dkim=pass header.d={passed} header.b=AbCdEf12"
        signature = (f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={passed}; s=s1;\n"
                     "\th=From:To:Subject:Date; bh=AAAA; b=AbCdEf12AAAA\n")
    return f"""Received: from out.{sender} (out.{sender} [192.0.2.9]) by {AUTHSERV} with ESMTPS id 1; {date(arrived)}
Authentication-Results: {AUTHSERV}; {auth}
{signature}From: tlsrpt@{sender}
To: {recipient}
Date: {date(arrived - datetime.timedelta(hours=1))}
Subject: Report Domain: {domain} Submitter: {sender} Report-ID: <1@{sender}>
Message-ID: <1@{sender}>
TLS-Report-Domain: {domain}
TLS-Report-Submitter: {sender}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=tlsrpt; boundary=b

--b
Content-Type: text/plain

A report.
--b
Content-Type: application/tlsrpt+gzip
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="{sender}!{domain}!1!2.json.gz"

{body}--b--
"""


def mbox(mails):
    """An mbox of them, bytes."""
    return b"".join(b"From a@b Sun Mar  1 00:00:00 2026\n" + m.encode().replace(b"\nFrom ", b"\n>From ") + b"\n"
                    for m in mails)
