"""A primary dies under load and its synchronous standby takes over: no acknowledged report is lost."""
import signal
import subprocess
import time

import pytest

from daemon import Daemon
from failover import Load, Pair, lost_and_double


@pytest.fixture
def pair(tlsrptd):
    made = Pair()
    try:
        yield made
    finally:
        made.remove()


def test_nothing_is_lost_when_the_standby_takes_over(pair, tlsrptd, tmp_path, record_property):
    database = pair.primary.create_database()
    subprocess.run([tlsrptd, "migrate", "--db", pair.primary.uri(database)], check=True, capture_output=True)
    pair.synchronous()
    with Daemon(tlsrptd, tmp_path, pair.uri(database), ["example.com"]) as daemon:
        with Load(daemon) as load:
            load.more(200)
            pair.primary.stop(signal.SIGQUIT)
            pair.standby.promote()
            promoted = time.monotonic()
            load.more(200)
            again = min(t for t in load.acknowledged_at if t > promoted) - promoted
            record_property("seconds until the next acknowledgement", again)
            print(f"acknowledged again after {again:.2f} s; answers {load.statuses}")
        assert daemon.stop() == 0
    lost, double = lost_and_double(pair.standby, database, load.ledger)
    assert (lost, double) == ([], [])
    assert len(load.ledger) >= 400


def test_an_uncertain_commit_is_no_acknowledgement(pair, tlsrptd, tmp_path):
    """The standby is gone and somebody cancels the wait for it: COMMIT answers with a warning only, and the
    primary alone has the report. It counts once when it is sent again."""
    database = pair.primary.create_database()
    subprocess.run([tlsrptd, "migrate", "--db", pair.primary.uri(database)], check=True, capture_output=True)
    pair.synchronous()
    with Daemon(tlsrptd, tmp_path, pair.uri(database), ["example.com"], https="spool = false") as daemon:
        with Load(daemon) as load:
            load.more(20)
            pair.standby.stop(signal.SIGQUIT)
            pair.wait_for(pair.primary, "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'", True)
            before = len(load.ledger)
            for _ in range(5):
                pair.primary.sql("postgres", "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity "
                                             "WHERE wait_event = 'SyncRep'")
                time.sleep(0.2)
            assert len(load.ledger) == before
            assert load.statuses.get(503)
            pair.standby.start()
            load.more(20)
        assert daemon.stop() == 0
    lost, double = lost_and_double(pair.primary, database, load.ledger)
    assert (lost, double) == ([], [])
