"""A daemon with default settings under siege on loopback: what a few strangers send in each row, and what an honest
client meets meanwhile that posts every 100 ms over new connections, and one that hands over mail. What is honest must
never be refused; the 99th percentile is printed beside its aim, disk and memory with their limits."""
import argparse
import functools
import gzip
import itertools
import json
import multiprocessing
import os
import pathlib
import random
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path.insert(0, str(SOURCE / "tests/e2e"))
from conftest import Postgres  # noqa: E402
from daemon import Daemon, free_port  # noqa: E402
import mails  # noqa: E402

AIM_S = 1.0           # p99 of an honest post: printed, for a shared machine decides it too
MEMORY_MIB = 512      # of the daemon: the must
DISK_MIB = 1024       # of the spool: the must
PATIENCE_S = 30       # a post that takes longer is lost
HONEST_EVERY_S = 0.1
MAIL_EVERY_S = 0.5
NETWORK = "198.51.100"
numbers = itertools.count(1)


def report(pad=0):
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
    text = json.dumps({
        "organization-name": "Siege", "contact-info": "tls@siege.example.org",
        "report-id": f"siege-{os.getpid()}-{next(numbers)}-{random.random()}",
        "date-range": {"start-datetime": f"{day}T00:00:00Z", "end-datetime": f"{day}T23:59:59Z"},
        "policies": [{"policy": {"policy-type": "sts", "policy-domain": "example.org"},
                      "summary": {"total-successful-session-count": 1, "total-failure-session-count": 0}}]}).encode()
    return text + b" " * max(0, pad - len(text))


def request(body, length=None):
    return (f"POST /v1/tlsrpt HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length or len(body)}\r\n"
            "Connection: close\r\n\r\n").encode() + body


# ---- the honest ----

def post(port, certificate, body, source="127.0.0.1"):
    """(status, seconds); 0: lost."""
    began, status = time.monotonic(), 0
    try:
        context = ssl.create_default_context(cafile=certificate)
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S, (source, 0)) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                tls.sendall(request(body))
                said = tls.recv(4096)
                status = int(said.split()[1]) if said else 0
    except (OSError, IndexError, ValueError):
        pass
    return status, time.monotonic() - began


def hand_over(path, message):
    """(first word of the reply, seconds)."""
    began, said = time.monotonic(), "lost"
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE_S)
            client.connect(path)
            lines = client.makefile("rb")
            lines.readline()
            for line in ("LHLO siege", "MAIL FROM:<>", "RCPT TO:<tlsrpt@example.org>", "DATA"):
                client.sendall(line.encode() + b"\r\n")
                while lines.readline()[3:4] == b"-":
                    pass
            client.sendall(message.replace("\n", "\r\n").encode() + b"\r\n.\r\n")
            said = lines.readline().decode().split(" ")[0] or "lost"
    except OSError:
        pass
    return said, time.monotonic() - began


def honest(port, certificate, lmtp, until, out):
    """Every post and mail is sent at its time, however long the ones before it take."""
    done, waiting = [], []

    def one(kind):
        text = report()
        if kind == "post":
            done.append((kind, *post(port, certificate, gzip.compress(text))))
        else:
            done.append((kind, *hand_over(lmtp, mails.mail(text.decode(), passed="siege.example.org",
                                                            sender="siege.example.org"))))

    due = {"post": time.monotonic(), "mail": time.monotonic()}
    every = {"post": HONEST_EVERY_S, "mail": MAIL_EVERY_S}
    while time.monotonic() < until:
        for kind, at in due.items():
            if at <= time.monotonic():
                waiting.append(threading.Thread(target=one, args=(kind,)))
                waiting[-1].start()
                due[kind] = max(at + every[kind], time.monotonic() - 1)
        time.sleep(0.005)
    for thread in waiting:
        thread.join()
    out.put(done)


# ---- the strangers ----

def dial(port, source):
    client = socket.create_connection(("127.0.0.1", port), 5, (source, 0))
    client.settimeout(5)
    return client


def hold(port, until, sources, first, more, every_s):
    """Connections that send `first` and then `more` now and then, and come again when they are cut off."""
    clients = {}
    while time.monotonic() < until:
        for number, source in enumerate(sources):
            try:
                if number not in clients:
                    clients[number] = dial(port, source)
                    clients[number].sendall(first)
                else:
                    clients[number].sendall(more)
            except OSError:
                if number in clients:
                    clients.pop(number).close()
        time.sleep(every_s)


