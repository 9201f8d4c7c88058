"""tlsrptd as a service of systemd: what it says of its state, sockets that are handed to it, credentials."""
import gzip
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from conftest import SERVER_USER, as_user
from daemon import START_S, free_port, make_certificate

REPORT = gzip.compress(json.dumps({
    "organization-name": "Sender", "contact-info": "tls-reports@sender.example", "report-id": "1",
    "date-range": {"start-datetime": "2026-11-01T00:00:00Z", "end-datetime": "2026-11-01T23:59:59Z"},
    "policies": [{"policy": {"policy-type": "no-policy-found", "policy-domain": "example.com"},
                  "summary": {"total-successful-session-count": 5, "total-failure-session-count": 0}}]}).encode())
# What systemd does for its services: the sockets are those from descriptor 3 on.
PASS = ["sh", "-c", 'LISTEN_PID=$$; export LISTEN_PID; exec "$@"', "sh"]


@pytest.fixture
def folder():
    """Open to whoever the daemon runs as, which pytest's own are not."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="tlsrpt-unit-"))
    path.chmod(0o755)
    (path / "report").write_bytes(REPORT)
    yield path
    shutil.rmtree(path, ignore_errors=True)


class Service:
    """`tlsrptd serve`, started as a service: as an ordinary user from the beginning."""

    def __init__(self, tlsrptd, folder, text, user=SERVER_USER):
        self.command, self.folder, self.user, self.process = [tlsrptd], folder, user, None
        self.certificate, self.key = make_certificate(folder)
        (folder / "state").mkdir()
        (folder / "tlsrpt.conf").write_text(f'state_dir = "{folder}/state"\nuser = "nobody"\n' + text)
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, SERVER_USER)

    def start(self, environment=(), sockets=(), names=None, prefix=()):
        env = {**os.environ, **dict(environment)}
        command = [*prefix, *self.command, "serve", "-c", str(self.folder / "tlsrpt.conf")]
        if sockets:
            env["LISTEN_FDS"] = str(len(sockets))
            if names is not None:
                env["LISTEN_FDNAMES"] = names
            command = PASS + command
            moved = {3 + i: os.dup(s.fileno()) for i, s in enumerate(sockets)}

            def move():
                copies = [os.dup(fd) for fd in moved.values()]
                high = [os.dup2(fd, 100 + i) for i, fd in enumerate(copies)]
                for i, fd in enumerate(high):
                    os.dup2(fd, 3 + i, inheritable=True)
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(as_user(self.user, command), env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            close_fds=not sockets, preexec_fn=move if sockets else None)
        return self

    def log(self):
        return (self.folder / "log").read_text()

    def wait_for(self, text):
        for _ in range(START_S * 20):
            if text in self.log():
                return
            assert self.process.poll() is None, self.log()
            time.sleep(0.05)
        raise AssertionError(f"no {text}:\n{self.log()}")

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait()
        assert "Sanitizer" not in self.log() and "runtime error" not in self.log(), self.log()
        return code

    def post(self, port, address="127.0.0.1", wait=60):
        done = subprocess.run(["curl", "-sS", "--cacert", self.certificate, "--resolve", f"localhost:{port}:{address}", "-w", "\n%{http_code}",
                               "--max-time", str(wait), "-H", "Content-Type: application/tlsrpt+gzip",
                               "--data-binary", f"@{self.folder}/report", f"https://localhost:{port}/v1/tlsrpt"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + self.log()
        return int(done.stdout.rpartition("\n")[2])


def https(folder, port):
    return f"""https {{
    listen = {{"127.0.0.1:{port}"}}
    certificate = "{folder}/localhost.cert.pem"
    key = "{folder}/localhost.key.pem"
}}
"""


def database_of(migrated):
    return f'database {{ uri = "{migrated.uri}" }}\n'


class Manager:
    """What listens on NOTIFY_SOCKET."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + path[1:] if path[0] == "@" else path)
        if path[0] != "@":
            os.chmod(path, 0o777)
        self.socket.settimeout(START_S)

    def told(self):
        return self.socket.recv(4096).decode()

    def silent(self):
        self.socket.setblocking(False)
        try:
            return self.socket.recv(4096)
        except BlockingIOError:
            return None
        finally:
            self.socket.settimeout(START_S)


@pytest.mark.parametrize("place", ["path", "abstract"])
def test_it_tells_its_state(tlsrptd, migrated, folder, place):
    manager = Manager(f"{folder}/notify" if place == "path" else f"@tlsrpt-test-{os.getpid()}-{free_port()}")
    port = free_port()
    service = Service(tlsrptd, folder, https(folder, port) + database_of(migrated)).start({"NOTIFY_SOCKET": manager.path})
    try:
        assert manager.told() == "READY=1"
        assert service.post(port) == 201, "it takes reports once it said so"
        for _ in range(2):
            service.process.send_signal(signal.SIGHUP)
            reloading, stamp = manager.told().split("\n")
            assert reloading == "RELOADING=1"
            assert 0 <= time.monotonic() * 1e6 - int(stamp.removeprefix("MONOTONIC_USEC=")) < START_S * 1e6
            assert manager.told() == "READY=1"
    finally:
        code = service.end()
    assert code == 0 and manager.told() == "STOPPING=1" and manager.silent() is None


def test_it_is_not_ready_while_it_cannot_start(tlsrptd, migrated, folder):
    manager = Manager(f"{folder}/notify")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        service = Service(tlsrptd, folder, https(folder, taken.getsockname()[1]) + database_of(migrated))
        assert service.start({"NOTIFY_SOCKET": manager.path}).process.wait() == 78
    assert manager.silent() is None


