"""What the owner does now and then: months ahead, and the limits of the quarantine."""
import subprocess

import pytest

import store
from store import report

QUARANTINED = 2


@pytest.fixture
def stored(build, database):
    store.migrate(build, database)
    return database


def maintain(build, database, days=0, total=0, source=0):
    done = store.run(build, "maintain", database.role_uri("tlsrpt_owner"), days, total, source)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fill(build, database, *kept):
    """Keeps (source, bytes, days ago), in order of arrival."""
    driver = store.Driver(build, database.role_uri("tlsrpt_collector"))
    for number, (source, size, days_ago) in enumerate(kept):
        sent = report(str(number), status=QUARANTINED, source=source, raw=str(number).zfill(size), reason="a test",
                      received=store.start_of(days_ago) + number)
        assert driver.put(sent) == ["quarantined"]
    driver.close()


def held(database):
    return dict(database.sql("SELECT source, sum(octet_length(body))::int FROM tlsrpt.quarantine GROUP BY 1"))


def lost(database):
    return database.sql("SELECT cause, source, reports::int, bytes::int FROM tlsrpt.eviction ORDER BY 1, 2")


def test_months_and_days_ahead_are_made_again(build, stored):
    for parent, like in [("report", "report\\_20%"), ("quarantine", "quarantine\\_20%")]:
        parts = [name for name, in stored.sql("SELECT relname FROM pg_class WHERE relname LIKE %s AND relkind = 'r' "
                                              "ORDER BY 1 DESC LIMIT 2", (like,))]
        for part in parts:
            stored.sql(f"DROP TABLE tlsrpt.{part}")
        maintain(build, stored)
        for part in parts:
            assert stored.value("SELECT count(*) FROM pg_inherits WHERE inhrelid = to_regclass(%s)",
                                ("tlsrpt." + part,)) == 1
            assert parent in part


def test_old_days_are_dropped_and_counted(build, stored):
    """They arrived long ago, which by the clock of this machine they cannot do now."""
    for number, (source, size, days_ago) in enumerate([("a", 100, 40), ("a", 100, 31), ("b", 50, 31), ("a", 100, 29)]):
        stored.sql("SELECT tlsrpt.ensure_quarantine_day(current_date - %s)", (days_ago,))
        stored.sql("INSERT INTO tlsrpt.quarantine VALUES (current_date - %s, sha256(%s::text::bytea), now(), 2, 1, '', '', "
                   "%s, '', 'a test', repeat('x', %s)::bytea)", (days_ago, number, source, size))
    fill(build, stored, ("b", 100, 0))
    assert "3 dropped" in maintain(build, stored, days=30)
    assert held(stored) == {"a": 100, "b": 100}
    assert lost(stored) == [("age", "a", 2, 200), ("age", "b", 1, 50)]
    assert "dropped" not in maintain(build, stored, days=30)
    assert len(lost(stored)) == 2


def test_within_the_limit_nobody_loses(build, stored):
    fill(build, stored, ("a", 900, 0), ("b", 100, 0))
    maintain(build, stored, total=1000, source=500)
    assert held(stored) == {"a": 900, "b": 100}
    assert lost(stored) == []


def test_the_source_that_holds_most_loses_first_and_its_oldest(build, stored):
    fill(build, stored, *[("flood", 100, 0)] * 50, ("b", 300, 0), ("c", 100, 0), ("c", 100, 1))
    maintain(build, stored, total=1000)
    assert held(stored) == {"flood": 500, "b": 300, "c": 200}
    assert lost(stored) == [("bytes", "flood", 45, 4500)]
    newest = stored.value("SELECT min(convert_from(body, 'UTF8')::int) FROM tlsrpt.quarantine WHERE source = 'flood'")
    assert newest == 45


def test_several_greedy_sources_share_alike(build, stored):
    fill(build, stored, *[("x", 100, 0)] * 20, *[("y", 100, 0)] * 30, ("small", 200, 0))
    maintain(build, stored, total=1000)
    assert held(stored) == {"x": 400, "y": 400, "small": 200}


def test_one_source_may_not_hold_more_than_its_share_of_a_full_one(build, stored):
    fill(build, stored, *[("x", 100, 0)] * 20)
    maintain(build, stored, total=1000, source=300)
    assert held(stored) == {"x": 300}


def test_a_flood_cannot_push_out_a_real_report(build, stored):
    """The flood came later, and is a thousand times as large."""
    fill(build, stored, ("real", 80, 1))
    stored.sql("INSERT INTO tlsrpt.quarantine SELECT current_date, sha256(n::text::bytea), now(), 2, 1, '', '', 'flood', "
               "'', '', repeat('x', 100)::bytea FROM generate_series(1, 1000) AS n")
    maintain(build, stored, total=1000)
    assert held(stored)["real"] == 80
    assert sum(held(stored).values()) <= 1000


def test_reports_are_never_evicted(build, stored):
    driver = store.Driver(build, stored.role_uri("tlsrpt_collector"))
    assert driver.put(report("1", days_ago=300)) == ["stored"]
    driver.close()
    maintain(build, stored, days=1, total=1, source=1)
    assert stored.value("SELECT count(*) FROM tlsrpt.raw_report") == 1


def test_statistics_of_partitioned_tables_are_made_once_a_day(build, stored):
    maintain(build, stored)
    stamps = stored.sql("SELECT relname, last_analyze FROM pg_stat_all_tables WHERE schemaname = 'tlsrpt' "
                        "AND relname IN ('believed_report', 'believed_policy') ORDER BY 1")
    assert len(stamps) == 2 and all(stamp for _, stamp in stamps)
    maintain(build, stored)
    assert stored.sql("SELECT relname, last_analyze FROM pg_stat_all_tables WHERE schemaname = 'tlsrpt' "
                      "AND relname IN ('believed_report', 'believed_policy') ORDER BY 1") == stamps


def test_only_one_at_a_time(build, stored):
    holder = subprocess.Popen(["psql", "-XAtq", stored.uri], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        holder.stdin.write("BEGIN; SELECT pg_advisory_xact_lock(1953264754, 3) IS NULL;\n")
        holder.stdin.flush()
        holder.stdout.readline()
        assert "another one is maintaining" in maintain(build, stored, days=1)
    finally:
        holder.communicate()
