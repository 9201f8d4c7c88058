"""The HTTPS door by itself: framing, paths, sizes, proxies, limits. Raw sockets where curl is too polite."""
import gzip
import itertools
import json
import os
import pathlib
import socket
import subprocess
import time

import pytest

from daemon import Daemon, free_port
from raw import Raw, request

OWNED = ("example.com", ".example.net")
YESTERDAY = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
numbers = itertools.count(1)


def report(name=None, domain="example.com", pad=0):
    """A report nobody has sent yet."""
    policy = {"policy-type": "sts"}
    if domain:
        policy["policy-domain"] = domain
    text = json.dumps({
        "organization-name": "Door", "contact-info": "tls@door.example.org",
        "report-id": name or f"door-{os.getpid()}-{next(numbers)}",
        "date-range": {"start-datetime": f"{YESTERDAY}T00:00:00Z", "end-datetime": f"{YESTERDAY}T23:59:59Z"},
        "policies": [{"policy": policy, "summary": {"total-successful-session-count": 1,
                                                    "total-failure-session-count": 0}}]}).encode()
    return text + b" " * (pad - len(text))


class Door(Daemon):
    """A daemon with a plain port beside the one with TLS."""

    def __init__(self, tlsrptd, folder, database, https="", more="", domains=OWNED):
        self.plain = free_port()
        self.database = database
        super().__init__(tlsrptd, folder, database.uri, domains, more,
                         f'plain_listen = {{"127.0.0.1:{self.plain}"}}\n{https}')

    def raw(self, **options):
        return Raw(self.plain, **options)

    def ask(self, data):
        """The answer to one raw request, on a connection of its own."""
        with self.raw() as client:
            return client.send(data).answer()

    def bodies(self):
        return [bytes(row[0]) for row in self.database.sql("SELECT body FROM tlsrpt.raw_report")]


@pytest.fixture
def door(migrated, tlsrptd, tmp_path):
    """door(https="...", more="..."): a started daemon."""
    started = []

    def start(**options):
        started.append(Door(tlsrptd, tmp_path, migrated, **options).start())
        return started[-1]

    yield start
    for daemon in started:
        assert daemon.stop() == 0


# ---- framing ----

def framed(*headers, body=None, length=True, first="POST /v1/tlsrpt HTTP/1.1", host=("Host: localhost",)):
    body = report() if body is None else body
    lines = [first, *host, *(header.format(n=len(body)) for header in headers)]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunked(body):
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


AMBIGUOUS = {
    "two equal lengths": lambda: framed("Content-Length: {n}"),
    "two lengths": lambda: framed("Content-Length: 5"),
    "length and chunked": lambda: framed("Transfer-Encoding: chunked", body=chunked(report())),
    "gzip coding": lambda: framed("Transfer-Encoding: gzip", length=False),
    "gzip, chunked": lambda: framed("Transfer-Encoding: gzip, chunked", length=False, body=chunked(report())),
    "chunked twice": lambda: framed("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", length=False,
                                    body=chunked(report())),
    "chunked, identity": lambda: framed("Transfer-Encoding: chunked, identity", length=False, body=chunked(report())),
    "space before the colon": lambda: framed("X-Any : 1"),
    "space in length's name": lambda: framed("Content-Length : 5"),
    "name with a slash": lambda: framed("X/Any: 1"),
    "two hosts": lambda: framed("Host: elsewhere"),
    "no host": lambda: framed(host=()),
    "neither length nor chunked": lambda: framed(length=False, body=b""),
    "empty body": lambda: framed(body=b""),
    "empty chunked body": lambda: framed("Transfer-Encoding: chunked", length=False, body=b"0\r\n\r\n"),
    "list of lengths": lambda: framed("Content-Length: {n}, {n}", length=False),
    "signed length": lambda: framed("Content-Length: +{n}", length=False),
    # libmicrohttpd answers these two by itself, before anybody is asked.
    "negative length": lambda: framed("Content-Length: -5", length=False),
    "length past 64 bits": lambda: framed("Content-Length: 18446744073709551621", length=False),
}


