"""kill -9 of tlsrptd: at each named place (base/fault.h), and at any moment, under each kind of load."""
import random
import signal
import subprocess
import time

from load import ImportLoad, Load, MailLoad
from site_control import wait_until

INTAKE = ("received", "inflated", "decoded", "before-begin", "before-commit", "commit-sent", "after-commit",
          "before-reply", "after-reply")
SPOOL = ("spool-written", "spool-synced", "spool-renamed", "spool-directory-synced")
DRAIN = ("drain-before-put", "before-begin", "before-commit", "commit-sent", "after-commit", "drain-after-put",
         "drain-before-unlink")
IMPORT = ("inflated", "decoded", "before-begin", "before-commit", "commit-sent", "after-commit")
MAX_VISIT = 30  # it dies at one of its first so many visits of the place


def at_place(site, options, place, load):
    """It is started with its death in the environment, again and again."""
    site.door.stop()
    with load(site) as clients:
        for round_ in range(options.rounds):
            site.door.start_to_die(f"{place}:{random.randint(1, MAX_VISIT)}")
            site.door.wait_for_death()
        site.door.start()
        clients.wait_for_more()


def at_spool(site, options, place):
    """While PostgreSQL is away."""
    site.door.stop()
    site.postgres.stop()
    with Load(site) as clients:
        for round_ in range(options.rounds):
            site.door.start_to_die(f"{place}:{random.randint(1, MAX_VISIT)}")
            site.door.wait_for_death()
        site.door.start()
        clients.wait_for_more(statuses=(202,))
        site.postgres.start()
        clients.wait_for_more(statuses=(201,))


def fill_spool(site, count=150):
    site.postgres.stop()
    with Load(site) as clients:
        clients.wait_for_more(count, statuses=(202,))
    site.door.stop(signal.SIGKILL)


def at_drain(site, options, place):
    """Without live posts: what passes the place is what was spooled."""
    for round_ in range(options.rounds):
        fill_spool(site)
        most = 2 if place in DRAIN[:-1] else 100  # batches, or reports
        site.postgres.start()
        site.door.start_to_die(f"{place}:{random.randint(1, most)}")
        site.door.wait_for_death()
        site.mend()


def at_import(site, options, place):
    load = ImportLoad(site)
    for round_ in range(options.rounds):
        folder, reports = load.folder()
        most = 50 if place in ("inflated", "decoded") else 1
        assert load.run(folder, TLSRPT_FAULT=f"{place}:{random.randint(1, most)}") == -signal.SIGKILL
        assert load.run(folder) == 0
        load.acknowledge(reports)


def any_moment(site, options, load):
    with load(site) as clients:
        for round_ in range(2 + 3 * options.rounds):
            clients.wait_for_more(5)
            time.sleep(random.uniform(0, 0.2))
            site.door.process.kill()
            site.door.wait_for_death()
            site.door.start()
        clients.wait_for_more()


def any_moment_of_import(site, options):
    load = ImportLoad(site, files=400)
    for round_ in range(1 + options.rounds):
        folder, reports = load.folder()
        command = [site.tlsrptd, "import", "--db", site.database.uri, folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0, 0.1))
        process.kill()
        process.wait()
        assert load.run(folder) == 0
        load.acknowledge(reports)


def any_moment_of_the_spool(site, options):
    """PostgreSQL comes and goes, and tlsrptd dies in between."""
    with Load(site) as clients:
        for round_ in range(1 + options.rounds):
            site.postgres.stop(signal.SIGQUIT)
            clients.wait_for_more(20, statuses=(202,))
            site.door.process.kill()
            site.door.wait_for_death()
            site.postgres.start_again()
            site.door.start()
            time.sleep(random.uniform(0, 0.3))
            site.door.process.kill()
            site.door.wait_for_death()
            site.door.start()
            wait_until(lambda: clients.count(201) and not len(site.spooled()) > 50, "the spool to drain")
        clients.wait_for_more()


def cases(options):
    for name, load in (("HTTPS", Load), ("LMTP", MailLoad)):
        for place in INTAKE:
            yield f"kill -9 at {place}, {name}", lambda site, o, p=place, l=load: at_place(site, o, p, l)
        yield f"kill -9 at any moment, {name}", lambda site, o, l=load: any_moment(site, o, l)
    for place in IMPORT:
        yield f"kill -9 at {place}, import", lambda site, o, p=place: at_import(site, o, p)
    yield "kill -9 at any moment, import", any_moment_of_import
    for place in SPOOL:
        yield f"kill -9 at {place}", lambda site, o, p=place: at_spool(site, o, p)
    for place in DRAIN:
        name = place if place.startswith("drain") else f"drain {place}"
        yield f"kill -9 at {name}", lambda site, o, p=place: at_drain(site, o, p)
    yield "kill -9 at any moment, spool", any_moment_of_the_spool
