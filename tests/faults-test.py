# SPDX-License-Identifier: GPL-3.0-or-later
"""The real host, and the real client, when the disk, the clock or somebody with a backup gets in the way."""
import ctypes
import json
import os
import shutil
import sys

sys.dont_write_bytecode = True
import peer_client  # noqa: E402
import peer_support  # noqa: E402
from peer_client import Peer  # noqa: E402
from peer_support import Program, same  # noqa: E402

PRELOAD = os.path.abspath("tests/fault-preload.so")


class Place(peer_support.Place):
    """A folder with a history; hosts of it, with faults on demand."""

    def __init__(self):
        super().__init__(LD_PRELOAD=PRELOAD, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")
        self.faults = self.environment["TCHAT_FAULTS"] = os.path.join(self.folder, "faults")

    def start(self, *arguments, history=("--history-access=all",)):
        # What fails is read from a file that no sandbox would let a host see.
        super().start("--no-sandbox", "--access=open", *history, *arguments)

    def fault(self, what):
        """From now on; "": none any more."""
        with open(self.faults + ".new", "w", encoding="ascii") as file:
            file.write(what)
        os.rename(self.faults + ".new", self.faults)

    def copy(self, name):
        """What the folder holds now, as it is."""
        to = os.path.join(self.folder, name)
        shutil.copytree(self.data, to)
        return to

    def put_back(self, copy, *names):
        """The files of a copy, in place of what is there, as cp would do it."""
        for name in names or os.listdir(self.data):
            os.unlink(os.path.join(self.data, name))
        for name in names or os.listdir(copy):
            shutil.copy2(os.path.join(copy, name), os.path.join(self.data, name))

    def texts(self):
        reader = Peer(self.address, "reader")
        room = reader.join("lobby", 0)
        found, start = [], 1
        while True:
            page = reader.request("HISTORY", "PAGE", room=room.id, **{"from": start}, limit=256, flags=peer_client.FORWARD)
            found += [m["body"].decode() for _, m in peer_client.records(page["records"])]
            start = page["next"]
            if not page["flags"] & peer_client.MORE:
                reader.bye()
                return found


class Client(Program):
    """The real client, for programs, on an account of its own."""

    def __init__(self, place, environment=None):
        super().__init__("--join", place.address, "--json", "--nick", "ann", "--trust=new",
                         environment=environment or peer_support.stranger())
        self.out.find('"type":"ready"')
        self.posts = 0

    def objects(self, kind):
        return [line for line in map(json.loads, list(self.out.lines)) if line["type"] == kind]

    def until(self, kind, count):
        """So many objects of that kind came."""
        self.out.wait(lambda lines: len([line for line in lines if '"type":"%s"' % kind in line]) >= count,
                      "%d of %s" % (count, kind))
        same(len(self.objects(kind)), count)

    def say(self, *texts):
        for text in texts:
            self.type(json.dumps({"type": "post", "text": text}) + "\n")

    def leave(self):
        self.end_input()
        same(self.status(), 0)


def ends_by_a_fault(place, what):
    place.start()
    ann = Client(place)
    ann.say("before")
    ann.until("ack", 1)
    place.fault(what)
    ann.say("meanwhile")
    same(place.host.status(), 71)
    place.host.err.find("history cannot be kept, so the host ends: .+")
    same(len([line for line in place.host.err.lines if "cannot be kept" in line]), 1)
    ann.out.find('"type":"disconnected"')
    same(len(ann.objects("ack")), 1)
    place.fault("")
    place.start()
    ann.until("ack", 2)
    ann.leave()
    same(place.texts(), ["before", "meanwhile"])
    place.stop()
    same(Program("--check-history", place.data).status(), 0)


def a_flush_that_fails_ends_the_host_and_nothing_is_lost(place):
    ends_by_a_fault(place, "sync")


def a_write_that_fails_ends_the_host_and_nothing_is_lost(place):
    ends_by_a_fault(place, "write")


def a_clock_that_jumps_changes_no_order_and_sweeps_nothing_out(place):
    place.start("--keep", "1d")
    ann = Client(place)
    hour = 3600
    offsets = [0, -hour // 2, -hour // 4, 365 * 24 * hour, 365 * 24 * hour - 60, 5, -3 * hour, 0]
    old = 700
    ann.say(*["old %d" % i for i in range(old)])
    ann.until("ack", old)
    for count, offset in enumerate(offsets, old + 1):
        place.fault(str(offset))
        ann.say("new %d" % offset)
        ann.until("ack", count)
        same(ann.objects("ack")[-1]["seq"], count)
    same(ann.objects("disconnected"), [])
    place.stop()
    place.fault("")
    export = Program("--export", place.data)
    same(export.status(), 0)
    export.out.wait(lambda lines: '"text":"new 0"' in "".join(lines[-1:]), "the last message")
    kept = [json.loads(line) for line in export.out.lines]
    same([line["seq"] for line in kept], list(range(kept[0]["seq"], old + len(offsets) + 1)))
    # Each message deletes a few old ones at most, and each minute 256, however old the clock makes them.
    if len(kept) < 100:
        raise AssertionError("%d messages are left" % len(kept))
    times = [line["time"] for line in kept]
    back = [kept[i]["seq"] for i in range(1, len(times)) if times[i] < times[i - 1]]
    same(back, [old + 6, old + 7])  # by a year, and by three hours; the half hour was waited out
    ann.kill()


def without_capabilities():
    """Root is bound by permissions as others are: no CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER."""
    libc = ctypes.CDLL(None)
    for capability in (1, 2, 3):
        libc.prctl(24, capability, 0, 0, 0)


def a_folder_that_cannot_be_written_is_refused_in_one_line(place):
    place.start()
    place.stop()
    for path, mode in ((place.data, 0o500), (os.path.join(place.data, "history.db"), 0o400)):
        os.chmod(path, mode)
        host = peer_support.subprocess.Popen(
            [peer_support.TCHAT, "--headless", "--host", place.address, "--data", place.data], stderr=peer_support.subprocess.PIPE,
            env=place.environment, preexec_fn=without_capabilities)
        said = host.communicate(timeout=peer_support.TIMEOUT)[1].decode()
        os.chmod(path, 0o700 if path == place.data else 0o600)
        same((host.returncode in (71, 78), said.count("\n"), place.data in said), (True, 1, True))
    place.start()
    place.stop()


RENEWED = "the history is an older one, a copy, or cut short"


def told_of_a_rollback(place, rolled_back, in_log):
    """One who had 20 messages accepted comes back to a host that has 10."""
    place.start()
    account = peer_support.stranger()
    ann, ben = Client(place, account), Peer(place.address, "ben")
    ben.join("lobby", 0)
    ann.say(*["text %d" % i for i in range(1, 11)])
    ann.until("ack", 10)
    place.stop()
    copy = place.copy("backup")
    place.start()
    ann.until("ready", 2)
    ann.say(*["text %d" % i for i in range(11, 21)])
    ann.until("ack", 20)
    place.host.kill()
    rolled_back(copy)
    place.start()
    ann.until("restarted", 1)
    ann.until("lost", 10)
    same([line["text"] for line in ann.objects("lost")], ["text %d" % i for i in range(11, 21)])
    place.host.err.find(in_log)
    # It goes on: what is said now has its place, and everybody sees the same.
    ann.say("after")
    ann.until("ack", 21)
    same(place.texts(), ["text %d" % i for i in range(1, 11)] + ["after"])
    same(ben.reconnect()["lobby"] is not None, True)
    ann.leave()
    ben.bye()
    place.stop()
    same(Program("--check-history", place.data).status(), 0)


def a_database_put_back_is_told_to_all_and_lost_posts_are_offered_again(place):
    told_of_a_rollback(place, lambda copy: (
        [os.unlink(os.path.join(place.data, name)) for name in os.listdir(place.data) if name.startswith("history.db-")],
        place.put_back(copy, "history.db")), RENEWED)


def a_whole_folder_put_back_is_found_by_those_who_know_more(place):
    # As its files may have the numbers that they had, it is the host that tells, or the first who knows more.
    told_of_a_rollback(place, place.put_back, "has messages of .* that are not here: was an older history put back|" + RENEWED)


def a_torn_end_of_the_log_costs_nothing_that_was_accepted(place):
    place.start()
    ann = Client(place)
    for life in range(3):
        ann.say(*["text %d" % i for i in range(10 * life, 10 * life + 10)])
        ann.until("ack", 10 * life + 10)
        place.host.kill()
        # A transaction that was being written: a frame's header, and half of its page.
        with open(os.path.join(place.data, "history.db-wal"), "ab") as log:
            log.write(os.urandom(24 + 2048))
        place.start()
        ann.until("ready", life + 2)
    same(ann.objects("restarted"), [])
    ann.leave()
    same(place.texts(), ["text %d" % i for i in range(30)])
    place.stop()


def who_asks_for_less_durability_is_told_after_a_crash(place):
    place.start("--durability=process")
    ann = Client(place)
    ann.say("one")
    ann.until("ack", 1)
    place.stop()
    place.start("--durability=process")
    ann.until("ready", 2)
    same(ann.objects("restarted"), [])
    place.host.kill()
    place.start("--durability=process")
    place.host.err.find(RENEWED)
    ann.until("restarted", 1)
    ann.until("ready", 3)
    same(ann.objects("lost"), [])
    ann.leave()
    place.stop()


def what_one_said_is_ones_own_after_a_restart(place):
    place.start("--access=open")
    ann, ben = Client(place), Peer(place.address, "ben")
    ann.say("one", "two")
    ann.until("ack", 2)
    room = ben.join("lobby", 0)
    ben.post(room, "three")
    ben.settle()
    place.stop()
    place.start("--access=open")
    ann.until("ready", 2)
    ann.type('{"type":"edit","room":"lobby","target":1,"text":"uno"}\n{"type":"delete","room":"lobby","target":2}\n'
             '{"type":"delete","room":"lobby","target":3}\n')
    ann.until("ack", 4)
    ann.out.find('"type":"nack".*"code":"not_allowed"')
    ann.end_input()
    same(ann.status(), 1)  # not everything was accepted
    place.stop()


def what_is_read_on_one_device_is_read_on_the_other_also_after_a_restart(place):
    place.start()
    account = peer_support.stranger()
    ann, other = Client(place, account), Client(place, account)
    ben = Peer(place.address, "ben")
    room = ben.join("lobby", 0)
    for i in range(5):
        ben.post(room, "text %d" % i)
    ben.settle()
    for client in (ann, other):
        client.until("message", 5)
    ann.type('{"type":"read","room":"lobby","seq":4}\n')
    other.until("read", 1)
    same([(line["room"], line["seq"]) for line in other.objects("read")], [("lobby", 4)])
    same(ann.objects("read"), [])
    for client in (ann, other):
        client.leave()
    place.stop()
    place.start()
    # A device that never was here is told as well, and of a room of two that somebody opened meanwhile.
    ben.reconnect()
    ben.post(ben.direct("ann"), "just us two")
    ben.settle()
    place.stop()
    place.start()
    shutil.rmtree(os.path.join(account["XDG_STATE_HOME"], "tchat", "clients"), ignore_errors=True)
    third = Client(place, account)
    third.until("read", 1)
    same(third.objects("read")[0]["seq"], 4)
    third.out.find('"text":"just us two"')
    third.leave()
    place.stop()


def who_is_new_where_the_door_is_open_reads_what_is_said_from_then_on(place):
    place.start(history=())
    ann = Peer(place.address, "ann")
    room = ann.join("lobby", 0)
    for text in ("one", "two"):
        ann.post(room, text)
    ann.settle()
    same(place.texts(), [])
    ben = Peer(place.address, "ben")
    ben.join("lobby", 0)
    ann.post(room, "three")
    ann.settle()
    ben.bye()
    place.host.kill()
    place.start(history=())
    # They are no newcomers any more, on whatever device; somebody else is.
    again = Peer(place.address, "ben", identity=ben.identity)
    page = again.request("HISTORY", "PAGE", room=again.join("lobby", 0).id, **{"from": 1}, limit=9, flags=peer_client.FORWARD)
    same((page["floor"], [m["body"] for _, m in peer_client.records(page["records"])]), (3, [b"three"]))
    same(ann.reconnect(), {"lobby": (0, 0)})
    same(place.texts(), [])
    place.stop()
    place.start()
    same(place.texts(), ["one", "two", "three"])
    for peer in (ann, again):
        peer.sock.close()
    place.stop()


def main():
    tests = [a_flush_that_fails_ends_the_host_and_nothing_is_lost, a_write_that_fails_ends_the_host_and_nothing_is_lost,
             a_clock_that_jumps_changes_no_order_and_sweeps_nothing_out, a_folder_that_cannot_be_written_is_refused_in_one_line,
             a_database_put_back_is_told_to_all_and_lost_posts_are_offered_again,
             a_whole_folder_put_back_is_found_by_those_who_know_more, a_torn_end_of_the_log_costs_nothing_that_was_accepted,
             who_asks_for_less_durability_is_told_after_a_crash,
             what_one_said_is_ones_own_after_a_restart,
             what_is_read_on_one_device_is_read_on_the_other_also_after_a_restart,
             who_is_new_where_the_door_is_open_reads_what_is_said_from_then_on]
    return peer_support.run_in(Place, tests)


sys.exit(main())
