"""The HTTPS door over time: clients that are slow on purpose, certificates that change, a daemon that stops.
Where a test waits it waits for an event, however long that takes."""
import collections
import concurrent.futures
import gzip
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

import pytest

from daemon import Daemon, make_certificate
from raw import Raw, request
from test_http import Door, door, report  # noqa: F401  (door is a fixture)

SLOW = "handshake_s = 1\nheader_s = 1\nbody_s = 1\nidle_s = 20"
DRIP_S = 0.1


def drip(client, data):
    """Sends a byte now and then until the peer has closed; the bytes that were sent."""
    client.socket.settimeout(DRIP_S)
    for sent in range(len(data)):
        try:
            client.socket.send(data[sent:sent + 1])
            if client.socket.recv(65536) == b"":
                return sent
        except TimeoutError:
            pass
        except (ConnectionError, ssl.SSLError):
            return sent
    raise AssertionError("everything was sent and the peer never closed")


def hello(daemon):
    """The first bytes that a TLS client sends."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = daemon.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        session.do_handshake()
    return outgoing.read()


def test_a_handshake_has_an_end(door):
    daemon = door(https=SLOW)
    with Raw(daemon.port) as silent, Raw(daemon.port) as slow:
        drip(slow, hello(daemon))
        assert silent.is_closed()


def test_a_silent_connection_has_an_end(door):
    daemon = door(https=SLOW)
    with Raw(daemon.port, daemon.context()) as tls, daemon.raw() as plain:
        assert tls.is_closed() and plain.is_closed()


def test_a_request_line_has_an_end(door):
    daemon = door(https=SLOW)
    with daemon.raw() as client:
        drip(client, b"POST /v1/tlsrpt?" + b"a" * 1000)


def test_headers_have_an_end(door):
    daemon = door(https=SLOW)
    with daemon.raw() as client:
        client.send(b"POST /v1/tlsrpt HTTP/1.1\r\nHost: h\r\nX-A: ")
        drip(client, b"a" * 1000)


@pytest.mark.parametrize("how", ["length", "chunked"])
def test_a_body_has_an_end(door, how):
    daemon = door(https=SLOW)
    body = report(pad=2000)
    with Raw(daemon.port, daemon.context()) as client:
        if how == "length":
            client.send(request(body)[:-len(body)])
        else:
            client.send(request(b"7d0\r\n", "Transfer-Encoding: chunked", length=False))
        drip(client, body)
    assert daemon.bodies() == []


def test_a_kept_connection_has_an_end(door):
    daemon = door(https=SLOW.replace("idle_s = 20", "idle_s = 1"))
    with daemon.raw() as client:
        assert client.send(request(report())).answer()[0] == 201
        assert client.is_closed()
    with daemon.raw() as client:
        assert client.send(request(report())).answer()[0] == 201
        drip(client, b"POST /v1/tlsrpt?" + b"a" * 1000)


def test_an_answer_that_nobody_reads_holds_nothing_up(door):
    daemon = door(https=SLOW + "\nanswer_s = 1")
    with daemon.raw() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        client.socket.settimeout(DRIP_S)
        body = request(report("same"))
        with pytest.raises(ConnectionError):
            for _ in range(100000):
                try:
                    client.send(body)
                except TimeoutError:
                    pass
    assert daemon.ask(request(report()))[0] == 201


def test_a_client_that_goes_away_while_its_report_waits(door, postgres):
    """Its report is stored all the same, and nothing is left behind."""
    daemon = door()
    bodies = [report() for _ in range(20)]
    lock = postgres_lock(daemon)
    for body in bodies:
        with daemon.raw() as client:
            client.send(request(body))
    lock.close()
    while len(daemon.bodies()) < len(bodies):
        time.sleep(0.05)
    assert sorted(daemon.bodies()) == sorted(bodies)


def postgres_lock(daemon):
    """Until it is closed no report can be written."""
    import psycopg2
    connection = psycopg2.connect(daemon.database.uri)
    connection.cursor().execute("LOCK TABLE tlsrpt.raw_report IN ACCESS EXCLUSIVE MODE")
    return connection


def blocked(daemon):
    """How many writers wait for the lock."""
    return daemon.database.value("SELECT count(*) FROM pg_locks WHERE NOT granted")


# ---- certificates ----

@pytest.fixture
def open_folder():
    """A folder that whoever the daemon becomes can read; pytest's own are closed to others."""
    folder = tempfile.mkdtemp(prefix="tlsrpt-")
    os.chmod(folder, 0o755)
    yield __import__("pathlib").Path(folder)
    shutil.rmtree(folder)


