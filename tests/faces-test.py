# SPDX-License-Identifier: GPL-3.0-or-later
"""Line mode, JSON mode and --ping: the real programs, with a real host."""
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
import peer_client  # noqa: E402
import peer_support  # noqa: E402
from peer_support import TCHAT, TIMEOUT, Lines, Program, resident, same, tchat  # noqa: E402


class Json(peer_support.Json):
    """tchat in JSON mode, as soon as its first room is ready."""

    def __init__(self, *arguments, environment=None):
        super().__init__(*arguments, environment=environment)
        self.out.find('"type":"ready"')

    def quit(self):
        self.end_input()
        same(self.status(), 0)


def lines(host, nick, watcher, *arguments, environment=None):
    """tchat in line mode that stays, as soon as the watcher, who is in its room, saw it come."""
    program = Program("--lines", "--stay", "--nick", nick, "--trust=new", *arguments, "--join", host.address,
                      environment=environment)
    watcher.wait_for("joined", nick=nick)
    return program


# --- Line mode

def a_piped_line_is_delivered_and_nothing_is_printed(host):
    ann = Json(host.address, "ann")
    same(tchat("--join", host.address, "--lines", "--nick", "bot", text=b"hello\nsecond line\r\n\nlast"), (0, "", ""))
    ann.wait_for("message", nick="bot", text="last", seq=3)
    same([m["text"] for m in ann.objects("message")], ["hello", "second line", "last"])
    ann.wait_for("left", nick="bot")
    ann.quit()


def messages_of_others_are_lines(host):
    ann = Json(host.address, "ann")
    bot = lines(host, "bot", ann)
    ann.say(type="join", room="dev")
    ann.say(type="nick", nick="anna")
    bot.err.find("-- (ann|a member) is called anna now")
    ann.say(type="nick", nick="ann")
    ann.say(type="post", text="one\ntwo\u202e\x1b[2J")
    ann.say(type="post", text="waves", kind="action")
    ann.say(type="post", to="bot", text="psst")
    ann.say(type="topic", topic="tea")
    ann.quit()
    bot.err.find("-- ann set the topic of #lobby: tea")
    bot.err.find("-- ann left #lobby")
    bot.out.find("psst")
    texts = [re.sub(r"^\d\d:\d\d ", "", line) for line in bot.out.lines]
    same(len(texts), 3)
    if not texts[0].startswith("ann: one↵two") or re.search("[\x00-\x1f\u202e]", texts[0]):
        raise AssertionError(texts[0])
    same(texts[1:], ["* ann waves", "@ann ann: psst"])
    bot.process.send_signal(signal.SIGTERM)
    same(bot.status(), 0)


def history_is_shown_when_asked_for(host):
    same(tchat("--join", host.address, "--lines", "--nick", "ann", text=b"one\ntwo\nthree\n")[0], 0)
    same(tchat("--join", host.address, "--lines", "--nick", "bob"), (0, "", ""))
    status, out, err = tchat("--join", host.address, "--lines", "--nick", "bob", "--history", "2")
    same((status, [line[6:] for line in out.splitlines()]), (0, ["ann: two", "ann: three"]))


def a_program_goes_on_with_the_message_behind_its_last(host):
    count = 600
    same(tchat("--join", host.address, "--lines", "--nick", "ann", text=b"".join(b"%d\n" % i for i in range(1, count + 1)))[0], 0)
    for since in (1, 2, count, count + 1, count + 9):
        bot = Json(host.address, "bot", "--since", str(since))
        bot.quit()
        same([(m["seq"], m["text"], m.get("replay")) for m in bot.objects("message")],
             [(i, str(i), True) for i in range(since, count + 1)])
    same(tchat("--join", host.address, "--lines", "--nick", "bob", "--since", str(count))[1].split()[1:], ["ann:", str(count)])
    for wrong in ("0", "-1", "1x", "", "99999999999999999999"):
        same(tchat("--join", host.address, "--lines", "--since", wrong),
             (64, "", "tchat: --since: '%s' is not the number of a message\n" % wrong))


