"""A real authoritative name server (nsd) on loopback, serving everything below the root, with a relay
before it that keeps silent about names that begin with "slow", as a dead server would."""
import pathlib
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time

from daemon import free_port

START_S = 30


def nsd_program():
    return shutil.which("nsd") or "/usr/sbin/nsd"


def quote(text):
    """A TXT value of any length as strings of at most 255 bytes."""
    return " ".join('"' + text[i:i + 250].replace("\\", "\\\\").replace('"', '\\"') + '"'
                    for i in range(0, max(len(text), 1), 250))


def is_slow(packet):
    return packet[13:17].lower() == b"slow"


class Udp(socketserver.BaseRequestHandler):
    def handle(self):
        packet, sock = self.request
        if is_slow(packet):
            return
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.settimeout(5)
            server.sendto(packet, ("127.0.0.1", self.server.behind))
            try:
                sock.sendto(server.recv(65535), self.client_address)
            except OSError:
                pass


class Tcp(socketserver.BaseRequestHandler):
    def handle(self):
        with socket.create_connection(("127.0.0.1", self.server.behind)) as server:
            threading.Thread(target=self.copy, args=(self.request, server), daemon=True).start()
            self.copy(server, self.request)

    @staticmethod
    def copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class UdpServer(socketserver.ThreadingUDPServer):
    max_packet_size = 65535
    daemon_threads = True


class TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class NameServer:
    """`records`: lines of a zone file, relative to the root. `broken`: zones that fail (SERVFAIL)."""

    def __init__(self, records, broken=()):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="tlsrpt-dns-"))
        self.behind = free_port()
        (self.dir / "root.zone").write_text(
            "$ORIGIN .\n$TTL 60\n. SOA ns. host. 1 60 60 60 60\n. NS ns.\nns. A 127.0.0.1\n" +
            "".join(line + "\n" for line in records))
        zones = "".join(f'zone:\n  name: "{name}"\n  zonefile: "absent-{name}"\n' for name in broken)
        (self.dir / "nsd.conf").write_text(
            f'server:\n  ip-address: 127.0.0.1@{self.behind}\n  username: ""\n  zonesdir: "{self.dir}"\n'
            f'  database: ""\n  pidfile: "{self.dir}/pid"\n  logfile: "{self.dir}/log"\n  xfrdfile: ""\n'
            f'  zonelistfile: "{self.dir}/zones"\n  server-count: 1\n  ipv4-edns-size: 1232\n'
            "remote-control:\n  control-enable: no\n"
            f'zone:\n  name: "."\n  zonefile: "root.zone"\n{zones}')
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", nsd_program(), "-d", "-c",
                                         str(self.dir / "nsd.conf")], start_new_session=True)
        self.udp = UdpServer(("127.0.0.1", free_port()), Udp)
        self.port = self.udp.server_address[1]
        self.tcp = TcpServer(("127.0.0.1", self.port), Tcp)
        for server in (self.udp, self.tcp):
            server.behind = self.behind
            threading.Thread(target=server.serve_forever, daemon=True).start()
        self.wait()

    def wait(self):
        question = b"\0\1\0\0\0\1\0\0\0\0\0\0\2ns\0\0\1\0\1"
        for _ in range(START_S * 20):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.settimeout(0.05)
                sock.sendto(question, ("127.0.0.1", self.behind))
                try:
                    if sock.recv(512)[3] & 15 == 0:
                        return
                except OSError:
                    time.sleep(0.05)
        raise RuntimeError("nsd does not answer:\n" + (self.dir / "log").read_text())

    @property
    def forwarder(self):
        return f"127.0.0.1@{self.port}"

    def stop(self):
        for server in (self.udp, self.tcp):
            server.shutdown()
            server.server_close()
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
