# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages that a host accepts a second, and how long its loop makes a PING wait meanwhile.
Usage: tests/bench/accept.py [--tls] [SECONDS] (TCHAT: the program; TMPDIR: on the disk that is to be measured)

Without --tls nothing is encrypted: the senders, in Python, would take most of the time for that.
Each sender keeps WINDOW posts of 100 bytes under way, so the figure is that of commits and acknowledgements; nobody
but the senders is in the room, and they are not live. One process sends for all, and shares the machine."""
import os
import select
import shutil
import socket
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import peer_client  # noqa: E402
from peer_client import Peer  # noqa: E402
from peer_support import Program, UNHURRIED  # noqa: E402

TLS = "--tls" in sys.argv[1:]
SECONDS = float(([argument for argument in sys.argv[1:] if argument != "--tls"] or ["5"])[0])
BODY = b"x" * 100
ACK_SIZE = 4 + 44  # of the whole frame
BURST = 16


class Sender:
    """A peer whose posts are made of bytes, and whose ACKs are counted by their size: nothing else comes to it."""

    def __init__(self, address, number):
        self.peer = Peer(address, "sender%d" % number, insecure=not TLS)
        joined = self.peer.request("JOIN", "JOINED", kind=peer_client.PUBLIC, name="lobby")
        self.room, self.counter, self.acknowledged, self.rest = joined["room"], 0, 0, 0
        self.sock = self.peer.sock
        self.frame = bytearray(peer_client.encode("POST", room=self.room, id=(self.peer.device, 0), kind=1, body=BODY))
        self.at = bytes(self.frame).index(self.peer.device.to_bytes(8, "big")) + 8

    def post(self, count):
        burst = bytearray()
        for _ in range(count):
            self.counter += 1
            self.frame[self.at:self.at + 8] = self.counter.to_bytes(8, "big")
            burst += self.frame
        self.sock.sendall(burst)

    def read(self):
        """ACKs that came."""
        data = self.sock.recv(1 << 16)
        if not data:
            raise SystemExit("the host closed a connection")
        self.rest += len(data)
        came, self.rest = divmod(self.rest, ACK_SIZE)
        self.acknowledged += came
        return came


class Ping:
    """Round trips, one after another."""

    def __init__(self, address):
        self.peer = Peer(address, "ping", insecure=not TLS)
        self.sock, self.times = self.peer.sock, []
        self.frame = peer_client.encode("PING", payload=b"12345678")
        self.send()

    def send(self):
        self.left, self.start = len(self.frame), time.perf_counter()
        self.sock.sendall(self.frame)

    def read(self):
        self.left -= len(self.sock.recv(self.left))
        if self.left == 0:
            self.times.append(time.perf_counter() - self.start)
            self.send()


def quiet(peers):
    """MEMBER frames of those who came later are out of the way."""
    for peer in peers:
        peer.request("NAMES", "USERS", room=1, after=0, limit=1)
        peer.others.clear()


def measure(address, senders, window):
    crowd = [Sender(address, number) for number in range(senders)]
    ping = Ping(address)
    quiet([sender.peer for sender in crowd])
    poller, by_fd = select.epoll(), {}
    for one in [*crowd, ping]:
        poller.register(one.sock, select.EPOLLIN)
        by_fd[one.sock.fileno()] = one
        (one.sock.sock if TLS else one.sock).setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    start = time.perf_counter()
    for sender in crowd:
        sender.post(window)
    end = start + SECONDS
    while time.perf_counter() < end:
        for fd, _ in poller.poll(1):
            one = by_fd[fd]
            came = one.read()
            if came:
                one.post(came)
    taken = time.perf_counter() - start
    total = sum(sender.acknowledged for sender in crowd)
    times = sorted(ping.times)
    return total / taken, times[len(times) // 2] * 1e3, times[len(times) * 99 // 100] * 1e3


def main():
    print("%-12s %8s %8s %12s %12s %12s" % ("durability", "senders", "window", "messages/s", "PING p50 ms", "PING p99 ms"))
    for level in ("full", "process", "none"):
        for senders in (1, 10, 100):
            for window in (1, BURST):
                folder = tempfile.mkdtemp(prefix="tchat-bench-")
                door = ("--access", "open") if TLS else ("--insecure",)
                host = Program("--headless", "--host", "127.0.0.1:0", "--data", os.path.join(folder, "history"),
                               "--durability", level, *UNHURRIED, *door, environment=dict(os.environ, XDG_RUNTIME_DIR=folder))
                try:
                    address = host.err.find(r"listening (127\.0\.0\.1:\d+)")[1]
                    print("%-12s %8d %8d %12.0f %12.2f %12.2f" % (level, senders, window, *measure(address, senders, window)),
                          flush=True)
                finally:
                    host.kill()
                    shutil.rmtree(folder, ignore_errors=True)


main()
