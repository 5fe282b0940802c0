# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds man/tchat-protocol.7 against the tables that the program is made from: every frame, type, field, offset,
state, enumerator, limit and error code of the sources stands in the manual, and the manual has no others; and each
line of the example session is the field that it says it is."""
import os
import re
import sys

TOP = os.environ.get("srcdir", ".")
SIZES = {"U8": 1, "U16": 2, "CODE": 2, "U32": 4, "U64": 8, "ID": 16, "KEY": 16, "SECRET": 16}
NAMED = {"CLIENT": "client", "HOST": "host", "BOTH": "client, host"}
faults = []
checked = 0


def read(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as file:
        return file.read()


def expect(what, want, got):
    global checked
    checked += 1
    if want != got:
        faults.append("%s:\n  the sources say  %r\n  the manual says  %r" % (what, want, got))


class Frame:
    def __init__(self, name, code, sender, states):
        self.name, self.code, self.sender, self.states = name, code, sender, states
        self.fields = []

    def rows(self):
        """The rows of the field table: offset, size, name."""
        rows, offset = [], 0
        for kind, args in self.fields:
            if kind in SIZES:
                rows.append((str(offset), str(SIZES[kind]), args[0]))
                offset += SIZES[kind]
            elif kind == "PAD":
                rows.append((str(offset), args[0], "-"))
                offset += int(args[0])
            elif kind == "BODY":
                rows.append((str(offset), "4", "-"))
                rows.append((str(offset + 4), "so many", args[0]))
            elif kind == "REST":
                rows.append((str(offset), "the rest", args[0]))
            elif kind in ("TLV_BYTES", "TLV_SECRET", "TLV_FRAMES"):
                rows.append(("TLV " + args[0], "bytes", args[1]))
            elif kind == "TLV_TEXT":
                rows.append(("TLV " + args[0], "text", args[1]))
            elif kind == "TAIL":
                rows.append(("TLVs", "-", args[0]))
            else:
                faults.append("messages.def has a kind of field that this test does not know: " + kind)
        return rows

    def cut(self, payload):
        """The payload in pieces: (name, bytes)."""
        pieces, at = [], 0

        def take(name, size):
            nonlocal at
            pieces.append((name, payload[at:at + size]))
            at += size
        for kind, args in self.fields:
            if kind in SIZES:
                take(args[0], SIZES[kind])
            elif kind == "PAD":
                take("reserved", int(args[0]))
            elif kind == "BODY":
                size = int.from_bytes(payload[at:at + 4], "big")
                take(args[0] + " length", 4)
                take(args[0], size)
            elif kind == "REST":
                take(args[0], len(payload) - at)
            elif kind.startswith("TLV_") and payload[at:at + 2] == int(args[0]).to_bytes(2, "big"):
                size = int.from_bytes(payload[at + 2:at + 4], "big")
                take("TLV " + args[0], 4)
                take(args[1], size)
            elif kind == "TAIL" and at < len(payload):
                take(args[0], len(payload) - at)
        if at != len(payload):
            faults.append("example %s: %d bytes are not a field" % (self.name, len(payload) - at))
        return pieces


def read_frames():
    frames = []
    for line in read("src/wire/messages.def").splitlines():
        start = re.match(r"BEGIN\((\w+), \w+, (0x\w\w), (\w+), ([\w |]+)\)", line)
        field = re.match(r"\t(\w+)\((.*)\)", line)
        if start:
            frames.append(Frame(start[1], int(start[2], 16), NAMED[start[3]], start[4].replace(" |", "")))
        elif field:
            frames[-1].fields.append((field[1], [arg.strip() for arg in field[2].split(",")]))
    return frames


def cells(line):
    """The cells of a row of a column list, without their macros."""
    parts = re.split(r" Ta ", line[len(".It "):])
    return [re.sub(r"^(Va|Dv|Em) ", "", part).replace("\\-", "-") for part in parts]


def table_after(text, start):
    """The rows of the first column list behind start, its heading apart."""
    lines = text[start:].split("\n")
    rows = []
    for line in lines[next(i for i, line in enumerate(lines) if line.startswith(".Bl -column")) + 1:]:
        if line.startswith(".El"):
            return rows[1:]
        if line.startswith(".It"):
            rows.append(cells(line))
    return rows


def check_frames(frames, manual):
    headings = re.findall(r"^\.Ss (\w+) \((0x\w\w)\)$", manual, re.M)
    expect("frames that have a section", sorted((f.name, "0x%02x" % f.code) for f in frames), sorted(headings))
    for frame in frames:
        heading = re.search(r"^\.Ss %s \(" % frame.name, manual, re.M)
        if heading:
            expect(frame.name, frame.rows(), [tuple(row[:3]) for row in table_after(manual, heading.start())])
    expect("the table of states", [[f.name, "0x%02x" % f.code, f.sender, f.states] for f in frames],
           table_after(manual, manual.index(".Ss States")))


def check_values(manual):
    errors = re.findall(r'^TCHAT_ERROR\(\w+, +(\d+), "(\w+)", N_\("(.*)"\)\)', read("src/base/errors.def"), re.M)
    expect("error codes", [list(row) for row in errors if int(row[0]) >= 64],
           table_after(manual, manual.index(".Sh ERROR CODES")))
    header = re.sub(r"/\*.*?\*/", "", read("src/wire/message.h"), flags=re.S)
    prefixes = "ROLE|ROOM|KIND|MEMBER|MODERATE|RESUME|JOIN|HISTORY|PAGE|MSG(?=_BLANK)|ACK|NACK|DOOR|INVITE|PROFILE|RULE|STATUS"
    source = sorted(re.findall(r"\b((?:%s)_[A-Z_]+) = (\d+)" % prefixes, header))
    expect("enumerators", source, sorted(re.findall(r"^\.It Dv ([A-Z_]+) Ta (\d+) Ta ", manual, re.M)))
    limits = dict(re.findall(r"\b(WIRE_\w+) = (\w+),", header))
    for name, sentence in (("WIRE_LIMIT_BEFORE_AUTH", "at most %s bytes long until"), ("WIRE_LIMIT", "which is %s unless"),
                           ("WIRE_VERSION", "protocol between a tchat client and its host, version %s")):
        expect(name, True, sentence % limits[name] in re.sub(r"\s+", " ", manual))
    expect("WIRE_MAGIC", True, "%s, the letters TCHT" % limits["WIRE_MAGIC"] in manual)


def check_examples(frames, manual):
    """Each line holds the bytes of one field (or their continuation), and names it."""
    by_code = {frame.code: frame for frame in frames}
    session = manual[manual.index(".Sh EXAMPLES"):]
    lines = re.findall(r"^(C:|H:|  ) ([0-9a-f]+) *(.*)$", session, re.M)
    pieces, stream = [], b""
    for _, digits, text in lines:
        data = bytes.fromhex(digits)
        stream += data
        if text:
            pieces.append((text, data))
        else:
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + data)
    want = []

    def walk(data):
        at = 0
        while at + 4 <= len(data):
            size = int.from_bytes(data[at + 1:at + 4], "big")
            frame = by_code[data[at]]
            want.append(("%s, %d bytes" % (frame.name, size), data[at:at + 4]))
            for name, value in frame.cut(data[at + 4:at + 4 + size]):
                if name == "records":
                    walk(value)
                elif value or not name.islower():
                    want.append((name, value))
            at += 4 + size
        if at != len(data):
            faults.append("the example ends inside a frame")
    walk(stream)
    expect("bytes and fields of the example", len(want), len(pieces))
    for (name, value), (text, data) in zip(want, pieces):
        expect("example, " + name, (name, value.hex()), (text[:len(name)], data.hex()))


def main():
    frames, manual = read_frames(), read("man/tchat-protocol.7")
    check_frames(frames, manual)
    check_values(manual)
    check_examples(frames, manual)
    for fault in faults:
        print(fault)
    print("check-protocol-manual: %d frames, %d comparisons, %d faults" % (len(frames), checked, len(faults)))
    return 1 if faults or not frames else 0


sys.exit(main())
