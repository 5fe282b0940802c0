# SPDX-License-Identifier: GPL-3.0-or-later
"""The real client with its store: killed again and again while it posts, its pending posts, its slots, a full disk."""
import glob
import json
import os
import random
import re
import resource
import shutil
import socket
import sqlite3
import sys
import threading
import time

sys.dont_write_bytecode = True
import peer_support  # noqa: E402
from peer_support import TIMEOUT, Program, same  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "20"))
SEED = int(os.environ.get("SEED", str(random.randrange(1 << 32))))


class Place(peer_support.Place):
    """A folder with hosts' histories and sockets, and what their clients keep; they are of one account."""

    def __init__(self):
        super().__init__()
        for variable, name in ("XDG_STATE_HOME", "state"), ("XDG_DATA_HOME", "data"):
            self.environment[variable] = os.path.join(self.folder, name)

    def start(self, history="history"):
        self.data = os.path.join(self.folder, history)
        super().start()

    def client(self, *arguments, **changes):
        return Program("--join", self.address, "--json", "--nick", "ann", *arguments,
                       environment=dict(self.environment, **changes))

    def databases(self):
        return sorted(glob.glob(os.path.join(self.folder, "state/tchat/clients/*/*/client.db")))

    def pending(self):
        """The texts in all outboxes, read from copies, for reading would fold the log in."""
        texts = []
        for number, database in enumerate(self.databases()):
            copy = os.path.join(self.folder, "copy-%d.db" % number)
            for suffix in ("", "-wal"):
                if os.path.exists(database + suffix):
                    shutil.copy(database + suffix, copy + suffix)
            connection = sqlite3.connect(copy)
            texts += [text for text, in connection.execute("SELECT text FROM outbox WHERE kind = 1 ORDER BY counter")]
            connection.close()
            for leftover in glob.glob(copy + "*"):
                os.unlink(leftover)
        return texts

    def until_pending(self, texts):
        """Of clients that run: their files may change between two copies."""
        found, end = None, time.monotonic() + TIMEOUT
        while found != sorted(texts):
            try:
                found = sorted(self.pending())
            except sqlite3.Error as error:
                found = error
            if time.monotonic() > end:
                raise AssertionError("waited in vain for %r to be pending; there was: %r" % (texts, found))

    def history(self):
        """The texts in the lobby, from its beginning, as a client without a store sees them."""
        environment = {name: value for name, value in self.environment.items() if name != "XDG_STATE_HOME"}
        reader = Program("--join", self.address, "--json", "--since", "1", environment=environment)
        reader.out.find('"type":"ready"')
        reader.end_input()
        same(reader.status(), 0)
        reader.out.wait(lambda lines: reader.out.ended, "the end")
        return [event["text"] for event in events(reader) if event["type"] == "message"]


def events(program):
    """Of the lines that came whole."""
    return [json.loads(line) for line in program.out.lines if line.endswith("}")]


def acknowledged(program):
    return {event["ref"] for event in events(program) if event["type"] == "ack" and "ref" in event}


def say(program, *texts):
    program.type("".join(json.dumps({"type": "post", "text": text, "ref": text}) + "\n" for text in texts))


def what_was_stored_is_delivered_once_however_often_the_client_is_killed(place):
    dice = random.Random(SEED)
    place.start()
    said, acked, stored, number = [], set(), set(), 0
    for _ in range(ROUNDS):
        client = place.client()
        client.out.find('"type":"ready"')
        texts = ["post %d" % (number + i) for i in range(dice.randrange(1, 300))]
        first, number = number, number + len(texts)
        said += texts
        say(client, *texts)
        wanted = dice.randrange(len(texts))
        fresh = re.compile(r'"type":"ack","ref":"post (\d+)"')
        client.out.wait(lambda lines: sum(int(match[1]) >= first for match in map(fresh.match, (line[1:] for line in lines))
                                          if match) >= wanted, "%d ACKs" % wanted)
        client.kill()
        client.out.wait(lambda lines: client.out.ended, "the end")
        acked |= acknowledged(client)
        stored |= set(place.pending())
    client = place.client()
    client.out.find('"type":"ready"')
    client.end_input()
    same(client.status(), 0)
    same(place.pending(), [])
    history = place.history()
    same(len(set(history)), len(history))
    same((acked | stored) - set(history), set())
    # One order, whatever is missing: what was typed and not yet stored when the client was killed.
    same(history, [text for text in said if text in set(history)])
    place.stop()
    print("# seed %d: %d said, %d of them arrived, over %d kills; %d were stored without an answer"
          % (SEED, len(said), len(history), ROUNDS, len(stored)))


