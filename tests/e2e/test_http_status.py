"""The daemon's own /metrics, /healthz and /readyz; and /metrics of `tlsrpt serve`."""
import gzip
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

import pytest

import prom
from conftest import SOURCE
from daemon import Daemon, free_port
from test_http import report

READY_S = 60  # patience with a loaded machine; no test measures it


def get(port, path, **headers):
    """(status, headers, bytes)"""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={
        name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def until(port, status, holding="", path="/readyz"):
    """The answer that has this status and these words; the doors open before this one."""
    answer = None
    for _ in range(READY_S * 10):
        try:
            answer = get(port, path)
        except OSError as error:
            answer = 0, {}, str(error).encode()
        if answer[0] == status and holding in answer[2].decode():
            return answer[2].decode()
        time.sleep(0.1)
    raise AssertionError(answer)


@pytest.fixture
def folder(postgres):
    """One in which the user that a daemon of root's becomes may write."""
    made = pathlib.Path(tempfile.mkdtemp(dir=postgres.dir))
    if postgres.user:
        shutil.chown(made, postgres.user)
    made.chmod(0o755)
    return made


class Watched(Daemon):
    def __init__(self, tlsrptd, folder, database, more="", **options):
        self.status = free_port()
        super().__init__(tlsrptd, folder, database.role_uri("tlsrpt_collector"), ["example.com"],
                         f'status {{ listen = {{"127.0.0.1:{self.status}"}} }}\n{more}', **options)

    def series(self):
        text = get(self.status, "/metrics")[2].decode()
        prom.check(text)
        return prom.parse(text)


def test_what_the_process_knows(tlsrptd, migrated, folder):
    with Watched(tlsrptd, folder, migrated) as daemon:
        assert until(daemon.status, 200) == "ok\n"
        assert get(daemon.status, "/healthz")[0] == 200
        series = daemon.series()
        assert prom.total(series, "tlsrpt_collector_deliveries_total") == 0
        for name, text in [("a", report("a")), ("b", report("a")), ("c", b"junk")]:
            (folder / name).write_bytes(text)
            daemon.post(folder / name)
        with socket.create_connection(("127.0.0.1", daemon.port)):
            series = daemon.series()
            for _ in range(READY_S * 10):
                if prom.total(series, "tlsrpt_collector_connections", transport="https") == 1:
                    break
                time.sleep(0.1)
                series = daemon.series()
        outcomes = {dict(labels)["outcome"]: n for labels, n in
                    prom.select(series, "tlsrpt_collector_deliveries_total", transport="https").items()}
        assert outcomes == {"stored": 1, "duplicate": 1, "unrecognized": 1}
        assert prom.total(series, "tlsrpt_collector_connections", transport="https") == 1
        assert series["tlsrpt_collector_batch_reports_total", ()] == 2
        assert series["tlsrpt_collector_waiting_reports", ()] == 0
        assert series["tlsrpt_collector_spool_files", ()] == 0
        assert series["tlsrpt_database_up", ()] == 1
        end = subprocess.run(["openssl", "x509", "-in", daemon.certificate, "-noout", "-checkend", "172700"])
        assert end.returncode == 0 and abs(series["tlsrpt_certificate_expiry_timestamp_seconds", ()] -
                                           (daemon.certificate.stat().st_mtime + 2 * 86400)) < 10
        assert prom.total(series, "tlsrpt_build_info", program="tlsrptd") == 1
        assert get(daemon.status, "/")[0] == get(daemon.status, "/v1/tlsrpt")[0] == 404


def test_not_ready_while_the_database_is_away(tlsrptd, database, tmp_path):
    with Watched(tlsrptd, tmp_path, database) as daemon:
        until(daemon.status, 503, "tlsrptd migrate")  # no tables yet
        assert get(daemon.status, "/healthz")[0] == 200
        assert daemon.series()["tlsrpt_database_up", ()] == 0
        subprocess.run([tlsrptd, "migrate", "--db", database.uri], check=True, capture_output=True)
        until(daemon.status, 200)
        database.server.sql("postgres", f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS false")
        database.server.sql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                            (database.name,))
        assert until(daemon.status, 503, "accepting").count("\n") == 1
        assert get(daemon.status, "/healthz")[0] == 200
        database.server.sql("postgres", f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS true")
        until(daemon.status, 200)


def test_not_ready_while_it_stops(tlsrptd, migrated, tmp_path):
    """A client that has sent half of a post holds the stop up for a while."""
    with Watched(tlsrptd, tmp_path, migrated, more=f'lmtp {{ listen = {{"unix:{tmp_path}/lmtp"}} }}\n',
                 https="body_s = 5") as daemon:
        until(daemon.status, 200)
        client = daemon.context().wrap_socket(socket.create_connection(("127.0.0.1", daemon.port)),
                                              server_hostname="localhost")
        client.sendall(b"POST /v1/tlsrpt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
        for _ in range(READY_S * 10):
            if prom.total(daemon.series(), "tlsrpt_collector_waiting_size_bytes") > 0:
                break
            time.sleep(0.1)
        daemon.process.send_signal(signal.SIGTERM)
        assert until(daemon.status, 503) == "stopping\n"
        client.close()


def test_only_loopback_is_listened_on(tlsrptd, migrated, tmp_path):
    daemon = Watched(tlsrptd, tmp_path, migrated)
    daemon.conf.write_text(daemon.conf.read_text().replace(f'status {{ listen = {{"127.0.0.1', 'status { listen = {"0.0.0.0'))
    done = subprocess.run([tlsrptd, "serve", "-c", daemon.conf], capture_output=True, text=True)
    assert done.returncode == 78 and "status/listen" in done.stderr


def test_the_manual_has_every_metric_of_the_daemon():
    names = set(re.findall(r'"(tlsrpt_\w+)"', (SOURCE / "collector/status.c").read_text()))
    manual = (SOURCE / "docs/tlsrptd.8").read_text()
    assert len(names) > 10
    assert {name for name in names if not re.search(rf"\b{name}(_total|_info)?\b", manual)} == set()


# ---- tlsrpt serve ----

class Pages:
    """`tlsrpt serve` on a free port."""

    def __init__(self, tlsrpt, folder, uri, more=""):
        self.port, self.log = free_port(), pathlib.Path(folder) / "pages.log"
        self.conf = pathlib.Path(folder) / "pages.conf"
        self.conf.write_text(f'web {{ listen = {{"127.0.0.1:{self.port}"}} refresh_s = 5\n {more} }}\n')
        self.command = [tlsrpt, "serve", "-c", self.conf, "--db", uri]

    def __enter__(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        for _ in range(READY_S * 10):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return self
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.1)
        raise RuntimeError(self.log.read_text())

    def __exit__(self, *exception):
        self.process.terminate()
        assert self.process.wait() == 0, self.log.read_text()
        assert "Sanitizer" not in self.log.read_text()


@pytest.fixture
def pages(tlsrpt, migrated, tmp_path):
    with Pages(tlsrpt, tmp_path, migrated.role_uri("tlsrpt_reader")) as made:
        yield made


def test_formats_by_negotiation(pages):
    status, headers, text = get(pages.port, "/metrics")
    assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4")
    prom.check(text.decode())
    assert b"# EOF" not in text
    status, headers, text = get(pages.port, "/metrics", Accept="application/openmetrics-text; version=1.0.0,text/plain;q=0.5")
    assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert text.endswith(b"# EOF\n")
    status, headers, text = get(pages.port, "/metrics", Accept_Encoding="gzip")
    assert headers["Content-Encoding"] == "gzip"
    prom.check(gzip.decompress(text).decode())


def test_the_same_as_tlsrpt_metrics(tlsrpt, pages, migrated):
    done = subprocess.run([tlsrpt, "metrics", "--db", migrated.role_uri("tlsrpt_reader")], capture_output=True, text=True)
    served = prom.parse(get(pages.port, "/metrics")[2].decode())
    assert set(served) == set(prom.parse(done.stdout))


def test_the_database_goes_and_comes(pages, migrated):
    prom.check(get(pages.port, "/metrics")[2].decode())
    migrated.server.sql("postgres", f"ALTER DATABASE {migrated.name} ALLOW_CONNECTIONS false")
    migrated.server.sql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                        (migrated.name,))
    for _ in range(3):
        text = get(pages.port, "/metrics")[2].decode()
        prom.check(text)
        assert prom.parse(text)["tlsrpt_database_up", ()] == 0
    migrated.server.sql("postgres", f"ALTER DATABASE {migrated.name} ALLOW_CONNECTIONS true")
    up = [prom.parse(get(pages.port, "/metrics")[2].decode())["tlsrpt_database_up", ()] for _ in range(2)]
    assert up[-1] == 1


def test_scrapes_side_by_side(pages):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(get(pages.port, "/metrics")[0])) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 20
