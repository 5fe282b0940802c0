# SPDX-License-Identifier: GPL-3.0-or-later
"""The door, seen by who has no right to come in: other accounts of the machine, floods of knocks, used, raced, expired and
revoked invitations, names that look like others, lost devices. The real host, with real clients and the tests' own."""
import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
import peer_client  # noqa: E402
import peer_support  # noqa: E402
from peer_client import Identity, Peer, Refused  # noqa: E402
from peer_support import TIMEOUT, Host, holds, same, tchat  # noqa: E402

NOT_INVITED, DOOR_FULL, BAD_NAME, NAME_TAKEN = 77, 81, 98, 99
ADMIT = 3
OF_ADDRESS, RETURNS = 4, 9  # knocks that are heard: of one address, of one key in ten minutes


class Json(peer_support.Json):
    """tchat in JSON mode, which stays."""

    def __init__(self, address, nick, *arguments, environment=None):
        super().__init__(address, nick, "--stay", *arguments, environment=environment)

    def kinds(self):
        return {json.loads(line)["type"] for line in list(self.out.lines)}


def owner_of(host, nick="ann"):
    owner = Json(host.address, nick)
    owner.wait_for("ready")
    return owner


def stranger_at(host, nick="eve", environment=None):
    return Json(host.address, nick, "--trust=new", environment=environment or peer_support.stranger())


def code_of(make):
    """What the host says to who is made."""
    try:
        make()
    except Refused as refusal:
        return refusal.code
    return None


@contextlib.contextmanager
def another_host(*arguments):
    host = Host(*arguments)
    try:
        yield host
        host.stop()
    finally:
        host.kill()


# --- Names

def names_that_look_alike_are_one_name(_):
    with another_host("--access", "open") as host:
        first = Peer(host.address, "admin")
        same(first.nick, "admin")
        room = first.join("lobby")
        others = [Peer(host.address, wish) for wish in ("\u0430dmin", "ad\u200bmin", "admin\u200d", "ADMIN", "\uff41dmin",
                                                        "adm\u0131n", "\u202enimda", "adm\u00ADin", "\U0001d41admin")]
        for peer in others:
            # A number makes another name of it, in letters that all the world can tell from a blank.
            if not re.fullmatch("(admin|ADMIN|adm\u0131n)[0-9]+|guest[0-9]*", peer.nick):
                raise AssertionError("%r is let in as %r" % (peer.wish, peer.nick))
        for wish in "\u0430dmin", "ad\u200bmin", "ADMIN", "\uff41dmin":
            holds((BAD_NAME, NAME_TAKEN), code_of(lambda wish=wish: others[0].request("NICK", "DONE", nick=wish)))
        welcome = [Peer(host.address, nick) for nick in ("\u7530\u4e2d\u3055\u3093", "\u0417\u043e\u044f", "Zo\u00eb")]
        for peer in welcome:
            same(peer.nick, peer.wish)
            peer.join("lobby")
        same(sum(row[1].lower() == "admin" for row in first.names(room)), 1)
        # The name is the key's, also when nobody is there.
        first.bye()
        same(Peer(host.address, "admin").nick != "admin", True)
        same(Peer(host.address, "admin", identity=first.identity).nick, "admin")


# --- Who is not asked in