def flood(port, until, sources, bodies, at_once):
    """Posts, one after the other on each of so many threads."""
    def run(number):
        turn = itertools.cycle(bodies)
        while time.monotonic() < until:
            try:
                with dial(port, sources[number % len(sources)]) as client:
                    client.settimeout(PATIENCE_S)
                    body = next(turn)
                    client.sendall(request(body() if callable(body) else body))
                    while client.recv(4096):
                        pass
            except OSError:
                time.sleep(0.05)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@functools.cache
def white_bomb():
    return gzip.compress(b" " * (60 << 20) + report(), 6)


@functools.cache
def nested_bomb():
    return gzip.compress(gzip.compress(b" " * (60 << 20) + b"{}"))


@functools.cache
def kinds_of_bombs():
    deep = b'{"a":' + b"[" * 60 + b"]" * 60 + b"}"
    many = b'{"policies":[' + b",".join([b'{"policy":{},"summary":{}}'] * 200000) + b"]}"
    strings = json.dumps({"organization-name": "x" * (50 << 20)}).encode()
    return [white_bomb(), nested_bomb(), gzip.compress(many, 1), gzip.compress(strings, 1), gzip.compress(deep, 1),
            gzip.compress(b"[" + b"{}," * (15 << 20) + b"{}]", 1), gzip.compress(b"{" + b'"a":1,' * (8 << 20) + b'"b":2}', 1)]


def networks(count, per=1, wide=False):
    """So many /24, or /16 with `wide`."""
    return [f"127.{20 + n}.0.{1 + k}" if wide else f"127.10.{n}.{1 + k}" for n in range(count) for k in range(per)]


def row_1(port, until):
    announced = request(b"", 10 << 20) + report(8600000)
    hold(port, until, networks(4, 2), announced, b" ", 10)


def row_1_many(port, until):
    hold(port, until, networks(20, 4), request(b"", 10 << 20) + report(8600000), b" ", 5)


def row_2(port, until):
    flood(port, until, ["127.10.0.1"], [white_bomb()], 30)


def row_2_nested(port, until):
    flood(port, until, ["127.10.0.1"], [nested_bomb()], 8)


def row_3(port, until):
    flood(port, until, networks(10), kinds_of_bombs(), 50)


def row_8(port, until):
    hold(port, until, networks(10, 100, wide=True), request(b"", 100000) + b"{", b" ", 0.5)


def row_10(port, until):
    while time.monotonic() < until:
        for length in ("-5", str(2**64 + 5)):
            with dial(port, "127.10.0.1") as client:
                client.sendall(request(b"12345", length))
                said = b""
                while more := client.recv(4096):
                    said += more
            assert said.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 ")), said
        time.sleep(0.2)


def row_all(port, until, tls):
    parts = [(hold, networks(10, 20, wide=True), request(b"", 100000) + b"{", b" ", 0.5),
             (hold, networks(4, 4), request(b"", 10 << 20) + report(8600000), b" ", 5),
             (flood, networks(4), [report], 8),
             (flood, networks(10), kinds_of_bombs(), 20)]
    running = [threading.Thread(target=what, args=(port, until, *rest)) for what, *rest in parts]
    # Half a ClientHello at the port with TLS.
    running.append(threading.Thread(target=hold, args=(tls, until, networks(5, 20, wide=True), b"\x16\x03\x01\x02\x00\x01",
                                                       b"\x00", 2)))
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


ROWS = {
    "none": (None, "nobody"),
    "1": (row_1, "8 bodies of 8 MB that never end, from 4 networks"),
    "1x10": (row_1_many, "80 of them, from 20"),
    "2": (row_2, "30 at once of 60 MB of blanks in 58 KB, from one address"),
    "2b": (row_2_nested, "8 at once of gzip in gzip, 500 bytes"),
    "3": (row_3, "50 bombs of 7 kinds at once, from 10 networks"),
    "8": (row_8, "1000 bodies of a byte each half second, from 10 /16"),
    "10": (row_10, "a Content-Length that is none"),
    "all": (row_all, "all of it, floods and half handshakes"),
}


# ---- a row ----

