#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What surrounds a host may fail it: descriptors run out, its log is not read, the shell left files open, others
squat on its folder, peers half-close in the midst of things. Nobody gets more rights by it, and nobody is stopped."""
import contextlib
import os
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
import peer_client  # noqa: E402
import peer_support  # noqa: E402
from peer_client import Peer  # noqa: E402
from peer_support import same, until  # noqa: E402

OWNER, MEMBER = 3, 0
RESERVED = 64  # descriptors for the host with few of them
CROWD = 3 * RESERVED


def tcp(address):
    return peer_client.connect(address)


def cpu_seconds(process):
    with open("/proc/%d/stat" % process.pid) as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def a_host(*arguments, **how):
    """Its process, in a folder of its own; it has to end well, and to leave nothing there."""
    folder = tempfile.mkdtemp(prefix="tchat-test-")
    process = subprocess.Popen([peer_support.TCHAT, "--headless", "--host", "127.0.0.1:0", *arguments],
                               stderr=subprocess.PIPE, env=dict(os.environ, XDG_RUNTIME_DIR=folder), **how)
    try:
        yield process
    finally:
        process.terminate()
        same(process.wait(peer_support.TIMEOUT), 0)
        os.rmdir(os.path.join(folder, "tchat"))
        os.rmdir(folder)


def accepting_stops_and_goes_on_when_descriptors_run_out(_):
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (RESERVED, RESERVED))
    with a_host("--access", "open", preexec_fn=few) as process:
        log = peer_support.Lines(process.stderr)
        address = log.find(r"listening (127\.0\.0\.1:\d+)")[1]
        crowd = [tcp(address) for _ in range(CROWD)]
        log.find("no new connections for now|the host is full")
        before = cpu_seconds(process) if os.path.exists("/proc/self/stat") else None
        time.sleep(1)  # what is measured
        if before is not None and cpu_seconds(process) - before > 0.3:
            raise AssertionError("the host spins: %.2f s of CPU in a second" % (cpu_seconds(process) - before))
        for sock in crowd:
            sock.close()

        def enters():
            try:
                Peer(address, "ann").bye()
                return True
            except (peer_client.Refused, peer_client.Closed, ConnectionError):
                return False
        until(enters, "there is a place")


def a_log_that_nobody_reads_stops_nobody(_):
    with a_host("--insecure") as process:
        address = process.stderr.readline().decode().split()[-1]
        ann = Peer(address, "ann", insecure=True)
        for i in range(2500):  # more than a pipe holds
            tcp(address).close()
            if i % 100 == 0:
                ann.ping()
        ann.ping()
        ann.bye()
        threads = peer_support.Lines(process.stderr)

        def told():
            Peer(address, "bob", insecure=True).bye()  # said only when there is room again, and something to say
            return any(re.search(r"\d+ lines could not be logged", line) for line in list(threads.lines))
        until(told, "it tells the number of lines that are lost")


def the_key_makes_the_owner_wherever_it_comes_in(host):
    roles = [Peer(where, "ann").me["role"] for where in (host.address, host.socket)]
    roles += [Peer(where, "me", identity=peer_support.owner()).me["role"] for where in (host.address, host.socket)]
    same(roles, [MEMBER, MEMBER, OWNER, OWNER])


def without_keys_only_the_hosts_own_socket_makes_owners(host):
    path = os.path.join(host.folder, "other")
    other = peer_support.Program("--headless", "--host", "unix:" + path, "--host", "127.0.0.1:0", "--insecure",
                                 environment=dict(os.environ, XDG_RUNTIME_DIR=host.folder))
    try:
        own = other.err.find(r"listening (unix:.+/tchat/\S+)")[1]
        tcp_address = other.err.find(r"listening (127\S+)")[1]
        same(os.stat(path).st_mode & 0o777, 0o600)
        same(os.stat(own[len("unix:"):]).st_mode & 0o777, 0o600)
        same(Peer("unix:" + path, "relay", insecure=True).me["role"], MEMBER)
        same(Peer(tcp_address, "tcp", insecure=True).me["role"], MEMBER)
        same(Peer(own, "ann", insecure=True).me["role"], OWNER)
        other.process.terminate()
        same(other.status(), 0)
        same(os.path.exists(path), False)
    finally:
        other.kill()


def a_folder_that_others_may_write_to_gets_no_socket(_):
    with tempfile.TemporaryDirectory(prefix="tchat-test-") as folder:
        away = os.path.join(folder, "away")
        os.mkdir(away, 0o700)
        for kind in ("link", "open"):
            runtime = os.path.join(folder, kind)
            os.mkdir(runtime)
            if kind == "link":
                os.symlink(away, os.path.join(runtime, "tchat"))
            else:
                os.mkdir(os.path.join(runtime, "tchat"))
                os.chmod(os.path.join(runtime, "tchat"), 0o777)
            host = peer_support.Program("--headless", "--host", "127.0.0.1:0", "--access", "open",
                                        environment=dict(os.environ, XDG_RUNTIME_DIR=runtime))
            try:
                Peer(host.err.find(r"listening (127\S+)")[1], "ann").bye()
                host.err.find("ann")
                host.process.terminate()
                same(host.status(), 0)
                same([line for line in host.err.lines if "unix:" in line], [])
                same(os.listdir(away), [])
            finally:
                host.kill()


def a_forked_host_keeps_nothing_of_the_shells(_):
    with tempfile.TemporaryDirectory(prefix="tchat-test-") as folder:
        reader, writer = os.pipe()
        face = subprocess.Popen([peer_support.TCHAT, "--host", "127.0.0.1:0", "--json"],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                pass_fds=[writer], env=dict(os.environ, XDG_RUNTIME_DIR=folder, XDG_STATE_HOME=folder))
        os.close(writer)
        bob = None
        try:
            until(lambda: os.path.isdir(folder + "/tchat") and os.listdir(folder + "/tchat"), "the host's socket is there")
            own = next(name for name in os.listdir(folder + "/tchat") if name.startswith("host-"))
            bob = Peer("unix:%s/tchat/%s" % (folder, own), "bob", identity=peer_support.owner())
            face.kill()
            face.wait(peer_support.TIMEOUT)
            # The host lives, and neither its terminal, nor the pipe, nor the face's output is open in it.
            if not select.select([reader], [], [], peer_support.TIMEOUT)[0]:
                raise AssertionError("the host keeps a pipe open that was the shell's")
            same(os.read(reader, 1), b"")
            if not select.select([face.stdout], [], [], peer_support.TIMEOUT)[0]:
                raise AssertionError("the host keeps the face's output open")
            bob.ping()
        finally:
            face.kill()
            if bob is not None:
                bob.send("MODERATE", request=1, action=2)
                until(lambda: not any(name.startswith("host-") for name in os.listdir(folder + "/tchat")), "the host has ended")
            os.close(reader)


def who_half_closes_still_gets_every_answer(host):
    ann = Peer(host.address, "ann")
    room = ann.request("JOIN", "JOINED", kind=peer_client.PUBLIC, name="lobby")["room"]
    for counter in range(1, 41):
        ann.send("POST", room=room, id=(ann.device, counter), kind=peer_client.TEXT, body=b"x" * 15000)
    eve = Peer(host.socket, "eve")
    eve.request("JOIN", "JOINED", kind=peer_client.PUBLIC, name="lobby")
    wanted = 7  # pages of 60 KB: more than the socket holds, less than makes the host stop reading
    for request in range(1000, 1000 + wanted):
        eve.send("HISTORY", request=request, room=room, limit=4)
    eve.sock.shutdown(socket.SHUT_WR)
    bob = Peer(host.address, "bob")
    for _ in range(10):
        bob.ping()
    pages = 0
    try:
        while True:
            name, _ = eve.next()
            pages += name == "PAGE"
    except peer_client.Closed:
        pass
    same(pages, wanted)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    sys.exit(peer_support.run([accepting_stops_and_goes_on_when_descriptors_run_out, a_log_that_nobody_reads_stops_nobody,
                               the_key_makes_the_owner_wherever_it_comes_in,
                               without_keys_only_the_hosts_own_socket_makes_owners, a_folder_that_others_may_write_to_gets_no_socket,
                               a_forked_host_keeps_nothing_of_the_shells, who_half_closes_still_gets_every_answer]))
