# SPDX-License-Identifier: GPL-3.0-or-later
"""The client that was written from the manual, against the real host and beside the real client."""
import json
import os
import re
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
import peer_client  # noqa: E402
import peer_support  # noqa: E402
from peer_client import Peer  # noqa: E402
from peer_support import Program, same  # noqa: E402

TOP = os.environ.get("srcdir", ".")


def bodies(room):
    return [message["body"].decode() for message in room.messages]


def until(peer, room, text):
    """Takes frames until the room's last message is text."""
    peer.wait(lambda: room.messages and room.messages[-1]["body"] == text.encode(), text)


def the_manuals_session_is_what_the_peer_speaks(host):
    with open(os.path.join(TOP, "man/tchat-protocol.7"), encoding="utf-8") as file:
        session = file.read().split(".Sh EXAMPLES")[1]
    data = bytes.fromhex("".join(re.findall(r"^(?:C:|H:|  ) ([0-9a-f]+)", session, re.M)))
    frames, rest = peer_client.cut(data)
    same((len(frames) > 14, rest), (True, b""))
    for code, payload in frames:
        name, fields = peer_client.decode(code, payload)
        same(peer_client.encode(name, **fields)[4:], payload)


def two_peers_talk_and_see_one_order(host):
    ann, ben = Peer(host.address, "ann"), Peer(host.address, "ben")
    a, b = ann.join("lobby"), ben.join("lobby")
    same((a.id, a.epoch), (1, b.epoch))
    for i in range(50):
        ann.post(a, "a%d" % i)
        ben.post(b, "b%d" % i)
    ann.settle()
    ben.settle()
    for peer, room in ((ann, a), (ben, b)):
        peer.wait(lambda room=room: len(room.messages) == 100, "100 messages")
    same([(m["seq"], m["body"], m["id"], m["time"]) for m in a.messages], [(m["seq"], m["body"], m["id"], m["time"]) for m in b.messages])
    same(sorted(m["seq"] for m in a.messages), list(range(a.messages[0]["seq"], a.messages[0]["seq"] + 100)))
    same([m["nick"] for m in b.messages if m["id"][0] == ann.device], ["ann"] * 50)
    ann.bye()
    same(ben.take("MEMBER", change=2)["nick"], "ann")
    ben.bye()


def a_taken_nick_gets_a_number(host):
    ann, other, none = Peer(host.address, "Ann"), Peer(host.address, "ann"), Peer(host.address)
    same((ann.nick, other.nick), ("Ann", "ann2"))
    room = none.join("lobby")
    ann.join("lobby")
    same(none.take("MEMBER", change=1)["nick"], "Ann")
    try:
        none.request("NICK", "DONE", nick="ANN")
        raise AssertionError("two users have one nick")
    except peer_client.Refused as refusal:
        same(refusal.code, 99)
    none.request("NICK", "DONE", nick="Zo\u00eb")
    same(ann.take("MEMBER", change=3)["nick"], "Zo\u00eb")
    same(sorted(row[1] for row in none.names(room)), ["Ann", "Zo\u00eb"])
    for peer in (ann, other, none):
        peer.bye()


def unknown_tlvs_are_relayed_and_text_comes_as_it_was(host):
    ann, ben = Peer(host.address, "ann"), Peer(host.address, "ben")
    a, b = ann.join("lobby"), ben.join("lobby")
    text = "gr\u00fc\u00dft \U0001f44b\u202e \x1b[31m"
    ann.post(a, text, tlvs={9: b"\0\0\0\1", 0x7fff: b""})
    ann.settle()
    until(ben, b, text)
    same(b.messages[-1]["tlvs"], {9: b"\0\0\0\1", 0x7fff: b""})
    late = Peer(host.address, "late")
    room = late.join("lobby")
    same((room.messages[-1]["body"].decode(), room.messages[-1]["tlvs"]), (text, {9: b"\0\0\0\1", 0x7fff: b""}))


