"""What the daemon keeps in memory: with idle TLS connections, with the largest reports under way, after very many."""
import gzip
import json
import pathlib
import socket
import tempfile
import threading
import urllib.request

from common import read_pack
from daemon import Daemon
from part_https import MANY, Posts

IDLE, LARGE_BYTES, MAX_DETAILS, LARGE_AT_ONCE, LARGE_ROUNDS = 256, 10 << 20, 19_900, 2, 4
REPORTS = 200_000


def memory_mib(daemon, what):
    """VmRSS, or VmHWM for the most there ever was, of the process alone."""
    lines = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1]) / 1024


def serve(bench, folder, uri):
    folder = pathlib.Path(folder)
    folder.chmod(0o755)
    return Daemon(bench.build / "tlsrptd", folder, uri, https=MANY)


def idle(bench, uri):
    with tempfile.TemporaryDirectory() as folder, serve(bench, folder, uri) as daemon:
        context = daemon.context()
        clients = [context.wrap_socket(socket.create_connection(("127.0.0.1", daemon.port)), server_hostname="localhost")
                   for _ in range(IDLE)]
        for client in clients:  # the handshake of TLS 1.3 ends with what the server reads first
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.recv(4096)
        bench.add(f"memory with {IDLE} idle TLS connections, MiB", memory_mib(daemon, "VmRSS"), None, 40)
        for client in clients:
            client.close()


def large_report(pack, no):
    """Ten mebibytes of JSON: the failures of a large report over and over, nearly as many as one report may have."""
    report = json.loads(gzip.decompress(next(read_pack(pack))))
    rows = [row for policy in report["policies"] for row in policy["failure-details"]]
    rows = (rows * (MAX_DETAILS // len(rows) + 1))[:MAX_DETAILS]
    report["policies"] = [dict(report["policies"][0], **{"failure-details": rows})]
    report["report-id"] += f"-{no}"
    room = (LARGE_BYTES - len(json.dumps(report))) // MAX_DETAILS - len('"additional-information": "", ')
    report["policies"][0]["failure-details"] = [dict(row, **{"additional-information": "https:" + "x" * (room - 6)})
                                                for row in rows]
    return gzip.compress(json.dumps(report).encode(), 1)


def flowing(bench, name, uri):
    bodies = [large_report(bench.data / "large.pack", no) for no in range(LARGE_AT_ONCE * LARGE_ROUNDS)]
    with tempfile.TemporaryDirectory() as folder, serve(bench, folder, uri) as daemon:
        before = bench.server.sql(name, "SELECT count(*) FROM tlsrpt.raw_report")[0][0]
        context = daemon.context()

        def post(mine):
            for body in mine:
                request = urllib.request.Request(daemon.url, body, {"Content-Type": "application/tlsrpt+gzip"})
                with urllib.request.urlopen(request, context=context) as answer:
                    assert answer.status == 201, answer.status

        threads = [threading.Thread(target=post, args=(bodies[i::LARGE_AT_ONCE],)) for i in range(LARGE_AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        kept = bench.server.sql(name, "SELECT count(*) FROM tlsrpt.raw_report")[0][0] - before
        assert kept == len(bodies), f"{kept} of {len(bodies)} large reports were kept"
        bench.add(f"memory at most with reports of 10 MiB, {LARGE_AT_ONCE} at once, MiB", memory_mib(daemon, "VmHWM"), None, 64)


def growth(bench, name, uri):
    """The same reports over and over, into tables that are emptied between: only the daemon could grow."""
    reports = 4_000 if bench.short else 1_000_000 if bench.long else REPORTS
    packs = [bench.make_packs("posts", seed) / "mix.pack" for seed in (1, 2)]
    sizes, posted = [], 0
    with tempfile.TemporaryDirectory() as folder, serve(bench, folder, uri) as daemon:
        while posted < reports:
            bench.empty(name)
            for pack in packs:
                posted += Posts(daemon.url, pack, 64).requests
            sizes.append(memory_mib(daemon, "VmRSS"))
    third = max(1, len(sizes) // 3)
    # The first third warms up what the allocator keeps.
    bench.add(f"memory after {posted:,.0f} posts, MiB, of after the first third", sizes[-1], sizes[third - 1], 1.1, 1.02)


def measure(bench):
    name, uri = bench.database()
    idle(bench, uri)
    flowing(bench, name, uri)
    growth(bench, name, uri)