def another_account_of_the_machine_stays_out(_):
    for access, code in (("ask", None), ("invite", NOT_INVITED)):
        with another_host("--access", access) as host:
            with another_host("--access", access, "--host", "unix:" + os.path.join(host.folder, "more-" + access)) as other:
                more = other.err.find(r"listening (unix:.+/more-\S+)")[1]
                for address in host.address, host.socket, more:
                    if code is not None:
                        same(code_of(lambda address=address: Peer(address, "eve")), code)
                        status, out, err = tchat("--json", "--trust=new", "--join", address, environment=peer_support.stranger())
                        same(status, 77)
                        holds(out, "not_invited")
                    else:
                        eve = Peer(address, "eve", enter=False)
                        same(eve.expect("KNOCK")["owners"], 0)
                        same([name for name, _ in eve.others], [])
                        eve.close()
                        eve = Json(address, "eve", "--trust=new", environment=peer_support.stranger())
                        eve.wait_for("waiting")
                        same(eve.kinds() - {"waiting", "host"}, set())
                        eve.kill()
                # The account itself just comes in.
                for address in host.address, host.socket:
                    same(tchat("--lines", "--join", address, environment=None)[0], 0)
                same([line for line in host.err.lines if "came from" in line and "eve" in line], [])
            if os.geteuid() == 0:
                same(reached_by_nobody(host.socket[len("unix:"):]), False)


def reached_by_nobody(path):
    """Whether another user of the system may connect; no, where there is no other user to be."""
    program = "import os, socket, sys\ntry:\n os.setgroups([])\n os.setgid(65534)\n os.setuid(65534)\n" \
              "except OSError:\n sys.exit(3)\nsocket.socket(socket.AF_UNIX).connect(sys.argv[1])\n"
    done = subprocess.run([sys.executable, "-c", program, path], stderr=subprocess.PIPE, timeout=TIMEOUT)
    if done.returncode == 1:
        holds(done.stderr.decode(), "PermissionError")
    return done.returncode == 0


def who_waits_at_the_door_hears_and_does_nothing(host):
    owner = owner_of(host)
    eve = Peer(host.address, "eve", enter=False)
    same(eve.expect("KNOCK")["owners"], 1)
    owner.say(type="post", text="secret")
    owner.wait_for("ack")
    eve.send("PING", payload=b"x")
    eve.expect("PONG")
    same([name for name, _ in eve.others], [])
    # Whatever it tries, it is out.
    for frame, fields in (("JOIN", {"request": 1, "name": "lobby"}), ("WHOIS", {"request": 1, "nick": "ann"}),
                          ("POST", {"room": 1, "id": (1, 1), "kind": 1, "body": b"x"}), ("INVITATIONS", {"request": 1}),
                          ("INVITE", {"request": 1, "kind": 1, "key": bytes(32)}), ("AUTH", {"salt": bytes(16), "lowest_unsettled": 1}),
                          ("MODERATE", {"request": 1, "action": ADMIT, "nick": "eve", "key": eve.identity.pin})):
        other = Peer(host.address, "eve", identity=eve.identity, enter=False)
        other.send(frame, **fields)
        code = code_of(lambda other=other: other.expect("JOINED"))
        holds((peer_client.WRONG_STATE, peer_client.FENCED), code)
        other.close()
    owner.wait_for("door", change="left")
    same("joined" in owner.kinds(), False)


# --- Knocks

def a_flood_of_knocks_is_bounded_and_harms_no_member(host):
    owner = owner_of(host)
    wanted = []
    waiting = []
    # One address with ever new keys, and then many addresses.
    for i in range(3 * OF_ADDRESS):
        waiting.append(Peer(host.address, "eve%d" % i, source="127.0.0.9", enter=False))
        wanted.append("KNOCK" if i < OF_ADDRESS else DOOR_FULL)
    same([answer_of(peer) for peer in waiting], wanted)
    for i in range(2 * OF_ADDRESS):
        waiting.append(Peer(host.address, "mob%d" % i, source="127.0.1.%d" % (1 + i), enter=False))
        same(answer_of(waiting[-1]), "KNOCK")
    owner.say(type="ping", ref="p")
    owner.wait_for("pong", ref="p")
    owner.wait_for("door", nick="mob%d" % (2 * OF_ADDRESS - 1), change="waits")
    same(len([line for line in owner.out.lines if '"door"' in line]), 3 * OF_ADDRESS)
    # One key, many knocks: the last connection waits, and owners hear of it now and then.
    key = Identity()
    for _ in range(20):
        peer = Peer(host.address, "rap", source="127.0.2.1", identity=key, enter=False)
        holds(("KNOCK", DOOR_FULL, peer_client.FENCED), answer_of(peer))
        peer.close()
    time_of_door = [line for line in owner.out.lines if '"nick":"rap"' in line]
    if len(time_of_door) > 2 * RETURNS:
        raise AssertionError("the owner heard %d times of one key" % len(time_of_door))
    for peer in waiting:
        peer.close()


