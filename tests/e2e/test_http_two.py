"""Two collectors share a database and nothing else: what both are sent counts once."""
import gzip
import hashlib
import json
import subprocess
import threading
import time

from daemon import Daemon, ask
from store import start_of


def body(report_id, domain="example.com"):
    """A report of yesterday."""
    day = time.strftime("%Y-%m-%d", time.gmtime(start_of(1)))
    return gzip.compress(json.dumps({
        "organization-name": "Ledger", "contact-info": "mailto:a@ledger.example", "report-id": report_id,
        "date-range": {"start-datetime": f"{day}T00:00:00Z", "end-datetime": f"{day}T23:59:59Z"},
        "policies": [{"policy": {"policy-type": "sts", "policy-domain": domain, "policy-string": ["version: STSv1"]},
                      "summary": {"total-successful-session-count": 5, "total-failure-session-count": 0}}]}).encode())


def lost_and_double(server, database, ledger):
    """How many acknowledged reports are not there, or more than once; those that are have their bytes."""
    rows = server.sql(database, "SELECT encode(sha256(body), 'hex'), encode(raw_hash, 'hex') "
                               "FROM tlsrpt.raw_report JOIN tlsrpt.report USING (policy_domain, day, report_key, tier)")
    assert all(real == noted for real, noted in rows)
    there = [real for real, _ in rows]
    return [h for h in ledger if h not in set(there)], [h for h in set(there) if there.count(h) > 1]


def test_the_same_reports_to_both_count_once(postgres, tlsrptd, tlsrpt, tmp_path):
    database = postgres.create_database()
    subprocess.run([tlsrptd, "migrate", "--db", postgres.uri(database)], check=True, capture_output=True)
    uri = postgres.uri(database, "tlsrpt_collector")
    files = []
    for number in range(150):
        files.append(tmp_path / f"{number}.gz")
        files[-1].write_bytes(body(f"report {number}"))
    answers = {}
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    with Daemon(tlsrptd, tmp_path / "first", uri, ["example.com"]) as first, \
            Daemon(tlsrptd, tmp_path / "second", uri, ["example.com"]) as second:
        def post_all(daemon, order):
            # One curl keeps its connection for all of them.
            words = []
            for path in order:
                words += ["--next"] if words else []
                words += ["-sS", "--cacert", daemon.certificate, "-o", "/dev/null", "-w", "%{http_code}\n",
                          "-H", "Content-Type: application/tlsrpt+gzip", "--data-binary", f"@{path}", daemon.url]
            done = subprocess.run(["curl", *words], capture_output=True, text=True, check=True)
            answers[daemon, order is files] = done.stdout.split()

        threads = [threading.Thread(target=post_all, args=pair) for pair in
                   ((first, files), (second, files), (first, files[::-1]), (second, files[::-1]))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        said = [status for statuses in answers.values() for status in statuses]
        assert len(said) == 4 * len(files)
        assert sorted(set(said)) == ["200", "201"] and said.count("201") == len(files)
        row, = ask(tlsrpt, first, "summary", "--db", postgres.uri(database, "tlsrpt_reader"))
        assert (row["reports"], row["successful_sessions"]) == (len(files), 5 * len(files))
    ledger = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert lost_and_double(postgres, database, ledger) == ([], [])
    postgres.drop_database(database)
