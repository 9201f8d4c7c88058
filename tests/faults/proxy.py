"""A wire that can be cut, and one that swallows what is put into it."""
import socket
import threading


class Proxy:
    """Stands before whatever `connect` connects to. `swallows`: takes everything and passes on nothing; a connection
    that has lost bytes so stays dumb for ever, as behind a firewall that forgot it. `refuses`: closes at once.
    `cut(pattern, every)`: closes a connection instead of passing on what holds the pattern, one time in so many."""

    def __init__(self, connect):
        self.connect, self.swallows, self.refuses = connect, False, False
        self.pattern, self.every, self.seen, self.cuts = None, 0, 0, 0
        self.lock = threading.Lock()
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def cut(self, pattern, every=1):
        with self.lock:
            self.pattern, self.every, self.seen = pattern, every, 0

    def accept(self):
        while True:
            client, _ = self.listening.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        if self.refuses:
            client.close()
            return
        try:
            server = None if self.swallows else self.connect()
        except OSError:
            client.close()
            return
        pair = [client, server]
        state = {"dumb": server is None}
        if server:
            threading.Thread(target=self.copy, args=(server, client, pair, state, True), daemon=True).start()
        self.copy(client, server, pair, state, False)

    def copy(self, source, sink, pair, state, answers):
        try:
            while data := source.recv(1 << 16):
                state["dumb"] = state["dumb"] or self.swallows
                if state["dumb"]:
                    continue
                if answers and self.is_cut(data):
                    break
                sink.sendall(data)
        except OSError:
            pass
        if state["dumb"] and answers:
            return  # the other side shall not learn that this one has gone
        for each in pair:
            if each:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        source.close()

    def is_cut(self, data):
        with self.lock:
            if self.pattern is None or self.pattern not in data:
                return False
            self.seen += 1
            cut = self.seen % self.every == 0
            self.cuts += cut
            return cut
