# SPDX-License-Identifier: GPL-3.0-or-later
"""The real host with --data: killed again and again while people write, restarted, refused, and read back.
Usage: tests/kill-test.py [KILLS] (WRITERS, PROGRAMS: how many of each kind write; SEED)"""
import json
import os
import random
import resource
import sys
import threading
import time
import traceback

sys.dont_write_bytecode = True
import peer_client  # noqa: E402
from peer_client import Peer  # noqa: E402
import peer_support  # noqa: E402
from peer_support import TIMEOUT, Program, same  # noqa: E402

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 10
WRITERS = int(os.environ.get("WRITERS", "5"))
PROGRAMS = int(os.environ.get("PROGRAMS", "20"))
WINDOW = 64
SEED = int(os.environ.get("SEED", str(random.randrange(1 << 32))))


class Kept(peer_support.Place):
    """A folder with a history; hosts of it, open to everybody."""

    def program(self, *arguments):
        return super().program("--access", "open", "--history-access=all", *arguments)


class Writer(threading.Thread):
    """Posts without end, comes back whenever the host does, and is not content with anything but a gapless history."""

    def __init__(self, kept, name):
        super().__init__(daemon=True)
        self.name = name
        self.peer = Peer(kept.address, name)
        self.room = self.peer.join("lobby", 0)
        self.device = self.peer.device
        self.said, self.acknowledged = {}, {}  # counter: text, counter: seq
        self.stopping, self.error, self.breaks = False, None, 0
        note_ack = self.peer.note_ack

        def note(fields):
            note_ack(fields)
            self.acknowledged[fields["id"][1]] = fields["seq"]
        self.peer.note_ack = note
        self.say()
        self.peer.settle()

    def say(self):
        text = "%s %d" % (self.name, self.peer.counter + 1)
        self.said[self.peer.counter + 1] = text
        self.peer.post(self.room, text)

    def work(self):
        while not self.stopping or self.peer.unsettled:
            while not self.stopping and len(self.peer.unsettled) < WINDOW:
                self.say()
            self.peer.next(1)

    def come_back(self):
        end = time.monotonic() + TIMEOUT
        while True:
            try:
                result = self.peer.reconnect()
            except (OSError, peer_client.Closed):
                if time.monotonic() > end:
                    raise
                select_a_moment()
                continue
            # All that was seen is still there, and nothing is missing in between.
            same((result, self.peer.device), ({"lobby": (0, 0)}, self.device))
            return

    def run(self):
        try:
            while True:
                try:
                    self.work()
                    return
                except (OSError, peer_client.Closed, peer_client.Broken) as error:
                    if isinstance(error, peer_client.Broken) and "ends inside a frame" not in str(error):
                        raise
                    self.breaks += 1
                    self.come_back()
        except Exception as error:  # told by whoever waits for this thread
            traceback.print_exc(file=sys.stdout)
            self.error = error


def select_a_moment():
    """The host is not there: no condition to wait for but time."""
    threading.Event().wait(0.005)


def acknowledged(writers):
    for writer in writers:
        if writer.error is not None:
            raise AssertionError("%s: %r" % (writer.name, writer.error))
    return sum(len(writer.acknowledged) for writer in writers)


def until_acknowledged(writers, count):
    end = time.monotonic() + TIMEOUT
    while acknowledged(writers) < count:
        if time.monotonic() > end:
            raise AssertionError("%d of %d messages were acknowledged" % (acknowledged(writers), count))
        select_a_moment()


def history_of(address, identity=None):
    """[(seq, id, text, time)] of the lobby, from its beginning."""
    reader = Peer(address, "reader", identity=identity)
    room = reader.join("lobby", 0)
    found, start = [], 1
    while True:
        page = reader.request("HISTORY", "PAGE", room=room.id, **{"from": start}, limit=256, flags=peer_client.FORWARD)
        found += [(m["seq"], m["id"], m["body"].decode(), m["time"]) for _, m in peer_client.records(page["records"])]
        start = page["next"]
        if not page["flags"] & peer_client.MORE:
            reader.bye()
            return found


