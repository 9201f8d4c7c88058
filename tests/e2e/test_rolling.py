"""Collectors of two versions, upgraded one after the other, over the migrations between them, under load.

A clone need not hold the older version's sources, so its collector is played by its statements (rows_0001.py).
With TLSRPT_OLD_BUILD=FOLDER the tlsrptd in there, built from them, takes part as well.
"""
import datetime
import hashlib
import http.client
import json
import os
import pathlib
import subprocess
import threading

import pytest

import rows_0001
from daemon import Daemon
from test_prune import wait_until

YESTERDAY = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=1)


class Sender(threading.Thread):
    """Posts one report after the other to a daemon, and each again until it is acknowledged."""

    def __init__(self, daemon, name):
        super().__init__(daemon=True)
        self.server, self.label = daemon, name
        self.acknowledged, self.refused, self.stopped = [], [], threading.Event()
        self.statuses = set()

    def post(self, report_id):
        body = json.dumps({
            "organization-name": "Example", "contact-info": "tls@sender.example", "report-id": report_id,
            "date-range": {"start-datetime": f"{YESTERDAY}T00:00:00Z", "end-datetime": f"{YESTERDAY}T23:59:59Z"},
            "policies": [{"policy": {"policy-type": "sts", "policy-domain": "example.com"},
                          "summary": {"total-successful-session-count": 1, "total-failure-session-count": 0}}]})
        connection = http.client.HTTPSConnection("localhost", self.server.port, context=self.server.context())
        try:
            connection.request("POST", "/v1/tlsrpt", body, {"Content-Type": "application/tlsrpt+json"})
            return connection.getresponse().status
        finally:
            connection.close()

    def run(self):
        number = 0
        while not self.stopped.is_set():
            try:
                status = self.post(f"{self.label}-{number}")
            except OSError:
                status = None  # no answer is none, too
            if status in (200, 201, 202):
                self.statuses.add(status)
                self.acknowledged.append(f"{self.label}-{number}")
                number += 1
            else:
                self.refused.append(status)

    def finish(self):
        self.stopped.set()
        self.join()


@pytest.fixture
def start_daemon(tmp_path):
    started = []

    def start(tlsrptd, database):
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(Daemon(tlsrptd, folder, database.role_uri("tlsrpt_collector"), ("example.com",)))
        return started[-1].start()
    yield start
    for daemon in started:
        assert daemon.stop() in (0, None)


def test_nothing_is_lost_over_a_migration(database, tlsrptd, tlsrpt, start_daemon):
    old_build = os.environ.get("TLSRPT_OLD_BUILD")
    if old_build:
        subprocess.run([pathlib.Path(old_build) / "tlsrptd", "migrate", "--db", database.uri], check=True,
                       capture_output=True)
    else:
        rows_0001.migrate(database)
    assert database.value("SELECT max(version) FROM tlsrpt.migration") < 5
    senders = [rows_0001.Collector(database, f"old{n}", YESTERDAY) for n in range(2)]
    if old_build:
        senders.append(Sender(start_daemon(pathlib.Path(old_build) / "tlsrptd", database), "old-daemon"))
    for sender in senders:
        sender.start()
    wait_until(lambda: all(len(sender.acknowledged) > 20 for sender in senders))

    # the new program writes nothing before its tables are there: it keeps on disk what comes, or has it tried again
    new = Sender(start_daemon(tlsrptd, database), "new-daemon")
    new.start()
    wait_until(lambda: new.acknowledged or new.refused)
    assert new.statuses <= {202} and set(new.refused) <= {503}
    assert database.value("SELECT count(*) FROM tlsrpt.report WHERE report_id LIKE 'new-daemon%'") == 0
    senders.append(new)
    before = [len(sender.acknowledged) for sender in senders]
    done = subprocess.run([tlsrptd, "migrate", "--db", database.role_uri("tlsrpt_owner")], capture_output=True, text=True)
    assert done.returncode == 0 and "0005_lean" in done.stdout, done.stderr

    # the old ones cannot write to the new tables: what they cannot keep in a spool of theirs is tried again, until
    # they are upgraded one by one
    wait_until(lambda: 201 in new.statuses)
    for sender in senders[:-1]:
        refused = len(sender.refused)
        wait_until(lambda: len(sender.refused) > refused + 5 or 202 in getattr(sender, "statuses", ()))
        sender.finish()
        if isinstance(sender, Sender):
            sender.server.upgrade(tlsrptd)
    alone = len(new.acknowledged)
    wait_until(lambda: len(new.acknowledged) > alone + 20)
    new.finish()

    ledger = [report_id for sender in senders for report_id in sender.acknowledged]
    wait_until(lambda: database.value("SELECT count(*) FROM tlsrpt.report") >= len(ledger))
    kept = [report_id for report_id, in database.sql("SELECT report_id FROM tlsrpt.report")]
    assert sorted(set(ledger) - set(kept)) == []                      # lost
    assert len(kept) == len(set(kept))                                # double
    assert len(set(kept) - set(ledger)) <= len(senders)               # under way when it ended
    assert len(kept) == database.value("SELECT count(*) FROM tlsrpt.policy_result")
    # nothing but "try again" was answered: deadlock, serialization, lock, no such column or table; 503
    for sender in senders:
        assert set(sender.refused) <= {"40P01", "40001", "55P03", "42703", "42P01", "42501", 503, None}, sender.refused
    said = json.loads(subprocess.run([tlsrpt, "summary", "--format", "json", "--db", database.role_uri("tlsrpt_reader")],
                                     check=True, capture_output=True, text=True).stdout)
    assert sum(row["reports"] for row in said) == len(kept)


