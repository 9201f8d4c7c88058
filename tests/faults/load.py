"""Clients at each door, who note what was acknowledged and send again what was not."""
import random
import socket
import subprocess
import threading
import time

from ledger import Report  # first: it finds the modules of tests/e2e

from mail_door import Lmtp
from raw import Raw, request
from site_control import PATIENCE_S, wait_until

PAUSE_S = 0.02


class Load:
    """`clients` threads until the block ends. `bad`: answers that no fault of ours may cause."""

    def __init__(self, site, clients=4, port=None, expected=(200, 201, 202, 503)):
        self.site, self.port, self.expected = site, port, expected
        self.lock, self.over = threading.Lock(), threading.Event()
        self.answers = []  # (when, status, seconds it took)
        self.bad, self.cut = [], 0
        self.threads = [threading.Thread(target=self.run, args=(n,), daemon=True) for n in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, *exception):
        self.over.set()
        for thread in self.threads:
            thread.join()
        if kind is None:
            assert not self.bad, f"answered {self.bad[0]}"

    def connect(self):
        return Raw(self.port or self.site.door.plain)

    def send(self, client, report):
        """The status, and whether it is an acknowledgement."""
        status, _, _ = client.send(request(report.body)).answer()
        return status, status in (200, 201, 202)

    def run(self, number):
        choose = random.Random(number)
        again = None  # was not acknowledged: an honest sender tries again, if it can
        while not self.over.is_set():
            try:
                with self.connect() as client:
                    while not self.over.is_set():
                        report = again or Report(choose.choice((0, 0, 3000, 60000)))
                        again = report
                        if self.one(client, report):
                            again = None
                        elif choose.random() < 0.3:
                            again = None
            except (OSError, EOFError, AssertionError, ValueError, IndexError):
                with self.lock:
                    self.cut += 1
                time.sleep(PAUSE_S)

    def one(self, client, report):
        start = time.monotonic()
        status, acknowledged = self.send(client, report)
        now = time.monotonic()
        if acknowledged:
            self.site.ledger.acknowledge(report)
        with self.lock:
            self.answers.append((now, status, now - start))
            if status not in self.expected:
                self.bad.append(status)
        if status not in (200, 201, "250"):
            time.sleep(PAUSE_S)
        return acknowledged

    # ---- what they saw ----

    def count(self, *statuses):
        with self.lock:
            return sum(status in statuses for _, status, _ in self.answers)

    def since(self, moment, *statuses):
        """When the first such answer came after that moment; None if none did yet."""
        with self.lock:
            return next((when for when, status, _ in self.answers if when > moment and status in statuses), None)

    def slowest(self):
        with self.lock:
            return max((seconds for _, _, seconds in self.answers), default=0)

    def wait_for_more(self, count=20, statuses=(200, 201, 202)):
        enough = self.count(*statuses) + count
        wait_until(lambda: self.count(*statuses) >= enough, f"{count} more of {statuses}")


class MailClient(Lmtp):
    """`path`: of the socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rb")
        assert self.reply().startswith("220 ")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def reply(self):
        text = super().reply()
        if text == "":
            raise EOFError
        return text


class MailLoad(Load):
    """The same at the LMTP door."""

    def __init__(self, site, clients=4):
        super().__init__(site, clients, expected=("250", "451", "421"))

    def connect(self):
        return MailClient(self.site.door.socket)

    def send(self, client, report):
        answer = client.send(report.mail())
        return answer[:3], answer.startswith("250 2.0.0 stored") or answer.startswith("250 2.0.0 duplicate")

    def wait_for_more(self, count=20, statuses=("250",)):
        super().wait_for_more(count, statuses)


class ImportLoad:
    """Folders of reports, each imported until `tlsrptd import` ends well. A thread, as the others."""

    def __init__(self, site, files=60):
        self.site, self.files, self.variables = site, files, {}
        self.codes = []

    def folder(self):
        made = self.site.folder / f"import-{time.monotonic_ns()}"
        made.mkdir()
        reports = [Report() for _ in range(self.files)]
        for report in reports:
            (made / f"{report.id}.json.gz").write_bytes(report.body)
        return made, reports

    def run(self, folder, **variables):
        """The exit code of one try."""
        command = ["env", *(f"{name}={value}" for name, value in variables.items()), self.site.tlsrptd, "import",
                   "--db", self.site.database.uri, folder]
        self.codes.append(subprocess.run(command, capture_output=True).returncode)
        return self.codes[-1]

    def acknowledge(self, reports):
        for report in reports:
            self.site.ledger.acknowledge(report)