@pytest.fixture(scope="module")
def shared(postgres, tlsrptd, tmp_path_factory):
    """One daemon for the tests that need no settings."""
    from conftest import Database
    name = postgres.create_database()
    database = Database(postgres, name)
    subprocess.run([tlsrptd, "migrate", "--db", database.uri], check=True, capture_output=True)
    daemon = Door(tlsrptd, tmp_path_factory.mktemp("door"), database).start()
    yield daemon
    assert daemon.stop() == 0
    postgres.drop_database(name)


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_ambiguous_framing_is_refused_and_the_connection_closed(shared, name):
    before = shared.bodies()
    with shared.raw() as client:
        status, _, _ = client.send(AMBIGUOUS[name]()).answer()
        assert status == (413 if name == "length past 64 bits" else 400)
        try:
            client.send(request(report()))
        except ConnectionError:
            pass
        assert client.is_closed()
    assert shared.bodies() == before


HIDDEN = {
    "folded length": lambda body: b"POST /v1/tlsrpt HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n %d\r\n\r\n" % len(body),
    "folded header": lambda body: b"POST /v1/tlsrpt HTTP/1.1\r\nHost: h\r\nX-A: b\r\n c\r\nContent-Length: %d\r\n\r\n" % len(body),
    "folded over another": lambda body: b"POST /v1/tlsrpt HTTP/1.1\r\nHost: h\r\nX-A: b\r\n Transfer-Encoding: chunked\r\n"
                                        b"Content-Length: %d\r\n\r\n" % len(body),
    "NUL in a value": lambda body: b"POST /v1/tlsrpt HTTP/1.1\r\nHost: h\r\nX-A: b\0c\r\nContent-Length: %d\r\n\r\n" % len(body),
    "NUL in a length": lambda body: b"POST /v1/tlsrpt HTTP/1.1\r\nHost: h\r\nContent-Length: %d\x005\r\n\r\n" % len(body),
    "NUL in a coding": lambda body: b"POST /v1/tlsrpt HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\0x\r\n\r\n" + b"",
    "bare line feeds": lambda body: b"POST /v1/tlsrpt HTTP/1.1\nHost: h\nContent-Length: %d\n\n" % len(body),
    "bare carriage return": lambda body: b"POST /v1/tlsrpt HTTP/1.1\r\nHost: h\r\nX-A: b\rTransfer-Encoding: chunked\r\n"
                                         b"Content-Length: %d\r\n\r\n" % len(body),
    "leading empty lines": lambda body: b"\r\n\r\nPOST /v1/tlsrpt HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body),
    "length in hex": lambda body: b"POST /v1/tlsrpt HTTP/1.1\r\nHost: h\r\nContent-Length: 0x%x\r\n\r\n" % len(body),
    "huge length": lambda body: b"POST /v1/tlsrpt HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551617\r\n\r\n",
    "HTTP/1.0": lambda body: b"POST /v1/tlsrpt HTTP/1.0\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_hidden_from_us_stores_no_other_body(shared, name):
    """If it is answered 2xx, the body that was sent was kept, whole; if not, none was."""
    body, before = report(), shared.bodies()
    with shared.raw() as client:
        client.send(HIDDEN[name](body) + body)
        client.socket.shutdown(socket.SHUT_WR)
        try:
            status = client.answer()[0]
        except (EOFError, ConnectionError):
            status = 0
    added = [one for one in shared.bodies() if one not in before]
    assert added == ([body] if 200 <= status < 300 else [])


def test_a_second_request_in_a_body_is_a_body(shared):
    inner = request(report("smuggled"))
    with shared.raw() as client:
        assert client.send(request(inner)).answer()[0] == 400
        assert client.send(request(report("after"))).answer()[0] == 201
    assert not any(b"smuggled" in body for body in shared.bodies())


def test_chunks_of_any_size_are_put_together(shared):
    body = report(pad=3000)
    pieces = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(part), part)
                      for part in (body[:1], body[1:17], body[17:2000], body[2000:]))
    status, _, _ = shared.ask(request(pieces + b"0\r\nX-Trailer: 1\r\n\r\n", "Transfer-Encoding: chunked", length=False))
    assert status == 201 and body in shared.bodies()


def test_pipelined_requests_are_answered_in_order(shared):
    bodies = [report() for _ in range(5)]
    with shared.raw() as client:
        client.send(b"".join(map(request, bodies)))
        assert [client.answer()[0] for _ in bodies] == [201] * 5


# ---- paths and methods ----

