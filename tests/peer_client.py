#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small tchat client, written from tchat-protocol(7) alone: a second opinion about what that page says.

  peer_client.py [OPTION]... HOST:PORT | [IPV6]:PORT | unix:/path | tchat://LINK

joins a room, posts the lines of standard input, prints what others say, and leaves once all is acknowledged."""
import argparse
import collections
import hashlib
import os
import re
import select
import socket
import sys
import time

from peer_tls import Identity, Tls, unbase64
from peer_wire import (ACTION, ATTACH, DIRECT, FENCED, FORWARD, LAYOUTS, LEAVING, LIVE, MAGIC, MORE, NAMES,  # noqa: F401
                       PRIVATE, PUBLIC, TEXT, TOPIC, WRONG_STATE, Broken, Closed, cut, decode, encode, records)


class Refused(Exception):
    """The host answered a request with ERROR, or closed the connection with one."""

    def __init__(self, code, request):
        super().__init__("ERROR %d, request %d" % (code, request))
        self.code, self.request = code, request


LINK = re.compile(r"tchat://(?P<host>\[[^]]+\]|[^/:#]+)(?::(?P<port>\d+))?(?:/(?P<room>[^#]*))?(?:#(?P<pin>[\w-]{43})(?:\.(?P<token>[\w-]{22}))?)?$")


def read_link(address):
    """(address, pin, token) of a link or of a plain address."""
    link = LINK.match(address)
    if link is None:
        return address, None, None
    pin, token = link["pin"], link["token"]
    return "%s:%s" % (link["host"], link["port"] or "50000"), unbase64(pin) if pin else None, unbase64(token) if token else None


def connect(address, timeout=60, source=None):
    """A connected socket for HOST:PORT, [IPV6]:PORT or unix:/path; source: the own address that it comes from."""
    if address.startswith("unix:"):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(timeout)
        sock.connect(address[len("unix:"):])
        return sock
    host, _, port = address.rpartition(":")
    sock = socket.create_connection((host.strip("[]"), int(port)), timeout, (source, 0) if source else None)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Room:
    def __init__(self, joined):
        self.id, self.name, self.epoch = joined["room"], joined["name"], joined["epoch"]
        self.kind, self.topic = joined["kind"], joined.get("topic")
        self.last = joined["last"]  # head when joined
        self.live = False           # attached
        self.next = None            # seq that must come next; None: not known
        self.cursor = None          # (epoch, seq, id) of the last message seen
        self.messages = []          # fields of all MSGs and own posts, in the room's order


class Peer:
    """One connection, or after reconnect() a next one, of one device. Checks the host's promises as it goes."""

    def __init__(self, address, nick=None, salt=None, timeout=60, identity=None, insecure=False, source=None, enter=True):
        """enter: waits until the host lets it in; who may have to wait at the door calls enter() later."""
        self.address, self.host_pin, self.token = read_link(address)
        self.wish, self.timeout, self.source = nick, timeout, source
        self.identity = None if insecure else identity or Identity()
        self.salt = salt or os.urandom(16)
        self.counter = 0                           # of the last post
        self.unsettled = collections.OrderedDict()  # counter: (room name, kind, body)
        self.refused = []                          # NACKs that are permanent
        self.rooms, self.by_name = {}, {}
        self.request_number = 0
        self.frames = collections.deque()
        self.others = []                           # frames that nobody waited for: (name, fields)
        self.sock = None
        self.greet()
        if enter:
            self.enter()

    # The stream.

    def connect(self):
        self.greet()
        self.enter()

    def greet(self):
        """Says who it is, and what for."""
        self.sock, self.rest = connect(self.address, self.timeout, self.source), b""
        if self.identity is not None:
            self.sock = Tls(self.sock, self.identity, self.host_pin)
            self.host_pin = self.sock.pin  # the same one from now on
        self.state, self.limit, self.frames = "NEW", 4096, collections.deque()
        self.ended = False
        lowest = next(iter(self.unsettled), self.counter + 1)
        nonce, proof = os.urandom(16), None
        self.send("HELLO", magic=MAGIC, version_low=1, version_high=1, nonce=nonce, software="peer_client 1",
                  tlvs={0x7001 + 2 * (os.urandom(1)[0] % 100): os.urandom(os.urandom(1)[0] % 17)})
        self.state = "GREETED"
        if self.token is None:  # AUTH need not wait
            self.send("AUTH", salt=self.salt, lowest_unsettled=lowest, nick=self.wish)
        self.welcome = self.expect("WELCOME")
        if self.welcome["version"] != 1:
            raise Broken("WELCOME has version %d" % self.welcome["version"])
        if self.token is not None:
            proof = self.identity.prove(self.token, self.host_pin, self.welcome["nonce"], nonce)
            self.send("AUTH", salt=self.salt, lowest_unsettled=lowest, nick=self.wish, proof=proof)

    def enter(self):
        """Takes the host's yes."""
        self.me = self.expect("AUTH_OK")
        self.token = None
        if self.identity is not None:
            digest = hashlib.sha256(self.identity.pin + self.host_pin + self.salt).digest()
            if self.me["device"] != int.from_bytes(digest[:8], "big") & ~(1 << 63):
                raise Broken("the device is not that of these keys")
        self.state, self.limit = "READY", self.welcome["frame_limit"]
        self.nick, self.device = self.me["nick"], self.me["device"]
        if self.me["user"] == 0:
            raise Broken("the user id is 0")

    def send(self, frame, **fields):
        self.sock.sendall(encode(frame, **fields))

    def read(self, timeout):
        """Takes what is there into self.frames; False when nothing came in time."""
        if not select.select([self.sock], [], [], timeout)[0]:
            return False
        try:
            data = self.sock.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        if not data:
            if self.rest:
                raise Broken("the stream ends inside a frame")
            self.ended = True
            raise Closed()
        self.rest += data
        frames, self.rest = cut(self.rest)
        for code, payload in frames:
            if len(payload) > (4096 if code == 0x08 else self.limit):
                raise Broken("a frame of %d bytes" % len(payload))
            name, fields = decode(code, payload)
            if name is not None:
                self.frames.append((name, fields))
            if name == "WELCOME":
                self.limit = fields["frame_limit"]  # AUTH_OK may stand in the same read
        return True

    def next(self, timeout=None):
        """The next frame, after it was taken note of; None when none came in time."""
        end = time.monotonic() + (self.timeout if timeout is None else timeout)
        while not self.frames:
            left = end - time.monotonic()
            if not self.read(max(left, 0)) and left <= 0:
                return None
        name, fields = self.frames.popleft()
        self.note(name, fields)
        return name, fields

    def expect(self, wanted, request=None):
        """The next frame called wanted (and with this request); others are kept in self.others."""
        while True:
            frame = self.next()
            if frame is None:
                raise Broken("no %s came" % wanted)
            name, fields = frame
            if name == "ERROR" and request is not None and fields["request"] == request:
                raise Refused(fields["code"], request)
            if name == wanted and (request is None or fields["request"] == request):
                return fields
            self.others.append(frame)

    def wait(self, condition, what="something"):
        """Takes frames until condition() holds."""
        end = time.monotonic() + self.timeout
        while not condition():
            left = end - time.monotonic()
            frame = self.next(max(left, 0))
            if frame is None:
                raise Broken("waited in vain for " + what)
            self.others.append(frame)

    def take(self, frame, **wanted):
        """Waits for a frame of this name with these fields, also among those that came before; returns its fields."""
        def find():
            for i, (other, fields) in enumerate(self.others):
                if other == frame and all(fields.get(key) == value for key, value in wanted.items()):
                    return i
            return None
        self.wait(lambda: find() is not None, "%s %r" % (frame, wanted))
        return self.others.pop(find())[1]

    # What frames mean.

    def note(self, name, fields):
        if name == "PING":
            self.send("PONG", payload=fields["payload"])
        elif name == "ERROR" and fields["request"] == 0:
            raise Refused(fields["code"], 0)
        elif name == "JOINED":
            self.note_joined(fields)
        elif name == "MSG":
            room = self.rooms[fields["room"]]
            if not room.live:
                raise Broken("%s: MSG %d, but it is not live" % (room.name, fields["seq"]))
            self.take_message(room, fields)
        elif name == "ACK":
            self.note_ack(fields)
        elif name == "NACK":
            self.note_nack(fields)
        elif name == "PAGE":
            self.note_page(fields)
        elif name == "GAP":
            room = self.rooms[fields["room"]]
            if not room.live or (room.next is not None and fields["from"] != room.next):
                raise Broken("%s: GAP from %d instead of %s" % (room.name, fields["from"], room.next))
            room.live, room.next = False, fields["from"]
        elif name == "DONE" and "nick" in fields:
            self.nick = fields["nick"]

    def note_joined(self, fields):
        room = Room(fields)
        old = self.rooms.get(room.id) or self.by_name.get(room.name)
        if old is not None:  # joined again, or a reconnect
            old.id, old.epoch, old.last, old.name, old.topic = room.id, room.epoch, room.last, room.name, room.topic
            room = old
        if fields["flags"] & 1:
            room.live, room.next = True, fields["last"] + 1
        self.rooms[room.id] = self.by_name[room.name] = room

    def take_message(self, room, fields):
        if room.next is not None and fields["seq"] != room.next:
            raise Broken("%s: seq %d instead of %d" % (room.name, fields["seq"], room.next))
        room.next = fields["seq"] + 1
        room.cursor = (room.epoch, fields["seq"], fields["id"])
        room.messages.append(fields)

    def note_ack(self, fields):
        device, counter = fields["id"]
        if device != self.device or counter not in self.unsettled:
            raise Broken("ACK for %r, which was not posted" % (fields["id"],))
        room = self.rooms[fields["room"]]
        kind, body = self.unsettled.pop(counter)[1:]
        if fields["flags"] & 1 or not room.live:
            return
        self.take_message(room, {"room": room.id, "seq": fields["seq"], "time": fields["time"], "id": fields["id"],
                                 "sender": self.me["user"], "kind": kind, "flags": 0, "body": body,
                                 "nick": self.nick, "tlvs": {}})

    def note_nack(self, fields):
        counter = fields["id"][1]
        if fields["flags"] & 1:
            self.unsettled.pop(counter, None)
            self.refused.append(fields)
        else:
            select.select([], [], [], fields["retry_ms"] / 1000)
            self.post_again()

    def note_page(self, fields):
        room = self.rooms[fields["room"]]
        for name, message in records(fields["records"]):
            if name != "MSG" or message["room"] != room.id:
                raise Broken("a page of %s holds a strange %s" % (room.name, name))
        if fields["flags"] & LIVE:
            room.live = True

    # What one can do.

    def request(self, frame, answer, **fields):
        self.request_number += 1
        self.send(frame, request=self.request_number, **fields)
        return self.expect(answer, self.request_number)

    def join(self, name, history=50):
        """Joins a public room and attaches to it, after up to so many old messages."""
        joined = self.request("JOIN", "JOINED", kind=PUBLIC, name=name)
        return self.attach(self.rooms[joined["room"]], history)

    def direct(self, nick, history=50):
        joined = self.request("JOIN", "JOINED", kind=DIRECT, name=nick)
        return self.attach(self.rooms[joined["room"]], history)

    def attach(self, room, history=50):
        page = self.request("HISTORY", "PAGE", room=room.id, limit=history, flags=ATTACH)
        return self.follow(room, page)

    def follow(self, room, page):
        """Takes a page's messages, and asks on forward until the room is live."""
        while True:
            for _, message in records(page["records"]):
                self.take_message(room, message)
            if page["flags"] & LIVE:
                return room
            if not page["flags"] & MORE or room.next is None:
                raise Broken("a page is neither live nor is there more")
            page = self.ahead(room, room.next)

    def ahead(self, room, start):
        room.next = start
        return self.request("HISTORY", "PAGE", room=room.id, **{"from": start}, limit=256, flags=FORWARD | ATTACH)

    def catch_up(self, room):
        """After a GAP."""
        return self.follow(room, self.ahead(room, room.next))

    def resume(self, room, cursor=None):
        """Fetches what came after cursor = (epoch, seq, id); returns (status, how many are lost)."""
        cursor = cursor or room.cursor
        if cursor is None:
            self.attach(room)
            return 2, 0
        answer = self.request("RESUME", "RESUMED", room=room.id, epoch=cursor[0], seq=cursor[1], id=cursor[2])
        if answer["status"] == 2:
            self.attach(room)
            return 2, 0
        start = cursor[1] + 1 if answer["status"] == 0 else answer["first"]
        self.follow(room, self.ahead(room, start))
        return answer["status"], start - cursor[1] - 1

    def reconnect(self):
        """A new connection: joins again, resumes, posts again what has no answer. {room name: (status, lost)}"""
        self.sock.close()
        rooms = list(self.by_name.values())
        for room in rooms:
            room.live, room.next = False, None
        self.connect()
        result, self.rooms = {}, {}
        for room in rooms:
            answer = self.request("JOIN", "JOINED", kind=room.kind, name=room.name)
            result[room.name] = self.resume(self.rooms[answer["room"]])
        self.post_again()
        return result

    def post(self, room, text, kind=TEXT, tlvs=None):
        """Sends a post; its outcome comes with ACK or NACK. Returns its counter."""
        body = text.encode() if isinstance(text, str) else text
        self.counter += 1
        self.unsettled[self.counter] = (room.name, kind, body)
        self.send("POST", room=room.id, id=(self.device, self.counter), kind=kind, body=body, tlvs=dict(tlvs or {}))
        return self.counter

    def post_again(self):
        for counter, (name, kind, body) in self.unsettled.items():
            self.send("POST", room=self.by_name[name].id, id=(self.device, counter), kind=kind, body=body)

    def settle(self):
        self.wait(lambda: not self.unsettled, "the outcome of %d posts" % len(self.unsettled))

    def names(self, room):
        """[(user id, nick, role, away)] of all in the room."""
        found, after = [], 0
        while True:
            page = self.request("NAMES", "USERS", room=room.id, after=after, limit=256)
            for _, member in records(page["records"]):
                if member["user"] <= after:
                    raise Broken("user ids in USERS do not rise")
                after = member["user"]
                found.append((after, member["nick"], member["role"], member["away"]))
            if not page["flags"] & MORE:
                return found

    def ping(self, payload=b"tchat"):
        """Seconds until the PONG."""
        start = time.monotonic()
        self.send("PING", payload=payload)
        if self.expect("PONG")["payload"] != payload:
            raise Broken("PONG brings another payload")
        return time.monotonic() - start

    def bye(self):
        """Leaves in order; returns the frames that came until the end."""
        last = []
        try:
            self.send("BYE", code=LEAVING)
            self.sock.shutdown(socket.SHUT_WR)
            while True:
                frame = self.next()
                if frame is None:
                    raise Broken("the host does not close after BYE")
                last.append(frame)
        except (Closed, BrokenPipeError):
            pass
        self.sock.close()
        return last

    def close(self):
        self.sock.close()


