# SPDX-License-Identifier: GPL-3.0-or-later
"""Strangers who never say who they are: many half connections, large and slow ones. The host's memory stays small, each is
cut in time, members are not disturbed, and who is invited comes in.
Usage: half-open.py [COUNT]: so many in a storm; with COUNT, only that, and with a verdict on times."""
import contextlib
import os
import resource
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
from peer_client import Identity, Peer, encode  # noqa: E402

ADDRESSES, OF_EACH = 16, 16
CROWD = ADDRESSES * OF_EACH
LARGE, BUDGET, RECORD = 120000, 8192, 16384
GROWTH = 16 << 20
STORM, STORM_SECONDS, GROWTH_OF_STORM, LATENCY, RESERVED, MOST = 600, 5, 20 << 20, 100, 64, 5000
LIMIT, LATE = 10, 18.5  # seconds: when a stranger is cut, and when it would be if a byte at the ninth bought time


def client_hello(length):
    """The beginning of a ClientHello of so many bytes, in records."""
    hello = b"\x01" + length.to_bytes(3, "big") + b"\x03\x03" + os.urandom(32) + b"\0" + b"\0\2\x13\1" + b"\1\0"
    hello += (length - len(hello) + 2).to_bytes(4, "big")[2:] + b"\x7a\x7a\xff\xf0"
    hello += bytes(length + 4 - len(hello))
    return b"".join(b"\x16\x03\x01" + len(hello[at:at + RECORD]).to_bytes(2, "big") + hello[at:at + RECORD]
                    for at in range(0, len(hello), RECORD))


def crowd(host):
    """Connections from several addresses, 64 of each at most being allowed."""
    found = []
    for i in range(CROWD):
        sock = peer_client.connect(host.address, source="127.0.0.%d" % (2 + i % ADDRESSES))
        sock.setblocking(False)
        found.append(sock)
    return found


def push(socks, data):
    """Sends data on all, as far as the host takes it; the caller looks at it meanwhile."""
    sent = dict.fromkeys(socks, 0)
    waiting = set(socks)
    while waiting:
        ready = select.select([], list(waiting), [], 1)[1]
        if not ready:
            break  # what is left is not read
        for sock in ready:
            try:
                sent[sock] += sock.send(data[sent[sock]:])
            except BlockingIOError:
                continue
            except ConnectionError:
                waiting.discard(sock)
            if sent[sock] == len(data):
                waiting.discard(sock)
        yield


def assert_members_are_fine(host, member):
    member.ping()
    Peer(host.address, "late", identity=peer_support.owner()).bye()


def grows_by(host, data):
    """How much the host grows, at most, while a crowd sends that."""
    member = Peer(host.address, "ann", identity=peer_support.owner())
    member.join("lobby")
    before = most = host.memory()
    socks = crowd(host)
    for _ in push(socks, data):
        most = max(most, host.memory())
    assert_members_are_fine(host, member)
    most = max(most, host.memory())
    for sock in socks:
        sock.close()
    assert_members_are_fine(host, member)
    print("# %d connections of %d bytes: %d KiB more at most" % (CROWD, len(data), (most - before) >> 10))
    if most - before > GROWTH and not peer_support.is_sanitized():
        raise AssertionError("the host grew by %d bytes" % (most - before))


def large_beginnings_of_a_handshake_cost_little(host):
    grows_by(host, client_hello(LARGE))


def small_ones_that_are_kept_cost_little(host):
    grows_by(host, client_hello(LARGE)[:BUDGET - 1])


def whole_handshakes_without_a_word_cost_little(host):
    identity = Identity()
    member = Peer(host.address, "ann", identity=peer_support.owner())
    before = host.memory()
    strangers = []
    for i in range(CROWD):
        strangers.append(peer_client.Tls(peer_client.connect(host.address, source="127.0.0.%d" % (2 + i % ADDRESSES)), identity))
    assert_members_are_fine(host, member)
    grown = host.memory() - before
    print("# %d connections after the handshake: %d KiB more" % (CROWD, grown >> 10))
    if grown > GROWTH and not peer_support.is_sanitized():
        raise AssertionError("the host grew by %d bytes" % grown)
    for stranger in strangers:
        stranger.close()


class Slow:
    """Sends a byte now and one at the ninth second."""

    def __init__(self, sock, data):
        self.sock, self.data, self.start, self.sent, self.end = sock, data, time.monotonic(), 0, None
        self.step()

    def step(self):
        self.sock.sendall(self.data[self.sent:self.sent + 1])
        self.sent += 1


def who_is_slow_is_cut_after_ten_seconds(host):
    hello = encode("HELLO", magic=peer_client.MAGIC, version_low=1, version_high=1, nonce=bytes(16))
    member = Peer(host.address, "ann", identity=peer_support.owner())
    silent = peer_client.connect(host.address)
    slow = [Slow(peer_client.connect(host.address), client_hello(400)), Slow(peer_client.connect(host.socket), client_hello(400)),
            Slow(peer_client.Tls(peer_client.connect(host.address), Identity()), hello)]
    greeted = peer_client.Tls(peer_client.connect(host.address), Identity())
    greeted.sendall(hello)
    slow.append(Slow(greeted, encode("AUTH", salt=bytes(16), lowest_unsettled=1)))
    start = slow[0].start
    open_ones = {one.sock: one for one in slow}
    while open_ones:
        now = time.monotonic()
        if now > start + LATE:
            raise AssertionError("%d are not cut after %.1f s" % (len(open_ones), now - start))
        due = min([one.start + 9 * one.sent for one in open_ones.values() if one.sent == 1] + [start + LATE])
        for sock in select.select(list(open_ones), [], [], max(due - now, 0))[0]:
            try:
                if sock.recv(4096):
                    continue  # WELCOME
            except (ConnectionError, OSError):
                pass
            one = open_ones.pop(sock)
            one.end = time.monotonic() - one.start
        for one in open_ones.values():
            if one.sent == 1 and time.monotonic() > one.start + 9:
                with contextlib.suppress(ConnectionError):
                    one.step()
    if min(one.end for one in slow) < LIMIT - 1:
        raise AssertionError("cut too early: %r" % [one.end for one in slow])
    print("# cut after %s s" % ", ".join("%.2f" % one.end for one in slow))
    peer_support.closed_by_host(silent)
    assert_members_are_fine(host, member)


