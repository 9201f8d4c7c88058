"""`tlsrpt serve` as a child: its address from its standard output, a client that sees every header."""
import dataclasses
import http.client
import re
import signal
import socket
import subprocess
import urllib.parse


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return self.body.decode()


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Pages:
    def __init__(self, tlsrpt, folder, uri, settings='listen = {"127.0.0.1:0"}', more=""):
        self.conf = folder / "serve.conf"
        self.conf.write_text(f"state_dir = \"{folder}\"\nweb {{\n {settings}\n}}\n{more}")
        self.log = folder / "serve.log"
        self.process = subprocess.Popen([tlsrpt, "serve", "-c", self.conf, "--db", uri], text=True,
                                        stdout=subprocess.PIPE, stderr=open(self.log, "w"))
        line = self.process.stdout.readline().strip()
        assert line, self.log.read_text()
        self.address = line
        parts = urllib.parse.urlsplit(line)
        self.port, self.base = parts.port, parts.path.rstrip("/")

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port)

    def get(self, path, method="GET", connection=None, body=None, **headers):
        connection = connection or self.connect()
        connection.request(method, path, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        made = Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        connection.close()
        return made

    def raw(self, request):
        """What comes back to these bytes until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port)) as s:
            s.sendall(request)
            return b"".join(iter(lambda: s.recv(65536), b""))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait()
        self.process.stdout.close()
        text = self.log.read_text(errors="replace")
        for finding in ("Sanitizer", "runtime error:"):
            assert finding not in text, text
        return code

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()


def links(text):
    return [address.replace("&amp;", "&") for address in re.findall(r'(?:href|src|action)="([^"]*)"', text)]
