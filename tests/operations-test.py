# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a host: its log in a file or for the journal, and tchatrc read again, with nobody's connection lost."""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import peer_support  # noqa: E402
from peer_support import Program, same, until  # noqa: E402


def answers(path):
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect_ex(path) == 0


class Place:
    """A host with settings of its own."""

    def __init__(self, text, *arguments, quiet=False, **variables):
        self.folder = tempfile.mkdtemp(prefix="tchat-test-")
        peer_support.STRANGERS.append(self.folder)
        os.mkdir(os.path.join(self.folder, "tchat"), 0o700)
        os.mkdir(os.path.join(self.folder, "logs"), 0o700)
        self.in_file = "LOG" in arguments
        self.log = os.path.join(self.folder, "logs", "tchat.log")
        self.settings(text)
        environment = dict(os.environ, XDG_CONFIG_HOME=self.folder, **variables)
        self.data = os.path.join(self.folder, "history")
        arguments = [{"LOG": self.log, "DATA": self.data}.get(argument, argument) for argument in arguments]
        path = os.path.join(self.folder, "host")
        self.address = "unix:" + path
        self.host = Program("--headless", "--host", "127.0.0.1:0", "--host", self.address, "--access", "open", *arguments,
                            environment=environment)
        if quiet:
            until(lambda: answers(path), "the host answers")
        else:
            self.address = self.find(r"listening (127\.0\.0\.1:\d+)")[1]
            self.find("host's key")

    def settings(self, text):
        with open(os.path.join(self.folder, "tchat", "tchatrc"), "w", encoding="utf-8") as file:
            file.write(text)

    def lines(self):
        try:
            with open(self.log, encoding="utf-8") as file:
                return file.read().splitlines()
        except OSError:
            return []

    def find(self, pattern):
        """In the log, wherever it is."""
        if not self.in_file:
            return self.host.err.find(pattern)
        return until(lambda: next((match for match in (re.search(pattern, line) for line in self.lines()) if match), None), pattern)

    def hang_up(self):
        self.host.process.send_signal(signal.SIGHUP)

    def end(self):
        self.host.process.terminate()
        same(self.host.status(), 0)


def motd(program):
    return json.loads(program.out.find('.*"type":"connected".*')[0]).get("motd")


def trusting(place, nick):
    return Program("--json", "--stay", "--trust=new", "--nick", nick, "--join", place.address, environment=peer_support.stranger())


def settings_are_read_again_and_nobody_is_lost(_):
    place = Place("motd = first\nlinger = never\n")
    early = trusting(place, "early")
    same(motd(early), "first")
    early.out.find('"type":"ready"')
    place.settings("motd = second\nlinger = never\n")
    place.hang_up()
    place.find("settings were read again")
    later = trusting(place, "later")
    same(motd(later), "second")
    later.out.find('"type":"ready"')
    early.type('{"type":"post","text":"still here"}\n')
    later.out.find("still here")
    place.settings("linger = never\n")
    place.hang_up()
    place.host.err.wait(lambda lines: sum("read again" in line for line in lines) == 2, "the second time")
    same(motd(trusting(place, "last")), None)
    same([line for line in early.out.lines if '"disconnected"' in line], [])
    place.end()


def a_broken_file_keeps_the_old_settings_and_says_why(_):
    place = Place("motd = first\n")
    place.settings("motd = second\nclients = many\nnonsense\n")
    place.hang_up()
    place.find(r"tchatrc:2: clients: 'many' is not a whole number")
    place.find(r"tchatrc:3: expected KEY = VALUE")
    place.find("settings stay as they were")
    same(motd(trusting(place, "ann")), "first")
    place.settings("motd = third\n")
    place.hang_up()
    place.find("settings were read again")
    same(motd(trusting(place, "bob")), "third")
    place.end()


def limits_change_while_the_host_runs(_):
    place = Place("nick-length = 5\n")
    early = trusting(place, "early")
    early.out.find('"type":"ready"')
    early.type('{"type":"nick","nick":"annabel"}\n')
    early.out.find('"code":"bad_name"')
    place.settings("nick-length = 10\nstrangers = 300\nmessage-rate = 5\n")
    place.hang_up()
    place.find("settings were read again")
    early.type('{"type":"nick","nick":"annabel"}\n')
    early.out.find('"type":"nick","nick":"annabel"')
    place.end()


def kept(place):
    done = subprocess.run([peer_support.TCHAT, "--export", place.data], stdout=subprocess.PIPE, check=True, timeout=peer_support.TIMEOUT)
    return [json.loads(line).get("text") for line in done.stdout.splitlines()]


def less_is_kept_while_the_host_runs(_):
    place = Place("keep = 100\n", "--data", "DATA")
    ann = trusting(place, "ann")
    ann.out.find('"type":"ready"')
    for number in range(20):
        ann.type('{"type":"post","text":"%d","ref":"%d"}\n' % (number, number))
    ann.out.find('"type":"ack","ref":"19"')
    same(len(kept(place)), 20)
    place.settings("keep = 30d, 5\n")
    place.hang_up()
    until(lambda: kept(place) == ["15", "16", "17", "18", "19"], "the last five are left")
    place.settings("keep = 5 apples\n")
    place.hang_up()
    place.find("keep: '5 apples' is no limit")
    place.end()


