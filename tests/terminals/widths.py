#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks terminals how wide they draw what tchat shows. By hand, not part of "make check":

  make tests/show-width
  python3 widths.py [--all | --raw] SHOW-WIDTH TERMINAL...

SHOW-WIDTH is the program that was just made. TERMINAL is one of tmux, xterm, kitty, urxvt, mlterm, st, or "here" for
the terminal that this runs in; all but tmux want an X server in DISPLAY (Xvfb will do). Each text is written at the
left edge and the cursor is asked for (CPR); the report is one line for each text whose columns differ, and a count for
each terminal. --all asks for every code point alone, --raw for the corpus without tchat's normaliser."""
import os
import re
import subprocess
import sys
import tempfile
import termios
import tty

BATCH = 200
HERE = os.path.abspath(__file__)
TERMINALS = {
    "tmux": ["tmux", "-L", "tchat-widths", "-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "30"],
    "xterm": ["xterm", "-u8", "-geometry", "120x30", "-e"],
    "kitty": ["kitty", "--config", "NONE", "-e"],
    "urxvt": ["urxvt", "-geometry", "120x30", "-e"],
    "mlterm": ["mlterm", "-g", "120x30", "-e"],
    "st": ["st", "-g", "120x30", "-e"],
}


def texts(program, mode):
    """Columns, name and text of each case."""
    environment = dict(os.environ, LC_ALL="C.UTF-8")
    out = subprocess.run([program] + mode, stdout=subprocess.PIPE, check=True, env=environment).stdout.decode()
    for line in out.splitlines():
        columns, name, text = line.split("\t")
        yield int(columns), name, bytes.fromhex(text)


def ask(cases):
    """Yields the column in which the cursor of this terminal stands behind each case."""
    terminal = os.open("/dev/tty", os.O_RDWR)
    before = termios.tcgetattr(terminal)
    tty.setraw(terminal)
    try:
        for start in range(0, len(cases), BATCH):
            part = cases[start:start + BATCH]
            os.write(terminal, b"".join(b"\x1b[2;1H\x1b[2K" + text + b"\x1b[6n" for _, _, text in part))
            answers = b""
            while answers.count(b"R") < len(part):
                answers += os.read(terminal, 65536)
            for row, column in re.findall(rb"\x1b\[(\d+);(\d+)R", answers):
                yield int(column) - 1 if row == b"2" else -1
        os.write(terminal, b"\x1b[2J\x1b[H")
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)


def report(program, mode, out):
    """Run inside of the terminal: asks it, and writes the mismatches."""
    cases = list(texts(program, mode))
    wrong = 0
    for (columns, name, text), got in zip(cases, ask(cases)):
        if got != columns:
            wrong += 1
            print("%s: %d columns, not %d: %s" % (name, got, columns, " ".join("%04X" % ord(c) for c in text.decode())), file=out)
    print("%d of %d differ" % (wrong, len(cases)), file=out)


def run(terminal, program, mode):
    """Starts a terminal around report(), returns what that wrote."""
    with tempfile.TemporaryDirectory(prefix="tchat-widths-") as folder:
        environment = dict(os.environ, LC_ALL="C.UTF-8", HOME=folder)
        environment.pop("TMUX", None)
        pipe = os.path.join(folder, "report")
        os.mkfifo(pipe)
        command = TERMINALS[terminal] + [sys.executable, HERE] + mode + ["--report", pipe, program]
        process = subprocess.Popen(command, env=environment)
        with open(pipe) as file:
            text = file.read()
        process.wait()
    return text


def main(arguments):
    mode = [a for a in arguments if a in ("--all", "--raw")]
    arguments = [a for a in arguments if a not in mode]
    if len(arguments) == 3 and arguments[0] == "--report":
        with open(arguments[1], "w") as out:
            report(arguments[2], mode, out)
        return 0
    if len(arguments) < 2 or any(a not in TERMINALS and a != "here" for a in arguments[1:]):
        sys.stderr.write(__doc__ + "\n")
        return 2
    program = os.path.abspath(arguments[0])
    for terminal in arguments[1:]:
        if terminal == "here":
            report(program, mode, sys.stdout)
        else:
            print("%s:\n%s" % (terminal, run(terminal, program, mode)), end="", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
