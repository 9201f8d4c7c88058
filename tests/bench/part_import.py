"""A directory of report mails through `tlsrptd import --jobs 2`, beside decoding alone the same reports on one core."""
import base64
import shutil
import subprocess
import sys
import time

from common import read_pack

MAIL = b"""From: Reports <tls-reporting@sender.example>
To: tls-reports@dom.example
Subject: Report Domain: dom.example Submitter: sender.example Report-ID: <%d@sender.example>
Date: %s
Message-ID: <%d@sender.example>
TLS-Report-Domain: dom.example
TLS-Report-Submitter: sender.example
MIME-Version: 1.0
Content-Type: multipart/report; report-type="tlsrpt"; boundary="=_b"

--=_b
Content-Type: text/plain; charset=us-ascii

This is an aggregate TLS report from sender.example

--=_b
Content-Type: application/tlsrpt+gzip
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="sender.example!dom.example!1772323200!1772409599!%d.json.gz"

%s
--=_b--
"""


def make_mails(bench, pack):
    """A Maildir of one mail for each report of the pack."""
    folder = bench.work / f"mails-{'short' if bench.short else 'full'}"
    shutil.rmtree(folder, ignore_errors=True)
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime()).encode()
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    for no, report in enumerate(read_pack(pack)):
        mail = MAIL % (no, date, no, no, base64.encodebytes(report))
        (folder / "cur" / f"{no:06d}.host:2,S").write_bytes(mail.replace(b"\n", b"\r\n"))
    return folder, no + 1


def measure(bench):
    name, uri = bench.database()
    pack = bench.data / "mix.pack"
    mails, count = make_mails(bench, pack)
    imported, decoded = [], []
    for _ in range(bench.rounds):
        bench.empty(name)
        began = time.monotonic()
        done = subprocess.run([bench.build / "tlsrptd", "import", "--db", uri, "--vouch", "--jobs", "2", mails],
                              capture_output=True, text=True)
        imported.append(count / (time.monotonic() - began))
        if done.returncode != 0 or bench.server.sql(name, "SELECT count(*) FROM tlsrpt.raw_report")[0][0] != count:
            sys.exit(f"import: {done.stdout}{done.stderr}")
        decoded.append(bench.program("bench_decode", pack)[1])
    shutil.rmtree(mails)
    bench.add("import of report mails, --jobs 2, reports/s, of decode a core", imported, decoded, .25, .50)
