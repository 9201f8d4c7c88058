"""What an operator does on an ordinary day, while reports come in: stop, change the certificate, set the clock."""
import base64
import hashlib
import os
import random
import signal
import ssl
import threading
import time

from load import Load, MailLoad
from raw import Raw
from site_control import make_certificate, wait_until

STOP_S = 10
SWAPS = 50
DAY_S = 86400

SITE = {"authserv": False}  # the keys of signatures are asked for


def stop_under_load(site, options):
    took = []
    with Load(site, 6) as clients, MailLoad(site, 2) as mails:
        for round_ in range(options.rounds):
            clients.wait_for_more()
            start = time.monotonic()
            assert site.door.stop(signal.SIGTERM) == 0
            took.append(time.monotonic() - start)
            site.door.start()
    assert options.short or max(took) < STOP_S, f"it took {max(took):.1f} s"
    return f"stopped in {max(took):.1f} s"


def silent_names(site, options):
    """Posts wait for the name of their host, mails for keys; a body comes slowly, a client says nothing."""
    took = []
    for round_ in range(options.rounds):
        with Load(site, 4) as clients, SignedLoad(site, 4) as mails:
            clients.wait_for_more()
            site.door.stop()
            site.names.silent = True
            site.door.start()
            slow = [Raw(site.door.plain) for _ in range(3)]
            slow[0].send(b"POST /v1/tlsrpt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
            slow[1].send(b"POST /v1")
            time.sleep(random.uniform(0.2, 1))
            start = time.monotonic()
            assert site.door.stop(signal.SIGTERM) == 0
            took.append(time.monotonic() - start)
            site.names.silent = False
            site.door.start()
            clients.wait_for_more()
    assert options.short or max(took) < STOP_S, f"it took {max(took):.1f} s"
    return f"stopped in {max(took):.1f} s"


class SignedLoad(MailLoad):
    """Mails with signatures that nobody can verify; other names for their keys each time."""

    def __init__(self, site, clients):
        super().__init__(site, clients)
        self.expected = ("250", "451", "421")

    def send(self, client, report):
        text = report.mail()
        body = text.partition("\n\n")[2].replace("\n", "\r\n")
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        answer = client.send(
            f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d={report.id}.sender.example; s=s1;\n"
            f"\th=From:To:Subject:Date; bh={digest}; b={'A' * 342}==\n" + text)
        return answer[:3], False  # kept as ignored at best, which is no report


# ---- the certificate ----

class TlsLoad(Load):
    """A handshake for each post."""

    def __init__(self, site, context, clients):
        super().__init__(site, clients)
        self.context, self.failed = context, []

    def connect(self):
        return self

    def __enter__(self):
        if not self.threads[0].is_alive() and not self.over.is_set():
            super().__enter__()
        return self

    def __exit__(self, *exception):
        if threading.current_thread() not in self.threads:
            super().__exit__(*exception)

    def send(self, client, report):
        try:
            with Raw(self.site.door.port, self.context) as connection:
                return super().send(connection, report)
        except (ssl.SSLError, OSError, EOFError) as error:
            with self.lock:
                self.failed.append(repr(error))
            raise


def certificates(site, options):
    """Two pairs in turn, each put in place in two steps, as a script of an operator does."""
    others = site.folder / "other"
    others.mkdir(exist_ok=True)
    make_certificate(others)
    pairs = [tuple(path.read_bytes() for path in (folder / "localhost.cert.pem", folder / "localhost.key.pem"))
             for folder in (site.folder, others)]
    context = ssl.create_default_context()
    for certificate, _ in pairs:
        context.load_verify_locations(cadata=certificate.decode())
    swaps = SWAPS if not options.short else 20
    with TlsLoad(site, context, 4) as clients:
        for number in range(swaps * options.rounds):
            clients.wait_for_more(2, statuses=(200, 201))
            for path, text in zip((site.door.certificate, site.door.key), pairs[(number + 1) % 2]):
                new = path.with_suffix(".new")
                new.write_bytes(text)
                os.chmod(new, 0o644)
                os.replace(new, path)
            if number % 2:
                site.door.process.send_signal(signal.SIGHUP)
    assert not clients.failed, f"{len(clients.failed)} failed: {clients.failed[0]}"
    return f"{swaps * options.rounds} swaps, {len(clients.answers)} handshakes, none failed"


# ---- the clock ----

def clock(site, options):
    """Forward, back, far back, and back to now; posts, spool and waiting go on."""
    control = site.interpose()
    with Load(site) as clients:
        for seconds in (3600, -3600, DAY_S, -DAY_S, 20 * DAY_S, -20 * DAY_S):
            with control.faults(clock_s=seconds):
                clients.wait_for_more(10, statuses=(200, 201))
                site.postgres.stop()
                clients.wait_for_more(5, statuses=(202,))
            clients.wait_for_more(5, statuses=(202,))
            site.postgres.start_again()
            clients.wait_for_more(10, statuses=(200, 201))
            wait_until(lambda: len(site.spooled()) < 10, "the spool to drain")
    return f"slowest answer {clients.slowest():.1f} s"


def cases(options):
    yield "SIGTERM under load", stop_under_load
    yield "SIGTERM, DNS silent, bodies under way", silent_names
    yield "certificate swapped under load", certificates
    yield "clock stepped", clock