def history_pages_in_both_directions(host):
    ann = Peer(host.address, "ann")
    room = ann.join("deep")
    for i in range(700):
        ann.post(room, "line %d" % i)
    ann.settle()
    seqs = [m["seq"] for m in room.messages]
    same(seqs, list(range(1, 701)))
    back, start = [], 0
    while True:
        page = ann.request("HISTORY", "PAGE", room=room.id, **{"from": start}, limit=256, flags=0)
        back[:0] = [m["seq"] for _, m in peer_client.records(page["records"])]
        if not page["flags"] & peer_client.MORE:
            break
        start = page["next"]
    same(back, seqs)
    ahead, start = [], 1
    while True:
        page = ann.request("HISTORY", "PAGE", room=room.id, **{"from": start}, limit=100, flags=peer_client.FORWARD)
        ahead += [m["seq"] for _, m in peer_client.records(page["records"])]
        if not page["flags"] & peer_client.MORE:
            break
        start = page["next"]
    same((ahead, page["floor"]), (seqs, 1))
    late = Peer(host.address, "late")
    same([m["seq"] for m in late.join("deep", 10).messages], seqs[-10:])
    bare = Peer(host.address, "bare")
    empty = bare.join("deep", 0)
    ann.post(room, "news")
    until(bare, empty, "news")
    same(len(empty.messages), 1)


def a_lost_connection_resumes_and_posts_arrive_once(host):
    ann, ben = Peer(host.address, "ann"), Peer(host.address, "ben")
    a, b = ann.join("lobby"), ben.join("lobby")
    ann.post(a, "first")
    ann.settle()
    until(ben, b, "first")
    # The answer to this one is never read: whether it arrived is not known.
    ann.post(a, "in doubt")
    ann.close()
    until(ben, b, "in doubt")
    for i in range(300):
        ben.post(b, "meanwhile %d" % i)
    ben.settle()
    same((ann.reconnect(), ann.nick), ({"lobby": (0, 0)}, "ann"))
    ann.post(a, "back")
    ann.settle()
    until(ben, b, "back")
    same(bodies(a), bodies(b)[-len(bodies(a)):])
    same(bodies(b).count("in doubt"), 1)
    # A cursor of another history is told apart.
    same(ann.request("RESUME", "RESUMED", room=a.id, epoch=a.epoch + 1, seq=1, id=a.messages[0]["id"])["status"], 2)
    same(ann.request("RESUME", "RESUMED", room=a.id, epoch=a.epoch, seq=a.messages[0]["seq"], id=(1, 1))["status"], 2)
    same(ann.request("RESUME", "RESUMED", room=a.id, epoch=a.epoch, seq=10 ** 6, id=(1, 1))["status"], 2)


def counters_with_holes_and_repeats(host):
    ann = Peer(host.address, "ann")
    room = ann.join("lobby")
    first = ann.post(room, "one")
    ann.settle()

    def send(counter, body, **more):
        ann.send("POST", room=room.id, id=(ann.device, counter), kind=1, body=body, **more)
    ann.unsettled[first] = ("lobby", 1, b"one")
    send(first, b"one")
    same(ann.take("ACK", flags=1)["seq"], room.messages[-1]["seq"])
    send(first, b"another one")
    nack = ann.take("NACK")
    same((nack["code"], nack["flags"]), (105, 1))
    # A hole: nothing after it is decided until it is filled.
    ann.counter = first + 1
    send(first + 2, b"three")
    nack = ann.take("NACK")
    same((nack["code"], nack["flags"], nack["id"][1]), (104, 0, first + 2))
    ann.unsettled[first + 1] = ("lobby", 1, b"two")
    ann.unsettled[first + 2] = ("lobby", 1, b"three")
    ann.post_again()
    ann.settle()
    same(bodies(room), ["one", "two", "three"])
    ann.counter = first + 2
    ann.send("POST", room=room.id, id=(ann.device ^ 1, 1), kind=1, body=b"forged")
    nack = ann.take("NACK")
    same((nack["code"], nack["flags"]), (101, 1))
    ann.post(room, "four")
    ann.settle()
    same(bodies(room)[-1], "four")


def refused_posts_do_not_end_the_connection(host):
    ann = Peer(host.address, "ann")
    room = ann.join("lobby")
    limit = ann.me["text_limit"]
    stranger = peer_client.Room({"room": 77, "name": "nowhere", "epoch": 0, "kind": 0, "last": 0})
    ann.by_name["nowhere"] = ann.rooms[77] = stranger
    for where, text, kind in ((stranger, "x", 1), (room, b"x" * (limit + 1), 1), (room, b"\xff\xfe", 1), (room, "x", 99),
                              (room, b"x" * 401, 3)):
        ann.post(where, text, kind)
    ann.post(room, b"x" * limit)
    ann.settle()
    same([nack["code"] for nack in ann.refused], [97, 102, 103, 108, 102])
    same(len(room.messages), 1)


