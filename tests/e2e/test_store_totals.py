"""Running totals: exact while reports come in, never falling, and no more names than a cap allows."""
import datetime
import itertools
import subprocess
import threading

import psycopg2
import pytest

import rows_0001
import store
from conftest import Database, as_user, postgres_bin
from store import report

TRUSTED = "SELECT coalesce(sum(%s), 0) FROM tlsrpt.policy_result WHERE leads AND tier < 4"


@pytest.fixture
def stored(build, database):
    store.migrate(build, database)
    return database


@pytest.fixture
def driver(build, stored):
    made = store.Driver(build, stored.role_uri("tlsrpt_collector"))
    yield made
    made.close()


def fold(database, domains=200, senders=200):
    """Twice: new caps hold from the next fold on."""
    for _ in range(2):
        assert database.value("SELECT tlsrpt.fold_totals(%s, %s)", (domains, senders), role="tlsrpt_collector")


def totals(database):
    return {(domain, tier): (int(good), int(bad)) for domain, tier, good, bad in
            database.sql("SELECT * FROM tlsrpt.metric_sessions", role="tlsrpt_reader")}


def sums(database):
    """What the totals and the tally say, and what the reports say."""
    said = database.sql("SELECT (SELECT sum(successful) FROM tlsrpt.metric_sessions), "
                        "(SELECT sum(failed) FROM tlsrpt.metric_sessions), "
                        "(SELECT sum(failed) FROM tlsrpt.metric_failures), "
                        "(SELECT sum(reports) FROM tlsrpt.metric_reports WHERE outcome = 'stored'), "
                        "(SELECT sum(reports) FROM tlsrpt.metric_lag)")
    known = database.sql("SELECT (SELECT sum(successful_sessions) FROM tlsrpt.policy_result WHERE leads), "
                         "(SELECT sum(failed_sessions) FROM tlsrpt.policy_result WHERE leads), "
                         "(SELECT sum(failed_sessions) FROM tlsrpt.failure_detail WHERE leads AND tier < 4), "
                         "(SELECT count(*) FROM tlsrpt.report), "
                         "(SELECT count(*) FROM tlsrpt.report WHERE tier < 4)")
    return said, known


def test_totals_are_the_sums(stored, driver):
    driver.put(report("1"), report("2", domains=("a.example", "b.example")), report("3", tier=4),
               report("4", tier=2, days_ago=300, sender="example.com"))
    assert totals(stored) == {}, "no name is a label before a fold has admitted it"
    fold(stored)
    said, known = sums(stored)
    assert said == known
    assert totals(stored)["example.org", 1] == (10, 2)
    assert stored.value("SELECT count(*) FROM tlsrpt.tally") == 0
    fold(stored)
    assert sums(stored) == (said, known)
    driver.put(report("1"), report("5"), report("6"))
    assert sums(stored)[0] == sums(stored)[1] != (said, known), "what is not folded yet counts at once"


def test_days_senders_and_lag(stored, driver):
    driver.put(report("1", days_ago=2, received=store.start_of(1) + 1800), report("2", days_ago=2, sender="example.com"),
               report("3", days_ago=100), report("4", days_ago=2, tier=4, sender="forged.example"))
    fold(stored)
    assert stored.sql("SELECT successful::int, failed::int FROM tlsrpt.metric_day WHERE tier = 1") == [(20, 4)]
    assert dict(stored.sql("SELECT sender, extract(epoch FROM received)::bigint FROM tlsrpt.metric_sender")) == {
        "example.net": store.start_of(1) + 1800, "example.com": store.start_of(1) + 3599}
    assert stored.sql("SELECT upto_s, reports::int, seconds::int FROM tlsrpt.metric_lag WHERE reports > 0") == [
        (3600, 3, 1801 + 3600 + 3600)]


@pytest.mark.parametrize("lag, bound", [(0, 3600), (3600, 3600), (3601, 10800), (86400, 86400), (2592000, 2592000),
                                        (2592001, 2**63 - 1)])
def test_a_lag_belongs_to_the_least_bound_that_holds_it(stored, lag, bound):
    assert stored.value("SELECT tlsrpt.lag_bound(%s)", (lag,), role="tlsrpt_reader") == bound