# --- The command line.

def show(room, message):
    body = "".join(c if c.isprintable() else "\ufffd" for c in message["body"].decode("utf-8", "replace"))
    form = {TEXT: "%s\t%d\t%s: %s", ACTION: "%s\t%d\t* %s %s", TOPIC: "%s\t%d\t%s set the topic: %s"}
    print(form.get(message["kind"], "%s\t%d\t%s ? %s") % (room.name, message["seq"], message.get("nick", "?"), body), flush=True)


class Lines:
    """Standard input as lines, read as it comes."""

    def __init__(self):
        self.data, self.ended = b"", False

    def read(self):
        data = os.read(0, 1 << 16)
        self.ended = not data
        lines = (self.data + data).split(b"\n")
        self.data = lines.pop()
        if self.ended and self.data:
            lines.append(self.data)
        return [line.decode("utf-8", "replace") for line in lines if line]


def talk(peer, room, stay):
    """Posts input and shows messages until the input ends and all is acknowledged."""
    lines, shown = Lines(), {}
    while True:
        for each in peer.by_name.values():
            for message in each.messages[shown.get(each.name, 0):]:
                if message["id"][0] != peer.device:
                    show(each, message)
            shown[each.name] = len(each.messages)
        if lines.ended and not peer.unsettled and not stay:
            return
        if not peer.frames:
            ready = select.select([peer.sock] + ([] if lines.ended else [0]), [], [])[0]
            if 0 in ready:
                for line in lines.read():
                    peer.post(room, line)
            if peer.sock not in ready:
                continue
        frame = peer.next()
        if frame is not None and frame[0] == "GAP":
            peer.catch_up(peer.rooms[frame[1]["room"]])


