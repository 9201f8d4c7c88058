"""The mailboxes' door against a real Dovecot: every report once, no mail touched too early, nothing said twice."""
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import urllib.request

import pytest

from daemon import free_port, make_certificate
from imap_server import TOKEN, USER, Dovecot, Wire
from mail_door import wait_until
from mails import AUTHSERV, mail, report

MANY = int(os.environ.get("TLSRPT_MANY_MAILS", "600"))


@pytest.fixture(scope="session")
def dovecot():
    made = Dovecot()
    yield made
    made.remove()


@pytest.fixture
def site(tlsrptd, tlsrpt, migrated, dovecot):
    dovecot.clear()
    dovecot.fill([])
    made = Site(tlsrptd, tlsrpt, migrated, dovecot)
    yield made
    made.remove()


class Site:
    """A collector whose only door is a mailbox."""

    def __init__(self, tlsrptd, tlsrpt, database, dovecot):
        self.tlsrptd, self.tlsrpt, self.database, self.dovecot = tlsrptd, tlsrpt, database, dovecot
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="tlsrpt-i-"))
        self.dir.chmod(0o755)
        self.conf, self.log, self.process = self.dir / "tlsrpt.conf", self.dir / "log", None
        self.status = free_port()
        self.write()

    def write(self, url=None, more="", **settings):
        """The configuration: `settings` of the section imap; None leaves one out."""
        dovecot = self.dovecot
        keys = {"url": url or f"imaps://localhost:{dovecot.tls_port}/INBOX", "user": USER,
                "password_file": dovecot.password_file, "ca_file": dovecot.certificate, "done": "keep"} | settings
        lines = "".join(f"    {key} = {value}\n" if isinstance(value, int) else f'    {key} = "{value}"\n'
                        for key, value in keys.items() if value is not None)
        self.conf.write_text(f"""
state_dir = "{self.dir}/state"
user = "nobody"
database {{ uri = "{self.database.uri}" }}
mail {{ trusted_authserv_id = "{AUTHSERV}" }}
resolver {{ forwarders = {{"127.0.0.1@1"}} }}
status {{ listen = {{"127.0.0.1:{self.status}"}} }}
imap "box" {{
{lines}}}
{more}""")

    def fetch(self, *words):
        done = subprocess.run([self.tlsrptd, "fetch", "-c", self.conf, *words], capture_output=True, text=True)
        for finding in ("Sanitizer", "runtime error:"):
            assert finding not in done.stderr, done.stderr
        return done

    def start(self):
        self.process = subprocess.Popen([self.tlsrptd, "serve", "-c", self.conf], stderr=open(self.log, "ab"))

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code, self.process = self.process.wait(), None
        for finding in ("Sanitizer", "runtime error:"):
            assert finding not in self.log.read_text(errors="replace"), self.log.read_text(errors="replace")
        return code

    def remove(self):
        if self.process:
            self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def lines(self, event):
        return [line for line in self.log.read_text().splitlines() if re.search(rf"\b{event}\b", line)] \
            if self.log.exists() else []

    def kept(self):
        return sorted(row[0] for row in self.database.sql("SELECT report_id FROM tlsrpt.report"))

    def metric(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.status}/metrics") as answer:
            return [line for line in answer.read().decode().splitlines() if line.startswith(name)]


def titled(text, title):
    """With another subject, by which the tests know it."""
    return re.sub(r"(?m)^Subject: .*$", f"Subject: {title}", text, count=1)


def report_mail(n):
    return titled(mail(report(n), passed="sender.example"), f"Report Domain: example.org {n}")


def other_mail(n):
    """What else lies in such a mailbox: notes, signed newsletters, attachments, lines like those of the protocol."""
    signed = f"Authentication-Results: {AUTHSERV}; dkim=pass header.d=news.example header.b=AbCdEf12\n" if n % 2 else ""
    body = "A004 OK FETCH completed\r\n* BYE\r\n" if n % 3 else "lunch?\n"
    if n % 4 == 2:
        return (f"{signed}From: a@news.example\nSubject: invoice {n}\nMIME-Version: 1.0\n"
                "Content-Type: application/zip; name=invoice.zip\nContent-Transfer-Encoding: base64\n\nUEsDBA==\n")
    return f"{signed}From: a@news.example\nSubject: note {n}\n\n{body}"