def what_was_acknowledged_survives_kill_9_once_and_in_one_order(kept):
    kept.start()
    writers = [Writer(kept, "w%d" % i) for i in range(WRITERS)]
    for writer in writers:
        writer.start()
    kill_again_and_again(kept, writers, 600)
    until_acknowledged(writers, acknowledged(writers) + 100)
    for writer in writers:
        writer.stopping = True
    for writer in writers:
        writer.join(TIMEOUT)
        same((writer.is_alive(), writer.error, writer.breaks > 0), (False, None, True))
    history = history_of(kept.address)
    same([seq for seq, _, _, _ in history], list(range(1, len(history) + 1)))
    by_id = {identity: (seq, text) for seq, identity, text, _ in history}
    same(len(by_id), len(history))
    same(len(history), sum(len(writer.said) for writer in writers))
    for writer in writers:
        same(writer.acknowledged, {counter: by_id[writer.device, counter][0] for counter in writer.said})
        same(writer.said, {counter: by_id[writer.device, counter][1] for counter in writer.said})
        seqs = [seq for seq, (device, _), _, _ in history if device == writer.device]
        same([writer.acknowledged[counter] for counter in sorted(writer.acknowledged)], seqs)
        # What it saw while it went on is what is there now.
        for message in writer.room.messages:
            same(history[message["seq"] - 1][1:], (message["id"], message["body"].decode(), message["time"]))
        writer.peer.bye()
    kept.stop()
    kept.start()
    same(history_of(kept.address), history)
    kept.stop()
    check = Program("--check-history", kept.data)
    check.out.find("messages: %d, .*faults: 0$" % len(history))
    same(check.status(), 0)
    export = Program("--export", kept.data, "--room", "Lobby")
    export.out.wait(lambda lines: len(lines) == len(history), "all messages")
    same(export.status(), 0)
    lines = [json.loads(line) for line in export.out.lines]
    same([(line["seq"], line["id"], line["text"], line["room"]) for line in lines],
         [(seq, "%016x-%d" % identity, text, "lobby") for seq, identity, text, _ in history])
    print("# seed %d: %d messages over %d kills" % (SEED, len(history), ROUNDS))


class ProgramWriter(threading.Thread):
    """The real client, driven by JSON, on an account of its own: it posts without end, and each thing that it says is
    taken down."""

    WINDOW = 4

    def __init__(self, kept, name):
        super().__init__(daemon=True)
        self.name = name
        self.process = peer_support.start("--join", kept.address, "--json", "--nick", name, "--trust=new",
                                          environment=peer_support.stranger())
        self.counter, self.acknowledged, self.messages = 0, {}, []
        self.ready, self.stopping, self.error, self.breaks = False, False, None, 0

    def say(self):
        self.counter += 1
        post = {"type": "post", "text": "%s %d" % (self.name, self.counter), "ref": str(self.counter)}
        self.process.stdin.write(json.dumps(post).encode() + b"\n")
        self.process.stdin.flush()

    def take(self, line):
        kind = line["type"]
        if kind == "ack":
            same(line["ref"] in self.acknowledged, False)
            self.acknowledged[line["ref"]] = (line["seq"], line["id"])
        elif kind == "message":
            self.messages.append((line["seq"], line["id"], line["text"]))
        elif kind == "disconnected":
            self.breaks += 1
        elif kind in ("nack", "gap", "restarted", "lost", "error"):
            raise AssertionError("%s: %r" % (self.name, line))
        if kind == "ready" and not self.ready:
            self.ready = True
        while self.ready and not self.stopping and self.counter - len(self.acknowledged) < self.WINDOW:
            self.say()
        if self.stopping and self.counter == len(self.acknowledged) and not self.process.stdin.closed:
            self.process.stdin.close()

    def run(self):
        try:
            for line in self.process.stdout:
                self.take(json.loads(line))
            same(self.process.wait(TIMEOUT), 0)
        except Exception as error:  # told by whoever waits for this thread
            traceback.print_exc(file=sys.stdout)
            self.error = error


