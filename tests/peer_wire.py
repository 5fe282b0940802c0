# SPDX-License-Identifier: GPL-3.0-or-later
"""The frames of the tests' own client, written from tchat-protocol(7) alone: their layouts, their names, their codec."""
import struct

# Fixed parts: "name" of so many bytes, None: reserved; "id", "key": 16 bytes; "body": u32 length and bytes; "rest".
LAYOUTS = {
    "HELLO": (0x02, "magic:4 version_low:1 version_high:1 -:2 features:8 nonce:key", {2: "software"}),
    "WELCOME": (0x04, "version:1 -:3 features:8 frame_limit:4 host:key nonce:key", {2: "software"}),
    "AUTH": (0x06, "salt:key lowest_unsettled:8", {2: "nick", 4: "proof"}),
    "AUTH_OK": (0x08, "user:4 role:1 -:3 device:8 mark:8 text_limit:4", {2: "nick", 3: "motd", 5: "account"}),
    "KNOCK": (0x0a, "owners:1 -:3", {}),
    "DOOR": (0x0c, "change:1 -:3", {2: "nick", 3: "reason", 8: "key"}),
    "JOIN": (0x10, "request:4 kind:1 flags:1 -:2", {2: "name"}),
    "JOINED": (0x12, "request:4 room:8 kind:1 flags:1 -:2 epoch:8 first:8 last:8 members:4", {2: "name", 3: "topic"}),
    "PART": (0x14, "request:4 room:8", {}),
    "NAMES": (0x18, "request:4 room:8 after:4 limit:2 -:2", {}),
    "USERS": (0x1a, "request:4 room:8 total:4 flags:1 -:3 records:body", {}),
    "RESUME": (0x1c, "request:4 room:8 epoch:8 seq:8 id:id", {}),
    "RESUMED": (0x1e, "request:4 room:8 epoch:8 first:8 last:8 status:1 -:3", {}),
    "POST": (0x20, "room:8 seq:8 time:8 id:id sender:4 kind:1 flags:1 -:2 body:body",
             {1: "nick", 3: "target", 5: "reply"}),
    "ACK": (0x22, "id:id room:8 seq:8 time:8 flags:1 -:3", {}),
    "NACK": (0x24, "id:id room:8 code:2 flags:1 -:1 retry_ms:4", {}),
    "MSG": (0x26, "room:8 seq:8 time:8 id:id sender:4 kind:1 flags:1 -:2 body:body",
            {1: "nick", 3: "target", 5: "reply"}),
    "HISTORY": (0x28, "request:4 room:8 from:8 limit:2 flags:1 -:1", {}),
    "PAGE": (0x2a, "request:4 room:8 flags:1 -:3 floor:8 next:8 records:body", {3: "changes"}),
    "MARK": (0x35, "room:8 seq:8", {}),
    "SEARCH": (0x5c, "request:4 room:8 from:8 limit:2 -:2", {2: "text"}),
    "GAP": (0x2c, "room:8 from:8", {}),
    "PRESENCE": (0x33, "user:4 away:1 -:3", {3: "reason"}),
    "MEMBER": (0x34, "room:8 user:4 change:1 role:1 away:1 -:1", {2: "nick", 3: "reason", 5: "by"}),
    "NICK": (0x36, "request:4", {2: "nick"}),
    "MODERATE": (0x38, "request:4 room:8 action:1 -:3 seconds:4",
                 {2: "nick", 3: "reason", 4: "address", 8: "key"}),
    "DONE": (0x3a, "request:4", {2: "nick"}),
    "PING": (0x40, "payload:rest", {}),
    "PONG": (0x42, "payload:rest", {}),
    "BYE": (0x44, "code:2 -:2", {3: "reason"}),
    "GOAWAY": (0x46, "code:2 -:2 retry_ms:4", {3: "reason"}),
    "ERROR": (0x48, "request:4 code:2 type:1 -:1", {}),
    "INVITE": (0x50, "request:4 kind:1 -:1 uses:2 seconds:4", {2: "room", 8: "key"}),
    "INVITATIONS": (0x52, "request:4", {}),
    "INVITED": (0x54, "request:4 records:body", {}),
    "INVITATION": (0x56, "kind:1 -:1 uses:2 expires:8", {2: "room", 3: "by", 8: "key"}),
    "WHOIS": (0x58, "request:4", {2: "nick"}),
    "PROFILE": (0x5a, "request:4 user:4 role:1 flags:1 -:2 since:8 seen:8", {2: "nick", 3: "reason", 8: "keys", 9: "address"}),
    "STATUS": (0x60, "request:4 action:1 -:3", {}),
    "REPORT": (0x62, "request:4 records:body", {}),
    "VALUE": (0x64, "used:8 most:8", {2: "name", 3: "text"}),
    "RULES": (0x70, "request:4 room:8 after:4 limit:2 -:2", {}),
    "RULED": (0x72, "request:4 flags:1 -:3 records:body", {}),
    "RULE": (0x74, "rule:4 kind:1 -:3 since:8 expires:8", {2: "nick", 3: "reason", 4: "address", 5: "by", 8: "key"}),
    "AUDIT": (0x76, "request:4 room:8 from:8 limit:2 -:2", {}),
    "AUDITED": (0x78, "request:4 flags:1 -:3 next:8 records:body", {}),
    "ACT": (0x7a, "number:8 time:8 room:8 action:1 -:3 seconds:4",
            {2: "nick", 3: "reason", 4: "address", 5: "by", 7: "name", 8: "key"}),
    "CALLED": (0x7d, "room:8", {2: "name", 5: "by"}),
}
BINARY = {"proof", "key", "keys", "target", "reply", "changes"}  # TLVs that are no text
NAMES = {layout[0]: name for name, layout in LAYOUTS.items()}
MAGIC = 0x54434854
PUBLIC, PRIVATE, DIRECT = 0, 1, 2
TEXT, ACTION, TOPIC = 1, 2, 3
FORWARD, ATTACH = 1, 2
MORE, LIVE = 1, 2
WRONG_STATE, FENCED, LEAVING = 68, 72, 76


