"""A client that sends exactly the bytes it is told to, for what no honest client sends."""
import json
import socket

PATIENCE_S = 60  # for a peer that never answers or closes; no test measures it


class Raw:
    """One connection; `ssl_context` wraps it."""

    def __init__(self, port, ssl_context=None, source=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S,
                                               source_address=(source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if ssl_context:
            self.socket = ssl_context.wrap_socket(self.socket, server_hostname="localhost")
        self.pending = b""

    def send(self, data):
        self.socket.sendall(data)
        return self

    def line(self):
        while b"\n" not in self.pending:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError(self.pending)
            self.pending += more
        line, _, self.pending = self.pending.partition(b"\n")
        return line.rstrip(b"\r")

    def answer(self):
        """(status, headers, body) of the next answer, those of "100 Continue" included."""
        status = int(self.line().split()[1])
        headers = {}
        while line := self.line():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0))
        while len(self.pending) < length:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError(self.pending)
            self.pending += more
        body, self.pending = self.pending[:length], self.pending[length:]
        return status, headers, json.loads(body) if headers.get("content-type") == "application/json" else None

    def is_closed(self):
        """Waits until the peer closes; whatever it still says is dropped."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionError:
            pass
        return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def request(body, *headers, path="/v1/tlsrpt", method="POST", length=True):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
