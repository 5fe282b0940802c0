#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A member puts text that steers terminals into every field that takes text. It does not come out: not in the host's
log, of which an event is one line, not in line mode, not as JSON. (The full screen: tests/pty-face-view.c.)"""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
import peer_client  # noqa: E402
import peer_support  # noqa: E402
from peer_client import TEXT, ACTION, Peer, Refused  # noqa: E402
from peer_support import Program  # noqa: E402

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
    json = Program("--json", "--nick", "ben", "--join", host.address)
    json.out.find('"type":"ready"')
    owner = Peer(host.socket, "boss", identity=peer_support.owner())
    owner.join("lobby")
    for number, evil in enumerate(ATTACKS):
        spread(host, owner, evil, number)
    last = Peer(host.address, "zoe")
    last.join("lobby")
    post(last, "lobby", TEXT, "that was all")
    json.out.find("that was all")
    lines.out.find("that was all")
    for program in (lines, json):
        program.end_input()
        program.process.terminate()
        program.status()
    host.stop()
    no_controls("log", host.err.lines, r"tchat: (?!forged)")
    no_controls("lines", lines.out.lines + lines.err.lines)
    no_controls("json", json.out.lines, r"\{.*\}$")
    no_controls("json's errors", json.err.lines)


if __name__ == "__main__":
    sys.exit(peer_support.run([text_that_steers_terminals_comes_out_nowhere]))
