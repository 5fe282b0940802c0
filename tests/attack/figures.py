# SPDX-License-Identifier: GPL-3.0-or-later
"""What an attack costs others: how long the words of two members take meanwhile, and what the host needs for it."""
import time

import peer_support
from peer_client import Peer

MEGABYTE = 1 << 20


class Talk:
    """Two members of a room. Whatever happens there, the words of the one reach the other."""

    def __init__(self, host, room="quiet", ann=None, ben=None):
        self.ann, self.ben = Peer(host.address, "ann", identity=ann), Peer(host.address, "ben", identity=ben)
        self.a, self.b = self.ann.join(room), self.ben.join(room)
        self.said = 0

    def say(self):
        """Seconds until the other one has it."""
        self.said += 1
        text = b"word %d" % self.said
        start = time.perf_counter()
        self.ann.post(self.a, text)
        self.ben.wait(lambda: self.b.messages and self.b.messages[-1]["body"] == text, text)
        taken = time.perf_counter() - start
        self.ann.settle()
        return taken

    def times(self, count):
        return [self.say() for _ in range(count)]

    def bye(self):
        self.ann.bye()
        self.ben.bye()


def percentile(times, percent):
    return sorted(times)[(len(times) * percent - 1) // 100]


def tell(text):
    print("# " + text, flush=True)


def tell_times(what, times):
    """Prints them; returns the 99th percentile in ms."""
    p50, p99 = (percentile(times, percent) * 1e3 for percent in (50, 99))
    tell("%s: %d words, p50 %.1f ms, p99 %.1f ms, longest %.1f ms" % (what, len(times), p50, p99, max(times) * 1e3))
    return p99


def judge(what, figure, most, unit):
    """The verdict of a full dose."""
    tell("%s: %.1f %s, less than %.0f wanted: %s" % (what, figure, unit, most, "yes" if figure < most else "NO"))
    if figure >= most:
        raise AssertionError("%s: %.1f %s" % (what, figure, unit))


def assert_small(what, grown, most):
    """Memory, which says nothing where what is freed is kept."""
    if grown > most and not peer_support.is_sanitized():
        raise AssertionError("the host grew by %d bytes: %s" % (grown, what))