def what_the_command_line_says_stays(_):
    place = Place("access = open\n")
    place.settings("access = invite\n")
    place.hang_up()
    place.find("settings were read again")
    trusting(place, "ann").out.find('"type":"ready"')
    place.end()


def a_log_in_a_file_has_times_and_levels(_):
    place = Place("", "--log", "LOG")
    ann = trusting(place, "ann")
    place.find("ann came from")
    stamp = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (error|warning|info|debug) \S")
    same([line for line in place.lines() if not stamp.match(line)], [])
    place.find("info sandbox|info no sandbox")
    same(os.stat(place.log).st_mode & 0o777, 0o600)
    same([line for line in place.host.err.lines if "came" in line], [])
    os.rename(place.log, place.log + ".1")
    place.hang_up()
    place.find("settings were read again")
    ann.type('{"type":"quit"}\n')
    place.find("ann .* went")
    place.end()


def a_level_leaves_out_the_rest(_):
    place = Place("log-level = warning\n", "--log", "LOG", quiet=True)
    trusting(place, "ann").out.find('"type":"ready"')
    place.settings("nonsense\n")
    place.hang_up()
    place.find("settings stay as they were")
    same([line.split()[1] for line in place.lines()], ["warning"] * len(place.lines()))
    place.end()


def the_journal_gets_its_numbers(_):
    place = Place("", "--log", "journal")
    place.find(r"^<6>listening 127")
    place.settings("nonsense\n")
    place.hang_up()
    place.find(r"^<4>.*tchatrc:1")
    place.end()
    # As systemd says that standard error is the journal; here it is not.
    place = Place("", JOURNAL_STREAM="1:2")
    place.find("^tchat: listening")
    place.end()


def a_log_that_cannot_be_written_is_told_at_the_start(_):
    program = Program("--headless", "--host", "127.0.0.1:0", "--log", "/nonexistent/log")
    program.err.find("--log: /nonexistent/log")
    same(program.status(), 71)


def owners_ask_and_copy_over_the_hosts_own_socket(_):
    place = Place("", "--data", "DATA")
    own = place.find(r"listening (unix:.+/tchat/host-\d+)")[1]
    ann = trusting(place, "ann")
    ann.out.find('"type":"ready"')
    ann.type('{"type":"post","text":"to be kept"}\n')
    ann.out.find('"type":"ack"')
    # The account's other hosts have sockets in that folder, too.
    owner = Program("--lines", "--commands", "--stay", "--nick", "olga", "--join", own)
    owner.type("/status\n")
    owner.err.find(r"connections: 2 of at most \d+")
    owner.err.find(r"connections that did not say yet who they are: 0 of at most 256")
    owner.err.find(r"history: " + re.escape(place.data))
    owner.err.find(r"the host: .*sandbox")
    owner.err.find(r"this program: .*sandbox")
    owner.type("/backup\n")
    name = owner.err.find(r"read through without a fault: (backup-\d{8}T\d{6}Z), \d+ bytes")[1]
    place.find("made the backup " + name)
    owner.type("/quit\n")
    same(owner.status(), 0)
    check = Program("--check-history", os.path.join(place.data, name))
    same(check.status(), 0)
    export = Program("--export", os.path.join(place.data, name))
    export.out.find("to be kept")
    # Nobody else may.
    ann.type('{"type":"status"}\n{"type":"backup"}\n')
    ann.out.wait(lambda lines: sum('"not_allowed"' in line for line in lines) == 2, "two refusals")
    place.end()


def programs_ask_too(_):
    place = Place("")
    own = place.find(r"listening (unix:.+/tchat/host-\d+)")[1]
    owner = Program("--json", "--stay", "--join", own)
    owner.out.find('"type":"ready"')
    owner.type('{"type":"status"}\n')
    owner.out.find('"type":"value","name":"connections","most":[0-9]+,"used":1|"name":"connections".*"used":1')
    owner.out.find('"type":"status"')
    owner.type('{"type":"backup"}\n')
    owner.out.find('"not_kept"')
    owner.type('{"type":"quit"}\n')
    owner.status()
    place.end()


TESTS = [
    settings_are_read_again_and_nobody_is_lost,
    a_broken_file_keeps_the_old_settings_and_says_why,
    limits_change_while_the_host_runs,
    less_is_kept_while_the_host_runs,
    what_the_command_line_says_stays,
    a_log_in_a_file_has_times_and_levels,
    a_level_leaves_out_the_rest,
    the_journal_gets_its_numbers,
    a_log_that_cannot_be_written_is_told_at_the_start,
    owners_ask_and_copy_over_the_hosts_own_socket,
    programs_ask_too,
]

if __name__ == "__main__":
    sys.exit(peer_support.run(TESTS))
