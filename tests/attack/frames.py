# SPDX-License-Identifier: GPL-3.0-or-later
"""What strangers may send to a host: every type in every state, lengths that cannot be, random bytes, other
protocols, floods. Each gets an ERROR or a closed connection, and two members talk on meanwhile."""
import os
import random
import select
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
import peer_client  # noqa: E402
import peer_support  # noqa: E402
from peer_client import LAYOUTS, Peer, encode  # noqa: E402

# From the table in tchat-protocol(7): what a client may send, and when.
LEGAL = {"NEW": {"HELLO", "ERROR"}, "GREETED": {"AUTH", "PING", "PONG", "BYE", "ERROR"},
         "READY": {"JOIN", "PART", "NAMES", "RESUME", "POST", "HISTORY", "SEARCH", "MARK", "PRESENCE", "NICK", "MODERATE", "INVITE",
                   "INVITATIONS", "RULES", "AUDIT", "STATUS",
                   "WHOIS", "PING", "PONG", "BYE",
                   "ERROR"}}
BAD_FRAME, TOO_LARGE, UNKNOWN_TYPE, UNKNOWN_TAG, WRONG_STATE, BAD_MAGIC, VERSION = range(64, 71)
HELLO = encode("HELLO", magic=peer_client.MAGIC, version_low=1, version_high=1, nonce=bytes(16))
ECHO = b"are you there?"
BATCH = 64
choose = random.Random(20261121)


def connect(host, state):
    """A connection in that state. The frames that the host said on the way are left to be read."""
    sock = peer_client.connect(host.address)
    data = b""
    if state != "NEW":
        data += HELLO
    if state == "READY":
        data += encode("AUTH", salt=os.urandom(16), lowest_unsettled=1)
    sock.sendall(data)
    return sock


def tell(sock, data):
    """Sends data; a host that has closed already is no failure."""
    try:
        sock.sendall(data)
        return True
    except (ConnectionError, BrokenPipeError):
        return False


def hear(sock, what, seconds=peer_support.TIMEOUT):
    """All frames until the end of the stream or the echo: ([(name, fields)], "echo" or "end")."""
    data, frames = b"", []
    end = time.monotonic() + seconds
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([sock], [], [], left)[0]:
            raise AssertionError("%s: neither an answer nor a close; so far %r" % (what, frames))
        try:
            piece = sock.recv(1 << 16)
        except ConnectionError:
            piece = b""
        if not piece:
            return frames, "end"
        whole, data = peer_client.cut(data + piece)
        for code, payload in whole:
            name, fields = peer_client.decode(code, payload)
            frames.append((name, fields))
            if name == "PONG" and fields["payload"] == ECHO:
                return frames, "echo"


def check(what, got, want):
    if got != want:
        raise AssertionError("%s: %r instead of %r" % (what, got, want))


def last_error(frames):
    """The code of the ERROR that ends a connection; None without one."""
    if frames and frames[-1][0] == "ERROR" and frames[-1][1]["request"] == 0:
        return frames[-1][1]["code"]
    return None


class Bystanders:
    """Two members who talk between the attacks, and notice everything that they should not see."""

    def __init__(self, host):
        self.host = host
        self.ann, self.ben = Peer(host.address, "ann", insecure=True), Peer(host.address, "ben", insecure=True)
        self.a, self.b = self.ann.join("quiet"), self.ben.join("quiet")
        self.count = 0

    def talk(self, what):
        self.count += 1
        text = "%d %s" % (self.count, what)
        self.ann.post(self.a, text)
        self.ann.settle()
        self.ben.wait(lambda: self.b.messages and self.b.messages[-1]["body"] == text.encode(), text)
        check("the bystanders' history", len(self.b.messages), self.count)
        if self.host.process.poll() is not None:
            raise AssertionError("the host is gone after " + what)


def zeros(name):
    """A well-formed payload of this frame: zeros, but for the number of a request."""
    values = {field.split(":")[0]: bytes(16) for field in LAYOUTS[name][1].split() if field.endswith(":key")}
    if LAYOUTS[name][1].startswith("request:") and name != "ERROR":
        values["request"] = 1
    return encode(name, **values)[4:]


def judge(sock, state, code, payload, what):
    """What the manual says about this type in this state."""
    name = peer_client.NAMES.get(code)
    frames, end = hear(sock, what)
    error = last_error(frames)
    if name is None and code % 2 == 1 and state != "NEW":
        check(what, (end, error), ("echo", None))
    elif end == "echo":
        check(what + " is answered", name in LEGAL[state], True)
    elif name is None and state != "NEW":
        check(what, error, UNKNOWN_TYPE)
    elif name in ("ERROR", "BYE"):
        check(what, error in (None, BAD_FRAME, WRONG_STATE), True)
    elif name is not None and name not in LEGAL[state] and payload:
        check(what, error, WRONG_STATE)
    else:
        check(what + " (%r)" % error, error in range(BAD_FRAME, VERSION + 1), True)


def every_type_in_every_state(host):
    bystanders = Bystanders(host)
    for state in ("NEW", "GREETED", "READY"):
        jobs = []
        for code in range(256):
            jobs.append((code, b""))
            jobs.append((code, zeros(peer_client.NAMES[code]) if code in peer_client.NAMES else b"\0\1\2\3"))
        for start in range(0, len(jobs), BATCH):
            batch = []
            for code, payload in jobs[start:start + BATCH]:
                sock = connect(host, state)
                tell(sock, struct.pack(">I", code << 24 | len(payload)) + payload + encode("PING", payload=ECHO))
                batch.append((sock, code, payload))
            for sock, code, payload in batch:
                judge(sock, state, code, payload, "type 0x%02x with %d bytes in %s" % (code, len(payload), state))
                sock.close()
        bystanders.talk(state)


