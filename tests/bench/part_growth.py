"""Does cost grow with what is kept? The rate of ingest, and what a question costs a row, as the tables fill."""
import statistics

from part_query import ASK_OURS, WINDOW, datetime, psycopg2, timed

BATCH, CONNECTIONS, LAST = 100, 4, 3


def questions(uri, rounds=5):
    """Milliseconds of failures of 30 days: of one domain, and of all."""
    days = {"since": datetime.date.today() - datetime.timedelta(WINDOW + 20), "until": datetime.date.today() - datetime.timedelta(20)}
    connection = psycopg2.connect(uri, options="-c search_path=tlsrpt,public")
    with connection.cursor() as cursor:
        asked = [ASK_OURS.format(which=which, **days) for which in ("AND policy_domain = 'dom0100.example'", "")]
        seconds = [[timed(cursor, text)[0] for _ in range(rounds)] for text in asked]
    connection.close()
    return [statistics.median(column) * 1000 for column in seconds]


def measure(bench):
    marks = (20_000, 60_000) if bench.short else (100_000, 1_000_000, 4_000_000) if bench.long else (100_000, 400_000, 1_000_000)
    name, uri = bench.database()
    kept, rates, first = 0, [], None
    for mark in marks:
        while kept < mark:
            reports, seconds = bench.program("bench_store", uri, "put", CONNECTIONS, BATCH, bench.data / "mix.pack",
                                             f"growth-{kept}", 1 if bench.short else 2)
            kept += reports
            rates.append(reports / seconds)
        bench.server.sql(name, "VACUUM ANALYZE")
        got = [statistics.median(rates[-LAST:]), *questions(uri)]
        first = first or got
        for what, ours, then in zip(("ingest, reports/s", "failures of a domain, ms", "failures of all domains, ms"), got, first):
            bench.add(f"{what}, at {mark / 1e6:g} million, of at {marks[0] / 1e6:g}", ours, then)
