"""`tlsrptd serve` for the tests of the mail doors: a state directory of its own, LMTP on a unix socket."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from mails import AUTHSERV

PATIENCE_S = 60  # with a loaded machine; no test measures it


def wait_until(true, what):
    for _ in range(PATIENCE_S * 20):
        found = true()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited in vain for {what}")


class Daemon:
    """`forwarder`: signatures are verified with keys from there; else our own server's word is believed."""

    def __init__(self, program, uri, forwarder=None):
        # A socket's path is limited to 107 bytes, so not below pytest's long tmp_path; and others must get in.
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="tlsrpt-d-"))
        self.dir.chmod(0o755)
        (self.dir / "state").mkdir()
        self.socket = self.dir / "lmtp.sock"
        self.config = self.dir / "tlsrpt.conf"
        self.config.write_text(f'state_dir = "{self.dir}/state"\nuser = "nobody"\ndatabase {{ uri = "{uri}" }}\n'
                               f'lmtp {{ listen = {{"unix:{self.socket}"}} }}\n'
                               + ("" if forwarder else f'mail {{ trusted_authserv_id = "{AUTHSERV}" }}\n') +
                               f'resolver {{ forwarders = {{"{forwarder or "127.0.0.1@1"}"}} }}\n')
        self.config.chmod(0o644)
        self.program, self.process = program, None
        self.start()

    def start(self):
        self.log = open(self.dir / "log", "ab")
        self.process = subprocess.Popen([self.program, "serve", "-c", self.config], stderr=self.log, stdout=self.log)
        wait_until(self.answers, "the daemon")

    def answers(self):
        assert self.process.poll() is None, (self.dir / "log").read_text()
        try:
            self.connect().close()
            self.connect(self.dir / "state/deliver.sock").close()
            return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False

    def connect(self, path=None):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE_S)
        client.connect(str(path or self.socket))
        return client

    def stop(self, how=signal.SIGTERM):
        """Its exit code. A sanitizer's finding is an assertion here, whatever the code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        code, text = self.process.wait(), (self.dir / "log").read_text(errors="replace")
        for finding in ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:"):
            assert finding not in text, text
        return code

    def remove(self):
        self.stop()
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)


class Lmtp:
    """A client that hides nothing: what it sends is what it was told."""

    def __init__(self, daemon, path=None):
        self.socket = daemon.connect(path)
        self.file = self.socket.makefile("rb")
        assert self.reply().startswith("220 ")

    def reply(self):
        """One reply, the lines joined; "" when the daemon has closed."""
        lines = []
        while True:
            line = self.file.readline().decode()
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return "\n".join(lines)

    def say(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.reply()

    def begin(self, *recipients):
        assert self.say("LHLO client").startswith("250")
        assert self.say("MAIL FROM:<bounce@sender.example>").startswith("250")
        answers = [self.say(f"RCPT TO:<{r}>") for r in recipients or ["tlsrpt@example.org"]]
        assert self.say("DATA").startswith("354")
        return answers

    def finish(self, message, recipients=1):
        text = message.replace("\r\n", "\n").replace("\n", "\r\n").replace("\r\n.", "\r\n..")
        self.socket.sendall(text.encode() + b".\r\n")
        return [self.reply() for _ in range(recipients)]

    def send(self, message):
        self.begin()
        return self.finish(message)[0]

    def close(self):
        self.file.close()
        self.socket.close()
