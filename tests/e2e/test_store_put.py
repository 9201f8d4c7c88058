"""store_put(): batches, duplicates, conflicts, tiers, bad rows, and writers in each other's way."""
import random
import signal
import threading
import time

import pytest

import store
from conftest import Database, Postgres
from store import report

VERIFIED, OPERATOR, CONFIRMED, UNVERIFIED = 1, 2, 3, 4
QUARANTINED, IGNORED = 2, 3
TABLES = ["policy_result", "failure_detail", "report", "raw_report"]


@pytest.fixture
def stored(build, database):
    store.migrate(build, database)
    return database


@pytest.fixture
def driver(build, stored):
    made = store.Driver(build, stored.role_uri("tlsrpt_collector"))
    yield made
    made.close()


def other(report_id="1", domains=("example.org",), good=99, **more):
    """A report of the same identity that says something else."""
    made = report(report_id, domains, **{"raw": "other", **more})
    for policy in made["policies"]:
        policy["successful"] = good
    return made


def counts(database):
    return [database.value(f"SELECT count(*) FROM tlsrpt.{table}") for table in TABLES]


def test_a_batch_is_kept_whole(driver, stored):
    assert driver.put(*[report(str(i)) for i in range(100)]) == ["stored"] * 100
    assert counts(stored) == [100] * 4
    row = stored.sql("SELECT r.policy_domain, r.sender, p.successful_sessions, p.failed_sessions, "
                     "       d.result_type, d.receiving_mx_hostname, convert_from(w.body, 'UTF8'), "
                     "       r.raw_hash = sha256(w.body), r.day = (now() at time zone 'UTC')::date - 1, "
                     "       r.policy_domains, r.window_end - r.window_start, r.quirks "
                     "FROM tlsrpt.report r JOIN tlsrpt.policy_result p USING (policy_domain, day, report_key, tier) "
                     "JOIN tlsrpt.failure_detail d USING (policy_domain, day, report_key, tier) "
                     "JOIN tlsrpt.raw_report w USING (policy_domain, day, report_key, tier) WHERE report_id = '42'")
    assert [str(value) for value in row[0]] == [
        "example.org", "example.net", "10", "2", "certificate-expired", "mx.example.org", "raw of 42",
        "True", "True", "None", "23:59:59", "None"]


def test_sent_again_it_is_a_duplicate(driver, stored):
    assert driver.put(report("1"), report("2")) == ["stored", "stored"]
    assert driver.put(report("2"), report("1"), report("3")) == ["duplicate", "duplicate", "stored"]
    assert counts(stored) == [3] * 4


def test_the_same_content_is_a_duplicate_whatever_its_wrapping(driver, stored):
    assert driver.put(report("1")) == ["stored"]
    assert driver.put(report("1", raw="wrapped"), report("1", raw="again")) == ["duplicate"] * 2
    assert sorted(driver.put(report("2", raw="a"), report("2", raw="b"))) == ["duplicate", "stored"]
    assert counts(stored) == [2] * 4
    assert stored.value("SELECT count(*) FROM tlsrpt.conflict") == 0


def test_of_one_network_the_first_claim_is_kept(driver, stored):
    assert driver.put(report("1", tier=UNVERIFIED)) == ["stored"]
    assert driver.put(report("1", tier=UNVERIFIED, raw="wrapped")) == ["duplicate"]
    assert driver.put(other(tier=UNVERIFIED)) == ["conflict"]
    assert counts(stored) == [1] * 4


def test_no_network_shadows_another(driver, stored):
    """Both are kept, and contested; the same from elsewhere is a resend."""
    forged = other(tier=UNVERIFIED, source="203.0.113.0/24", good=1000)
    real = report("1", tier=UNVERIFIED)
    assert driver.put(forged) == ["stored"]
    assert driver.put(real) == ["stored"]
    elsewhere = dict(real, source="2001:db8::/64", raw="wrapped")
    assert driver.put(elsewhere, dict(forged, source="198.51.100.0/24")) == ["duplicate"] * 2
    assert counts(stored) == [2] * 4
    assert stored.sql("SELECT policy_domain, claims FROM tlsrpt.contested") == [("example.org", 2)]