def answer_of(peer):
    """KNOCK, or the code of an ERROR."""
    try:
        peer.expect("KNOCK")
        return "KNOCK"
    except Refused as refusal:
        return refusal.code


def who_is_refused_stays_out_until_a_link_comes(host):
    owner, environment = owner_of(host), peer_support.stranger()
    eve = stranger_at(host, environment=environment)
    pin = owner.wait_for("door", nick="eve")["pin"]
    owner.say(type="refuse", pin=pin)
    same(eve.status(), 77)
    same(stranger_at(host, environment=environment).status(), 77)
    same(len([line for line in owner.out.lines if '"change":"waits"' in line]), 1)
    owner.say(type="invite")
    link = owner.wait_for("invited")["links"][0]
    same(tchat("--lines", "--join", link, environment=environment)[0], 0)
    same(tchat("--lines", "--join", host.address, environment=environment), (0, "", ""))


def who_is_admitted_stays_in(host):
    owner, environment = owner_of(host), peer_support.stranger()
    bob = stranger_at(host, "bob", environment=environment)
    bob.wait_for("waiting", owners=1)
    owner.say(type="admit", pin=owner.wait_for("door", nick="bob")["pin"])
    bob.wait_for("ready")
    bob.kill()
    same(tchat("--lines", "--join", host.address, environment=environment), (0, "", ""))


# --- Invitations

def one_use_is_for_one_of_many_who_race(_):
    with another_host("--access", "invite") as host:
        race_in(host)


