# SPDX-License-Identifier: GPL-3.0-or-later
"""Code that gets into the real program, as a host, as a face and as the helper for names: what is left for it to do."""
import errno
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
import peer_support  # noqa: E402
from peer_support import Program, Screen, children, same, sandbox_of, until  # noqa: E402

PRELOAD = os.path.abspath("tests/inject-preload.so")
SLOT, SLOTS = 4096, 8
REFUSED = {"EPERM", "EACCES", "ENOSYS"}

# What seccomp keeps from everybody, and from hosts and faces; what Landlock keeps from hosts and faces, and from all.
CALLS = {"program", "program-missing", "fork", "trace", "peek", "signal", "user", "mount", "unshare", "type", "socket-raw", "listen"}
NETWORK = {"socket", "bind", "connect-host", "connect-other"}
FILES = {"read-passwd", "read-home", "list-home", "read-memory"}
CHANGES = {"write-home", "make-home", "link-home", "remove-home"}


class Grounds:
    """A home with a file that is nobody's business, an account that has tchat's folders beside it, another service."""

    def __init__(self, port=0):
        self.folder = tempfile.mkdtemp(prefix="tchat-test-")
        self.home = os.path.join(self.folder, "home")
        self.notes = os.path.join(self.folder, "notes")
        os.mkdir(self.home)
        for path, size in ((os.path.join(self.home, "secret"), 1), (self.notes, SLOT * SLOTS)):
            with open(path, "wb") as file:
                file.write(bytes(size))
        self.service = socket.create_server(("127.0.0.1", 0))
        account = os.path.join(self.folder, "account")
        os.mkdir(account, 0o700)
        self.environment = dict(
            os.environ, HOME=self.home, XDG_RUNTIME_DIR=account, XDG_STATE_HOME=account, XDG_DATA_HOME=account,
            XDG_CONFIG_HOME=account, LD_PRELOAD=PRELOAD, TCHAT_INJECT=self.notes, TCHAT_INJECT_HOME=self.home,
            TCHAT_INJECT_PROCESS=str(os.getpid()), TCHAT_INJECT_PORT=str(port),
            TCHAT_INJECT_OTHER_PORT=str(self.service.getsockname()[1]))

    def found(self, pid):
        """{what: errno's name or ""} of the process; None: it is not through yet."""
        with open(self.notes, "rb") as file:
            data = file.read()
        for at in range(0, len(data), SLOT):
            if int.from_bytes(data[at:at + 4], sys.byteorder) == pid:
                lines = data[at + 8:at + SLOT].split(b"\0")[0].decode("ascii").splitlines()
                found = {name: errno.errorcode.get(int(number), "") for name, number in (line.split() for line in lines)}
                return found if "all" in found else None
        return None

    def inject(self, pid):
        os.kill(pid, signal.SIGRTMAX)
        return until(lambda: self.found(pid), "process %d has tried everything" % pid)

    def end(self):
        self.service.close()
        shutil.rmtree(self.folder)


def with_place(test):
    def run(host):
        place = Grounds(int(host.address.rpartition(":")[2]))
        try:
            test(host, place)
        finally:
            place.end()
    run.__name__ = test.__name__
    return run


