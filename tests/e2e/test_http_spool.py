"""Posts while the database is away: kept on disk, answered 202, and in the database once it is back, with all that was
known when they came. What can be refused without the database is refused at once; mails are put off."""
import os
import signal
import subprocess
import time

import pytest

import mail_door
from conftest import Database, Postgres
from dns_server import NameServer
from mail_door import wait_until
from mails import mail, report as mail_report
from raw import request
from test_http import Door, report


@pytest.fixture
def site(tlsrptd, tmp_path_factory):
    """site(https="..."): a started daemon on a server of its own, and its database."""
    made = []

    def start(**options):
        server = Postgres(durable=True)
        made.append(server.remove)
        database = Database(server, server.create_database())
        subprocess.run([tlsrptd, "migrate", "--db", database.uri], check=True, capture_output=True)
        daemon = Door(tlsrptd, server.dir, database, **options)
        made.append(lambda: daemon.stop(signal.SIGKILL))
        return daemon.start(), database

    yield start
    for undo in reversed(made):
        undo()


def post(daemon, body, *headers, **more):
    status, _, answer = daemon.ask(request(body, *headers, **more))
    return status, answer["status"]


def files(daemon, kind="report"):
    return sorted((daemon.folder / "state/spool").glob(f"*.{kind}"))


def rows(database):
    return database.sql("SELECT report_id, received, peer, policy_domain, transport FROM tlsrpt.report ORDER BY received, report_id")


def test_posts_are_kept_until_the_database_is_back(site):
    daemon, database = site()
    assert post(daemon, report("before")) == (201, "stored")
    database.server.stop()
    sent = time.time()
    assert post(daemon, report("one")) == (202, "spooled")
    assert post(daemon, report("two", domain=None), path="/v1/tlsrpt/sub.example.net") == (202, "spooled")
    assert post(daemon, report("one")) == (202, "spooled")
    assert post(daemon, report(domain="elsewhere.example")) == (403, "not-ours")
    assert post(daemon, b"what is this?") == (400, "unrecognized")
    assert post(daemon, b'{"organization-name": "cut') == (202, "spooled")
    answered = time.time()
    assert len(files(daemon)) == 4
    assert {path.stat().st_mode & 0o777 for path in files(daemon)} == {0o600}
    time.sleep(1)
    database.server.start()
    wait_until(lambda: not files(daemon), "an empty spool")
    assert post(daemon, report("after")) == (201, "stored")
    kept = rows(database)
    assert [row[0] for row in kept] == ["before", "one", "two", "after"]
    assert [row[2:] for row in kept[1:3]] == [("127.0.0.1", "example.com", 1), ("127.0.0.1", "sub.example.net", 1)]
    for row in kept[1:3]:
        assert int(sent) <= row[1].timestamp() <= answered
    assert database.value("SELECT count(*) FROM tlsrpt.quarantine") == 1
    assert daemon.stop() == 0


def test_the_host_is_the_one_that_dns_confirmed_when_it_came(site):
    names = NameServer(["1.0.0.127.in-addr.arpa. PTR mx1.out.example.net.", "mx1.out.example.net. A 127.0.0.1"])
    try:
        daemon, database = site(more=f'https_sender "example.org" {{ hosts = {{"*.out.example.net"}} }}\n'
                                     f'resolver {{ forwarders = {{"{names.forwarder}"}} }}')
        database.server.stop()
        assert post(daemon, report("listed")) == (202, "spooled")
        daemon.stop()
    finally:
        names.stop()
    database.server.start()
    daemon.start()
    wait_until(lambda: not files(daemon), "an empty spool")
    assert database.sql("SELECT report_id, tier, peer_name FROM tlsrpt.report") == [
        ("listed", 1, "mx1.out.example.net")]


def test_nobody_waits_for_a_database_that_is_known_to_be_away(site):
    """Those that come first wait for half of max_wait_s at most; the others would not be done in an hour."""
    daemon, database = site(more="intake { max_wait_s = 3600 }")
    assert post(daemon, report()) == (201, "stored")
    database.server.stop()
    for _ in range(5):
        assert post(daemon, report()) == (202, "spooled")
    assert len(files(daemon)) == 5


def test_a_daemon_that_starts_drains_what_another_left(site):
    daemon, database = site()
    database.server.stop()
    assert post(daemon, report("left")) == (202, "spooled")
    (file,) = files(daemon)
    daemon.stop(signal.SIGKILL)
    (file.parent / "00000000000000000009.half").write_bytes(file.read_bytes()[:100])
    (file.parent / "00000000000000000008.report").write_bytes(file.read_bytes()[:100])
    for path in file.parent.iterdir():
        os.chown(path, file.stat().st_uid, file.stat().st_gid)
    database.server.start()
    daemon.start()
    wait_until(lambda: not files(daemon), "an empty spool")
    assert [row[0] for row in rows(database)] == ["left"]
    assert [path.name for path in files(daemon, "*")] == ["00000000000000000008.aside"]
    assert daemon.log.read_text().count("set aside in the spool") == 1
    assert daemon.stop() == 0


def test_a_full_spool_pushes_back(site):
    daemon, database = site(https="spool_max_files = 2")
    database.server.stop()
    assert [post(daemon, report())[0] for _ in range(3)] == [202, 202, 503]
    database.server.start()
    wait_until(lambda: not files(daemon), "an empty spool")
    assert post(daemon, report()) == (201, "stored")
    assert len(rows(database)) == 3


def test_without_a_spool_posts_are_put_off(site):
    daemon, database = site(https="spool = false", more="intake { max_wait_s = 1 }")
    database.server.stop()
    assert post(daemon, report()) == (503, "try-later")
    assert not (daemon.folder / "state/spool").exists()


def test_mails_are_put_off(site, tlsrptd):
    _, database = site()
    daemon = mail_door.Daemon(tlsrptd, database.uri)
    try:
        database.server.stop()
        assert mail_door.Lmtp(daemon).send(mail(mail_report(), passed="sender.example")).startswith("451 ")
        assert not list((daemon.dir / "state/spool").iterdir())
    finally:
        daemon.remove()


def test_what_the_settings_refuse_by_now_is_kept_apart(site):
    daemon, database = site()
    database.server.stop()
    assert post(daemon, report("moved")) == (202, "spooled")
    daemon.stop()
    daemon.conf.write_text(daemon.conf.read_text().replace('"example.com"', '"example.org"'))
    database.server.start()
    daemon.start()
    wait_until(lambda: files(daemon, "aside"), "a file set aside")
    assert not files(daemon)
    assert "policy domain example.com is not ours" in daemon.log.read_text()
