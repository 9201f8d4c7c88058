"""The LMTP door of the daemon: replies, what is kept, and what happens when something is away."""
import signal
import subprocess
import threading
import time

import pytest

from mail_door import Daemon, Lmtp, wait_until
from mails import START, mail, report

VERIFIED, OPERATOR, UNVERIFIED = 1, 2, 4


@pytest.fixture
def daemon(tlsrptd, migrated):
    made = Daemon(tlsrptd, migrated.uri)
    yield made
    made.remove()


def signed(n, sender="sender.example", **more):
    return mail(report(n, sender=sender), sender=sender, passed=more.pop("passed", sender), **more)


def kept(database):
    return sorted(database.sql("SELECT report_id, tier, transport FROM tlsrpt.report"))


def test_a_mail_is_kept_before_it_is_answered(daemon, migrated):
    client = Lmtp(daemon)
    assert client.send(signed(1)).startswith("250 2.0.0 stored")
    assert kept(migrated) == [("id-1", VERIFIED, 2)]
    assert client.send(signed(1)).startswith("250 2.0.0 duplicate")
    assert client.send(mail(report(2))).startswith("250 2.0.0 ignored")
    assert client.send("From: a@b\n\nlunch?\n").startswith("250 2.0.0 ")
    assert client.say("QUIT").startswith("221")
    assert kept(migrated) == [("id-1", VERIFIED, 2)]


