"""A pgbouncer in transaction mode stands between, and has fewer connections than come to it: no state may outlive a
transaction."""
import concurrent.futures
import os
import random
import signal
import subprocess
import sys
import time

from fault_postgres import report, settle
from load import Load, MailLoad
from site_control import SOURCE, Pooler

CONNECTIONS = 2
# The database's tests, which run through it once more.
TESTS = ("store_put", "store_migrate", "store_maintain", "tiers", "reparse", "findings")


def through(site):
    site.pooler = Pooler(site.postgres, ("tlsrpt_collector",), CONNECTIONS)
    site.ends.append(lambda: site.pooler.stop())
    return site.pooler.uri(site.database.name, "tlsrpt_collector")


SITE = {"through": through}


def restart(site, options, stop, start):
    healed = []
    with Load(site) as clients, MailLoad(site, 2) as mails:
        for round_ in range(options.rounds):
            clients.wait_for_more()
            mails.wait_for_more(5)
            stop()
            time.sleep(random.uniform(0, 1))
            start()
            healed.append(settle(clients))
        mails.wait_for_more(5)
    return report(options, clients, healed)


def database_test(site, name):
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"test_{name}.py"],
                          cwd=SOURCE / "tests/e2e", capture_output=True, text=True,
                          env={**os.environ, "TLSRPT_BUILD": str(site.build.resolve()), "TLSRPT_POOLER": "1"})


def database_tests(site, options):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as crew:
        done = list(crew.map(lambda name: database_test(site, name), TESTS))
    failed = "".join(each.stdout for each in done if each.returncode)
    assert not failed, failed[-4000:]
    return f"{len(TESTS)} files"


def cases(options):
    yield "pgbouncer, kill -9 of it", lambda site, o: restart(site, o, site.pooler.kill, site.pooler.start)
    yield "pgbouncer, restart of PostgreSQL behind it", lambda site, o: restart(
        site, o, lambda: site.postgres.stop(signal.SIGQUIT), site.postgres.start_again)
    yield "pgbouncer, the database's tests", database_tests