def mixed(count):
    """Mails of which each third is a report, and the names of both kinds."""
    mails = [report_mail(n) if n % 3 == 0 else other_mail(n) for n in range(count)]
    return mails, sorted(f"id-{n}" for n in range(0, count, 3)), sorted(str(n) for n in range(count) if n % 3)


# ---- what becomes of mails ----

@pytest.mark.parametrize("done", ["keep", "seen", "move Done/Gelesen ä", "delete"])
def test_each_report_once_and_nothing_else_is_touched(site, dovecot, done):
    mails, reports, others = mixed(MANY)
    dovecot.fill(mails)
    if done.startswith("move"):
        client = dovecot.client()
        assert client.create('"Done/Gelesen &AOQ-"')[0] == "OK"
        client.logout()
    site.write(done=done)
    first = site.fetch()
    assert first.returncode == 0, first.stderr
    assert site.kept() == reports
    numbers = sorted(name[3:] for name in reports)
    if done == "keep":
        assert dovecot.subjects(which="UNSEEN") == sorted(numbers + others)
    elif done == "seen":
        assert dovecot.subjects(which="SEEN") == numbers and dovecot.subjects(which="UNSEEN") == others
    else:
        assert dovecot.subjects() == others and dovecot.subjects(which="UNSEEN UNDELETED") == others
    if done.startswith("move"):
        assert dovecot.subjects("Done/Gelesen &AOQ-") == numbers
    assert site.database.value("SELECT count(*) FROM tlsrpt.quarantine") == 0
    again = site.fetch()
    assert again.returncode == 0 and "box: 0 mails" in again.stdout
    dovecot.fill([report_mail(9999)])
    assert "box: 1 mails, 1 stored" in site.fetch().stdout


def test_what_is_not_believed_stays_where_it_is(site, dovecot):
    """Ignored, not ours, too big: none of it is a report that is in the figures, so its owner shall see it."""
    unsigned = titled(mail(report(1)), "Report Domain: example.org unsigned")
    foreign = titled(mail(report(2, domain="other.example"), passed="sender.example"), "x foreign")
    big = b"From: a@b\r\nSubject: x big\r\n\r\n" + b"tlsrpt " * 80 + b"x\r\n" * (10 << 20)  # 30 MiB
    dovecot.fill([unsigned, foreign, big, report_mail(3)])
    site.write(done="delete", more='domains = {"example.org"}\n')
    done = site.fetch()
    assert done.returncode == 0, done.stderr
    assert "box: 4 mails, 1 stored, 1 ignored, 1 not-ours, 1 too-big" in done.stdout
    assert dovecot.subjects() == ["big", "foreign", "unsigned"] and site.kept() == ["id-3"]
    assert "box: 4 mails" not in site.fetch().stdout
    assert "box: 3 mails, 1 ignored" in site.fetch("--all").stdout


def test_a_new_uidvalidity_begins_anew(site, dovecot):
    mails, reports, _ = mixed(30)
    dovecot.fill(mails)
    assert site.fetch().returncode == 0
    before = site.database.value("SELECT uidvalidity FROM tlsrpt.mailbox")
    dovecot.clear()
    dovecot.fill(mails[15:] + [report_mail(100)])
    client = dovecot.client("INBOX")
    client.logout()
    done = site.fetch()
    assert site.database.value("SELECT uidvalidity FROM tlsrpt.mailbox") != before
    assert "16 mails" in done.stdout and "5 duplicate" in done.stdout and "1 stored" in done.stdout
    assert site.kept() == sorted([*reports, "id-100"])


def test_a_folder_that_is_renamed_is_missed_once(site, dovecot):
    dovecot.fill(mixed(9)[0], "Reports")
    site.write(url=f"imaps://localhost:{dovecot.tls_port}/Reports", poll_s=1)
    site.start()
    wait_until(lambda: len(site.kept()) == 3, "the reports")
    client = dovecot.client()
    assert client.rename("Reports", "Old")[0] == "OK"
    wait_until(lambda: site.lines("mailbox fails"), "a complaint")
    wait_until(lambda: site.database.value("SELECT fault FROM tlsrpt.mailbox"), "the fault")
    assert client.rename("Old", "Reports")[0] == "OK"
    client.logout()
    dovecot.fill([report_mail(50)], "Reports")
    wait_until(lambda: len(site.kept()) == 4, "the next report")
    wait_until(lambda: site.lines("mailbox works again"), "the end of the complaint")
    assert len(site.lines("mailbox fails")) == 1 and len(site.lines("mailbox works again")) == 1
    assert site.stop() == 0