def direct_rooms_belong_to_two(host):
    ann, ben, eve = Peer(host.address, "ann"), Peer(host.address, "ben"), Peer(host.address, "eve")
    for peer in (ann, ben, eve):
        peer.join("lobby")
    room = ann.direct("BEN")
    same((room.kind, room.name), (peer_client.DIRECT, "ben"))
    joined = ben.take("JOINED", request=0)
    same((joined["room"], joined["kind"], joined["name"]), (room.id, peer_client.DIRECT, "ann"))
    other = ben.attach(ben.rooms[joined["room"]])
    ann.post(room, "psst")
    ann.settle()
    until(ben, other, "psst")
    for wish in ("ann", "nobody"):
        try:
            ann.direct(wish)
            raise AssertionError("a direct room with " + wish)
        except peer_client.Refused as refusal:
            same(refusal.code, 100)
    try:
        eve.request("HISTORY", "PAGE", room=room.id, limit=10)
        raise AssertionError("eve reads what is not hers")
    except peer_client.Refused as refusal:
        same(refusal.code in (96, 97), True)
    # It waits for who is away.
    salt = ben.salt
    ben.bye()
    ann.post(room, "later")
    ann.settle()
    back = Peer(host.address, "ben", salt, identity=ben.identity)
    joined = back.take("JOINED", request=0)
    same(bodies(back.attach(back.rooms[joined["room"]])), ["psst", "later"])


def topics_actions_and_absence(host):
    ann, ben = Peer(host.address, "ann"), Peer(host.address, "ben")
    a, b = ann.join("tea"), ben.join("tea")
    ann.post(a, "at four", peer_client.TOPIC)
    ann.post(a, "waves", peer_client.ACTION)
    ann.settle()
    until(ben, b, "waves")
    same([m["kind"] for m in b.messages], [3, 2])
    same(Peer(host.address, "late").join("tea").topic, "at four")
    ann.send("PRESENCE", away=1, reason="lunch")
    away = ben.take("PRESENCE")
    same((away["user"], away["away"], away.get("reason")), (ann.me["user"], 1, "lunch"))
    same([row[3] for row in ben.names(b) if row[1] == "ann"], [1])
    ann.request("PART", "DONE", room=a.id)
    ben.take("MEMBER", change=2, room=b.id, nick="ann")


def the_owner_kicks(host):
    owner, ann, ben = Peer(host.socket, "owner", identity=peer_support.owner()), Peer(host.address, "ann"), Peer(host.address, "ben")
    same((owner.me["role"], ann.me["role"]), (3, 0))
    tea, a, b = owner.join("tea"), ann.join("tea"), ben.join("tea")
    owner.join("lobby")
    ann.join("lobby")
    try:
        ben.request("MODERATE", "DONE", room=b.id, action=1, nick="ann")
        raise AssertionError("anybody may kick")
    except peer_client.Refused as refusal:
        same(refusal.code, 101)
    owner.request("MODERATE", "DONE", room=tea.id, action=1, nick="ann", reason="spam")
    for peer in (ann, ben):
        kicked = peer.take("MEMBER", change=4)
        same((kicked["room"], kicked["nick"], kicked["by"], kicked["reason"]), (a.id, "ann", "owner", "spam"))
    ann.post(a, "still here?")
    ann.settle()
    same(ann.refused[0]["code"], 97)
    owner.request("MODERATE", "DONE", room=1, action=1, nick="ann")
    for attempt in (lambda: ann.wait(lambda: False), lambda: Peer(host.address, "ann", ann.salt, identity=ann.identity)):
        try:
            attempt()
            raise AssertionError("kicked, but still there")
        except peer_client.Refused as refusal:
            same(refusal.code, 73)


def decided(peer, room):
    page = peer.request("RULES", "RULED", room=room.id, limit=256)
    same(page["flags"], 0)
    return [(rule["kind"], rule.get("nick"), rule.get("reason")) for _, rule in peer_client.records(page["records"])]


