# SPDX-License-Identifier: GPL-3.0-or-later
"""Options and commands are the same everywhere: in their tables (options.def, commands.def), in tchat(1) and
tchatrc(5), in what --help prints, and in the completions. --help fits 80 columns."""
import os
import re
import subprocess
import sys

TOP = os.environ.get("srcdir", ".")
TCHAT = os.environ.get("TCHAT", "src/tchat")
faults = []
checked = 0


def read(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as file:
        return file.read()


def expect(what, want, got):
    global checked
    checked += 1
    if want != got:
        missing = [row for row in want if row not in got]
        extra = [row for row in got if row not in want]
        faults.append("%s: missing %s, unexpected %s%s" % (what, missing, extra, "" if missing or extra else ", other order"))


SETTING = (r"""SETTING\(\w+, *\w+, *"([\w-]+)", *(?:'(\w)'|0), *(\w+), *(\w+)(?:\("?([^()"]*)"?\))?, *"""
           r"""(?:N_\("(\w+)"\)|NULL), *(?:"([^"]*)"|NULL),""")


def rows():
    """The rows of the table, as matches of an option or of a setting."""
    table = read("src/app/options.def")
    found = [match for match in re.finditer(r"""^(?:OPTION\(\w+, *"([\w-]+)", *(?:'(\w)'|0), *(?:N_\("(\w+)"\)|NULL),|%s)""" %
                                            SETTING, table, re.M)]
    if len(found) != len(re.findall(r"^(?:OPTION|SETTING)\(", table, re.M)):
        faults.append("options.def has a row that this test does not understand")
    return [match.groups(default="") for match in found]


def options():
    """[(long, letter or "", ARGUMENT or "")] from the table: what the command line takes."""
    return [row[:3] if row[0] else (row[3], row[4], row[8]) for row in rows() if row[5] != "SCREEN"]


def settings():
    """[(key, scope, type, words or bounds, default)] from the table."""
    return [(row[3], row[5], row[6], row[7], row[9]) for row in rows() if row[3]]


def commands():
    """[(name, usage)] from the table."""
    rows = re.findall(r'^COMMAND\(\w+, *"(\w+)", *\d+, *\d+, *"\w*", *(?:N_\("([^"]*)"\)|""),', read("src/app/commands.def"), re.M)
    if len(rows) != len(re.findall(r"^COMMAND", read("src/app/commands.def"), re.M)):
        faults.append("commands.def has a row that this test does not understand")
    return rows


def check_manual():
    manual = read("man/tchat.1")
    section = manual[manual.index(".Sh OPTIONS"):manual.index(".Sh COMMANDS")]
    found = re.findall(r"^\.It (?:Fl (\w) , )?Fl -([\w-]+)(?: Ns = Ns Ar (\w+))?$", section, re.M)
    expect("tchat(1), OPTIONS", options(), [(name, letter, argument) for letter, name, argument in found])
    section = manual[manual.index(".Sh COMMANDS"):manual.index(".Sh KEYS")]
    found = []
    for name, words in re.findall(r"^\.It Ic /(\w+)(.*)$", section, re.M):
        usage = re.sub(r"Op (?:Ar|Cm) (\w+)", r"[\1]", words)
        found.append((name, re.sub(r"\bAr ", "", usage).strip()))
    expect("tchat(1), COMMANDS", commands(), found)
    # What is used elsewhere on the page exists.
    known = {name for name, _, _ in options()} | {letter for _, letter, _ in options()}
    used = set(re.findall(r"\bFl -?([\w-]+)", re.sub(r"Ic ulimit Fl n", "", manual))) | set(re.findall(r" --([\w-]+)", manual))
    expect("options that tchat(1) mentions", [], sorted(used - known))


def check_tchatrc():
    """Keys, what a value is, and defaults: tchatrc(5) and the table agree, and it names no other key."""
    manual = read("man/tchatrc.5")
    section = manual[manual.index(".Sh KEYS"):manual.index(".Sh FILES")]
    found = {}
    for key, value, text in re.findall(r"^\.It Ic ([\w-]+) = (.*)\n((?:(?!\.It Ic ).*\n)*)", section, re.M):
        words = re.sub(r" ?\bNo\b ?", " ", re.sub(r"\bCm |\bAr ", "", value))
        default = re.search(r"^The default is\n\.Cm (\S+)", text, re.M)
        found[key] = (words.replace("|", " ").split(), default.group(1) if default else "")
    want = {}
    for key, _, kind, bounds, default in settings():
        words = {"TEXT": ["TEXT"], "NAME": ["NAME"], "TIME": ["TIME"], "TIME_OR_NEVER": ["TIME", "never"], "NUMBER": ["COUNT"], "LIMITS": ["LIMIT"],
                 "SWITCH": ["on", "off"], "CHOICE": bounds.split()}[kind]
        want[key] = (words, default)
    expect("tchatrc(5), keys", list(want), list(found))
    expect("tchatrc(5), values and defaults", sorted(want.items()), sorted(found.items()))
    for fault in re.findall(r"^([\w-]+) = ", section, re.M):
        if fault not in want:
            faults.append("tchatrc(5) shows the key %s" % fault)


def check_exit_statuses():
    numbers = dict(re.findall(r"(EXIT_STATUS_\w+) = (\d+)", read("src/app/exit_status.h")))
    folder = os.path.join(TOP, "src/app")
    code = "".join(read("src/app/" + name) for name in os.listdir(folder) if name.endswith(".c"))
    source = [number for name, number in numbers.items() if re.search(r"\b%s\b" % name, code)]
    manual = read("man/tchat.1")
    section = manual[manual.index(".Sh EXIT STATUS"):manual.index(".Sh EXAMPLES")]
    expect("tchat(1), EXIT STATUS", source, re.findall(r"^\.It (\d+)$", section, re.M))


def check_json():
    """The objects' types and members that the sources name are those of the manual."""
    manual = read("man/tchat.1")
    section = manual[manual.index(".Sh JSON OBJECTS"):manual.index(".Sh ENVIRONMENT")]
    common, section = section.split(".Ss From standard input")
    taken, given = section.split(".Ss To standard output")

    def types(text):
        return sorted(name for line in re.findall(r"^\.It Cm (.*)$", text, re.M) for name in line.split(" , "))

    def members(text):
        return set(re.findall(r"\.(?:It )?Ql (\w+)", common + text)) - {"type"}
    reader, writer = read("src/app/json_read.c"), read("src/app/json_event.c")
    expect("objects from standard input", sorted(re.findall(r'\[JSON_\w+\] = \{ "(\w+)"', reader)), types(taken))
    used = set(re.findall(r'read_\w+\(\w+(?:->root)?, "(\w+)"', reader)) | set(re.findall(r'json_object_get\([^,]+, "(\w+)"', reader))
    used |= set(re.findall(r'missing = "(\w+)"', reader))
    used.discard("type")
    expect("members from standard input", sorted(used), sorted(used & members(taken)))
    said = set(re.findall(r"\.Ql (\w+)", taken))
    expect("members from standard input, in the manual", sorted(said), sorted(said & used))
    made = set(re.findall(r'(?:json_begin|write_simple|write_member|write_message|write_past_end)\(writer, "(\w+)"', writer))
    made |= {name for pair in re.findall(r'write_member\(writer, event->type == \w+ \? "(\w+)" : "(\w+)"', writer) for name in pair}
    expect("objects to standard output", sorted(made), types(given))
    keys = set(re.findall(r'(?:json_(?!begin)\w+|write_if|write_unless_empty)\(writer, "(\w+)"', writer))
    keys |= set(re.findall(r'write_simple\(writer, "\w+", event, "(\w+)"', writer))
    expect("members to standard output", sorted(keys), sorted(members(given) - {"type"}))


def check_help():
    text = subprocess.run([TCHAT, "--help"], stdout=subprocess.PIPE, check=True).stdout.decode("utf-8")
    found = re.findall(r"^ +(?:-(\w), )? *--([\w-]+)(?:=(\w+))?", text, re.M)
    expect("--help", options(), [(name, letter, argument) for letter, name, argument in found])
    expect("lines of --help over 80 columns", [], [line for line in text.splitlines() if len(line) > 79])


def check_completions():
    names = sorted(name for name, _, _ in options())
    for path, pattern in (("packaging/completions/tchat.bash", r"--([\w-]+)"), ("packaging/completions/_tchat", r"--([\w-]+)=?\}?'?\["),
                          ("packaging/completions/tchat.fish", r"-l ([\w-]+)")):
        text = re.sub(r"^#.*$", "", read(path), flags=re.M)
        expect(path, names, sorted(set(re.findall(pattern, text))))
        if path.endswith("tchat.bash"):
            continue
        letters = r"-s (\w)\b" if path.endswith("fish") else r"\{-(\w)\+?,--"
        expect(path + ", letters", sorted(letter for _, letter, _ in options() if letter), sorted(re.findall(letters, text)))


check_manual()
check_tchatrc()
check_exit_statuses()
check_completions()
check_json()
check_help()
for fault in faults:
    print(fault)
print("check-options: %d options, %d settings, %d commands, %d comparisons, %d faults" % (len(options()), len(settings()), len(commands()), checked, len(faults)))
sys.exit(1 if faults or checked < 6 else 0)
