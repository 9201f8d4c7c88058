"""`tlsrptd deliver`: to the daemon, or without one; 0 or 75 and nothing else."""
import subprocess

import pytest

from mail_door import Daemon
from mails import mail, report


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
    return sorted(database.sql("SELECT report_id, tier, transport FROM tlsrpt.report WHERE first"))


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


def test_line_ends_do_not_matter(daemon, tlsrptd, migrated):
    assert deliver(tlsrptd, daemon.config, signed(1).replace("\n", "\r\n")).returncode == 0
    assert deliver(tlsrptd, daemon.config, signed(1)).returncode == 0
    assert migrated.value("SELECT count(*) FROM tlsrpt.conflict") == 0
    assert len(kept(migrated)) == 1
