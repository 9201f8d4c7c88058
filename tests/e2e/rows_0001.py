"""A database as version 0.1.0 left it, and a collector that does what that version's did. Frozen: it must not
follow what later versions do."""
import pathlib
import threading

import psycopg2

from conftest import Database
from rows import add_report, policy

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
                add_report(self.as_collector, str(self.day), [policy(good=1)], report_id=report_id)
                self.acknowledged.append(report_id)
                number += 1
            except psycopg2.Error as error:
                self.refused.append(error.pgcode)

    def finish(self):
        self.stopped.set()
        self.join()