@pytest.mark.parametrize("path", ["/", "/v1", "/v1/tlsrpt/", "/v1//tlsrpt", "/v1/%74lsrpt", "/V1/tlsrpt",
                                  "/v1/tlsrpt/../tlsrpt", "/v1/tlsrpt%00", "/v1/tlsrpt%3Fx", "/v1/tlsrptx", "//v1/tlsrpt",
                                  "/v1/tlsrpt/a%2Eb", "/v1/tlsrpt/example.com/", "/v1/tlsrpt/nodot", "/v1/tlsrpt;x",
                                  "http://localhost", "http:///v1/tlsrpt/", "ftp://localhost/v1/tlsrpt", "*",
                                  "/v1/tlsrpt/" + "a." * 127 + "aa"])
def test_another_path_is_not_found(shared, path):
    assert shared.ask(request(report(), path=path))[0] == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post", "PATCH"])
def test_another_method_is_not_allowed(shared, method):
    with shared.raw() as client:
        client.send(request(b"", method=method, length=method not in ("GET", "HEAD")))
        assert client.line().split()[1] == b"405"
        assert b"Allow: POST" in iter(client.line, b"")


@pytest.mark.parametrize("path", ["/v1/tlsrpt?from=here", "http://localhost/v1/tlsrpt", "HTTPS://h:1/v1/tlsrpt/example.com"])
def test_other_forms_of_the_same_path(shared, path):
    assert shared.ask(request(report(), path=path))[0] == 201


def test_the_path_names_the_domain_of_a_policy_without_one(shared):
    assert shared.ask(request(report(domain=None)))[0] == 202
    assert shared.ask(request(report(domain=None), path="/v1/tlsrpt/Mail.Example.net"))[0] == 201
    assert shared.ask(request(report(domain=None), path="/v1/tlsrpt/evil.example"))[0] == 403
    assert shared.database.sql("SELECT policy_domain FROM tlsrpt.report WHERE 'no-policy-domain' = ANY(quirks)") == [
        ("mail.example.net",)]


def test_what_a_stranger_writes_steers_no_terminal(shared):
    """The log and the answer show it escaped; the log says which domain was refused."""
    for domain in ("\x1b[2Jevil.example", "\u202eevil.example", "evil.example\nforged line"):
        status, _, body = shared.ask(request(report(domain=domain)))
        assert status in (202, 403)
        assert domain not in body["reason"] and "\x1b" not in body["reason"]
    assert shared.ask(request(report(domain="evil.example")))[0] == 403
    log = shared.log.read_text()
    assert "\x1b" not in log and "\u202e" not in log and "\nforged" not in log
    assert 'not-ours door=https peer=127.0.0.1 reason="policy domain evil.example is not ours"' in log


# ---- sizes ----

def test_expect_is_answered_before_the_body(shared):
    body = report()
    with shared.raw() as client:
        client.send(request(body, "Expect: 100-continue")[:-len(body)])
        assert client.answer()[0] == 100
        assert client.send(body).answer()[0] == 201


def test_too_large_is_said_at_the_headers_to_who_asks(door):
    daemon = door(https="max_body_bytes = 4096")
    with daemon.raw() as client:
        client.send(request(b"", "Expect: 100-continue", "Content-Length: 4097", length=False))
        assert client.answer()[0] == 413
        assert client.is_closed()
    with daemon.raw() as client:
        client.send(request(b"", "Content-Length: 1000000000000", length=False))
        assert client.answer()[0] == 413


@pytest.mark.parametrize("how", ["length", "chunked"])
def test_too_large_is_read_and_answered(door, how):
    daemon = door(https="max_body_bytes = 4096\nmax_discard_bytes = 1000000")
    for size, status in ((4096, 201), (4097, 413), (900000, 413)):
        body = report(pad=size)
        data = request(body) if how == "length" else request(chunked(body), "Transfer-Encoding: chunked", length=False)
        assert daemon.ask(data)[0] == status
    assert len(daemon.bodies()) == 1


def test_what_is_discarded_is_bounded(door):
    daemon = door(https="max_body_bytes = 4096\nmax_discard_bytes = 100000")
    with daemon.raw() as client:
        client.send(request(b"", "Transfer-Encoding: chunked", length=False))
        with pytest.raises(ConnectionError):
            for _ in range(10000):
                client.send(b"10000\r\n" + bytes(65536) + b"\r\n")


def test_curl_sees_413_for_thirty_megabytes(shared, tmp_path):
    (tmp_path / "zeros").write_bytes(bytes(30 << 20))
    for options in ((), ("-H", "Expect:"), ("-H", "Transfer-Encoding: chunked")):
        assert shared.post(tmp_path / "zeros", *options).status == 413


