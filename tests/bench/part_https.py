"""Reports posted over HTTPS until each is committed, by wrk on the same processors; and what a new connection costs."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from common import HERE, read_pack
from daemon import Daemon, free_port

CLIENTS, INSERT_S = 64, 2
MANY = 'max_connections_per_address = 1000\nmax_connections_per_network = 1000\nsource_bytes_per_hour = 1099511627776'
NGINX = """
worker_processes 2;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1000; }}
http {{
    access_log off;
    client_body_temp_path {folder};
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache off;
        ssl_session_tickets off;
        location / {{ return 204; }}
    }}
}}
"""


class Posts:
    """What wrk saw: requests, statuses of 400 and above, seconds until the last of the pack was sent, p50 and p99 in ms,
    errors of connections."""

    def __init__(self, url, pack, clients, *words, seconds=60):
        done = subprocess.run(["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s", "-s", HERE / "post.lua", url,
                               "--", pack, *words], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"wrk: {done.stdout}{done.stderr}")
        self.requests, self.bad, self.seconds, self.p50, self.p99, self.errors = map(
            float, done.stdout.strip().splitlines()[-1].split())


def serve(bench, folder, uri, **more):
    folder.chmod(0o755)
    return Daemon(bench.build / "tlsrptd", folder, uri, https=MANY, **more)


def kept(bench, name, wanted=0):
    """Reports; soon so many, when wrk went away with the last of them under way."""
    for _ in range(100):
        count = bench.server.sql(name, "SELECT count(*) FROM tlsrpt.raw_report")[0][0]
        if count >= wanted:
            break
        time.sleep(0.05)
    return count


def processor_s(pid):
    """Of a process and its children that live."""
    ticks = 0
    for child in [pid, *subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()]:
        words = pathlib.Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(words[11]) + int(words[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(bench):
    name, uri = bench.database()
    packs = [bench.make_packs("posts", seed) / "mix.pack" for seed in range(1, bench.rounds + 1)]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        with serve(bench, folder, uri) as daemon:
            keep_alive(bench, name, uri, daemon, packs)
            new_connections(bench, name, daemon, folder)


def keep_alive(bench, name, uri, daemon, packs):
    rates, commits, tails, medians = [], [], [], []
    for pack in packs:
        before = kept(bench, name)
        posts = Posts(daemon.url, pack, CLIENTS)
        reports = len(list(read_pack(pack))) - 1  # wrk does not send the first, and the last again until it has stopped
        stored = kept(bench, name, before + reports) - before
        if posts.bad or posts.errors or stored < reports:
            sys.exit(f"https: {posts.bad:.0f} refused, {posts.errors:.0f} broken, {stored} of {posts.requests:.0f} kept")
        rates.append(stored / posts.seconds)
        medians.append(posts.p50)
        tails.append(posts.p99)
        commits.append(bench.one_row_commits(uri, 4, 1 if bench.short else INSERT_S))
    bench.add("HTTPS posts to 201, 64 clients, a second, of one-row commits", rates, commits, 1.2, 2)
    bench.add("HTTPS p99, ms, of the median", tails, medians, 10, 5)


def new_connections(bench, name, daemon, folder):
    """Processor time of the daemon alone, PostgreSQL's not included, beside nginx that keeps nothing."""
    pack = bench.make_packs("closes", 77)/ "small.pack"
    port, ours, nginx = free_port(), [], []
    conf = folder / "nginx.conf"
    conf.write_text(NGINX.format(folder=folder, port=port, certificate=daemon.certificate, key=daemon.key))
    server = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-c", conf, "-e", folder / "error.log"])
    try:
        for _ in range(bench.rounds):
            bench.empty(name)
            for costs, url, pid in ((ours, daemon.url, daemon.process.pid),
                                    (nginx, f"https://localhost:{port}/v1/tlsrpt", server.pid)):
                before = processor_s(pid)
                posts = Posts(url, pack, CLIENTS, "close", seconds=1 if bench.short else 4)
                costs.append((processor_s(pid) - before) / posts.requests * 1e6)
    finally:
        server.terminate()
        server.wait()
    bench.add("HTTPS, a connection a post: processor us of the server, of nginx", ours, nginx, 1.5, 1.2)
