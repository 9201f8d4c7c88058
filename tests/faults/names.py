"""DNS that knows no name, at once; or, while `silent`, says nothing at all."""
import socket
import struct
import threading


class Names:
    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.silent = False
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            packet, client = self.socket.recvfrom(4096)
            end = packet.index(b"\0", 12) + 5  # of the one question
            if not self.silent:
                self.socket.sendto(packet[:2] + struct.pack(">HHHHH", 0x8183, 1, 0, 0, 0) + packet[12:end], client)