def kill_again_and_again(kept, writers, most):
    dice = random.Random(SEED)
    for _ in range(ROUNDS):
        until_acknowledged(writers, acknowledged(writers) + dice.randrange(1, most))
        kept.host.kill()
        kept.start()


def twenty_real_clients_agree_with_each_other_and_with_the_export(kept):
    kept.start()
    writers = [ProgramWriter(kept, "p%d" % i) for i in range(PROGRAMS)]
    for writer in writers:
        writer.start()
    end = time.monotonic() + TIMEOUT
    while not all(writer.ready for writer in writers) and time.monotonic() < end:
        select_a_moment()
    kill_again_and_again(kept, writers, 200)
    until_acknowledged(writers, acknowledged(writers) + 1)
    for writer in writers:
        writer.stopping = True
        writer.join(2 * TIMEOUT)  # it may wait for half a minute before it dials again
        same((writer.is_alive(), writer.error, len(writer.acknowledged)), (False, None, writer.counter))
    kept.stop()
    export = Program("--export", kept.data, "--room", "lobby")
    total = sum(writer.counter for writer in writers)
    export.out.wait(lambda lines: len(lines) == total, "%d messages" % total)
    same(export.status(), 0)
    history = [(line["seq"], line["id"], line["text"]) for line in map(json.loads, export.out.lines)]
    same([seq for seq, _, _ in history], list(range(1, total + 1)))
    same(len({identity for _, identity, _ in history}), total)
    for writer in writers:
        # All that it was shown, from its first message on: each once, in the order of all.
        first, last = writer.messages[0][0], writer.messages[-1][0]
        same(writer.messages, history[first - 1:last])
        own = {text.split()[1]: (seq, identity) for seq, identity, text in history if text.split()[0] == writer.name}
        same(own, writer.acknowledged)
        same(list(own), [str(i) for i in range(1, writer.counter + 1)])
    check = Program("--check-history", kept.data)
    check.out.find("messages: %d, .*faults: 0$" % total)
    same(check.status(), 0)
    print("# seed %d: %d messages of %d programs over %d kills, %d connections broken" % (
        SEED, total, PROGRAMS, ROUNDS, sum(writer.breaks for writer in writers)))


def rooms_of_two_and_topics_are_there_after_a_restart(kept):
    kept.start()
    ann, ben = Peer(kept.address, "ann"), Peer(kept.address, "ben")
    lobby = ann.join("lobby", 0)
    ann.post(lobby, "tea", peer_client.TOPIC)
    ann.post(ann.direct("ben"), "just us two")
    ann.settle()
    devices = (ann.device, ben.device, ann.welcome["host"])
    for peer in (ann, ben):
        peer.sock.close()
    kept.stop()
    kept.start()
    # Others come first this time, and get the numbers that ann and ben had.
    others = [Peer(kept.address, nick) for nick in ("zoe", "yan")]
    again_ben, again_ann = Peer(kept.address, "ben", ben.salt, identity=ben.identity), Peer(kept.address, "ann", ann.salt, identity=ann.identity)
    same((again_ann.device, again_ben.device, again_ann.welcome["host"]), devices)
    same(again_ben.join("lobby", 0).topic, "tea")
    same([m["body"] for m in again_ben.direct("ann").messages], [b"just us two"])
    same([m["body"] for m in others[0].direct("yan").messages], [])
    export = Program("--export", kept.data)
    export.out.find("just us two")
    same([(line["text"], line["kind"], line["room"]) for line in map(json.loads, export.out.lines)],
         [("tea", "topic", "lobby"), ("just us two", "text", "@ann, ben")])
    one = Program("--export", kept.data, "--room", "@ann, ben")
    same((one.status(), len(export.out.lines)), (0, 2))
    one.out.wait(lambda lines: len(lines) == 1, "one message")
    for peer in (again_ann, again_ben, *others):
        peer.sock.close()
    kept.stop()