def what_the_host_was_away_for_waits_for_the_next_start(place):
    place.start()
    client = place.client()
    client.out.find('"type":"ready"')
    place.host.kill()
    client.out.find('"type":"disconnected"')
    say(client, "one", "two", "three")
    place.until_pending(["one", "two", "three"])
    client.type('{"type":"cancel","ref":"two"}\n')
    client.out.find('"type":"nack","ref":"two".*"cancelled"')
    client.process.terminate()
    same(client.status(), 75)
    place.start()
    client = place.client()
    client.out.find('"type":"pending","ref":"one","room":"lobby","counter":1,')
    client.out.find('"type":"ack","ref":"one"')
    client.out.find('"type":"ack","ref":"three"')
    client.end_input()
    same(client.status(), 0)
    same(place.history(), ["one", "three"])
    place.stop()


def a_client_goes_on_where_it_was(place):
    place.start()
    bob = place.client("--nick", "bob")
    bob.out.find('"type":"ready"')
    ann = place.client()
    ann.out.find('"type":"ready"')
    same(len(place.databases()), 2)
    say(bob, "one")
    ann.out.find('"text":"one"')
    ann.end_input()
    same(ann.status(), 0)
    say(bob, "two", "three")
    bob.out.find('"type":"ack","ref":"three"')
    place.stop()
    place.start()
    bob.end_input()
    same(bob.status(), 0)
    ann = place.client()
    ann.out.find('"text":"three"')
    ann.out.find('"type":"ready"')
    ann.end_input()
    same(ann.status(), 0)
    same([event["text"] for event in events(ann) if event["type"] == "message"], ["two", "three"])
    same(len(place.databases()), 2)
    place.stop()


def two_at_once_deliver_what_is_theirs(place):
    place.start()
    clients = [place.client() for _ in range(2)]
    for client in clients:
        client.out.find('"type":"ready"')
    place.host.kill()
    texts = [["%s %d" % (name, number) for number in range(20)] for name in ("one", "two")]
    for client, own in zip(clients, texts):
        client.out.find('"type":"disconnected"')
        say(client, *own)
        place.until_pending(sum(texts[:texts.index(own) + 1], []))
    for client in clients:
        client.kill()
    same(sorted(place.pending()), sorted(texts[0] + texts[1]))
    place.start()
    clients = []
    for _ in texts:  # who looks for a slot at the same moment may take a new one, and leaves the other for the next time
        clients.append(place.client())
        clients[-1].out.find('"type":"ready"')
    for client in clients:
        client.end_input()
        same(client.status(), 0)
    same(place.pending(), [])
    history = place.history()
    for own in texts:
        same([text for text in history if text in own], own)
    same(len(history), 40)
    place.stop()


def check_memory(place, reason, **changes):
    """A client that can store nothing says so, once, and works."""
    client = place.client(**changes)
    client.out.find('"type":"unstored","code":"store".*' + reason)
    client.out.find('"type":"ready"')
    say(client, "one", "two")
    client.out.find('"type":"ack","ref":"two"')
    client.end_input()
    same(client.status(), 0)
    client.out.wait(lambda lines: client.out.ended, "the end")
    same(len([event for event in events(client) if event["type"] == "unstored"]), 1)


def where_nothing_can_be_stored_memory_has_to_do(place):
    place.start()
    ready = place.client()  # the account's key is there by now
    ready.out.find('"type":"ready"')
    ready.end_input()
    same(ready.status(), 0)
    no_folder = os.path.join(place.folder, "no folder")
    with open(no_folder, "w"):
        pass
    check_memory(place, "no folder", XDG_STATE_HOME=no_folder)
    lax = os.path.join(place.folder, "lax")
    os.makedirs(os.path.join(lax, "tchat/clients"))
    for folder, mode in (lax, 0o700), (os.path.join(lax, "tchat"), 0o700), (os.path.join(lax, "tchat/clients"), 0o755):
        os.chmod(folder, mode)  # whatever the mask
    check_memory(place, "private", XDG_STATE_HOME=lax)
    os.chmod(os.path.join(lax, "tchat"), 0o777)
    check_memory(place, "others may write", XDG_STATE_HOME=lax)
    same(place.history(), ["one", "two"] * 3)
    # No key can be made, either.
    client = place.client("--trust", "new", XDG_STATE_HOME=no_folder, XDG_DATA_HOME=no_folder)
    client.err.find("user.pem.*until the end of this program")
    client.kill()
    place.stop()


