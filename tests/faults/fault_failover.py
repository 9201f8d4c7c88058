"""The primary dies and its synchronous standby takes over: what was acknowledged is there, too."""
import shutil
import signal
import time

from fault_postgres import report, settle
from load import Load
from site_control import Database, Postgres, wait_until

ENOUGH = 100  # acknowledged before, and after


def follow(server, primary):
    """`server` becomes a copy of `primary` for which every COMMIT there waits."""
    server.stop(signal.SIGQUIT)
    shutil.rmtree(server.data)
    server.run("pg_basebackup", "-D", str(server.data), "-U", "postgres", "-X", "stream", "-c", "fast", "-R", "--no-sync",
               "-d", f"host={primary.dir} user=postgres application_name=second")
    server.start()
    primary.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'second'")
    primary.sql("postgres", "SELECT pg_reload_conf()")
    wait_until(lambda: primary.sql("postgres", "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"), "a standby")


def through(site):
    """The URI names both."""
    site.standby = Postgres(durable=True)
    site.ends.append(lambda: site.standby.remove())
    follow(site.standby, site.postgres)
    return f"postgresql://tlsrpt_collector@/{site.database.name}?host={site.postgres.dir},{site.standby.dir}"


SITE = {"through": through}


def standby_takes_over(site, options):
    """The one that died comes back as the standby of the next round."""
    healed = []
    with Load(site) as clients:
        for round_ in range(options.rounds):
            clients.wait_for_more(ENOUGH, statuses=(201,))
            site.postgres.stop(signal.SIGQUIT)
            site.standby.sql("postgres", "SELECT pg_promote(true, 60)")
            site.postgres, site.standby = site.standby, site.postgres
            site.database = Database(site.postgres, site.database.name)
            healed.append(settle(clients))
            clients.wait_for_more(ENOUGH, statuses=(201,))
            follow(site.standby, site.postgres)
    return report(options, clients, healed)


def wait_cancelled(site, options):
    """The standby is away and somebody cancels the wait for it: COMMIT answers with a warning only, and the primary
    alone has the report. That is no acknowledgement, and it counts once when it comes again."""
    waiting = "pg_stat_activity WHERE wait_event = 'SyncRep'"
    with Load(site) as clients:
        for round_ in range(options.rounds):
            clients.wait_for_more(statuses=(201,))
            site.standby.stop(signal.SIGQUIT)
            wait_until(lambda: site.database.sql(f"SELECT 1 FROM {waiting}"), "a COMMIT that waits")
            before = clients.count(200, 201)
            for _ in range(5):
                site.database.sql(f"SELECT pg_cancel_backend(pid) FROM {waiting}")
                time.sleep(0.2)
            assert clients.count(200, 201) == before, "acknowledged by the primary alone"
            site.standby.start()
            clients.wait_for_more(statuses=(201,))


def cases(options):
    yield "failover to the synchronous standby", standby_takes_over
    yield "failover: the wait for the standby cancelled", wait_cancelled
