"""A tlsrptd under test: its certificate, its configuration, its process; and curl against it."""
import json
import pathlib
import random
import shutil
import signal
import socket
import ssl
import subprocess
import time

START_S = 60  # patience with a loaded machine; no test measures it


def free_port():
    """Free for TCP and UDP, and below the range from which the kernel gives ports to others meanwhile."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def make_certificate(folder, name="localhost"):
    """A self-signed pair: (certificate, key)."""
    certificate, key = folder / f"{name}.cert.pem", folder / f"{name}.key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


class Answer:
    """What the daemon said: `status` (0 when nothing came), `body` (of its JSON)."""

    def __init__(self, status, text):
        self.status, self.text = status, text

    @property
    def body(self):
        return json.loads(self.text)

    def __repr__(self):
        return f"<{self.status} {self.text.strip()}>"


class Daemon:
    """`tlsrptd serve` on a free loopback port. `more` is text for the configuration, `https` for its
    section of that name. `tlsrptd` may be a list, to run it under another program."""

    def __init__(self, tlsrptd, folder, uri=None, domains=(), more="", https="", reader_uri=None):
        self.command = [tlsrptd] if isinstance(tlsrptd, (str, pathlib.Path)) else tlsrptd
        self.folder, self.port = pathlib.Path(folder), free_port()
        self.certificate, self.key = make_certificate(self.folder)
        self.conf, self.log = self.folder / "tlsrpt.conf", self.folder / "log"
        database = f'database {{ uri = "{uri}" {f"""reader_uri = "{reader_uri}" """ if reader_uri else ""}}}' if uri else ""
        owned = ", ".join(f'"{domain}"' for domain in domains)
        self.conf.write_text(f"""
state_dir = "{self.folder}/state"
user = "nobody" # whom it becomes when the tests run as root
domains = {{{owned}}}
{database}
https {{
    listen = {{"127.0.0.1:{self.port}"}}
    certificate = "{self.certificate}"
    key = "{self.key}"
    {https}
}}
{more}
""")
        self.url = f"https://localhost:{self.port}/v1/tlsrpt"
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*self.command, "serve", "-c", self.conf], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        for _ in range(START_S * 20):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("tlsrptd does not start:\n" + self.log.read_text())

    def stop(self, how=signal.SIGTERM):
        """Its exit code. A sanitizer's finding is an assertion here, whatever the code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait()
        self.process = None
        text = self.log.read_text(errors="replace")
        for finding in ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:"):
            assert finding not in text, text
        return code

    def upgrade(self, tlsrptd):
        """The same place, another program."""
        assert self.stop() == 0
        self.command = [tlsrptd]
        return self.start()

    __enter__ = start

    def __exit__(self, *exception):
        self.stop()

    def post(self, path, *options, url=None):
        """Posts a file with curl, as the Postfix reporter does."""
        done = subprocess.run([shutil.which("curl"), "-sS", "--cacert", self.certificate, "-w", "\n%{http_code}",
                               "-H", "Content-Type: application/tlsrpt+gzip", *options,
                               "--data-binary", f"@{path}", url or self.url], capture_output=True, text=True)
        text, _, status = done.stdout.rpartition("\n")
        return Answer(int(status or 0), text)

    def context(self):
        """For Python's own clients."""
        return ssl.create_default_context(cafile=self.certificate)


def ask(tlsrpt, daemon_or_conf, *words):
    """What `tlsrpt WORDS` answers, as JSON."""
    conf = getattr(daemon_or_conf, "conf", daemon_or_conf)
    done = subprocess.run([tlsrpt, *words, "-c", conf, "--format", "json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
