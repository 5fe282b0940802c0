# SPDX-License-Identifier: GPL-3.0-or-later
"""Floods: TLS records that bring nothing, from strangers and from members; a member that posts as fast as it can; frames that
are too large, and frames that never end. Each is cut off or not read, and two members talk on meanwhile.
Usage: floods.py [full]: larger doses, with a verdict on times."""
import os
import select
import ssl
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
import figures  # noqa: E402
import peer_client  # noqa: E402
import peer_support  # noqa: E402
import peer_tls  # noqa: E402
from figures import MEGABYTE, Talk, tell  # noqa: E402
from peer_client import Identity, Peer, encode  # noqa: E402

FLOOD = os.environ.get("TLS_FLOOD", "tests/attack/tls-flood")
FULL = sys.argv[1:] == ["full"]
RECORDS = 1000000 if FULL else 20000
RATE, BURST = 100, 200  # what a member may say a second, and at once
SECONDS = 10 if FULL else 1
ABOVE_IDLE = 50  # ms
SLOW, GROWTH = 32, 8 * MEGABYTE
TOO_LARGE = 65
AT_ONCE = 2  # seconds, within which the host has had enough


def meet(host):
    """Owners, who may talk faster than it takes to measure."""
    return Talk(host, ann=peer_support.owner(), ben=peer_support.owner())


# --- TLS that brings nothing

