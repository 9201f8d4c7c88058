"""No memory, no address space, no file descriptors: "try again", never "bad report", and no crash."""
import random
import resource
import subprocess
import time

from ledger import Report
from load import Load
from mails import AUTHSERV
from raw import Raw
from site_control import SERVER_USER, SOURCE, as_user, wait_until

CORPUS = ("good", "odd", "bad", "hostile")
SPARE_BYTES = 2 << 20  # of address space


def inputs(site):
    """The corpus, and mails."""
    folder = site.folder / "mails"
    folder.mkdir(exist_ok=True)
    for number in range(3):
        (folder / f"{number}.eml").write_text(Report(pad=(0, 3000, 60000)[number]).mail())
    (folder / "unsigned.eml").write_text("From: a@b.example\nSubject: lunch\n\nNow?\n")
    cases = [path for name in CORPUS for path in sorted((SOURCE / "tests/corpus" / name).glob("*/input.*"))
             if path.stat().st_size < 1 << 20 and "bomb" not in path.parent.name]
    return sorted(folder.glob("*.eml")) + cases


def every_allocation(site, options):
    conf = site.folder / "allocations.conf"
    conf.write_text(f'mail {{ trusted_authserv_id = "{AUTHSERV}" }}\n')
    files = inputs(site)
    if options.short:
        files = files[:12]
    done = subprocess.run([site.build / "tests/allocations", conf, *files], capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr).strip()[-4000:]
    return done.stdout.strip().split("\n")[-1]


def allocations_of_the_daemon(site, options):
    """One in so many, whoever asks for it. No mails: GLib, which reads them, aborts."""
    control = site.interpose()
    with Load(site) as clients:
        clients.wait_for_more()
        for every in (997, 211, 53)[:1 if options.short else 3]:
            for round_ in range(options.rounds):
                with control.faults(allocate_every=every):
                    time.sleep(2)
                    assert site.door.running, "it has died"
                clients.wait_for_more(statuses=(201,))
    return f"503 {clients.count(503)}, cut {clients.cut}"


def limit(site, what, soft):
    """As its own user, whose processes are all that it may limit."""
    subprocess.run(as_user(SERVER_USER, ["prlimit", f"--pid={site.door.process.pid}", f"--{what}={soft}:"]), check=True)


def size_of(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def address_space(site, options):
    class Large(Load):
        def one(self, client, report):
            return super().one(client, Report(pad=8 << 20) if random.random() < 0.3 else report)

    # what nobody vouches for is bounded, of one network too: not what this is about
    site.database.sql(f"UPDATE tlsrpt.claim_limit SET most = {1 << 40}, most_a_source = {1 << 40}")
    with Large(site, clients=8) as clients:
        for round_ in range(options.rounds):
            clients.wait_for_more()
            limit(site, "as", size_of(site.door.process.pid) + SPARE_BYTES)
            try:
                time.sleep(5 if options.short else 20)
                assert site.door.running, "it has died"
            finally:
                limit(site, "as", "unlimited")
            clients.wait_for_more(statuses=(200, 201))
    wait_until(lambda: not site.spooled(), "an empty spool")
    return f"202 {clients.count(202)}, 503 {clients.count(503)}, cut {clients.cut}"


def descriptors(site, options):
    with Load(site, clients=4) as clients:
        for round_ in range(options.rounds):
            clients.wait_for_more()
            pid = site.door.process.pid
            used = len(subprocess.run(["ls", f"/proc/{pid}/fd"], capture_output=True, text=True).stdout.split())
            limit(site, "nofile", used + 2)
            others = []
            try:
                others = [Raw(site.door.plain) for _ in range(20)]  # the kernel takes them, tlsrptd cannot
                site.postgres.stop()
                time.sleep(1)
                site.postgres.start_again()
                time.sleep(1 if options.short else 5)
                assert site.door.running, "it has died"
            finally:
                for other in others:
                    other.close()
                limit(site, "nofile", 1000)
            clients.wait_for_more(statuses=(201,))
    wait_until(lambda: not site.spooled(), "an empty spool")
    return f"202 {clients.count(202)}, 503 {clients.count(503)}, cut {clients.cut}"


def cases(options):
    yield "every allocation fails once, no leak", every_allocation
    yield "RLIMIT_AS", address_space
    yield "file descriptors exhausted", descriptors
    yield "allocations of the daemon fail", allocations_of_the_daemon
