# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox of the real program: what the system says of a host, of faces and of the helper for names."""
import os
import re
import sys

sys.dont_write_bytecode = True
import peer_support  # noqa: E402
from peer_support import Program, children, same, sandbox_of, until  # noqa: E402


def status(pid):
    """What /proc says of a process, {name: number}."""
    with open("/proc/%d/status" % pid, encoding="utf-8", errors="replace") as file:
        return {name: int(number) for name, number in re.findall(r"^(NoNewPrivs|Seccomp):\s*(\d+)$", file.read(), re.M)}


def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def expect(pid, words):
    """The process is confined as the words say; without them in any way."""
    got = status(pid)
    if "NoNewPrivs" in got:
        same((pid, got["NoNewPrivs"]), (pid, 1))
    if "Seccomp" in got and words is not None and "seccomp)" in words:
        same((pid, got["Seccomp"]), (pid, 2))


def a_host_is_confined_as_its_log_says(host):
    expect(host.process.pid, sandbox_of(host))


def faces_are_confined_as_they_say(host):
    words = sandbox_of(host)
    for arguments in (("--lines",), ("--json",)):
        face = Program(*arguments, "--join", host.address, "--verbose")
        host.err.find("came from")
        same(sandbox_of(face), words)
        expect(face.process.pid, words)
        same(children(face.process.pid), [])
        face.end_input()
        same(face.status(), 0)


def names_are_looked_up_by_a_confined_helper(host):
    words = sandbox_of(host)
    port = host.address.rpartition(":")[2]
    face = Program("--json", "--trust=new", "--join", "localhost:" + port, environment=peer_support.stranger())
    face.out.find('"type":"ready"')
    expect(face.process.pid, words)
    helpers = children(face.process.pid)
    same(len(helpers), 1)
    expect(helpers[0], words)
    face.process.kill()
    face.process.wait()
    until(lambda: not is_alive(helpers[0]), "the helper ended with its face")


def a_host_with_a_face_is_confined_too(host):
    words = sandbox_of(host)
    face = Program("--host", "127.0.0.1:0", "--json", environment=peer_support.stranger())
    face.out.find('"type":"ready"')
    own = children(face.process.pid)
    same(len(own), 1)
    expect(own[0], words)
    expect(face.process.pid, words)
    face.type('{"type":"quit"}\n')
    same(face.status(), 0)


def without_a_sandbox_there_is_none(host):
    outside = status(os.getpid())
    program = Program("--host", "127.0.0.1:0", "--headless", "--no-sandbox")
    program.err.find("sandbox: off")
    program.err.find("host's key")
    same(status(program.process.pid).get("Seccomp"), outside.get("Seccomp"))
    same(status(program.process.pid).get("NoNewPrivs"), outside.get("NoNewPrivs"))
    program.process.terminate()
    same(program.status(), 0)


def where_a_host_says_that_it_is_does_not_hang_on_the_sandbox(_):
    places = []
    for more in ((), ("--no-sandbox",)):
        host = Program("--host", "0", "--headless", "--access", "invite", *more)
        places.append(host.out.find(r"tchat://(\[[^]]+\]|[^:/]+):\d+")[1])
        host.process.terminate()
        same(host.status(), 0)
    same(places[0], places[1])
    face = Program("--host", "0", "--lines", "--commands", "--stay", environment=peer_support.stranger())
    try:
        face.type("/invite\n")
        same(face.err.find(r"tchat://(\[[^]]+\]|[^:/]+):\d+")[1], places[0])
    finally:
        face.process.terminate()
        face.status()


TESTS = [
    a_host_is_confined_as_its_log_says,
    faces_are_confined_as_they_say,
    names_are_looked_up_by_a_confined_helper,
    a_host_with_a_face_is_confined_too,
    without_a_sandbox_there_is_none,
    where_a_host_says_that_it_is_does_not_hang_on_the_sandbox,
]

if __name__ == "__main__":
    sys.exit(peer_support.run(TESTS) if os.path.exists("/proc/self/status") else 0)