def test_inflated_size_at_its_limit(door):
    daemon = door(more="intake { max_inflated_bytes = 100000 }")
    assert daemon.ask(request(gzip.compress(report(pad=100000))))[0] == 201
    assert daemon.ask(request(gzip.compress(report(pad=100001))))[0] == 413


def test_headers_are_bounded(shared):
    assert shared.ask(request(report(), "X-A: " + "a" * 40000))[0] == 431


def test_bytes_in_flight_are_bounded(door):
    """What is there for all is there once: the larger, slower body gives way, and a small one asks for nothing."""
    daemon = door(https="max_body_bytes = 900000", more="intake { max_waiting_bytes = 1048576 }")

    def meet():
        body = report(pad=600000)
        with daemon.raw() as slow:
            slow.send(request(body)[:-10])
            time.sleep(0.5)  # for them to be read
            small = daemon.ask(request(report()))[0]
            other = daemon.ask(request(report(pad=500000)))[0]
            try:
                slow.send(body[-10:])
                return slow.answer()[0], small, other
            except (OSError, EOFError):
                return 408, small, other  # too late to be told

    while meet() != (408, 201, 201):
        pass  # the other came before the bytes of the slow one were all there
    assert daemon.ask(request(report(pad=600000)))[0] == 201
    assert "body gives way" in daemon.log.read_text()


# ---- who it is ----

def peers(daemon):
    return [row[0] for row in daemon.database.sql("SELECT peer FROM tlsrpt.report ORDER BY received, peer")]


def test_a_proxy_names_its_client(door):
    daemon = door(https='proxies = {"127.0.0.1", "10.0.0.0/8"}')
    daemon.ask(request(report(), "X-Forwarded-For: 203.0.113.1, 198.51.100.7", "X-Forwarded-For: 10.1.2.3"))
    assert peers(daemon) == ["198.51.100.7"]


def test_others_name_nobody(door):
    daemon = door(https='proxies = {"10.0.0.0/8"}')
    daemon.ask(request(report(), "X-Forwarded-For: 203.0.113.1"))
    assert peers(daemon) == ["127.0.0.1"]


def test_forwarded(door):
    daemon = door(https='proxies = {"127.0.0.0/8"}\nproxy_header = "Forwarded"')
    daemon.ask(request(report(), 'Forwarded: for=203.0.113.1, for="[2001:db8::7]:4711";proto=https',
                       "X-Forwarded-For: 192.0.2.1"))
    assert peers(daemon) == ["2001:db8::7"]


def test_unix_socket(migrated, tlsrptd, tmp_path):
    path = tmp_path / "s"
    with Door(tlsrptd, tmp_path, migrated, f'proxies = {{"unix"}}') as daemon:
        pass
    daemon.conf.write_text(daemon.conf.read_text().replace("plain_listen = {", f'plain_listen = {{"unix:{path}", '))
    with daemon:
        (tmp_path / "report").write_bytes(report())
        answer = daemon.post(tmp_path / "report", "--unix-socket", path, "-H", "X-Forwarded-For: 203.0.113.9",
                             url="http://localhost/v1/tlsrpt")
        assert answer.status == 201
        assert peers(daemon) == ["203.0.113.9"]


# ---- limits ----

def closed_at_once(daemon, source):
    client = daemon.raw(source=source)
    client.socket.settimeout(1)
    try:
        return client.socket.recv(1) == b"", client
    except ConnectionError:
        return True, client
    except TimeoutError:
        return False, client


def test_connections_of_one_address_and_network(door):
    daemon = door(https="max_connections_per_address = 2\nmax_connections_per_network = 4")
    sources = ["127.0.0.2"] * 3 + ["127.0.0.3"] * 3 + ["127.0.1.1"]
    tried = [closed_at_once(daemon, source) for source in sources]
    assert [closed for closed, _ in tried] == [False, False, True, False, False, True, False]
    for _, client in tried:
        client.close()


def test_connections_over_all_take_the_place_of_the_oldest(door):
    """Of the fullest /16: one of another, which is older, stays. At the limit nobody goes."""
    daemon = door(https="max_connections = 4\nthreads = 1")
    alone = daemon.raw(source="127.1.0.1")
    clients = [daemon.raw(source="127.0.0.2") for _ in range(3)]
    assert "all connections are taken" not in daemon.log.read_text()
    clients += [daemon.raw(source="127.0.0.2") for _ in range(2)]
    for client in (alone, *clients[2:]):
        assert client.send(request(report())).answer()[0] == 201
    for client in clients[:2]:
        with pytest.raises((OSError, EOFError)):
            client.send(request(report())).answer()
    assert daemon.log.read_text().count("all connections are taken") == 1
    for client in (alone, *clients):
        client.close()


