"""A database as version 0.1.0 left it, and a collector that does what that version's did. Frozen: it must not
follow what later versions do."""
import datetime
import hashlib
import pathlib
import threading

import psycopg2

from conftest import Database
from rows import insert, transaction

SQL = pathlib.Path(__file__).resolve().parents[2] / "schema/sql"
GRANTS = """
GRANT USAGE ON SCHEMA tlsrpt TO tlsrpt_collector, tlsrpt_reader;
GRANT EXECUTE ON FUNCTION tlsrpt.program_fit() TO tlsrpt_collector, tlsrpt_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA tlsrpt TO tlsrpt_reader;
GRANT INSERT ON tlsrpt.report_key, tlsrpt.report, tlsrpt.policy_result, tlsrpt.failure_detail, tlsrpt.raw_report,
    tlsrpt.quarantine TO tlsrpt_collector;
GRANT SELECT ON tlsrpt.report_key TO tlsrpt_collector;
GRANT EXECUTE ON FUNCTION tlsrpt.ensure_month(date) TO tlsrpt_collector;
"""


def migrate(database):
    """What `tlsrptd migrate` of 0.1.0 did."""
    connection = psycopg2.connect(database.uri)
    text = (SQL / "migrations/0001_initial.sql").read_text()
    with connection, connection.cursor() as cursor:
        for name in ("migrate_roles", "migrate_schema"):
            cursor.execute((SQL / f"queries/{name}.sql").read_text())
        cursor.execute(text)
        cursor.execute("INSERT INTO tlsrpt.migration (version, name, checksum, program) "
                       "VALUES (1, '0001_initial', sha256(convert_to(%s, 'UTF8')), '0.1.0')", (text,))
        cursor.execute("INSERT INTO tlsrpt.setting VALUES ('oldest_program', '0.1.0'), ('newest_program', '0.1.0')")
        cursor.execute(GRANTS)
        cursor.execute("SELECT tlsrpt.ensure_month((current_date - n * interval '1 month')::date) "
                       "FROM generate_series(0, 2) AS n")
    connection.close()


def add_report(database, day, report_id):
    """One report, verified, of one session: a row in each of the four tables, as 0.1 to 0.2 wrote them."""
    received = datetime.datetime.combine(day, datetime.time(23), datetime.timezone.utc)
    body = report_id.encode()
    identity = dict(policy_domain="example.com", day=day, report_key=hashlib.sha256(body).digest(), tier=1)
    with transaction(database) as execute:
        execute("SELECT tlsrpt.ensure_month(%s)", (day,))
        insert(execute, "report_key", **identity, received=received, body_hash=hashlib.sha256(body).digest())
        insert(execute, "report", **identity, received=received, first=True, policy_domains=["example.com"], transport=2,
               sender="sender.example", submitter="mail.sender.example", organization="Sender", report_id=report_id,
               window_start=received, window_end=received, long_window=False, peer="", peer_name="",
               trust_reason="DKIM d=sender.example is aligned", quirks=["late"])
        insert(execute, "policy_result", **identity, policy_no=0, received=received, sender="sender.example",
               policy_type="sts", leads=True, long_window=False, successful_sessions=1, failed_sessions=1,
               policy_string=["version: STSv1", "mx: *.example.com"], mx_host=["*.example.com"])
        insert(execute, "failure_detail", **identity, policy_no=0, detail_no=0, received=received,
               sender="sender.example", policy_type="sts", leads=True, long_window=False,
               result_type="certificate-expired", failed_sessions=1, sending_mta_ip="192.0.2.1")
        insert(execute, "raw_report", **identity, body_hash=hashlib.sha256(body).digest(), body=body)


class Collector(threading.Thread):
    """Keeps one report after the other: five tables, one transaction, acknowledged after COMMIT. What went wrong is
    in `refused`, by SQLSTATE."""

    def __init__(self, database, name, day):
        super().__init__(daemon=True)
        self.day, self.label = day, name
        self.as_collector = Database(database.server, database.name)
        self.as_collector.uri = database.role_uri("tlsrpt_collector")
        self.acknowledged, self.refused, self.stopped = [], [], threading.Event()

    def run(self):
        number = 0
        while not self.stopped.is_set():
            report_id = f"{self.label}-{number}"
            try:
                add_report(self.as_collector, self.day, report_id)
                self.acknowledged.append(report_id)
                number += 1
            except psycopg2.Error as error:
                self.refused.append(error.pgcode)

    def finish(self):
        self.stopped.set()
        self.join()