def flood_once(host, identity, kind, words):
    """(how it ended, records sent, seconds, of the host's processor) of one flood."""
    address, _, port = host.address.rpartition(":")
    process = subprocess.Popen([FLOOD, address, port, identity.certificate, identity.key, kind, str(RECORDS)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    peer_support.STARTED.append(process)
    said = peer_support.Lines(process.stdout)
    process.stdin.write(words.hex().encode() + b"\n")
    process.stdin.flush()
    said.find("in")
    before = host.processor_seconds()
    process.stdin.write(b"go\n")
    process.stdin.close()
    end, sent, microseconds = said.find("cut|open").string.split()
    if process.wait(peer_support.TIMEOUT) != 0:
        raise AssertionError("the attacker failed")
    return end, int(sent), int(microseconds) / 1e6, host.processor_seconds() - before


def tls_records_that_bring_nothing_are_cut_off(host):
    talk, memory = meet(host), host.memory()
    hello = encode("HELLO", magic=peer_client.MAGIC, version_low=1, version_high=1, nonce=bytes(16))
    auth = encode("AUTH", salt=bytes(16), lowest_unsettled=1)
    for who, words in (("a stranger", b""), ("a member", hello + auth)):
        for kind in ("empty", "sparse", "update", "request", "mixed"):
            end, sent, taken, used = flood_once(host, Identity(), kind, words)
            talk.say()
            tell("%s, %s records: %s after %d sent, %.0f ms, %.1f ms of the host's processor"
                 % (who, kind, end, sent, taken * 1e3, used * 1e3))
            if end != "cut":
                raise AssertionError("the host bears %s records of %s" % (kind, who))
            if FULL and used > AT_ONCE:
                raise AssertionError("the host bore them for long")
    tell("%d KiB more in all" % ((host.memory() - memory) >> 10))
    figures.assert_small("TLS records", host.memory() - memory, GROWTH)


def records_inside_the_handshake_that_bring_nothing_are_cut_off(host):
    talk = meet(host)
    for name, record in (("change cipher spec", b"\x14\3\3\0\1\1"), ("empty handshake", b"\x16\3\3\0\0"),
                         ("empty data", b"\x17\3\3\0\0"), ("warning", b"\x15\3\3\0\2\1\x5a")):
        for when, begin in (("before the hello", b""), ("after it", peer_tls.greeting())):
            sock = peer_client.connect(host.address)
            before, start = host.processor_seconds(), time.perf_counter()
            try:
                sock.sendall(begin + record * (MEGABYTE // len(record)))
            except ConnectionError:
                pass
            peer_support.closed_by_host(sock)
            taken, used = time.perf_counter() - start, host.processor_seconds() - before
            sock.close()
            talk.say()
            tell("%s records %s: cut after %.0f ms, %.1f ms of the host's processor" % (name, when, taken * 1e3, used * 1e3))
            if FULL and taken > AT_ONCE:
                raise AssertionError("the host bore them for %.1f s" % taken)


# --- A member that posts without end: a process of its own, so that what the others feel is the host.

class Flooder:
    """Posts as fast as the host reads. What a megabyte holds is made before the flood begins: it is not to take the processor
    from those who are watched."""

    def __init__(self, address, room):
        self.peer = Peer(address, "eve")
        self.room = self.peer.request("JOIN", "JOINED", kind=peer_client.PUBLIC, name=room)["room"]
        self.wire, self.sock = self.peer.sock, self.peer.sock.sock
        self.sock.setblocking(False)
        self.posts, self.sent, self.out = 0, 0, b""
        self.make()

    def make(self):
        while len(self.out) < MEGABYTE:
            for self.posts in range(self.posts + 1, self.posts + 65):
                self.wire.tls.write(encode("POST", room=self.room, id=(self.peer.device, self.posts), kind=peer_client.TEXT,
                                           body=b"flood %d" % self.posts))
            self.out += self.wire.outgoing.read()

    def read(self):
        """Throws away what came; False at the end."""
        if not self.wire.feed():
            return False
        while self.wire.incoming.pending:
            try:
                self.wire.tls.read(1 << 16)
            except ssl.SSLWantReadError:
                break
        return True

    def run(self):
        """Until standard input ends, or the host has enough."""
        while True:
            readable, writable, _ = select.select([self.sock, sys.stdin], [self.sock], [])
            if sys.stdin in readable or (self.sock in readable and not self.read()):
                return
            if writable:
                taken = self.sock.send(self.out)
                self.out, self.sent = self.out[taken:], self.sent + taken
            if len(self.out) < MEGABYTE // 2:
                self.make()


def post_without_end(address, room):
    flooder = Flooder(address, room)
    print("in", flush=True)
    sys.stdin.readline()
    flooder.run()
    print("sent %d %d" % (flooder.posts, flooder.sent), flush=True)


def flood_from(host, count):
    """So many members that do it, while two others talk in the same room; how much later these have their words, in ms."""
    talk = meet(host)
    talk.times(20)
    idle = figures.tell_times("before the flood", talk.times(300))
    crowd = []
    for _ in range(count):
        process = subprocess.Popen([sys.executable, __file__, "--post", host.address, "quiet"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        peer_support.STARTED.append(process)
        crowd.append((process, peer_support.Lines(process.stdout)))
    for _, said in crowd:
        said.find("in")
    most = before = host.memory()
    used, start, times = host.processor_seconds(), time.perf_counter(), []
    for process, _ in crowd:
        process.stdin.write(b"go\n")
        process.stdin.flush()
    heard, seen = 0, len(talk.b.messages)
    while heard < count * (BURST + RATE * SECONDS):
        times += talk.times(5)
        heard += sum(message["body"].startswith(b"flood") for message in talk.b.messages[seen:])
        seen, most = len(talk.b.messages), max(most, host.memory())
        if time.perf_counter() > start + peer_support.TIMEOUT:
            raise AssertionError("only %d messages came" % heard)
    taken = time.perf_counter() - start
    used, sent = host.processor_seconds() - used, []
    for process, said in crowd:
        process.stdin.close()
        sent.append([int(number) for number in said.find(r"sent (\d+) (\d+)").groups()])
    p99 = figures.tell_times("meanwhile", times)
    tell("%d of their posts were heard in %.2f s, %d made, %d KiB sent; %d KiB more in the host, %.2f s of its processor"
         % (heard, taken, sum(posts for posts, _ in sent), sum(octets for _, octets in sent) >> 10, (most - before) >> 10, used))
    if heard > count * (BURST + RATE * taken + 1):
        raise AssertionError("%d messages in %.2f s" % (heard, taken))
    figures.assert_small("a flood", most - before, GROWTH)
    return p99 - idle


def a_member_that_floods_is_read_no_faster_than_it_may_speak(host):
    above = flood_from(host, 1)
    if FULL:
        figures.judge("p99 above that before", above, ABOVE_IDLE, "ms")


def neither_are_several(host):
    flood_from(host, 10 if FULL else 3)


# --- Frames

def frames_that_are_too_large_are_not_waited_for(host):
    talk, memory = meet(host), host.memory()
    eve = Peer(host.address, "eve")
    most, start = 0, time.perf_counter()
    try:
        eve.sock.sendall(b"\x20\xff\xff\xff")
        for _ in range(16):
            eve.sock.sendall(bytes(MEGABYTE))
            most = max(most, host.memory())
    except ConnectionError:
        pass  # what follows is thrown away for a while, then nobody is there
    try:
        eve.ping()
        raise AssertionError("the host takes a frame of 16 MiB")
    except peer_client.Refused as refused:
        end = "refused with %d" % refused.code
        if refused.code != TOO_LARGE:
            raise
    except (peer_client.Closed, ConnectionError):
        end = "cut"  # and what was said of it went with the connection
    talk.say()
    tell("a frame of 16 MiB: %s after %.0f ms, %d KiB more" % (end, (time.perf_counter() - start) * 1e3, (most - memory) >> 10))
    figures.assert_small("a large frame", most - memory, GROWTH)


def frames_that_do_not_end_hold_little_and_are_answered_when_they_do(host):
    talk, crowd = meet(host), []
    identities = [Identity() for _ in range(SLOW // 2)]  # of each as much as it may say at once
    for i in range(SLOW):
        crowd.append(Peer(host.address, "slow", identity=identities[i % len(identities)]))
    memory, most = host.memory(), host.memory()
    start, times = time.perf_counter(), []
    payload = os.urandom(crowd[0].limit)
    frame = encode("PING", payload=payload)
    for peer in crowd:
        peer.sock.sendall(frame[:-8])
    for i in range(8, 0, -1):
        most = max(most, host.memory())
        times += talk.times(5)
        for peer in crowd:
            peer.sock.sendall(frame[-i:len(frame) - i + 1])
    for peer in crowd:
        if peer.expect("PONG")["payload"] != payload:
            raise AssertionError("another payload comes back")
    figures.tell_times("while %d frames of %d KiB come byte by byte" % (SLOW, len(frame) >> 10), times)
    tell("%d KiB more for them, answered after %.2f s" % ((most - memory) >> 10, time.perf_counter() - start))
    figures.assert_small("unfinished frames", most - memory, GROWTH)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--post"]:
        sys.exit(post_without_end(*sys.argv[2:]))
    sys.exit(peer_support.run([tls_records_that_bring_nothing_are_cut_off,
                               records_inside_the_handshake_that_bring_nothing_are_cut_off,
                               a_member_that_floods_is_read_no_faster_than_it_may_speak, neither_are_several,
                               frames_that_are_too_large_are_not_waited_for,
                               frames_that_do_not_end_hold_little_and_are_answered_when_they_do],
                              "--access", "open", "--message-rate=%d" % RATE, "--message-burst=%d" % BURST))
