# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the real programs for the tests that are written in Python, and runs these tests."""
import atexit
import glob
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import peer_client

TCHAT = os.environ.get("TCHAT", "src/tchat")
TIMEOUT = int(os.environ.get("PEER_DEADLINE", 60))


# The tests' account: its keys, its hosts' sockets and histories. Who runs here without more is that account.
FOLDER = tempfile.mkdtemp(prefix="tchat-test-")
os.environ.update(XDG_RUNTIME_DIR=FOLDER, XDG_STATE_HOME=FOLDER, XDG_DATA_HOME=FOLDER)
STRANGERS = []


def forget_accounts():
    for folder in [FOLDER] + STRANGERS:
        shutil.rmtree(folder, ignore_errors=True)


atexit.register(forget_accounts)


def owner():
    """Who the tests' account is to its hosts; one of them has been started."""
    return peer_client.Identity(pem=os.path.join(FOLDER, "tchat", "user.pem"))


def stranger():
    """The environment of another account."""
    STRANGERS.append(tempfile.mkdtemp(prefix="tchat-test-"))
    return dict(os.environ, XDG_RUNTIME_DIR=STRANGERS[-1], XDG_STATE_HOME=STRANGERS[-1], XDG_DATA_HOME=STRANGERS[-1])


def resident(process):
    """Bytes of memory that it has."""
    with open("/proc/%d/statm" % process.pid, encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def is_sanitized():
    """Freed memory is kept to find faults: how much is in use says nothing then."""
    with open(TCHAT, "rb") as file:
        return b"__asan_init" in file.read()


class Lines:
    """The lines that a process writes, as they come."""

    def __init__(self, pipe):
        self.lines, self.ended = [], False
        self.changed = threading.Condition()
        threading.Thread(target=self.run, args=(pipe,), daemon=True).start()

    def run(self, pipe):
        for line in pipe:
            with self.changed:
                self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait(self, condition, what):
        """Until condition(lines) gives something; returns it."""
        with self.changed:
            found = self.changed.wait_for(lambda: condition(self.lines) or self.ended, TIMEOUT) and condition(self.lines)
        if not found:
            raise AssertionError("waited in vain for %s; there was, at last: %r" % (what, self.lines[-100:]))
        return found

    def find(self, pattern):
        """The first match in a line, waited for. Each line is looked at once, for there may be very many."""
        seen = 0

        def look(lines):
            nonlocal seen
            while seen < len(lines):
                match = re.search(pattern, lines[seen])
                if match:
                    return match
                seen += 1
            return None

        return self.wait(look, pattern)


def same(got, want):
    if got != want:
        raise AssertionError("%r instead of %r" % (got, want))


def holds(text, part):
    if part not in text:
        raise AssertionError("%r does not hold %r" % (text, part))


def until(condition, what):
    """Until condition() gives something, of which nobody tells when it changes; returns it."""
    end = time.monotonic() + TIMEOUT
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError("waited in vain until " + what)
        time.sleep(0.01)


def sandbox_of(program):
    """What it says of how it is confined."""
    return program.err.find("(no )?sandbox: .*")[0]


def children(pid):
    """The processes that it started and that have not ended."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name, encoding="utf-8", errors="replace") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # gone meanwhile
        if int(parent) == pid and state not in "ZX":
            found.append(int(name))
    return found


def tchat(*arguments, environment=None, text=b""):
    """Runs tchat to its end: status, output, errors."""
    done = subprocess.run([TCHAT, *arguments], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                          timeout=2 * TIMEOUT)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


STARTED, SCREENS = [], []


def start(*arguments, stderr=subprocess.PIPE, environment=None):
    """tchat with these arguments; it ends with the test at the latest."""
    process = subprocess.Popen([TCHAT, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, env=environment)
    STARTED.append(process)
    return process


def end_all():
    """Kills what a test left running."""
    while SCREENS:
        SCREENS[-1].end()
    while STARTED:
        process = STARTED.pop()
        if process.poll() is None:
            process.kill()
            process.wait()


class Program:
    """tchat with these arguments; its output in lines."""

    def __init__(self, *arguments, environment=None):
        self.process = start(*arguments, environment=environment)
        self.out, self.err = Lines(self.process.stdout), Lines(self.process.stderr)

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def end_input(self):
        self.process.stdin.close()

    def status(self):
        return self.process.wait(TIMEOUT)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Json(Program):
    """tchat in JSON mode."""

    def __init__(self, address, nick, *arguments, environment=None):
        super().__init__("--json", "--nick", nick, *arguments, "--join", address, environment=environment)

    def say(self, **members):
        self.type(json.dumps(members) + "\n")

    def objects(self, kind):
        return [o for o in map(json.loads, list(self.out.lines)) if o["type"] == kind]

    def wait_for(self, kind, **members):
        """The first object of this type with these members."""
        def find(lines):
            for line in lines:
                o = json.loads(line)
                if o["type"] == kind and all(o.get(key) == value for key, value in members.items()):
                    return o
            return None
        return self.out.wait(find, "%s %r" % (kind, members))


class Screen:
    """tchat on a terminal, as far as it is needed to type, and to wait for a text and for the end."""

    def __init__(self, *arguments, environment):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            try:
                os.execve(TCHAT, [TCHAT, *arguments], dict(environment, TERM="xterm-256color", LINES="24", COLUMNS="80"))
            finally:
                os._exit(127)
        SCREENS.append(self)
        self.seen = b""

    def read(self):
        """False: it ended."""
        if not select.select([self.terminal], [], [], TIMEOUT)[0]:
            raise AssertionError("nothing comes; there was %r" % self.seen[-2000:])
        try:
            self.seen += os.read(self.terminal, 1 << 16)
        except OSError:
            return False
        return True

    def wait(self, text):
        end = time.monotonic() + 2 * TIMEOUT  # a clock may go on drawing
        while text not in self.seen:
            if time.monotonic() > end or not self.read():
                raise AssertionError("it ended without %r; there was %r" % (text, self.seen[-2000:]))

    def type(self, keys):
        os.write(self.terminal, keys)

    def status(self):
        """That it ends with by itself."""
        while self.read():
            pass
        SCREENS.remove(self)
        os.close(self.terminal)
        ended = os.waitpid(self.pid, 0)[1]
        return os.WEXITSTATUS(ended) if os.WIFEXITED(ended) else -os.WTERMSIG(ended)

    def end(self):
        if self in SCREENS:
            SCREENS.remove(self)
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            os.close(self.terminal)


UNHURRIED = ("--message-rate=1000000", "--message-burst=1000000")  # tests say more than people do


class Host(Program):
    """A host without a face, on a free port of the loopback, open to everybody unless told otherwise."""

    def __init__(self, *arguments):
        self.folder = FOLDER
        super().__init__("--headless", "--host", "127.0.0.1:0", *UNHURRIED, *(arguments or ("--access", "open", "--history-access=all")))
        try:
            self.address = self.err.find(r"listening (127\.0\.0\.1:\d+)")[1]
            self.socket = self.err.find(r"listening (unix:.+)")[1]
        except AssertionError:
            self.kill()
            raise

    def memory(self):
        return resident(self.process)

    def processor_seconds(self):
        """What its threads have used of processors so far."""
        total = 0
        for path in glob.glob("/proc/%d/task/*/schedstat" % self.process.pid):
            with open(path) as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def stop(self):
        """Ends it as a service manager does: it has to leave with 0."""
        self.process.terminate()
        status = self.status()
        if status != 0:
            raise AssertionError("the host ended with %d: %r" % (status, self.err.lines))


class Place:
    """A folder with a history, and a socket at which its hosts listen; variables: what else is in their environment."""

    def __init__(self, **variables):
        self.folder = tempfile.mkdtemp(prefix="tchat-test-")
        self.address = "unix:%s/host" % self.folder
        self.data = os.path.join(self.folder, "history")
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=self.folder, XDG_STATE_HOME=self.folder, **variables)
        self.host = None

    def program(self, *arguments):
        return Program("--headless", "--host", self.address, "--data", self.data, *arguments, environment=self.environment)

    def start(self, *arguments):
        self.host = self.program(*arguments)
        self.host.err.find("listening unix:")

    def stop(self):
        self.host.process.terminate()
        same(self.host.status(), 0)

    def end(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def run_each(tests, one, note=None):
    """Calls one(test) for each; prints TAP-like lines, and the note with what fails; returns the exit status."""
    failed = 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of what is cleaned up below
    for number, test in enumerate(tests, 1):
        begin, word = time.monotonic(), "ok"
        try:
            one(test)
        except Exception:  # whatever went wrong, the next test has its turn
            traceback.print_exc(file=sys.stdout)
            if note:
                print("# " + note)
            failed += 1
            word = "not ok"
        finally:
            end_all()
        print("%s %d - %s (%.2f s)" % (word, number, test.__name__.replace("_", " "), time.monotonic() - begin), flush=True)
    print("1..%d" % len(tests))
    return 1 if failed or not tests else 0


def run(tests, *host_arguments):
    """Runs each test with a host of its own."""
    def with_host(test):
        host = Host(*host_arguments)
        try:
            test(host)
            host.stop()
        finally:
            host.kill()
    return run_each(tests, with_host)


def run_in(place, tests, note=None):
    """Runs each test with what place() gives, a folder of its own for one; it has an end()."""
    def with_place(test):
        here = place()
        try:
            test(here)
        finally:
            end_all()
            here.end()
    return run_each(tests, with_place, note)


def closed_by_host(sock, timeout=TIMEOUT):
    """Reads to the end; all that came. Raises when the host does not close."""
    data = b""
    end = time.monotonic() + timeout
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([sock], [], [], left)[0]:
            raise AssertionError("the host did not close; it sent %r" % data[-200:])
        try:
            piece = sock.recv(1 << 16)
        except ConnectionError:
            return data
        if not piece:
            return data
        data += piece
