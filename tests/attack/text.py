#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A member, and then a host, put text that steers terminals into every field that takes text. It does not come out: not in
the host's log, of which an event is one line, not in line mode, not as JSON, and not on a terminal."""
import json
import os
import re
import select
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
import peer_client  # noqa: E402
import peer_support  # noqa: E402
import peer_wire  # noqa: E402
from peer_client import TEXT, ACTION, Peer, Refused, encode  # noqa: E402
from peer_support import TIMEOUT, Program, Screen  # noqa: E402

ATTACKS = [
    "\x1b]0;owned\x07", "\x1b[2J\x1b[H", "\x1b[31mred\x1b[0m", "\x1bP$q\"p\x1b\\", "\x1b[6n", "\x1b[?1049l", "\x1bc", "\u009b2Jc1",
    "\u009dtitle\u009c", "\u0090dcs\u009c", "\u0085nel", "a\rb", "a\nb", "a\bb", "\ttab", "\x0evt\x0b\x0c\x0f", "\u202erlo",
    "\u2066isolate", "\u200fmark", "z" + "\u0300" * 40, "\u200bzero\u200dwidth", "\ufeffbom", "\U000e0041tags\U000e007f", "\ufffe", "\xadsoft",
    "\x7fdel", "\u2028line\u2029", "\x1b]8;;http://evil\x1b\\link", "\x1b]52;c;ZXZpbA==\x07", "\x1b[200~paste\x1b[201~", "%s%n%1$s",
    "tchat: forged line", "-- forged", "x" * 200, "\x00nul",
]
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")


def attempt(peer, frame, answer, **fields):
    """A request that the host may refuse, as long as it goes on with us."""
    peer.request_number += 1
    peer.send(frame, request=peer.request_number, **fields)
    try:
        return peer.expect(answer, peer.request_number)
    except Refused as refused:
        if refused.request == 0:
            raise
        return None


def spread(host, owner, evil, number):
    """One string by every way that there is. It may be refused anywhere, but nobody is thrown out for it."""
    room = "side%d" % number
    peer = Peer(host.address, evil)       # the wish for a nick
    peer.join("lobby")
    attempt(peer, "NICK", "DONE", nick=evil)
    attempt(peer, "JOIN", "JOINED", kind=peer_client.PUBLIC, flags=1, name=evil)
    attempt(peer, "JOIN", "JOINED", kind=peer_client.DIRECT, flags=1, name=evil)
    attempt(peer, "WHOIS", "PROFILE", nick=evil)
    attempt(peer, "INVITE", "DONE", kind=2, seconds=60, key=os.urandom(32), room=evil)
    attempt(peer, "SEARCH", "PAGE", room=peer.by_name["lobby"].id, limit=10, text=evil)
    peer.join(room)
    for where in ("lobby", room):
        for kind in (TEXT, ACTION, peer_client.TOPIC):
            post(peer, where, kind, evil)
    peer.send("PRESENCE", away=1, reason=evil)
    peer.ping()
    attempt(owner, "MODERATE", "DONE", room=owner.by_name["lobby"].id, action=1, nick=peer.nick, reason=evil)
    peer.send("BYE", reason=evil)


def post(peer, where, kind, text):
    peer.post(peer.by_name[where], text, kind)
    peer.settle()


def no_controls(what, lines, form=None):
    for line in lines:
        if CONTROLS.search(line) or (form is not None and not re.match(form, line)):
            raise AssertionError("%s: %r" % (what, line))


def text_that_steers_terminals_comes_out_nowhere(host):
    lines = Program("--lines", "--stay", "--nick", "ann", "--join", host.address, "--room", "lobby")
    plain = Program("--json", "--nick", "ben", "--join", host.address)
    plain.out.find('"type":"ready"')
    owner = Peer(host.socket, "boss", identity=peer_support.owner())
    owner.join("lobby")
    for number, evil in enumerate(ATTACKS):
        spread(host, owner, evil, number)
    last = Peer(host.address, "zoe")
    last.join("lobby")
    post(last, "lobby", TEXT, "that was all")
    plain.out.find("that was all")
    lines.out.find("that was all")
    for program in (lines, plain):
        program.end_input()
        program.process.terminate()
        program.status()
    host.stop()
    no_controls("log", host.err.lines, r"tchat: (?!forged)")
    no_controls("lines", lines.out.lines + lines.err.lines)
    no_controls("json", plain.out.lines, r"\{.*\}$")
    no_controls("json's errors", plain.err.lines)


# --- A host that does it

