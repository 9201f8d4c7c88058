#!/usr/bin/python3
"""What it costs the queries that their views unite live rows with daily sums, while nothing is summed up that
they ask for: each beside itself over the views of 0001, interleaved, on the same rows. And what they cost over
the sums of the same rows.

    ninja -C build/release tlsrptd && tests/bench/retention.py [BUILD_DIR [REPORTS]]   (build/release 2000000)
"""
import pathlib
import re
import statistics
import subprocess
import sys
import time

import psycopg2

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/e2e"))
from conftest import Postgres  # noqa: E402

ROUNDS = 9
VIEWS = ("counted_policy", "counted_failure")
ASKED = [("summary", "one domain", "'{d7.example}'"), ("domains", "one domain", "'{d7.example}'"),
         ("failures", "one domain", "'{d7.example}'"), ("summary", "all", "NULL"), ("domains", "all", "NULL"),
         ("senders", "all", "NULL"), ("failures", "all", "NULL")]


# Reports of 33 senders to each domain in 30 days, of which a tenth tell of a failure.
FILL = """
INSERT INTO tlsrpt.believed_policy (policy_domain, day, report_key, tier, nth, policy_no, received, sender, policy_type, leads,
       long_window, successful_sessions, failed_sessions, organization, policy_string, failures)
SELECT 'd' || d || '.example', date '2026-11-05' - n, substr(k, 1, 16), 1, 0, 0, now(), 's' || s || '.example', 'sts', true, false,
       100, fails, 'Example', '', CASE fails WHEN 1 THEN ARRAY[(1, 'validation-failure', '203.0.113.7', 'mx1.example',
       NULL, '192.0.2.1', NULL, NULL)::tlsrpt.failure] END
FROM generate_series(%s, %s) d, generate_series(1, 33) s, generate_series(0, 29) n,
     LATERAL (SELECT sha256((d || ' ' || s || ' ' || n)::bytea) AS k) AS x, LATERAL (SELECT (get_byte(k, 1) < 26)::int AS fails) AS y
"""


def fill(server, build, reports):
    name = server.create_database()
    subprocess.run([build / "tlsrptd", "migrate", "--db", server.uri(name)], check=True, stdout=subprocess.DEVNULL)
    domains = max(1, reports // (33 * 30))
    for first in range(1, domains + 1, 200):
        server.sql(name, FILL, (first, min(first + 199, domains)))
    server.sql(name, "VACUUM ANALYZE")
    return name


def old_views():
    """The views without the daily sums, in a schema of their own."""
    text = (SOURCE / "schema/sql/migrations/0005_lean.sql").read_text()
    for view in VIEWS:
        yield f"CREATE VIEW before.{view} AS " + re.search(rf"CREATE VIEW {view} AS\n(.*?)\n +UNION ALL", text, re.S)[1]


def ask(server, name, path, verb, domains):
    connection = psycopg2.connect(server.uri(name))
    text = (SOURCE / f"schema/sql/queries/{verb}.sql").read_text()
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path = {path}; SET jit = off; SET plan_cache_mode = force_custom_plan")
        cursor.execute(f"PREPARE q AS {text}")
        start = time.monotonic()
        cursor.execute(f"EXECUTE q ('2026-10-07', '2026-11-05', {domains}, NULL, NULL)")
        rows = cursor.fetchall()
        took = time.monotonic() - start
    connection.close()
    return took, rows


def compare(server, name):
    for verb, what, domains in ASKED:
        before, after = [], []
        for _ in range(ROUNDS):
            took, wanted = ask(server, name, "before, tlsrpt", verb, domains)
            before.append(took)
            took, rows = ask(server, name, "tlsrpt", verb, domains)
            after.append(took)
            assert rows == wanted, verb
        middle = statistics.median(after), statistics.median(before)
        print(f"{verb:9} {what:11} {middle[0] * 1000:9.2f} ms, views of 0001 {middle[1] * 1000:9.2f} ms, "
              f"ratio {middle[0] / middle[1]:.2f}", flush=True)


def main():
    build = (SOURCE / (sys.argv[1] if len(sys.argv) > 1 else "build/release")).resolve()
    server = Postgres()
    try:
        name = fill(server, build, int(sys.argv[2]) if len(sys.argv) > 2 else 2000000)
        for statement in ["CREATE SCHEMA before", "SET search_path = tlsrpt; " + "; ".join(old_views())]:
            server.sql(name, statement)
        compare(server, name)
        wanted = {(verb, domains): ask(server, name, "tlsrpt", verb, domains)[1] for verb, _, domains in ASKED[:5]}
        start = time.monotonic()
        server.sql(name, "SELECT tlsrpt.prune_begin('2026-12-01')")
        for month in (10, 11):
            server.sql(name, f"SELECT tlsrpt.fold_month('2026-{month}-01')")
        print(f"two months summed up and dropped in {time.monotonic() - start:.1f} s")
        for verb, what, domains in ASKED[:5]:
            times = []
            for _ in range(ROUNDS):
                took, rows = ask(server, name, "tlsrpt", verb, domains)
                times.append(took)
                assert rows == wanted[verb, domains], verb
            print(f"{verb:9} {what:11} {statistics.median(times) * 1000:9.2f} ms over the sums")
    finally:
        server.remove()


main()
