"""Report mails, and their signatures by dkimpy, for the tests of the mail door."""
import base64
import datetime
import email.utils
import gzip
import json
import pathlib
import subprocess

import dkim
import nacl.encoding
import nacl.signing

HEADERS = [b"from", b"to", b"subject", b"date", b"mime-version", b"content-type",
           b"tls-report-domain", b"tls-report-submitter"]


class Key:
    """A private key and the record that publishes it."""

    def __init__(self, folder, name, bits=2048):
        self.algorithm = b"rsa-sha256" if bits else b"ed25519-sha256"
        if bits:
            path = pathlib.Path(folder) / f"{name}.pem"
            run("openssl", "genrsa", "-traditional", "-out", str(path), str(bits))
            self.private = path.read_bytes()
            self.public = run("openssl", "rsa", "-in", str(path), "-pubout", "-outform", "DER")
            self.bare = run("openssl", "rsa", "-in", str(path), "-RSAPublicKey_out", "-outform", "DER")
            self.kind = "rsa"
        else:
            key = nacl.signing.SigningKey.generate()
            self.private = key.encode(encoder=nacl.encoding.Base64Encoder)
            self.public = self.bare = key.verify_key.encode()
            self.kind = "ed25519"

    def record(self, tags="", bare=False):
        key = base64.b64encode(self.bare if bare else self.public).decode()
        return f"v=DKIM1; k={self.kind}; {tags}p={key}"


def run(*command):
    return subprocess.run(command, check=True, capture_output=True).stdout


NOW = datetime.datetime.now(datetime.timezone.utc)
YESTERDAY = (NOW - datetime.timedelta(days=1)).strftime("%Y-%m-%d")


def date(hours_ago=0):
    return email.utils.format_datetime(NOW - datetime.timedelta(hours=hours_ago))


def report(submitter="example.net", domain="example.org", report_id="1", day=YESTERDAY):
    return {"organization-name": "Example", "contact-info": f"tls@{submitter}", "report-id": report_id,
            "date-range": {"start-datetime": f"{day}T00:00:00Z", "end-datetime": f"{day}T23:59:59Z"},
            "policies": [{"policy": {"policy-type": "sts", "policy-string": ["version: STSv1"],
                                     "policy-domain": domain, "mx-host": ["mx." + domain]},
                          "summary": {"total-successful-session-count": 5, "total-failure-session-count": 0}}]}


def attachment(content, name="example.net!example.org!{0}!{1}.json.gz", media="application/tlsrpt+gzip"):
    start = int(datetime.datetime.fromisoformat(content["date-range"]["start-datetime"][:19] + "+00:00").timestamp())
    name = name.format(start, start + 86399)
    data = gzip.compress(json.dumps(content).encode(), mtime=0)
    return (f'Content-Type: {media}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n'
            "Content-Transfer-Encoding: base64\r\n\r\n" +
            base64.encodebytes(data).decode().replace("\n", "\r\n"))


def mail(sender="example.net", content=None, boundary="=_b", sent=None,
         extra="", preamble="", parts=None, domain="example.org"):
    """An RFC 8460 report mail, without the Received of our own server."""
    content = content or report(sender, domain)
    parts = parts or ["Content-Type: text/plain\r\n\r\nAn aggregate TLS report.\r\n", attachment(content)]
    body = preamble + "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"
    head = (f"From: TLS reports <tls@{sender}>\r\nTo: tlsrpt@{domain}\r\n"
            f"Subject: Report Domain: {domain} Submitter: {sender} Report-ID: <1@{sender}>\r\n"
            f"Date: {sent or date()}\r\nTLS-Report-Domain: {domain}\r\nTLS-Report-Submitter: {sender}\r\n{extra}"
            "MIME-Version: 1.0\r\n"
            f'Content-Type: multipart/report; report-type=tlsrpt; boundary="{boundary}"\r\n')
    return (head + "\r\n" + body).encode()


def sign(message, key, domain="example.net", selector="s1", canon=(b"relaxed", b"relaxed"), headers=None,
         length=False, identity=None):
    """The mail with dkimpy's signature on top."""
    line = dkim.sign(message, selector.encode(), domain.encode(), key.private, canonicalize=canon,
                     signature_algorithm=key.algorithm, include_headers=headers or HEADERS, length=length,
                     identity=identity)
    return line + message


def received(message, hours_ago=0):
    """The mail as our own server hands it over."""
    return (f"Received: from out.example.net (out.example.net [203.0.113.9])\r\n"
            f"\tby mx.example.org with ESMTPS id 1; {date(hours_ago)}\r\n").encode() + message


class Driver:
    """tests/mail_driver: one question, one answer."""

    def __init__(self, build, mode, path):
        self.process = subprocess.Popen([build / "tests/mail_driver", mode, str(path)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, message, *numbers):
        line = " ".join(str(n) for n in (len(message), *numbers)) + "\n"
        self.process.stdin.write(line.encode() + message)
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def line(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        return self.process.wait()
