"""Pages that show day by day, from tlsrpt serve, beside the SQL behind them, on a year of reports."""
import datetime
import re
import subprocess
import time
import urllib.request

import psycopg2

from common import SOURCE

QUERIES = SOURCE / "schema/sql/queries"
SENDERS, YEAR = 22, 365
ROWS = """
INSERT INTO tlsrpt.believed_policy (policy_domain, day, report_key, tier, nth, policy_no, received, sender, policy_type, leads,
       long_window, successful_sessions, failed_sessions, organization, policy_string)
SELECT domain, day, substr(sha256((domain || ' ' || s || ' ' || day)::bytea), 1, 16), 1, 0, 0, day + interval '1 day' + s * interval '30 minutes',
       's' || s || '.example', 'sts', true, false, 1000 / s + 5, CASE WHEN (d + s + day_no) %% 10 = 0 THEN 1 ELSE 0 END, 'Sender',
       E'version: STSv1\\nmode: enforce\\nmx: *.example\\nmax_age: 604800'
FROM (SELECT d, 'd' || d || '.example' AS domain FROM generate_series(%s, %s) d) AS x,
     generate_series(1, %s) s, generate_series(1, %s) day_no, LATERAL (SELECT %s::date - day_no AS day) AS y
"""


def fill(bench, today):
    """A year of policies of many domains, the latest day yesterday's."""
    name, uri = bench.database()
    domains = 12 if bench.short else 250
    bench.server.sql(name, "SELECT tlsrpt.ensure_month((%s::date - make_interval(months => m))::date) FROM generate_series(0, 13) m",
                     (today,))
    for first in range(0, domains, 25):
        bench.server.sql(name, ROWS, (first, min(first + 24, domains - 1), SENDERS, YEAR, today))
    bench.server.sql(name, "VACUUM ANALYZE")
    return name, uri


def cases(today):
    """(what, path, query, its parameters)"""
    last = today - datetime.timedelta(1)
    for domain in (None, "d7.example"):
        for days in (30, 90, YEAR):
            first = today - datetime.timedelta(days)
            asked = f"since={first}&until={last}" + (f"&domain={domain}" if domain else "")
            figures = [first, last, [domain] if domain else None, None, None]
            who = f"{'one domain' if domain else 'all'}, {days} days"
            yield f"trend of {who}", f"trend?{asked}", "page_trend", figures
            if days <= 90:
                history = first - datetime.timedelta(14)
                yield f"heat map of {who}", f"heat?{asked}", "page_heat", [history, *figures[1:], first, 30]


def measure(bench):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    name, uri = fill(bench, today)
    conf = bench.work / "pages.conf"
    conf.write_text('web { listen = {"127.0.0.1:0"} }\n')
    serve = subprocess.Popen([bench.build / "tlsrpt", "serve", "-c", conf, "--db", uri], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True)
    url = serve.stdout.readline().strip()
    reader = psycopg2.connect(uri)
    cursor = reader.cursor()
    cursor.execute("SET search_path = tlsrpt")
    urllib.request.urlopen(f"{url}now").read()  # the findings are made
    for what, path, query, parameters in cases(today):
        sql = re.sub(r"\$(\d+)", r"%(p\1)s", (QUERIES / f"{query}.sql").read_text())
        named = {f"p{i}": value for i, value in enumerate(parameters, 1)}
        pages, queries = [], []
        for _ in range(bench.rounds):
            began = time.monotonic()
            urllib.request.urlopen(url + path).read()
            pages.append(1000 * (time.monotonic() - began))
            began = time.monotonic()
            cursor.execute(sql, named)
            cursor.fetchall()
            queries.append(1000 * (time.monotonic() - began))
        bench.add(f"page: {what}, ms, of its SQL", pages, queries, 2, 1.3)
    reader.close()
    serve.terminate()
    serve.wait()
    bench.server.drop_database(name)
