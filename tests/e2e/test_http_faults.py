"""What breaks under load: PostgreSQL killed, the daemon killed, no room on the disk. Every report that was answered
2xx is there afterwards, and once."""
import collections
import os
import random
import signal
import subprocess
import threading
import time

import pytest

from conftest import Database, Postgres
from raw import Raw, request
from test_http import Door, report

CLIENTS = 8
KILLS = 6


class Load:
    """Clients that post new reports, and old ones again, until they are stopped."""

    def __init__(self, daemon, seed):
        self.daemon, self.seed = daemon, seed
        self.lock, self.over = threading.Lock(), threading.Event()
        self.acknowledged, self.statuses = [], collections.Counter()
        self.faults = []
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exception):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def run(self, number):
        choose = random.Random(f"{self.seed} {number}")
        while not self.over.is_set():
            try:
                with Raw(self.daemon.plain) as client:
                    while not self.over.is_set():
                        self.post(client, choose)
            except (EOFError, OSError):
                self.statuses["cut"] += 1
                time.sleep(0.01)

    def post(self, client, choose):
        with self.lock:
            again = choose.random() < 0.1 and self.acknowledged
            body = choose.choice(self.acknowledged[-50:]) if again else None
        body = body or report(pad=choose.choice((0, 0, 3000, 100000)))
        status, headers, _ = client.send(request(body)).answer()
        with self.lock:
            self.statuses[status] += 1
            if status in (200, 201):
                self.acknowledged.append(body)
            elif status != 503 or int(headers.get("retry-after", 0)) <= 0:
                self.faults.append((status, headers))
        if status == 503:
            time.sleep(0.05)

    def wait_for(self, status, count):
        """Until so many more were answered with this."""
        enough = self.statuses[status] + count
        while self.statuses[status] < enough:
            assert self.daemon.process.poll() is None
            time.sleep(0.02)

    def wait_for_more(self):
        """It works again."""
        self.wait_for(201, 20)


def check(load, database):
    """The one question of this file."""
    bodies = collections.Counter(bytes(row[0]) for row in database.sql("SELECT body FROM tlsrpt.raw_report"))
    assert not load.faults
    assert not set(load.acknowledged) - set(bodies), "acknowledged, and lost"
    assert set(bodies.values()) == {1}, "kept twice"
    tables = ("report", "policy_result")
    assert {database.value(f"SELECT count(*) FROM tlsrpt.{table}") for table in tables} == {len(bodies)}


@pytest.fixture
def server():
    """One that syncs, and that a test may kill."""
    made = Postgres(durable=True)
    yield made
    made.remove()


@pytest.fixture
def site(server, tlsrptd, tmp_path):
    """A daemon on a server of its own."""
    database = Database(server, server.create_database())
    subprocess.run([tlsrptd, "migrate", "--db", database.uri], check=True, capture_output=True)
    daemon = Door(tlsrptd, tmp_path, database)
    try:
        yield daemon.start(), database
        assert daemon.stop() == 0
    finally:
        daemon.stop(signal.SIGKILL)


def test_postgresql_is_killed_under_load(site):
    daemon, database = site
    server, choose = database.server, random.Random(2)
    with Load(daemon, "postgresql") as load:
        for number in range(KILLS):
            load.wait_for_more()
            time.sleep(choose.uniform(0, 0.3))
            if number % 2:
                server.kill_all()
                time.sleep(choose.uniform(0, 1))
                server.start_again()
            else:
                pids = [pid for pid, name in server.children() if "[local]" in name]
                os.kill(choose.choice(pids), signal.SIGKILL)
        load.wait_for_more()
    check(load, database)


def test_the_daemon_is_killed_under_load(site):
    daemon, database = site
    choose = random.Random(3)
    with Load(daemon, "daemon") as load:
        for _ in range(KILLS):
            load.wait_for_more()
            time.sleep(choose.uniform(0, 0.3))
            daemon.process.kill()
            daemon.process.wait()
            daemon.start()
        load.wait_for_more()
    check(load, database)


# ---- no room ----

DISK = "160m"
LEFT_BYTES = (40 << 20, 4 << 20)  # while it is full there is room for WAL, then not even for that


@pytest.fixture
def small_disk(server):
    """Moves the server to a disk of its own: a folder on it, to put ballast into."""
    disk = server.dir / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("only root may mount a disk")
    try:
        server.stop()
        subprocess.run(["cp", "-a", server.data, disk / "data"], check=True)
        server.data = disk / "data"
        server.start()
        yield disk
    finally:
        server.stop()
        subprocess.run(["umount", "-l", disk], check=True)


def fill(disk, left):
    room = os.statvfs(disk)
    with open(disk / "ballast", "wb") as ballast:
        os.posix_fallocate(ballast.fileno(), 0, max(room.f_bavail * room.f_frsize - left, 1))


@pytest.mark.parametrize("left", LEFT_BYTES)
def test_no_room_on_the_disk(small_disk, site, left):
    daemon, database = site
    with Load(daemon, f"disk {left}") as load:
        load.wait_for_more()
        fill(small_disk, left)
        load.wait_for(503, 10)
        (small_disk / "ballast").unlink()
        enough = load.statuses[201] + 20
        while load.statuses[201] < enough:
            if database.server.process.poll() is not None:  # it ends when it cannot recover, now or soon
                database.server.start_again()
            time.sleep(0.02)
    check(load, database)