def race_in(host):
    link = host.out.find(r"tchat://\S+")[0]
    results = []

    def race(environment):
        results.append(tchat("--lines", "--join", link, environment=environment)[0])
    threads = [threading.Thread(target=race, args=(peer_support.stranger(),)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same(sorted(results), [0] + 5 * [77])


def invitations_end_with_their_time_and_when_they_are_taken_back(_):
    with another_host("--access", "invite") as host:
        end_of_invitations(host)


def end_of_invitations(host):
    owner = owner_of(host)
    for i, end in enumerate(("time", "revoked")):
        owner.say(type="invite", uses=5, seconds=1 if end == "time" else 600, ref=end)
        invited = owner.wait_for("invited", ref=end)
        link = invited["links"][0]
        if end == "time":
            time.sleep(1.2)  # it is time itself that has to pass
        else:
            same(tchat("--lines", "--join", link, environment=peer_support.stranger())[0], 0)
            owner.say(type="revoke", id=invited["id"])
            owner.wait_for("done", request="revoke")
        status, out, err = tchat("--lines", "--join", link, environment=peer_support.stranger())
        same((status, out), (77, ""))
    # To a member a link that is worth nothing does no harm.
    same(tchat("--lines", "--join", link, environment=None)[0], 0)


def a_link_from_standard_input_needs_to_be_there(host):
    for text in b"", b"\n", b"   \n":
        status, out, err = tchat("--lines", "--join", "-", environment=None, text=text)
        same((status, out, err.count("\n")), (64, "", 1))
    link = host.out.find(r"tchat://\S+")[0]
    secret = link.rpartition(".")[2]
    for broken in link[:-1], link + "x", link.replace("#", "#x"), link.replace(".", "..", 9), "x" + link:
        status, out, err = tchat("--lines", "--join", "-", environment=peer_support.stranger(), text=broken.encode() + b"\n")
        same((status, out, secret[:20] in err), (64, "", False))
    same(tchat("--lines", "--join", "-", environment=peer_support.stranger(), text=link.encode() + b"\r\nhello\n"), (0, "", ""))


# --- Keys

def a_stolen_device_is_dropped_and_stays_out(_):
    with another_host("--access", "invite") as host:
        steal(host)


def steal(host):
    bob_home, thief_home = peer_support.stranger(), peer_support.stranger()
    link = host.out.find(r"tchat://\S+")[0]
    bob = Json(link, "bob", environment=bob_home)
    bob.wait_for("ready")
    bob.say(type="invite", device=True)
    device = bob.wait_for("invited")["links"][0]
    thief = Json(device, "bob", environment=thief_home)
    thief.wait_for("ready")
    # It is used up, and the account sees which keys it has.
    same(tchat("--lines", "--join", device, environment=peer_support.stranger())[0], 77)
    bob.say(type="whois", nick="bob")
    keys = bob.wait_for("profile", nick="bob")["pins"]
    same(len(keys), 2)
    stolen = keys[1]
    bob.say(type="drop_key", pin=stolen)
    bob.wait_for("done", request="drop_key")
    thief.wait_for("disconnected", final=True)
    same(thief.status(), 77)
    same(tchat("--lines", "--join", host.address, environment=thief_home)[0], 77)
    bob.say(type="ping", ref="p")
    bob.wait_for("pong", ref="p")
    same(tchat("--lines", "--join", host.address, environment=bob_home), (0, "", ""))


def what_is_in_known_hosts_is_no_yes_unless_it_is_one(host):
    environment = peer_support.stranger()
    folder = os.path.join(environment["XDG_DATA_HOME"], "tchat")
    known = os.path.join(folder, "known_hosts")
    link = host.out.find(r"tchat://\S+")[0]
    same(tchat("--lines", "--join", link, environment=environment), (0, "", ""))
    with open(known, "rb") as file:
        line = file.read()
    pin = line.split()[0]
    for text in (b"", b"\0" * 4096, os.urandom(8192), line[1:], pin + b"\n", pin + b"x" + line[len(pin):], b"#" + line,
                 line.replace(host.address.encode(), host.address.encode() + b"1"), line.replace(host.address.encode(), b"*")):
        with open(known, "wb") as file:
            file.write(text)
        status, out, err = tchat("--lines", "--trust=pinned", "--join", host.address, environment=environment)
        known_under_another_name = text.startswith(line[:len(pin)] + b" ")
        same((status, out), (0 if known_under_another_name else 77, ""))
    # What is there survives an addition.
    with open(known, "wb") as file:
        file.write(b"# mine\n\xff\xfe nonsense\n")
    same(tchat("--lines", "--trust=new", "--join", host.address, environment=environment), (0, "", ""))
    with open(known, "rb") as file:
        holds(file.read(), b"# mine\n\xff\xfe nonsense\n" + pin)
    # Where nothing can be written, one is in all the same, once.
    os.remove(known)
    os.mkdir(known)
    status, out, err = tchat("--lines", "--trust=new", "--join", host.address, environment=environment)
    same((status in (71, 78), out, known in err), (True, "", True))


if __name__ == "__main__":
    sys.exit(peer_support.run([names_that_look_alike_are_one_name, another_account_of_the_machine_stays_out,
                               who_waits_at_the_door_hears_and_does_nothing, a_flood_of_knocks_is_bounded_and_harms_no_member,
                               who_is_refused_stays_out_until_a_link_comes, who_is_admitted_stays_in,
                               one_use_is_for_one_of_many_who_race,
                               invitations_end_with_their_time_and_when_they_are_taken_back,
                               a_link_from_standard_input_needs_to_be_there, a_stolen_device_is_dropped_and_stays_out,
                               what_is_in_known_hosts_is_no_yes_unless_it_is_one], "--access", "ask"))