def test_failures_have_the_words_of_the_rfc_or_are_other(stored, driver):
    driver.put(report("1", policies=[{"domain": "example.org", "failed": 9, "details": [
        {"type": "certificate-expired", "failed": 2}, {"type": "Certificate-Expired", "failed": 3},
        {"type": 'x"} 1\nevil', "failed": 4}]}]))
    fold(stored)
    assert dict(stored.sql("SELECT result_type, failed::int FROM tlsrpt.metric_failures")) == {
        "certificate-expired": 5, "other": 4}


def test_a_name_too_many_is_other_for_good(stored, driver):
    driver.put(*[report(f"{n}", domains=(f"d{n}.example",), sender=f"s{n}.example") for n in range(5)])
    fold(stored, 3, 2)
    assert set(totals(stored)) == {(f"d{n}.example", 1) for n in range(5)}, "what had room under the caps before stays"
    driver.put(*[report(f"1{n}", domains=(f"e{n}.example",), sender=f"s{n}.example") for n in range(50)])
    assert totals(stored)["other", 1] == (500, 100)
    fold(stored, 3, 2)
    assert len(totals(stored)) == 6 and totals(stored)["other", 1] == (500, 100)
    assert stored.value("SELECT count(*) FROM tlsrpt.metric_sender") == 6
    driver.put(report("99", domains=("late.example",)))
    fold(stored, 100, 100)
    assert ("late.example", 1) not in totals(stored), "it was other when it came, and stays so"
    driver.put(report("98", domains=("late.example",)))
    fold(stored, 100, 100)
    assert totals(stored)["late.example", 1] == (10, 2)
    assert totals(stored)["other", 1] == (510, 102)
    assert sums(stored)[0] == sums(stored)[1]


def test_strangers_cannot_use_up_the_room(stored, driver):
    fold(stored, 3, 3)
    driver.put(*[report(f"{n}", domains=(f"forged{n}.example",), sender=f"forged{n}.example", tier=4) for n in range(20)])
    fold(stored, 3, 3)
    driver.put(report("real"))
    fold(stored, 3, 3)
    assert totals(stored)["example.org", 1] == (10, 2)
    assert len([tier for _, tier in totals(stored) if tier == 4]) == 4
    assert stored.sql("SELECT sender FROM tlsrpt.metric_sender") == [("example.net",)]


def test_the_better_believed_is_admitted_first(stored, driver):
    fold(stored, 1, 1)
    driver.put(report("1", domains=("a.example",), tier=2, sender="a.example"), report("2", domains=("z.example",)))
    fold(stored, 1, 1)
    assert set(totals(stored)) == {("z.example", 1), ("other", 2)}
    assert dict(stored.sql("SELECT sender, 1 FROM tlsrpt.metric_sender")) == {"example.net": 1, "other": 1}


def test_a_billion_billions_do_not_stop_it(stored, driver):
    most = 2**63 - 1
    driver.put(*[report(f"{n}", policies=[{"domain": "example.org", "successful": most, "failed": most, "details": [
        {"failed": most}, {"failed": most}]}]) for n in range(3)])
    fold(stored)
    assert totals(stored)["example.org", 1] == (3 * most, 3 * most)


def test_nothing_falls_and_nothing_is_lost_while_reports_come_in(build, stored, driver):
    """One connection writes, one folds, this one reads."""
    driver.put(report("first"))
    fold(stored)
    done, enough = threading.Event(), threading.Event()

    def write():
        for n in itertools.count():
            if n >= 150 and enough.is_set():
                break
            driver.put(*[report(f"{n}-{k}", domains=(f"d{k}.example", "example.org")) for k in range(5)])
        done.set()

    def refold():
        while not done.is_set():
            stored.value("SELECT tlsrpt.fold_totals(4, 200)", role="tlsrpt_collector")

    workers = [threading.Thread(target=work) for work in (write, refold)]
    for worker in workers:
        worker.start()
    last, reads, reader = {}, 0, psycopg2.connect(stored.role_uri("tlsrpt_reader"))
    reader.autocommit = True
    while not done.is_set():
        with reader.cursor() as cursor:
            cursor.execute("SELECT policy_domain, tier, successful + failed FROM tlsrpt.metric_sessions")
            now = {row[:2]: row[2] for row in cursor.fetchall()}
        assert {key: was for key, was in last.items() if now.get(key, 0) < was} == {}
        last, reads = now, reads + 1
        if reads > 10:
            enough.set()
    for worker in workers:
        worker.join()
    reader.close()
    fold(stored, 4)
    assert sums(stored)[0] == sums(stored)[1]