def test_its_own_database_says_nothing(tlsrptd, folder):
    """Debian's PostgreSQL would tell systemd of itself."""
    manager = Manager(f"{folder}/notify")
    service = Service(tlsrptd, folder, https(folder, free_port())).start({"NOTIFY_SOCKET": manager.path})
    try:
        assert manager.told() == "READY=1"
        child = subprocess.run(["pgrep", "-P", str(service.process.pid)], capture_output=True, text=True).stdout.split()
        assert child
        for pid in child:
            names = [item.split("=")[0] for item in pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")]
            assert not {"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"} & set(names)
    finally:
        assert service.end() == 0
    assert manager.told() == "STOPPING=1" and manager.silent() is None


def test_socket_activate(tlsrptd, migrated, folder):
    """systemd's own systemd-socket-activate listens, and starts it at the first connection."""
    own, passed = free_port(), free_port()
    service = Service(tlsrptd, folder, https(folder, own) + database_of(migrated))
    service.start(prefix=["systemd-socket-activate", f"--listen=127.0.0.1:{passed}", "--fdname=https"])
    try:
        service.wait_for("Listening on")
        assert "ready" not in service.log()
        assert service.post(passed) == 201
        assert f"door=https at=127.0.0.1:{passed}" in service.log()
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", own)) != 0, "what is passed takes the place of what is configured"
    finally:
        assert service.end() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may listen on port 443")
def test_port_443_without_root(tlsrptd, migrated, folder):
    """The socket is root's, the daemon never was; posts wait in the socket while it restarts."""
    service = Service(tlsrptd, folder, https(folder, free_port()) + database_of(migrated))
    address = f"127.0.{os.getpid() % 250 + 1}.77"
    with socket.create_server((address, 443)) as server, socket.socket(socket.AF_UNIX) as lmtp:
        lmtp.bind(f"{folder}/lmtp")
        lmtp.listen()
        for attempt in (201, 200):
            service.start(sockets=[server, lmtp], names="https:lmtp")
            answers = service.post(443, address)
            status = pathlib.Path(f"/proc/{service.process.pid}/status").read_text()
            assert "CapEff:\t0000000000000000" in status and "Uid:\t0" not in status
            assert service.end() == 0
            assert answers == attempt
            assert (folder / "lmtp").exists(), "systemd's path is not the daemon's to remove"
        waiting = subprocess.Popen(["curl", "-sS", "--cacert", service.certificate, "--resolve", f"localhost:443:{address}",
                                    "-o", "/dev/null", "-w", "%{http_code}", "--data-binary", f"@{folder}/report",
                                    "https://localhost/v1/tlsrpt"], stdout=subprocess.PIPE, text=True)
        time.sleep(1)
        assert waiting.poll() is None, "refused while nobody runs"
        service.start(sockets=[server, lmtp], names="https:lmtp")
        assert waiting.communicate()[0] == "200"
        assert service.end() == 0


@pytest.mark.parametrize("names, address, conf, says", [
    ("web", "127.0.0.1", "", 'a socket was passed with the name "web": it must be https, http or lmtp'),
    (None, "127.0.0.1", "", 'with the name ""'),
    ("deliver", "127.0.0.1", "", 'with the name "deliver"'),
    ("http", "0.0.0.0", "", "http: the socket that was passed is not local"),
    ("lmtp", "0.0.0.0", "", "lmtp: the socket that was passed is not local"),
    ("https", "127.0.0.1", "", "https/listen needs https/certificate and https/key"),
])
def test_wrong_sockets(tlsrptd, migrated, folder, names, address, conf, says):
    service = Service(tlsrptd, folder, conf + database_of(migrated))
    with socket.create_server((address, 0)) as server:
        code = service.start(sockets=[server], names=names).process.wait()
    assert code == 78 and says in service.log()


def test_sockets_of_another_process_are_not_taken(tlsrptd, migrated, folder):
    port = free_port()
    service = Service(tlsrptd, folder, https(folder, port) + database_of(migrated))
    service.start({"LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "https"})
    try:
        service.wait_for(f"door=https at=127.0.0.1:{port}")
    finally:
        service.wait_for("ready")
        assert service.end() == 0


def test_credentials(tlsrptd, tlsrpt, migrated, folder):
    """Certificate, key and URIs that the configuration does not name."""
    port = free_port()
    service = Service(tlsrptd, folder, f'https {{ listen = {{"127.0.0.1:{port}"}} }}\n')
    credentials = folder / "credentials"
    credentials.mkdir()
    shutil.copy(service.certificate, credentials / "certificate")
    shutil.copy(service.key, credentials / "key")
    (credentials / "uri").write_text(migrated.role_uri("tlsrpt_collector") + "\n")
    (credentials / "reader_uri").write_text(migrated.role_uri("tlsrpt_reader") + "\n")
    if os.geteuid() == 0:
        for path in (credentials, *credentials.iterdir()):
            shutil.chown(path, SERVER_USER)
            path.chmod(0o700 if path.is_dir() else 0o400)
    env = {"CREDENTIALS_DIRECTORY": str(credentials)}
    service.start(env)
    try:
        service.wait_for(" ready ")
        assert service.post(port) == 201
    finally:
        assert service.end() == 0
    done = subprocess.run([tlsrpt, "reports", "--format", "json", "-c", folder / "tlsrpt.conf"], env={**os.environ, **env},
                          capture_output=True, text=True)
    assert done.returncode == 0 and len(json.loads(done.stdout)) == 1, done.stderr
