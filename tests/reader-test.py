# SPDX-License-Identifier: GPL-3.0-or-later
"""A reader that is stopped while others talk: the host's memory, and what the reader has got in the end.
Usage: tests/reader-test.py [SECONDS] (stopped for so long, with RATE messages a second; without: as fast as they go)"""
import json
import os
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import peer_support  # noqa: E402
from peer_client import Peer  # noqa: E402

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 0
RATE = int(os.environ.get("RATE", "1000"))
COUNT = int(SECONDS * RATE) or 24000
BODY = " " + "x" * (180 if SECONDS else 2000)
WINDOW = 256
# Bytes that the host may grow by: 1 MiB waits for the reader, the index for searching takes up to 6 while it is made.
MOST = 16 << 20


def talk(writer, room, host):
    """Posts all; the most memory that the host had meanwhile."""
    start, most = time.monotonic(), 0
    for i in range(COUNT):
        writer.post(room, str(i) + BODY)
        while len(writer.unsettled) > WINDOW:
            writer.next(peer_support.TIMEOUT)
        while SECONDS and i > (time.monotonic() - start) * RATE:
            writer.next(0.001)
        if i % 1000 == 0:
            most = max(most, host.memory())
    writer.settle()
    return max(most, host.memory()), time.monotonic() - start


def main():
    folder = tempfile.mkdtemp(prefix="tchat-test-")
    data = os.path.join(folder, "history")
    host = peer_support.Host("--access", "open", "--history-access=all", "--data", data)
    reader = peer_support.Program("--join", host.address, "--json", "--trust=new", "--nick", "reader",
                                  environment=peer_support.stranger())
    try:
        reader.out.find('"type":"ready"')
        writer = Peer(host.address, "writer")
        room = writer.join("lobby", 0)
        for i in range(1000):
            writer.post(room, "before %d" % i)
            if i % WINDOW == 0:
                writer.settle()
        writer.settle()
        reader.out.find('"text":"before 999"')
        before = host.memory()
        os.kill(reader.process.pid, signal.SIGSTOP)
        most, taken = talk(writer, room, host)
        os.kill(reader.process.pid, signal.SIGCONT)
        start = time.monotonic()
        reader.out.find('"text":"%d x' % (COUNT - 1))
        caught_up = time.monotonic() - start
        objects = [json.loads(line) for line in list(reader.out.lines)]
        messages = [(one["seq"], one["text"].split()[0]) for one in objects if one["type"] == "message"]
        wanted = [(i + 1, "before") for i in range(1000)] + [(i + 1001, str(i)) for i in range(COUNT)]
        if messages != wanted:
            raise AssertionError("%d messages, not the %d in their order" % (len(messages), len(wanted)))
        if any(one["type"] in ("gap", "restarted") for one in objects):
            raise AssertionError("something is said to be lost")
        if most - before > MOST and not peer_support.is_sanitized():
            raise AssertionError("the host grew by %d KiB" % ((most - before) >> 10))
        writer.bye()
        host.stop()
        print("ok 1 - a reader that was stopped for %.1f s of %.0f messages a second has them all %.1f s later; it had %d "
              "connections; the host grew by %d KiB\n1..1" % (
                  taken, COUNT / taken, caught_up, sum(one["type"] == "connected" for one in objects), (most - before) >> 10))
    finally:
        reader.kill()
        host.kill()
        shutil.rmtree(folder, ignore_errors=True)


main()