class Relay:
    """Another port of a host, where connections can be cut."""

    def __init__(self, address):
        node, _, port = address.rpartition(":")
        self.to, self.open = (node, int(port)), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                ends = [self.listener.accept()[0], socket.create_connection(self.to)]
            except OSError:
                return
            self.open += ends
            for source, sink in (ends, ends[::-1]):
                threading.Thread(target=self.carry, args=(source, sink), daemon=True).start()

    def carry(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def cut(self):
        for end in self.open:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
        self.cut()


def expect(found, words, calls, files, done=(), ports=()):
    """All of these are refused, as far as there is what refuses them."""
    landlock = re.search(r"Landlock (\d+)", words)
    wanted = set(calls) if "seccomp)" in words else set()
    wanted |= set(files) if landlock else set()
    wanted |= set(ports) if landlock and int(landlock[1]) >= 4 else set()
    same({name: found[name] for name in wanted if found[name] not in REFUSED}, {})
    same({name: found[name] for name in done if found[name] != ""}, {})


def expect_host(found, words):
    expect(found, words, CALLS | NETWORK | {"code"}, FILES | CHANGES)


def expect_face(found, words, done=("socket", "connect-host")):
    expect(found, words, CALLS | {"bind", "code"}, FILES | CHANGES, done, {"connect-other"} | NETWORK.difference(done, {"socket", "bind"}))


def stays_whole(place):
    with open(os.path.join(place.home, "secret"), "rb") as file:
        same(file.read(), b"\0")
    same(os.listdir(place.home), ["secret"])


@with_place
def a_host_has_its_own_folders_and_nothing_else(_, place):
    host = Program("--headless", "--host", "127.0.0.1:0", "--access=open", environment=place.environment)
    words = sandbox_of(host)
    address = host.err.find(r"listening (127\.0\.0\.1:\d+)")[1]
    expect_host(place.inject(host.process.pid), words)
    stays_whole(place)
    # And it goes on as before.
    face = Program("--lines", "--trust=new", "--join", address, "--stay", environment=peer_support.stranger())
    face.type("hello\n")
    host.err.find("came from")
    face.process.terminate()
    face.status()
    host.process.terminate()
    same(host.status(), 0)


@with_place
def a_forked_host_has_its_own_folders_and_nothing_else(host, place):
    words = sandbox_of(host)
    face = Program("--host", "127.0.0.1:0", "--json", environment=place.environment)
    face.out.find('"type":"ready"')
    own = children(face.process.pid)
    same(len(own), 1)
    expect_host(place.inject(own[0]), words)
    expect_face(place.inject(face.process.pid), words, ("socket",))
    stays_whole(place)
    face.type('{"type":"quit"}\n')
    same(face.status(), 0)


@with_place
def a_face_has_its_own_folders_and_its_host(host, place):
    words = sandbox_of(host)
    face = Program("--json", "--trust=new", "--join", host.address, environment=place.environment)
    face.out.find('"type":"ready"')
    expect_face(place.inject(face.process.pid), words)
    stays_whole(place)
    face.type('{"type":"post","room":"lobby","text":"still here"}\n')
    face.out.find("still here")
    face.type('{"type":"quit"}\n')
    same(face.status(), 0)


@with_place
def a_screen_has_its_own_folders_and_its_host(host, place):
    words = sandbox_of(host)
    screen = Screen("--trust=new", "--nick=ann", "--join", host.address, environment=place.environment)
    screen.wait(b"#lobby")
    host.err.find("ann came from")
    expect_face(place.inject(screen.pid), words)
    stays_whole(place)
    screen.type(b"/quit\r")
    same(screen.status(), 0)


@with_place
def the_helper_for_names_reads_and_works_on(host, place):
    words = sandbox_of(host)
    relay = Relay(host.address)
    environment = dict(place.environment, TCHAT_INJECT_PORT=str(relay.port))
    face = Program("--json", "--trust=new", "--join", "localhost:%d" % relay.port, environment=environment)
    face.out.find('"type":"ready"')
    helpers = children(face.process.pid)
    same(len(helpers), 1)
    expect(place.inject(helpers[0]), words, CALLS, CHANGES, ("read-passwd", "socket"))
    expect_face(place.inject(face.process.pid), words)
    stays_whole(place)
    # It is asked again, and answers.
    relay.cut()
    face.out.wait(lambda lines: len([line for line in lines if '"type":"ready"' in line]) >= 2, "another connection")
    face.type('{"type":"quit"}\n')
    same(face.status(), 0)
    relay.close()


@with_place
def without_a_sandbox_all_of_that_is_possible(_, place):
    host = Program("--headless", "--no-sandbox", "--host", "127.0.0.1:0", "--access=open", environment=place.environment)
    host.err.find("sandbox: off")
    host.err.find("host's key")
    found = place.inject(host.process.pid)
    possible = ("read-passwd", "read-home", "write-home", "list-home", "make-home", "remove-home", "socket", "bind", "listen",
                "connect-other", "signal", "user", "fork")
    same({name: found[name] for name in possible if found[name] != ""}, {})
    same(found["program-missing"], "ENOENT")
    host.process.terminate()
    same(host.status(), 0)


@with_place
def a_kernel_that_lacks_something_is_named(host, place):
    words = sandbox_of(host)
    known = {"landlock": "Landlock" in words and "no Landlock" not in words, "seccomp": "seccomp)" in words}
    for without in ("landlock", "seccomp", "landlock,seccomp"):
        left = [name for name, there in known.items() if there and name not in without]
        line = {(): "no sandbox: there is neither Landlock nor seccomp", ("landlock",): r"files \(Landlock \d+\); there is no seccomp",
                ("seccomp",): r"system calls \(seccomp\); there is no Landlock"}[tuple(left)]
        environment = dict(place.environment, TCHAT_WITHOUT=without)
        poor = Program("--headless", "--host", "127.0.0.1:0", environment=environment)
        poor.err.find(line)
        found = place.inject(poor.process.pid)
        same(found["read-passwd"] in REFUSED, "landlock" in left)
        same(found["user"] in REFUSED, "seccomp" in left)
        # And its owner is told, of the host and of what asks it.
        face = Program("--lines", "--commands", "--stay", "--join", poor.err.find(r"listening (unix:.+)")[1], environment=environment)
        face.type("/status\n")
        face.err.find("the host: .*" + line)
        face.err.find("this program: .*" + line)
        face.process.terminate()
        face.status()
        poor.process.terminate()
        same(poor.status(), 0)


TESTS = [
    a_host_has_its_own_folders_and_nothing_else,
    a_forked_host_has_its_own_folders_and_nothing_else,
    a_face_has_its_own_folders_and_its_host,
    a_screen_has_its_own_folders_and_its_host,
    the_helper_for_names_reads_and_works_on,
    without_a_sandbox_all_of_that_is_possible,
    a_kernel_that_lacks_something_is_named,
]

if __name__ == "__main__":
    if peer_support.is_sanitized():
        print("# there is no sandbox under a sanitizer")
        sys.exit(0)
    sys.exit(peer_support.run(TESTS) if os.path.exists("/proc/self/status") else 0)
