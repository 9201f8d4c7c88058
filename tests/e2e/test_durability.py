"""What a crash or a failover would lose is said before it happens: at start, by `tlsrptd config check`
and by `tlsrpt doctor`."""
import subprocess
import time

import pytest

from conftest import START_S, Postgres, as_user, postgres_bin
from daemon import Daemon

FAULTS = [
    # the server's setting, its value, what must be said; nothing else may be
    (None, None, []),
    ("fsync", "off", ["fsync = off"]),
    ("full_page_writes", "off", ["full_page_writes = off"]),
    ("synchronous_commit", "off", ["synchronous_commit = off"]),
]


class Server(Postgres):
    """Durable, as an operator's is, with settings that a test changes for a while."""

    def set(self, name, value):
        self.sql("postgres", f"ALTER SYSTEM SET {name} = %s", [value])
        self.reload(name, value)

    def reset(self, name):
        self.sql("postgres", f"ALTER SYSTEM RESET {name}")
        self.reload(name, None)

    def reload(self, name, value):
        self.sql("postgres", "SELECT pg_reload_conf()")
        for _ in range(START_S * 20):
            now, default = self.sql("postgres", "SELECT setting, boot_val FROM pg_settings WHERE name = %s", [name])[0]
            if now == (default if value is None else value):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{name} does not change")


@pytest.fixture(scope="module")
def server(tlsrptd):
    server = Server(durable=True)
    server.create_database("t")
    subprocess.run([tlsrptd, "migrate", "--db", server.uri("t")], check=True, capture_output=True)
    yield server
    server.remove()


@pytest.fixture
def daemon(server, tlsrptd, tmp_path):
    tmp_path.chmod(0o755)
    return Daemon(tlsrptd, tmp_path, server.uri("t", "tlsrpt_collector"), domains=["example.com"])


def check(daemon):
    done = subprocess.run([*daemon.command, "config", "check", "-c", daemon.conf], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def matches(lines, wanted):
    assert len(lines) == len(wanted), lines
    for line, text in zip(lines, wanted):
        assert text in line, lines


@pytest.mark.parametrize("name, value, wanted", FAULTS, ids=[str(row[0]) for row in FAULTS])
def test_a_setting_that_loses_reports_is_warned_about(server, daemon, name, value, wanted):
    if name:
        server.set(name, value)
    try:
        matches(check(daemon), wanted)
        with daemon:
            for _ in range(START_S * 20):
                if not wanted or "unsafe database" in daemon.log.read_text():
                    break
                time.sleep(0.05)
        matches([line for line in daemon.log.read_text().splitlines() if "unsafe database" in line], wanted)
    finally:
        if name:
            server.reset(name)


def test_a_standby_that_is_not_waited_for_is_warned_about(server, daemon, tmp_path):
    server.sql("postgres", "SELECT pg_create_physical_replication_slot('away')")
    matches(check(daemon), ["there is a standby of this PostgreSQL, and asynchronous"])
    server.set("synchronous_standby_names", "away")
    try:
        assert check(daemon) == []
        server.set("synchronous_commit", "local")
        matches(check(daemon), ["synchronous_commit = local"])
    finally:
        server.reset("synchronous_commit")
        server.reset("synchronous_standby_names")
        server.sql("postgres", "SELECT pg_drop_replication_slot('away')")
    assert check(daemon) == []


def test_a_standby_that_is_connected_is_seen_without_a_slot(server, daemon):
    """The role of a collector may not read the details of pg_stat_replication."""
    place = server.dir / "wal"
    subprocess.run(as_user(server.user, ["mkdir", str(place)]), check=True)
    standby = subprocess.Popen(as_user(server.user, [f"{postgres_bin()}/pg_receivewal", "-D", str(place), "-d",
                                                     server.uri("postgres")]), stderr=subprocess.DEVNULL)
    try:
        for _ in range(START_S * 20):
            if server.sql("postgres", "SELECT FROM pg_stat_replication WHERE state = 'streaming'"):
                break
            time.sleep(0.05)
        matches(check(daemon), ["there is a standby of this PostgreSQL, and asynchronous"])
    finally:
        standby.terminate()
        standby.wait()


def test_check_says_what_the_daemon_would_fail_at(daemon, tmp_path):
    daemon.key.unlink()
    done = subprocess.run([*daemon.command, "config", "check", "-c", daemon.conf], capture_output=True, text=True)
    assert done.returncode == 78 and f"cannot read {daemon.key}: No such file" in done.stderr
    daemon.key.write_text("no key")
    done = subprocess.run([*daemon.command, "config", "check", "-c", daemon.conf], capture_output=True, text=True)
    assert done.returncode == 78 and "cannot use certificate" in done.stderr
    away = tmp_path / "away.conf"
    away.write_text(f'domains = {{"example.com"}}\ndatabase {{ uri = "postgresql:///x?host={tmp_path}" }}\n')
    done = subprocess.run([*daemon.command, "config", "check", "-c", away], capture_output=True, text=True)
    assert done.returncode == 69, done
    done = subprocess.run([*daemon.command, "config", "chekc", "-c", away], capture_output=True, text=True)
    assert done.returncode == 64 and "did you mean check?" in done.stderr