class Broken(Exception):
    """The host broke the protocol."""


class Closed(Exception):
    """The connection ended."""


def encode_tlvs(tlvs):
    return b"".join(struct.pack(">HH", tag, len(value)) + value for tag, value in sorted(tlvs.items()))


def encode(frame, /, **values):
    """A whole frame. Fields that are not given are 0 or absent; "tlvs" adds unknown TLVs, {tag: bytes}."""
    code, fixed, known = LAYOUTS[frame]
    payload = b""
    for field in fixed.split():
        field, kind = field.split(":")
        if field == "-":
            payload += bytes(int(kind))
        elif kind == "key":
            payload += values.pop(field)
        elif kind == "id":
            payload += struct.pack(">QQ", *values.pop(field, (0, 0)))
        elif kind == "body":
            body = values.pop(field, b"")
            payload += struct.pack(">I", len(body)) + body
        elif kind == "rest":
            payload += values.pop(field, b"")
        else:
            payload += values.pop(field, 0).to_bytes(int(kind), "big")
    tlvs = values.pop("tlvs", {})
    for tag, field in known.items():
        value = values.pop(field, None)
        if value is not None:
            tlvs[tag] = value.encode() if isinstance(value, str) else value
    if values:
        raise TypeError("%s has no %s" % (frame, ", ".join(values)))
    payload += encode_tlvs(tlvs)
    return struct.pack(">I", code << 24 | len(payload)) + payload


def decode(code, payload):
    """(name, fields); (None, {}) for a type that is to be skipped."""
    if code not in NAMES:
        if code % 2 == 1:
            return None, {}
        raise Broken("unknown type 0x%02x" % code)
    name = NAMES[code]
    fields, at = {}, 0

    def take(size):
        nonlocal at
        if len(payload) - at < size:
            raise Broken("%s is cut off" % name)
        at += size
        return payload[at - size:at]
    for field in LAYOUTS[name][1].split():
        field, kind = field.split(":")
        if kind == "key":
            fields[field] = take(16)
        elif kind == "id":
            fields[field] = struct.unpack(">QQ", take(16))
        elif kind == "body":
            fields[field] = take(int.from_bytes(take(4), "big"))
        elif kind == "rest":
            fields[field] = take(len(payload) - at)
        else:
            value = int.from_bytes(take(int(kind)), "big")
            if field != "-":
                fields[field] = value
    tlvs, last = {}, 0
    while at < len(payload):
        tag, size = struct.unpack(">HH", take(4))
        value = take(size)
        if tag <= last:
            raise Broken("the tags of %s do not rise" % name)
        last = tag
        if tag in LAYOUTS[name][2]:
            field = LAYOUTS[name][2][tag]
            fields[field] = value if field in BINARY else value.decode("utf-8")
        elif tag % 2 == 0:
            raise Broken("%s has the unknown tag %d" % (name, tag))
        else:
            tlvs[tag] = value
    fields["tlvs"] = tlvs
    return name, fields


def cut(data):
    """The whole frames at the front of data, as (type, payload), and what is left."""
    frames = []
    while len(data) >= 4:
        size = int.from_bytes(data[1:4], "big")
        if len(data) < 4 + size:
            break
        frames.append((data[0], data[4:4 + size]))
        data = data[4 + size:]
    return frames, data


def records(data):
    frames, rest = cut(data)
    if rest:
        raise Broken("records are cut off")
    return [decode(code, payload) for code, payload in frames]