def memory_mib(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) // 1024
    return 0


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def besiege(build, server, name, seconds):
    attack, _ = ROWS[name]
    for make in {row_2: [white_bomb], row_2_nested: [nested_bomb], row_3: [kinds_of_bombs], row_all: [kinds_of_bombs]}.get(attack, []):
        make()  # before the clock runs
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tlsrpt-siege-"))
    folder.chmod(0o755)
    database = f"siege{next(numbers)}"
    server.sql("postgres", f"CREATE DATABASE {database}")
    uri = server.uri(database)
    subprocess.run([build / "tlsrptd", "migrate", "--db", uri], check=True, capture_output=True)
    (folder / "run").mkdir()
    (folder / "run").chmod(0o777)
    lmtp, plain = str(folder / "run/lmtp"), free_port()
    daemon = Daemon(build / "tlsrptd", folder, uri, ("example.org",), https=f'plain_listen = {{"127.0.0.1:{plain}"}}',
                    more=f'lmtp {{ listen = {{"unix:{lmtp}"}} }}\nmail {{ trusted_authserv_id = "{mails.AUTHSERV}" }}')
    before, most_spool = server.sql(database, f"SELECT pg_database_size('{database}')")[0][0], 0
    with daemon:
        began = time.monotonic()
        until, out = began + seconds, multiprocessing.Queue()
        processes = []
        if attack:
            arguments = (plain, until, daemon.port) if attack is row_all else (plain, until)
            processes.append(multiprocessing.Process(target=attack, args=arguments))
            processes[0].start()
            time.sleep(min(5, seconds / 4))  # it is under way
        friend = multiprocessing.Process(target=honest, args=(daemon.port, str(daemon.certificate), lmtp, until, out))
        friend.start()
        while time.monotonic() < until:
            spool = [path.stat().st_size for path in (folder / "state/spool").glob("*") if path.exists()]
            most_spool = max(most_spool, sum(spool))
            time.sleep(0.5)
        done = out.get(timeout=seconds + 10 * PATIENCE_S)
        friend.join()
        memory = memory_mib(daemon.process.pid, "VmHWM")
        for process in processes:
            process.join(10)
            if process.is_alive():
                process.kill()
            elif process.exitcode != 0:
                done.append(("attack", 0, 0))
    size = server.sql(database, f"SELECT pg_database_size('{database}')")[0][0]
    server.sql("postgres", f"DROP DATABASE {database} WITH (FORCE)")
    shutil.rmtree(folder, ignore_errors=True)
    posts = [(status, took) for kind, status, took in done if kind == "post"]
    sent = [(status, took) for kind, status, took in done if kind == "mail"]
    return {
        "row": name, "posts": len(posts), "stored": sum(s in (200, 201) for s, _ in posts),
        "spooled": sum(s == 202 for s, _ in posts), "refused": sum(s not in (200, 201, 202) for s, _ in posts),
        "p50": statistics.median(t for _, t in posts) if posts else 0, "p99": percentile([t for _, t in posts], 0.99),
        "mails": len(sent), "put off": sum(s != "250" for s, _ in sent), "mail p99": percentile([t for _, t in sent], 0.99),
        "memory": memory, "spool": most_spool >> 20, "database": (size - before) >> 20,
        "pinned": not any(kind == "attack" for kind, _, _ in done),
    }


HEAD = ("row", "posts", "stored", "spooled", "refused", "p50", "p99", "mails", "put off", "mail p99", "memory", "spool",
        "database")


def show(row):
    print("  ".join(f"{row[key]:.2f}".rjust(max(8, len(key))) if isinstance(row[key], float) else
                    str(row[key]).rjust(max(8, len(key))) for key in HEAD), flush=True)


def is_good(row):
    return (row["refused"] == 0 and row["put off"] == 0 and row["memory"] <= MEMORY_MIB and row["spool"] <= DISK_MIB and
            row["posts"] > 0 and row["pinned"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=SOURCE / "build/release", help="programs to besiege")
    parser.add_argument("--short", action="store_true", help="10 seconds a row instead of 60")
    parser.add_argument("--seconds", type=int)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(f"{key}: {about}" for key, (_, about) in ROWS.items()))
    chosen = parser.parse_args()
    seconds = chosen.seconds or (10 if chosen.short else 60)
    server, failed = Postgres(), []
    try:
        print(f"refused, put off: must be 0. p99: aim {AIM_S} s. memory: at most {MEMORY_MIB} MiB. spool: at most {DISK_MIB} "
              f"MiB. {seconds} s a row, {os.cpu_count()} processors for all.", flush=True)
        print("  ".join(key.rjust(max(8, len(key))) for key in HEAD))
        for name in chosen.rows or ROWS:
            row = besiege(chosen.build.resolve(), server, name, seconds)
            show(row)
            failed += [] if is_good(row) else [name]
    finally:
        server.remove()
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