def test_networks_claim_several_things_in_one_batch(driver, stored):
    claims = [other(tier=UNVERIFIED, source=f"192.0.{i}.0/24", good=i % 3) for i in range(9)]
    outcomes = driver.put(*claims, report("1"))
    assert sorted(outcomes) == ["duplicate"] * 6 + ["stored"] * 4
    assert counts(stored) == [4] * 4
    assert stored.sql("SELECT trust, successful_sessions FROM tlsrpt.counted_policy") == [("verified", 10)]


def test_the_same_twice_in_one_batch_is_merged(driver, stored):
    assert sorted(driver.put(report("1"), report("1"), report("1"))) == ["duplicate", "duplicate", "stored"]
    assert counts(stored) == [1] * 4


def test_other_bytes_are_a_conflict_and_eight_are_noted(driver, stored):
    others = [other(raw=f"other {i}", good=100 + i) for i in range(12)]
    assert driver.put(report("1")) == ["stored"]
    assert driver.put(*others[:5]) == ["conflict"] * 5
    assert driver.put(*others) == ["conflict"] * 12
    assert stored.value("SELECT count(*) FROM tlsrpt.conflict") == 8
    assert stored.value("SELECT convert_from(body, 'UTF8') FROM tlsrpt.raw_report") == "raw of 1"
    assert counts(stored) == [1] * 4


def test_a_conflict_about_several_domains_is_noted_once(driver, stored):
    """Or a small report of a thousand domains, sent with other bytes, would cost a thousand transactions."""
    domains = ["b.example", "a.example", "c.example"]
    assert driver.put(report("1", domains)) == ["stored"]
    assert driver.put(other("1", domains)) == ["conflict"]
    assert driver.put(other("1", domains)) == ["conflict"]
    assert stored.sql("SELECT policy_domain FROM tlsrpt.conflict") == [("b.example",)]


def test_conflict_within_one_batch(driver, stored):
    outcomes = driver.put(other(good=1, raw="a"), other(good=2, raw="b"), other(good=3, raw="c"), report("2"))
    assert sorted(outcomes) == ["conflict", "conflict", "stored", "stored"]
    assert stored.value("SELECT count(*) FROM tlsrpt.conflict") == 2
    assert counts(stored) == [2] * 4


def test_several_policy_domains_keep_the_bytes_once(driver, stored):
    named = ["b.example", "a.example", "c.example", "d.example"]
    assert driver.put(report("1", named, foreign=1)) == ["stored"]
    assert counts(stored) == [3, 3, 1, 1]
    assert stored.sql("SELECT policy_domain, policy_domains FROM tlsrpt.report") == [
        ("b.example", ["b.example", "a.example", "c.example"])]
    assert stored.value("SELECT policy_domain FROM tlsrpt.raw_report") == "b.example"
    # A domain that became ours later: its rows are added, the bytes are there.
    assert driver.put(report("1", named)) == ["stored"]
    assert counts(stored) == [4, 4, 1, 1]


@pytest.mark.parametrize("order", [(VERIFIED, UNVERIFIED), (UNVERIFIED, VERIFIED)],
                         ids=["real first", "forged first"])
def test_the_better_tier_counts_whichever_came_first(build, driver, stored, order):
    for hour, tier in enumerate(order):
        forged = {"raw": "forged", "policies": [{"domain": "example.org", "successful": 0, "failed": 999}]}
        sent = report("1", tier=tier, received=store.start_of(0) + 3600 * (hour + 1),
                      **(forged if tier == UNVERIFIED else {}))
        assert driver.put(sent) == ["stored"]

    def counted(as_of):
        done = store.run(build, "read", stored.role_uri("tlsrpt_reader"), as_of,
                         "SELECT trust, successful_sessions, failed_sessions FROM counted_policy", 3)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    texts = {VERIFIED: "verified\t10\t2", UNVERIFIED: "unverified\t0\t999"}
    assert counted("") == [texts[VERIFIED]]
    assert counted(store.start_of(0) + 5400) == [texts[order[0]]]   # between the two
    assert counted(store.start_of(0)) == []