def the_real_client_goes_on_after_a_restart(kept):
    kept.start()
    ann = Program("--join", kept.address, "--json", "--nick", "ann", environment=kept.environment)

    def say(text):
        ann.type(json.dumps({"type": "post", "text": text}) + "\n")

    def accepted(count):
        ann.out.wait(lambda lines: sum('"type":"ack"' in line for line in lines) == count, "%d ACKs" % count)
    ann.out.find('"type":"ready"')
    say("before")
    accepted(1)
    kept.stop()
    say("meanwhile")
    kept.start()
    accepted(2)
    ann.end_input()
    same(ann.status(), 0)
    same([text for _, _, text, _ in history_of(kept.address)], ["before", "meanwhile"])
    kept.stop()


def a_second_host_of_a_history_and_an_open_folder_are_refused_in_one_line(kept):
    kept.start()
    second = Program("--headless", "--host", "127.0.0.1:0", "--data", kept.data, environment=kept.environment)
    same(second.status(), 69)
    second.err.wait(lambda lines: lines, "a line")
    same((len(second.err.lines), "another host" in second.err.lines[0]), (1, True))
    history_of(kept.address)
    kept.stop()
    os.chmod(kept.data, 0o755)
    lax = kept.program()
    same(lax.status(), 78)
    lax.err.find("private")
    os.chmod(kept.data, 0o700)
    kept.start("--keep", "5", "--keep", "1d", "--keep", "10M", "--durability=process")
    ann = Peer(kept.address, "ann")
    room = ann.join("lobby", 0)
    for i in range(40):
        ann.post(room, "line %d" % i)
        ann.settle()
    ann.bye()
    same([text for _, _, text, _ in history_of(kept.address)], ["line %d" % i for i in range(35, 40)])
    kept.stop()


