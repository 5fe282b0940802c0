#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of the full screen, on a pseudo-terminal of 120x40: face.py PROGRAM [COUNT]

key   a key is written -> it is read back from the terminal: idle, and while 10,000 messages a second arrive. The floor
      is "cat" on a terminal of its own, asked in turns with tchat: what the machine does besides troubles both
flood COUNT (100,000) messages of 80 bytes to the room that is shown: CPU seconds of the screen's process until the last
      one is on the screen; and its memory before and after
page  PgUp -> the next page is on the terminal, through all that is kept in memory

A host (--headless), the sender (--lines) and this program run on one CPU, the screen on another where there are two."""
import os, pty, re, select, shutil, signal, struct, subprocess, sys, tempfile, termios, time, fcntl

now = time.monotonic
ROWS, COLUMNS, RATE, KEYS = 40, 120, 10000, 400
MARK = b"QWXZJVKQ"


def cpu_seconds(pid):
    """What all threads of a process have used, in nanosecond counts."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def resident(pid):
    """The process's memory in MiB."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def pin(cpu):
    try:
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[cpu]})
    except (AttributeError, IndexError, OSError):
        pass


class Screen:
    """tchat on a terminal that nobody looks at."""

    def __init__(self, command, environment):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            pin(0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.execve(command[0], command, environment)
        self.bytes = 0
        self.tail = b""

    def read(self, timeout):
        if not select.select([self.fd], [], [], timeout)[0]:
            return b""
        data = os.read(self.fd, 65536)
        self.bytes += len(data)
        return data

    def until(self, text, timeout=60):
        end, seen = now() + timeout, b""
        while text not in seen:
            if now() > end:
                sys.exit(f"face.py: {text!r} did not come")
            seen = seen[-200:] + self.read(1)

    def close(self):
        os.kill(self.pid, signal.SIGTERM)
        os.close(self.fd)
        os.waitpid(self.pid, 0)

    def drain(self, quiet=0.2):
        while self.read(quiet):
            pass

    def key(self):
        """Seconds from a key to its echo."""
        start = now()
        os.write(self.fd, b"~")
        while b"~" not in self.read(5):
            pass
        return now() - start

    def clear(self):
        """An empty input line, and nothing on its way."""
        os.write(self.fd, b"\x03")
        time.sleep(0.05)
        while self.read(0):
            pass


def keys(what, screen, floor, meanwhile=lambda: None):
    """Prints what KEYS keys took."""
    samples, floors, used = [], [], 0
    for i in range(KEYS):
        if i % 50 == 0:
            screen.clear()
        before = cpu_seconds(screen.pid)
        samples.append(screen.key())
        used += cpu_seconds(screen.pid) - before
        floors.append(floor.key())
        due = now() + 0.012
        while now() < due:
            meanwhile()
            screen.read(0.002)
    screen.clear()
    samples.sort()
    floors.sort()
    print("key to cell, %-17s p50 %5.2f ms (floor %.2f), p99 %5.2f ms (floor %.2f), CPU %.0f us a key"
          % (what + ":", samples[KEYS // 2] * 1000, floors[KEYS // 2] * 1000, samples[KEYS * 99 // 100] * 1000,
             floors[KEYS * 99 // 100] * 1000, used / KEYS * 1e6))


def pages(screen):
    """Prints what pages of history took, first those in memory, then those that the host has to be asked for."""
    samples = []
    screen.drain()
    for _ in range(100):
        start = now()
        os.write(screen.fd, b"\x1b[5~")
        while len(screen.read(5)) < 200:
            pass
        samples.append(now() - start)
        screen.drain(0.03)
    samples.sort()
    print("page up: p50 %.2f ms, p99 %.2f ms" % (samples[50] * 1000, samples[99] * 1000))


class Sender:
    """Messages at a rate, through a client in line mode."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment,
                                        preexec_fn=lambda: pin(1))
        self.sent = 0
        self.start = now()

    def catch_up(self):
        due = int((now() - self.start) * RATE)
        if due > self.sent:
            self.process.stdin.write(b"".join(b"%-79d.\n" % i for i in range(self.sent, due)))
            self.process.stdin.flush()
            self.sent = due

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program, count = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100000
    folder = tempfile.mkdtemp()
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "XDG_RUNTIME_DIR": folder, "TERM": "xterm-256color",
                   "LC_ALL": "C.UTF-8", "TZ": "UTC", "INPUTRC": "/dev/null"}
    host = subprocess.Popen([program, "--headless", "--host", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            env=environment, preexec_fn=lambda: pin(1))
    pin(1)
    try:
        address = None
        while address is None:
            address = re.search(rb"127\.0\.0\.1:[0-9]+", host.stdout.readline())
        join = [program, "--join", address.group().decode(), "--nick"]
        screen = Screen(join + ["reader"], environment)
        screen.until(b"lobby>")
        screen.drain()
        floor = Screen(["/bin/sh", "-c", "stty raw -echo; echo ready; exec cat"], environment)
        floor.until(b"ready")
        floor.drain()
        keys("idle", screen, floor)
        sender = Sender(join + ["sender", "--lines"], environment)
        keys(f"{RATE} messages/s", screen, floor, sender.catch_up)
        rate = sender.sent / (now() - sender.start)
        sender.close()
        if rate < 0.9 * RATE:
            print(f"(no: {rate:.0f} a second)")
        floor.close()
        screen.drain(1)
        lines = b"".join(b"%-79d.\n" % i for i in range(count - 1)) + MARK + b"\n"
        memory = resident(screen.pid)
        before, start, written = cpu_seconds(screen.pid), now(), screen.bytes
        flood = subprocess.Popen(join + ["flood", "--lines"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                 env=environment, preexec_fn=lambda: pin(1))
        if os.fork() == 0:
            flood.stdin.write(lines)
            flood.stdin.close()
            os._exit(0)
        flood.stdin.close()
        screen.until(MARK, 300)
        used, took = cpu_seconds(screen.pid) - before, now() - start
        flood.wait()
        print("flood, %d messages of 80 bytes: %.3f CPU seconds (%.2f us a message), %.1f s, %d bytes to the terminal"
              % (count, used, used / count * 1e6, took, screen.bytes - written))
        print("memory: %.1f MiB before, %.1f MiB after" % (memory, resident(screen.pid)))
        pages(screen)
        screen.close()
    finally:
        host.terminate()
        host.wait()
        shutil.rmtree(folder, ignore_errors=True)


main()