BAD = {
    "not UTF-8": {"organization": "hex:ff"},
    "too long for a key": {"policies": [{"domain": "".join(random.Random(1).choices("abcdefghijklmnop123456789", k=9000))}]},
    "no policy at all": {"policies": []},
    "beyond the months that are kept": {"start": 1262304000},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("place", [0, 7, 19])
def test_a_bad_row_keeps_its_neighbours(driver, stored, bad, place):
    batch = [report(str(i)) for i in range(20)]
    batch[place].update(bad, received=store.start_of(0))
    outcomes = driver.put(*batch)
    assert outcomes.pop(place) == "quarantined"
    assert outcomes == ["stored"] * 19
    assert counts(stored) == [19] * 4
    kept = stored.sql("SELECT convert_from(body, 'UTF8'), status, reason <> '' FROM tlsrpt.quarantine")
    assert kept == [(f"raw of {place}", QUARANTINED, True)]


def test_many_bad_rows(driver, stored):
    batch = [report(str(i), **(BAD["not UTF-8"] if i % 3 == 0 else {})) for i in range(30)]
    assert driver.put(*batch) == ["quarantined" if i % 3 == 0 else "stored" for i in range(30)]
    assert counts(stored) == [20] * 4


def test_missing_months_are_made(driver, stored):
    stored.sql("DO $$ DECLARE t name; BEGIN FOR t IN SELECT relname FROM pg_class WHERE "
               "relnamespace = 'tlsrpt'::regnamespace AND relname ~ '_20[0-9]{4}$' AND relkind = 'r' "
               "LOOP EXECUTE format('DROP TABLE tlsrpt.%I', t); END LOOP; END $$")
    assert driver.put(*[report(str(i), days_ago=i * 30 + 1) for i in range(10)]) == ["stored"] * 10
    assert counts(stored) == [10] * 4


def test_quarantine_is_kept_once(driver, stored):
    junk = report("1", status=QUARANTINED, raw="junk", reason="no \x1b[31m report", received=store.start_of(0))
    mail = report("2", status=IGNORED, raw="mail", source="d=example.net", received=store.start_of(0))
    assert driver.put(junk, mail, junk) == ["quarantined", "ignored", "quarantined"]
    assert driver.put(junk, report("3")) == ["quarantined", "stored"]
    # Sent or imported again on another day.
    assert driver.put(dict(junk, received=store.start_of(1))) == ["quarantined"]
    # A day not made ahead.
    assert driver.put(report("4", status=QUARANTINED, raw="old", received=store.start_of(3))) == ["quarantined"]
    rows = stored.sql("SELECT convert_from(body, 'UTF8'), status, source, reason FROM tlsrpt.quarantine "
                      "ORDER BY received DESC, 1")
    assert rows == [("junk", QUARANTINED, "192.0.2.0/24", "no \\x1b[31m report"),
                    ("mail", IGNORED, "d=example.net", ""),
                    ("old", QUARANTINED, "192.0.2.0/24", "")]
    assert counts(stored) == [1] * 4


@pytest.mark.parametrize("round_no", range(3))
def test_two_writers_in_opposite_order(build, stored, round_no):
    reports = [report(str(i), [f"d{i % 7}.example", "example.org"]) for i in range(300)]
    batches = [reports[i:i + 30] for i in range(0, 300, 30)]
    backwards = [list(reversed(batch)) for batch in reversed(batches)]
    outcomes = [[], []]

    def write(own, list_of_batches):
        writer = store.Driver(build, stored.role_uri("tlsrpt_collector"))
        for batch in list_of_batches:
            own.extend(writer.put(*batch))
        writer.close()

    threads = [threading.Thread(target=write, args=pair) for pair in zip(outcomes, (batches, backwards))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts(stored) == [600, 600, 300, 300]
    assert len(outcomes[0]) == len(outcomes[1]) == 300
    assert set(outcomes[0] + outcomes[1]) <= {"stored", "duplicate"}
    assert (outcomes[0] + outcomes[1]).count("stored") == 300


def test_two_writers_of_the_same_batches(build, stored):
    writers = [store.Driver(build, stored.role_uri("tlsrpt_collector")) for _ in range(2)]
    outcomes = []
    for i in range(20):
        batch = [report(f"{i}-{k}") for k in range(50)]
        for writer in writers:
            writer.send(batch)
        for writer in writers:
            outcomes += writer.receive()
    assert counts(stored) == [1000] * 4
    assert sorted(outcomes) == ["duplicate"] * 1000 + ["stored"] * 1000
    for writer in writers:
        writer.close()


def test_a_lost_connection_is_opened_again(driver, stored):
    assert driver.put(report("1")) == ["stored"]
    stored.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
               "WHERE datname = current_database() AND pid <> pg_backend_pid()")
    assert driver.put(report("2"), report("1")) == ["stored", "duplicate"]
    assert counts(stored) == [2] * 4


@pytest.fixture
def standby_missing(build):
    """A server that waits at COMMIT for a standby that is not there; the superuser does not wait."""
    server = Postgres()
    name = server.create_database()
    made = Database(server, name)
    store.migrate(build, made)
    made.sql("ALTER ROLE postgres SET synchronous_commit = local")
    made.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    made.sql("SELECT pg_reload_conf()")
    yield made
    server.remove()


def waiting(database):
    return [pid for pid, in database.sql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'")]


def wait_for_commit(database, *known):
    for _ in range(1200):
        found = [pid for pid in waiting(database) if pid not in known]
        if found:
            return found[0]
        time.sleep(0.05)
    raise AssertionError("nobody waits for the standby")


@pytest.mark.parametrize("cut", ["pg_cancel_backend", "pg_terminate_backend"])
@pytest.mark.parametrize("batch", [[report("1")], [report("1", status=QUARANTINED, reason="junk")]],
                         ids=["accepted", "quarantined"])
def test_a_commit_without_its_standby_is_no_commit(build, standby_missing, cut, batch):
    driver = store.Driver(build, standby_missing.role_uri("tlsrpt_collector"))
    driver.send(batch)
    standby_missing.sql(f"SELECT {cut}({wait_for_commit(standby_missing)})")
    # It is there now, for all to see. Sent again or not, it is not answered before the standby has it.
    second = wait_for_commit(standby_missing)
    standby_missing.sql(f"SELECT {cut}({second})")
    assert driver.receive() == ["again"]
    driver.send(batch)
    wait_for_commit(standby_missing)
    standby_missing.sql("ALTER SYSTEM RESET synchronous_standby_names")
    standby_missing.sql("SELECT pg_reload_conf()")
    assert driver.receive() in (["duplicate"], ["quarantined"])
    driver.close()
    assert standby_missing.value("SELECT count(*) FROM tlsrpt.report") + \
        standby_missing.value("SELECT count(*) FROM tlsrpt.quarantine") == 1


def test_a_database_that_is_away_keeps_nothing_and_says_so(build):
    server = Postgres(durable=True)
    try:
        made = Database(server, server.create_database())
        store.migrate(build, made)
        driver = store.Driver(build, made.role_uri("tlsrpt_collector"))
        assert driver.put(report("1")) == ["stored"]
        server.stop(signal.SIGQUIT)
        assert driver.put(report("2"), report("3", status=IGNORED)) == ["again", "again"]
        server.start()
        assert driver.put(report("2"), report("3", status=IGNORED), report("1")) == ["stored", "ignored", "duplicate"]
        assert counts(made) == [2] * 4
        driver.close()
    finally:
        server.remove()