OWNER = 3
RECORDS = {"USERS": "MEMBER", "PAGE": "MSG", "INVITED": "INVITATION", "REPORT": "VALUE", "RULED": "RULE", "AUDITED": "ACT"}
ANSWERS = {"HELLO": "WELCOME", "AUTH": "AUTH_OK", "JOIN": "JOINED", "HISTORY": "PAGE", "SEARCH": "PAGE", "NAMES": "USERS",
           "NICK": "DONE", "MODERATE": "DONE", "INVITE": "DONE", "INVITATIONS": "INVITED", "WHOIS": "PROFILE", "STATUS": "REPORT",
           "RULES": "RULED", "AUDIT": "AUDITED"}
OWN, ROOM, SHUTDOWN = 7, 1, 74
VALUES = {"version": 1, "frame_limit": 65536, "host": bytes(16), "nonce": bytes(16), "user": OWN, "role": OWNER, "device": 5000,
          "text_limit": 16384, "room": ROOM, "epoch": 99, "first": 1, "members": 3, "total": 3, "floor": 1, "sender": OWN + 1,
          "used": 1, "most": 2, "uses": 1, "expires": 1 << 50, "since": 1 << 50, "seen": 1 << 50}
KEYS = {"key", "keys"}
NAMES = {"nick", "name", "by", "room", "account", "address"}
SHORT = [word for word in ATTACKS if "\0" not in word and len(word.encode()) < 60]  # what may be a name


class Hostile:
    """Speaks the protocol, and puts the next of the words wherever a text may be."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.changed, self.asked, self.said, self.seq = threading.Condition(), [], 0, 0
        self.sock, self.fault = None, None
        threading.Thread(target=self.serve, daemon=True).start()

    def word(self, field):
        self.said += 1
        words = SHORT if field in NAMES else ATTACKS
        return words[self.said % len(words)]

    def frame(self, name, **values):
        fixed, known = peer_wire.LAYOUTS[name][1:]
        for field in [field.split(":")[0] for field in fixed.split()]:
            if field in VALUES:
                values.setdefault(field, VALUES[field])
        for field in known.values():
            if field not in peer_wire.BINARY:
                values.setdefault(field, self.word(field))
            elif field in KEYS:
                values.setdefault(field, bytes(32))
        if name in ("MSG", "POST"):
            self.seq += 1
            values.update(seq=self.seq, time=1700000000000000 + self.seq, id=(5, self.seq), kind=1 + self.seq % 3)
            values.setdefault("body", self.word("body").encode())
        return encode(name, **values)

    def answer(self, name, fields):
        """All that a frame of the client's brings about."""
        reply = ANSWERS.get(name)
        if reply is None:
            return b""
        values = {"request": fields["request"]} if "request" in fields else {}
        if reply in RECORDS:
            numbers = {"USERS": "user", "RULED": "rule", "AUDITED": "number"}  # they rise
            records = [self.frame(RECORDS[reply], **({numbers[reply]: OWN + 1 + i} if reply in numbers else {}))
                       for i in range(2 * len(ATTACKS))]
            values["records"] = b"".join(records)
        if reply == "PAGE":
            values.update(flags=peer_wire.LIVE if name == "HISTORY" else 0, next=self.seq + 1)
        return self.frame(reply, **values)

    def news(self):
        """What comes without being asked for."""
        data = b""
        for i in range(2 * len(ATTACKS)):
            data += self.frame("MSG") + self.frame("MEMBER", user=OWN + 1 + i % 5, change=i % 8, room=ROOM * (i % 2))
            data += self.frame("PRESENCE", user=OWN + 1 + i % 5, away=1) + self.frame("DOOR", change=i % 5, key=bytes([i]) * 32)
            data += self.frame("CALLED", room=2 + i)
        return data

    def serve(self):
        try:
            self.sock, rest = self.listener.accept()[0], b""
            while True:
                data = self.sock.recv(1 << 16)
                if not data:
                    break
                frames, rest = peer_wire.cut(rest + data)
                for code, payload in frames:
                    self.take(*peer_wire.decode(code, payload))
        except Exception as fault:  # told to who waits
            self.fault = fault
        with self.changed:
            self.asked.append("END")
            self.changed.notify_all()

    def take(self, name, fields):
        data = self.answer(name, fields)
        if name == "POST":
            data = encode("NACK", id=fields["id"], room=ROOM, code=75, flags=1) + self.news()
        if name == "PING":
            data = encode("PONG", payload=fields["payload"])
        if data and name not in ("HELLO", "PING"):
            data += encode("PING", payload=name.encode())  # whose answer tells that all before it was seen
        self.sock.sendall(data)
        if name == "ERROR":
            raise AssertionError("the client says ERROR %r" % fields)
        if name == "BYE":
            self.sock.shutdown(socket.SHUT_WR)
        if name == "PONG":
            with self.changed:
                self.asked.append(fields["payload"].decode())
                self.changed.notify_all()

    def leave(self):
        """Says why, and goes."""
        self.sock.sendall(self.frame("GOAWAY", code=SHUTDOWN, retry_ms=60000))
        self.sock.shutdown(socket.SHUT_WR)

    def has_told(self, name, times):
        """Whether the client has seen, so often, what is said to that."""
        if self.fault is not None or "END" in self.asked:
            raise AssertionError("the client went before %s: %r; %r" % (name, self.fault, self.asked))
        return self.asked.count(name) >= times

    def tell(self, name, times=1):
        with self.changed:
            if not self.changed.wait_for(lambda: self.has_told(name, times), TIMEOUT):
                raise AssertionError("no answer to %s; there was %r" % (name, self.asked))

    def has_gone(self):
        if self.fault is not None:
            raise self.fault
        return "END" in self.asked

    def go(self):
        self.leave()
        with self.changed:
            if not self.changed.wait_for(self.has_gone, TIMEOUT):
                raise AssertionError("the client does not let go")


