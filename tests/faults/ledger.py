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
        rows = database.sql("SELECT r.report_id, encode(sha256(w.body), 'hex'), count(*), "
                            " count(DISTINCT p.policy_no) FROM tlsrpt.report r "
                            "LEFT JOIN tlsrpt.raw_report w USING (policy_domain, day, report_key, tier) "
                            "LEFT JOIN tlsrpt.policy_result p USING (policy_domain, day, report_key, tier) "
                            "LEFT JOIN tlsrpt.report_key k USING (policy_domain, day, report_key, tier) "
                            "GROUP BY 1, 2")
        there = {}
        double = 0
        for name, digest, count, policies in rows:
            double += count > 1 or name in there
            there[name] = digest if policies == 1 else None
        tables = [database.value(f"SELECT count(*) FROM tlsrpt.{table}")
                  for table in ("report_key", "report", "policy_result", "raw_report")]
        double += max(tables) - min(tables) if max(tables) > len(there) else 0
        lost = [name for name in self.hashes if name not in there]
        unequal = [name for name, digest in self.hashes.items() if name in there and there[name] != digest]
        return Verdict(len(self.hashes), len(lost), double, len(unequal))
