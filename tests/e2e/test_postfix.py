"""A real Postfix hands report mail over, by LMTP and by pipe: in a configuration directory of its own, on
loopback, injected with swaks."""
import os
import pathlib
import shutil
import smtplib
import socket
import subprocess
import tempfile

import pytest

import dkim_mails
from dns_server import NameServer, quote
from mail_door import Daemon, wait_until
from mails import mail, report

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("postfix", path="/usr/sbin"),
                                reason="Postfix wants root")

MAIN = """
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.operator.example
mydestination =
mynetworks = 127.0.0.0/8
local_recipient_maps =
alias_maps =
virtual_mailbox_domains = lmtp.example, pipe.example
virtual_mailbox_maps = static:all
virtual_transport = lmtp:unix:{lmtp}
transport_maps = inline:{{ {{ pipe.example = tlsrptd: }} }}
notify_classes =
minimal_backoff_time = 1s
queue_run_delay = 3600s
smtpd_relay_restrictions = permit_mynetworks, reject
default_process_limit = 20
tlsrptd_destination_recipient_limit = 1
"""

MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
tlsrptd unix - n n - 4 pipe flags=F user=nobody argv={program} deliver -c {config}
"""


class Postfix:
    def __init__(self, daemon, tlsrptd):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="tlsrpt-mx-"))
        self.dir.chmod(0o755)
        (self.dir / "queue").mkdir()
        (self.dir / "data").mkdir()
        shutil.chown(self.dir / "data", "postfix")
        # The pipe's user must get at the program, wherever the build is.
        self.program = shutil.copy(tlsrptd, self.dir)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (self.dir / "main.cf").write_text(MAIN.format(dir=self.dir, lmtp=daemon.socket))
        (self.dir / "master.cf").write_text(MASTER.format(port=self.port, program=self.program, config=daemon.config))
        self.run("postfix", "start")
        wait_until(self.answers, "Postfix")

    def run(self, program, *arguments):
        return subprocess.run([f"/usr/sbin/{program}", "-c", str(self.dir), *arguments], check=True,
                              capture_output=True, text=True).stdout

    def answers(self):
        try:
            smtplib.SMTP("127.0.0.1", self.port, timeout=5).close()
            return True
        except OSError:
            return False

    def swaks(self, recipient, text):
        subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(self.port), "--from", "bounce@sender.example",
                        "--to", recipient, "--data", "-", "--hide-all"], input=text, text=True, check=True)

    def queued(self):
        return self.run("postqueue", "-j").count('"queue_id"')

    def drain(self):
        """Delivers what is queued now, until nothing is."""
        def empty():
            self.run("postqueue", "-f")
            return self.queued() == 0
        wait_until(empty, f"the queue\n{self.log()[-3000:]}")

    def log(self):
        path = self.dir / "mail.log"
        return path.read_text() if path.exists() else ""

    def remove(self):
        self.run("postfix", "stop")
        shutil.rmtree(self.dir, ignore_errors=True)


@pytest.fixture
def daemon(tlsrptd, migrated):
    made = Daemon(tlsrptd, migrated.uri)
    yield made
    made.remove()


@pytest.fixture
def postfix(daemon, tlsrptd):
    made = Postfix(daemon, tlsrptd)
    yield made
    made.remove()


def signed(n, recipient="tlsrpt@lmtp.example"):
    return mail(report(n), passed="sender.example", recipient=recipient)


def without_received(n):
    text = signed(n)
    return text[text.index("\n") + 1:]


def kept(database):
    return sorted(database.sql("SELECT report_id, tier, transport FROM tlsrpt.report"))


def bounces(postfix):
    return [line for line in postfix.log().splitlines() if "status=bounced" in line or "non-delivery" in line]


def test_lmtp_and_pipe(postfix, daemon, migrated):
    postfix.swaks("tlsrpt@lmtp.example", signed(1))
    postfix.swaks("tlsrpt@pipe.example", signed(2))
    postfix.swaks("tlsrpt@lmtp.example,tlsrpt@pipe.example", signed(3))
    postfix.drain()
    assert postfix.log().count("status=sent") == 4 and bounces(postfix) == []
    # Postfix has put its own Received on top, so what stands below the mail's older one is nobody's word.
    assert kept(migrated) == []
    assert migrated.value("SELECT count(*) FROM tlsrpt.quarantine WHERE status = 3") >= 3


def test_a_signed_mail_of_our_own_server_is_verified(postfix, daemon, migrated):
    """Without an older Received the header that was below ours is in our block, as if our filter had written it."""
    for n, domain in ((1, "lmtp.example"), (2, "pipe.example")):
        postfix.swaks(f"tlsrpt@{domain}", without_received(n))
    postfix.drain()
    wait_until(lambda: len(kept(migrated)) == 2, "both")
    assert kept(migrated) == [("id-1", 1, 2), ("id-2", 1, 3)]


def test_the_database_is_away_and_nothing_is_lost(postfix, daemon, migrated, postgres):
    postgres.stop()
    try:
        for n, domain in ((1, "lmtp.example"), (2, "pipe.example")):
            postfix.swaks(f"tlsrpt@{domain}", without_received(n))
        wait_until(lambda: postfix.log().count("status=deferred") >= 2, "both to be put off")
        assert postfix.queued() == 2
    finally:
        postgres.start()
    postfix.drain()
    assert [row[0] for row in kept(migrated)] == ["id-1", "id-2"] and bounces(postfix) == []


def test_the_daemon_is_away(postfix, daemon, migrated):
    """LMTP waits for it, the pipe does without."""
    daemon.stop()
    postfix.swaks("tlsrpt@lmtp.example", without_received(1))
    postfix.swaks("tlsrpt@pipe.example", without_received(2))
    wait_until(lambda: [row[0] for row in kept(migrated)] == ["id-2"], "the pipe")
    wait_until(lambda: "status=deferred" in postfix.log(), "LMTP to be put off")
    daemon.start()
    postfix.drain()
    assert [row[0] for row in kept(migrated)] == ["id-1", "id-2"] and bounces(postfix) == []


def junk(n):
    """A thousand kinds of mail that are no reports, or may not be believed, or cannot be read."""
    kinds = [
        "From: a@b.example\nSubject: buy\n\nNow!\n",
        "\n",
        "no header at all\n",
        mail(report(n)),
        mail(report(n)[: n % 500]),
        signed(n)[: 300 + n],
        signed(n).replace("base64", "quoted-printable"),
        signed(n).replace("boundary=b", "boundary=c"),
        "From: a@b.example\nContent-Type: application/tlsrpt+json\n\n{}\n",
        "Subject: " + "x" * (n * 20) + "\n\n" + "y" * 900 + "\n" + ".\n" * n,
    ]
    return kinds[n % len(kinds)]


def test_a_thousand_junk_mails_cause_no_bounce(postfix, daemon, migrated):
    with smtplib.SMTP("127.0.0.1", postfix.port) as smtp:
        for n in range(1000):
            domain = "pipe" if n % 10 == 0 else "lmtp"
            smtp.sendmail("victim@elsewhere.example", [f"tlsrpt@{domain}.example"], junk(n).encode())
    postfix.drain()
    assert bounces(postfix) == []
    log = postfix.log()
    assert log.count("status=sent") == 1000 and "elsewhere.example>, relay" not in log


def test_too_big_is_no_bounce(postfix, daemon, migrated):
    postfix.run("postconf", "-e", "message_size_limit=60000000", "virtual_mailbox_limit=0")
    postfix.run("postfix", "reload")
    wait_until(postfix.answers, "Postfix")
    big = "From: a@b.example\n\n" + ("x" * 76 + "\n") * 400_000
    for domain in ("lmtp", "pipe"):
        with smtplib.SMTP("127.0.0.1", postfix.port) as smtp:
            smtp.sendmail("victim@elsewhere.example", [f"tlsrpt@{domain}.example"], big.encode())
    postfix.drain()
    assert bounces(postfix) == [] and postfix.log().count("status=sent") == 2


@pytest.fixture
def key(tmp_path):
    return dkim_mails.Key(tmp_path, "rsa")


@pytest.fixture
def names(key):
    server = NameServer([f"s1._domainkey.example.net. TXT {quote(key.record())}"], broken=["broken.example"])
    yield server
    server.stop()


def test_signatures_with_keys_from_dns(tlsrptd, migrated, names, key):
    """Signed by dkimpy, carried by Postfix; the pipe's line ends are LF. Where DNS fails the mail stays queued."""
    daemon = Daemon(tlsrptd, migrated.uri, names.forwarder)
    postfix = Postfix(daemon, tlsrptd)
    made = {n: dkim_mails.mail(content=dkim_mails.report(report_id=n)) for n in ("lmtp", "pipe", "tampered", "none")}
    mails = {n: dkim_mails.sign(message, key) for n, message in made.items() if n != "none"}
    mails["none"] = made["none"]
    mails["tampered"] = mails["tampered"].replace(b"An aggregate", b"No aggregate")
    mails["broken"] = dkim_mails.sign(dkim_mails.mail("broken.example"), key, "broken.example")
    try:
        with smtplib.SMTP("127.0.0.1", postfix.port) as smtp:
            for n, message in mails.items():
                smtp.sendmail("bounce@example.net", [f"tlsrpt@{'pipe' if n == 'pipe' else 'lmtp'}.example"], message)
        wait_until(lambda: postfix.log().count("status=sent") == 4 and "status=deferred" in postfix.log(),
                   f"four to be taken and one to be put off\n{postfix.log()[-3000:]}")
        assert kept(migrated) == [("lmtp", 1, 2), ("pipe", 1, 3)]
        assert migrated.value("SELECT count(*) FROM tlsrpt.quarantine WHERE status = 3") == 2
        assert postfix.queued() == 1 and bounces(postfix) == []
    finally:
        postfix.remove()
        daemon.remove()