def lengths_that_are_and_cannot_be(host):
    bystanders = Bystanders(host)
    for state, limit in (("NEW", 4096), ("GREETED", 4096), ("READY", 65536)):
        for code in (0x40, 0x81, 0x02, 0x20, 0x47):
            for length in (limit + 1, (1 << 24) - 1):
                # The header alone decides; no byte of the payload is sent.
                sock = connect(host, state)
                tell(sock, struct.pack(">I", code << 24 | length))
                frames, end = hear(sock, "%d bytes" % length)
                # What is no HELLO may be taken for another protocol at its first byte.
                codes = (TOO_LARGE,) if state != "NEW" or code == 0x02 else (TOO_LARGE, BAD_FRAME)
                what = "type 0x%02x of %d bytes in %s" % (code, length, state)
                check(what, (last_error(frames) in codes, end), (True, "end"))
                sock.close()
        if state != "NEW":
            sock = connect(host, state)
            payload = os.urandom(limit)
            tell(sock, encode("PING", payload=b"") + encode("PING", payload=payload) + encode("PING", payload=ECHO))
            pongs = [fields["payload"] for name, fields in hear(sock, "the limit")[0] if name == "PONG"]
            check("the echo of 0 and of %d bytes" % limit, pongs == [b"", payload, ECHO], True)
            sock.close()
    bystanders.talk("lengths")


def broken_payloads(host):
    bystanders = Bystanders(host)
    good = encode("POST", room=1, id=(1, 1), kind=1, body=b"x")
    cases = [(encode("NICK", request=1, nick="x", tlvs={4: b""}), UNKNOWN_TAG), (encode("POST", tlvs={6: b""}), UNKNOWN_TAG),
             (encode("JOIN", request=1)[:4] + b"\0" * 4, BAD_FRAME), (good[:-5] + b"\0\0\1\0x", BAD_FRAME),
             (good[:-5] + b"\xff\xff\xff\xffx", BAD_FRAME)]
    for tail in (b"\0", b"\0\2\0", b"\0\2\0\5x", b"\0\0\0\0", b"\0\3\0\0\0\1\0\0", b"\0\2\0\0\0\2\0\0"):
        payload = b"\0\0\0\1" + tail
        cases.append((struct.pack(">I", 0x36 << 24 | len(payload)) + payload, BAD_FRAME))
    for data, code in cases:
        data = struct.pack(">I", data[0] << 24 | len(data) - 4) + data[4:]
        sock = connect(host, "READY")
        tell(sock, data)
        frames, end = hear(sock, repr(data))
        check(repr(data), (last_error(frames), end), (code, "end"))
        sock.close()
    for hello, code in ((encode("HELLO", magic=0x12345678, version_low=1, version_high=1, nonce=bytes(16)), BAD_MAGIC),
                        (encode("HELLO", magic=peer_client.MAGIC, version_low=2, version_high=9, nonce=bytes(16)), VERSION),
                        (encode("HELLO", magic=peer_client.MAGIC, version_low=0, version_high=0, nonce=bytes(16)), VERSION)):
        sock = connect(host, "NEW")
        tell(sock, hello)
        check("a HELLO", (last_error(hear(sock, "HELLO")[0])), code)
        sock.close()
    bystanders.talk("broken payloads")


def other_protocols_and_random_bytes(host):
    bystanders = Bystanders(host)
    for text in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"NICK ann\r\nUSER ann 0 * :ann\r\n", b"\r\n\r\n\r\n",
                 bytes.fromhex("16030100a5010000a10303") + bytes(160)):
        sock = connect(host, "NEW")
        tell(sock, text)
        frames, end = hear(sock, repr(text))
        check(repr(text), (last_error(frames) is not None, end), (True, "end"))
        sock.close()
    batch = []
    for i in range(150):
        sock = connect(host, ("NEW", "GREETED", "READY")[i % 3])
        tell(sock, bytes(choose.randrange(256) for _ in range(choose.randrange(1, 2000))))
        try:
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        batch.append(sock)
    for sock in batch:
        peer_support.closed_by_host(sock)
        sock.close()
    bystanders.talk("random bytes")


def silence_slowness_and_floods(host):
    bystanders = Bystanders(host)
    silent = [connect(host, ("NEW", "GREETED", "READY")[i % 3]) for i in range(60)]
    slow = connect(host, "NEW")
    for byte in HELLO + encode("AUTH", salt=os.urandom(16), lowest_unsettled=1) + encode("PING", payload=ECHO):
        slow.sendall(bytes([byte]))
    check("byte by byte", hear(slow, "byte by byte")[1], "echo")
    bystanders.talk("silence")
    before = host.memory()
    # Echoes that nobody reads: the host stops reading before its memory fills.
    deaf = connect(host, "READY")
    deaf.setblocking(False)
    sent, ping = 0, encode("PING", payload=bytes(60000))
    while sent < 64 << 20:
        if not select.select([], [deaf], [], 0.5)[1]:
            break
        try:
            sent += deaf.send(ping[sent % len(ping):])
        except BlockingIOError:
            continue
        except ConnectionError:
            break
    bystanders.talk("a flood")
    if not peer_support.is_sanitized() and host.memory() - before > 8 << 20:
        raise AssertionError("the host grew by %d bytes" % (host.memory() - before))
    deaf.close()
    for sock in silent:
        sock.close()
    bystanders.talk("the end")


if __name__ == "__main__":
    sys.exit(peer_support.run([every_type_in_every_state, lengths_that_are_and_cannot_be, broken_payloads,
                               other_protocols_and_random_bytes, silence_slowness_and_floods], "--insecure"))
