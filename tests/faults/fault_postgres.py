"""PostgreSQL is killed, restarted, stopped in its tracks."""
import os
import random
import signal
import time

import psycopg2

from load import Load, MailLoad
from site_control import wait_until

ANSWER_S, HEAL_S = 5, 2  # what is promised; checked by the long form only, on a machine that is not busy
STOPPED_S = 30


def settle(clients):
    """Until it works again; how long that took from now."""
    start = time.monotonic()
    clients.wait_for_more(1, statuses=(201, "250"))
    return clients.since(start, 201, "250") - start


def report(options, clients, healed):
    """A note with the figures, which the long form holds against the promise."""
    slowest = clients.slowest()
    if not options.short:
        assert slowest < ANSWER_S, f"an answer took {slowest:.1f} s"
        assert max(healed) < HEAL_S, f"healed after {max(healed):.1f} s"
    return (f"201 {clients.count(201)}, 202 {clients.count(202)}, 503 {clients.count(503)}; slowest answer "
            f"{slowest:.1f} s, healed in {max(healed):.1f} s")


def restart(site, options, stop):
    healed = []
    with Load(site) as clients:
        for round_ in range(options.rounds):
            clients.wait_for_more()
            time.sleep(random.uniform(0, 0.3))
            stop()
            time.sleep(random.uniform(0, 1.5))
            site.postgres.start_again()
            healed.append(settle(clients))
        clients.wait_for_more()
    return report(options, clients, healed)


def restart_under_mails(site, options):
    with MailLoad(site) as clients:
        for round_ in range(options.rounds):
            clients.wait_for_more()
            site.postgres.kill_all()
            time.sleep(random.uniform(0, 1))
            site.postgres.start_again()
            clients.wait_for_more()
    return f"250 {clients.count('250')}, 451 {clients.count('451')}"


def is_broken(connection):
    try:
        connection.cursor().execute("SELECT 1")
        return False
    except psycopg2.Error:
        return True


def backend_killed(site, options):
    """PostgreSQL then restarts by itself."""
    healed = []
    with Load(site) as clients:
        for round_ in range(options.rounds):
            clients.wait_for_more()
            pids = [pid for pid, name in site.postgres.children() if "tlsrpt" in name or "[local]" in name]
            witness = psycopg2.connect(site.database.uri)
            os.kill(random.choice(pids), signal.SIGKILL)
            wait_until(lambda: is_broken(witness), "PostgreSQL to notice")
            site.postgres.wait()
            healed.append(settle(clients))
            clients.wait_for_more()
    return report(options, clients, healed)


def stopped(site, options):
    healed = []
    with Load(site) as clients:
        for round_ in range(options.rounds):
            clients.wait_for_more()
            pids = site.processes()
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            try:
                clients.wait_for_more(20, statuses=(202, 503))
                time.sleep(3 if options.short else STOPPED_S)
            finally:
                for pid in pids:
                    os.kill(pid, signal.SIGCONT)
            healed.append(settle(clients))
            clients.wait_for_more(statuses=(201,))
    return report(options, clients, healed)


def standby_away(site, options):
    """Every COMMIT waits for one that never comes; what was sent meanwhile is in doubt until it does."""
    def standby(name):
        site.database.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        site.database.sql("SELECT pg_reload_conf()")

    healed = []
    with Load(site) as clients, MailLoad(site, 2) as mails:
        for round_ in range(options.rounds):
            clients.wait_for_more(statuses=(201,))
            standby("nobody")
            try:
                clients.wait_for_more(20, statuses=(202, 503))
                time.sleep(2 if options.short else 20)
            finally:
                standby("")
            healed.append(settle(clients))
            mails.wait_for_more()
    return report(options, clients, healed)


def cases(options):
    yield "kill -9 of all of PostgreSQL", lambda site, o: restart(site, o, site.postgres.kill_all)
    yield "kill -9 of all of PostgreSQL, LMTP", restart_under_mails
    yield "kill -9 of one of its backends", backend_killed
    yield "restart, fast", lambda site, o: restart(site, o, lambda: site.postgres.stop(signal.SIGINT))
    yield "restart, immediate", lambda site, o: restart(site, o, lambda: site.postgres.stop(signal.SIGQUIT))
    yield "SIGSTOP of all of PostgreSQL", stopped
    yield "COMMIT waits for a standby that is away", standby_away