def line_mode_searches(host):
    same(tchat("--join", host.address, "--lines", "--nick", "ann",
               text=b"".join(b"word %d%s\n" % (i, b" Needle" if i % 10 == 3 else b"") for i in range(300)))[0], 0)
    status, out, err = tchat("--join", host.address, "--lines", "--commands", "--nick", "bob",
                             text=b"/search needle\n/search no such thing\n")
    found = out.splitlines()
    same((status, len(found), found[0][16:], found[19][16:]), (0, 20, " ann: word 293 Needle", " ann: word 103 Needle"))
    if not re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d ", found[0]):
        raise AssertionError(found[0])
    same(err.splitlines(), ["-- and more, perhaps", "-- 'no such thing' is in no message of this room"])


def line_mode_finds_what_was_said_right_before(host):
    for number in range(20):
        status, out, err = tchat("--join", host.address, "--lines", "--commands", "--nick", "ann",
                                 text=b"hay\nneedle %d.\n/search needle %d.\n" % (number, number))
        same((status, [line[16:] for line in out.splitlines()]), (0, [" ann: needle %d." % number]))
        same(err, "-- that is all\n")


def line_mode_searches_all_rooms(host):
    join = "--join", host.address, "--lines", "--commands", "--nick"
    same(tchat(*join, "ann", text=b"a needle\n/join dev\nno thing\n/join ops\nthe Needle\n")[0], 0)
    status, out, err = tchat(*join, "bob", text=b"/join dev\n/join ops\n/searchall needle\n/searchall hay\n")
    same((status, sorted(line[17:] for line in out.splitlines())), (0, ["#lobby ann: a needle", "ann: the Needle"]))
    same(err.splitlines()[-2:], ["-- that is all", "-- 'hay' is in no message of your rooms"])


def a_slash_is_text_unless_commands_are_wanted(host):
    ann = Json(host.address, "ann")
    same(tchat("--join", host.address, "--lines", text=b"/me waves\n//x\n"), (0, "", ""))
    status, out, err = tchat("--join", host.address, "--lines", "--commands", text=b"/me nods\n//y\n/join dev\nin dev\n/names\n/mee\n")
    same((status, out), (0, ""))
    if "did you mean /me" not in err or "now talking in #dev" not in err or "1 member" not in err:
        raise AssertionError(err)
    ann.wait_for("message", text="/y")
    same([(m["kind"], m["text"]) for m in ann.objects("message")],
         [("text", "/me waves"), ("text", "//x"), ("action", "nods"), ("text", "/y")])
    ann.say(type="join", room="dev")
    ann.say(type="history", room="dev")
    ann.wait_for("message", room="dev", text="in dev", replay=True)
    ann.quit()


def long_lines_become_several_messages(host):
    ann = Json(host.address, "ann")
    text = "€" * 20000
    same(tchat("--join", host.address, "--lines", text=text.encode() + b"\n"), (0, "", ""))
    ann.wait_for("message", seq=4)
    messages = [m["text"] for m in ann.objects("message")]
    same("".join(messages), text)
    same([len(m.encode()) for m in messages], [16383, 16383, 16383, 60000 - 3 * 16383])
    ann.quit()


def invalid_text_is_refused_and_the_rest_goes_on(host):
    ann = Json(host.address, "ann")
    status, out, err = tchat("--join", host.address, "--lines", text=b"bad \xff\xfe\nnul \0\ngood\n")
    same((status, out, err.count("-- ")), (1, "", 2))
    same(ann.wait_for("message", text="good")["seq"], 1)
    ann.quit()


def a_closed_output_is_a_quiet_end(host):
    ann = Json(host.address, "ann")
    program = peer_support.start("--lines", "--stay", "--nick", "bot", "--join", host.address)
    ann.wait_for("joined", nick="bot")
    program.stdout.close()
    ann.say(type="post", text="hi")
    same(program.wait(TIMEOUT), 0)
    same(program.stderr.read(), b"")
    ann.quit()


def a_stuck_output_holds_the_network(host):
    count, size = 5000, 5000
    ann = Json(host.address, "ann")
    program = peer_support.start("--lines", "--stay", "--nick", "bot", "--join", host.address, stderr=subprocess.DEVNULL)
    ann.wait_for("joined", nick="bot")
    before = resident(program)
    posts = "".join('{"type":"post","text":"%06d%s"}\n' % (i, "x" * size) for i in range(count))
    ann.type(posts)
    ann.quit()
    growth = resident(program) - before
    if growth > 12 << 20 and not peer_support.is_sanitized():
        raise AssertionError("it grew by %d bytes" % growth)
    got = Lines(program.stdout)
    got.wait(lambda all_lines: len(all_lines) >= count, "all lines")
    same([line[11:17] for line in got.lines], ["%06d" % i for i in range(count)])
    program.send_signal(signal.SIGINT)
    same(program.wait(TIMEOUT), 0)


