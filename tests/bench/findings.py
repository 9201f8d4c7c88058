#!/usr/bin/python3
"""What tlsrpt findings costs, beside one plain SQL aggregate over the same rows, and whether one domain's
findings grow with the database. Interleaved rounds; only the ratios say something on a shared machine.

    cmake --preset release && ninja -C build/release tlsrpt tlsrptd
    tests/bench/findings.py [BUILD_DIR [REPORTS]]     (default build/release 2000000)
"""
import os
import pathlib
import statistics
import subprocess
import sys
import time

import psycopg2

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/e2e"))
from conftest import Postgres  # noqa: E402

ROUNDS, DAYS, SENDERS, AS_OF = 5, 30, 33, "2026-11-07T12:00:00Z"
SMALL = 10000

# One domain of 90 days, the same everywhere; then many domains of 30 days. A tenth of the reports tell of failures.
ROWS = """
INSERT INTO tlsrpt.policy_result (policy_domain, day, report_key, tier, policy_no, received, sender, policy_type, leads,
       long_window, successful_sessions, failed_sessions, policy_string, mx_host)
SELECT domain, day, sha256((domain || ' ' || s || ' ' || day)::bytea), 1, 0, day + interval '1 day' + s * interval '30 minutes',
       's' || s || '.example', 'sts', true, false, 1000 / s + 5, CASE WHEN (d + s + day_no) %% 10 = 0 THEN 1 ELSE 0 END,
       ARRAY['version: STSv1', 'mode: enforce', 'mx: *.example', 'max_age: 604800'], '{}'
FROM (SELECT d, CASE d WHEN 0 THEN 'one.example' ELSE 'd' || d || '.example' END AS domain FROM generate_series(%s, %s) d) AS x,
     generate_series(1, %s) s, generate_series(1, %s) day_no, LATERAL (SELECT date '2026-11-06' - day_no AS day) AS y
"""
DETAILS = """
INSERT INTO tlsrpt.failure_detail (policy_domain, day, report_key, tier, policy_no, detail_no, received, sender, policy_type,
       leads, long_window, result_type, failed_sessions, sending_mta_ip, receiving_mx_hostname, receiving_ip)
SELECT policy_domain, day, report_key, 1, 0, 0, received, sender, 'sts', true, false, 'validation-failure', 1,
       '203.0.113.7', 'mx1.example', '192.0.2.1'
FROM tlsrpt.policy_result WHERE failed_sessions > 0
"""
AGGREGATE = """
SELECT policy_domain, sender, policy_type, sum(successful_sessions), sum(failed_sessions), count(*), min(day), max(day)
FROM tlsrpt.counted_policy WHERE day >= '2026-08-01' AND day <= '2026-11-07' GROUP BY policy_domain, sender, policy_type
"""


def fill(server, build, reports):
    name = server.create_database()
    subprocess.run([build / "tlsrptd", "migrate", "--db", server.uri(name)], check=True, stdout=subprocess.DEVNULL)
    for month in range(8, 12):
        server.sql(name, f"SELECT tlsrpt.ensure_month(date '2026-{month:02d}-01')")
    server.sql(name, ROWS, (0, 0, 20, 90))
    domains = max(1, (reports - 1800) // (DAYS * SENDERS))
    for first in range(1, domains + 1, 200):
        server.sql(name, ROWS, (first, min(first + 199, domains), SENDERS, DAYS))
    server.sql(name, DETAILS)
    server.sql(name, "VACUUM ANALYZE")
    return name


def findings(build, uri, *words):
    start = time.monotonic()
    child = subprocess.Popen([build / "tlsrpt", "findings", "--db", uri, "--as-of", AS_OF, "--format", "ndjson", *words],
                             stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    assert status == 0
    return time.monotonic() - start, usage.ru_maxrss / 1024


def aggregate(server, name):
    start = time.monotonic()
    connection = psycopg2.connect(server.uri(name))
    with connection.cursor() as cursor:
        cursor.execute(AGGREGATE)
        cursor.fetchall()
    connection.close()
    return time.monotonic() - start


def main():
    build = (SOURCE / (sys.argv[1] if len(sys.argv) > 1 else "build/release")).resolve()
    reports = int(sys.argv[2]) if len(sys.argv) > 2 else 2000000
    server = Postgres()
    try:
        large, small = fill(server, build, reports), fill(server, build, SMALL)
        all_s, plain_s, one_large_s, one_small_s, memory = [], [], [], [], 0
        for _ in range(ROUNDS):
            taken, peak = findings(build, server.uri(large))
            all_s.append(taken)
            memory = max(memory, peak)
            plain_s.append(aggregate(server, large))
            one_large_s.append(findings(build, server.uri(large), "--domain", "one.example")[0])
            one_small_s.append(findings(build, server.uri(small), "--domain", "one.example")[0])
        every, plain, in_large, in_small = map(statistics.median, (all_s, plain_s, one_large_s, one_small_s))
        print(f"all domains of {reports} reports: {every:.2f} s, {every / plain:.2f} times the plain aggregate "
              f"({plain:.2f} s; {min(all_s):.2f} to {max(all_s):.2f}), {memory:.0f} MiB")
        print(f"one domain over 90 days: {in_large * 1000:.0f} ms among {reports} reports, "
              f"{in_large / in_small:.2f} times that among {SMALL} ({in_small * 1000:.0f} ms)")
    finally:
        server.remove()


if __name__ == "__main__":
    main()