COMMANDS = [("say something", "POST", {"type": "post", "text": "go"}), ("/names", "NAMES", {"type": "names"}),
            ("/whois x", "WHOIS", {"type": "whois", "nick": "x"}), ("/bans", "RULES", {"type": "rules"}),
            ("/audit", "AUDIT", {"type": "audit"}), ("/status", "STATUS", {"type": "status"}),
            ("/invite list", "INVITATIONS", {"type": "invitations"}), ("/nick you", "NICK", {"type": "nick", "nick": "you"}),
            ("/search red", "SEARCH", {"type": "search", "text": "red"})]
# Each ESC begins something that curses or tchat itself sends; the bell is tchat's.
OWN_SEQUENCES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@ABCDGHJKLMPSTXcdfghlmnprt]|\]11;\?\x1b\\|[()].|[=>78M])")
STRAY = re.compile("[\x00-\x06\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")


def shown(*outputs):
    """All the lines, up to the last; some of what the host says is among them."""
    lines = []
    for output in outputs:
        output.wait(lambda _: output.ended, "the end")
        lines += output.lines
    if not any("owned" in line for line in lines):
        raise AssertionError("nothing of it was shown: %r" % lines)
    return lines


def a_hostile_host_reaches_lines_as_text_only(_):
    hostile = Hostile()
    program = Program("--lines", "--commands", "--stay", "--insecure", "--nick", "ann", "--join", hostile.address, "--room", "lobby")
    hostile.tell("NAMES")
    for line, name, _ in COMMANDS:
        program.type(line + "\n")
        hostile.tell(name, 2 if name == "NAMES" else 1)
    hostile.go()
    program.process.terminate()
    program.status()
    no_controls("lines", shown(program.out, program.err))


def a_hostile_host_reaches_json_as_text_only(_):
    hostile = Hostile()
    program = Program("--json", "--insecure", "--nick", "ann", "--join", hostile.address)
    room = json.loads(program.out.find('"type":"room"').string)["room"]
    hostile.tell("NAMES")
    for _, name, request in COMMANDS:
        program.type(json.dumps(dict(request, room=room)) + "\n")
        hostile.tell(name, 2 if name == "NAMES" else 1)
    hostile.go()
    program.process.terminate()
    program.status()
    no_controls("json", shown(program.out), r"\{.*\}$")
    no_controls("json's errors", program.err.lines)


def until(screen, condition, what):
    """Reads what the terminal shows meanwhile."""
    end = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited in vain for %s: %r" % (what, screen.seen[-2000:]))
        if select.select([screen.terminal], [], [], 0.05)[0] and not screen.read():
            raise AssertionError("it ended before %s: %r" % (what, screen.seen[-2000:]))


def a_hostile_host_reaches_a_terminal_as_text_only(_):
    hostile = Hostile()
    screen = Screen("--join", hostile.address, "--insecure", "--nick", "ann", environment=os.environ)
    screen.wait(b"INSECURE")
    until(screen, lambda: hostile.has_told("NAMES", 1), "NAMES")
    for line, name, _ in COMMANDS:
        screen.type(line.encode() + b"\r")
        times = 2 if name == "NAMES" else 1
        until(screen, lambda: hostile.has_told(name, times), name)
    hostile.leave()
    until(screen, hostile.has_gone, "the end")
    screen.type(b"\x03")
    screen.type(b"/quit\r")
    if screen.status() != 0:
        raise AssertionError("it ended with an error: %r" % screen.seen[-2000:])
    text = OWN_SEQUENCES.sub(b"", screen.seen).decode()
    stray = STRAY.search(text)
    if stray:
        raise AssertionError("on the terminal: %r" % text[max(stray.start() - 100, 0):stray.end() + 100])
    if "owned" not in text:
        raise AssertionError("nothing of it was shown: %r" % text)


if __name__ == "__main__":
    sys.exit(peer_support.run([text_that_steers_terminals_comes_out_nowhere, a_hostile_host_reaches_lines_as_text_only,
                               a_hostile_host_reaches_json_as_text_only, a_hostile_host_reaches_a_terminal_as_text_only]))