def test_swaks_speaks_it(daemon, migrated):
    done = subprocess.run(["swaks", "--protocol", "LMTP", "--socket", daemon.socket, "--from", "a@sender.example",
                           "--to", "tlsrpt@example.org,second@example.org", "--pipeline", "--data", "-"],
                          input=signed(1), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert len(kept(migrated)) == 1


def test_a_reply_for_each_recipient(daemon, migrated):
    client = Lmtp(daemon)
    client.begin("a@example.org", "b@example.org", "c@example.org")
    assert [r[:9] for r in client.finish(signed(1), 3)] == ["250 2.0.0"] * 3
    assert len(kept(migrated)) == 1


def test_pipelining(daemon, migrated):
    client = Lmtp(daemon)
    envelope = b"MAIL FROM:<>\r\nRCPT TO:<a@example.org>\r\nDATA\r\n"
    text = [signed(n).replace("\n", "\r\n").encode() for n in range(20)]
    client.socket.sendall(b"LHLO x\r\n" + b"".join(envelope + t + b".\r\n" for t in text) + b"QUIT\r\n")
    replies = []
    while (reply := client.reply()):
        replies.append(reply[:3])
    assert replies == ["250"] + ["250", "250", "354", "250"] * 20 + ["221"]
    assert len(kept(migrated)) == 20


def test_only_our_recipients(tlsrptd, migrated):
    daemon = Daemon(tlsrptd, migrated.uri)
    try:
        daemon.stop()
        text = daemon.config.read_text().replace("lmtp {", 'lmtp { recipients = {"tlsrpt@example.org"} ')
        daemon.config.write_text(text)
        daemon.start()
        client = Lmtp(daemon)
        answers = client.begin("other@example.org", "tlsrpt@example.org")
        assert [a[:9] for a in answers] == ["550 5.1.1", "250 2.1.5"]
        assert client.finish(signed(1))[0].startswith("250 2.0.0 stored")
    finally:
        daemon.remove()


def test_too_big_is_swallowed(tlsrptd, migrated):
    daemon = Daemon(tlsrptd, migrated.uri)
    try:
        daemon.stop()
        daemon.config.write_text(daemon.config.read_text().replace("mail {", "mail { max_message_bytes = 100000 "))
        daemon.start()
        client = Lmtp(daemon)
        assert client.send("From: a@b\n\n" + "x" * 99 + "\n" * 200000).startswith("250 2.0.0 too-big")
        assert client.send(signed(1)).startswith("250 2.0.0 stored")
    finally:
        daemon.remove()


def test_the_database_is_away(daemon, migrated, postgres):
    client = Lmtp(daemon)
    assert client.send(signed(1)).startswith("250")
    postgres.stop()
    try:
        assert client.send(signed(2)).startswith("451 4.3.0")
    finally:
        postgres.start()
    wait_until(lambda: client.send(signed(2)).startswith("250"), "the database")
    assert [row[0] for row in kept(migrated)] == ["id-1", "id-2"]


def test_sigterm_answers_what_is_complete(daemon, migrated):
    clients = [Lmtp(daemon) for _ in range(8)]
    idle, half = Lmtp(daemon), Lmtp(daemon)
    half.begin()
    half.socket.sendall(b"From: a@b\r\n")
    for client in clients:
        client.begin()
    replies = []

    def finish(n):
        replies.extend(clients[n].finish(signed(n)))

    threads = [threading.Thread(target=finish, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert daemon.stop() == 0
    assert [r[:3] for r in replies] == ["250"] * 8 and len(kept(migrated)) == 8
    assert idle.reply().startswith("421") and half.reply().startswith("421")


def test_killed_it_has_kept_what_it_answered(daemon, migrated):
    """kill -9 in the middle of a stream: whatever got 250 is there, and a second delivery counts nothing twice."""
    client, answered = Lmtp(daemon), []

    def stream():
        try:
            for n in range(5000):
                if not client.send(signed(n)).startswith("250"):
                    return
                answered.append(f"id-{n}")
        except (OSError, AssertionError):
            pass

    thread = threading.Thread(target=stream)
    thread.start()
    wait_until(lambda: len(answered) > 20, "some answers")
    daemon.stop(signal.SIGKILL)
    thread.join()
    assert set(answered) <= {row[0] for row in kept(migrated)}
    daemon.start()
    client = Lmtp(daemon)
    for n in range(len(answered) + 2):
        assert client.send(signed(n)).startswith("250")
    ids = [row[0] for row in kept(migrated)]
    assert len(ids) == len(set(ids)) == len(answered) + 2


def test_more_connections_than_allowed(tlsrptd, migrated):
    daemon = Daemon(tlsrptd, migrated.uri)
    try:
        daemon.stop()
        daemon.config.write_text(daemon.config.read_text().replace("lmtp {", "lmtp { max_connections = 2 "))
        daemon.start()
        wait_until(lambda: not connections(daemon), "the probe to go")
        two = [Lmtp(daemon), Lmtp(daemon)]
        third = daemon.connect()
        assert third.makefile("rb").readline().startswith(b"421 4.3.2")
        two[0].close()
        wait_until(lambda: connections(daemon) == 1, "one to go")
        assert Lmtp(daemon).send(signed(1)).startswith("250")
    finally:
        daemon.remove()


def connections(daemon):
    """How many sockets of the daemon are bound to the LMTP path, but for the listening one."""
    with open("/proc/net/unix") as f:
        return sum(line.rstrip().endswith(str(daemon.socket)) for line in f) - 1


def test_slow_clients_are_told_to_go(tlsrptd, migrated):
    """A byte now and then does not hold a connection: the deadline is for the whole command or message."""
    daemon = Daemon(tlsrptd, migrated.uri)
    try:
        daemon.stop()
        daemon.config.write_text(daemon.config.read_text().replace("lmtp {",
                                                                   "lmtp { command_s = 1 message_s = 1 "))
        daemon.start()
        command, message = Lmtp(daemon), Lmtp(daemon)
        message.begin()
        for client in (command, message):
            reply = drip(client)
            assert reply.startswith(b"421") or reply == b""
    finally:
        daemon.remove()


def drip(client):
    """Sends a byte at a time until the daemon says something or closes; what it said."""
    client.socket.setblocking(False)
    while True:
        try:
            client.socket.send(b"x")
            time.sleep(0.05)
            return client.socket.recv(1000)
        except BlockingIOError:
            continue
        except (BrokenPipeError, ConnectionResetError):
            return b""


def test_forged_first_does_not_shadow_the_real_report(daemon, migrated):
    """A forger who knows the identity sends first, signed by his own domain; the real one is counted."""
    client = Lmtp(daemon)
    real = report(1, good=100, failed=1)
    forged = report(1, good=0, failed=1_000_000)
    assert client.send(mail(forged, passed="forger.example")).startswith("250 2.0.0 stored")
    assert client.send(mail(real, passed="sender.example")).startswith("250 2.0.0 stored")
    assert kept(migrated) == [("id-1", VERIFIED, 2), ("id-1", UNVERIFIED, 2)]
    assert client.send(mail(forged, passed="forger.example")).startswith("250 2.0.0 duplicate")
    assert migrated.value("SELECT sum(successful_sessions) FROM tlsrpt.policy_result WHERE tier = 1") == 100