# --- How it ends

def nobody_listening_is_one_line_and_69(host):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % probe.getsockname()[1]
        for mode in ("--lines", "--json"):
            for text in (b"hello\n", b""):
                status, out, err = tchat("--join", address, mode, text=text)
                same((status, err.count("\n"), address in err), (69, 1, True))
        status, out, err = tchat("--ping", address)
        same((status, out, err.count("\n")), (69, "", 1))
    same(tchat("--join", "unix:/nonexistent/socket", "--lines")[0], 69)


def another_service_is_76(host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve():
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                while connection.recv(4096):
                    pass
        threading.Thread(target=serve, daemon=True).start()
        status, out, err = tchat("--join", "127.0.0.1:%d" % server.getsockname()[1], "--lines", text=b"x\n")
    same((status, out, err.count("\n")), (76, "", 1))


def a_wrong_command_line_is_64(host):
    same(tchat("--join", host.address, "--lines", "--room", "a b/c")[0], 64)
    same(tchat("--join", "127.0.0.1:65536", "--lines")[0], 64)
    same(tchat("--lines", "--json", "--join", host.address)[0], 64)


def who_is_kicked_ends_with_77(host):
    owner = Json(host.socket, "ann")
    bot = lines(host, "bot", owner, environment=peer_support.stranger())
    owner.say(type="kick", nick="bot", reason="enough")
    owner.wait_for("done", request="kick", nick="bot")
    same(bot.status(), 77)
    bot.err.find("enough")
    owner.say(type="join", room="side")
    owner.wait_for("ready", room="side")
    bot = lines(host, "ben", owner, "--room", "side", environment=peer_support.stranger())
    owner.say(type="kick", room="side", nick="ben")
    same(bot.status(), 77)
    owner.quit()


def order_is_kept_by_objects_and_by_commands(host):
    owner = Json(host.socket, "ann")
    ben, bob = peer_support.stranger(), peer_support.stranger()
    mod = Json(host.address, "ben", "--trust=new", environment=ben)
    bot = lines(host, "bob", owner, "--commands", environment=bob)
    owner.say(type="op", nick="ben")
    role = owner.wait_for("role", nick="ben", room="lobby")
    same((role["role"], role["by"]), ("moderator", "ann"))
    owner.wait_for("done", request="op", nick="ben")
    mod.wait_for("role", nick="ben", own=True, role="moderator")
    bot.err.find("ben is a moderator of #lobby, by ann")
    mod.say(type="mute", nick="bob", seconds=600, reason="loud")
    bot.err.find("you are muted in #lobby: you may read, but not write, by ben: loud")
    bot.type("hello?\n")
    bot.err.find("not sent")
    bot.type("/bans\n")
    bot.err.find("not allowed")
    mod.say(type="rules")
    rule = mod.wait_for("rule", nick="bob")
    same((rule["kind"], rule["by"], rule["reason"], "expires" in rule), ("muted", "ben", "loud", True))
    same(mod.wait_for("rules")["count"], 2)
    mod.say(type="unmute", nick="bob")
    bot.err.find("you are a plain member of #lobby")
    mod.say(type="ban", nick="ann")
    mod.wait_for("error", request="ban", code="not_allowed")
    owner.say(type="ban", address="203.0.113.0/24", reason="a whole network")
    owner.wait_for("done", request="ban", nick="203.0.113.0/24")
    mod.say(type="ban", nick="bob", reason="gone")
    same(mod.wait_for("kicked", nick="bob")["banned"], True)
    same(bot.status(), 77)
    owner.say(type="audit", host=True, count=2)
    owner.wait_for("audit", more=True)
    same([(a["action"], a["by"], a.get("nick"), a.get("address")) for a in owner.objects("act")],
         [("ban", "ann", None, "203.0.113.0/24"), ("ban", "ben", "bob", None)])
    # The same by commands, as the owner of the host.
    person = lines(host, "ann2", owner, "--commands", "--room", "lobby")
    person.type("/bans\n/audit\n/unban bob\n/unban 203.0.113.0/24\n/reserve root\n/deop ben\n")
    for line in (r"moderator  ben, by ann on \d", r"banned  203.0.113.0/24, by ann on .*: a whole network", r"banned  bob, by ben",
                 r"ann made ben a moderator", r"ben muted bob for 10 minutes: loud", r"ann banned 203.0.113.0/24: a whole",
                 r"ann2 banned bob no more", r"ann2 banned 203.0.113.0/24 no more", r"ann2 reserved the name root",
                 r"ben is a plain member of #lobby, by ann2"):
        person.err.find(line)
    person.type("/quit\n")
    same(person.status(), 0)
    mod.say(type="nick", nick="Root")
    mod.wait_for("error", request="nick", code="name_taken")
    owner.quit()
    mod.quit()


def a_private_room_is_for_those_who_are_invited(host):
    ann = Json(host.socket, "ann")
    bot = lines(host, "ben", ann, "--commands", environment=peer_support.stranger())
    ann.say(type="private", room="den")
    same(ann.wait_for("room", room="den")["private"], True)
    ann.wait_for("ready", room="den")
    bot.type("/join den\n")
    bot.err.find("den: this room is private")
    ann.say(type="call", room="den", nick="ben")
    bot.err.find("ann invites you into the private room #den; /join den enters it")
    bot.type("/join den\nhello\n")
    same(ann.wait_for("message", room="den")["text"], "hello")
    ann.say(type="uncall", room="den", nick="ben")
    same(ann.wait_for("kicked", room="den")["nick"], "ben")
    bot.err.find("you were put out of #den")
    bot.type("/quit\n")
    same(bot.status(), 0)
    ann.quit()


def a_member_may_not_kick(host):
    ann, bob = [Json(host.address, nick, "--trust=new", environment=peer_support.stranger()) for nick in ("ann", "bob")]
    ann.say(type="kick", nick="bob")
    ann.wait_for("error", code="not_allowed", request="kick")
    ann.quit()
    bob.quit()


def signals_leave_at_once(host):
    ann = Json(host.address, "ann")
    for number, program in ((signal.SIGINT, lines(host, "bot", ann)), (signal.SIGTERM, ann)):
        program.process.send_signal(number)
        same(program.status(), 0)


def what_is_not_acknowledged_makes_75(host):
    ann = Json(host.address, "ann")
    host.process.send_signal(signal.SIGSTOP)
    try:
        ann.say(type="post", text="hi")
        # The answer to what is wrong shows that the post before it was read.
        ann.say(type="none")
        ann.wait_for("error", code="argument")
        ann.process.send_signal(signal.SIGTERM)
        same(ann.status(), 75)
    finally:
        host.process.send_signal(signal.SIGCONT)


def a_host_that_comes_back_gets_what_waited(host):
    place = "unix:" + os.path.join(host.folder, "again")
    first = Program("--headless", "--host", place)
    first.err.find("listening")
    ann = Json(place, "ann")
    bot = Program("--lines", "--stay", "--join", place, "--nick", "bot")
    ann.wait_for("joined", nick="bot")
    first.process.terminate()
    same(first.status(), 0)
    bot.err.find("-- connection lost")
    ann.wait_for("disconnected", final=False)
    ann.say(type="post", text="late", ref="r")
    second = Program("--headless", "--host", place)
    second.err.find("listening")
    bot.err.find("-- connected again")
    ann.wait_for("ack", ref="r", seq=1)
    bot.out.find("ann: late")
    ann.quit()
    bot.process.send_signal(signal.SIGINT)
    same(bot.status(), 0)
    second.process.terminate()
    same(second.status(), 0)


# --- JSON mode

def four_clients_see_one_dense_order(host):
    count = 1000
    clients = [Json(host.address, "n%d" % i, "--stay") for i in range(4)]
    posts = ["".join('{"type":"post","text":"%d %d","ref":"%d"}\n' % (i, k, k) for k in range(count)) for i in range(4)]
    threads = [threading.Thread(target=client.type, args=(text,)) for client, text in zip(clients, posts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = 4 * count + count
    for client in clients:
        client.out.wait(lambda log: len(log) >= everything and
                        sum(line.startswith(('{"type":"message"', '{"type":"ack"')) for line in log) == everything, "everything")
    orders = []
    for i, client in enumerate(clients):
        messages = client.objects("message")
        orders.append([(m["seq"], m["text"]) for m in messages])
        acks = {a["ref"]: a for a in client.objects("ack")}
        own = {m["ref"]: m for m in messages if m.get("own")}
        same(sorted(acks, key=int), [str(k) for k in range(count)])
        same({ref: (a["seq"], a["id"]) for ref, a in acks.items()}, {ref: (m["seq"], m["id"]) for ref, m in own.items()})
    same([seq for seq, _ in orders[0]], list(range(1, 4 * count + 1)))
    same(sorted(text for _, text in orders[0]), sorted("%d %d" % (i, k) for i in range(4) for k in range(count)))
    for i in range(4):
        mine = [int(text.split()[1]) for _, text in orders[0] if text.startswith("%d " % i)]
        same(mine, list(range(count)))
    for order in orders[1:]:
        same(order == orders[0], True)
    for client in clients:
        client.process.send_signal(signal.SIGTERM)
        same(client.status(), 0)


def requests_have_their_answers(host):
    ann, bob = Json(host.address, "ann"), Json(host.address, "bob")
    ann.say(type="join", room="#dev")
    ann.say(type="names", room="dev")
    same(ann.wait_for("names", room="dev")["count"], 1)
    ann.say(type="nick", nick="anna")
    bob.wait_for("renamed", old="ann", nick="anna")
    ann.say(type="nick", nick="bob")
    ann.wait_for("error", request="nick", code="name_taken")
    ann.say(type="away", reason="tea")
    bob.wait_for("away", nick="anna", away=True, reason="tea")
    ann.say(type="topic", topic="news", ref="t")
    ann.wait_for("ack", ref="t")
    bob.wait_for("topic", topic="news", nick="anna")
    ann.say(type="ping", ref="p")
    same(ann.wait_for("pong", ref="p")["rtt_us"] >= 0, True)
    ann.say(type="part", room="dev")
    ann.wait_for("parted", room="dev")
    bob.say(type="direct", nick="anna")
    bob.say(type="post", room="@anna", text="psst")
    same((bob.wait_for("message", text="psst")["to"], ann.wait_for("message", text="psst")["to"]), ("anna", "anna"))
    same((bob.wait_for("message", text="psst")["room"], ann.wait_for("message", text="psst")["room"]), ("@anna", "@bob"))
    bob.say(type="history", count=1)
    same(bob.wait_for("history", room="lobby")["more"], False)
    bob.say(type="quit")
    same(bob.status(), 0)
    ann.wait_for("left", nick="bob")
    ann.quit()


def lines_that_are_wrong_are_told_and_make_1(host):
    ann = Json(host.address, "ann")
    ann.type("not json\n{}\n\n[1]\n")
    ann.type('{"type":"post","room":"nowhere","text":"x","ref":"a"}\n')
    ann.type('{"type":"post","text":"%s","ref":"b"}\n' % ("x" * 16385))
    ann.type('{"type":"post","text":"%s","ref":"c"}\n' % ("x" * 200000))
    ann.process.stdin.write(b'{"type":"post","text":"\xff"}\n')
    ann.say(type="post", text="fine", ref="d")
    ann.wait_for("message", text="fine", seq=1)
    same([(e["code"], e.get("ref")) for e in ann.objects("error")],
         [("syntax", None), ("argument", None), ("syntax", None), ("not_member", "a"), ("too_long", "b"), ("too_long", None),
          ("syntax", None)])
    ann.end_input()
    same(ann.status(), 1)


def output_is_one_line_of_ascii_controls_free_json(host):
    text = "a\n\t\"\\\u0001\u007f\u0085\u202e\u2028 é 🎉"
    ann = Json(host.address, "ann")
    ann.say(type="post", text=text)
    same(ann.wait_for("message")["text"], text)
    raw = next(line for line in ann.out.lines if '"message"' in line)
    if re.search("[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e]", raw) or "é 🎉" not in raw:
        raise AssertionError(raw)
    ann.quit()


# --- Ping

def ping_reports_as_ping_does(host):
    for address in (host.address, host.socket):
        status, out, err = tchat("--ping", address, "--count", "3", "--interval", "10ms", "-v")
        same((status, err), (0, ""))
        same(len(re.findall(r"^64 bytes from %s: seq=[123] time=\d+\.\d{3} ms$" % re.escape(address), out, re.M)), 3)
        if not re.search(r"\n--- %s ping statistics ---\n3 transmitted, 3 received, 0%% loss, time \d+ ms\n"
                         r"rtt min/avg/max/mdev = [\d.]+/[\d.]+/[\d.]+/[\d.]+ ms\n" % re.escape(address), out):
            raise AssertionError(out)
        if "family %s" % ("ipv4" if address == host.address else "unix") not in out or "handshake" not in out:
            raise AssertionError(out)
    host.err.wait(lambda log: sum("went: leaving" in line for line in log) == 2, "both goodbyes")


def an_interrupted_ping_has_its_statistics(host):
    ping = Program("--ping", host.address, "--count", "1000", "--interval", "1h")
    ping.out.find("seq=1 ")
    ping.process.send_signal(signal.SIGINT)
    same(ping.status(), 0)
    ping.out.find("^1 transmitted, 1 received, 0% loss")


def relay_one_pong(server, address):
    """Between a client and the host: nothing comes back any more once a PONG of 64 bytes has."""
    client, _ = server.accept()
    host, data, ended = peer_client.connect(address), b"", False
    with client, host:
        while True:
            ready = select.select([client, host], [], [])[0]
            if client in ready:
                piece = client.recv(1 << 16)
                if not piece:
                    return
                host.sendall(piece)
            if host in ready:
                frames, data = peer_client.cut(data + host.recv(1 << 16))
                for code, payload in frames:
                    if not ended:
                        client.sendall(struct.pack(">I", code << 24 | len(payload)) + payload)
                    ended |= code == peer_client.LAYOUTS["PONG"][0] and len(payload) == 64


def lost_pings_make_1(_):
    host = peer_support.Host("--insecure")
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=relay_one_pong, args=(server, host.address), daemon=True).start()
        status, out, err = tchat("--ping", "127.0.0.1:%d" % server.getsockname()[1], "--count", "2", "--interval", "10ms", "--insecure")
    host.stop()
    same((status, err), (1, ""))
    if "seq=1 " not in out or "\n2 transmitted, 1 received, 50% loss" not in out:
        raise AssertionError(out)


def a_link_lets_one_in_and_says_so_when_it_is_used_up(_):
    host = peer_support.Host("--access", "invite")
    link = host.out.find(r"tchat://\S+")[0]

    def join(account, address):
        done = subprocess.run([TCHAT, "--lines", "--nick", "bot", "--join", address], input=b"hello\n",
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=2 * TIMEOUT, env=account)
        return done.returncode, done.stderr.decode()
    first, second = peer_support.stranger(), peer_support.stranger()
    same(join(first, link), (0, ""))
    host.err.find("bot was let in by the host's own link")
    same(join(first, host.address), (0, ""))
    status, err = join(second, link)
    same(status, 77)
    if "used up" not in err:
        raise AssertionError(err)
    status, err = join(second, host.address)  # the link has told whose host it is
    same(status, 77)
    if "used up" in err or "only who is invited" not in err:
        raise AssertionError(err)
    host.stop()


def who_comes_back_to_unread_words_starts_in_the_first_room_all_the_same(host):
    environment = peer_support.stranger()
    ann = Json(host.address, "ann", "--trust=new", environment=environment)
    ben = Json(host.address, "ben")
    ben.say(type="post", to="ann", text="psst")
    ann.wait_for("message", text="psst")
    ann.quit()
    ben.wait_for("left", nick="ann")
    ben.say(type="post", to="ann", text="are you there?")
    ben.wait_for("ack", seq=2)
    screen = peer_support.Screen("--join", host.address, "--nick", "ann", environment=environment)
    screen.wait(b"#lobby>")
    screen.end()
    ben.quit()


if __name__ == "__main__":
    TESTS = [value for value in list(globals().values()) if callable(value) and getattr(value, "__module__", "") == "__main__"
             and not isinstance(value, type) and value.__name__ not in ("lines", "relay_one_pong")]
    if len(sys.argv) > 1:
        TESTS = [test for test in TESTS if sys.argv[1] in test.__name__]
    sys.exit(peer_support.run(TESTS))
