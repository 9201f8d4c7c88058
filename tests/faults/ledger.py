"""What was acknowledged, against what is there."""
import collections
import gzip
import hashlib
import itertools
import os
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import mails  # noqa: E402  (of tests/e2e)

DOMAIN = "example.com"
numbers = itertools.count(1)

Verdict = collections.namedtuple("Verdict", "acknowledged lost double unequal")


class Report:
    """One that nobody has sent yet: `id`, and the bytes of it that are kept (`body`)."""

    def __init__(self, pad=0):
        number = f"fault-{os.getpid()}-{next(numbers)}"
        text = mails.report(number, domain=DOMAIN)
        self.text = text + " " * max(0, pad - len(text))
        self.id = f"id-{number}"
        self.body = self.text.encode() if pad else gzip.compress(self.text.encode(), mtime=0)

    def mail(self):
        self.body = gzip.compress(self.text.encode(), mtime=0)
        return mails.mail(self.text, domain=DOMAIN, passed="sender.example")


class Ledger:
    """Safe from any thread."""

    def __init__(self):
        self.lock = threading.Lock()
        self.hashes = {}

    def acknowledge(self, report):
        with self.lock:
            self.hashes[report.id] = hashlib.sha256(report.body).hexdigest()

    def __len__(self):
        return len(self.hashes)

    def compare(self, database):
        """Rows that were never acknowledged are no fault: an acknowledgement may be lost, too."""
        digests = database.sql("SELECT report_key, encode(sha256(body), 'hex') FROM tlsrpt.raw_report")
        policies = [row[0] for row in database.sql("SELECT report_key FROM tlsrpt.policy_result")]
        rows = database.sql("SELECT report_id, report_key FROM tlsrpt.report")
        names = [name for name, _ in rows]
        # Each has one policy, so one row in each table.
        double = max(len(table) - len(set(names)) for table in (names, digests, policies))
        digests = {bytes(key): digest for key, digest in digests}
        whole = {bytes(key) for key in policies}
        there = {name: digests.get(bytes(key)) if bytes(key) in whole else None for name, key in rows}
        lost = [name for name in self.hashes if name not in there]
        unequal = [name for name, digest in self.hashes.items() if name in there and there[name] != digest]
        return Verdict(len(self.hashes), len(lost), double, len(unequal))