# ---- what goes wrong ----

@pytest.mark.parametrize("mode", ["after", "before"])
def test_cut_after_every_command_in_turn(site, dovecot, mode):
    """Whatever command the connection ends at, nothing is lost or moved too early, and the next look goes on."""
    mails, reports, others = mixed(9)
    wire = Wire(dovecot.port)
    wire.mode = mode
    client = dovecot.client()
    client.create("Done")
    client.logout()
    site.write(url=f"imap://127.0.0.1:{wire.port}/INBOX", done="move Done")
    dovecot.fill(mails)
    cuts, seen = 0, set()
    for n in range(1, 60):
        wire.cut_at = n
        done = site.fetch()
        seen |= {line.split()[1].decode() for line in wire.commands}
        moved = {f"id-{name}" for name in dovecot.subjects("Done")}
        assert moved <= set(site.kept()), f"moved before it was kept, at command {n}"
        assert sorted([*dovecot.subjects(), *dovecot.subjects("Done")]) == sorted(
            [*others, *(name[3:] for name in reports)]), f"lost at command {n}"
        if len(wire.commands) < n:
            assert done.returncode == 0, done.stderr
            break
        cuts += 1
        dovecot.clear()
        dovecot.fill(mails)
        dovecot.client().create("Done")
        site.database.sql("DELETE FROM tlsrpt.mailbox")
    wire.cut_at = None
    assert site.fetch().returncode == 0
    assert cuts >= 10 and site.kept() == reports and {"LOGIN", "SELECT", "UID"} <= seen
    assert dovecot.subjects() == others and len(dovecot.subjects("Done")) == len(reports)


def test_the_database_stops_in_the_middle(site, dovecot, postgres):
    mails, reports, others = mixed(MANY)
    dovecot.fill(mails)
    site.write(done="delete", poll_s=1)
    site.start()
    wait_until(lambda: len(site.kept()) > 20, "some reports")
    postgres.stop()
    try:
        held = len(dovecot.subjects())
    finally:
        postgres.start()
    assert held >= len(others)
    wait_until(lambda: site.kept() == reports, "all reports")
    wait_until(lambda: dovecot.subjects(which="UNDELETED") == others, "the end")
    assert len(site.lines("mailbox fails")) <= 2 and site.stop() == 0


def test_the_server_is_started_again(site, dovecot):
    mails, reports, _ = mixed(30)
    site.write(poll_s=1)
    site.start()
    wait_until(lambda: site.database.sql("SELECT FROM tlsrpt.mailbox WHERE looked IS NOT NULL"), "a first look")
    dovecot.stop()
    wait_until(lambda: site.lines("mailbox fails"), "a complaint")
    assert 'state="connection"' in site.metric("tlsrpt_collector_mailbox_up")[0]
    dovecot.fill(mails)
    dovecot.start()
    wait_until(lambda: site.kept() == reports, "all reports")
    wait_until(lambda: site.lines("mailbox works again"), "the end of the complaint")
    assert site.metric("tlsrpt_collector_mailbox_up") == ['tlsrpt_collector_mailbox_up{mailbox="box",state=""} 1']
    assert len(site.lines("mailbox fails")) == 1 and site.stop() == 0


def test_what_is_wrong_is_said_once_everywhere(site, dovecot):
    wrong = site.dir / "wrong"
    wrong.write_text("not it\n")
    site.write(password_file=wrong, poll_s=1)
    site.start()
    wait_until(lambda: site.database.sql("SELECT FROM tlsrpt.mailbox WHERE fault LIKE '%password%'"), "the fault")
    told = site.database.value("SELECT told FROM tlsrpt.mailbox")
    wait_until(lambda: site.database.value("SELECT told FROM tlsrpt.mailbox") != told, "another look")
    assert len(site.lines("mailbox fails")) == 1
    assert 'state="login"' in site.metric("tlsrpt_collector_mailbox_up")[0]
    assert site.stop() == 0
    checked = subprocess.run([site.tlsrpt, "check", "intake", "-c", site.conf], capture_output=True, text=True)
    assert checked.returncode == 2 and 'mailbox "box"' in checked.stdout, checked.stdout
    seen = subprocess.run([site.tlsrpt, "doctor", "-c", site.conf, "--domain", "example.org", "--format", "json"],
                          capture_output=True, text=True)
    assert "mailbox-failing" in seen.stdout, seen.stdout + seen.stderr