def served_name(daemon):
    """Who the certificate is for, as a client sees it."""
    with socket.create_connection(("127.0.0.1", daemon.port)) as plain:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(plain) as tls:
            der = tls.getpeercert(binary_form=True)
    text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject"], input=der, capture_output=True).stdout
    return text.decode().strip().rpartition("= ")[2]


def install(daemon, pair):
    """Puts a pair in place, the key first: for a moment the two do not belong together."""
    for source, target in zip(reversed(pair), (daemon.key, daemon.certificate)):
        copy = target.with_suffix(".new")
        shutil.copyfile(source, copy)
        copy.chmod(0o644)
        copy.rename(target)


def wait_for(condition):
    while not condition():
        time.sleep(0.05)


@pytest.fixture
def tls_door(migrated, tlsrptd, open_folder):
    daemon = Door(tlsrptd, open_folder, migrated)
    daemon.key.chmod(0o644)
    with daemon:
        yield daemon


def test_a_changed_certificate_is_served_without_a_dropped_connection(tls_door, open_folder):
    pairs = [make_certificate(open_folder, f"name{i}") for i in range(4)]
    stopping, statuses = threading.Event(), collections.Counter()

    def post():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        while not stopping.is_set():
            with Raw(tls_door.port, context) as client:
                for _ in range(3):
                    statuses[client.send(request(report())).answer()[0]] += 1

    with concurrent.futures.ThreadPoolExecutor(4) as pool, Raw(tls_door.port, tls_door.context()) as kept:
        jobs = [pool.submit(post) for _ in range(4)]
        for i, pair in enumerate(pairs):
            install(tls_door, pair)
            if i % 2:
                tls_door.process.send_signal(signal.SIGHUP)
            wait_for(lambda: served_name(tls_door) == f"name{i}")
        assert kept.send(request(report())).answer()[0] == 201
        stopping.set()
        for job in jobs:
            job.result()
    assert set(statuses) == {201} and statuses[201] > 0


def test_a_bad_certificate_leaves_the_old_one_in_use(tls_door, open_folder):
    one, other = make_certificate(open_folder, "one"), make_certificate(open_folder, "other")
    for bad in ((one[0], other[1]), ("/dev/null", one[1]), (one[0], "/etc/passwd")):
        said = tls_door.log.read_text().count("the old certificate stays in use")
        install(tls_door, bad)
        wait_for(lambda: tls_door.log.read_text().count("the old certificate stays in use") > said)
        assert served_name(tls_door) == "localhost"
    install(tls_door, one)
    wait_for(lambda: served_name(tls_door) == "one")


def test_only_tls_1_2_and_later(tls_door, tmp_path):
    (tmp_path / "report").write_bytes(report())
    seclevel = ("--ciphers", "DEFAULT:@SECLEVEL=0")
    assert tls_door.post(tmp_path / "report", "--tlsv1.0", "--tls-max", "1.1", *seclevel).status == 0
    assert tls_door.post(tmp_path / "report", "--tlsv1.2", "--tls-max", "1.2").status == 201
    assert tls_door.post(tmp_path / "report", "--tlsv1.3").status == 200


# ---- the end ----

def test_what_is_under_way_is_answered_before_the_end(door):
    """A body that is still coming, a batch that waits for its commit."""
    daemon = door(more="intake { max_wait_s = 60 }")
    coming, body, waiting = daemon.raw(), report(), daemon.raw()
    coming.send(request(body)[:-5])
    lock = postgres_lock(daemon)
    waiting.send(request(report()))
    wait_for(lambda: blocked(daemon) == 1)
    daemon.process.send_signal(signal.SIGTERM)
    wait_for(lambda: "stopping" in daemon.log.read_text())
    coming.send(body[-5:])
    lock.close()
    assert coming.answer()[0] == 201
    assert waiting.answer()[0] == 201
    assert daemon.process.wait() == 0
    assert len(daemon.bodies()) == 2


def test_what_was_acknowledged_is_stored(door):
    """Posts as fast as they go; SIGTERM in between; each 2xx has its row."""
    daemon = door()
    acknowledged, lock = [], threading.Lock()

    def post():
        try:
            with Raw(daemon.plain) as client:
                while True:
                    body = report()
                    if client.send(request(body)).answer()[0] == 201:
                        with lock:
                            acknowledged.append(body)
                    else:
                        return
        except (EOFError, OSError):
            return

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        jobs = [pool.submit(post) for _ in range(16)]
        wait_for(lambda: len(acknowledged) > 200)
        daemon.process.send_signal(signal.SIGTERM)
        for job in jobs:
            job.result()
    assert daemon.process.wait() == 0
    assert set(acknowledged) <= set(daemon.bodies())