def test_only_one_folds_at_a_time(stored, driver):
    driver.put(report("1"))
    holder = psycopg2.connect(stored.uri)
    holder.cursor().execute("SELECT pg_advisory_xact_lock(1953264754, 4)")
    assert stored.value("SELECT tlsrpt.fold_totals(1, 1)", role="tlsrpt_collector") is False
    assert stored.value("SELECT count(*) FROM tlsrpt.tally") == 1
    holder.close()


def test_a_restored_dump_goes_on_where_it_was(build, postgres, stored, driver):
    driver.put(report("1"), report("2", domains=("a.example",)))
    fold(stored)
    driver.put(report("3"))
    before = sums(stored)
    dump = subprocess.run(as_user(postgres.user, [f"{postgres_bin()}/pg_dump", stored.uri]), capture_output=True, check=True,
                          cwd=postgres.dir)
    other = Database(postgres, postgres.create_database())
    try:
        subprocess.run(["psql", "-Xq", other.uri], input=dump.stdout, capture_output=True, check=True)
        assert sums(other) == before
        again = store.Driver(build, other.role_uri("tlsrpt_collector"))
        assert again.put(report("3"), report("4")) == ["duplicate", "stored"]
        again.close()
        fold(other)
        assert sums(other)[0] == sums(other)[1] != before
    finally:
        postgres.drop_database(other.name)


def test_what_an_older_version_kept_is_in_the_totals(build, database):
    rows_0001.migrate(database)
    yesterday = datetime.date.today() - datetime.timedelta(days=1)
    for number in range(3):
        rows_0001.add_report(database, yesterday, str(number))
    assert "migration 0002_totals" in store.migrate(build, database)
    fold(database)
    assert sums(database)[0] == sums(database)[1]
    assert dict(database.sql("SELECT result_type, failed::int FROM tlsrpt.metric_failures")) == {"certificate-expired": 3}


def test_what_is_pruned_stays_in_the_totals(tlsrptd, stored, driver):
    driver.put(report("1", days_ago=300), report("2"))
    fold(stored)
    driver.put(report("3", days_ago=300), report("4"))
    before = sums(stored)[0]
    done = subprocess.run([tlsrptd, "prune", "--db", stored.role_uri("tlsrpt_owner"), "--keep-reports", "100d"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert stored.value("SELECT count(*) FROM tlsrpt.report") == 2
    assert sums(stored)[0] == before
    fold(stored)
    assert sums(stored)[0] == before


def test_the_owner_s_work_folds_and_says_when(build, stored, driver):
    driver.put(report("1"), report("q", status=2, source="a", raw="12345", reason="a test"))
    done = store.run(build, "maintain", stored.role_uri("tlsrpt_owner"), 0, 0, 0)
    assert done.returncode == 0, done.stderr
    assert totals(stored) == {("example.org", 1): (10, 2)}
    assert dict(stored.sql("SELECT what, now() - at < interval '1 minute' FROM tlsrpt.upkeep")) == {
        "fold": True, "maintain": True}
    assert stored.sql("SELECT status, reports, bytes::int FROM tlsrpt.quarantine_size ORDER BY 1") == [(2, 1, 5), (3, 0, 0)]


def test_intake_counts_add_up(stored):
    insert = "INSERT INTO tlsrpt.intake_count (collector, transport, tier, outcome, reports) VALUES (%s, 1, %s, %s, %s)"
    for host, tier, outcome, n in [("a", 1, "stored", 5), ("a", 1, "duplicate", 2), ("b", 1, "duplicate", 3),
                                   ("b", 0, "not-ours", 4)]:
        stored.sql(insert, (host, tier, outcome, n), role="tlsrpt_collector")
    want = [(0, "not-ours", 4), (1, "duplicate", 5)]
    for _ in range(2):
        assert stored.sql("SELECT tier, outcome, reports::int FROM tlsrpt.metric_reports ORDER BY 1, 2") == want
        assert stored.value("SELECT sum(reports)::int FROM tlsrpt.intake WHERE outcome = 'stored' AND collector = 'a'") == 5
        assert stored.value("SELECT sum(reports)::int FROM tlsrpt.intake") == 14
        fold(stored)