def script(site, text):
    path = site.dir / "token"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return str(path)


def test_tokens(site, dovecot):
    dovecot.fill([report_mail(1)])
    site.write(password_file=None, token_command=script(site, f'[ "$1" = "two words" ] || echo {TOKEN}\n') + ' "two words"')
    assert site.fetch().returncode == 0 and site.kept() == ["id-1"]  # words, and no shell that would join them
    for text, why in (("echo expired\n", "token"), ("exit 3\n", "code 3"), ("echo\n", "empty"),
                      ("yes\n", "too much")):
        site.write(password_file=None, token_command=script(site, text))
        done = site.fetch()
        assert done.returncode == 78 and why in done.stderr, done.stderr


def test_oauthbearer(site, dovecot):
    """A server that knows only the standard's own way."""
    wire = Wire(dovecot.port)
    wire.hidden = b"AUTH=XOAUTH2"
    dovecot.fill([report_mail(1)])
    site.write(url=f"imap://127.0.0.1:{wire.port}/INBOX", password_file=None, token_command=script(site, f"echo {TOKEN}\n"))
    assert site.fetch().returncode == 0 and site.kept() == ["id-1"]
    site.write(url=f"imap://127.0.0.1:{wire.port}/INBOX", password_file=None, token_command=script(site, "echo expired\n"))
    assert site.fetch().returncode == 78


def test_certificates(site, dovecot, tmp_path):
    other, _ = make_certificate(tmp_path, "other.example")
    dovecot.fill([report_mail(1)])
    for url in (f"imaps://127.0.0.2:{dovecot.tls_port}/INBOX", f"imap://localhost:{dovecot.port}/INBOX"):
        site.write(url=url, ca_file=other)
        done = site.fetch()
        assert done.returncode == 78 or "connect" in done.stderr
        assert site.kept() == []
    site.write(url=f"imap://localhost:{dovecot.port}/INBOX")  # STARTTLS
    assert site.fetch().returncode == 0 and site.kept() == ["id-1"]


def test_settings_that_are_no_use(site):
    for wrong in ({"url": "pop3://localhost/"}, {"url": "imaps:///INBOX"}, {"user": None}, {"password_file": None},
                  {"token_command": "/bin/true"}, {"done": "burn"}, {"done": "move INBOX"}, {"url": "imaps://h/%zz"}):
        site.write(**wrong)
        done = site.fetch()
        assert done.returncode == 78 and 'imap "box"' in done.stderr, done.stderr
    site.write()
    assert site.fetch("other").returncode == 78


# ---- limits ----

def test_sigterm_ends_it_at_once(site, dovecot):
    """Also while the server says nothing."""
    silent = socket.create_server(("127.0.0.1", 0))
    site.write(url=f"imap://127.0.0.1:{silent.getsockname()[1]}/INBOX")
    site.start()
    connection, _ = silent.accept()
    assert site.stop() == 0
    connection.close()


def test_memory(site, dovecot, tlsrptd):
    dovecot.fill(mixed(60)[0])
    dovecot.fill([b"From: a@b\r\nSubject: x %d\r\n\r\n" % n + b"x\r\n" * (size << 18) for n, size in ((1, 40), (2, 26), (3, 26))])
    site.start()
    wait_until(lambda: site.database.sql("SELECT FROM tlsrpt.mailbox WHERE looked IS NOT NULL"), "the look")
    peak = int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{site.process.pid}/status").read_text())[1])
    assert len(site.kept()) == 20 and site.stop() == 0
    if b"__asan_init" not in pathlib.Path(tlsrptd).read_bytes() and b"__tsan_init" not in pathlib.Path(tlsrptd).read_bytes():
        assert peak < 64 << 10
