"""A PostgreSQL and a tlsrptd to break: both are started, killed, stopped and started again from here."""
import os
import pathlib
import shutil
import signal
import subprocess
import time

from control import Control
from ledger import DOMAIN, Ledger  # before those of tests/e2e, which it finds

from conftest import SERVER_USER, SOURCE, Database, Pooler, Postgres, as_user  # noqa: F401
from daemon import Daemon, free_port, make_certificate  # noqa: F401
from mails import AUTHSERV
from names import Names

PATIENCE_S = 60  # with a loaded machine


class Skipped(Exception):
    """This machine does not allow it."""


def wait_until(true, what, patience_s=PATIENCE_S):
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited in vain for {what}")


class Door(Daemon):
    """tlsrptd with a port without TLS and an LMTP socket beside HTTPS; `variables` are set for it alone."""

    def __init__(self, program, folder, uri, names, authserv=True):
        self.plain, self.socket, self.program, self.variables = free_port(), folder / "lmtp", program, {}
        super().__init__([program], folder, uri, [DOMAIN], f"""
lmtp {{ listen = {{"unix:{self.socket}"}} }}
{f'mail {{ trusted_authserv_id = "{AUTHSERV}" }}' if authserv else ""}
resolver {{ forwarders = {{"127.0.0.1@{names.port}"}} }}
""", f'plain_listen = {{"127.0.0.1:{self.plain}"}}\nsource_bytes_per_hour = {1 << 40}')

    def start(self, **variables):
        self.command = ["env", *(f"{name}={value}" for name, value in {**self.variables, **variables}.items()),
                        self.program]
        return super().start()

    def start_to_die(self, place):
        """It kills itself there, perhaps before it answers anybody."""
        try:
            self.start(TLSRPT_FAULT=place)
        except RuntimeError:
            if self.process.poll() != -signal.SIGKILL:
                raise

    def stop_hard(self):
        """Whatever it is doing."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def wait_for_death(self):
        """By its own hand, at the named place."""
        wait_until(lambda: not self.running, "its death")
        code, self.process = self.process.wait(), None
        assert code == -signal.SIGKILL, f"it ended with {code}"


class Site:
    """`build`: where the programs are. `through`: a function from the server to the URI that the daemon uses."""

    def __init__(self, build, through=None, authserv=True):
        self.build, self.ledger, self.names = pathlib.Path(build), Ledger(), Names()
        self.control, self.ends = None, []
        self.postgres = Postgres(durable=True)
        try:
            self.database = Database(self.postgres, self.postgres.create_database())
            self.tlsrptd = str(self.build / "tlsrptd")
            subprocess.run([self.tlsrptd, "migrate", "--db", self.database.uri], check=True, capture_output=True)
            self.folder = self.postgres.dir / "d"
            (self.folder / "state").mkdir(parents=True)
            if os.geteuid() == 0:
                shutil.chown(self.folder, SERVER_USER)
                shutil.chown(self.folder / "state", SERVER_USER)
            self.door = Door(self.tlsrptd, self.folder, through(self) if through else self.database.uri, self.names,
                             authserv)
        except BaseException:
            self.remove()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.door.stop(signal.SIGKILL)
        self.remove()

    def remove(self):
        """What `through` has put beside the server first."""
        for end in self.ends:
            end()
        self.postgres.remove()

    def interpose(self):
        """The control of interpose.c, which tlsrptd runs on from now on."""
        if not self.control:
            self.control = Control(self.folder, self.build / "tests/libinterpose.so")
            self.door.stop()
            self.door.variables = self.control.variables
            self.door.start()
        return self.control

    def spooled(self, kind="report"):
        return list((self.folder / "state/spool").glob(f"*.{kind}"))

    def mend(self):
        """Everything runs, and nothing waits any more."""
        if self.postgres.process.poll() is not None:
            self.postgres.start_again()
        if not self.door.running:
            self.door.start()
        wait_until(lambda: not self.spooled(), "an empty spool")
        assert not self.spooled("half") and not self.spooled("aside")

    def processes(self):
        """Of the server: the postmaster first."""
        return [self.postgres.process.pid, *(pid for pid, _ in self.postgres.children())]
