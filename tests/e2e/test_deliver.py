"""`tlsrptd deliver`: to the daemon, or without one; 0 or 75 and nothing else."""
import json
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from mail_door import Daemon
from mails import AUTHSERV, mail, report


def deliver(tlsrptd, config, text, *arguments):
    return subprocess.run([tlsrptd, "deliver", "-c", config, *arguments], input=text.encode(), capture_output=True)


@pytest.fixture
def daemon(tlsrptd, migrated):
    made = Daemon(tlsrptd, migrated.uri)
    yield made
    made.remove()


def signed(n):
    return mail(report(n), passed="sender.example")


def kept(database):
    return sorted(database.sql("SELECT report_id, tier, transport FROM tlsrpt.report"))


def test_to_the_daemon_and_without_one(daemon, migrated, tlsrptd):
    assert deliver(tlsrptd, daemon.config, signed(1)).returncode == 0
    daemon.stop()
    done = deliver(tlsrptd, daemon.config, signed(2))
    assert done.returncode == 0, done.stderr
    assert deliver(tlsrptd, daemon.config, signed(1)).returncode == 0
    assert kept(migrated) == [("id-1", 1, 3), ("id-2", 1, 3)]


def test_the_daemon_cannot_use_the_database_of_the_caller(daemon, migrated, tlsrptd):
    """With a daemon, deliver needs no access to the database."""
    done = deliver(tlsrptd, daemon.config, signed(1), "--db", "postgresql://nobody@/none?host=/nonexistent")
    assert done.returncode == 0, done.stderr
    assert len(kept(migrated)) == 1


def test_nothing_bounces(daemon, tlsrptd, migrated):
    for text in ["", "\0\1\2", "From: a@b\n\nlunch?\n", mail(report(1)), "x" * (26 << 20),
                 "From a@b Sun Mar  1 00:00:00 2026\n" + signed(1)]:
        for _ in range(2):
            done = deliver(tlsrptd, daemon.config, text)
            assert done.returncode == 0, (text[:40], done.stderr)
        daemon.stop()
        done = deliver(tlsrptd, daemon.config, text)
        assert done.returncode == 0, (text[:40], done.stderr)
        daemon.start()
    assert len(kept(migrated)) == 1


def test_our_fault_is_75(daemon, tlsrptd, migrated, postgres, tmp_path):
    postgres.stop()
    try:
        assert deliver(tlsrptd, daemon.config, signed(1)).returncode == 75
        daemon.stop()
        assert deliver(tlsrptd, daemon.config, signed(1)).returncode == 75
    finally:
        postgres.start()
    (tmp_path / "broken.conf").write_text("database {")
    assert deliver(tlsrptd, tmp_path / "broken.conf", signed(1)).returncode == 75
    assert deliver(tlsrptd, daemon.config, signed(1), "operand").returncode == 75
    assert deliver(tlsrptd, daemon.config, signed(1), "--no-such-option").returncode == 75
    assert deliver(tlsrptd, daemon.config, signed(1)).returncode == 0
    assert len(kept(migrated)) == 1


def test_no_daemon_can_be_where_no_socket_can(tlsrptd, migrated, tmp_path):
    """A path too long for a socket is no reason to put mail off."""
    config = tmp_path / "tlsrpt.conf"
    config.write_text(f'state_dir = "{tmp_path}/{"x" * 100}"\nmail {{ trusted_authserv_id = "{AUTHSERV}" }}\n')
    done = deliver(tlsrptd, config, signed(1), "--db", migrated.uri)
    assert done.returncode == 0, done.stderr
    assert kept(migrated) == [("id-1", 1, 3)]


def test_line_ends_do_not_matter(daemon, tlsrptd, migrated):
    assert deliver(tlsrptd, daemon.config, signed(1).replace("\n", "\r\n")).returncode == 0
    assert deliver(tlsrptd, daemon.config, signed(1)).returncode == 0
    assert migrated.value("SELECT count(*) FROM tlsrpt.conflict") == 0
    assert len(kept(migrated)) == 1


@pytest.fixture
def alone(tlsrptd):
    """A site with nothing configured and no daemon: the embedded database, when somebody needs it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tlsrpt-s-"))  # a socket's path must be short
    folder.chmod(0o755)
    config = folder / "tlsrpt.conf"
    config.write_text(f'state_dir = "{folder}/state"\nuser = "nobody"\n'
                      f'mail {{ trusted_authserv_id = "{AUTHSERV}" }}\n')
    yield config
    subprocess.run([tlsrptd, "database", "stop", "-c", config], capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)


def test_many_at_once_without_daemon_or_database(alone, tlsrptd, tlsrpt):
    """Each starts the embedded database, or uses another's: what is cut off is tried again and then is there."""
    left = {n: signed(n) for n in range(8)}
    for _ in range(20):
        running = {n: subprocess.Popen([tlsrptd, "deliver", "-c", alone], stdin=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL) for n in left}
        for n, process in running.items():
            process.communicate(left[n].encode())
            assert process.returncode in (0, 75)
        left = {n: text for n, text in left.items() if running[n].returncode}
        if not left:
            break
    assert not left
    subprocess.run([tlsrptd, "database", "start", "-c", alone], check=True, capture_output=True)
    done = subprocess.run([tlsrpt, "reports", "-c", alone, "--format", "json", "--since", "90d"], check=True,
                          capture_output=True, text=True)
    assert sorted(row["report_id"] for row in json.loads(done.stdout)) == [f"id-{n}" for n in range(8)]