def test_a_killed_daemon_loses_nothing_it_acknowledged(door, tlsrptd):
    daemon = door()
    bodies = [report() for _ in range(5)]
    with daemon.raw() as client:
        assert [client.send(request(body)).answer()[0] for body in bodies] == [201] * 5
    daemon.process.kill()
    daemon.process.wait()
    assert set(bodies) <= set(daemon.bodies())
    daemon.start()
    assert daemon.ask(request(bodies[0]))[0] == 200


# ---- the database ----

def test_a_database_that_hangs_is_answered_in_time(door):
    """What waits too long is told so, and what was already being written is answered when it is."""
    daemon = door(more="intake { max_wait_s = 4 }", https="answer_s = 600")
    lock = postgres_lock(daemon)
    clients = [daemon.raw() for _ in range(8)]
    clients[0].send(request(report()))
    wait_for(lambda: blocked(daemon) == 1)
    time.sleep(0.5)  # the others are in later batches
    for client in clients[1:]:
        client.send(request(report()))
        time.sleep(0.05)
    statuses = []
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        jobs = [pool.submit(client.answer) for client in clients]
        done, _ = concurrent.futures.wait(jobs, return_when=concurrent.futures.FIRST_COMPLETED)
        assert {job.result()[0] for job in done} == {503}
        assert all(int(job.result()[1]["retry-after"]) > 0 for job in done)
        lock.close()
        statuses = [job.result()[0] for job in jobs]
    assert set(statuses) == {201, 503}
    # PostgreSQL may finish what it was given by a writer that waited no longer
    assert len(daemon.bodies()) >= statuses.count(201)
    for client in clients:
        client.close()


def test_reports_that_wait_are_bounded_in_number(door):
    daemon = door(more="intake { max_waiting_reports = 3 max_wait_s = 60 }")
    lock = postgres_lock(daemon)
    clients = [daemon.raw() for _ in range(3)]
    for number, client in enumerate(clients, 1):
        client.send(request(report()))
        wait_for(lambda: blocked(daemon) == number)
    assert daemon.ask(request(report()))[0] == 503
    lock.close()
    assert [client.answer()[0] for client in clients] == [201] * 3
    for client in clients:
        client.close()
    assert daemon.ask(request(report()))[0] == 201


def inflating(megabytes):
    """A new report that takes so much memory: as many times what was posted as it may."""
    made = json.loads(report())
    made["policies"][0]["failure-details"] = [
        {"result-type": "x" * 4096, "additional-information": os.urandom(400).hex() + "x" * 3296,
         "failed-session-count": 1}
        for _ in range(megabytes * 128)]
    return gzip.compress(json.dumps(made).encode())


def test_big_reports_that_wait_hold_up_no_small_one(door):
    daemon = door(more="intake { workers = 2 max_waiting_bytes = 16777216 max_wait_s = 3600 }",
                  https="answer_s = 3600")
    lock = postgres_lock(daemon)
    clients = [daemon.raw().send(request(inflating(7)))]
    wait_for(lambda: blocked(daemon) == 1)
    clients += [daemon.raw().send(request(inflating(7))) for _ in range(2)]
    clients.append(daemon.raw().send(request(report())))
    wait_for(lambda: blocked(daemon) == 2)
    lock.close()
    answers = [client.answer() for client in clients]
    assert [answer[0] for answer in answers] == [201] * 4, [answer[2] for answer in answers]
    for client in clients:
        client.close()


def test_a_handshake_that_does_not_go_on_costs_nothing(tlsrptd, migrated, tmp_path):
    """Half a ClientHello in each of many connections: the daemon waits, and does not ask again and again."""
    def processor_s(pid):
        words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    hello = bytes.fromhex("16030102000100") + b"\0" * 60
    with Daemon(tlsrptd, tmp_path, migrated.uri) as daemon:
        silent = [socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(20)]
        for connection in silent:
            connection.sendall(hello)
        time.sleep(1)
        before = processor_s(daemon.process.pid)
        time.sleep(3)
        assert processor_s(daemon.process.pid) - before < 1
        for connection in silent:
            connection.close()