# --- A storm: a process of its own opens the connections, so that what the members feel is the host.

# As much as a stranger may send of what cannot be answered yet, and what has to be, which costs the host a signature.
BEGINNINGS = {"beginnings": lambda: client_hello(LARGE)[:BUDGET - 1], "greetings": peer_tls.greeting}


def has_ended(sock):
    try:
        return sock.recv(4096) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def reap(socks):
    """Closes those that the host has ended; the others."""
    left = []
    for sock in socks:
        if has_ended(sock):
            sock.close()
        else:
            left.append(sock)
    return left


def storm(address, begin, count, seconds):
    """Opens so many as fast as they are to be had, and goes on for so long; keeps them all until standard input ends."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = MOST + RESERVED if hard == resource.RLIM_INFINITY else min(hard, MOST + RESERVED)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    hello, socks, opened = BEGINNINGS[begin](), [], 0
    start = time.perf_counter()
    while opened < count or time.perf_counter() < start + seconds:
        while len(socks) >= limit - RESERVED:
            socks = reap(socks)
        socks.append(peer_client.connect(address, source="127.0.0.%d" % (2 + opened % ADDRESSES)))
        socks[-1].setblocking(False)
        with contextlib.suppress(OSError):
            socks[-1].send(hello)
        opened += 1
        if opened == count // 8:
            print("begun", flush=True)
    print("opened %d %.2f" % (opened, time.perf_counter() - start), flush=True)
    sys.stdin.read()
    print("held %d" % len(reap(socks)), flush=True)


def come_in(address, identity):
    """Until one is in, as a person would: seconds, and how often it was tried."""
    start, tries = time.perf_counter(), 0
    while time.perf_counter() < start + peer_support.TIMEOUT:
        tries += 1
        with contextlib.suppress(peer_client.Closed, peer_client.Refused, ssl.SSLError, OSError):
            Peer(address, "new", identity=identity).bye()
            return time.perf_counter() - start, tries
    raise AssertionError("not in after %d attempts" % tries)


def rage(host, begin, count, seconds):
    """A storm beside two members who talk; a newcomer has a link. (KiB that the host grew by, the members' 99th percentile in ms)"""
    link, newcomer = host.out.find(r"tchat://\S+")[0], Identity()
    talk = figures.Talk(host, ann=peer_support.owner(), ben=peer_support.owner())
    talk.times(20)
    figures.tell_times("before the storm of %s" % begin, talk.times(300))
    most = before = host.memory()
    busy = host.processor_seconds()
    crowd = subprocess.Popen([sys.executable, __file__, "--storm", host.address, begin, str(count), str(seconds)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    peer_support.STARTED.append(crowd)
    said = peer_support.Lines(crowd.stdout)
    said.find("begun")
    entered = come_in(link, newcomer)
    times = []
    while not said.ended and not any("opened" in line for line in said.lines):
        times += talk.times(10)
        most = max(most, host.memory())
    again = come_in(host.address, newcomer)
    times += [] if seconds else talk.times(300)
    most = max(most, host.memory())
    crowd.stdin.close()
    peer_support.same(crowd.wait(peer_support.TIMEOUT), 0)
    opened, taken = said.find(r"opened (\d+) (\S+)").groups()
    p99 = figures.tell_times("meanwhile", times)
    figures.tell("%s connections within %s s, %s held to the end: %d KiB more, %.2f s of the host's processor"
                 % (opened, taken, said.find(r"held (\d+)")[1], (most - before) >> 10, host.processor_seconds() - busy))
    figures.tell("the newcomer was in after %.2f s (attempt %d), and again after %.2f s (attempt %d)" % (*entered, *again))
    return most - before, p99


def a_storm_of_beginnings_disturbs_nobody(host):
    figures.assert_small("a storm", rage(host, "beginnings", STORM, 0)[0], GROWTH_OF_STORM)


def a_storm_of_greetings_disturbs_nobody(host):
    figures.assert_small("a storm", rage(host, "greetings", STORM, 0)[0], GROWTH_OF_STORM)


def judge(host, begin):
    grown, p99 = rage(host, begin, int(sys.argv[1]), STORM_SECONDS)
    figures.judge("the host's growth", grown / figures.MEGABYTE, GROWTH_OF_STORM / figures.MEGABYTE, "MiB")
    figures.judge("the members' p99", p99, LATENCY, "ms")


def a_whole_storm_of_beginnings(host):
    judge(host, "beginnings")


def a_whole_storm_of_greetings(host):
    judge(host, "greetings")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--storm"]:
        sys.exit(storm(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])))
    everything = [large_beginnings_of_a_handshake_cost_little, small_ones_that_are_kept_cost_little,
                  whole_handshakes_without_a_word_cost_little, who_is_slow_is_cut_after_ten_seconds,
                  a_storm_of_beginnings_disturbs_nobody, a_storm_of_greetings_disturbs_nobody]
    whole = [a_whole_storm_of_beginnings, a_whole_storm_of_greetings]
    sys.exit(peer_support.run(whole if sys.argv[1:] else everything, "--access", "invite"))