def cursor_text(cursor):
    return "%016x:%d:%016x.%d" % (cursor[0], cursor[1], cursor[2][0], cursor[2][1])


def read_cursor(text):
    epoch, seq, name = text.split(":")
    device, counter = name.split(".")
    return int(epoch, 16), int(seq), (int(device, 16), int(counter))


def main():
    parser = argparse.ArgumentParser(description="A small tchat client.")
    parser.add_argument("address", help="HOST:PORT, [IPV6]:PORT, unix:/path or tchat://LINK")
    parser.add_argument("--identity", metavar="DIR", help="keep the key there; without it, a new one each time")
    parser.add_argument("--insecure", action="store_true", help="without TLS")
    parser.add_argument("--nick")
    parser.add_argument("--room", default="lobby")
    parser.add_argument("--to", metavar="NICK", help="talk to one person instead")
    parser.add_argument("--history", type=int, default=0, metavar="N", help="show the last N messages first")
    parser.add_argument("--resume", type=read_cursor, metavar="CURSOR", help="show what came after CURSOR")
    parser.add_argument("--cursor", action="store_true", help="print the cursor at the end, to standard error")
    parser.add_argument("--ping", type=int, metavar="N", help="measure N round trips, and nothing else")
    parser.add_argument("--stay", action="store_true", help="stay when the input has ended")
    options = parser.parse_args()
    try:
        identity = Identity(options.identity) if options.identity else None
        peer = Peer(options.address, options.nick, identity=identity, insecure=options.insecure)
        for _ in range(options.ping or 0):
            print("%.3f ms" % (peer.ping() * 1000))
        if options.ping is None:
            kind, name = (DIRECT, options.to) if options.to else (PUBLIC, options.room)
            room = peer.rooms[peer.request("JOIN", "JOINED", kind=kind, name=name)["room"]]
            if options.resume:
                status, lost = peer.resume(room, options.resume)
                if status == 2 or lost:
                    print("the history is another one" if status == 2 else "%d messages are lost" % lost, file=sys.stderr)
            else:
                peer.attach(room, options.history)
            talk(peer, room, options.stay)
            if options.cursor and room.cursor:
                print(cursor_text(room.cursor), file=sys.stderr)
        peer.bye()
    except (OSError, Broken, Refused, Closed) as error:
        print("peer_client: %s" % (error or "the connection was closed"), file=sys.stderr)
        return 69 if isinstance(error, OSError) else 76
    return 1 if peer.refused else 0


if __name__ == "__main__":
    sys.exit(main())