def test_byte_budget_of_a_network(door):
    daemon = door(https="source_bytes_per_hour = 1048576")
    assert daemon.ask(request(report()))[0] == 201
    assert daemon.ask(request(report(pad=1048576)))[0] == 201
    status, headers, body = daemon.ask(request(report()))
    assert (status, body["status"]) == (429, "slow-down") and 0 < int(headers["retry-after"]) <= 3600
    with daemon.raw(source="127.0.1.1") as client:
        assert client.send(request(report())).answer()[0] == 201


def test_requests_of_one_connection(door):
    daemon = door(https="max_requests_per_connection = 3")
    with daemon.raw() as client:
        seen = [client.send(request(report())).answer() for _ in range(3)]
        assert [status for status, _, _ in seen] == [201] * 3
        assert [headers.get("connection", "").lower() == "close" for _, headers, _ in seen] == [False, False, True]
        assert client.is_closed()


# ---- configuration ----

def refused(tlsrptd, folder, text):
    (folder / "conf").write_text(text)
    done = subprocess.run([tlsrptd, "serve", "-c", folder / "conf", "--db", "postgresql:///none"],
                          capture_output=True, text=True)
    return done.returncode, done.stderr


@pytest.mark.parametrize("text,said", [
    ("", "nothing to listen on"),
    ('https { listen = {"127.0.0.1:0"} }', "needs https/certificate"),
    ('https { plain_listen = {"0.0.0.0:0"} }', "0.0.0.0:0"),
    ('https { plain_listen = {"[::]:0"} }', "[::]:0"),
    ('https { plain_listen = {"127.0.0.1:0"} proxies = {"example.com"} }', "example.com"),
    ('https { plain_listen = {"127.0.0.1:0"}', "conf:1: section https is not closed"),
    ('https { listen = {"127.0.0.1:0"} certificate = "/none" key = "/none" }', "/none"),
])
def test_a_wrong_configuration_is_refused(tlsrptd, tmp_path, text, said):
    code, error = refused(tlsrptd, tmp_path, text)
    assert code == 78 and said in error


def test_config_prints_what_can_be_read_back(tlsrptd, tmp_path):
    (tmp_path / "one").write_text('domains = {"example.com"}\nhttps { listen = {"[::]:443"} }\nknown "x" { until = "2026-01-01" }\n')
    one = subprocess.run([tlsrptd, "config", "-c", tmp_path / "one"], capture_output=True, text=True, check=True).stdout
    (tmp_path / "two").write_text(one)
    assert subprocess.run([tlsrptd, "config", "-c", tmp_path / "two"], capture_output=True, text=True, check=True).stdout == one
    assert 'listen = {"[::]:443"}' in one


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_is_left_behind(shared):
    status = pathlib.Path(f"/proc/{shared.process.pid}/status").read_text()
    assert not [line for line in status.splitlines() if line.startswith(("Uid:", "Gid:")) and "\t0" in line]


def test_ready_file_names_the_sockets(migrated, tlsrptd, tmp_path):
    door = Door(tlsrptd, tmp_path, migrated)
    door.command = [tlsrptd]
    with open(tmp_path / "log2", "wb") as log:
        process = subprocess.Popen([tlsrptd, "serve", "-c", door.conf, "--ready-file", tmp_path / "ready"], stderr=log)
    try:
        while process.poll() is None and not (tmp_path / "ready").exists() or not (tmp_path / "ready").read_text():
            time.sleep(0.05)
        assert (tmp_path / "ready").read_text().splitlines()[:2] == [f"https 127.0.0.1:{door.port}", f"http 127.0.0.1:{door.plain}"]
    finally:
        process.terminate()
        assert process.wait() == 0


def test_verbs(tlsrptd):
    def run(*words):
        return subprocess.run([tlsrptd, *words], capture_output=True, text=True)

    assert run().returncode == 64
    wrong = run("sevre")
    assert wrong.returncode == 64 and "did you mean serve?" in wrong.stderr
    assert run("serve", "--none").returncode == 64
    for verb in ("serve", "migrate", "maintain", "config", "reparse"):
        assert run(verb, "extra").returncode == 64, verb
    assert run("import").returncode == run("database").returncode == run("database", "start", "now").returncode == 64