def a_moderator_mutes_and_bans_and_that_is_logged(host):
    owner, ann, ben = Peer(host.socket, "owner", identity=peer_support.owner()), Peer(host.address, "ann"), Peer(host.address, "ben")
    tea, a, b = owner.join("tea"), ann.join("tea"), ben.join("tea")
    owner.request("MODERATE", "DONE", room=tea.id, action=8, nick="ann")
    same(ben.take("MEMBER", change=6, room=b.id, nick="ann")["role"], 2)
    ann.request("MODERATE", "DONE", room=a.id, action=10, nick="ben", reason="loud", seconds=3600)
    same(ben.take("MEMBER", change=6, room=b.id, nick="ben", role=1)["reason"], "loud")
    ben.post(b, "hello?")
    ben.settle()
    same(ben.refused[0]["code"], 118)
    same(decided(ann, a), [(1, "ann", None), (3, "ben", "loud")])
    ann.request("MODERATE", "DONE", room=a.id, action=12, nick="ben", reason="and again")
    same(ben.take("MEMBER", change=5, nick="ben")["by"], "ann")
    try:
        ben.join("tea")
        raise AssertionError("banned, but back")
    except peer_client.Refused as refusal:
        same(refusal.code, 119)
    page = ann.request("AUDIT", "AUDITED", room=a.id, limit=10)
    same([(act["action"], act["by"], act["nick"], act["seconds"]) for _, act in peer_client.records(page["records"])],
         [(8, "owner", "ann", 0), (10, "ann", "ben", 3600), (12, "ann", "ben", 0)])
    owner.request("MODERATE", "DONE", room=0, action=12, nick="ben")
    try:
        ben.wait(lambda: False)
        raise AssertionError("banned, but still there")
    except peer_client.Refused as refusal:
        same(refusal.code, 86)
    owner.request("MODERATE", "DONE", room=0, action=13, nick="ben")
    Peer(host.address, "ben", ben.salt, identity=ben.identity).ping()


def a_private_room_is_entered_by_who_was_called(host):
    ann, ben = Peer(host.address, "ann"), Peer(host.address, "ben")
    den = ann.rooms[ann.request("JOIN", "JOINED", kind=peer_client.PRIVATE, name="den")["room"]]
    try:
        ben.join("den")
        raise AssertionError("not called, but in")
    except peer_client.Refused as refusal:
        same(refusal.code, 120)
    ann.request("MODERATE", "DONE", room=den.id, action=14, nick="ben")
    called = ben.take("CALLED")
    same((called["room"], called["name"], called["by"]), (den.id, "den", "ann"))
    same(ben.join("den").id, den.id)


def a_second_connection_of_a_device_fences_the_first(host):
    first = Peer(host.address, "ann")
    second = Peer(host.address, "ann", first.salt, identity=first.identity)
    same((second.nick, second.device, second.me["user"]), ("ann", first.device, first.me["user"]))
    try:
        first.wait(lambda: False)
        raise AssertionError("not fenced")
    except peer_client.Refused as refusal:
        same(refusal.code, 72)
    same(peer_support.closed_by_host(first.sock), b"")
    second.ping()


def pings_of_any_size_come_back(host):
    ann = Peer(host.address)
    for payload in (b"", b"\0", os.urandom(4000), os.urandom(ann.limit)):
        ann.ping(payload)


def who_half_closes_gets_the_answers_to_what_it_sent(host):
    ann = Peer(host.socket, "ann")
    ann.join("lobby")
    # More than the socket holds, less than what the host stops reading at; it is read when the host has seen the end.
    ann.sock.sendall(peer_client.encode("PING", payload=b"x" * 60000) * 6)
    ann.sock.shutdown(socket.SHUT_WR)
    host.err.find("ann .* went")
    frames, rest = peer_client.cut(peer_support.closed_by_host(ann.sock))
    same((len([code for code, _ in frames if code == peer_client.LAYOUTS["PONG"][0]]), len(rest)), (6, 0))


def who_reads_slowly_gets_a_gap_and_then_everything(host):
    ann, slow = Peer(host.address, "ann"), Peer(host.address, "slow")
    a, s = ann.join("lobby"), slow.join("lobby")
    text = "x" * 8000
    sent = 0
    while sent < 1500:
        for _ in range(50):
            ann.post(a, "%d %s" % (sent, text))
            sent += 1
        ann.settle()
    slow.take("GAP")
    slow.catch_up(s)
    slow.wait(lambda: len(s.messages) >= 1500, "the rest")
    same([int(m["body"].split()[0]) for m in s.messages], list(range(1500)))