def on_a_full_disk_messages_wait_and_all_else_goes_on(kept):
    kept.start()
    ann = Program("--join", kept.address, "--json", "--nick", "ann", environment=kept.environment)
    ann.out.find('"type":"ready"')
    reader = peer_client.Identity()  # who is known already needs no place

    def say(text):
        ann.type(json.dumps({"type": "post", "text": text}) + "\n")

    def limit(size):
        """A limit of the size of files stands for the full disk."""
        resource.prlimit(kept.host.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    say("before")
    ann.out.find('"type":"ack".*"seq":1,')
    same([text for _, _, text, _ in history_of(kept.address, reader)], ["before"])
    limit(1)
    say("meanwhile")
    ann.out.find('"type":"held","held":true,"code":"disk_full"')
    kept.host.err.find("could not be kept: no space")
    same([text for _, _, text, _ in history_of(kept.address, reader)], ["before"])
    limit(resource.RLIM_INFINITY)
    ann.out.find('"type":"ack".*"seq":2,')
    ann.out.find('"type":"held","held":false')
    kept.host.err.find("kept again")
    ann.end_input()
    same(ann.status(), 0)
    same([text for _, _, text, _ in history_of(kept.address)], ["before", "meanwhile"])
    kept.stop()


def durability_none_keeps_nothing_and_makes_no_folder(kept):
    kept.start("--durability=none")
    ann = Peer(kept.address, "ann")
    ann.post(ann.join("lobby", 0), "gone")
    ann.settle()
    ann.bye()
    kept.stop()
    same(os.path.exists(kept.data), False)
    for arguments, words in ((("--keep", "5"), "use --data"), (("--data", kept.data, "--keep", "0"), "no limit"),
                             (("--data", kept.data, "--durability", "some"), "is not one of"),
                             (("--durability=none", "--keep", "5"), "does not go with")):
        program = Program("--headless", "--host", "127.0.0.1:0", *arguments)
        same(program.status(), 64)
        program.err.find(words)


def speak(kept, host, text):
    """Says it to a host, which ends then; what was there before. The host's lines are complete after that."""
    try:
        address = host.err.find("listening (.+)")[1]
        before = [text for _, _, text, _ in history_of(address)]
        ann = Peer(address, "ann")
        ann.post(ann.join("lobby", 0), text)
        ann.settle()
        ann.bye()
        host.process.terminate()
        same(host.status(), 0)
        return before
    finally:
        host.kill()


def each_host_keeps_its_history_in_a_place_of_its_own(kept):
    state = os.path.join(kept.folder, "state")
    environment = dict(kept.environment, XDG_STATE_HOME=state)
    other = "unix:%s/Other host" % kept.folder

    def host(address, *arguments, **changes):
        return Program("--headless", "--host", address, "--access", "open", "--history-access=all", *arguments,
                       environment=dict(environment, **changes))
    same(speak(kept, host(kept.address), "one"), [])
    first = host(kept.address, "--verbose")
    same(speak(kept, first, "two"), ["one"])
    place = first.err.find("kept in (.*)")[1]
    same((os.path.dirname(place), os.path.basename(place).startswith("unix:%2F")), (state + "/tchat/hosts", True))
    same([os.stat(path).st_mode & 0o777 for path in (os.path.dirname(place), place)], [0o700, 0o700])
    same(speak(kept, host(other), "three"), [])
    same(speak(kept, host(other, "--host", kept.address), "four"), ["three"])
    same(len(os.listdir(os.path.dirname(place))), 2)
    # A free port is another one each time, and who does not want a history has none.
    same(speak(kept, host("127.0.0.1:0"), "gone"), [])
    same(speak(kept, host(kept.address, "--durability=none"), "gone"), [])
    same(len(os.listdir(os.path.dirname(place))), 2)
    os.chmod(place, 0o750)
    lax = host(kept.address)
    lax.err.find("private")
    same((lax.status(), len(lax.err.lines)), (78, 1))
    os.chmod(place, 0o700)
    os.chmod(os.path.dirname(os.path.dirname(place)), 0o777)
    lax = host(kept.address)
    lax.err.find("not yours alone")
    same((lax.status(), len(lax.err.lines)), (78, 1))
    # No place at all: people can talk all the same.
    file = os.path.join(kept.folder, "file")
    with open(file, "w", encoding="utf-8"):
        pass
    for changes in (dict(XDG_STATE_HOME="", HOME="/proc/nonexistent"), dict(XDG_STATE_HOME=file)):
        homeless = host(kept.address, **changes)
        same(speak(kept, homeless, "gone"), [])
        homeless.err.find("will end with this host")
    homeless = host(kept.address, "--data", os.path.join(file, "history"))
    homeless.err.find("file/history")
    same((homeless.status(), len(homeless.err.lines)), (71, 1))
    # A folder is made, the ones above it are not: what is missing is named.
    lost = host(kept.address, "--data", os.path.join(kept.folder, "no", "such//place/"))
    lost.err.find("there is no folder .*/no/such; make it first")
    same((lost.status(), len(lost.err.lines)), (71, 1))


def main():
    tests = [what_was_acknowledged_survives_kill_9_once_and_in_one_order,
             twenty_real_clients_agree_with_each_other_and_with_the_export, rooms_of_two_and_topics_are_there_after_a_restart,
             the_real_client_goes_on_after_a_restart, a_second_host_of_a_history_and_an_open_folder_are_refused_in_one_line,
             on_a_full_disk_messages_wait_and_all_else_goes_on, durability_none_keeps_nothing_and_makes_no_folder, each_host_keeps_its_history_in_a_place_of_its_own]
    if not hasattr(resource, "prlimit"):  # another process's limits cannot be set here
        tests.remove(on_a_full_disk_messages_wait_and_all_else_goes_on)
    return peer_support.run_in(Kept, tests, "seed %d" % SEED)


sys.exit(main())
