"""The wire to PostgreSQL swallows packets or breaks, the wire to the client breaks behind the COMMIT."""
import signal
import socket
import time

from fault_kill import fill_spool
from fault_postgres import report, settle
from load import Load, MailLoad
from proxy import Proxy
from site_control import wait_until

SWALLOW_S = 20
PATIENCE_S = 10  # what SIGTERM may take


def through(site):
    """The URI of a wire of ours."""
    def connect():
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{site.postgres.dir}/.s.PGSQL.5432")
        return server

    site.wire = Proxy(connect)
    return (f"postgresql://postgres@127.0.0.1:{site.wire.port}/{site.database.name}"
            "?sslmode=disable&gssencmode=disable")


SITE = {"through": through}


def black_hole(site, options):
    healed = []
    with Load(site) as clients:
        for round_ in range(options.rounds):
            clients.wait_for_more(statuses=(200, 201))
            site.wire.swallows = True
            clients.wait_for_more(40, statuses=(202, 503))
            time.sleep(1 if options.short else SWALLOW_S)
            site.wire.swallows = False
            healed.append(settle(clients))
            clients.wait_for_more()
    return report(options, clients, healed)


def black_hole_under_mails(site, options):
    with MailLoad(site) as clients:
        for round_ in range(options.rounds):
            clients.wait_for_more()
            site.wire.swallows = True
            clients.wait_for_more(4, statuses=("451",))
            site.wire.swallows = False
            clients.wait_for_more()
    return f"250 {clients.count('250')}, 451 {clients.count('451')}; slowest answer {clients.slowest():.1f} s"


def black_hole_while_draining(site, options):
    for round_ in range(options.rounds):
        site.door.stop()
        site.door.start()
        fill_spool(site, 300)
        site.postgres.start()
        site.door.start()
        wait_until(lambda: site.spooled(), "a spool")
        site.wire.swallows = True
        time.sleep(2)
        site.wire.swallows = False
        site.mend()


def stop_in_a_black_hole(site, options):
    took = []
    for round_ in range(options.rounds):
        with Load(site) as clients:
            clients.wait_for_more()
            site.wire.swallows = True
            clients.wait_for_more(4, statuses=(202,))
            start = time.monotonic()
            assert site.door.stop(signal.SIGTERM) == 0
            took.append(time.monotonic() - start)
            site.wire.swallows = False
            site.door.start()
            clients.wait_for_more()
    assert options.short or max(took) < PATIENCE_S, f"it took {max(took):.1f} s"
    return f"stopped in {max(took):.1f} s"


def broken(site, options):
    healed = []
    with Load(site) as clients:
        for round_ in range(options.rounds):
            clients.wait_for_more(statuses=(200, 201))
            site.wire.refuses = True
            site.wire.cut(b"", 1)
            clients.wait_for_more(statuses=(202, 503))
            site.wire.cut(None)
            site.wire.refuses = False
            healed.append(settle(clients))
    return report(options, clients, healed)


def answer_of_commit_lost(site, options):
    """PostgreSQL has committed, and tlsrptd does not know."""
    before = site.wire.cuts
    with Load(site) as clients, MailLoad(site, 2) as mails:
        site.wire.cut(b"COMMIT\0", every=3)
        for round_ in range(options.rounds):
            clients.wait_for_more(30)
            mails.wait_for_more(5)
        site.wire.cut(None)
        clients.wait_for_more()
    assert site.wire.cuts > before
    return f"{site.wire.cuts - before} answers to COMMIT lost"


def acknowledgement_lost(site, options):
    """It has said 201, and the client does not know: it sends the same again."""
    wire = Proxy(lambda: socket.create_connection(("127.0.0.1", site.door.plain)))
    wire.cut(b"HTTP/1.1 20", every=2)
    with Load(site, port=wire.port) as clients:
        for round_ in range(options.rounds):
            clients.wait_for_more(50)
        assert clients.count(200) > 0, "nothing was sent again"
    return f"{wire.cuts} acknowledgements lost, {clients.count(200)} duplicates recognized"


def cases(options):
    yield "connections black-holed", black_hole
    yield "connections black-holed, LMTP", black_hole_under_mails
    yield "connections black-holed while draining", black_hole_while_draining
    yield "SIGTERM while black-holed", stop_in_a_black_hole
    yield "connections broken and refused", broken
    yield "answer of COMMIT lost", answer_of_commit_lost
    yield "acknowledgement lost after COMMIT", acknowledgement_lost
