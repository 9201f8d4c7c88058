"""Failures of 30 days out of many reports, from our wide, partitioned rows and from the same in joined, unpartitioned
tables; and what `tlsrpt findings` costs beside one plain aggregate."""
import datetime
import statistics
import subprocess
import time

import psycopg2

REPORTS, SPAN, WINDOW = 2_000_000, 300, 30

# A fifth of the reports tell of failures, in five details each. Domain 1 has far more reports than others (Zipf's law
# with exponent 1 over 2000 domains gives it an eighth).
STAGE = """
SELECT setseed(0.8460);
CREATE UNLOGGED TABLE stage AS
SELECT n, 'd' || least(2000, floor(exp(random() * ln(2001))))::int || '.example' AS domain,
       date '{first}' + (n %% {span})::int AS day, 's' || floor(200 * random() ^ 3)::int || '.example' AS sender,
       sha256(n::text::bytea) AS key, random() < 0.2 AS fails
FROM generate_series(1, {reports}) AS n;
"""
OURS = """
INSERT INTO tlsrpt.believed_policy (policy_domain, day, report_key, tier, nth, policy_no, received, sender, policy_type, leads,
       long_window, successful_sessions, failed_sessions, organization, policy_string, failures)
SELECT domain, day, substr(key, 1, 16), 1, 0, 0, day + interval '30 hours', sender, 'sts', true, false, 1000,
       CASE WHEN fails THEN 5 ELSE 0 END, 'Sender',
       E'version: STSv1\\nmode: enforce\\nmx: *.example\\nmax_age: 604800',
       CASE WHEN fails THEN ARRAY(SELECT (1 + (n + i) % 400,
           (ARRAY['certificate-expired', 'starttls-not-supported', 'validation-failure', 'sts-policy-fetch-error'])[1 + (n + i) % 4],
           '203.0.113.' || n % 250, 'mx' || n % 5 || '.example', NULL, '192.0.2.' || i, NULL, NULL)::tlsrpt.failure
           FROM generate_series(1, 5) AS i) END
FROM stage;
"""
JOINED = """
CREATE SCHEMA joined;
CREATE UNLOGGED TABLE joined.report AS SELECT n AS id, key, domain AS policy_domain, day, sender,
       day + interval '30 hours' AS received, 1::smallint AS tier FROM stage;
CREATE UNLOGGED TABLE joined.policy AS SELECT n AS id, n AS report_id, 'sts' AS policy_type, 1000::bigint AS successful_sessions,
       CASE WHEN fails THEN 5 ELSE 0 END AS failed_sessions FROM stage;
CREATE UNLOGGED TABLE joined.failure AS SELECT n AS policy_id, i AS detail_no,
       (ARRAY['certificate-expired', 'starttls-not-supported', 'validation-failure', 'sts-policy-fetch-error'])[1 + (n + i) % 4]
       AS result_type, 1 + (n + i) % 400 AS failed_sessions, '203.0.113.' || n % 250 AS sending_mta_ip,
       'mx' || n % 5 || '.example' AS receiving_mx_hostname, '192.0.2.' || i AS receiving_ip
FROM stage, generate_series(1, 5) AS i WHERE fails;
ALTER TABLE joined.report ADD PRIMARY KEY (id);
ALTER TABLE joined.policy ADD PRIMARY KEY (id);
CREATE INDEX ON joined.report (policy_domain, day);
CREATE INDEX ON joined.report (day);
CREATE INDEX ON joined.policy (report_id);
CREATE INDEX ON joined.failure (policy_id);
DROP TABLE stage;
"""
# The domain stands in the FROM clause as a condition that the planner sees.
ASK_OURS = """
SELECT policy_domain, result_type, sum(failed_sessions) FROM tlsrpt.counted_failure
WHERE day BETWEEN '{since}' AND '{until}' {which} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 100"""
ASK_JOINED = """
SELECT policy_domain, result_type, sum(f.failed_sessions)
FROM joined.failure f JOIN joined.policy p ON p.id = f.policy_id JOIN joined.report r ON r.id = p.report_id
WHERE day BETWEEN '{since}' AND '{until}' {which} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 100"""
AGGREGATE = """
SELECT policy_domain, sender, policy_type, sum(successful_sessions), sum(failed_sessions), count(*), min(day), max(day)
FROM tlsrpt.counted_policy WHERE day BETWEEN '{since}' AND '{until}' GROUP BY policy_domain, sender, policy_type"""
FINDINGS_DAYS = 98  # that findings look back


def fill(bench, reports):
    name, uri = bench.database()
    first = datetime.date.today() - datetime.timedelta(SPAN + 1)
    run(uri, STAGE.format(first=first, span=SPAN, reports=reports).replace("%%", "%"), OURS, JOINED)
    run(uri, "VACUUM ANALYZE")
    return uri


def run(uri, *texts):
    connection = psycopg2.connect(uri, options="-c synchronous_commit=off -c search_path=tlsrpt,public")
    connection.autocommit = True
    with connection.cursor() as cursor:
        for text in texts:
            cursor.execute(text)
        rows = cursor.fetchall() if cursor.description else []
    connection.close()
    return rows


def timed(cursor, text):
    began = time.monotonic()
    cursor.execute(text)
    rows = cursor.fetchall()
    return time.monotonic() - began, rows


def compare(uri, rounds, which):
    """The seconds of both, in turns, once both are warm and have answered the same."""
    days = {"since": datetime.date.today() - datetime.timedelta(WINDOW + 1),
            "until": datetime.date.today() - datetime.timedelta(2)}
    asked = [text.format(which=which, **days) for text in (ASK_OURS, ASK_JOINED)]
    connection = psycopg2.connect(uri, options="-c search_path=tlsrpt,public -c jit=off")  # as tlsrpt has it
    with connection.cursor() as cursor:
        ours, joined = (timed(cursor, text) for text in asked)
        assert ours[1] == joined[1]
        seconds = [[timed(cursor, text)[0] for text in asked] for _ in range(rounds)]
    connection.close()
    return [statistics.median(column) for column in zip(*seconds)]


def findings_s(bench, uri):
    began = time.monotonic()
    subprocess.run([bench.build / "tlsrpt", "findings", "--db", uri, "--format", "ndjson"], check=True,
                   stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def measure(bench):
    reports = 40_000 if bench.short else REPORTS
    uri = fill(bench, reports)
    for what, which, goals in (("a typical domain", "AND policy_domain = 'd100.example'", (1.5, 2.5)),
                               ("the busiest domain", "AND policy_domain = 'd1.example'", (4, 8)),
                               ("all domains, top 100", "", (4, 6))):
        ours, joined = compare(uri, bench.rounds * (4 if "typical" in what else 1), which)
        # Faster by how much: rates, so that more is better.
        bench.add(f"failures of 30 days, {what}, answers/s, of joined", 1 / ours, 1 / joined, *goals)
    if not (bench.long or bench.short):
        return  # with a fifth of all failing findings take long
    days = {"since": datetime.date.today() - datetime.timedelta(FINDINGS_DAYS), "until": datetime.date.today()}
    ours, plain = [], []
    for _ in range(2):
        began = time.monotonic()
        run(uri, AGGREGATE.format(**days))
        plain.append(time.monotonic() - began)
        ours.append(findings_s(bench, uri))
    bench.add(f"findings of {reports:,} reports, seconds, of a plain aggregate", ours, plain)