def test_what_older_versions_kept_is_all_there(database, tlsrptd, tlsrpt):
    rows_0001.migrate(database)
    for number in range(3):
        rows_0001.add_report(database, YESTERDAY, f"old-{number}")
    database.sql("UPDATE tlsrpt.policy_result SET policy_string = ARRAY[E'version: STSv1\\nmx: x.example'], mx_host = '{}' "
                 "WHERE report_key = sha256('old-2')")
    empty_month = database.value("SELECT to_char(%s - interval '1 month', 'YYYYMM')", (YESTERDAY.replace(day=1),))
    database.sql(f"DROP TABLE tlsrpt.raw_report_{empty_month}")  # as prune does that keeps raw bytes shorter
    old_reader = database.value("SELECT value FROM tlsrpt.setting WHERE name = 'oldest_program'")
    subprocess.run([tlsrptd, "migrate", "--db", database.uri], check=True, capture_output=True)
    assert database.value("SELECT value FROM tlsrpt.setting WHERE name = 'oldest_program'") > old_reader
    assert database.value(f"SELECT to_regclass('tlsrpt.believed_report_{empty_month}') IS NOT NULL")
    assert database.value(f"SELECT to_regclass('tlsrpt.believed_raw_{empty_month}') IS NULL"), "it would be pruned again"
    assert not database.sql("SELECT relname FROM pg_class WHERE relname LIKE 'was\\_%%' OR relname LIKE '%%pkey1'", ())

    def ask(*words):
        done = subprocess.run([tlsrpt, *words, "--format", "json", "--db", database.uri], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    reports = ask("reports")
    assert sorted(r["report_id"] for r in reports) == ["old-0", "old-1", "old-2"]
    assert {(tuple(r["policy_domains"]), tuple(r["quirks"]), r["trust"]) for r in reports} == {
        (("example.com",), ("late",), "verified")}
    ids = {r["report_id"]: r["id"] for r in reports}
    policy, = ask("show", ids["old-2"])[0]["policies"]
    assert policy["mx_host"] == [] and policy["policy_string"] == ["version: STSv1", "mx: x.example"]
    whole, = ask("show", ids["old-0"])
    assert whole["body_sha256"] == hashlib.sha256(b"old-0").hexdigest()
    assert whole["submitter"] == "mail.sender.example"
    policy, = whole["policies"]
    assert policy["mx_host"] == ["*.example.com"] and policy["policy_string"] == ["version: STSv1", "mx: *.example.com"]
    assert policy["failures"][0]["result_type"] == "certificate-expired"
    assert ask("senders")[0]["organization"] == "Sender" and ask("senders")[0]["quirks"] == ["late"]
    assert ask("failures")[0]["failed_sessions"] == 3
    assert database.sql("SELECT failed, successful FROM tlsrpt.metric_sessions") == [(3, 3)]
