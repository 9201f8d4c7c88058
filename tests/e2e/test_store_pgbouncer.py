"""pgbouncer in transaction mode may stand between: no state outlives a transaction. (The database's other
tests run through one, too, as a row of tests/faults/run.)"""
import pytest

import store
from conftest import Pooler
from store import report


@pytest.fixture
def pooled(build, database):
    """URIs through a pgbouncer that has one connection for everybody of a role, so that each sees what the others
    would leave behind."""
    store.migrate(build, database)
    pooler = Pooler(database.server, ("tlsrpt_collector", "tlsrpt_reader"), 1)
    yield lambda role: pooler.uri(database.name, role)
    pooler.stop()


def test_writers_and_readers_share_a_connection(build, database, pooled):
    writers = [store.Driver(build, pooled("tlsrpt_collector")) for _ in range(3)]
    for number in range(5):
        batch = [report(f"{number}-{i}", ["a.example", "b.example"]) for i in range(20)]
        batch[3]["organization"] = "hex:ff"
        batch[4].update(start=store.start_of(number * 60), raw="the first")
        for writer in writers:
            writer.send(batch)
        outcomes = sorted(sum((writer.receive() for writer in writers), []))
        assert outcomes == ["duplicate"] * 38 + ["quarantined"] * 3 + ["stored"] * 19
    assert writers[0].put(report("0-4", ["a.example", "b.example"], start=store.start_of(0), raw="other",
                                  policies=[{"domain": d, "successful": 99} for d in ("a.example", "b.example")])) == ["conflict"]
    for writer in writers:
        writer.close()
    for as_of, want in [("", "95"), (store.start_of(200), "1"), ("", "95")]:
        done = store.run(build, "read", pooled("tlsrpt_reader"), as_of,
                         "SELECT count(*) FROM counted_report WHERE policy_domain = 'a.example'", 1)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == want
    assert database.value("SELECT count(*) FROM tlsrpt.conflict") == 1