def sigterm_says_goodbye(host):
    ann = Peer(host.address, "ann")
    ann.join("lobby")
    host.process.terminate()
    same(ann.take("GOAWAY")["code"], 74)
    peer_support.closed_by_host(ann.sock)
    ann.close()
    same(host.status(), 0)


def the_owner_ends_the_host(host):
    owner, ann = Peer(host.socket, "owner", identity=peer_support.owner()), Peer(host.address, "ann")
    try:
        ann.request("MODERATE", "DONE", action=2)
        raise AssertionError("anybody may end the host")
    except peer_client.Refused as refusal:
        same((refusal.code, refusal.request != 0), (101, True))
    owner.request("MODERATE", "DONE", action=2)
    for peer in (owner, ann):
        same(peer.take("GOAWAY")["code"], 74)
        peer_support.closed_by_host(peer.sock)
        peer.close()
    same(host.status(), 0)


def peers_talk_with_line_mode(host):
    ann = Peer(host.address, "ann")
    room = ann.join("lobby")
    bot = Program("--join", host.address, "--lines", "--stay", "--nick", "bot")
    try:
        ann.take("MEMBER", change=1)
        bot.type("hello from lines\n/not a command\n")
        until(ann, room, "/not a command")
        same([m["nick"] for m in room.messages], ["bot", "bot"])
        ann.post(room, "hello bot \x1b[2J")
        bot.out.find(r"ann.*hello bot")
        same([line for line in bot.out.lines if "\x1b" in line], [])
        bot.end_input()
    finally:
        bot.kill()
    once = Program("--join", host.address, "--lines", "--nick", "once")
    once.type("only this\n")
    once.end_input()
    same(once.status(), 0)
    until(ann, room, "only this")


def peers_talk_with_json_mode(host):
    ann = Peer(host.address, "ann")
    room = ann.join("lobby")
    bot = Program("--join", host.address, "--json", "--nick", "bot")
    ann.take("MEMBER", change=1)
    bot.type('{"type":"post","room":"lobby","text":"hi","ref":"7"}\n')
    until(ann, room, "hi")
    ann.post(room, "hi \u00e9\n")
    bot.out.find('"nick": ?"ann"')
    bot.end_input()
    same(bot.status(), 0)
    objects = [json.loads(line) for line in bot.out.lines]
    ack = next(o for o in objects if o["type"] == "ack")
    message = next(o for o in objects if o["type"] == "message" and o["nick"] == "ann")
    same((ack["ref"], ack["room"], ack["seq"]), ("7", "lobby", room.messages[0]["seq"]))
    same((message["text"], message["kind"], message["room"], message["seq"]), ("hi \u00e9\n", "text", "lobby", ack["seq"] + 1))
    same("connected" in [o["type"] for o in objects], True)


def the_command_line_posts_shows_and_resumes(host):
    def peer(*arguments, text=""):
        return subprocess.run([sys.executable, "-B", os.path.join(TOP, "tests/peer_client.py"), *arguments, host.address],
                              input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=2 * peer_support.TIMEOUT)
    first = peer("--nick", "ann", "--cursor", text="one\ntwo\n")
    same((first.returncode, first.stdout), (0, b""))
    cursor = first.stderr.decode().split()[-1]
    same(peer("--nick", "ben", text="three\n").returncode, 0)
    same(peer("--nick", "cat", "--history", "2").stdout.decode(), "lobby\t2\tann: two\nlobby\t3\tben: three\n")
    same(peer("--nick", "cat", "--resume", cursor).stdout.decode(), "lobby\t3\tben: three\n")
    same(len(peer("--ping", "3").stdout.splitlines()), 3)
    same(peer("--to", "nobody").returncode, 76)


if __name__ == "__main__":
    TESTS = [value for value in list(globals().values()) if callable(value) and getattr(value, "__module__", "") == "__main__"
             and value.__name__ not in ("bodies", "decided", "until")]
    if len(sys.argv) > 1:
        TESTS = [test for test in TESTS if sys.argv[1] in test.__name__]
    sys.exit(peer_support.run(TESTS))