def on_a_full_disk_memory_has_to_do_for_so_long(place):
    place.start()
    client = place.client()
    client.out.find('"type":"ready"')
    say(client, "one")
    client.out.find('"type":"ack","ref":"one"')
    log, = glob.glob(os.path.join(place.folder, "state/tchat/clients/*/*/client.db-wal"))
    resource.prlimit(client.process.pid, resource.RLIMIT_FSIZE, (os.path.getsize(log), resource.RLIM_INFINITY))
    say(client, "two", "three")
    client.out.find('"type":"unstored","code":"no_space"')
    client.out.find('"type":"ack","ref":"three"')
    place.host.kill()
    client.out.find('"type":"disconnected"')
    say(client, "four")
    resource.prlimit(client.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    say(client, "five")
    client.out.find('"type":"unstored"}')
    place.until_pending(["four", "five"])
    client.kill()
    place.start()
    client = place.client()
    client.out.find('"type":"ack","ref":"five"')
    client.end_input()
    same(client.status(), 0)
    same(place.history(), ["one", "two", "three", "four", "five"])
    place.stop()


def another_host_at_the_same_place_hears_nothing_of_what_waits(place):
    place.start()
    client = place.client()
    client.out.find('"type":"ready"')
    place.host.kill()
    client.out.find('"type":"disconnected"')
    say(client, "for the first one")
    place.until_pending(["for the first one"])
    place.start("another history")
    client.err.find("is another one than at the start")
    same(client.status(), 77)
    client = place.client()
    client.out.find('"type":"ready"')
    client.end_input()
    same(client.status(), 0)
    same(place.history(), [])
    same(place.pending(), ["for the first one"])
    place.stop()
    place.start()
    client = place.client()
    client.out.find('"type":"ack","ref":"for the first one"')
    client.end_input()
    same(client.status(), 0)
    same(place.history(), ["for the first one"])
    place.stop()


class Relay:
    """A socket that leads to the host; what the host answers can be held back."""

    def __init__(self, place):
        self.path = os.path.join(place.folder, "relay")
        self.to = place.address[len("unix:"):]
        self.deaf = False
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            host = socket.socket(socket.AF_UNIX)
            host.connect(self.to)
            for source, sink in ((client, host), (host, client)):
                threading.Thread(target=self.carry, args=(source, sink, sink is client), daemon=True).start()

    def carry(self, source, sink, answers):
        try:
            while data := source.recv(65536):
                if not (answers and self.deaf):
                    sink.sendall(data)
        except OSError:
            pass
        try:
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def what_arrived_under_the_former_key_is_not_sent_under_the_new_one(place):
    place.start()
    relay = Relay(place)
    client = Program("--join", "unix:" + relay.path, "--json", "--nick", "ann", environment=place.environment)
    client.out.find('"type":"ready"')
    say(client, "one")
    client.out.find('"type":"ack","ref":"one"')
    other = place.client("--nick", "bob")
    other.out.find('"type":"ready"')
    relay.deaf = True
    say(client, "two")
    other.out.find('"text":"two"')
    client.kill()
    same(place.pending(), ["two"])
    place.stop()
    other.kill()
    relay.listener.close()
    rotation = Program("--rotate-key", "--data", os.path.join(place.folder, "history"), environment=place.environment)
    same(rotation.status(), 0)
    place.start()
    client = place.client()
    client.out.find('"type":"ack","ref":"two".*"duplicate":true')
    client.out.find('"type":"ready"')
    say(client, "three")
    client.out.find('"type":"ack","ref":"three"')
    client.end_input()
    same(client.status(), 0)
    same(place.history(), ["one", "two", "three"])
    same(place.pending(), [])
    place.stop()


def a_host_with_a_new_key_is_the_same_one(place):
    """The former key vouches for it: what is kept stays, what waits is delivered, and nothing counts as lost."""
    place.start()
    client = place.client()
    client.out.find('"type":"ready"')
    say(client, "one", "two")
    client.out.find('"type":"ack","ref":"two"')
    runs = place.client()
    runs.out.find('"type":"ready"')
    say(runs, "of another one")
    runs.out.find('"type":"ack"')
    place.stop()
    client.out.find('"type":"disconnected"')
    say(client, "three")
    place.until_pending(["three"])
    client.kill()
    rotation = Program("--rotate-key", "--data", os.path.join(place.folder, "history"), environment=place.environment)
    same(rotation.status(), 0)
    place.start()
    client = place.client("--history", "5")
    client.out.find('"type":"ack","ref":"three"')
    client.out.find('"type":"ready"')
    client.end_input()
    same(client.status(), 0)
    client.out.wait(lambda lines: client.out.ended, "the end")
    same([event["type"] for event in events(client) if event["type"] in ("lost", "restarted", "nack", "unstored")], [])
    same(len(os.listdir(os.path.join(place.folder, "state/tchat/clients"))), 1)
    say(runs, "of another one again")
    runs.out.find('"type":"ack".*"seq":5,')
    runs.end_input()
    same(runs.status(), 0)
    runs.out.wait(lambda lines: runs.out.ended, "the end")
    same([event["type"] for event in events(runs) if event["type"] in ("lost", "restarted", "nack", "unstored")], [])
    same(place.history(), ["one", "two", "of another one", "three", "of another one again"])
    same(place.pending(), [])
    place.stop()


def main():
    tests = [what_was_stored_is_delivered_once_however_often_the_client_is_killed,
             what_the_host_was_away_for_waits_for_the_next_start, a_client_goes_on_where_it_was,
             two_at_once_deliver_what_is_theirs, where_nothing_can_be_stored_memory_has_to_do,
             on_a_full_disk_memory_has_to_do_for_so_long, another_host_at_the_same_place_hears_nothing_of_what_waits,
             a_host_with_a_new_key_is_the_same_one, what_arrived_under_the_former_key_is_not_sent_under_the_new_one]
    return peer_support.run_in(Place, tests, "seed %d" % SEED)


sys.exit(main())
